package split

import (
	"fmt"
	"slices"
	"strings"
)

// A shortage is an output that cannot be filled as asked.
type shortage struct {
	output   string
	cell     int // 0 is base
	asked    size
	can      size // the largest that can be had with the other outputs as they are
	stricter bool // "growth: relaxed" would fill it
	strata   []stratumShortage
}

type stratumShortage struct {
	name                string
	asked, have         int
	pool, below, groups int // rows of the pool; barred by the threshold; barred by their group
}

func (a *ask) shortage(c *choice, asked, have []int, can size) shortage {
	names := a.strata
	if names == nil {
		names = c.strata
	}
	s := shortage{output: a.name, cell: a.cell, asked: a.size, can: can}
	pool := a.pool
	if pool == nil { // train: nothing was barred
		pool = have
	}
	at := func(n []int, i int) int {
		if n == nil {
			return 0
		}
		return n[i]
	}
	for i := range asked {
		if asked[i] > have[i] {
			s.strata = append(s.strata, stratumShortage{names[i], asked[i], have[i], pool[i], at(a.far, i), at(a.groups, i)})
		}
	}
	if !c.relaxed && a.far != nil {
		q, ok := asked, true
		if a.size.kind == count {
			q, ok = apportion(a.size.n, a.weights, a.caps)
		}
		for i := range q {
			ok = ok && q[i] <= a.relaxed[i]
		}
		s.stricter = ok
	}
	return s
}

// An Infeasible is the error of a split that asks for more than there is. It
// names every output that falls short, and sizes that can be had.
type Infeasible struct {
	shortages []shortage
	sizes     string // a line to paste; "" when even one row each is too much
	relaxed   bool   // the sizes asked can be had with "growth: relaxed"
}

func (e *Infeasible) Error() string {
	var b strings.Builder
	b.WriteString("the rows do not suffice for the sizes asked")
	for _, s := range e.shortages {
		fmt.Fprintf(&b, "; %s asks for %s, at most %s can be had, since %s", s.output, s.asked, s.can, s.binds())
		for i, t := range s.strata {
			if i == 4 && len(s.strata) > 5 {
				fmt.Fprintf(&b, " and %d strata more", len(s.strata)-i)
				break
			}
			sep := ", "
			if i == 0 {
				sep = ": "
			}
			b.WriteString(sep + t.String())
		}
	}
	switch {
	case e.relaxed && e.sizes != "":
		fmt.Fprintf(&b, "; remedy: growth: relaxed, or %s", e.sizes)
	case e.relaxed:
		b.WriteString("; remedy: growth: relaxed")
	case e.sizes != "":
		fmt.Fprintf(&b, "; remedy: %s", e.sizes)
	default:
		b.WriteString("; no sizes of one row or more suffice: widen base, drop a class, or set fewer columns in group and match")
	}
	return b.String()
}

func (s stratumShortage) String() string {
	var b strings.Builder
	if s.name != "" {
		fmt.Fprintf(&b, "%q ", s.name)
	}
	fmt.Fprintf(&b, "asked %d, free %d of %d, short by %d", s.asked, s.have, s.pool, s.asked-s.have)
	var lost []string
	if s.below > 0 {
		lost = append(lost, fmt.Sprintf("%d below train's threshold", s.below))
	}
	if s.groups > 0 {
		lost = append(lost, fmt.Sprintf("%d in groups of train", s.groups))
	}
	if other := s.pool - s.have - s.below - s.groups; other > 0 {
		lost = append(lost, fmt.Sprintf("%d with other outputs", other))
	}
	if len(lost) > 0 {
		fmt.Fprintf(&b, " (%s)", strings.Join(lost, ", "))
	}
	return b.String()
}

// binds names the constraint behind most of what is missing.
func (s *shortage) binds() string {
	var rows, below, groups, others int
	for _, t := range s.strata {
		missing := t.asked - t.have
		none := max(0, t.asked-t.pool) // not there at all
		rows += none
		missing -= none
		for _, lost := range []struct {
			rows int
			to   *int
		}{{t.groups, &groups}, {t.below, &below}, {t.pool - t.have - t.below - t.groups, &others}} {
			n := min(missing, lost.rows)
			*lost.to += n
			missing -= n
		}
	}
	switch most := max(rows, below, groups, others); {
	case most == 0:
		return "what is free is not in the mix that the sizes are to follow"
	case most == rows && len(s.strata) == 1 && s.strata[0].name == "":
		return "there are no more such rows"
	case most == rows:
		return "there are no more rows of these values in the mix that the sizes are to follow"
	case most == groups:
		return "the groups of too many rows are in train"
	case most == below:
		return "the promise about growth keeps rows apart"
	}
	return "the other sets take them"
}

