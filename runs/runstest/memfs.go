package runstest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"runtime"
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

// DropSync leaves out, silently, the syncs at the places in the store's source for
// which f reports true.
func (m *MemFS) DropSync(f func(site string) bool) { m.mu.Lock(); m.dropSync = f; m.mu.Unlock() }

// LateSync puts off the syncs at the places for which late reports true until one for
// which until does has been done, as if the two were swapped.
func (m *MemFS) LateSync(late, until func(site string) bool) {
	m.mu.Lock()
	m.lateSync, m.untilSync = late, until
	m.mu.Unlock()
}

// Ops returns the number of operations so far.
func (m *MemFS) Ops() int { m.mu.Lock(); defer m.mu.Unlock(); return m.ops }

// SyncSites lists the places in the store's source that have synced.
func (m *MemFS) SyncSites() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []string
	for s := range m.sites {
		list = append(list, s)
	}
	slices.Sort(list)
	return list
}

// State is what a power cut leaves of unsynced changes.
type State int

const (
	Synced State = iota // nothing
	All                 // everything: the process died, the machine did not
	Torn                // a random part: some names, some sectors of some writes
)

// String names the state.
func (s State) String() string { return [...]string{"synced", "all", "torn"}[s] }

// sector is the unit in which a disk writes.
const sector = 512

// Crash returns the file system as it is found after a power cut. Locks are gone.
func (m *MemFS) Crash(state State, rng *rand.Rand) *MemFS {
	m.mu.Lock()
	defer m.mu.Unlock()
	after := NewMemFS(m.now)
	survives := map[int]bool{}
	copies := map[*inode]*inode{}
	var copyOf func(n *inode) *inode
	copyOf = func(n *inode) *inode {
		if c, ok := copies[n]; ok {
			return c
		}
		c := &inode{dir: n.dir, mtime: n.mtime}
		copies[n] = c
		if !n.dir {
			c.data = n.crashed(state, rng)
			c.synced = slices.Clone(c.data)
			return c
		}
		left := n.entries
		if state != All {
			left = map[string]*inode{}
			for name, to := range n.durable {
				left[name] = to
			}
			for _, ch := range n.names {
				ok, seen := survives[ch.id]
				if !seen {
					ok = state == Torn && rng.IntN(2) == 0
					survives[ch.id] = ok
				}
				switch {
				case ok && ch.to != nil:
					left[ch.name] = ch.to
				case ok:
					delete(left, ch.name)
				}
			}
		}
		c.entries, c.durable = map[string]*inode{}, map[string]*inode{}
		for _, name := range sortedNames(left) {
			c.entries[name] = copyOf(left[name])
			c.durable[name] = c.entries[name]
		}
		return c
	}
	after.root = copyOf(m.root)
	return after
}

