package runs

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A sessionID is 16 random bytes; in file names 32 hexadecimal digits.
type sessionID [16]byte

func newSessionID() (id sessionID) {
	rand.Read(id[:]) // never fails: the runtime ends the process instead
	return id
}

func (id sessionID) String() string { return hex.EncodeToString(id[:]) }

// short is enough of the name for people.
func (id sessionID) short() string { return id.String()[:8] }

func parseSessionID(s string) (id sessionID, ok bool) {
	if len(s) != 2*len(id) || strings.ToLower(s) != s {
		return id, false
	}
	_, err := hex.Decode(id[:], []byte(s))
	return id, err == nil
}

// Machine says where a session runs. Two sessions with equal Boot share a kernel, so
// that one can try the other's file lock.
type Machine struct {
	Host string // name of the host, with its machine id where it has one
	Boot string // changes with every boot; empty where unknown
}

// thisMachine asks the operating system; what it does not tell stays empty.
func thisMachine() Machine {
	host, _ := os.Hostname()
	if id, err := os.ReadFile("/etc/machine-id"); err == nil {
		host += "/" + strings.TrimSpace(string(id))
	}
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return Machine{Host: host, Boot: strings.TrimSpace(string(boot))}
}

// sessionFile is the second line of sessions/ID. The first is a counter of 20
// digits that grows with every heartbeat.
type sessionFile struct {
	ID      string    `json:"id"`
	Host    string    `json:"host"`
	Boot    string    `json:"boot"`
	PID     int       `json:"pid"`
	Started time.Time `json:"started"`
	Locked  bool      `json:"locked"` // the session holds a lock on this file
}

const counterDigits = 20

func counterText(n uint64) []byte { return fmt.Appendf(nil, "%0*d", counterDigits, n) }

func parseSession(data []byte) (counter string, f sessionFile, err error) {
	if len(data) <= counterDigits {
		return "", f, errors.New("too short")
	}
	counter = string(data[:counterDigits])
	return counter, f, json.Unmarshal(data[counterDigits:], &f)
}

// startSession makes sessions/ID. The file is locked before it gets its name, so
// that nobody can take it for a dead session's.
func (s *Store) startSession() error {
	name := s.path("sessions", s.id.String())
	temp := name + ".new"
	info := sessionFile{
		ID: s.id.String(), Host: s.machine.Host, Boot: s.machine.Boot,
		PID: os.Getpid(), Started: s.now().UTC(), Locked: true,
	}
	f, err := s.fs.Create(temp)
	if err != nil {
		return fmt.Errorf("start a session: %w", err)
	}
	s.sessionFile = f
	unlock, ok, err := s.fs.TryLock(temp, false)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		info.Locked = false
	case err != nil:
		return fmt.Errorf("start a session: lock %s: %w", temp, err)
	case !ok:
		return fmt.Errorf("start a session: %s is locked by another process", temp)
	}
	s.unlock = unlock
	line, err := json.Marshal(info)
	if err != nil {
		return fmt.Errorf("start a session: %w", err)
	}
	text := append(append(append(counterText(0), '\n'), line...), '\n')
	if _, err := f.WriteAt(text, 0); err != nil {
		return fmt.Errorf("start a session: write %s: %w", temp, err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("start a session: sync %s: %w", temp, err)
	}
	if err := s.fs.Rename(temp, name); err != nil {
		return fmt.Errorf("start a session: %w", err)
	}
	if err := s.fs.SyncDir(s.path("sessions")); err != nil {
		return fmt.Errorf("start a session: sync %s: %w", s.path("sessions"), err)
	}
	return nil
}

// endSession gives up the session's lock and, if asked to, its file. A file that stays
// is a dead session's, which the next process buries.
func (s *Store) endSession(remove bool) error {
	var errs []error
	name := s.path("sessions", s.id.String())
	if remove {
		for _, n := range []string{name + ".roots", name + ".new", name} {
			if err := s.fs.Remove(n); err != nil && !errors.Is(err, fs.ErrNotExist) {
				errs = append(errs, err)
			}
		}
	}
	if s.unlock != nil {
		errs = append(errs, s.unlock())
	}
	if s.sessionFile != nil {
		errs = append(errs, s.sessionFile.Close())
	}
	return errors.Join(errs...)
}

// beat renews the session's counter. It is not synced: a lost beat says nothing.
func (s *Store) beat() error {
	s.beats++
	_, err := s.sessionFile.WriteAt(counterText(s.beats), 0)
	return err
}

// sighting is the last change of another session's counter by this process's clock.
type sighting struct {
	counter string
	since   time.Time
}

// alive reports whether a session may still be at work. Only what is certain counts
// as dead: the file is gone (ended or buried), its lock can be had on the same
// kernel, the host has booted since, or the counter stood still for DeadAfter.
func (s *Store) alive(id sessionID) bool {
	if id == s.id && !s.readOnly {
		return true
	}
	s.sightMu.Lock()
	defer s.sightMu.Unlock()
	if s.dead[id] {
		return false
	}
	alive := s.probe(id)
	if !alive {
		s.dead[id] = true
	}
	return alive
}

func (s *Store) probe(id sessionID) bool {
	name := s.path("sessions", id.String())
	data, err := ReadFile(s.fs, name)
	if err != nil {
		return !isGone(err)
	}
	counter, f, err := parseSession(data)
	if err == nil {
		sameKernel := f.Boot == s.machine.Boot && (f.Boot != "" || f.Host == s.machine.Host)
		if sameKernel && f.Locked {
			release, free, err := s.fs.TryLock(name, true)
			if err == nil && free {
				// The lock may have been had on a file that another process
				// is about to bury; either way its session is dead.
				err = release()
			}
			if err == nil {
				return !free
			}
			if isGone(err) {
				return false
			}
		}
		if f.Host == s.machine.Host && f.Boot != "" && s.machine.Boot != "" && f.Boot != s.machine.Boot {
			return false
		}
	}
	seen, ok := s.sightings[id]
	now := s.now()
	if !ok || seen.counter != counter {
		s.sightings[id] = sighting{counter, now}
		return true
	}
	return now.Sub(seen.since) < s.deadAfter
}

// isGone reports whether an error means that a file is not there. Network file
// systems say ESTALE for a file that another machine has removed.
func isGone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || isStale(err)
}

// sessions lists the sessions that have a file.
func (s *Store) sessions() ([]sessionID, error) {
	list, err := s.fs.List(s.path("sessions"))
	if err != nil {
		return nil, err
	}
	var ids []sessionID
	for _, e := range list {
		if id, ok := parseSessionID(e.Name); ok {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// path returns the full name of a file in the store.
func (s *Store) path(elem ...string) string {
	return filepath.Join(append([]string{s.dir}, elem...)...)
}
