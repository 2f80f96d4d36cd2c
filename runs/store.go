package runs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const versionText = "shiftmill store 1\n"

// storeFolders are made when a store is first opened for writing.
var storeFolders = [...]string{
	"objects", "packs", "journal", "sessions", "claims", "trash", "tmp", "quarantine",
}

// Options are the settings of Open; the zero value works.
type Options struct {
	FS       FS               // nil: the operating system's
	ReadOnly bool             // look, but write nothing at all: no session, no claim, no rescue from the trash
	Now      func() time.Time // nil: time.Now
	Machine  Machine          // zero: this one

	// Front says how much of a record's data Result is to give, which the index
	// keeps apart so that it is found fast; nil: all of it.
	Front func(kind string, data []byte) int

	CommitDelay time.Duration // longest wait of a record for its commit; 0: 50 ms
	CommitBatch int           // records that start a commit at once; 0: 64
	Heartbeat   time.Duration // between renewals of the session's counter; 0: 5 s
	DeadAfter   time.Duration // a counter that stands still this long is a dead session's; 0: 60 s
	FoldAfter   int           // small journals of ended sessions that are folded into one; 0: 256
	MaxObject   int64         // bytes of a file; what is longer is kept as chunks of so many; 0: 64 MiB
}

func (o Options) withDefaults() Options {
	if o.FS == nil {
		o.FS = OS{}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Machine == (Machine{}) {
		o.Machine = thisMachine()
	}
	if o.Front == nil {
		o.Front = func(_ string, data []byte) int { return len(data) }
	}
	setDefault(&o.CommitDelay, 50*time.Millisecond)
	setDefault(&o.CommitBatch, 64)
	setDefault(&o.Heartbeat, 5*time.Second)
	setDefault(&o.DeadAfter, 60*time.Second)
	setDefault(&o.MaxObject, 64<<20)
	setDefault(&o.FoldAfter, foldAfter)
	return o
}

func setDefault[T ~int | ~int64](v *T, value T) {
	if *v <= 0 {
		*v = value
	}
}

// A Store is a session on a folder of objects and records. Its methods may be
// called from any number of goroutines, and any number of processes may hold stores
// on one folder. Close ends the session.
type Store struct {
	dir      string
	fs       FS
	readOnly bool
	now      func() time.Time
	machine  Machine
	front    func(kind string, data []byte) int

	commitDelay, heartbeat, deadAfter time.Duration
	commitBatch                       int
	maxObject                         int64
	foldAfter                         int

	id          sessionID
	unlock      func() error
	sessionFile File
	beats       uint64
	found       []string

	mu    sync.RWMutex // guards st, tails, and all up to poison
	st    *state
	tails map[sessionID]*tail
	// journalsSeen is the time of the journal folder when it was last listed, if
	// it cannot have changed unseen since.
	journalsSeen time.Time
	listed       map[sessionID]bool // those that were there then
	small        int                // how many of them are small enough to be folded
	journalsRead int                // how many were opened
	lastTime     int64
	pending      batch
	appended     uint64 // statements made so far
	poison       error  // set once: nothing more is written
	committing   bool   // a batch is on its way to the disk
	holds        map[Digest]*hold
	parted       bool // Close has begun

	packMu sync.Mutex
	pack   *packWriter
	nPacks uint32
	packs  []*packWriter // all of this session, to be closed

	journal journalWriter // used by the committing goroutine alone

	sightMu     sync.Mutex // guards what this process has noticed about files
	sightings   map[sessionID]sighting
	dead        map[sessionID]bool
	knownPacks  map[packID]bool
	lastPack    atomic.Pointer[packID] // of these; read without the lock
	touched     map[string]time.Time
	blankClaims map[string]sighting

	rootMu    sync.Mutex
	rootEpoch uint64

	limited atomic.Bool // left counts
	left    atomic.Int64

	tempMu sync.Mutex
	temps  uint64
	hasTmp bool

	kick      chan struct{}
	requests  chan chan error
	stop      chan struct{}
	loopDone  chan struct{}
	closeOnce sync.Once
	closeErr  error
}

// Open opens the store in dir, makes it unless ReadOnly, and starts a session.
//
// What it found of sessions that died is told by Found. An error is a folder that is
// no store, a version this program does not know, or a failure of the file system.
func Open(dir string, o Options) (*Store, error) {
	o = o.withDefaults()
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", dir, err)
	}
	s := &Store{
		dir: abs, fs: o.FS, readOnly: o.ReadOnly, now: o.Now, machine: o.Machine, front: o.Front,
		commitDelay: o.CommitDelay, heartbeat: o.Heartbeat, deadAfter: o.DeadAfter, commitBatch: o.CommitBatch,
		maxObject: o.MaxObject, foldAfter: o.FoldAfter,
		id: newSessionID(), st: newState(), tails: map[sessionID]*tail{},
		holds: map[Digest]*hold{}, sightings: map[sessionID]sighting{}, dead: map[sessionID]bool{},
		knownPacks: map[packID]bool{}, touched: map[string]time.Time{}, blankClaims: map[string]sighting{},
		kick: make(chan struct{}, 1), requests: make(chan chan error), stop: make(chan struct{}), loopDone: make(chan struct{}),
	}
	if err := s.start(); err != nil {
		return nil, fmt.Errorf("open store %s: %w", dir, err)
	}
	return s, nil
}

