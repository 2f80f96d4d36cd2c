package runs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
)

// A pack begins with 16 bytes of magic and the 16 bytes of its session. Then follow
// entries of 4 bytes magic, 4 bytes length, 32 bytes digest, and the object.
const (
	packMagic     = "shiftmill-pack-1"
	packHeader    = len(packMagic) + len(sessionID{})
	packEntry     = "sobj"
	packEntryHead = len(packEntry) + 4 + len(Digest{})

	smallObject = 64 << 10 // objects below this many bytes are packed
	maxPack     = 64 << 20 // a pack that has reached this length is followed by another
)

func (id packID) String() string {
	return id.session.String() + "-" + strconv.FormatUint(uint64(id.n), 10)
}

func parsePackID(name string) (packID, bool) {
	session, n, ok := strings.Cut(name, "-")
	if !ok {
		return packID{}, false
	}
	id, ok := parseSessionID(session)
	number, err := strconv.ParseUint(n, 10, 32)
	if !ok || err != nil || strconv.FormatUint(number, 10) != n {
		return packID{}, false
	}
	return packID{id, uint32(number)}, true
}

// packWriter appends to one pack of this session.
type packWriter struct {
	id     packID
	name   string
	file   File
	offset int64 // only bytes that were written without error count
}

func (p *packWriter) sync() error {
	if err := p.file.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", p.name, err)
	}
	return nil
}

// addToPack writes an object to the session's pack and states where it lies.
func (s *Store) addToPack(d Digest, data []byte) error {
	s.packMu.Lock()
	defer s.packMu.Unlock()
	p, err := s.openPack()
	if err != nil {
		return err
	}
	at := p.offset
	var buf []byte
	if at == 0 {
		buf = append(append(buf, packMagic...), s.id[:]...)
	}
	start := at + int64(len(buf)) + int64(packEntryHead)
	buf = append(buf, packEntry...)
	buf = binary.LittleEndian.AppendUint32(buf, uint32(len(data)))
	buf = append(buf, d[:]...)
	buf = append(buf, data...)
	if _, err := p.file.WriteAt(buf, at); err != nil {
		return fmt.Errorf("write %s: %w", p.name, err)
	}
	p.offset = at + int64(len(buf))
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.poison != nil {
		return s.poison
	}
	if n := len(s.pending.packs); n == 0 || s.pending.packs[n-1] != p {
		s.pending.packs = append(s.pending.packs, p)
	}
	if at == 0 {
		s.pending.addDir(filepath.Dir(p.name))
	}
	return s.stateLocked(entryLocation, encodeLocation(d, location{pack: p.id, offset: start, length: uint32(len(data))}))
}

// openPack returns the pack to append to. A full one stays open: its last bytes may
// still wait for their commit.
func (s *Store) openPack() (*packWriter, error) {
	if s.pack != nil && s.pack.offset < maxPack {
		return s.pack, nil
	}
	id := packID{s.id, s.nPacks}
	name := s.path("packs", id.String())
	f, err := s.fs.Create(name)
	if err != nil {
		return nil, err
	}
	s.nPacks++
	s.pack = &packWriter{id: id, name: name, file: f}
	s.packs = append(s.packs, s.pack)
	return s.pack, nil
}

func (s *Store) packLengths() []int64 {
	s.packMu.Lock()
	defer s.packMu.Unlock()
	var lengths []int64
	for _, p := range s.packs {
		lengths = append(lengths, p.offset)
	}
	return lengths
}

func (s *Store) closePack() error {
	s.packMu.Lock()
	defer s.packMu.Unlock()
	var errs []error
	for _, p := range s.packs {
		errs = append(errs, p.file.Close())
	}
	return errors.Join(errs...)
}

// packExtents returns how far the packs of a session are spoken for by records'
// locations; what lies beyond was never committed.
func (s *Store) packExtents(id sessionID) ([]int64, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	all, err := s.st.allLocations()
	if err != nil {
		return nil, err
	}
	var lengths []int64
	for _, l := range all {
		if l.pack.session != id {
			continue
		}
		for int(l.pack.n) >= len(lengths) {
			lengths = append(lengths, 0)
		}
		lengths[l.pack.n] = max(lengths[l.pack.n], l.offset+int64(l.length))
	}
	return lengths, nil
}