func sortedNames(m map[string]*inode) []string {
	names := make([]string, 0, len(m))
	for n := range m {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// crashed returns what is left of a file's bytes.
func (n *inode) crashed(state State, rng *rand.Rand) []byte {
	switch state {
	case All:
		return slices.Clone(n.data)
	case Synced:
		return slices.Clone(n.synced)
	}
	data := slices.Clone(n.synced)
	for _, w := range n.pending {
		if rng.IntN(4) == 0 {
			continue
		}
		for at := int64(0); at < int64(len(w.data)); {
			end := min((w.offset+at)/sector*sector+sector-w.offset, int64(len(w.data)))
			// The length may survive without the bytes, which are zero then.
			data = grow(data, w.offset+end)
			if rng.IntN(3) > 0 {
				copy(data[w.offset+at:], w.data[at:end])
			}
			at = end
		}
	}
	return data
}

func grow(data []byte, size int64) []byte {
	if int64(len(data)) < size {
		data = append(data, make([]byte, size-int64(len(data)))...)
	}
	return data
}

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

// site names the lines of the store that called, innermost first: enough of them to tell
// the callers of a shared function apart.
func site() string {
	var pcs [16]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	var lines []string
	for {
		f, more := frames.Next()
		if strings.Contains(f.Function, "/runs.") {
			lines = append(lines, fmt.Sprintf("%s:%d", filepath.Base(f.File), f.Line))
		}
		if !more || len(lines) == 3 {
			return strings.Join(lines, " < ")
		}
	}
}

// sync does what a sync does, unless it is to be left out or put off.
func (m *MemFS) sync(do func()) {
	at := site()
	m.sites[at]++
	switch {
	case m.dropSync != nil && m.dropSync(at):
	case m.lateSync != nil && m.lateSync(at):
		m.late = append(m.late, do)
	default:
		do()
		if m.untilSync == nil || !m.untilSync(at) {
			return
		}
		for _, f := range m.late {
			f()
		}
		m.late = nil
	}
}

// SyncDir implements runs.FS. A rename between folders becomes durable with either: file
// systems with a journal do it in one transaction.
func (m *MemFS) SyncDir(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.begin("sync", name); err != nil {
		return err
	}
	n, err := m.find(name)
	if err == nil && !n.dir {
		err = errNotDir
	}
	if err != nil {
		return pathError("sync", name, err)
	}
	ids := map[int]bool{}
	for _, ch := range n.names {
		ids[ch.id] = true
	}
	m.sync(func() { m.settle(m.root, ids, map[*inode]bool{}) })
	return nil
}

// settle makes the changes with the given ids durable in all folders.
func (m *MemFS) settle(n *inode, ids map[int]bool, seen map[*inode]bool) {
	if !n.dir || seen[n] {
		return
	}
	seen[n] = true
	var left []change
	for _, ch := range n.names {
		switch {
		case !ids[ch.id]:
			left = append(left, ch)
		case ch.to != nil:
			n.durable[ch.name] = ch.to
		default:
			delete(n.durable, ch.name)
		}
	}
	n.names = left
	for _, e := range n.entries {
		m.settle(e, ids, seen)
	}
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

// memFile is an open file.
type memFile struct {
	m        *MemFS
	n        *inode
	name     string
	writable bool
}

func (f *memFile) ReadAt(p []byte, offset int64) (int, error) {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if err := f.m.begin("read", f.name); err != nil {
		return 0, err
	}
	if offset >= int64(len(f.n.data)) {
		return 0, io.EOF
	}
	n := copy(p, f.n.data[offset:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *memFile) WriteAt(p []byte, offset int64) (int, error) {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	err := f.m.begin("write", f.name)
	if err == nil && !f.writable {
		err = fs.ErrPermission
	}
	n := len(p)
	if err != nil {
		if f.m.stopAt > 0 && f.m.ops > f.m.stopAt {
			return 0, err
		}
		n /= 2 // a failing write has often written something
	}
	if n > 0 && f.writable {
		f.n.pending = append(f.n.pending, write{offset, slices.Clone(p[:n])})
		f.n.data = grow(f.n.data, offset+int64(n))
		copy(f.n.data[offset:], p[:n])
		f.n.mtime = f.m.now()
	}
	if err != nil {
		return n, pathError("write", f.name, err)
	}
	return n, nil
}

func (f *memFile) Sync() error {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if err := f.m.begin("sync", f.name); err != nil {
		if !errors.Is(err, ErrPowerCut) {
			// As on Linux: pages that could not be written count as clean, so a
			// further sync would succeed without them.
			f.n.pending = nil
		}
		return err
	}
	n, writes := f.n, len(f.n.pending)
	f.m.sync(func() {
		for _, w := range n.pending[:writes] {
			n.synced = grow(n.synced, w.offset+int64(len(w.data)))
			copy(n.synced[w.offset:], w.data)
		}
		n.pending = n.pending[writes:]
	})
	return nil
}

func (f *memFile) Size() (int64, error) {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if err := f.m.begin("size", f.name); err != nil {
		return 0, err
	}
	return int64(len(f.n.data)), nil
}

func (f *memFile) Close() error {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	return f.m.begin("close", f.name)
}