func (s *Store) start() error {
	if !s.readOnly {
		if err := s.layout(); err != nil {
			return err
		}
	}
	if err := s.checkVersion(); err != nil {
		return err
	}
	if !s.readOnly {
		if err := s.startSession(); err != nil {
			return errors.Join(err, s.endSession(s.journal.file == nil))
		}
	}
	err := s.load()
	if err == nil {
		err = s.findDead()
	}
	if err != nil {
		if !s.readOnly {
			err = errors.Join(err, s.journal.close(), s.endSession(s.journal.file == nil))
		}
		return errors.Join(err, s.closeTails())
	}
	if s.readOnly {
		close(s.loopDone)
	} else {
		go s.loop()
	}
	return nil
}

// layout makes the folders of a store that lacks them and writes VERSION last, so
// that a store with a VERSION is complete. The syncs are repeated at every opening:
// a process that died may have made the names without making them durable.
func (s *Store) layout() error {
	if err := makeAll(s.fs, s.dir); err != nil {
		return err
	}
	for _, name := range storeFolders {
		if err := s.fs.Mkdir(s.path(name)); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	_, err := s.fs.Stat(s.path("VERSION"))
	if err != nil && !isGone(err) {
		return err
	}
	if err != nil {
		temp := s.path("tmp", s.id.String()+".version")
		if err := replaceFile(s.fs, s.path("VERSION"), temp, []byte(versionText)); err != nil {
			return err
		}
	}
	return s.fs.SyncDir(s.dir)
}

// makeAll makes a folder and those above it and makes their names durable. A parent
// that may not be read cannot be synced; it has been there for long then.
func makeAll(fsys FS, dir string) error {
	parent := filepath.Dir(dir)
	err := fsys.Mkdir(dir)
	if isGone(err) && parent != dir {
		if err := makeAll(fsys, parent); err != nil {
			return err
		}
		err = fsys.Mkdir(dir)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := fsys.SyncDir(parent); err != nil && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}

func (s *Store) checkVersion() error {
	data, err := ReadFile(s.fs, s.path("VERSION"))
	switch {
	case isGone(err):
		return errors.New("there is no store here; a first run makes one")
	case err != nil:
		return err
	case string(data) != versionText:
		return fmt.Errorf("VERSION holds %.40q, want %q: written by another version of shiftmill or damaged", data, versionText)
	}
	return nil
}

// Dir returns the absolute path of the store's folder.
func (s *Store) Dir() string { return s.dir }

// Found returns, in lines for people, what opening found of dead sessions and damaged
// files; it is empty when all was in order.
func (s *Store) Found() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Clone(s.found)
}

// Close commits what was appended, ends the session and releases its claims. After a
// failed commit it returns that failure. Further calls return the same.
func (s *Store) Close() error {
	s.closeOnce.Do(func() { s.closeErr = s.close() })
	return s.closeErr
}

func (s *Store) close() error {
	if s.readOnly {
		return s.closeTails()
	}
	commitErr := s.Commit(context.Background())
	if commitErr == nil {
		commitErr = s.foldAtEnd()
	}
	s.mu.Lock()
	s.parted = true
	s.mu.Unlock()
	close(s.stop)
	<-s.loopDone
	sealErr := commitErr
	errs := []error{commitErr}
	if commitErr == nil {
		sealErr = s.sealJournal()
		errs = append(errs, sealErr, s.refreshIndex())
	}
	errs = append(errs, s.dropClaims(), s.journal.close(), s.closePack(), s.dropTemp(), s.closeTails())
	// The file goes last: what it protects must be in order before. A session that
	// could not end its journal leaves it, to be found dead and buried.
	errs = append(errs, s.endSession(sealErr == nil))
	return errors.Join(errs...)
}

var errReadOnly = errors.New("the store was opened for reading only")

// writable returns why nothing can be written, or nil.
func (s *Store) writable() error {
	if s.readOnly {
		return errReadOnly
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.parted {
		return errors.New("the store is closed")
	}
	return s.poison
}
