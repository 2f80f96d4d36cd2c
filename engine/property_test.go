package engine_test

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"shiftmill/engine"
)

var (
	cases    = flag.Int("cases", 30, "how many random specs TestIncrementalEqualsFull runs")
	caseSeed = flag.Uint64("seed", 1, "seed of the first random spec")
)

// A drawn is a random spec that can be edited.
type drawn struct {
	random *rand.Rand
	stages []*drawnStage
	made   int
}

type drawnStage struct {
	name  string
	kind  string
	from  []drawnRef
	n     int   // of a source: rows
	bump  int   // of a source: a row that differs
	add   []int // of a source: further rows
	by    int   // of a map
	drop  int   // of a map
	cache string
}

type drawnRef struct {
	stage  *drawnStage
	output string
}

func (r drawnRef) String() string {
	if r.output == "" {
		return r.stage.name
	}
	return r.stage.name + "." + r.output
}

func (s *drawnStage) String() string {
	var with string
	switch s.kind {
	case "source/numbers":
		with = fmt.Sprintf(", with: {n: %d, bump: %d", s.n, s.bump)
		if len(s.add) > 0 {
			with += ", add: [" + strings.Trim(strings.ReplaceAll(fmt.Sprint(s.add), " ", ", "), "[]") + "]"
		}
		return fmt.Sprintf("{kind: %s%s}}", s.kind, with)
	case "map/scale":
		with = fmt.Sprintf(", with: {by: %d, drop: %d}", s.by, s.drop)
		if s.cache != "" {
			with += ", cache: " + s.cache
		}
	}
	var from []string
	for _, r := range s.from {
		from = append(from, r.String())
	}
	switch s.kind {
	case "index/join":
		return fmt.Sprintf("{kind: %s, from: {left: %s, right: %s}}", s.kind, from[0], from[1])
	case "map/apply":
		return fmt.Sprintf("{kind: %s, from: {model: %s, rows: [%s]}}", s.kind, from[0], strings.Join(from[1:], ", "))
	case "train/sum":
		return fmt.Sprintf("{kind: %s, from: [%s], seed: %d, with: {steps: %d}}", s.kind, strings.Join(from, ", "), s.by, 1+s.by)
	}
	return fmt.Sprintf("{kind: %s, from: [%s]%s}", s.kind, strings.Join(from, ", "), with)
}

func (d *drawn) String() string {
	var b strings.Builder
	b.WriteString("stages:\n")
	for _, s := range d.stages {
		fmt.Fprintf(&b, "  %s: %s\n", s.name, s)
	}
	return b.String()
}

// definitions gives each stage with all that it depends on, as text.
func (d *drawn) definitions() map[string]string {
	all := map[string]string{}
	for _, s := range d.stages {
		text := s.String()
		for _, r := range s.from {
			text += "<" + all[r.stage.name] + ">"
		}
		all[s.name] = text
	}
	return all
}

func (d *drawn) source() *drawnStage {
	return &drawnStage{kind: "source/numbers", n: d.random.IntN(120), bump: -1}
}

// refs picks distinct outputs of rows among some stages.
func (d *drawn) refs(before []*drawnStage, most int) []drawnRef {
	var all []drawnRef
	for _, s := range before {
		switch s.kind {
		case "index/parity":
			all = append(all, drawnRef{s, "odd"}, drawnRef{s, "even"})
		case "source/numbers", "map/scale", "map/apply", "index/join":
			all = append(all, drawnRef{s, ""})
		}
	}
	d.random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:min(len(all), 1+d.random.IntN(most))]
}

func (d *drawn) draw(before []*drawnStage) *drawnStage {
	s := &drawnStage{kind: []string{"map/scale", "map/scale", "map/scale", "index/parity", "report/total", "train/sum", "map/apply", "index/join"}[d.random.IntN(8)]}
	d.inputs(s, before)
	d.parameters(s)
	return s
}

// inputs draws what a stage reads; a kind that finds nothing to read becomes
// another one.
func (d *drawn) inputs(s *drawnStage, before []*drawnStage) {
	most := 1
	if s.kind == "report/total" || d.random.IntN(4) == 0 {
		most = 3
	}
	switch s.kind {
	case "map/apply":
		var models []drawnRef
		for _, m := range before {
			if m.kind == "train/sum" {
				models = append(models, drawnRef{m, ""})
			}
		}
		if len(models) > 0 {
			s.from = append([]drawnRef{models[d.random.IntN(len(models))]}, d.refs(before, most)...)
			return
		}
		s.kind = "train/sum"
	case "index/join":
		s.from = append(d.refs(before, 1), d.refs(before, 1)...)
		return
	}
	s.from = d.refs(before, most)
}

func (d *drawn) parameters(s *drawnStage) {
	if s.kind == "train/sum" {
		s.by = d.random.IntN(3)
		return
	}
	if s.kind != "map/scale" {
		return
	}
	s.by, s.drop, s.cache = 1+d.random.IntN(3), []int{0, 0, 2, 7, 1000}[d.random.IntN(5)], ""
	if s.drop == 0 {
		s.cache = []string{"", "", "stream", "store"}[d.random.IntN(4)]
	}
}

