package runstest

import (
	"math/rand/v2"
	"slices"
)

// State is what a power cut leaves of unsynced changes.
type State int

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
