package split

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"

	"shiftmill/pipeline"
	"shiftmill/stages"
)

// runShift is the whole of split/shift.
func runShift(ctx context.Context, c *Shift, in *stages.Inputs, out stages.Sink) error {
	s, err := newScan(c, in.One("rows"), in.Seed)
	if err != nil {
		return err
	}
	for _, o := range shiftOutputs(c) {
		cell := "base"
		if slices.Contains(o.Groups, "ood") {
			cell = o.Name
		}
		if o.Name != "unused" {
			s.names, s.cells = append(s.names, o.Name), append(s.cells, cell)
		}
	}
	s.column = "cell"
	return s.all(ctx, in, out)
}

// all scans the rows, chooses and writes.
func (s *scan) all(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
	defer s.release()
	if err := s.measure(ctx, in.One("rows"), out); err != nil {
		return err
	}
	if err := s.run(ctx, in.One("rows"), in.Workers); err != nil {
		return err
	}
	s.renumber()
	if len(s.cfg.Group) > 1 {
		s.joinGroups()
	}
	pins, err := s.cfg.earlier(s.cfg.Pin)
	if err != nil {
		return err
	}
	s.setAside(pins)
	if err := s.keepClasses(out); err != nil {
		return err
	}
	ch := s.choice()
	ch.workers = in.Workers
	if err := s.emptyCells(ch); err != nil {
		return err
	}
	if pins != nil {
		s.pin(ch, pins, out)
	}
	last, err := s.cfg.earlier(s.cfg.Last)
	if err != nil {
		return err
	}
	ch.run()
	if len(ch.shortages) > 0 {
		return ch.infeasible()
	}
	if err := ch.nothingTaken(); err != nil {
		return err
	}
	if s.multi {
		out.Note("stratify: a class's share departs from that of all rows by at most, in points: %s", ch.departures())
	}
	s.settle(ch)
	s.seated, s.candidates = ch.seated, ch.candidates
	sortCandidates(s.candidates)
	counts, err := s.write(ctx, in.Workers, out)
	if err != nil {
		return err
	}
	s.report(ch, counts, out)
	if last != nil {
		s.moves(last, out)
	}
	return nil
}

// renumber gives the codes of all rows their order of texts.
func (s *scan) renumber() {
	strata, mixes, classes := s.strata.renumber(), s.mixes.renumber(), s.classes.renumber()
	for _, c := range s.chunks {
		for i := range c.rows {
			r := &c.rows[i]
			r.stratum = strata[r.stratum]
			if len(mixes) > 0 {
				r.mix = mixes[r.mix]
			}
			if len(classes) > 0 {
				r.class = classes[r.class]
			}
		}
	}
}

// keepClasses leaves out rows of classes that the split does not keep, and
// refuses test sets that lack a class of base, or have one more.
func (s *scan) keepClasses(out stages.Sink) error {
	if s.label < 0 {
		return nil
	}
	names := make([]string, len(s.classes.texts))
	for i, key := range s.classes.texts {
		names[i] = keyName(key)
	}
	in := make([][]bool, len(s.rules.cells)) // by cell and class
	for k := range in {
		in[k] = make([]bool, len(names))
	}
	for _, c := range s.chunks {
		for i := range c.rows {
			in[c.rows[i].cell][c.rows[i].class] = true
		}
	}
	keep := make([]bool, len(names))
	switch s.cfg.Classes.mode {
	case "":
		return s.unequalClasses(in, names)
	case "list":
		for _, want := range s.cfg.Classes.list {
			i := slices.Index(names, want)
			if i < 0 {
				near := ""
				if n := pipeline.Nearest(want, names); n != "" {
					near = fmt.Sprintf("; did you mean %q?", n)
				}
				return fmt.Errorf("classes: no row of any cell has %s = %q%s", s.cfg.Label, want, near)
			}
			keep[i] = true
		}
	case "common":
		kept := 0
		for i := range names {
			keep[i] = !slices.ContainsFunc(in, func(has []bool) bool { return !has[i] })
			kept += b2i(keep[i])
		}
		if kept == 0 {
			return fmt.Errorf("classes: common keeps none: no class of column %q occurs in base and in every shift", s.cfg.Label)
		}
		out.Note("classes: %d of %d are common to base and all shifts", kept, len(names))
	}
	left := s.reason("its class is not kept")
	for _, c := range s.chunks {
		c.remove(func(r *row) bool { return !keep[r.class] }, left)
	}
	return nil
}

