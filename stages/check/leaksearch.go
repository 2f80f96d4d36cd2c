package check

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/stages"
	"shiftmill/stages/check/near"
	"shiftmill/stages/transform"
)

// A leakKind is a way in which two sets share what they should not.
type leakKind int

const (
	sameBytes leakKind = iota
	nearDuplicate
	sharedGroup
	sharedRow
)

// leakKinds are all kinds with their names.
var leakKinds = []struct {
	kind                    leakKind
	name, parameter, metric string
}{
	{sameBytes, "pairs of equal pictures", "exact", "equal pairs"},
	{nearDuplicate, "pairs of near-duplicates", "near", "near pairs"},
	{sharedGroup, "groups in two sets", "groups", "shared groups"},
	{sharedRow, "rows in two sets", "overlap", "shared rows"},
}

// A leak is one pair of rows of two sets: that of b comes later.
type leak struct {
	kind  leakKind
	a, b  int    // among the rows of the search
	value string // of the group
	match near.Match
	how   near.Candidate
}

// A leakSet is one set with its fingerprints.
type leakSet struct {
	name   string
	input  stages.Input // as it is handed on
	prints stages.Input // nil for what is not looked at
}

// A leakRow is one row of one set.
type leakRow struct {
	set     int
	ordinal int // in the fingerprints
	id, sha string
	look    *near.Look
	group   []string // values of the group columns
	seat    seat
	stands  standing
}

// A search is the whole of check/leakage.
type search struct {
	c      *Leakage
	in     *stages.Inputs
	sets   []leakSet
	rows   []leakRow
	leaks  []leak
	count  map[leakKind]int
	unseen int // pictures that could not be decoded

	between map[leakKind]int // of count: rows and groups shared by test sets, which are no leak into what is trained on

	blank, crowded, crowds int

	why     map[int]string // of dropped rows
	filled  int            // places of dropped rows that candidates took
	lacking int            // places that stay empty
}

func (s *search) policy(k leakKind) string {
	return [...]string{s.c.Exact, s.c.Near, s.c.Groups, s.c.Overlap}[k]
}

// open pairs the sets with their fingerprints by the names of the outputs.
func (c *Leakage) open(in *stages.Inputs) (*search, error) {
	s := &search{c: c, in: in, count: map[leakKind]int{}, between: map[leakKind]int{}}
	prints := map[string]stages.Input{}
	for _, p := range in.Ports["prints"] {
		name := p.Output()
		for _, coord := range p.Coords() {
			if coord.Axis == "output" {
				name = coord.Value
			}
		}
		prints[name] = p
	}
	for _, name := range in.Names() {
		if name == "prints" {
			continue
		}
		for _, input := range in.Ports[name] {
			set := leakSet{name: name, input: input}
			if len(in.Ports[name]) > 1 {
				set.name = input.Output()
			}
			if set.prints = prints[set.name]; set.prints == nil && set.name != "unused" {
				return nil, fmt.Errorf("the set %s has no fingerprints: prints must be check/fingerprint of the same outputs, such as {kind: check/fingerprint, from: split.sets}", set.name)
			}
			s.sets = append(s.sets, set)
		}
	}
	// Train leads, whatever the names: what leaks is said of the others.
	slices.SortStableFunc(s.sets, func(a, b leakSet) int { return rank(a.name) - rank(b.name) })
	return s, nil
}

func rank(set string) int {
	if at := slices.Index([]string{"train", "val", "iid"}, set); at >= 0 {
		return at
	}
	return 3
}

