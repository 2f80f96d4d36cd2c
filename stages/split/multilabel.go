package split

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// Rows with several classes have no strata: classes overlap, and most sets of
// them occur once. They are dealt by iterative stratification (Sechidis,
// Tsoumakas and Vlahavas, ECML PKDD 2011, algorithm 1): the class with the fewest
// rows left deals its rows first, each to the set that lacks most of that class,
// then to the one that lacks most rows. Departures from the paper: a set takes
// no more rows than it asks for, and what no set asks for is a set too (so sizes
// are met to the row); a group is dealt as one; the order of rows is that of
// their digests, and what is then still equal goes to the set named first, where
// the paper draws.

// isList says whether a column holds lists of what can be a class.
func isList(t arrow.DataType) bool {
	list, ok := t.(arrow.ListLikeType)
	if !ok || t.ID() == arrow.MAP {
		return false
	}
	_, ok = columnType(list.Elem())
	return ok
}

// appendLabels appends the classes of a row, of which one column holds lists:
// each once, sorted, in the encoding that labelsOf reads. With several columns a
// class stands with its column's name.
func appendLabels(b []byte, names []string, cols []arrow.Array, i int) []byte {
	var labels []string
	for k, col := range cols {
		if missing(col, i) {
			continue
		}
		values, from, to := col, int64(i), int64(i)+1
		if list, ok := col.(array.ListLike); ok {
			values = list.ListValues()
			from, to = list.ValueOffsets(i)
		}
		for ; from < to; from++ {
			if missing(values, int(from)) {
				continue
			}
			label := string(appendValue(nil, values, int(from)))
			if len(cols) > 1 {
				label = names[k] + "=" + label
			}
			labels = append(labels, label)
		}
	}
	slices.Sort(labels)
	return appendSet(b, slices.Compact(labels))
}

// multi says whether a stratify column holds lists.
func (c *Shift) multi(in *arrow.Schema) bool {
	return in != nil && slices.ContainsFunc(c.Stratify, func(name string) bool {
		at := in.FieldIndices(name)
		return len(at) == 1 && isList(in.Field(at[0]).Type)
	})
}

// name numbers the classes of all sets.
func (c *choice) name(sets []string) {
	var all []string
	for _, key := range sets {
		labels := labelsOf(key)
		c.strata = append(c.strata, strings.Join(labels, ", "))
		all = append(all, labels...)
	}
	slices.Sort(all)
	c.labels = slices.Compact(all)
	c.sets = make([][]uint32, len(sets))
	for i, key := range sets {
		for _, label := range labelsOf(key) {
			at, _ := slices.BinarySearch(c.labels, label)
			c.sets[i] = append(c.sets[i], uint32(at))
		}
	}
}

// A part is one set that rows are dealt to.
type part struct {
	role role
	name string
	size size
	pool pool
	n    int // rows asked
	left int // rows still to come
	all  bool
}

// A unit is what is dealt as one: a row, or the rows of a group.
type unit struct {
	rows []uint32 // in their order
	to   int      // the part; -1 none yet, len(parts) the rest
}

// A dealer deals the rows of a cell.
type dealer struct {
	c     *choice
	rows  []row
	parts []part
	rest  int // rows that no part asks for
	total int
	units []unit
	want  []int64 // rows of each label
	gave  [][]int64
	left  []int   // rows of each label that are not dealt
	of    [][]int // units of each label
}

// units lists rows in their order, those of a group together.
func (c *choice) units(rows []row, list []uint32, grouped bool) []unit {
	t := taker{rows: rows, v: c.v}
	keys := make([]takerKey, len(list))
	for k, i := range list {
		keys[k] = takerKey{rows[i].u, i}
	}
	slices.SortFunc(keys, func(a, b takerKey) int {
		switch {
		case t.less(a, b, false):
			return -1
		case t.less(b, a, false):
			return 1
		}
		return 0
	})
	var units []unit
	for k, key := range keys {
		if k > 0 && grouped && rows[keys[k-1].i].group() == rows[key.i].group() {
			last := &units[len(units)-1]
			last.rows = append(last.rows, key.i)
			continue
		}
		units = append(units, unit{rows: []uint32{key.i}, to: -1})
	}
	if c.pinned { // those that a manifest keeps go first
		for _, u := range units {
			slices.SortStableFunc(u.rows, func(a, b uint32) int { return b2i(rows[a].pin == 0) - b2i(rows[b].pin == 0) })
		}
	}
	return units
}

