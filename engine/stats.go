package engine

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"sync"
	"time"

	"shiftmill/runs"
	"shiftmill/stages"
)

// granularity is how coarse a file system's clock may be unless Options say
// otherwise: a file changed closer than this before its hashing began could
// change again without a new time stamp, so its digest is not remembered.
const granularity = 2 * time.Second

// A statEntry is what is remembered of a hashed file. Equal size, times, inode
// and link target mean equal content.
type statEntry struct {
	Size, Mtime, Ctime int64
	Inode              uint64
	Link               string // target of a symbolic link, else ""
	Digest             runs.Digest
}

func (a statEntry) same(b statEntry) bool {
	return a.Size == b.Size && a.Mtime == b.Mtime && a.Ctime == b.Ctime && a.Inode == b.Inode && a.Link == b.Link
}

// A statCache knows the digests of files by their stat, so that an unchanged
// file is hashed once in its life on this host. It is safe for concurrent use.
type statCache struct {
	store       *runs.Store
	host        string
	granularity time.Duration

	mu      sync.Mutex
	folders map[string]*statFolder
	seen    map[string]runs.Digest // what this run's keys are made of
}

// A statFolder holds the entries of one folder: the unit that is loaded and
// kept.
type statFolder struct {
	entries map[string]statEntry
	learnt  map[string]bool // by this process, since it last kept them
}

func newStatCache(store *runs.Store, granularity time.Duration) *statCache {
	host, _ := os.Hostname()
	return &statCache{store: store, host: host, granularity: granularity, folders: map[string]*statFolder{}, seen: map[string]runs.Digest{}}
}

func (c *statCache) key(dir string) runs.Digest {
	return derive("stat/1", digestText(c.host), digestText(dir))
}

// folder returns the entries of a folder; c.mu is held.
func (c *statCache) folder(dir string) *statFolder {
	if f, ok := c.folders[dir]; ok {
		return f
	}
	f := c.stored(dir)
	c.folders[dir] = f
	return f
}

// stored returns the entries of a folder that the store has.
func (c *statCache) stored(dir string) *statFolder {
	f := &statFolder{entries: map[string]statEntry{}, learnt: map[string]bool{}}
	if rec, ok := c.store.Lookup(c.key(dir)); ok && len(rec.Objects) == 1 {
		if data, err := c.store.Get(rec.Objects[0]); err == nil {
			f.decode(data) // a damaged table costs a rehash, nothing else
		}
	}
	return f
}

// adopt takes the entries of another process over but for those that were
// learnt here.
func (f *statFolder) adopt(other *statFolder) {
	for name, e := range other.entries {
		if !f.learnt[name] {
			f.entries[name] = e
		}
	}
}

// keys are those of the tables in use, sorted by folder.
func (c *statCache) keys() []runs.Digest {
	c.mu.Lock()
	defer c.mu.Unlock()
	var keys []runs.Digest
	for _, dir := range slices.Sorted(maps.Keys(c.folders)) {
		keys = append(keys, c.key(dir))
	}
	return keys
}

// save keeps what was learnt. A lost table costs time only.
func (c *statCache) save(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	dirs := make([]string, 0, len(c.folders))
	for dir, f := range c.folders {
		if len(f.learnt) > 0 {
			dirs = append(dirs, dir)
		}
	}
	sort.Strings(dirs)
	if len(dirs) > 0 {
		// Another process may have kept entries of the same folders meanwhile.
		if err := c.store.Refresh(); err != nil {
			return err
		}
	}
	for _, dir := range dirs {
		f := c.folders[dir]
		f.adopt(c.stored(dir))
		data := f.encode()
		d, _, err := c.store.Put(ctx, func(w io.Writer) error { _, err := w.Write(data); return err })
		if err != nil {
			return err
		}
		if err := c.store.Append(runs.Record{Key: c.key(dir), Kind: "stat", Objects: []runs.Digest{d}}); err != nil {
			return err
		}
		clear(f.learnt)
	}
	return nil
}

// lookAt stats a file without reading it.
func lookAt(path string) (statEntry, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return statEntry{}, err
	}
	e := statEntry{}
	if info.Mode()&fs.ModeSymlink != 0 {
		if e.Link, err = os.Readlink(path); err != nil {
			return e, err
		}
		if info, err = os.Stat(path); err != nil {
			return e, err
		}
	}
	if info.IsDir() {
		return e, &fs.PathError{Op: "read", Path: path, Err: errors.New("is a folder, not a file")}
	}
	e.Size, e.Mtime = info.Size(), info.ModTime().UnixNano()
	e.Inode, e.Ctime = statTimes(info)
	return e, nil
}

// digest returns the sha256 of a file: once asked, the same for the whole run,
// and without reading the file when its stat is as it was.
func (c *statCache) digest(path string) (runs.Digest, error) {
	return c.digestRange(stages.FileRange{Path: path, Size: -1})
}