func (d *drawn) append(s *drawnStage) {
	s.name = fmt.Sprintf("s%02d", d.made)
	d.made++
	d.stages = append(d.stages, s)
}

// edit changes a parameter, data, an input, or adds or removes a stage. It
// returns the source of which one row was edited, if that was all.
func (d *drawn) edit() (edited *drawnStage) {
	i := d.random.IntN(len(d.stages))
	s := d.stages[i]
	switch what := d.random.IntN(6); {
	case what == 0:
		d.append(d.draw(d.stages))
	case what == 1 && !d.isRead(s) && len(d.stages) > 2:
		d.stages = slices.Delete(d.stages, i, i+1)
	case what == 2 && s.kind != "source/numbers" && i > 0:
		kind := s.kind
		if d.inputs(s, d.stages[:i]); s.kind != kind {
			d.parameters(s) // its readers read rows or files as before
		}
	case s.kind == "source/numbers":
		switch d.random.IntN(3) {
		case 0:
			s.bump = d.random.IntN(s.n + 1)
			return s
		case 1:
			s.n += d.random.IntN(5)
			s.add = nil
		default:
			s.add = []int{s.n + 1 + d.random.IntN(20)}
		}
	default:
		d.parameters(s)
	}
	return nil
}

// reach is how many rows of row-wise stages hang on one row of a source: one
// for each way to it. -1 where more than rows hangs on it: a training, rows that
// are recomputed for each reader, rows that were left out and so are not there to
// be taken over.
func (d *drawn) reach(source *drawnStage) int {
	ways := map[*drawnStage]int{source: 1}
	total := 0
	for _, s := range d.stages {
		for _, r := range s.from {
			ways[s] += ways[r.stage]
		}
		switch {
		case ways[s] > 0 && (s.kind == "train/sum" || s.kind == "map/apply"), s.cache == "stream", s.drop > 0:
			return -1
		case s.kind == "map/scale":
			total += ways[s]
		}
	}
	return total
}

func (d *drawn) isRead(s *drawnStage) bool {
	for _, t := range d.stages {
		for _, r := range t.from {
			if r.stage == s {
				return true
			}
		}
	}
	return s.kind == "source/numbers"
}

// Stages that do the same to other rows and end at once all find their rows
// again: an edit of one row computes one.
func TestSameOperationAtOnce(t *testing.T) {
	spec := func(bump int) string {
		text := "stages:\n"
		for i, n := range []int{10, 11, 12, 13, 60} {
			text += fmt.Sprintf("  s%d: {kind: source/numbers, with: {n: %d, bump: %d}}\n", i, n, bump)
			text += fmt.Sprintf("  m%d: {kind: map/scale, from: [s%d], with: {by: 2, drop: 0}}\n", i, i)
		}
		return text
	}
	for round := range 40 {
		b := newMemoryBench(t)
		o := engine.Options{Workers: 5, Cut: engine.CutAround(12)}
		if r := b.run(spec(-1), o); r.err != nil {
			t.Fatal(r.err)
		}
		r := b.run(spec(45), o)
		if r.err != nil {
			t.Fatal(r.err)
		}
		if n := r.calls["scale"]; n != 1 {
			t.Fatalf("round %d: %d rows computed, one was edited", round, n)
		}
	}
}

// Whatever a store has seen before, a run ends with the content of a run on an
// empty store; what did not change, nor anything it depends on, does not run,
// and of row-wise stages no row runs that an edited row does not reach.
func TestIncrementalEqualsFull(t *testing.T) {
	pairs := 0
	for i := range *cases {
		seed := *caseSeed + uint64(i)
		d := &drawn{random: rand.New(rand.NewPCG(seed, 0))}
		for range 1 + d.random.IntN(2) {
			d.append(d.source())
		}
		for range 2 + d.random.IntN(5) {
			d.append(d.draw(d.stages))
		}
		b := newMemoryBench(t)
		before := map[string]string{}
		var edited *drawnStage
		for step := range 5 {
			spec := d.String()
			o := engine.Options{Workers: 1 + d.random.IntN(3), Batch: 1 + d.random.IntN(20), Cut: engine.CutAround(4 + d.random.IntN(30))}
			got := b.run(spec, o)
			want := newMemoryBench(t).run(spec, engine.Options{})
			if got.err != nil || want.err != nil || !maps.Equal(got.digests, want.digests) {
				t.Fatalf("seed %d, step %d: %v, %v\n got %v\nwant %v\n%s", seed, step, got.err, want.err, got.digests, want.digests, spec)
			}
			now := d.definitions()
			for _, n := range got.nodes {
				if before[n.Name] == now[n.Name] && n.State != engine.Hit {
					t.Fatalf("seed %d, step %d: stage %s %s (%s) although nothing it depends on changed\n%s", seed, step, n.Name, n.State, n.Reason, spec)
				}
			}
			if edited != nil {
				// The row that was edited before has its old value again.
				if reach := d.reach(edited); reach >= 0 && got.calls["scale"] > 2*reach {
					t.Fatalf("seed %d, step %d: %d rows computed, an edit of two reaches %d\n%s", seed, step, got.calls["scale"], 2*reach, spec)
				}
			}
			before = now
			if edited = d.edit(); step > 0 {
				pairs++
			}
		}
	}
	t.Logf("%d edits", pairs)
}
