package runs

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
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
	for _, e := range names {
		id, ok := parseSessionID(e.Name)
		if !ok || (id == s.id && !s.readOnly) {
			continue
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
	x, stated := s.st.extent(id)
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
	if x, stated = s.st.extent(id); stated && (t.offset >= x.journal || t.bad != nil) {
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

// findDead tells what sessions that died have left, and buries them: states how far
// their files reach, so that the rest counts as torn, not as damaged.
func (s *Store) findDead() error {
	ids, err := s.sessions()
	if err != nil {
		return err
	}
	var dead []sessionID
	for _, id := range ids {
		if id != s.id && !s.alive(id) {
			dead = append(dead, id)
		}
	}
	s.reportDamagedJournals(ids)
	for _, id := range dead {
		if err := s.bury(id); err != nil {
			return fmt.Errorf("bury session %s: %w", id.short(), err)
		}
	}
	return nil
}

// reportDamagedJournals names the journals that end before what their sessions, or
// those who buried them, have stated.
func (s *Store) reportDamagedJournals(withFile []sessionID) {
	damaged := s.damagedJournals(withFile)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range damaged {
		s.found = append(s.found, d.String())
	}
}

func (s *Store) damagedJournals(withFile []sessionID) []Damage {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var list []Damage
	for _, id := range sortedSessions(s.tails) {
		t := s.tails[id]
		x, stated := s.st.extent(id)
		if stated && t.offset >= x.journal && (t.bad == nil || !x.closed) {
			continue
		}
		what := ""
		switch {
		case stated:
			what = fmt.Sprintf("%d bytes can be read, %d were written", t.offset, x.journal)
		case !slices.Contains(withFile, id):
			what = fmt.Sprintf("has no end mark after %d readable bytes, though its session has ended", t.offset)
		default:
			continue
		}
		if t.bad != nil {
			what += " (" + t.bad.Error() + ")"
		}
		list = append(list, Damage{
			Path: s.path("journal", id.String()), What: what,
			Remedy: "run again: results whose records are lost are computed anew",
		})
	}
	return list
}

// bury ends a dead session in its place. The statement is durable before the
// session's file goes.
func (s *Store) bury(id sessionID) error {
	// Its journal may have grown between our reading it and its death.
	if err := s.Refresh(); err != nil {
		return err
	}
	s.mu.RLock()
	_, stated := s.st.extent(id)
	s.mu.RUnlock()
	x := extent{session: id}
	var err error
	if x.journal, err = s.readable(id); err != nil {
		return err
	}
	if err := s.describeDead(id, x.journal); err != nil {
		return err
	}
	if s.readOnly {
		return nil
	}
	packs, err := s.packExtents(id)
	if err != nil {
		return err
	}
	x.packs = packs
	if !stated {
		e := entry{kind: entryExtent, stamp: s.stamp(), body: encodeExtent(x)}
		s.mu.Lock()
		err := s.st.apply(e)
		s.mu.Unlock()
		if err != nil {
			return err
		}
		if err := s.journal.append(s, e.append(nil)); err != nil {
			return err
		}
	}
	if err := removeAll(s.fs, s.path("tmp", id.String())); err != nil {
		return err
	}
	for _, suffix := range []string{".roots.new", ".roots", ""} {
		if err := s.fs.Remove(s.path("sessions", id.String()+suffix)); err != nil && !isGone(err) {
			return err
		}
	}
	return nil
}

// readable returns how many bytes of a journal can be read, from its beginning: the
// index may sum up frames that a power cut has taken back.
func (s *Store) readable(id sessionID) (int64, error) {
	f, err := s.fs.Open(s.path("journal", id.String()))
	if isGone(err) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	t := tail{file: f}
	err = t.read(id, func(entry) error { return nil })
	return t.offset, errors.Join(err, t.close())
}

// describeDead adds the line about a dead session to Found.
func (s *Store) describeDead(id sessionID, journal int64) error {
	line := fmt.Sprintf("session %s ended without closing the store", id.short())
	data, err := ReadFile(s.fs, s.path("sessions", id.String()))
	if err == nil {
		if _, f, err := parseSession(data); err == nil {
			line = fmt.Sprintf("session %s (process %d, started %s) ended without closing the store",
				id.short(), f.PID, f.Started.Local().Format(time.DateTime))
		}
	} else if !isGone(err) {
		return err
	}
	info, err := s.fs.Stat(s.path("journal", id.String()))
	if err != nil && !isGone(err) {
		return err
	}
	if journal == 0 {
		line += "; it had committed nothing"
	} else {
		line += fmt.Sprintf("; %d bytes of its journal are in order", journal)
	}
	if torn := info.Size - journal; torn > 0 {
		line += fmt.Sprintf(", a torn tail of %d bytes is ignored", torn)
	}
	s.mu.Lock()
	s.found = append(s.found, line)
	s.mu.Unlock()
	return nil
}

// removeAll deletes a folder and the files in it; a missing one is fine.
func removeAll(fsys FS, dir string) error {
	list, err := fsys.List(dir)
	if isGone(err) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range list {
		name := dir + "/" + e.Name
		if e.Dir {
			err = removeAll(fsys, name)
		} else {
			err = fsys.Remove(name)
		}
		if err != nil && !isGone(err) {
			return err
		}
	}
	if err := fsys.Remove(dir); err != nil && !isGone(err) {
		return err
	}
	return nil
}