// digestRange is digest for a stretch of a file; each stretch is remembered by the
// stat of its file.
func (c *statCache) digestRange(r stages.FileRange) (runs.Digest, error) {
	name := r.Path + partOf(r)
	c.mu.Lock()
	d, ok := c.seen[name]
	c.mu.Unlock()
	if ok {
		return d, nil
	}
	d, err := c.hash(r)
	if err != nil {
		return d, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if first, ok := c.seen[name]; ok {
		return first, nil // another goroutine was faster; its answer counts
	}
	c.seen[name] = d
	return d, nil
}

// trusted is the digest that is remembered of a stretch of a file, whatever the
// file is now; false where none is.
func (c *statCache) trusted(r stages.FileRange) (runs.Digest, bool) {
	path := r.Path + partOf(r)
	dir, name := filepath.Split(r.Path)
	c.mu.Lock()
	defer c.mu.Unlock()
	if d, ok := c.seen[path]; ok {
		return d, true
	}
	known, ok := c.folder(dir).entries[name+partOf(r)]
	if ok {
		c.seen[path] = known.Digest
	}
	return known.Digest, ok
}

// now is the digest of a file as it is now, whatever this run has seen before.
func (c *statCache) now(path string) (runs.Digest, error) {
	return c.hash(stages.FileRange{Path: path, Size: -1})
}

func (c *statCache) hash(r stages.FileRange) (runs.Digest, error) {
	before, err := lookAt(r.Path)
	if err != nil {
		return runs.Digest{}, err
	}
	dir, name := filepath.Split(r.Path)
	name += partOf(r)
	c.mu.Lock()
	known, ok := c.folder(dir).entries[name]
	c.mu.Unlock()
	if ok && known.same(before) {
		return known.Digest, nil
	}
	start := time.Now()
	d, err := hashRange(r)
	if err != nil {
		return runs.Digest{}, err
	}
	c.remember(r, before, start, d)
	return d, nil
}

// hashRange reads a whole file as a stream, since it may be a table of any size.
func hashRange(r stages.FileRange) (runs.Digest, error) {
	if !r.Whole() {
		data, err := readRange(r)
		return sha256.Sum256(data), err
	}
	f, err := os.Open(r.Path)
	if err != nil {
		return runs.Digest{}, err
	}
	defer f.Close()
	h := sha256.New()
	buf := hashBuffers.Get().(*[hashBuffer]byte)
	defer hashBuffers.Put(buf)
	// Without the struct the file would choose a buffer of its own, of 32 KiB.
	if _, err := io.CopyBuffer(h, struct{ io.Reader }{f}, buf[:]); err != nil {
		return runs.Digest{}, err
	}
	return runs.Digest(h.Sum(nil)), nil
}

// hashBuffer is enough that system calls cost nothing beside hashing, and rests in
// the second-level cache.
const hashBuffer = 256 << 10

var hashBuffers = sync.Pool{New: func() any { return new([hashBuffer]byte) }}

// remember keeps a digest if the file's stat is what it was before hashing
// and old enough to be told from a later change.
func (c *statCache) remember(r stages.FileRange, before statEntry, start time.Time, d runs.Digest) {
	after, err := lookAt(r.Path)
	newest := max(before.Ctime, before.Mtime)
	if err != nil || !after.same(before) || newest > start.Add(-c.granularity).UnixNano() {
		return
	}
	before.Digest = d
	dir, name := filepath.Split(r.Path)
	name += partOf(r)
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.folder(dir)
	f.entries[name] = before
	f.learnt[name] = true
}

// encode writes the entries by name in a fixed binary form.
func (f *statFolder) encode() []byte {
	names := make([]string, 0, len(f.entries))
	for n := range f.entries {
		names = append(names, n)
	}
	sort.Strings(names)
	var b []byte
	for _, n := range names {
		e := f.entries[n]
		b = binary.AppendUvarint(b, uint64(len(n)))
		b = append(b, n...)
		b = binary.AppendUvarint(b, uint64(len(e.Link)))
		b = append(b, e.Link...)
		for _, v := range [...]int64{e.Size, e.Mtime, e.Ctime} {
			b = binary.AppendVarint(b, v)
		}
		b = binary.AppendUvarint(b, e.Inode)
		b = append(b, e.Digest[:]...)
	}
	return b
}

func (f *statFolder) decode(b []byte) {
	text := func() string {
		n, k := binary.Uvarint(b)
		if k <= 0 || uint64(len(b)-k) < n {
			b = nil
			return ""
		}
		s := string(b[k : k+int(n)])
		b = b[k+int(n):]
		return s
	}
	number := func() int64 {
		v, k := binary.Varint(b)
		if k <= 0 {
			b = nil
			return 0
		}
		b = b[k:]
		return v
	}
	for len(b) > 0 {
		name := text()
		e := statEntry{Link: text()}
		e.Size, e.Mtime, e.Ctime = number(), number(), number()
		inode, k := binary.Uvarint(b)
		if k <= 0 || len(b) < k+len(e.Digest) {
			return
		}
		e.Inode = inode
		copy(e.Digest[:], b[k:])
		b = b[k+len(e.Digest):]
		f.entries[name] = e
	}
}

// fileMessage says what is wrong with a file in the words of a spec's error.
func fileMessage(err error) string {
	var pe *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if errors.As(err, &pe) {
			return fmt.Sprintf("no such file: %s", pe.Path)
		}
	case errors.Is(err, fs.ErrPermission):
		if errors.As(err, &pe) {
			return fmt.Sprintf("may not read %s", pe.Path)
		}
	}
	return err.Error()
}
