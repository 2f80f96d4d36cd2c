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
		case "source/numbers", "map/scale":
			all = append(all, drawnRef{s, ""})
		}
	}
	d.random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:min(len(all), 1+d.random.IntN(most))]
}

func (d *drawn) draw(before []*drawnStage) *drawnStage {
	s := &drawnStage{kind: []string{"map/scale", "map/scale", "map/scale", "index/parity", "report/total"}[d.random.IntN(5)]}
	most := 1
	switch {
	case s.kind == "report/total":
		most = 3
	case d.random.IntN(4) == 0:
		most = 3
	}
	s.from = d.refs(before, most)
	if s.kind == "map/scale" {
		d.parameters(s)
	}
	return s
}

func (d *drawn) parameters(s *drawnStage) {
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

// edit changes a parameter, data, an input, or adds or removes a stage.
func (d *drawn) edit() {
	i := d.random.IntN(len(d.stages))
	s := d.stages[i]
	switch what := d.random.IntN(6); {
	case what == 0:
		d.append(d.draw(d.stages))
	case what == 1 && !d.isRead(s) && len(d.stages) > 2:
		d.stages = slices.Delete(d.stages, i, i+1)
	case what == 2 && s.kind != "source/numbers" && i > 0:
		s.from = d.refs(d.stages[:i], 2)
	case s.kind == "source/numbers":
		switch d.random.IntN(3) {
		case 0:
			s.bump = d.random.IntN(s.n + 1)
		case 1:
			s.n += d.random.IntN(5)
			s.add = nil
		default:
			s.add = []int{s.n + 1 + d.random.IntN(20)}
		}
	case s.kind == "map/scale":
		d.parameters(s)
	}
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

// Whatever a store has seen before, a run ends with the content of a run on an
// empty store; what did not change, nor anything it depends on, does not run.
func TestIncrementalEqualsFull(t *testing.T) {
	for i := range *cases {
		seed := *caseSeed + uint64(i)
		d := &drawn{random: rand.New(rand.NewPCG(seed, 0))}
		for range 1 + d.random.IntN(2) {
			d.append(d.source())
		}
		for range 2 + d.random.IntN(5) {
			d.append(d.draw(d.stages))
		}
		b := newBench(t)
		before := map[string]string{}
		for step := range 3 {
			spec := d.String()
			o := engine.Options{Workers: 1 + d.random.IntN(3), Batch: 1 + d.random.IntN(20), Cut: engine.CutAround(4 + d.random.IntN(30))}
			got := b.run(spec, o)
			want := newBench(t).run(spec, engine.Options{})
			if got.err != nil || want.err != nil || !maps.Equal(got.digests, want.digests) {
				t.Fatalf("seed %d, step %d: %v, %v\n got %v\nwant %v\n%s", seed, step, got.err, want.err, got.digests, want.digests, spec)
			}
			now := d.definitions()
			for _, n := range got.nodes {
				if before[n.Name] == now[n.Name] && n.State != engine.Hit {
					t.Fatalf("seed %d, step %d: stage %s %s (%s) although nothing it depends on changed\n%s", seed, step, n.Name, n.State, n.Reason, spec)
				}
			}
			before = now
			d.edit()
		}
	}
}