// remove takes rows out of their cells.
func (c *chunk) remove(gone func(*row) bool, why role) {
	kept := 0
	for i := range c.rows {
		r := &c.rows[i]
		if gone(r) {
			c.out[r.ordinal-c.start] = why
			continue
		}
		c.rows[kept] = *r
		kept++
	}
	c.rows = c.rows[:kept]
}

func (s *scan) unequalClasses(in [][]bool, names []string) error {
	if !slices.Contains(in[0], true) {
		return nil // said better elsewhere
	}
	var parts []string
	for k := 1; k < len(in); k++ {
		if !slices.Contains(in[k], true) {
			continue // said better elsewhere
		}
		var lacks, more []string
		for i, name := range names {
			switch {
			case in[0][i] && !in[k][i]:
				lacks = append(lacks, name)
			case !in[0][i] && in[k][i]:
				more = append(more, name)
			}
		}
		if len(lacks) > 0 {
			parts = append(parts, fmt.Sprintf("%s lacks %s", s.rules.cells[k].name, some(lacks)))
		}
		if len(more) > 0 {
			parts = append(parts, fmt.Sprintf("%s has %s, which base lacks", s.rules.cells[k].name, some(more)))
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return fmt.Errorf("test sets with other classes than base cannot be compared: %s; set classes: common to keep what all have, a list, or all if this is meant", strings.Join(parts, "; "))
}

// some lists the first names.
func some(names []string) string {
	if len(names) > 6 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:5], ", "), len(names)-5)
	}
	return strings.Join(names, ", ")
}

// choice gathers the rows by cell.
func (s *scan) choice() *choice {
	c := s.cfg
	ch := &choice{
		cells: make([][]row, len(s.rules.cells)), train: c.Sizes.of["train"], val: c.Sizes.of["val"], iid: c.Sizes.of["iid"],
		balanced: len(c.Balance) > 0, grouped: len(c.Group) > 0, several: c.Items.on() && c.Items.Image == "any", matched: len(c.Match) > 0, relaxed: c.Growth == "relaxed", trainRole: 1, valRole: 2, iidRole: 2,
	}
	ch.reserve = c.Reserve
	for i, name := range s.names {
		if c.seats(name) {
			ch.seated = append(ch.seated, role(i+1))
		}
	}
	if ch.grouped {
		ch.v = func(ordinal uint32) uint64 { return newHasher(s.seed).ofRow(s.idOf(ordinal)) }
	}
	if ch.val.kind != 0 {
		ch.iidRole = 3
	} else {
		ch.valRole = 0
	}
	counts := make([]int, len(ch.cells))
	for _, k := range s.chunks {
		for i := range k.rows {
			counts[k.rows[i].cell]++
		}
	}
	for i, cell := range s.rules.cells {
		ch.cells[i] = make([]row, 0, counts[i])
		ch.names = append(ch.names, cell.name)
		if i > 0 {
			ch.ood = append(ch.ood, c.Sizes.shift(cell.name))
		}
	}
	for _, k := range s.chunks {
		for i := range k.rows {
			r := &k.rows[i]
			ch.cells[r.cell] = append(ch.cells[r.cell], *r)
		}
		k.rows = nil
	}
	if s.multi {
		ch.name(s.strata.texts)
	} else {
		for _, key := range s.strata.texts {
			ch.strata = append(ch.strata, keyName(key))
		}
	}
	for _, key := range s.mixes.texts {
		ch.mixes = append(ch.mixes, keyName(key))
	}
	return ch
}

// idOf is the id of a row.
func (s *scan) idOf(ordinal uint32) string {
	k := sort.Search(len(s.chunks), func(i int) bool { return s.chunks[i].start > ordinal }) - 1
	return s.chunks[k].ids.Value(int(ordinal - s.chunks[k].start))
}

// emptyCells refuses a base or a shift that no row is in, and says what the
// attribute holds instead.
func (s *scan) emptyCells(ch *choice) error {
	var empty []string
	for k, rows := range ch.cells {
		if len(rows) == 0 {
			empty = append(empty, s.rules.cells[k].name)
		}
	}
	if len(empty) == 0 {
		return nil
	}
	return fmt.Errorf("no row is in %s; %sof %d rows %s", some(empty), s.unmet(), s.total(), s.summary())
}

