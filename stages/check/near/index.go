package near

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"
)

const (
	tables   = 24   // of the index
	parallel = 0.90 // cosine from which two vectors are candidates: the copies of TestCopies have 0.96 and more
	crowd    = 4096 // a key that more pictures share than this says nothing
	nearest  = 64   // candidates of one picture: of frames of one film all would be
)

// A Candidate is a pair of pictures that may be the same: I < J. From is the
// one of the two of which a window, or the whole, mirrored or not, looks like
// the other.
type Candidate struct {
	I, J   int32
	Swap   bool // the window is J's
	Mirror bool
	Whole  bool
	Down   uint8 // place of the window, 0 to 2 each
	Along  uint8
	Cosine float32 // of the vectors of that window, or the whole, and the other
}

// A vector is a look made comparable: centred, in units of the data's spread,
// of length 1. Entry 0 is unused.
type vector [64]float32

// A scale turns coefficients into vectors.
type scale struct{ mean, spread [64]float64 }

// scaleOf measures centre and spread of the looks; few looks are helped out by
// what is usual.
func scaleOf(looks []*Look) *scale {
	var sum, square [64]int64
	n := int64(0)
	for _, l := range looks {
		if l == nil || l.Flat() {
			continue
		}
		n++
		for i, c := range l.low() {
			sum[i] += int64(c)
			square[i] += int64(c) * int64(c)
		}
	}
	const prior = 64
	s := &scale{}
	for i := range s.mean {
		total := float64(n + prior)
		s.mean[i] = float64(sum[i]) / total
		second := float64(square[i]) + float64(prior*float64(usual[i]*usual[i]))
		s.spread[i] = math.Sqrt(second/total - float64(s.mean[i]*s.mean[i]))
	}
	return s
}

func (s *scale) vector(c *[64]int32) *vector {
	v := new(vector)
	length := float32(0)
	for i := 1; i < 64; i++ {
		v[i] = float32((float64(c[i]) - s.mean[i]) / s.spread[i])
		length += float32(v[i] * v[i])
	}
	if length > 0 {
		length = float32(math.Sqrt(float64(length)))
		for i := range v {
			v[i] /= length
		}
	}
	return v
}

func (v *vector) dot(w *vector) float32 {
	var a, b, c, d float32
	for i := 0; i < 64; i += 4 {
		a += float32(v[i] * w[i])
		b += float32(v[i+1] * w[i+1])
		c += float32(v[i+2] * w[i+2])
		d += float32(v[i+3] * w[i+3])
	}
	return (a + b) + (c + d)
}

// An Index finds candidates for pictures among those it was built from.
type Index struct {
	scale   *scale
	vectors []vector // zero for pictures that show nothing
	bits    int      // of a key
	heads   [tables][]uint32
	items   [tables][]int32

	parallel float32 // cosine from which two vectors are candidates

	Crowded int          // keys that too many pictures share, over all tables
	Crowds  atomic.Int64 // pictures with more than the candidates that are taken
}

// Build makes the index; nil looks are left out.
func Build(looks []*Look, workers int) *Index {
	x := &Index{scale: scaleOf(looks), vectors: make([]vector, len(looks)), parallel: parallel}
	x.bits = min(max(bits.Len(uint(len(looks))), 8), 22)
	keys := make([][tables]uint32, len(looks))
	each(len(looks), workers, func(i int) {
		if l := looks[i]; l != nil && !l.Flat() {
			low := l.low()
			x.vectors[i] = *x.scale.vector(&low)
			keys[i] = x.keys(&x.vectors[i])
		}
	})
	crowded := make([]int, tables)
	each(tables, workers, func(t int) {
		heads := make([]uint32, 1<<x.bits+1)
		for i := range x.vectors {
			if x.shows(i) {
				heads[keys[i][t]+1]++
			}
		}
		for k := 1; k < len(heads); k++ {
			if heads[k] > crowd {
				crowded[t]++
			}
			heads[k] += heads[k-1]
		}
		items, at := make([]int32, heads[len(heads)-1]), slices.Clone(heads)
		for i := range x.vectors {
			if x.shows(i) {
				k := keys[i][t]
				items[at[k]] = int32(i)
				at[k]++
			}
		}
		x.heads[t], x.items[t] = heads, items
	})
	for _, n := range crowded {
		x.Crowded += n
	}
	return x
}

// shows says whether a picture shows anything: vectors have the length 1.
func (x *Index) shows(i int) bool { return x.vectors[i] != vector{} }

// keys are a vector's sign hashes: two rounds of sign flips and a Hadamard
// transform turn it at random, and the signs of 64 coordinates give bits.
func (x *Index) keys(v *vector) (keys [tables]uint32) {
	var word uint64
	left, round := 0, uint64(0)
	for t := range keys {
		for need := x.bits; need > 0; {
			if left == 0 {
				word, left = turn(v, round), 64
				round++
			}
			n := min(need, left)
			keys[t] = keys[t]<<n | uint32(word&(1<<n-1))
			word >>= n
			left -= n
			need -= n
		}
	}
	return keys
}

