package runstest

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

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
