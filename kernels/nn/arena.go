package nn

import (
	"fmt"

	"gorgonia.org/gorgonia"
)

// A place is a stretch of the arena, in floats.
type place struct{ offset, size int }

// align keeps places on cache lines of 64 bytes.
const align = 16

// assign gives every computed value a place. Values whose last reader has run
// give theirs back; wanted values keep theirs. Best fit, the lowest offset
// first, so that the layout follows from the graph alone.
func assign(works []work, bound map[*gorgonia.Node][]float32, wanted []*gorgonia.Node) (map[*gorgonia.Node]place, int, error) {
	last := map[*gorgonia.Node]int{}
	for i, w := range works {
		for _, c := range w.in {
			last[c] = i
		}
	}
	for _, n := range wanted {
		last[n] = len(works)
	}
	places := map[*gorgonia.Node]place{}
	free := freeList{}
	for i, w := range works {
		n, o, in := w.node, w.op, w.in
		size := n.Shape().TotalSize()
		if v, ok := bound[n]; ok {
			if len(v) != size {
				return nil, 0, fmt.Errorf("input %s of shape %v is bound to %d values", n.Name(), n.Shape(), len(v))
			}
			continue
		}
		if _, ok := constant(n); ok {
			continue
		}
		if o == nil {
			return nil, 0, fmt.Errorf("node %s: no value is bound and its operation %v is not ours", n.Name(), n.Op())
		}
		taken := -1
		if k := o.inPlace; k >= 0 && k < len(in) && last[in[k]] == i && once(in, in[k]) {
			if at, ok := places[in[k]]; ok && at.size == size {
				places[n], taken = at, k
			}
		}
		if taken < 0 {
			places[n] = place{free.take(roundUp(size)), size}
		}
		for k, c := range in {
			if at, ok := places[c]; ok && last[c] == i && k != taken && first(in, k) {
				free.give(at.offset, roundUp(at.size))
			}
		}
	}
	return places, free.size, nil
}

func roundUp(size int) int { return (max(size, 1) + align - 1) / align * align }

// once says whether a node stands once among inputs.
func once(in []*gorgonia.Node, n *gorgonia.Node) bool {
	count := 0
	for _, c := range in {
		if c == n {
			count++
		}
	}
	return count == 1
}

// first says whether input k has not stood before.
func first(in []*gorgonia.Node, k int) bool {
	for _, c := range in[:k] {
		if c == in[k] {
			return false
		}
	}
	return true
}

// A freeList hands out stretches of an arena that grows as needed.
type freeList struct {
	holes []place // by offset, never adjoining
	size  int     // of the arena
}

func (f *freeList) take(size int) int {
	best := -1
	for i, h := range f.holes {
		if h.size >= size && (best < 0 || h.size < f.holes[best].size) {
			best = i
		}
	}
	if best >= 0 {
		at := f.holes[best].offset
		f.holes[best].offset += size
		f.holes[best].size -= size
		if f.holes[best].size == 0 {
			f.holes = append(f.holes[:best], f.holes[best+1:]...)
		}
		return at
	}
	at := f.size
	if n := len(f.holes); n > 0 && f.holes[n-1].offset+f.holes[n-1].size == f.size {
		at = f.holes[n-1].offset
		f.holes = f.holes[:n-1]
	}
	f.size = at + size
	return at
}

func (f *freeList) give(offset, size int) {
	i := 0
	for i < len(f.holes) && f.holes[i].offset < offset {
		i++
	}
	f.holes = append(f.holes, place{})
	copy(f.holes[i+1:], f.holes[i:])
	f.holes[i] = place{offset, size}
	if i+1 < len(f.holes) && offset+size == f.holes[i+1].offset {
		f.holes[i].size += f.holes[i+1].size
		f.holes = append(f.holes[:i+1], f.holes[i+2:]...)
	}
	if i > 0 && f.holes[i-1].offset+f.holes[i-1].size == offset {
		f.holes[i-1].size += f.holes[i].size
		f.holes = append(f.holes[:i], f.holes[i+1:]...)
	}
}
