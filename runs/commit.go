package runs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// A batch is what the next commit makes durable.
type batch struct {
	entries  []entry
	records  int
	bytes    int
	dirs     map[string]bool // folders with new names
	packs    []*packWriter   // packs with new bytes, oldest first
	releases []func() error  // claims that end when the batch is durable
}

func (b *batch) empty() bool { return len(b.entries) == 0 && len(b.dirs) == 0 && len(b.packs) == 0 }

func (b *batch) add(e entry) {
	b.entries = append(b.entries, e)
	b.bytes += e.size()
	if e.kind == entryRecord {
		b.records++
	}
}

func (b *batch) addDir(name string) {
	if b.dirs == nil {
		b.dirs = map[string]bool{}
	}
	b.dirs[name] = true
}

// maxBatchBytes starts a commit early, so that a frame stays far below maxFrame.
const maxBatchBytes = 8 << 20

// state entries and batch change together under s.mu, hence "Locked".
func (s *Store) stateLocked(kind entryKind, body []byte) error {
	e := entry{kind: kind, stamp: s.stampLocked(), body: body}
	if err := s.st.apply(e); err != nil {
		return err
	}
	s.pending.add(e)
	s.appended++
	return nil
}

// loop commits when the time has come and keeps the heartbeat. It is the only
// goroutine that writes the journal between opening and closing.
func (s *Store) loop() {
	defer close(s.loopDone)
	beat := time.NewTicker(s.heartbeat)
	defer beat.Stop()
	due := time.NewTimer(s.commitDelay)
	defer due.Stop()
	armed := true
	for {
		select {
		case <-s.stop:
			return
		case done := <-s.requests:
			done <- s.commit()
		case <-s.kick:
			if s.batchFull() {
				s.commit()
			} else if !armed {
				due.Reset(s.commitDelay)
				armed = true
			}
		case <-due.C:
			armed = false
			s.commit()
		case <-beat.C:
			// A beat that fails makes us look dead to other machines, which
			// costs double work and is no reason to stop.
			_ = s.beat()
		}
	}
}

func (s *Store) batchFull() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.pending.records >= s.commitBatch || s.pending.bytes >= maxBatchBytes
}

// wake tells the loop that there is something to commit.
func (s *Store) wake() {
	select {
	case s.kick <- struct{}{}:
	default:
	}
}

// Commit waits until everything put and appended before the call is durable. It
// returns the failure that ended the session's writing, if there was one, or the
// cause of ctx.
func (s *Store) Commit(ctx context.Context) error {
	if err := s.writable(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	done := make(chan error, 1)
	select {
	case s.requests <- done:
	case <-s.loopDone:
		return errors.New("commit: the store is closed")
	case <-ctx.Done():
		return fmt.Errorf("commit: %w", context.Cause(ctx))
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("commit: %w", context.Cause(ctx))
	}
}

// commit makes the pending batch durable: objects and their folders first, then the
// frame that speaks of them. Any failure ends the session's writing, since after a
// failed sync nobody knows what the disk holds.
func (s *Store) commit() error {
	s.mu.Lock()
	if s.poison != nil {
		defer s.mu.Unlock()
		return s.poison
	}
	b := s.pending
	s.pending = batch{}
	s.committing = true
	s.mu.Unlock()
	err := s.writeBatch(b)
	s.mu.Lock()
	s.committing = false
	s.mu.Unlock()
	if err != nil {
		err = fmt.Errorf("commit %d results to %s: %w; they and later ones are void, what was committed before is safe: run again once the cause is mended",
			b.records, s.dir, err)
		s.void(b, err)
		return errors.Join(err, releaseAll(b.releases))
	}
	return releaseAll(b.releases)
}

func (s *Store) writeBatch(b batch) error {
	for _, p := range b.packs {
		if err := p.sync(); err != nil {
			return err
		}
	}
	dirs := make([]string, 0, len(b.dirs))
	for d := range b.dirs {
		dirs = append(dirs, d)
	}
	slices.Sort(dirs)
	for _, d := range dirs {
		if err := s.fs.SyncDir(d); err != nil {
			return fmt.Errorf("sync %s: %w", d, err)
		}
	}
	if len(b.entries) == 0 {
		return nil
	}
	payload := make([]byte, 0, b.bytes)
	for _, e := range b.entries {
		payload = e.append(payload)
	}
	return s.journal.append(s, payload)
}

// void ends writing and takes back what the failed batch, and what came after it,
// had stated.
func (s *Store) void(b batch, cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.poison = cause
	for _, e := range slices.Concat(b.entries, s.pending.entries) {
		switch e.kind {
		case entryRecord:
			if key := Digest(e.body[:32]); s.st.records[key].stamp == e.stamp {
				delete(s.st.records, key)
			}
		case entryLocation:
			if d := Digest(e.body[:32]); s.st.locations[d].stamp == e.stamp {
				delete(s.st.locations, d)
			}
		}
	}
	s.pending = batch{}
}

func releaseAll(releases []func() error) error {
	var errs []error
	for _, r := range releases {
		errs = append(errs, r())
	}
	return errors.Join(errs...)
}
