package runstest

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"shiftmill/runs"
)

// ErrPowerCut is what every operation returns once the machine has stopped.
var ErrPowerCut = errors.New("the power is cut")

// A MemFS is a file system in memory with the least that POSIX promises: written
// bytes survive a power cut once their file is synced, names once their folder is, and
// a rename happens whole or not at all. It is safe for concurrent use.
type MemFS struct {
	mu   sync.Mutex
	root *inode
	ops  int
	now  func() time.Time

	stopAt    int                    // the operation that finds the power cut; 0: none
	dropSync  func(site string) bool // syncs to leave out
	lateSync  func(site string) bool // syncs to put off
	untilSync func(site string) bool // until these
	late      []func()
	fail      func(op int, what, name string) error // failures to inject
	sites     map[string]int                        // sync calls of the store, by place in its source
	locks     map[*inode][]*memLock
	changes   int
}

// inode is a file or a folder.
type inode struct {
	dir     bool
	mtime   time.Time
	data    []byte
	synced  []byte  // of a file
	pending []write // of a file: since the last sync, in order
	entries map[string]*inode
	durable map[string]*inode // of a folder
	names   []change          // of a folder: since the last sync, in order
}

type write struct {
	offset int64
	data   []byte
}

// change is one step in a folder: name stands for to, or for nothing. The changes of one
// rename share an id and survive together.
type change struct {
	id   int
	name string
	to   *inode
}

type memLock struct{ shared bool }

// NewMemFS returns an empty file system. A nil clock stands for time.Now.
func NewMemFS(now func() time.Time) *MemFS {
	if now == nil {
		now = time.Now
	}
	return &MemFS{root: newDir(now()), now: now, sites: map[string]int{}, locks: map[*inode][]*memLock{}}
}

func newDir(t time.Time) *inode {
	return &inode{dir: true, mtime: t, entries: map[string]*inode{}, durable: map[string]*inode{}}
}

// StopAt makes operation number op, counted from 1, and all after it find the power
// cut. A write that is stopped may have happened in part.
func (m *MemFS) StopAt(op int) { m.mu.Lock(); m.stopAt = op; m.mu.Unlock() }

// FailAt makes f decide on the failure of every operation: what is its name, such as
// "write", name the file.
func (m *MemFS) FailAt(f func(op int, what, name string) error) {
	m.mu.Lock()
	m.fail = f
	m.mu.Unlock()
}

// Ops returns the number of operations so far.
func (m *MemFS) Ops() int { m.mu.Lock(); defer m.mu.Unlock(); return m.ops }

const (
	Synced State = iota // nothing
	All                 // everything: the process died, the machine did not
	Torn                // a random part: some names, some sectors of some writes
)

// begin counts an operation and says whether it fails; m.mu is held.
func (m *MemFS) begin(what, name string) error {
	m.ops++
	if m.stopAt > 0 && m.ops >= m.stopAt {
		return ErrPowerCut
	}
	if m.fail != nil {
		if err := m.fail(m.ops, what, name); err != nil {
			return &fs.PathError{Op: what, Path: name, Err: err}
		}
	}
	return nil
}

// find returns the inode of a name.
func (m *MemFS) find(name string) (*inode, error) {
	n := m.root
	for _, part := range strings.Split(filepath.Clean(name), "/") {
		if part == "" {
			continue
		}
		if !n.dir {
			return nil, errNotDir
		}
		if n = n.entries[part]; n == nil {
			return nil, fs.ErrNotExist
		}
	}
	return n, nil
}

var (
	errNotDir = errors.New("not a folder")
	errIsDir  = errors.New("is a folder")
)

// parent returns the folder of a name and its last element.
func (m *MemFS) parent(name string) (*inode, string, error) {
	dir, err := m.find(filepath.Dir(name))
	if err == nil && !dir.dir {
		err = errNotDir
	}
	return dir, filepath.Base(name), err
}

func (m *MemFS) set(dir *inode, name string, to *inode, id int) {
	if to == nil {
		delete(dir.entries, name)
	} else {
		dir.entries[name] = to
	}
	dir.names = append(dir.names, change{id, name, to})
	dir.mtime = m.now()
}

func (m *MemFS) changeID() int { m.changes++; return m.changes }