// deal gives the listed rows of a cell to the parts, and says which fell short.
func (c *choice) deal(rows []row, list []uint32, parts []part, grouped bool) []part {
	d := &dealer{c: c, rows: rows, parts: parts, total: len(list), units: c.units(rows, list, grouped)}
	d.rest = d.total
	for i := range parts {
		p := &d.parts[i]
		p.left = p.n
		d.rest -= p.n
	}
	d.rest = max(0, d.rest)
	d.count()
	d.pinned()
	for l := d.scarcest(); l >= 0; l = d.scarcest() {
		for _, u := range d.of[l] {
			if d.units[u].to < 0 {
				d.give(u, d.best(u, l))
			}
		}
	}
	for u := range d.units {
		if d.units[u].to < 0 {
			d.give(u, d.best(u, -1))
		}
	}
	d.fill()
	return d.parts
}

// count lists the units of each label.
func (d *dealer) count() {
	labels := len(d.c.labels)
	d.want, d.left, d.of = make([]int64, labels), make([]int, labels), make([][]int, labels)
	d.gave = make([][]int64, len(d.parts)+1)
	for p := range d.gave {
		d.gave[p] = make([]int64, labels)
	}
	for u, unit := range d.units {
		for _, i := range unit.rows {
			for _, l := range d.c.sets[d.rows[i].stratum] {
				d.want[l]++
				d.left[l]++
				if n := len(d.of[l]); n == 0 || d.of[l][n-1] != u {
					d.of[l] = append(d.of[l], u)
				}
			}
		}
	}
}

// scarcest is the label with the fewest rows that are not dealt, -1 when there
// is none.
func (d *dealer) scarcest() int {
	least := -1
	for l, n := range d.left {
		if n > 0 && (least < 0 || n < d.left[least]) {
			least = l
		}
	}
	return least
}

// takes says how many rows of a unit a part would take.
func (d *dealer) takes(u, p int) int {
	part, n := &d.parts[p], 0
	for _, i := range d.units[u].rows {
		if r := &d.rows[i]; r.role == 0 && r.pool&part.pool != 0 && d.c.open(r, part.role) {
			n++
		}
	}
	return min(n, part.left)
}

// best is the part that lacks most rows of a label, or most rows when l is -1.
func (d *dealer) best(u, l int) int {
	best, lacks, room := len(d.parts), int64(math.MinInt64), -1
	look := func(p, n, left int) {
		lack := int64(0)
		if l >= 0 { // times the total, so that it is whole
			lack = d.want[l]*int64(n) - d.gave[p][l]*int64(d.total)
		}
		if lack > lacks || lack == lacks && left > room {
			best, lacks, room = p, lack, left
		}
	}
	for p := range d.parts {
		if d.takes(u, p) > 0 {
			look(p, d.parts[p].n, d.parts[p].left)
		}
	}
	if d.rest > 0 {
		n := d.total
		for _, p := range d.parts {
			n -= p.n
		}
		look(len(d.parts), n, d.rest)
	}
	return best
}

// give deals a unit.
func (d *dealer) give(u, p int) {
	d.units[u].to = p
	given := 0
	for _, i := range d.units[u].rows {
		r := &d.rows[i]
		for _, l := range d.c.sets[r.stratum] {
			d.left[l]--
		}
		to := len(d.parts)
		if p < to && r.role == 0 && d.parts[p].left > 0 && r.pool&d.parts[p].pool != 0 && d.c.open(r, d.parts[p].role) {
			d.hand(r, p)
			to = p
			given++
		}
		for _, l := range d.c.sets[r.stratum] {
			d.gave[to][l]++
		}
	}
	d.rest -= len(d.units[u].rows) - given
}

