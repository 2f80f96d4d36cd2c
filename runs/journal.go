package runs

import (
	"errors"
	"fmt"
	"io"
	"math"
	"time"
)

// A journal begins with 16 bytes of magic and the 16 bytes of its session.
const (
	journalMagic  = "shiftmill-jrnl-1"
	journalHeader = len(journalMagic) + len(sessionID{})
)

// journalWriter appends frames to this session's journal, which it makes with the
// first one.
type journalWriter struct {
	file   File
	offset int64
}

// append writes one frame and makes it durable.
func (w *journalWriter) append(s *Store, payload []byte) error {
	name := s.path("journal", s.id.String())
	fresh := w.file == nil
	var data []byte
	if fresh {
		f, err := s.fs.Create(name)
		if err != nil {
			return err
		}
		w.file = f
		data = append(append(data, journalMagic...), s.id[:]...)
	}
	data = appendFrame(data, s.id, w.offset+int64(len(data)), payload)
	if _, err := w.file.WriteAt(data, w.offset); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := w.file.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", name, err)
	}
	if fresh {
		if err := s.fs.SyncDir(s.path("journal")); err != nil {
			return fmt.Errorf("sync %s: %w", s.path("journal"), err)
		}
	}
	w.offset += int64(len(data))
	return nil
}

func (w *journalWriter) close() error {
	if w.file == nil {
		return nil
	}
	return w.file.Close()
}

// sealJournal states how far the session's files reach, as its last words.
func (s *Store) sealJournal() error {
	if s.journal.file == nil {
		return nil
	}
	x := extent{session: s.id, closed: true, journal: s.journal.offset, packs: s.packLengths()}
	e := entry{kind: entryExtent, stamp: s.stamp(), body: encodeExtent(x)}
	if err := s.journal.append(s, e.append(nil)); err != nil {
		return fmt.Errorf("end the journal: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.st.apply(e)
}

// stamp returns a time for a statement, greater than every earlier one of the session.
func (s *Store) stamp() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stampLocked()
}

func (s *Store) stampLocked() int64 {
	s.lastTime = max(s.lastTime+1, s.now().UnixNano())
	return s.lastTime
}

// tail is how far a journal has been read.
type tail struct {
	file   File // kept open while more may come; nil otherwise
	offset int64
	bad    error // why reading ended before the file did, for now
}

// load reads the index and what the journals hold beyond it.
func (s *Store) load() error {
	ix, note, err := openIndex(s.fs, s.path("index"))
	if err != nil {
		return err
	}
	if note != "" {
		s.found = append(s.found, note)
	}
	s.st.index = ix
	return s.Refresh()
}

// listAgain is how long a folder's modification time may stand for several changes.
const listAgain = 2 * time.Second

// Refresh reads what other processes have committed since it was last read. On network
// file systems it may miss what is seconds old, which costs double work and no more.
func (s *Store) Refresh() error {
	dir, err := s.fs.Stat(s.path("journal"))
	if err != nil {
		return fmt.Errorf("read journals of %s: %w", s.dir, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if dir.ModTime.Equal(s.journalsSeen) {
		return s.refreshTails()
	}
	begin := s.now()
	names, err := s.fs.List(s.path("journal"))
	if err != nil {
		return fmt.Errorf("read journals of %s: %w", s.dir, err)
	}
	s.listed, s.small = make(map[sessionID]bool, len(names)), 0
	for _, e := range names {
		id, ok := parseSessionID(e.Name)
		if !ok || (id == s.id && !s.readOnly) {
			continue
		}
		s.listed[id] = true
		if e.Size < foldBelow {
			s.small++
		}
		if err := s.refreshOne(id, e.Size); err != nil {
			return err
		}
	}
	if begin.Sub(dir.ModTime) > listAgain {
		s.journalsSeen = dir.ModTime
	}
	return nil
}

// refreshTails reads on in the journals that are known and have not ended.
func (s *Store) refreshTails() error {
	for id, t := range s.tails {
		if t.file == nil {
			continue
		}
		size, err := t.file.Size()
		if err != nil && !isGone(err) {
			return fmt.Errorf("read journal %s: %w", s.path("journal", id.String()), err)
		}
		if err := s.refreshOne(id, size); err != nil {
			return err
		}
	}
	return nil
}

// refreshSession reads one session's journal by its name, listing nothing.
func (s *Store) refreshSession(id sessionID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refreshOne(id, math.MaxInt64)
}

// refreshOne reads the new frames of one journal of at least size bytes.
func (s *Store) refreshOne(id sessionID, size int64) error {
	if err := s.readTail(id, size); err != nil {
		return fmt.Errorf("read journal %s: %w", s.path("journal", id.String()), err)
	}
	return nil
}

func (s *Store) readTail(id sessionID, size int64) error {
	t := s.tails[id]
	if t == nil {
		t = &tail{}
		if s.st.index != nil {
			t.offset = s.st.index.journals[id]
		}
		s.tails[id] = t
	}
	x, stated := s.st.journalExtent(id)
	switch {
	case stated && (size <= t.offset || t.bad != nil), t.file != nil && t.bad == nil && size == t.offset:
		return nil
	}
	if t.file == nil {
		f, err := s.fs.Open(s.path("journal", id.String()))
		if isGone(err) {
			return nil
		}
		if err != nil {
			return err
		}
		t.file = f
		s.journalsRead++
	}
	err := t.read(id, s.st.apply)
	if x, stated = s.st.journalExtent(id); stated && (t.offset >= x.journal || t.bad != nil) {
		err = errors.Join(err, t.close())
	}
	return err
}

// read applies all whole frames from t.offset on. A bad frame may be one that is
// being written, so reading is tried again from there until the session has ended.
func (t *tail) read(id sessionID, apply func(entry) error) error {
	t.bad = nil
	size, err := t.file.Size()
	if err != nil {
		return err
	}
	data := make([]byte, max(size-t.offset, 0))
	n, err := t.file.ReadAt(data, t.offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	data = data[:n]
	if t.offset == 0 {
		if len(data) < journalHeader {
			return nil
		}
		if string(data[:journalHeader]) != journalMagic+string(id[:]) {
			t.bad = errors.New("does not begin as this session's journal")
			return nil
		}
		data, t.offset = data[journalHeader:], int64(journalHeader)
	}
	for len(data) > 0 {
		payload, used, err := parseFrame(data, id, t.offset)
		if errors.Is(err, errShortFrame) {
			return nil
		}
		if err == nil {
			err = eachEntry(payload, apply)
		}
		if err != nil {
			t.bad = fmt.Errorf("at byte %d: %w", t.offset, err)
			return nil
		}
		data, t.offset = data[used:], t.offset+int64(used)
	}
	return nil
}

func (t *tail) close() error {
	if t.file == nil {
		return nil
	}
	err := t.file.Close()
	t.file = nil
	return err
}

func (s *Store) closeTails() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, t := range s.tails {
		errs = append(errs, t.close())
	}
	return errors.Join(errs...)
}
