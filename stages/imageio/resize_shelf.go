package imageio

import "sync"

// An axis is what the tables of a pass of Resize follow from: the lengths before and after, the bytes of a pixel, the filter.
type axis struct {
	from, to, channels int
	filter             Filter
}

// shelfBytes is how much the tables that a shelf keeps may take, over which it forgets those not asked for lately.
const shelfBytes = 4 << 20

// A shelf keeps tables that will be asked for again, as the pictures of a data set often have few sizes. V is shared by all who
// ask and must not be changed. The zero value is empty; methods may be called at the same time.
type shelf[V any] struct {
	mu         sync.Mutex
	young, old map[axis]kept[V] // what is asked for becomes young; the old ones go once the young ones take half of the room
	bytes      int              // of the young ones
}

type kept[V any] struct {
	table V
	bytes int
}

// get returns the table of that axis, which build makes, with its size in bytes, where it is not there.
func (s *shelf[V]) get(a axis, build func() (V, int)) V {
	s.mu.Lock()
	k, ok := s.young[a]
	if !ok {
		if k, ok = s.old[a]; ok {
			s.keep(a, k)
		}
	}
	s.mu.Unlock()
	if ok {
		return k.table
	}
	k.table, k.bytes = build()
	s.mu.Lock()
	s.keep(a, k)
	s.mu.Unlock()
	return k.table
}

func (s *shelf[V]) keep(a axis, k kept[V]) {
	const entry = 64 // bytes of a map's entry, about
	if s.young == nil || s.bytes+k.bytes+entry > shelfBytes/2 {
		s.old, s.young, s.bytes = s.young, map[axis]kept[V]{}, 0
	}
	if _, ok := s.young[a]; !ok && k.bytes <= shelfBytes/2 {
		s.young[a] = k
		s.bytes += k.bytes + entry
	}
}