// unmet names the values that the spec asks for and no row has, with what the
// columns hold instead.
func (s *scan) unmet() string {
	var b strings.Builder
	for i, a := range s.rules.attributes {
		held := keys(s.values[i])
		var absent []string
		for _, cond := range a.asked {
			values, _ := cond.Values()
			for _, v := range values {
				if !slices.Contains(held, v) && !slices.Contains(absent, v) {
					absent = append(absent, v)
				}
			}
		}
		if len(absent) == 0 || a.typ == pipeline.FloatColumn || a.typ == pipeline.TimeColumn || len(held) > remembered/2 {
			continue
		}
		fmt.Fprintf(&b, "no row has %s = %s", a.name, some(absent))
		if near := pipeline.Nearest(absent[0], held); near != "" {
			fmt.Fprintf(&b, " (did you mean %s?)", near)
		}
		fmt.Fprintf(&b, ", it holds %s; ", some(held))
	}
	return b.String()
}

func (s *scan) total() int {
	n := 0
	for _, c := range s.chunks {
		n += len(c.out)
	}
	return n
}

// summary counts where the rows are before the choice: by cell and by reason.
func (s *scan) summary() string {
	counts := map[role]int{}
	for _, c := range s.chunks {
		for _, r := range c.out {
			counts[r]++
		}
	}
	parts := []string{fmt.Sprintf("%d are in a cell", counts[0])}
	held := 0
	for r, n := range counts {
		if s.cfg.Holdout.on() && r >= s.holdoutRole() && r < firstReason {
			held += n
		}
	}
	if held > 0 {
		parts = append(parts, fmt.Sprintf("%d are in holdout", held))
	}
	for _, text := range slices.Sorted(slices.Values(s.reasons.texts)) {
		if n := counts[choiceReasons+role(s.reasons.codes[text])]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d: %s", n, text))
		}
	}
	return strings.Join(parts, ", ")
}

// nothingTaken refuses outputs without a row.
func (c *choice) nothingTaken() error {
	var empty []string
	for i, s := range append([]size{c.train, c.val, c.iid}, c.ood...) {
		var to role
		var name string
		switch i {
		case 0:
			to, name = c.trainRole, "train"
		case 1:
			to, name = c.valRole, "val"
		case 2:
			to, name = c.iidRole, "iid"
		default:
			to, name = c.iidRole+role(i-2), c.names[i-2]
		}
		if s.kind != 0 && sum(c.got[to]) == 0 {
			empty = append(empty, fmt.Sprintf("%s (%s)", name, s))
		}
	}
	if len(empty) == 0 {
		return nil
	}
	why := map[role]int{}
	for _, rows := range c.cells {
		for i := range rows {
			why[rows[i].role]++
		}
	}
	var parts []string
	for i, text := range reasonText {
		if n := why[firstReason+role(i)]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, text))
		}
	}
	if len(parts) == 0 {
		return fmt.Errorf("no rows for %s: all %d rows of the cells are in other sets", strings.Join(empty, ", "), sum(c.counts()))
	}
	return fmt.Errorf("no rows for %s; unused rows of the cells: %s", strings.Join(empty, ", "), strings.Join(parts, ", "))
}

// counts are the rows of the cells.
func (c *choice) counts() []int {
	n := make([]int, len(c.cells))
	for k, rows := range c.cells {
		n[k] = len(rows)
	}
	return n
}

// settle writes the choice's roles beside those of the scan.
func (s *scan) settle(ch *choice) {
	at := 0
	all := make([]role, s.total())
	for _, c := range s.chunks {
		copy(all[at:], c.out)
		c.out = all[at : at+len(c.out)]
		at += len(c.out)
	}
	for _, rows := range ch.cells {
		for i := range rows {
			r := &rows[i]
			switch had := all[r.ordinal]; {
			case s.items < 0 || had == 0:
				all[r.ordinal] = r.role
			case had >= firstReason && r.role < firstReason:
				all[r.ordinal] = r.role
			}
			if s.items >= 0 && r.role < firstReason {
				s.placed = append(s.placed, placement{r.ordinal, r.role, r.class})
			}
		}
	}
	slices.SortFunc(s.placed, func(a, b placement) int {
		if a.ordinal != b.ordinal {
			return cmp.Compare(a.ordinal, b.ordinal)
		}
		return cmp.Compare(a.role, b.role)
	})
}