// hand gives one row to a part.
func (d *dealer) hand(r *row, p int) {
	part := &d.parts[p]
	r.role = part.role
	part.left--
	d.c.got[part.role][r.stratum]++
	if part.role == d.c.trainRole {
		d.c.inTrain.add(r.group())
	}
}

// pinned deals the units whose rows a manifest keeps in a part.
func (d *dealer) pinned() {
	if !d.c.pinned {
		return
	}
	for u := range d.units {
		for _, i := range d.units[u].rows {
			r := &d.rows[i]
			p := slices.IndexFunc(d.parts, func(p part) bool { return p.role == r.pin })
			if r.pin == 0 || p < 0 || d.parts[p].left == 0 {
				continue
			}
			if d.units[u].to < 0 {
				d.give(u, p)
			} else if r.role == 0 {
				d.hand(r, p)
			}
		}
	}
}

// fill takes for parts that lack rows what went to the rest.
func (d *dealer) fill() {
	for p := range d.parts {
		for u := range d.units {
			if d.parts[p].left == 0 && !d.parts[p].all {
				break
			}
			if d.units[u].to < len(d.parts) {
				continue
			}
			if d.parts[p].all {
				d.parts[p].left = len(d.units[u].rows)
			}
			if d.takes(u, p) == 0 {
				continue
			}
			d.units[u].to = p
			for _, i := range d.units[u].rows {
				if r := &d.rows[i]; r.role == 0 && d.parts[p].left > 0 && r.pool&d.parts[p].pool != 0 && d.c.open(r, d.parts[p].role) {
					d.hand(r, p)
				}
			}
		}
		if d.parts[p].all {
			d.parts[p].left = 0
		}
	}
}

// dealBase fills train, val and iid from base.
func (c *choice) dealBase(base []row) {
	list := make([]uint32, 0, len(base))
	for i := range base {
		list = append(list, uint32(i))
	}
	var parts []part
	for _, p := range []part{
		{role: c.trainRole, name: "train", size: c.train, pool: trainPool}, {role: c.valRole, name: "val", size: c.val, pool: valPool},
		{role: c.iidRole, name: "iid", size: c.iid, pool: testPool},
	} {
		if p.size.kind != 0 {
			parts = append(parts, p)
		}
	}
	c.count(parts, len(list))
	for _, p := range c.deal(base, list, parts, c.grouped) {
		c.shortages = append(c.shortages, c.lacks(p, 0, base)...)
	}
	offered := map[uint32]bool{} // stands by for one set, not for two
	for _, p := range parts {
		made := c.seatDealt(base, p.role, func(i uint32) bool {
			r := &base[i]
			return r.role == 0 && r.pool&p.pool != 0 && !offered[r.ordinal] && !c.inTrain.has(r.group()) && c.open(r, p.role)
		})
		for _, k := range made {
			offered[k.ordinal] = true
		}
		c.candidates = append(c.candidates, made...)
	}
	c.leaveBase(base)
}

// seatDealt ranks the rows of a cell that an output took, and then those that
// are free.
func (c *choice) seatDealt(rows []row, to role, free func(i uint32) bool) []candidate {
	if !slices.Contains(c.seated, to) {
		return nil
	}
	var own, next []uint32
	for i := range rows {
		if rows[i].role == to {
			own = append(own, uint32(i))
		} else if free(uint32(i)) {
			next = append(next, uint32(i))
		}
	}
	t := &taker{rows: rows, v: c.v}
	keys := append(c.ranked(t, own, len(own)), c.ranked(t, next, c.reserve.beside(len(own)))...)
	return t.seated(keys, to, len(own), "")
}

