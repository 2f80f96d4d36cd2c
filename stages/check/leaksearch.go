package check

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"math"
	"slices"

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
	kind leakKind
	a, b int32 // among the rows of the search
	at   int32 // of a near-duplicate among the matches, of a group among the group columns
}

// A nearMatch is how two pictures are near-duplicates.
type nearMatch struct {
	near.Match
	how near.Candidate
}

// A leakSet is one set with its fingerprints.
type leakSet struct {
	name   string
	input  stages.Input // as it is handed on
	prints stages.Input // nil for what is not looked at
	first  int          // of its rows among those of the search
	rows   int          // 0 for what is not looked at
}

// A digest stands for a text: the first half of its sha256, which differs where
// texts do. That of no text is zero.
type digest [16]byte

func digestOf(text string) digest {
	sum := sha256.Sum256([]byte(text))
	return digest(sum[:])
}

// A leakRow is what is remembered of each row of each set, which may be
// millions: what it is compared by, and not its names.
type leakRow struct {
	id, sha digest // sha is zero where there is no picture
	looked  bool   // the picture has a look
	stands  standing
}

// A search is the whole of check/leakage.
type search struct {
	c       *Leakage
	in      *stages.Inputs
	sets    []leakSet
	rows    []leakRow  // set by set, in the order of the fingerprints
	group   [][]digest // of each group column, by row: zero where the value is missing
	seats   []seat     // by row; nil where no set has candidates
	strata  []string   // of seats
	leaks   []leak
	matches []nearMatch
	count   map[leakKind]int
	unseen  int // pictures that could not be decoded

	between map[leakKind]int // of count: rows and groups shared by test sets, which are no leak into what is trained on

	blank, crowded, crowds int

	why     map[int32]int32 // of dropped rows: the row that shows the same
	filled  int             // places of dropped rows that candidates took
	lacking int             // places that stay empty
	texts   map[int32]rowText
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

// setOf is the set of a row.
func (s *search) setOf(i int32) int {
	k, _ := slices.BinarySearchFunc(s.sets, int(i), func(set leakSet, i int) int {
		switch {
		case set.first+set.rows <= i:
			return -1
		case set.first > i:
			return 1
		}
		return 0
	})
	return k
}

// column is a column of a record by its name, or nil.
func column(rec arrow.Record, name string) arrow.Array {
	if at := rec.Schema().FieldIndices(name); len(at) == 1 {
		return rec.Column(at[0])
	}
	return nil
}

// read takes ids, digests and groups of all sets.
func (s *search) read(ctx context.Context) error {
	all := 0
	for k := range s.sets {
		if set := &s.sets[k]; set.prints != nil {
			set.rows = set.prints.Len()
		}
		s.sets[k].first = all
		all += s.sets[k].rows
	}
	if all > math.MaxInt32 {
		return fmt.Errorf("%d rows are more than %d", all, math.MaxInt32)
	}
	s.rows, s.group = make([]leakRow, 0, all), make([][]digest, len(s.c.Group))
	for g := range s.group {
		s.group[g] = make([]digest, all)
	}
	numbers := map[string]int32{}
	for k := range s.sets {
		set := &s.sets[k]
		if set.prints == nil {
			continue
		}
		err := set.prints.Each(ctx, func(rec arrow.Record) error { return s.readRecord(rec, numbers) })
		if err != nil {
			return fmt.Errorf("%s: %w", set.name, err)
		}
	}
	s.sortStrata()
	return nil
}

// readRecord adds the rows of a record; numbers are those of strata.
func (s *search) readRecord(rec arrow.Record, numbers map[string]int32) error {
	seats, _ := column(rec, seatColumn).(*array.String)
	ids, shas, looks := column(rec, "id"), column(rec, shaColumn).(*array.String), column(rec, lookColumn).(*array.Binary)
	groups := make([]arrow.Array, len(s.group))
	for g, name := range s.c.Group {
		groups[g] = column(rec, name)
	}
	for i := range int(rec.NumRows()) {
		r := leakRow{id: digestOf(ids.ValueStr(i))}
		if seats != nil && seats.IsValid(i) {
			if s.seats == nil {
				s.seats, s.strata, numbers[""] = make([]seat, cap(s.rows)), []string{""}, 0
			}
			if err := s.readSeat(seats.Value(i), numbers); err != nil {
				return fmt.Errorf("row %q: %w", ids.ValueStr(i), err)
			}
		}
		if shas.IsValid(i) {
			r.sha = digestOf(shas.Value(i))
			var l near.Look
			r.looked = looks.IsValid(i) && l.Read(looks.Value(i))
			s.unseen += 1 - number(r.looked)
		}
		for g, col := range groups {
			if col != nil && col.IsValid(i) {
				s.group[g][len(s.rows)] = digestOf(col.ValueStr(i))
			}
		}
		s.rows = append(s.rows, r)
	}
	return nil
}

// leakLooks are the looks of all rows, read again whenever they are asked for.
type leakLooks struct {
	ctx context.Context
	s   *search
}

func (l leakLooks) Len() int { return len(l.s.rows) }

func (l leakLooks) Each(f func(first int, run []*near.Look) error) error {
	at := 0
	var looks []near.Look
	var run []*near.Look
	for _, set := range l.s.sets {
		if set.prints == nil {
			continue
		}
		err := set.prints.Each(l.ctx, func(rec arrow.Record) error {
			col, n := column(rec, lookColumn).(*array.Binary), int(rec.NumRows())
			looks, run = slices.Grow(looks[:0], n)[:n], slices.Grow(run[:0], n)[:n]
			for i := range n {
				if run[i] = nil; l.s.rows[at+i].looked && looks[i].Read(col.Value(i)) {
					run[i] = &looks[i]
				}
			}
			at += n
			return f(at-n, run)
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
	if s.setOf(l.a) > s.setOf(l.b) {
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
	agreement := func(l leak) float64 {
		if l.kind == nearDuplicate {
			return s.matches[l.at].Agreement
		}
		return 0
	}
	slices.SortStableFunc(s.leaks, func(a, b leak) int {
		return cmp.Or(number(s.harmless(a))-number(s.harmless(b)), cmp.Compare(a.kind, b.kind),
			cmp.Compare(s.setOf(a.a), s.setOf(b.a)), cmp.Compare(agreement(b), agreement(a)))
	})
}

// harmless says whether a leak is only told, never refused: splits by items put
// an image into several test sets, and test sets may share groups, by design.
func (s *search) harmless(l leak) bool {
	switch first := rank(s.sets[s.setOf(l.a)].name); l.kind {
	case sharedRow:
		return first > 1
	case sharedGroup:
		return first > 0
	}
	return false
}

// alike lists runs of rows with an equal digest, in the order of the rows; rows
// whose digest is zero have none, nor do candidates that nobody needed.
func (s *search) alike(of func(i int) digest) [][]int32 {
	type keyed struct {
		key digest
		row int32
	}
	var order []keyed
	for i := range s.rows {
		if k := of(i); k != (digest{}) && s.rows[i].stands != standsBy {
			if order == nil {
				order = make([]keyed, 0, len(s.rows)-i)
			}
			order = append(order, keyed{k, int32(i)})
		}
	}
	slices.SortFunc(order, func(a, b keyed) int {
		return cmp.Or(bytes.Compare(a.key[:], b.key[:]), cmp.Compare(a.row, b.row))
	})
	var runs [][]int32
	for lo, hi := 0, 0; lo < len(order); lo = hi {
		for hi = lo + 1; hi < len(order) && order[hi].key == order[lo].key; {
			hi++
		}
		if hi-lo < 2 {
			continue
		}
		run := make([]int32, hi-lo)
		for k := range run {
			run[k] = order[lo+k].row
		}
		runs = append(runs, run)
	}
	slices.SortFunc(runs, func(a, b []int32) int { return cmp.Compare(a[0], b[0]) })
	return runs
}

// exact finds rows of two sets with equal bytes. Each row is told once, beside
// the first row of an earlier set.
func (s *search) exact() {
	if s.c.Exact == "off" {
		return
	}
	for _, run := range s.alike(func(i int) digest { return s.rows[i].sha }) {
		for _, b := range run {
			for _, a := range run {
				if s.setOf(a) == s.setOf(b) { // nor is anything behind it of an earlier set
					break
				}
				if s.rows[a].id != s.rows[b].id {
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
	for _, run := range s.alike(func(i int) digest { return s.rows[i].id }) {
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
		for _, run := range s.alike(func(i int) digest { return s.group[g][i] }) {
			first := run[0]
			told := map[int]bool{s.setOf(first): true}
			for _, b := range run {
				if set := s.setOf(b); !told[set] {
					told[set] = true
					s.add(leak{kind: sharedGroup, a: first, b: b, at: int32(g)})
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
	search := near.Search{
		Workers: s.in.Workers,
		Apart: func(i, j int) bool {
			a, b := &s.rows[i], &s.rows[j]
			return a.id != b.id && a.sha != b.sha && s.setOf(int32(i)) != s.setOf(int32(j))
		},
		Progress: func(done, all int64) { out.Progress(done, all, "pictures asked for") },
	}
	if s.in.Memory > 0 { // what is left of it, and at least something, since 0 is no limit
		search.Memory = max(1, s.in.Memory-int64(len(s.rows))*(34+16*int64(len(s.group))))
	}
	found, err := search.Find(leakLooks{ctx, s})
	if err != nil {
		return err
	}
	s.blank, s.crowded, s.crowds = found.Blank, found.Crowded, found.Crowds
	for pairs := found.Pairs; len(pairs) > 0; {
		n := within(pairs, thumbsAtOnce)
		if err := s.confirm(ctx, pairs[:n]); err != nil {
			return err
		}
		pairs = pairs[n:]
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
			s.matches = append(s.matches, nearMatch{matches[k], c})
			s.add(leak{kind: nearDuplicate, a: c.I, b: c.J, at: int32(len(s.matches) - 1)})
		}
	}
	return nil
}

// thumbs opens the pictures of the candidates again.
func (s *search) thumbs(ctx context.Context, found []near.Candidate) (map[int32]*near.Thumb, error) {
	wanted := map[int][]int32{} // rows by set
	thumbs := map[int32]*near.Thumb{}
	for _, c := range found {
		for _, i := range []int32{c.I, c.J} {
			if _, ok := thumbs[i]; !ok {
				thumbs[i] = nil
				set := s.setOf(i)
				wanted[set] = append(wanted[set], i)
			}
		}
	}
	for k, set := range s.sets {
		rows := wanted[k]
		slices.Sort(rows)
		for len(rows) > 0 {
			n := min(len(rows), 256)
			if err := s.open(ctx, &s.sets[k], rows[:n], thumbs); err != nil {
				return nil, fmt.Errorf("%s: %w", set.name, err)
			}
			rows = rows[n:]
		}
	}
	return thumbs, nil
}

// open makes the thumbs of some rows of one set.
func (s *search) open(ctx context.Context, set *leakSet, rows []int32, thumbs map[int32]*near.Thumb) error {
	rec, err := set.take(ctx, rows)
	if err != nil {
		return err
	}
	defer rec.Release()
	ids, col := column(rec, "id"), column(rec, "image")
	made, errs := make([]*near.Thumb, len(rows)), make([]error, len(rows))
	spread(len(rows), s.in.Workers, func(k int) {
		p, err := transform.Load(ctx, s.in.Images, ids.ValueStr(k), col, k)
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
		thumbs[i] = made[k]
	}
	return nil
}

// take reads rows of the search that are this set's.
func (set *leakSet) take(ctx context.Context, rows []int32) (arrow.Record, error) {
	at := make([]int, len(rows))
	for k, i := range rows {
		at[k] = int(i) - set.first
	}
	return set.prints.Take(ctx, at)
}
