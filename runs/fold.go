package runs

import (
	"context"
	"time"
)

// Every run leaves a journal, most of them small. Folding says what many of them still
// hold again, in the journal of the session that folds, and then removes them, so that a
// store opens as fast after 100,000 runs as after a hundred.
const (
	foldBelow = 1 << 20  // journals of less bytes are folded
	foldAfter = 256      // once there are that many of them
	foldMost  = 32 << 20 // bytes of journals that one folding reads, about
)

// foldDeadAfter is how old the journal of a session must be that others found dead: one
// that was only slow, on another machine, may have gone on writing to it.
const foldDeadAfter = 24 * time.Hour

// foldAtEnd folds when there is enough to fold and no collection is at work. It makes
// later openings faster and nothing else, so that what cannot be done is left to the next
// session; only a failed commit is an error.
func (s *Store) foldAtEnd() error {
	s.mu.RLock()
	small := s.small
	s.mu.RUnlock()
	if small < s.foldAfter {
		return nil
	}
	release, ok, err := s.Claim(gcKey())
	if err != nil || !ok {
		return nil
	}
	defer release()
	_, _ = s.fold(context.Background())
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.poison
}

// fold folds the small journals of sessions that have ended and returns how many. Whoever
// calls it has the claim of collections, which follow records and must see all of them.
//
// What is folded is durable here before a journal goes. A power cut in between leaves it
// said twice, which changes nothing: statements keep their stamps. A process that opens a
// journal too late finds this one instead when it looks again.
func (s *Store) fold(ctx context.Context) (int, error) {
	if err := s.Refresh(); err != nil {
		return 0, err
	}
	files, err := s.fs.List(s.path("journal"))
	if err != nil {
		return 0, err
	}
	var folded []sessionID
	read := int64(0)
	for _, f := range files {
		id, ok := parseSessionID(f.Name)
		if !ok || id == s.id || f.Size >= foldBelow || read >= foldMost {
			continue
		}
		said, ok, err := s.foldable(id, f)
		if err != nil {
			return 0, err
		}
		if !ok {
			continue
		}
		read += f.Size
		if err := s.sayAgain(ctx, said); err != nil {
			return 0, err
		}
		folded = append(folded, id)
	}
	if err := s.Commit(ctx); err != nil {
		return 0, err
	}
	for _, id := range folded {
		if err := s.fs.Remove(s.path("journal", id.String())); err != nil && !isGone(err) {
			return 0, err
		}
		s.mu.Lock()
		if t := s.tails[id]; t != nil {
			_ = t.close() // opened for reading only
			delete(s.tails, id)
		}
		delete(s.listed, id)
		s.journalsRead++ // the index is to name them no more
		s.mu.Unlock()
	}
	return len(folded), nil
}

// foldable returns what a journal says if its session has ended for certain and all that
// it wrote can be read; a damaged journal stays, to be found.
func (s *Store) foldable(id sessionID, f Info) ([]entry, bool, error) {
	_, err := s.fs.Stat(s.path("sessions", id.String()))
	if err == nil {
		return nil, false, nil // alive, or not buried yet
	}
	if !isGone(err) {
		return nil, false, err
	}
	s.mu.RLock()
	x, stated := s.st.extent(id)
	s.mu.RUnlock()
	if !stated || !x.closed && s.now().Sub(f.ModTime) < foldDeadAfter {
		return nil, false, nil
	}
	said, upTo, err := s.statements(id)
	return said, err == nil && upTo >= x.journal, err
}

// sayAgain repeats the statements of a journal that still hold.
func (s *Store) sayAgain(ctx context.Context, said []entry) error {
	for _, e := range said {
		s.mu.Lock()
		if s.poison != nil {
			defer s.mu.Unlock()
			return s.poison
		}
		if s.holdsLocked(e) {
			s.pending.add(e)
		}
		full := s.pending.bytes >= maxBatchBytes
		s.mu.Unlock()
		if full {
			if err := s.Commit(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// holdsLocked says whether a statement is the newest about its digest; in doubt it does,
// since to say it again does no harm. An extent is needed as long as there are packs, or a
// journal, that it measures.
func (s *Store) holdsLocked(e entry) bool {
	switch e.kind {
	case entryRecord:
		r, ok, err := s.st.record(Digest(e.body[:32]))
		return !ok || err != nil || r.stamp == e.stamp && string(r.body) == string(e.body)
	case entryLocation:
		d, l, err := decodeLocation(e.body)
		l.stamp = e.stamp
		now, ok, found := s.st.location(d)
		return err != nil || found != nil || !ok || now == l
	case entryTombstone:
		t, ok := s.st.tombstone(Digest(e.body[:32]))
		return !ok || t.stamp == e.stamp
	case entryExtent:
		x, err := decodeExtent(e.body)
		return err != nil || len(x.packs) > 0 || s.listed[x.session]
	}
	return true // of a later version
}
