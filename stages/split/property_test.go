package split

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"testing"

	"shiftmill/pipeline"
	"shiftmill/stages/stagetest"
)

var cases = flag.Int("cases", 400, "random tables and specs for the property tests")

// A world is a random table with a random spec for it, kept in a form that a
// plain oracle can work on.
type world struct {
	attributes []string
	base       map[string][]string
	shifts     []wish // single values, one set each
	sizes      map[string]size
	stratified bool
	group      []string
	match      bool
	relaxed    bool
	pools      bool   // train draws from part=1, tests from part=2
	holdout    string // a share, or ""
	seed       uint64
	manifest   pipeline.File       // pins
	rows       []map[string]string // with "id"; an absent key is a missing value
}

type wish struct{ name, attribute, value string }

func pick[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

func newWorld(r *rand.Rand) *world {
	w := &world{base: map[string][]string{}, sizes: map[string]size{}, seed: r.Uint64()}
	for a := range 1 + r.IntN(3) {
		name := string(rune('a' + a))
		w.attributes = append(w.attributes, name)
		values := []string{"0", "1", "2", "3"}
		r.Shuffle(4, func(i, j int) { values[i], values[j] = values[j], values[i] })
		n := 1 + r.IntN(2)
		w.base[name] = slices.Sorted(slices.Values(values[:n]))
		for _, v := range values[n : n+r.IntN(4-n+1)] {
			w.shifts = append(w.shifts, wish{name + "=" + v, name, v})
		}
	}
	w.stratified, w.relaxed, w.pools = r.IntN(2) == 0, r.IntN(6) == 0, r.IntN(6) == 0
	w.group = pick(r, nil, []string{"g"}, []string{"g"}, []string{"g", "h"})
	some := 1 + r.IntN(12)
	number := func() size {
		if w.stratified && r.IntN(3) == 0 {
			return size{kind: each, n: 1 + r.IntN(3)}
		}
		return size{kind: count, n: 1 + r.IntN(some)}
	}
	if r.IntN(4) == 0 {
		for k, v := range pick(r, map[string]string{"train": "70%", "iid": "30%"}, map[string]string{"train": "50%", "val": "12.5%", "iid": "20%"}) {
			w.sizes[k], _ = parseSize(v)
		}
	} else {
		w.sizes["train"], w.sizes["iid"] = number(), number()
		if r.IntN(3) == 0 {
			w.sizes["val"] = number()
		}
		if r.IntN(8) == 0 {
			w.sizes["train"] = size{kind: all}
		}
	}
	if r.IntN(6) == 0 {
		w.holdout = pick(r, "10%", "25%", "40%")
	}
	w.match = r.IntN(4) == 0
	w.sizes["ood"] = pick(r, number(), number(), size{kind: all}, size{kind: likeIID})
	if w.match && w.sizes["ood"].kind == each {
		w.sizes["ood"] = size{kind: all}
	}
	w.add(r, 5+r.IntN(120), len(w.group) > 0)
	return w
}

// add puts n new rows into the table.
func (w *world) add(r *rand.Rand, n int, groups bool) {
	for range n {
		row := map[string]string{"id": fmt.Sprintf("%08x", r.Uint32()), "label": pick(r, "x", "x", "y", "z"), "part": pick(r, "1", "2")}
		for _, a := range w.attributes {
			if r.IntN(20) > 0 {
				row[a] = pick(r, "0", "1", "2", "3")
				if r.IntN(2) == 0 {
					row[a] = w.base[a][0]
				}
			}
		}
		for _, g := range []string{"g", "h"} {
			if r.IntN(15) > 0 {
				row[g] = fmt.Sprint(r.IntN(30))
			}
		}
		if !slices.ContainsFunc(w.rows, func(o map[string]string) bool { return o["id"] == row["id"] }) {
			w.rows = append(w.rows, row)
		}
	}
}

func (w *world) table() *stagetest.Table {
	ids := make([]string, len(w.rows))
	columns := []stagetest.Column{}
	for i, row := range w.rows {
		ids[i] = row["id"]
	}
	for _, name := range append([]string{"label", "part", "g", "h"}, w.attributes...) {
		values := make([]any, len(w.rows))
		for i, row := range w.rows {
			if v, ok := row[name]; ok {
				values[i] = v
			}
		}
		columns = append(columns, stagetest.Column{Name: name, Values: values})
	}
	return stagetest.Rows(ids, columns...)
}

// spec writes the configuration as a user would.
func (w *world) spec() string {
	var b strings.Builder
	b.WriteString("{base: {")
	for _, a := range w.attributes {
		fmt.Fprintf(&b, "%s: ['%s'], ", a, strings.Join(w.base[a], "', '"))
	}
	b.WriteString("}, shifts: {")
	for _, a := range w.attributes {
		var values []string
		for _, s := range w.shifts {
			if s.attribute == a {
				values = append(values, "'"+s.value+"'")
			}
		}
		if len(values) > 0 {
			fmt.Fprintf(&b, "%s: [%s], ", a, strings.Join(values, ", "))
		}
	}
	b.WriteString("}, classes: all, sizes: {")
	for _, k := range keys(w.sizes) {
		fmt.Fprintf(&b, "%s: %s, ", k, w.sizes[k])
	}
	b.WriteString("}")
	if w.stratified {
		b.WriteString(", stratify: label")
	}
	if len(w.group) > 0 {
		fmt.Fprintf(&b, ", group: [%s]", strings.Join(w.group, ", "))
	}
	if w.match {
		b.WriteString(", match: label")
	}
	if w.relaxed {
		b.WriteString(", growth: relaxed")
	}
	if w.holdout != "" {
		b.WriteString(", holdout: " + w.holdout)
	}
	if w.pools {
		b.WriteString(", where: {train: {part: '1'}, tests: {part: '2'}}")
	}
	return b.String() + "}"
}

func (w *world) run(t testing.TB, cut *rand.Rand) (map[string]string, error) {
	t.Helper()
	c := shiftCase(t, w.spec(), w.table())
	c.Seed, c.Cut, c.Workers = w.seed, cut, 1
	c.Config.(*Shift).Pin = w.manifest
	if cut != nil {
		c.Workers = 1 + cut.IntN(4)
	}
	sink, err := c.Run(context.Background())
	if err != nil {
		return nil, err
	}
	of := map[string]string{}
	for _, o := range shiftOutputs(c.Config.(*Shift)) {
		rows, err := sink.Rows(o.Name)
		if err != nil {
			t.Fatal(err)
		}
		if rows == nil {
			continue
		}
		for _, id := range column(rows, "id") {
			if had, ok := of[id]; ok {
				t.Errorf("%s is in %s and in %s", id, had, o.Name)
			}
			of[id] = o.Name
		}
	}
	return of, nil
}

// oracle does the same by sorting everything and looking at it row by row.
func (w *world) oracle() (map[string]string, bool) {
	h := newHasher(w.seed)
	type item struct {
		place
		v, w              uint64
		id, cell, stratum string
		label             string
		train, tests      bool
	}
	// Groups: join rows that share a value, until nothing changes.
	type digest struct{ u, g, w uint64 }
	digestOf := func(text string) (d digest) {
		d.u, d.g, d.w = h.ofGroup([]byte(text))
		return
	}
	var items []*item
	groups := map[*item]digest{}
	rowOf := map[*item]map[string]string{}
	for _, row := range w.rows {
		var off []string
		var wild []string
		for _, a := range w.attributes {
			v, ok := row[a]
			switch {
			case !ok:
				wild = append(wild, a)
			case !slices.Contains(w.base[a], v):
				off = append(off, a)
			}
		}
		cell := ""
		if len(wild) == 0 && len(off) == 0 {
			cell = "base"
		} else if len(wild) == 0 && len(off) == 1 {
			for _, s := range w.shifts {
				if s.attribute == off[0] && s.value == row[off[0]] {
					cell = s.name
				}
			}
		}
		if cell == "" {
			continue
		}
		it := &item{id: row["id"], cell: cell, label: row["label"], train: !w.pools || row["part"] == "1", tests: !w.pools || row["part"] == "2"}
		if w.stratified {
			it.stratum = row["label"]
		}
		it.v = h.ofRow(it.id)
		d := digestOf("i" + it.id)
		if len(w.group) == 1 {
			if v, ok := row["g"]; ok {
				d = digestOf("g" + v)
			}
		}
		if len(w.group) == 2 {
			first := true
			for k, g := range w.group {
				if v, ok := row[g]; ok {
					e := digestOf("k" + string([]byte{byte(k), 0, 0, 0}) + v)
					if first || e.u < d.u {
						d, first = e, false
					}
				}
			}
		}
		if len(w.group) == 0 {
			it.v = 0
		}
		groups[it], rowOf[it] = d, row
		items = append(items, it)
	}
	if len(w.group) == 2 {
		for changed := true; changed; {
			changed = false
			for _, a := range items {
				for _, b := range items {
					for _, g := range w.group {
						x, ok := rowOf[a][g]
						y, ok2 := rowOf[b][g]
						if ok && ok2 && x == y && groups[a].u < groups[b].u {
							groups[b], changed = groups[a], true
						}
					}
				}
			}
		}
	}
	for _, it := range items {
		d := groups[it]
		it.u, it.g, it.w = d.u, d.g, d.w
	}
	sort.Slice(items, func(i, j int) bool {
		a, b := items[i], items[j]
		switch {
		case a.u != b.u:
			return a.u < b.u
		case a.v != b.v:
			return a.v < b.v
		}
		return a.id < b.id
	})
	of := map[string]string{}
	for _, row := range w.rows {
		of[row["id"]] = "unused"
	}
	if w.holdout != "" {
		s, err := parseSize(w.holdout)
		if err != nil {
			panic(err)
		}
		items = slices.DeleteFunc(items, func(it *item) bool {
			out := newBar(s.share).above(it.g)
			if out {
				of[it.id] = "holdout"
			}
			return out
		})
	}
	strata := []string{""}
	if w.stratified {
		strata = []string{"x", "y", "z"}
	}
	in := func(it *item, cell, s string) bool { return it.cell == cell && it.stratum == s }
	trainGroups := map[digest]bool{}
	give := func(it *item, to string) {
		of[it.id] = to
		if to == "train" {
			trainGroups[digest{it.u, it.g, it.w}] = true
		}
	}
	barred := func(it *item) bool { return trainGroups[digest{it.u, it.g, it.w}] }
	tally := func(pass func(it *item) bool, code func(it *item) string, codes []string) []int {
		n := make([]int, len(codes))
		for _, it := range items {
			if pass(it) {
				n[slices.Index(codes, code(it))]++
			}
		}
		return n
	}
	stratumOf := func(it *item) string { return it.stratum }
	quota := func(want size, weights, caps []int) ([]int, bool) {
		switch want.kind {
		case each:
			q, got := make([]int, len(weights)), false
			for s := range q {
				if weights[s] > 0 {
					q[s], got = want.n, true
				}
			}
			return q, got
		case count:
			return apportion(want.n, weights, caps)
		}
		return caps, true
	}
	train, val, iid := w.sizes["train"], w.sizes["val"], w.sizes["iid"]
	base := func(it *item) bool { return it.cell == "base" }
	if train.kind == share {
		trainTo := newBar(train.share)
		p := new(big.Rat).Sub(big.NewRat(1, 1), iid.share)
		iidFrom := newBar(p)
		valFrom := newBar(new(big.Rat).Sub(p, val.part()))
		for _, it := range items {
			switch {
			case !base(it):
			case trainTo.above(it.u) && it.train:
				give(it, "train")
			case !iidFrom.above(it.u) && it.tests:
				give(it, "iid")
			case val.kind != 0 && !valFrom.above(it.u) && iidFrom.above(it.u) && it.train:
				give(it, "val")
			}
		}
	} else {
		last := map[string]*item{}
		if train.kind != all {
			n := tally(func(it *item) bool { return base(it) && it.train }, stratumOf, strata)
			q, ok := quota(train, n, n)
			if !ok {
				return nil, false
			}
			for s, stratum := range strata {
				for _, it := range items {
					if q[s] > 0 && in(it, "base", stratum) && it.train {
						give(it, "train")
						last[stratum] = it
						q[s]--
					}
				}
				if q[s] > 0 {
					return nil, false
				}
			}
			if len(w.group) > 0 {
				var top *item
				for _, it := range items {
					if of[it.id] == "train" {
						top = it
					}
				}
				for _, s := range strata {
					last[s] = top
				}
			}
		}
		far := func(it *item) bool {
			if barred(it) {
				return false
			}
			l := last[it.stratum]
			if w.relaxed || !it.train || l == nil {
				return true
			}
			if len(w.group) > 0 {
				return it.u > l.u
			}
			return slices.Index(items, it) > slices.Index(items, l)
		}
		sideTo := newBar(big.NewRat(1, 1))
		if val.kind != 0 {
			sideTo = newBar(big.NewRat(int64(val.n), int64(val.n+iid.n)))
		}
		for _, o := range []struct {
			name string
			want size
			mine func(it *item) bool
			pool func(it *item) bool
		}{
			{"val", val, func(it *item) bool { return it.train && (!it.tests || sideTo.above(it.w)) }, func(it *item) bool { return it.train }},
			{"iid", iid, func(it *item) bool { return it.tests && (val.kind == 0 || !it.train || !sideTo.above(it.w)) }, func(it *item) bool { return it.tests }},
		} {
			if o.want.kind == 0 {
				continue
			}
			weights := tally(func(it *item) bool { return base(it) && o.pool(it) }, stratumOf, strata)
			if train.kind == each {
				weights = tally(func(it *item) bool { return of[it.id] == "train" }, stratumOf, strata)
			}
			caps := tally(func(it *item) bool { return base(it) && o.mine(it) && of[it.id] == "unused" }, stratumOf, strata)
			q, ok := quota(o.want, weights, caps)
			if !ok {
				return nil, false
			}
			for s, stratum := range strata {
				for i := len(items) - 1; i >= 0; i-- {
					if it := items[i]; q[s] > 0 && in(it, "base", stratum) && o.mine(it) && of[it.id] == "unused" && far(it) {
						give(it, o.name)
						q[s]--
					}
				}
				if q[s] > 0 {
					return nil, false
				}
			}
		}
		if train.kind == all {
			taken := map[digest]bool{}
			for _, it := range items {
				if of[it.id] != "unused" {
					taken[digest{it.u, it.g, it.w}] = true
				}
			}
			for _, it := range items {
				if base(it) && it.train && of[it.id] == "unused" && !taken[digest{it.u, it.g, it.w}] {
					give(it, "train")
				}
			}
		}
	}
	labels := []string{"x", "y", "z"}
	for _, shift := range w.shifts {
		want, codes, code := w.sizes["ood"], strata, stratumOf
		if w.match {
			codes, code = labels, func(it *item) string { return it.label }
		}
		free := func(it *item) bool { return it.cell == shift.name && it.tests && (len(w.group) == 0 || !barred(it)) }
		caps := tally(free, code, codes)
		weights := caps
		if want.kind == each {
			weights = tally(func(it *item) bool { return it.cell == shift.name && it.tests }, code, codes)
		}
		iidRows := 0
		for _, o := range of {
			iidRows += b2i(o == "iid")
		}
		if want.kind == likeIID {
			want = size{kind: count, n: iidRows}
		}
		if w.match {
			weights = tally(func(it *item) bool { return of[it.id] == "iid" }, func(it *item) string { return it.label }, labels)
			if want.kind == all {
				n := sum(caps)
				for ; n > 0; n-- {
					if _, ok := apportion(n, weights, caps); ok {
						break
					}
				}
				want = size{kind: count, n: n}
			}
		}
		q, ok := quota(want, weights, caps)
		if !ok {
			return nil, false
		}
		q = slices.Clone(q)
		for s := range codes {
			for i := len(items) - 1; i >= 0; i-- {
				if it := items[i]; q[s] > 0 && free(it) && code(it) == codes[s] && of[it.id] == "unused" {
					give(it, shift.name)
					q[s]--
				}
			}
			if q[s] > 0 {
				return nil, false
			}
		}
	}
	// Every output must have a row.
	names := []string{"train", "iid"}
	if val.kind != 0 {
		names = append(names, "val")
	}
	for _, s := range w.shifts {
		names = append(names, s.name)
	}
	for _, name := range names {
		has := false
		for _, o := range of {
			has = has || o == name
		}
		if !has {
			return nil, false
		}
	}
	return of, true
}

// TestOracle compares random splits with the oracle, and checks each promise
// on its own, so that a mistake of both would still be seen.
func TestOracle(t *testing.T) {
	feasible := 0
	for i := range *cases {
		r := rand.New(rand.NewPCG(uint64(i), 1))
		w := newWorld(r)
		got, err := w.run(t, nil)
		want, ok := w.oracle()
		if ok != (err == nil) {
			t.Fatalf("case %d: oracle feasible %t, split: %v\n%s", i, ok, err, w.spec())
		}
		again, err2 := w.run(t, r)
		if fmt.Sprint(err) != fmt.Sprint(err2) {
			t.Fatalf("case %d: error %v, in other batches %v", i, err, err2)
		}
		if err != nil {
			w.checkRemedy(t, i, err)
			continue
		}
		feasible++
		for id, o := range want {
			if got[id] != o || again[id] != o {
				t.Fatalf("case %d: row %s is in %s, in other batches in %s; the oracle puts it into %s\n%s", i, id, got[id], again[id], o, w.spec())
			}
		}
		w.checkPromises(t, i, got)
	}
	t.Logf("%d of %d random splits were feasible", feasible, *cases)
	if feasible < *cases/4 {
		t.Errorf("only %d of %d random splits were feasible: they test too little", feasible, *cases)
	}
}

func (w *world) checkPromises(t *testing.T, i int, of map[string]string) {
	t.Helper()
	if len(of) != len(w.rows) {
		t.Errorf("case %d: %d of %d rows are in an output", i, len(of), len(w.rows))
	}
	altered := map[string]string{}
	for _, s := range w.shifts {
		altered[s.name] = s.attribute
	}
	n := map[string]int{}
	trainGroups := map[string]bool{}
	for _, row := range w.rows {
		n[of[row["id"]]]++
		for _, g := range w.group {
			if v, ok := row[g]; ok && of[row["id"]] == "train" {
				trainGroups[g+v] = true
			}
		}
	}
	for _, row := range w.rows {
		o := of[row["id"]]
		if o == "holdout" {
			for _, g := range w.group {
				if v, ok := row[g]; ok && trainGroups[g+v] {
					t.Errorf("case %d: group %s=%s is in train and held out\n%s", i, g, v, w.spec())
				}
			}
		}
		if o == "unused" || o == "holdout" {
			continue
		}
		for _, a := range w.attributes {
			v, ok := row[a]
			if isBase := slices.Contains(w.base[a], v); !ok || isBase == (altered[o] == a) {
				t.Errorf("case %d: row %v is in %s", i, row, o)
			}
		}
		for _, g := range w.group {
			if v, ok := row[g]; ok && o != "train" && trainGroups[g+v] {
				// A shift and val alike: their groups must not be in train.
				t.Errorf("case %d: group %s=%s is in train and in %s\n%s", i, g, v, o, w.spec())
			}
		}
	}
	for name, s := range w.sizes {
		if s.kind == count && name != "ood" && n[name] != s.n {
			t.Errorf("case %d: %s has %d rows, asked %d", i, name, n[name], s.n)
		}
	}
	for _, s := range w.shifts {
		if want := w.sizes["ood"]; want.kind == count && n[s.name] != want.n || want.kind == likeIID && n[s.name] != n["iid"] {
			t.Errorf("case %d: %s has %d rows, asked %s", i, s.name, n[s.name], want)
		}
	}
}

// checkRemedy follows the advice of a refusal, which must then hold.
func (w *world) checkRemedy(t *testing.T, i int, err error) {
	t.Helper()
	var inf *Infeasible
	if !errors.As(err, &inf) {
		return
	}
	try := func(w world, what string) {
		if _, err := w.run(t, nil); err != nil {
			t.Errorf("case %d: after the remedy %s of\n%v\nthe split says: %v\n%s", i, what, inf, err, w.spec())
		}
	}
	if inf.relaxed {
		relaxed := *w
		relaxed.relaxed = true
		try(relaxed, "growth: relaxed")
	}
	if inf.sizes != "" {
		var sizes Sizes
		v, err := pipeline.ParseValue("remedy", strings.TrimPrefix(inf.sizes, "sizes: "))
		if err != nil {
			t.Fatalf("case %d: %v: %q", i, err, inf.sizes)
		}
		if p := sizes.DecodeSpec(v); len(p) > 0 {
			t.Fatalf("case %d: %v: %q", i, p, inf.sizes)
		}
		smaller := *w
		smaller.sizes = sizes.of
		try(smaller, inf.sizes)
	}
}

// TestGrowth adds rows to random splits with fixed quotas or shares: no row
// may move from one output to another.
func TestGrowth(t *testing.T) {
	compared := 0
	for i := range *cases {
		r := rand.New(rand.NewPCG(uint64(i), 2))
		w := newWorld(r)
		if len(w.group) > 1 {
			w.group = w.group[:1]
		}
		w.relaxed, w.pools = false, false
		for k, s := range w.sizes {
			switch {
			case s.kind == all && k == "train":
				w.sizes[k] = size{kind: count, n: 3}
				fallthrough
			case s.kind == count && w.stratified && k != "ood":
				w.sizes[k] = size{kind: each, n: 1 + r.IntN(3)}
			}
			if !w.stratified && w.sizes[k].kind == each {
				w.sizes[k] = size{kind: count, n: 3}
			}
		}
		if w.stratified && w.sizes["train"].kind == each && w.sizes["iid"].kind == count {
			continue
		}
		before, err := w.run(t, nil)
		if err != nil {
			continue
		}
		for range 3 {
			w.add(r, 1+r.IntN(30), true)
			after, err := w.run(t, nil)
			if err != nil {
				break
			}
			compared++
			for id, o := range before {
				if after[id] != o && o != "unused" && after[id] != "unused" {
					t.Fatalf("case %d: row %s moved from %s to %s when rows were added\n%s", i, id, o, after[id], w.spec())
				}
			}
			before = after
		}
	}
	t.Logf("%d growths compared", compared)
	if compared < *cases/8 {
		t.Errorf("only %d growths of %d cases were feasible", compared, *cases)
	}
}