// count turns sizes into rows: shares by largest remainder, what is left over
// being a share too; all is what the others leave.
func (c *choice) count(parts []part, total int) {
	rest := big.NewRat(1, 1)
	n, over := make([]int, len(parts)+1), make([]*big.Rat, len(parts)+1)
	left := total
	take := func(i int, share *big.Rat) {
		exact := new(big.Rat).Mul(share, big.NewRat(int64(total), 1))
		n[i] = int(new(big.Int).Quo(exact.Num(), exact.Denom()).Int64())
		over[i] = exact.Sub(exact, big.NewRat(int64(n[i]), 1))
		left -= n[i]
	}
	shares := []int{}
	for i, p := range parts {
		if p.size.kind == share {
			take(i, p.size.share)
			rest.Sub(rest, p.size.share)
			shares = append(shares, i)
		}
	}
	if len(shares) > 0 {
		take(len(parts), rest)
		shares = append(shares, len(parts))
		slices.SortStableFunc(shares, func(a, b int) int { return over[b].Cmp(over[a]) })
		for _, i := range shares[:left] {
			n[i]++
		}
	}
	left = total
	for i := range parts {
		p := &parts[i]
		p.all = p.size.kind == all
		if p.n = n[i]; p.size.kind == count {
			p.n = p.size.n
		}
		left -= p.n
	}
	for i := range parts {
		if parts[i].all {
			parts[i].n = max(0, left)
			left = 0
		}
	}
}

// dealShift fills a test set, whose rows are in no other, so that each is dealt
// on its own; short tells when it lacks some.
func (c *choice) dealShift(k int, rows []row, want size) (short []shortage) {
	var list []uint32
	for i := range rows {
		if rows[i].role == 0 {
			list = append(list, uint32(i))
		}
	}
	parts := []part{{role: c.shiftRole(k), name: c.names[k+1], size: want, pool: testPool}}
	c.count(parts, len(list))
	return c.lacks(c.deal(rows, list, parts, false)[0], k+1, rows)
}

// lacks notes a part that could not be filled.
func (c *choice) lacks(p part, cell int, rows []row) []shortage {
	if p.left == 0 || p.all {
		return nil
	}
	s := stratumShortage{asked: p.n, have: p.n - p.left}
	for i := range rows {
		if r := &rows[i]; r.pool&p.pool != 0 {
			s.pool++
			if cell > 0 && r.role == groupInTrain {
				s.groups++
			}
		}
	}
	asked := p.size
	if asked.kind == likeIID {
		asked = size{kind: count, n: p.n}
	}
	return []shortage{{output: p.name, cell: cell, asked: asked, can: size{kind: count, n: p.n - p.left}, strata: []stratumShortage{s}}}
}

// departures says how far each set's share of a class is from that of the rows
// it was dealt from, at most.
func (c *choice) departures() string {
	var parts []string
	for k, rows := range c.cells {
		of := map[role][]int{}
		n := map[role]int{}
		total := make([]int, len(c.labels))
		for i := range rows {
			r := &rows[i]
			if r.role < firstReason && of[r.role] == nil {
				of[r.role] = make([]int, len(c.labels))
			}
			n[r.role]++
			for _, l := range c.sets[r.stratum] {
				total[l]++
				if r.role < firstReason {
					of[r.role][l]++
				}
			}
		}
		for to := role(1); to < role(2+len(c.cells)+b2i(c.valRole > 0)); to++ {
			if of[to] == nil {
				continue
			}
			most, which := 0.0, 0
			for l := range total {
				if off := math.Abs(float64(of[to][l])/float64(n[to]) - float64(total[l])/float64(len(rows))); off > most {
					most, which = off, l
				}
			}
			name := c.names[k]
			if k == 0 {
				name = map[role]string{c.trainRole: "train", c.valRole: "val", c.iidRole: "iid"}[to]
			}
			if len(c.labels) > 0 {
				parts = append(parts, fmt.Sprintf("%s %.2f (%s)", name, 100*most, c.labels[which]))
			}
		}
	}
	return strings.Join(parts, ", ")
}
