package split

import (
	"fmt"
	"slices"
	"strings"

	"shiftmill/pipeline"
	"shiftmill/runs/manifest"
	"shiftmill/stages"
)

// earlier are the sets of an earlier split, by row, as a manifest names them.
type earlier struct {
	sets map[string][]string // outputs of an id; several where sets overlap
	rows int
}

// earlier reads a manifest; nil for none.
func (c *Shift) earlier(path pipeline.File) (*earlier, error) {
	if path == "" {
		return nil, nil
	}
	e := &earlier{sets: map[string][]string{}}
	_, err := manifest.Read(string(path), func(r manifest.Row) error {
		e.sets[r.ID] = append(e.sets[r.ID], r.Output)
		e.rows++
		return nil
	})
	return e, err
}

// pin marks the rows that stand in a set of the manifest whose cell they are
// still in, and says what became of the others.
func (s *scan) pin(ch *choice, e *earlier, out stages.Sink) {
	ch.pinned = true
	roles := map[string]role{}
	for i, name := range s.names {
		roles[name] = role(i + 1)
	}
	kept, found := 0, map[string]bool{}
	for cell, rows := range ch.cells {
		for i := range rows {
			r := &rows[i]
			for _, name := range e.sets[s.idOf(r.ordinal)] {
				found[s.idOf(r.ordinal)] = true
				to := roles[name]
				fits := to > 0 && (cell == 0 && to <= ch.iidRole || cell > 0 && to == ch.shiftRole(cell-1))
				if fits && r.pool&ch.poolOf(to) != 0 {
					r.pin = to
					kept++
				}
			}
		}
	}
	out.Note("pin: %d rows of the manifest: %d can stay where they are, %d are in another cell or side now, %d are gone or in no cell",
		e.rows, kept, max(0, countRows(e, found)-kept), e.rows-countRows(e, found))
}

func countRows(e *earlier, of map[string]bool) (n int) {
	for id := range of {
		n += len(e.sets[id])
	}
	return n
}

// poolOf is the pool that an output draws from.
func (c *choice) poolOf(r role) pool {
	switch r {
	case c.trainRole:
		return trainPool
	case c.valRole:
		return valPool
	}
	return testPool
}

// sides notes on which side of the split the pinned rows' groups are.
func (c *choice) sides() {
	c.pinTrain, c.pinTest = groupSet{}, groupSet{}
	for _, rows := range c.cells {
		for i := range rows {
			switch r := &rows[i]; r.pin {
			case 0:
			case c.trainRole:
				c.pinTrain.add(r.group())
			default:
				c.pinTest.add(r.group())
			}
		}
	}
}

// open says whether a row may go to an output as far as pins are concerned: a
// pinned row to its own, another one not to the other side of its group.
func (c *choice) open(r *row, to role) bool {
	switch {
	case !c.pinned:
		return true
	case r.pin != 0:
		return r.pin == to
	case to == c.trainRole:
		return !c.pinTest.has(r.group())
	}
	return !c.pinTrain.has(r.group())
}

// torn says whether a row joins groups that are pinned to both sides.
func (c *choice) torn(r *row) bool {
	return c.pinned && r.pin == 0 && c.pinTrain.has(r.group()) && c.pinTest.has(r.group())
}

// take is that of the taker, but pinned rows go first.
func (c *choice) take(t *taker, list []uint32, n int, last bool) []takerKey {
	if !c.pinned {
		return t.take(list, n, last)
	}
	var own, others []uint32
	for _, i := range list {
		if t.rows[i].pin != 0 {
			own = append(own, i)
		} else {
			others = append(others, i)
		}
	}
	if n <= len(own) {
		return t.take(own, n, last)
	}
	keys := slices.Clone(t.take(own, len(own), last))
	return append(keys, t.take(others, n-len(own), last)...)
}

// moves says how the split differs from an earlier one: rows that went from
// one set to another break what was measured on both; rows that came or left
// do not.
func (s *scan) moves(e *earlier, out stages.Sink) {
	moved := map[[2]string]int{}
	stay, left, came := 0, 0, 0
	seen := 0
	for _, c := range s.chunks {
		for i, r := range c.out {
			was := e.sets[c.ids.Value(i)]
			seen += len(was)
			var now []string
			if s.items >= 0 {
				now = s.placedIn(c.start + uint32(i))
			} else if r < firstReason {
				at, _ := s.output(r)
				now = []string{s.names[at]}
			}
			for _, w := range was {
				switch {
				case slices.Contains(now, w):
					stay++
				case len(now) == 0:
					left++
				default:
					moved[[2]string{w, now[0]}]++
				}
			}
			if len(was) == 0 {
				came += len(now)
			}
		}
	}
	total := 0
	var parts []string
	for _, p := range sortedMoves(moved) {
		total += moved[p]
		parts = append(parts, fmt.Sprintf("%s to %s %d", p[0], p[1], moved[p]))
	}
	text := ""
	if total > 0 {
		text = " (" + strings.Join(parts, ", ") + ")"
	}
	out.Note("since the last manifest: %d rows stayed, %d moved from one set to another%s, %d left to unused, %d came, %d are no longer in the data", stay, total, text, left, came, e.rows-seen)
	out.Metric("rows moved", float64(total))
}

// placedIn are the outputs of a row that may be in several.
func (s *scan) placedIn(ordinal uint32) (names []string) {
	at, _ := slices.BinarySearchFunc(s.placed, ordinal, func(p placement, o uint32) int { return int(int64(p.ordinal) - int64(o)) })
	for ; at < len(s.placed) && s.placed[at].ordinal == ordinal; at++ {
		names = append(names, s.names[s.placed[at].role-1])
	}
	return names
}

func sortedMoves(m map[[2]string]int) [][2]string {
	var list [][2]string
	for p := range m {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b [2]string) int { return strings.Compare(a[0]+"\x00"+a[1], b[0]+"\x00"+b[1]) })
	return list
}