// read takes ids, digests, looks and groups of all sets.
func (s *search) read(ctx context.Context) error {
	for k, set := range s.sets {
		if set.prints == nil {
			continue
		}
		ordinal := 0
		err := set.prints.Each(ctx, func(rec arrow.Record) error {
			column := func(name string) arrow.Array {
				if at := rec.Schema().FieldIndices(name); len(at) == 1 {
					return rec.Column(at[0])
				}
				return nil
			}
			seats, _ := column(seatColumn).(*array.String)
			ids, shas, looks := column("id"), column(shaColumn).(*array.String), column(lookColumn).(*array.Binary)
			for i := range int(rec.NumRows()) {
				r := leakRow{set: k, ordinal: ordinal, id: strings.Clone(ids.ValueStr(i))}
				ordinal++
				if seats != nil && seats.IsValid(i) {
					if err := r.seat.read(seats.Value(i)); err != nil {
						return fmt.Errorf("row %q: %w", r.id, err)
					}
				}
				if shas.IsValid(i) {
					r.sha = strings.Clone(shas.Value(i))
					ok := false
					if looks.IsValid(i) {
						r.look, ok = near.LookOf(looks.Value(i))
					}
					s.unseen += 1 - number(ok)
				}
				for _, g := range s.c.Group {
					value := ""
					if col := column(g); col != nil && col.IsValid(i) {
						value = "=" + strings.Clone(col.ValueStr(i))
					}
					r.group = append(r.group, value)
				}
				s.rows = append(s.rows, r)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("%s: %w", set.name, err)
		}
	}
	return nil
}

func number(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// add counts a leak.
func (s *search) add(l leak) {
	if s.rows[l.a].set > s.rows[l.b].set {
		l.a, l.b = l.b, l.a
	}
	s.count[l.kind]++
	if s.harmless(l) {
		s.between[l.kind]++
	}
	s.leaks = append(s.leaks, l)
}

// order sorts the leaks for the report: what is only told comes last.
func (s *search) order() {
	slices.SortStableFunc(s.leaks, func(a, b leak) int {
		if x, y := s.harmless(a), s.harmless(b); x != y {
			return number(x) - number(y)
		}
		if a.kind != b.kind {
			return cmp.Compare(a.kind, b.kind)
		}
		if x, y := s.rows[a.a].set, s.rows[b.a].set; x != y {
			return cmp.Compare(x, y)
		}
		return cmp.Compare(b.match.Agreement, a.match.Agreement)
	})
}

// harmless says whether a leak is only told, never refused: splits by items put
// an image into several test sets, and test sets may share groups, by design.
func (s *search) harmless(l leak) bool {
	switch first := rank(s.sets[s.rows[l.a].set].name); l.kind {
	case sharedRow:
		return first > 1
	case sharedGroup:
		return first > 0
	}
	return false
}

// alike lists runs of rows with an equal key, in the order of the rows; rows
// with an empty key have none, nor do candidates that nobody needed.
func (s *search) alike(key func(r *leakRow) string) [][]int {
	of := map[string][]int{}
	var order []string
	for i := range s.rows {
		k := key(&s.rows[i])
		if k == "" || s.rows[i].stands == standsBy {
			continue
		}
		if of[k] == nil {
			order = append(order, k)
		}
		of[k] = append(of[k], i)
	}
	var runs [][]int
	for _, k := range order {
		if len(of[k]) > 1 {
			runs = append(runs, of[k])
		}
	}
	return runs
}

// exact finds rows of two sets with equal bytes. Each row is told once, beside
// the first row of an earlier set.
func (s *search) exact() {
	if s.c.Exact == "off" {
		return
	}
	for _, run := range s.alike(func(r *leakRow) string { return r.sha }) {
		for n, b := range run {
			for _, a := range run[:n] {
				if s.rows[a].set != s.rows[b].set && s.rows[a].id != s.rows[b].id {
					s.add(leak{kind: sameBytes, a: a, b: b})
					break
				}
			}
		}
	}
}

// overlaps finds rows that stand in two sets.
func (s *search) overlaps() {
	if s.c.Overlap == "off" {
		return
	}
	for _, run := range s.alike(func(r *leakRow) string { return r.id }) {
		for n, b := range run[1:] {
			s.add(leak{kind: sharedRow, a: run[n], b: b})
		}
	}
}

// groups finds group values that stand in two sets, one leak a value and set:
// beside the first set that has it, which is train if train has it.
func (s *search) groups() {
	if s.c.Groups == "off" {
		return
	}
	for g := range s.c.Group {
		for _, run := range s.alike(func(r *leakRow) string { return r.group[g] }) {
			first := run[0]
			told := map[int]bool{}
			for _, b := range run {
				if set := s.rows[b].set; set != s.rows[first].set && !told[set] {
					told[set] = true
					s.add(leak{kind: sharedGroup, a: first, b: b, value: s.c.Group[g] + s.rows[b].group[g]})
				}
			}
		}
	}
}

// near finds near-duplicates: candidates by their looks, confirmed on thumbs.
func (s *search) near(ctx context.Context, out stages.Sink) error {
	if s.c.Near == "off" {
		return nil
	}
	looks := make([]*near.Look, len(s.rows))
	for i := range s.rows {
		looks[i] = s.rows[i].look
		if looks[i] != nil && looks[i].Flat() {
			s.blank++
		}
	}
	x := near.Build(looks, s.in.Workers)
	s.crowded = x.Crowded
	found := x.Candidates(looks, s.in.Workers, func(i, j int) bool {
		a, b := &s.rows[i], &s.rows[j]
		return a.set != b.set && a.id != b.id && a.sha != b.sha
	})
	s.crowds = int(x.Crowds.Load())
	for len(found) > 0 {
		n := within(found, thumbsAtOnce)
		if err := s.confirm(ctx, found[:n]); err != nil {
			return err
		}
		found = found[n:]
	}
	return nil
}

// thumbsAtOnce bounds the memory of confirmation: 64 MiB of thumbs. A picture
// that has candidates in several runs of that many is opened again.
const thumbsAtOnce = 16384

// within is how many of the first candidates speak of at most n pictures; at
// least one.
func within(found []near.Candidate, n int) int {
	seen := map[int32]bool{}
	for k, c := range found {
		seen[c.I], seen[c.J] = true, true
		if len(seen) > n && k > 0 {
			return k
		}
	}
	return len(found)
}

// confirm adds those candidates whose thumbs agree.
func (s *search) confirm(ctx context.Context, found []near.Candidate) error {
	thumbs, err := s.thumbs(ctx, found)
	if err != nil {
		return err
	}
	matches, same := make([]near.Match, len(found)), make([]bool, len(found))
	spread(len(found), s.in.Workers, func(k int) {
		if a, b := thumbs[found[k].I], thumbs[found[k].J]; a != nil && b != nil && ctx.Err() == nil {
			matches[k], same[k] = found[k].Confirm(a, b, s.c.Limits)
		}
	})
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	for k, c := range found {
		if same[k] {
			s.add(leak{kind: nearDuplicate, a: int(c.I), b: int(c.J), match: matches[k], how: c})
		}
	}
	return nil
}

// thumbs opens the pictures of the candidates again.
func (s *search) thumbs(ctx context.Context, found []near.Candidate) (map[int32]*near.Thumb, error) {
	wanted := map[int][]int{} // rows by set
	thumbs := map[int32]*near.Thumb{}
	for _, c := range found {
		for _, i := range []int32{c.I, c.J} {
			if _, ok := thumbs[i]; !ok {
				thumbs[i] = nil
				set := s.rows[i].set
				wanted[set] = append(wanted[set], int(i))
			}
		}
	}
	for k, set := range s.sets {
		rows := wanted[k]
		slices.Sort(rows)
		for len(rows) > 0 {
			n := min(len(rows), 256)
			if err := s.open(ctx, set.prints, rows[:n], thumbs); err != nil {
				return nil, fmt.Errorf("%s: %w", set.name, err)
			}
			rows = rows[n:]
		}
	}
	return thumbs, nil
}

// open makes the thumbs of some rows of one set.
func (s *search) open(ctx context.Context, in stages.Input, rows []int, thumbs map[int32]*near.Thumb) error {
	at := make([]int, len(rows))
	for k, i := range rows {
		at[k] = s.rows[i].ordinal
	}
	rec, err := in.Take(ctx, at)
	if err != nil {
		return err
	}
	defer rec.Release()
	col := rec.Column(rec.Schema().FieldIndices("image")[0])
	made, errs := make([]*near.Thumb, len(rows)), make([]error, len(rows))
	spread(len(rows), s.in.Workers, func(k int) {
		p, err := transform.Load(ctx, s.in.Images, s.rows[rows[k]].id, col, k)
		if err != nil {
			errs[k] = err
			return
		}
		made[k] = near.NewThumb(p)
	})
	for k, i := range rows {
		if errs[k] != nil {
			return errs[k]
		}
		thumbs[int32(i)] = made[k]
	}
	return nil
}
