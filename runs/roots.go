package runs

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
)

// kindRoot is the kind of the records that register lock files.
const kindRoot = "root"

// Root is a file outside of the store, such as a lock file, that names records and
// objects in use.
type Root struct {
	Path    string
	Keys    []Digest // records it names
	Objects []Digest // objects it names
}

type rootData struct {
	Path      string `json:"path"`
	Forgotten bool   `json:"forgotten,omitempty"`
}

func rootKey(path string) Digest { return Sum([]byte("shiftmill/root/1\n"), []byte(path)) }

// RegisterRoot makes a collection keep what a file names. Registering the same path
// again replaces what it named before. It is durable after the next commit.
func (s *Store) RegisterRoot(r Root) error { return s.appendRoot(r, rootData{Path: r.Path}) }

// ForgetRoot takes back RegisterRoot.
func (s *Store) ForgetRoot(path string) error {
	return s.appendRoot(Root{Path: path}, rootData{Path: path, Forgotten: true})
}

func (s *Store) appendRoot(r Root, d rootData) error {
	if r.Path == "" {
		return errors.New("register a root: it has no path")
	}
	data, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("register root %s: %w", r.Path, err)
	}
	return s.Append(Record{Key: rootKey(r.Path), Kind: kindRoot, Objects: r.Objects, Keys: r.Keys, Data: data})
}

// Roots lists the registered files, the one registered last first.
func (s *Store) Roots() ([]Root, error) {
	records, err := s.Records(kindRoot)
	if err != nil {
		return nil, fmt.Errorf("list roots: %w", err)
	}
	var roots []Root
	for _, r := range records {
		var d rootData
		if err := json.Unmarshal(r.Data, &d); err != nil {
			return nil, fmt.Errorf("list roots: record %s: %w", r.Key, err)
		}
		if !d.Forgotten {
			roots = append(roots, Root{Path: d.Path, Keys: r.Keys, Objects: r.Objects})
		}
	}
	return roots, nil
}

// Hold tells collections what this session is going to use, in the place of what it
// told before. A session that renews its holds lets older trash be deleted while it
// goes on; without it, nothing that was collected during its life is deleted before
// its end.
func (s *Store) Hold(keys, objects []Digest) error {
	if err := s.writable(); err != nil {
		return fmt.Errorf("hold: %w", err)
	}
	s.rootMu.Lock()
	defer s.rootMu.Unlock()
	s.rootEpoch++
	name := s.path("sessions", s.id.String()+".roots")
	// Nothing is synced: after a power cut there is no session to hold anything.
	if err := createFile(s.fs, name+".new", encodeHolds(s.rootEpoch, keys, objects), false); err != nil {
		return fmt.Errorf("hold: %w", err)
	}
	if err := giveName(s.fs, name+".new", name); err != nil {
		return fmt.Errorf("hold: %w", err)
	}
	return nil
}

// sessions/ID.roots: magic, epoch (8 bytes), number of keys and of objects (4 bytes
// each), the digests, SHA-256 of all before.
const holdsMagic = "shiftmill-roots1"

func encodeHolds(epoch uint64, keys, objects []Digest) []byte {
	b := binary.LittleEndian.AppendUint64([]byte(holdsMagic), epoch)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(keys)))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(objects)))
	for _, list := range [2][]Digest{keys, objects} {
		for _, d := range list {
			b = append(b, d[:]...)
		}
	}
	sum := Sum(b)
	return append(b, sum[:]...)
}

// readHolds returns what a session holds; one that never told has epoch 0.
func (s *Store) readHolds(id sessionID) (epoch uint64, keys, objects []Digest, err error) {
	name := s.path("sessions", id.String()+".roots")
	b, err := ReadFile(s.fs, name)
	if isGone(err) {
		return 0, nil, nil, nil
	}
	if err != nil {
		return 0, nil, nil, err
	}
	const head = len(holdsMagic) + 16
	if len(b) < head+32 || string(b[:len(holdsMagic)]) != holdsMagic || Sum(b[:len(b)-32]) != Digest(b[len(b)-32:]) {
		return 0, nil, nil, fmt.Errorf("%s is damaged", name)
	}
	d := decoder{rest: b[head : len(b)-32]}
	for range binary.LittleEndian.Uint32(b[len(holdsMagic)+8:]) {
		keys = append(keys, d.digest())
	}
	for range binary.LittleEndian.Uint32(b[len(holdsMagic)+12:]) {
		objects = append(objects, d.digest())
	}
	if d.bad || len(d.rest) > 0 {
		return 0, nil, nil, fmt.Errorf("%s is damaged", name)
	}
	return binary.LittleEndian.Uint64(b[len(holdsMagic):]), keys, objects, nil
}
