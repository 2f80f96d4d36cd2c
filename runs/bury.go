package runs

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

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
		x, stated := s.st.journalExtent(id)
		if !stated && slices.Contains(withFile, id) {
			continue // alive, or to be buried
		}
		if !stated {
			x, stated = s.st.extent(id)
		}
		if stated && t.offset >= x.journal && (t.bad == nil || !x.closed) {
			continue
		}
		what := fmt.Sprintf("has no end mark after %d readable bytes, though its session has ended", t.offset)
		if stated {
			what = fmt.Sprintf("%d bytes can be read, %d were written", t.offset, x.journal)
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