func pathError(op, name string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := err.(*fs.PathError); ok || errors.Is(err, ErrPowerCut) {
		return err
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// Open implements runs.FS.
func (m *MemFS) Open(name string) (runs.File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.begin("open", name); err != nil {
		return nil, err
	}
	n, err := m.find(name)
	if err == nil && n.dir {
		err = errIsDir
	}
	if err != nil {
		return nil, pathError("open", name, err)
	}
	return &memFile{m: m, n: n, name: name}, nil
}

// Create implements runs.FS.
func (m *MemFS) Create(name string) (runs.File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.begin("create", name); err != nil {
		return nil, err
	}
	dir, base, err := m.parent(name)
	if err == nil && dir.entries[base] != nil {
		err = fs.ErrExist
	}
	if err != nil {
		return nil, pathError("create", name, err)
	}
	n := &inode{mtime: m.now()}
	m.set(dir, base, n, m.changeID())
	return &memFile{m: m, n: n, name: name, writable: true}, nil
}

// Mkdir implements runs.FS.
func (m *MemFS) Mkdir(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.begin("mkdir", name); err != nil {
		return err
	}
	dir, base, err := m.parent(name)
	if filepath.Clean(name) == "/" || err == nil && dir.entries[base] != nil {
		err = fs.ErrExist
	}
	if err != nil {
		return pathError("mkdir", name, err)
	}
	m.set(dir, base, newDir(m.now()), m.changeID())
	return nil
}

// Rename implements runs.FS.
func (m *MemFS) Rename(from, to string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.begin("rename", from); err != nil {
		return err
	}
	src, old, err := m.parent(from)
	if err == nil && src.entries[old] == nil {
		err = fs.ErrNotExist
	}
	if err != nil {
		return pathError("rename", from, err)
	}
	dst, name, err := m.parent(to)
	if err == nil {
		if there := dst.entries[name]; there != nil && (there.dir || src.entries[old].dir) {
			err = fs.ErrExist
		}
	}
	if err != nil {
		return pathError("rename", to, err)
	}
	n, id := src.entries[old], m.changeID()
	m.set(src, old, nil, id)
	m.set(dst, name, n, id)
	return nil
}

// Link implements runs.FS.
func (m *MemFS) Link(from, to string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.begin("link", from); err != nil {
		return err
	}
	n, err := m.find(from)
	if err == nil && n.dir {
		err = errIsDir
	}
	if err != nil {
		return pathError("link", from, err)
	}
	dir, base, err := m.parent(to)
	if err == nil && dir.entries[base] != nil {
		err = fs.ErrExist
	}
	if err != nil {
		return pathError("link", to, err)
	}
	m.set(dir, base, n, m.changeID())
	return nil
}

// Remove implements runs.FS.
func (m *MemFS) Remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.begin("remove", name); err != nil {
		return err
	}
	dir, base, err := m.parent(name)
	if err == nil && dir.entries[base] == nil {
		err = fs.ErrNotExist
	}
	if err == nil && len(dir.entries[base].entries) > 0 {
		err = errors.New("folder is not empty")
	}
	if err != nil {
		return pathError("remove", name, err)
	}
	m.set(dir, base, nil, m.changeID())
	return nil
}

// Stat implements runs.FS.
func (m *MemFS) Stat(name string) (runs.Info, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.begin("stat", name); err != nil {
		return runs.Info{}, err
	}
	n, err := m.find(name)
	if err != nil {
		return runs.Info{}, pathError("stat", name, err)
	}
	return n.info(filepath.Base(name)), nil
}

func (n *inode) info(name string) runs.Info {
	return runs.Info{Name: name, Size: int64(len(n.data)), ModTime: n.mtime, Dir: n.dir}
}

// List implements runs.FS.
func (m *MemFS) List(name string) ([]runs.Info, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.begin("list", name); err != nil {
		return nil, err
	}
	n, err := m.find(name)
	if err == nil && !n.dir {
		err = errNotDir
	}
	if err != nil {
		return nil, pathError("list", name, err)
	}
	var list []runs.Info
	for _, e := range sortedNames(n.entries) {
		list = append(list, n.entries[e].info(e))
	}
	return list, nil
}

// Touch implements runs.FS.
func (m *MemFS) Touch(name string, t time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.begin("touch", name); err != nil {
		return err
	}
	n, err := m.find(name)
	if err != nil {
		return pathError("touch", name, err)
	}
	n.mtime = t
	return nil
}

// TryLock implements runs.FS.
func (m *MemFS) TryLock(name string, shared bool) (func() error, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.begin("lock", name); err != nil {
		return nil, false, err
	}
	n, err := m.find(name)
	if err != nil {
		return nil, false, pathError("lock", name, err)
	}
	for _, l := range m.locks[n] {
		if !shared || !l.shared {
			return nil, false, nil
		}
	}
	l := &memLock{shared}
	m.locks[n] = append(m.locks[n], l)
	return func() error {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.locks[n] = slices.DeleteFunc(m.locks[n], func(o *memLock) bool { return o == l })
		return nil
	}, true, nil
}