// infeasible explains a run that fell short. It tries the remedies it offers,
// so the choice's rows are left in no useful state.
func (c *choice) infeasible() *Infeasible {
	e := &Infeasible{shortages: c.shortages}
	for _, s := range e.shortages {
		e.relaxed = e.relaxed || s.stricter
	}
	if e.relaxed {
		c.relaxed = true
		c.run()
		e.relaxed = len(c.shortages) == 0 && c.nothingTaken() == nil
		c.relaxed = false
		c.run()
	}
	asked := map[*size]int{}
	for _, s := range c.sizes() {
		asked[s] = s.n
	}
	if c.shrink() {
		c.enlarge(asked)
		e.sizes = c.sizesLine()
	}
	return e
}

// enlarge makes sizes that were made smaller as large as they can be, one after
// the other, train first.
func (c *choice) enlarge(asked map[*size]int) {
	rows := 0
	for _, cell := range c.cells {
		rows += len(cell)
	}
	runs := 200 // what can be waited for
	if rows > 1_000_000 {
		runs = 12
	}
	for _, s := range c.sizes() {
		low, high := s.n, asked[s]+1
		for high-low > 1 && runs > 0 {
			s.n = low + (high-low)/2
			runs--
			if c.run(); len(c.shortages) == 0 && c.nothingTaken() == nil {
				low = s.n
			} else {
				high = s.n
			}
		}
		s.n = low
	}
}

// shrink makes the sizes smaller until they can be had, and says whether it
// came to an end.
func (c *choice) shrink() bool {
	for range 64 {
		if len(c.shortages) == 0 && c.nothingTaken() == nil {
			return true
		}
		empty := len(c.shortages) == 0 // an output whose size is no number is
		for _, s := range c.shortages {
			empty = empty || s.can.n < 1
		}
		if empty { // the others must give way too
			smaller := false
			for _, s := range c.sizes() {
				if s.n > 1 {
					s.n, smaller = s.n/2, true
				}
			}
			if !smaller {
				return false
			}
		} else {
			for _, s := range c.shortages {
				*c.sizeOf(s) = s.can
			}
		}
		c.run()
	}
	return false
}

// sizes are all sizes that hold a number.
func (c *choice) sizes() []*size {
	list := []*size{&c.train, &c.val, &c.iid}
	for k := range c.ood {
		list = append(list, &c.ood[k])
	}
	return slices.DeleteFunc(list, func(s *size) bool { return s.kind != count && s.kind != each })
}

func (c *choice) sizeOf(s shortage) *size {
	switch {
	case s.cell > 0:
		return &c.ood[s.cell-1]
	case s.output == "train":
		return &c.train
	case s.output == "val":
		return &c.val
	}
	return &c.iid
}

// flowKey is a name as it stands in a map of YAML between braces.
func flowKey(name string) string {
	for _, r := range name {
		if !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("_.=<>~-", r)) {
			return "'" + name + "'" // it holds no quotes: see escape
		}
	}
	return name
}

// sizesLine writes the sizes as a spec would: one "ood" where the shifts
// agree, else each by name.
func (c *choice) sizesLine() string {
	var parts []string
	for i, s := range []size{c.train, c.val, c.iid} {
		if s.kind != 0 {
			parts = append(parts, [...]string{"train", "val", "iid"}[i]+": "+s.String())
		}
	}
	same := true
	for _, s := range c.ood {
		same = same && s.String() == c.ood[0].String()
	}
	if len(c.ood) > 0 && same {
		parts = append(parts, "ood: "+c.ood[0].String())
	} else {
		for k, s := range c.ood {
			parts = append(parts, flowKey(c.names[k+1])+": "+s.String())
		}
	}
	return "sizes: {" + strings.Join(parts, ", ") + "}"
}