// turn rotates a vector and returns the signs of its coordinates.
func turn(v *vector, round uint64) uint64 {
	w := *v
	for half := range uint64(2) {
		signs := mix(2*round + half)
		for i := range w {
			if signs>>i&1 == 1 {
				w[i] = -w[i]
			}
		}
		for step := 1; step < 64; step *= 2 {
			for i := 0; i < 64; i += 2 * step {
				for k := i; k < i+step; k++ {
					a, b := w[k], w[k+step]
					w[k], w[k+step] = a+b, a-b
				}
			}
		}
	}
	signs := uint64(0)
	for i, c := range w {
		if c > 0 {
			signs |= 1 << i
		}
	}
	return signs
}

// mix is splitmix64 (Steele, Lea and Flood 2014): signs that are no secret and
// must only not follow a pattern.
func mix(n uint64) uint64 {
	n = (n + 1) * 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}

// Candidates finds the pairs that may be the same picture, in ascending order;
// apart says which pairs are of interest. Each pair is found once, by its best
// alignment.
func (x *Index) Candidates(looks []*Look, workers int, apart func(i, j int) bool) []Candidate {
	parts := make([][]Candidate, len(looks))
	pool := sync.Pool{New: func() any { return &memory{met: make([]int32, len(looks))} }}
	each(len(looks), workers, func(i int) {
		if !x.shows(i) {
			return
		}
		m := pool.Get().(*memory)
		defer pool.Put(m)
		parts[i] = x.best(x.ask(i, looks[i], m, apart))
	})
	var all []Candidate
	for _, p := range parts {
		all = append(all, p...)
	}
	return distinct(all)
}

// best keeps one alignment of each of a picture's candidates, and of too many
// those that look most like it.
func (x *Index) best(found []Candidate) []Candidate {
	if found = distinct(found); len(found) <= nearest {
		return found
	}
	x.Crowds.Add(1)
	slices.SortStableFunc(found, func(a, b Candidate) int { return cmp.Compare(b.Cosine, a.Cosine) })
	return slices.Clone(found[:nearest])
}

// distinct puts pairs in order, each with its best alignment.
func distinct(pairs []Candidate) []Candidate {
	slices.SortFunc(pairs, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(a.I, b.I), cmp.Compare(a.J, b.J), cmp.Compare(b.Cosine, a.Cosine), cmp.Compare(a.order(), b.order()))
	})
	return slices.CompactFunc(pairs, func(a, b Candidate) bool { return a.I == b.I && a.J == b.J })
}

// order breaks ties between alignments.
func (c *Candidate) order() int {
	n := int(c.Down)*3 + int(c.Along)
	for _, b := range []bool{c.Swap, c.Mirror, !c.Whole} {
		n *= 2
		if b {
			n++
		}
	}
	return n
}

// A memory holds, for every picture, the last question that met it; questions
// are numbered on, so that it need not be cleared.
type memory struct {
	met      []int32
	question int32
}

// ask looks one picture up, whole and by its windows.
func (x *Index) ask(i int, l *Look, m *memory, apart func(i, j int) bool) []Candidate {
	var found []Candidate
	for _, mirror := range []bool{false, true} {
		look := l
		if mirror {
			look = l.mirrored()
		}
		for place := -1; place < 9; place++ {
			m.question++
			var c [64]int32
			if place < 0 {
				c = look.low()
			} else {
				c = look.window(place/3, place%3)
			}
			v := x.scale.vector(&c)
			for t, key := range x.keys(v) {
				lo, hi := x.heads[t][key], x.heads[t][key+1]
				if hi-lo > crowd {
					continue
				}
				for _, j := range x.items[t][lo:hi] {
					if m.met[j] == m.question || int(j) == i {
						continue
					}
					m.met[j] = m.question
					if place < 0 && !mirror && int(j) < i { // it asks the same the other way round
						continue
					}
					if cos := v.dot(&x.vectors[j]); cos >= x.parallel && apart(i, int(j)) {
						c := Candidate{I: int32(i), J: j, Mirror: mirror, Whole: place < 0, Down: uint8(max(place, 0) / 3), Along: uint8(max(place, 0) % 3), Cosine: cos}
						if c.I > c.J {
							c.I, c.J, c.Swap = c.J, c.I, true
						}
						found = append(found, c)
					}
				}
			}
		}
	}
	return found
}

// each calls f for every number below n, from several goroutines.
func each(n, workers int, f func(i int)) {
	workers = max(1, min(workers, n))
	const run = 64
	var mu sync.Mutex
	next := 0
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for {
				mu.Lock()
				lo := next
				next += run
				mu.Unlock()
				if lo >= n {
					return
				}
				for i := lo; i < min(lo+run, n); i++ {
					f(i)
				}
			}
		})
	}
	wg.Wait()
}
