package runs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"
)

// hold is a claim of this process.
type hold struct {
	file string        // claims/KEY.T; empty when the claim was not had
	done chan struct{} // closed when the claim has been given up
}

// Claim tries to take the work behind key. When ok, the caller does the work, appends
// its records and calls release, once; others go on as soon as those records are
// committed. When not ok, somebody is at it: do something else, or Wait.
//
// A claim only saves work. A caller that got one should look the key up after a
// Refresh, since the work may have been finished a moment before; and a claim of a
// process that is only slow may be lost to another, so that both do the work.
func (s *Store) Claim(key Digest) (release func(), ok bool, err error) {
	if err := s.writable(); err != nil {
		return nil, false, fmt.Errorf("claim %s: %w", key, err)
	}
	h := &hold{done: make(chan struct{})}
	s.mu.Lock()
	if s.holds[key] != nil {
		s.mu.Unlock()
		return nil, false, nil
	}
	s.holds[key] = h
	s.mu.Unlock()
	file, err := s.claimFile(key)
	s.mu.Lock()
	h.file = file
	s.mu.Unlock()
	if file == "" {
		s.endHold(key, h)
		if err != nil {
			err = fmt.Errorf("claim %s: %w", key, err)
		}
		return nil, false, err
	}
	return func() { s.release(key, h) }, true, nil
}

// claimFile makes the claim's file and returns its name, or "" when another session
// that may be alive has one.
func (s *Store) claimFile(key Digest) (string, error) {
	for token := 1; ; token++ {
		name := s.path("claims", fmt.Sprintf("%s.%d", key, token))
		for {
			err := s.makeClaim(name)
			if err == nil {
				return name, nil
			}
			if !errors.Is(err, fs.ErrExist) {
				return "", err
			}
			owner, err := s.claimOwner(name)
			if isGone(err) {
				continue // given up a moment ago
			}
			if err != nil {
				return "", err
			}
			if owner == s.id {
				return name, nil // created after all, though a network said no
			}
			if s.ownerAlive(name, owner) {
				return "", nil
			}
			break
		}
	}
}

// makeClaim makes a claim's file, which names this session. A link to the session's own
// file does so in one step; where links are not to be had, or not that many, the name is
// written, and a process killed in between leaves a claim that nobody owns.
func (s *Store) makeClaim(name string) error {
	err := s.fs.Link(s.path("sessions", s.id.String()), name)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	return createFile(s.fs, name, []byte(s.id.String()+"\n"), false)
}

// claimOwner returns the session in a claim's file; it is zero while the owner has
// not written it yet.
func (s *Store) claimOwner(name string) (sessionID, error) {
	data, err := ReadFile(s.fs, name)
	if err != nil {
		return sessionID{}, err
	}
	text := strings.TrimSuffix(string(data), "\n")
	if _, f, err := parseSession(data); err == nil {
		text = f.ID
	}
	id, _ := parseSessionID(text)
	return id, nil
}

// ownerAlive reports whether a claim binds. One without a session in it was made by a
// process that was about to write it; left like that for DeadAfter, it binds no more.
func (s *Store) ownerAlive(name string, owner sessionID) bool {
	if owner != (sessionID{}) {
		return s.alive(owner)
	}
	info, err := s.fs.Stat(name)
	if err != nil {
		return !isGone(err)
	}
	s.sightMu.Lock()
	defer s.sightMu.Unlock()
	first, ok := s.blankClaims[name]
	if !ok || first.counter != info.ModTime.String() {
		s.blankClaims[name] = sighting{info.ModTime.String(), s.now()}
		return true
	}
	return s.now().Sub(first.since) < s.deadAfter
}

// release gives the claim up once what was appended before is durable, so that
// whoever takes the claim next finds the records. Waiters in this process see them
// already.
func (s *Store) release(key Digest, h *hold) {
	remove := func() error {
		// A file that stays behind falls with the session.
		_ = s.fs.Remove(h.file)
		return nil
	}
	s.endHold(key, h)
	s.mu.Lock()
	waiting := !s.pending.empty() || s.committing
	if waiting && s.poison == nil {
		s.pending.releases = append(s.pending.releases, remove)
	}
	poisoned := s.poison != nil
	s.mu.Unlock()
	if !waiting || poisoned {
		_ = remove()
		return
	}
	s.wake()
}

func (s *Store) endHold(key Digest, h *hold) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.holds[key] == h {
		delete(s.holds, key)
		close(h.done)
	}
}

// Wait returns when the holder of the claim on key has finished or died, and has then
// read what others committed: look the key up again. It returns at once when nobody
// holds the claim, and with the cause of ctx when that ends first.
func (s *Store) Wait(ctx context.Context, key Digest) error {
	pause := 2 * time.Millisecond
	var owners []sessionID
	for {
		s.mu.RLock()
		h := s.holds[key]
		s.mu.RUnlock()
		if h != nil {
			select {
			case <-h.done:
				if h.file == "" {
					continue // another process had it
				}
				return nil
			case <-ctx.Done():
				return fmt.Errorf("wait for %s: %w", key, context.Cause(ctx))
			}
		}
		owner, held, err := s.heldElsewhere(key)
		if err != nil {
			return fmt.Errorf("wait for %s: %w", key, err)
		}
		if !held {
			for _, id := range owners {
				if err := s.refreshSession(id); err != nil {
					return fmt.Errorf("wait for %s: %w", key, err)
				}
			}
			return s.Refresh()
		}
		if !slices.Contains(owners, owner) && owner != (sessionID{}) {
			owners = append(owners, owner)
		}
		select {
		case <-time.After(pause):
			pause = min(2*pause, 250*time.Millisecond)
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", key, context.Cause(ctx))
		}
	}
}

// heldElsewhere reports whether a session that may be alive holds the claim, going by
// names rather than by listing, which network file systems answer from memory.
func (s *Store) heldElsewhere(key Digest) (owner sessionID, held bool, err error) {
	for token := 1; ; token++ {
		name := s.path("claims", fmt.Sprintf("%s.%d", key, token))
		owner, err := s.claimOwner(name)
		if isGone(err) {
			return sessionID{}, false, nil
		}
		if err != nil {
			return sessionID{}, false, err
		}
		if owner != s.id && s.ownerAlive(name, owner) {
			return owner, true, nil
		}
	}
}

// dropClaims removes the claims that this session still holds.
func (s *Store) dropClaims() error {
	s.mu.Lock()
	holds, releases := s.holds, s.pending.releases
	s.holds, s.pending.releases = map[Digest]*hold{}, nil
	s.mu.Unlock()
	errs := []error{releaseAll(releases)}
	for _, key := range sortedDigests(holds) {
		h := holds[key]
		if h.file != "" {
			if err := s.fs.Remove(h.file); err != nil && !isGone(err) {
				errs = append(errs, err)
			}
		}
		close(h.done)
	}
	return errors.Join(errs...)
}
