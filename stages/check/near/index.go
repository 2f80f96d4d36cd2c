package near

import (
	"cmp"
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

// Looks are those of all pictures, which are numbered from 0. They are gone
// through several times, so that they need not be in memory.
type Looks interface {
	Len() int
	// Each calls f with runs of consecutive looks in their order and the number of
	// the first; nil stands for a picture without one. They are f's until it returns.
	Each(f func(first int, run []*Look) error) error
}

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

// asker is the picture whose window it is.
func (c *Candidate) asker() int32 {
	if c.Swap {
		return c.J
	}
	return c.I
}

// A Search is how candidates are looked for.
type Search struct {
	Workers int
	// Memory is how many bytes the index may take; 0 is no limit. It takes what
	// it needs for a few of its tables at least: about 150 a picture and 8 MiB.
	// The tables that do not fit are made when others have been asked, which costs
	// time and never changes what is found.
	Memory int64
	// Apart says which pairs are of interest.
	Apart func(i, j int) bool
	// Progress, if set, is told how many questions of all have been asked.
	Progress func(done, all int64)

	cosine float32 // from which two vectors are candidates; 0: parallel
}

// Found is what a search found.
type Found struct {
	// Pairs are the pairs that may be the same picture, in ascending order, each
	// once, by its best alignment.
	Pairs   []Candidate
	Blank   int // pictures that show next to nothing and were left out
	Crowded int // keys that too many pictures share, over all tables
	Crowds  int // pictures with more than the candidates that are taken
	Rounds  int // in how many the tables were made
}

// An index finds candidates for pictures among those that it was built from.
type index struct {
	*Search
	*kept
	bits    int // of a key
	turns   []turn
	first   int // of the tables that are there
	tables  []*table
	crowded int
	asked   atomic.Int64
}

// Find looks for pairs.
func (s *Search) Find(looks Looks) (*Found, error) {
	own := *s
	if own.cosine == 0 {
		own.cosine = parallel
	}
	scale, err := measure(looks)
	if err != nil {
		return nil, err
	}
	n, found := looks.Len(), &Found{}
	x := &index{Search: &own, kept: newKept(scale, n), bits: min(max(bits.Len(uint(n)), 8), 22)}
	x.turns = turns(x.bits)
	if found.Blank, err = x.keep(looks); err != nil {
		return nil, err
	}
	at := x.atOnce(n)
	found.Rounds = (tables + at - 1) / at
	crowds := map[int32]bool{}
	for ; x.first < tables; x.first += at {
		x.build(min(at, tables-x.first))
		pairs, err := x.ask(looks, found.Rounds, crowds)
		if err != nil {
			return nil, err
		}
		found.Pairs = append(found.Pairs, pairs...)
	}
	found.Pairs, found.Crowded = settle(found.Pairs, crowds), x.crowded
	found.Crowds = len(crowds)
	return found, nil
}

// keep keeps what looks are compared by, and counts those that show nothing.
func (x *index) keep(looks Looks) (blank int, err error) {
	err = looks.Each(func(first int, run []*Look) error {
		for _, l := range run {
			if l != nil && l.Flat() {
				blank++
			}
		}
		each(len(run), x.Workers, func(k int) {
			if l := run[k]; l != nil && !l.Flat() {
				x.put(first+k, l)
			}
		})
		return nil
	})
	return blank, err
}

// keysAtOnce is of how many tables the keys are held while these are built.
const keysAtOnce = 4

// atOnce is how many tables the memory has room for.
func (x *index) atOnce(n int) int {
	if x.Memory <= 0 {
		return tables
	}
	table := 4*int64(n) + 1<<x.bits/4
	fixed := int64(n)*(64*2+4+4*keysAtOnce) + int64(max(x.Workers, 1))*(4<<x.bits)
	return int(min(max((x.Memory-fixed)/table, 1), tables))
}

// build makes some tables in the place of those that were there.
func (x *index) build(count int) {
	n := len(x.inverse)
	x.tables = make([]*table, count)
	crowded := make([]int, count)
	for done := 0; done < count; done += keysAtOnce {
		some := min(keysAtOnce, count-done)
		keys := make([]uint32, n*some)
		each(n, x.Workers, func(i int) {
			if x.shows(i) {
				v := x.vector(i)
				var all [tables]uint32
				x.keys(&v, x.first+done, some, &all)
				copy(keys[i*some:(i+1)*some], all[:some])
			}
		})
		each(some, x.Workers, func(t int) {
			x.tables[done+t] = newTable(x.bits, n, func(i int) (uint32, bool) { return keys[i*some+t], x.shows(i) })
			crowded[done+t] = x.tables[done+t].crowded(x.bits, crowd)
		})
	}
	for _, c := range crowded {
		x.crowded += c
	}
}

// ask asks the tables that are there for every picture. Of a picture with very
// many candidates only the nearest are returned, and it is named in crowds.
func (x *index) ask(looks Looks, rounds int, crowds map[int32]bool) ([]Candidate, error) {
	var all []Candidate
	n := looks.Len()
	pool := sync.Pool{New: func() any { return &memory{met: make([]uint64, (n+63)/64)} }}
	var mu sync.Mutex
	err := looks.Each(func(first int, run []*Look) error {
		each(len(run), x.Workers, func(k int) {
			if !x.shows(first + k) {
				return
			}
			m := pool.Get().(*memory)
			defer pool.Put(m)
			found := distinct(x.askFor(first+k, run[k], m))
			if len(found) == 0 {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if len(found) > nearest {
				crowds[int32(first+k)] = true
			}
			all = append(all, closest(found)...)
		})
		done := x.asked.Add(int64(len(run)))
		if x.Progress != nil {
			x.Progress(done, int64(n)*int64(rounds))
		}
		return nil
	})
	return all, err
}

// settle joins the rounds' pairs: of each picture's candidates, of which a round
// returned the nearest that it knew, the nearest are taken; and of each pair
// that both of its pictures found the better alignment.
func settle(found []Candidate, crowds map[int32]bool) []Candidate {
	slices.SortFunc(found, func(a, b Candidate) int { return cmp.Compare(a.asker(), b.asker()) })
	var all []Candidate
	for len(found) > 0 {
		n := 1
		for n < len(found) && found[n].asker() == found[0].asker() {
			n++
		}
		of := distinct(found[:n:n])
		if len(of) > nearest {
			crowds[of[0].asker()] = true
		}
		all, found = append(all, closest(of)...), found[n:]
	}
	return distinct(all)
}

// closest are those of one picture's candidates that look most like it.
func closest(found []Candidate) []Candidate {
	if len(found) <= nearest {
		return found
	}
	slices.SortStableFunc(found, func(a, b Candidate) int { return cmp.Compare(b.Cosine, a.Cosine) })
	return found[:nearest]
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

// A memory holds which pictures a question has met.
type memory struct {
	met     []uint64 // a bit a picture
	touched []int32
	loaded  int // of no meaning, so that loads are not left out
	views   views
}

// meet says whether a picture is met for the first time.
func (m *memory) meet(j int32) bool {
	bit := uint64(1) << (j % 64)
	if m.met[j/64]&bit != 0 {
		return false
	}
	m.met[j/64] |= bit
	m.touched = append(m.touched, j)
	return true
}

func (m *memory) forget() {
	for _, j := range m.touched {
		m.met[j/64] = 0
	}
	m.touched = m.touched[:0]
}

// askFor looks one picture up, whole and by its windows.
func (x *index) askFor(i int, l *Look, m *memory) []Candidate {
	var found []Candidate
	var keys [tables]uint32
	m.views.take(l)
	for _, mirror := range []bool{false, true} {
		for place := -1; place < 9; place++ {
			v := x.scale.vector(m.views.of(place, mirror))
			x.keys(&v, x.first, len(x.tables), &keys)
			x.look(keys[:], m)
			if len(m.touched) == 0 {
				continue
			}
			q := x.question(&v)
			for _, j := range m.touched {
				// Whole and not mirrored, it asks the same the other way round.
				if int(j) == i || place < 0 && !mirror && int(j) < i || !x.near(q, int(j), x.cosine) || !x.Apart(i, int(j)) {
					continue
				}
				w := x.vector(int(j))
				if cos := v.dot(&w); cos >= x.cosine {
					c := Candidate{I: int32(i), J: j, Mirror: mirror, Whole: place < 0, Down: uint8(max(place, 0) / 3), Along: uint8(max(place, 0) % 3), Cosine: cos}
					if c.I > c.J {
						c.I, c.J, c.Swap = c.J, c.I, true
					}
					found = append(found, c)
				}
			}
			m.forget()
		}
	}
	return found
}

// look meets all pictures that share a key. Among millions nearly every one lies in
// memory that no cache holds: what is needed next is loaded for all tables, and then
// for all pictures, before any of it is looked at, so that the processor waits for all
// at once.
func (x *index) look(keys []uint32, m *memory) {
	for t, table := range x.tables {
		m.loaded += int(table.places[keys[t]/placeStep])
	}
	for t, table := range x.tables {
		m.loaded += int(table.counts[table.places[keys[t]/placeStep]/64])
	}
	var items [tables][]int32
	for t, table := range x.tables {
		if items[t] = table.of(keys[t]); len(items[t]) > crowd {
			items[t] = nil
		}
		if len(items[t]) > 0 {
			m.loaded += int(items[t][0])
		}
	}
	for t := range x.tables {
		for _, j := range items[t] {
			if m.meet(j) {
				m.loaded += int(x.low[64*int(j)]) + int(x.low[64*int(j)+32])
				if x.inverse[j] == 0 {
					m.loaded++
				}
			}
		}
	}
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
