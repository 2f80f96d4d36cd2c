package report

import (
	"fmt"
	"slices"
	"strings"

	"shiftmill/stages/report/stats"
)

// compare sets a model against its baseline on IID and the given OOD sets: the
// same images, the same seeds.
func (b *benchmark) compare(ood []*testSet, base, m *model) (*comparison, []string) {
	p := &pair{base: base, m: m}
	for _, s := range m.seeds {
		if slices.Contains(base.seeds, s) {
			p.seeds = append(p.seeds, s)
		}
	}
	if len(p.seeds) == 0 {
		return nil, []string{fmt.Sprintf("%s: %s and %s share no seed and are not compared", b.name, m.name(), base.name())}
	}
	var notes []string
	if len(p.seeds) < len(m.seeds) || len(p.seeds) < len(base.seeds) {
		notes = append(notes, fmt.Sprintf("%s: %s and %s are compared over the %d seeds of both", b.name, m.name(), base.name(), len(p.seeds)))
	}
	r := &comparison{Baseline: base.name(), Seeds: p.seeds}
	in := b.inside()
	var inside []stats.Term // minus the difference on IID
	if in != nil && p.has(in.name) {
		v := p.values(in)
		r.IID = difference(stats.Linear([]stats.Term{{Weight: 1, Set: in.rows, Values: v}}))
		inside = []stats.Term{{Weight: -1, Set: in.rows, Values: v}}
	}
	var judged []*testSet
	for _, s := range ood {
		if !p.has(s.name) {
			judged = append(judged, s) // keeps A from being a mean of other sets
			continue
		}
		if b.atFloor(base, s) {
			r.AtFloor = append(r.AtFloor, s.name)
			continue
		}
		judged = append(judged, s)
		r.Sets = append(r.Sets, setGains{Set: s.name, gains: gain([]stats.Term{{Weight: 1, Set: s.rows, Values: p.values(s)}}, inside)})
	}
	if out := terms(judged, p.has, p.values); out != nil {
		r.gains = gain(out, inside)
	}
	if len(r.AtFloor) > 0 {
		notes = append(notes, fmt.Sprintf("%s: %s is at floor on %s (its error reaches chance within its interval); left out of A and G of %s",
			b.name, base.name(), strings.Join(r.AtFloor, ", "), m.name()))
	}
	return r, notes
}

// atFloor says whether the model may be guessing on a set.
func (b *benchmark) atFloor(m *model, s *testSet) bool {
	e := stats.Linear([]stats.Term{{Weight: 1, Set: s.rows, Values: m.values(s)}})
	_, high := e.RateInterval()
	return high >= b.chance()
}

// gain estimates A and G from the terms of the OOD sets and, if there is an IID
// set, that of the IID set with its sign turned.
func gain(out, inside []stats.Term) gains {
	a := stats.Linear(out)
	g := gains{A: difference(a)}
	if inside == nil {
		return g
	}
	shrink := stats.Linear(append(out, inside...))
	g.G = difference(shrink)
	p := max(a.Above(), shrink.Above())
	g.P = &p
	return g
}

// judgeModels fills in adjusted p values and verdicts. The overall comparisons of a
// benchmark are one family, those by test set another; it returns the size of
// the first.
func judgeModels(margins Margins, models []modelResult) int {
	var whole, parts []*gains
	for i := range models {
		a := models[i].Against
		if a == nil {
			continue
		}
		whole = append(whole, &a.gains)
		for k := range a.Sets {
			parts = append(parts, &a.Sets[k].gains)
		}
	}
	adjust(margins, parts)
	return adjust(margins, whole)
}

// adjust treats the gains as one family and returns its size.
func adjust(margins Margins, cells []*gains) int {
	var family []*gains
	var p []float64
	for _, g := range cells {
		if g.P != nil {
			family, p = append(family, g), append(p, *g.P)
		}
	}
	for i, q := range stats.Holm(p) {
		family[i].Holm = &q
		family[i].Verdict = verdict(margins, family[i])
	}
	return len(family)
}

// verdict is the rule of a cell: "+" for a gain outside the training
// distribution that is not only the gain inside it, "-" where the data rule out
// a gain that counts, "0" where they decide neither.
func verdict(margins Margins, g *gains) string {
	if g.A == nil || g.G == nil || g.A.Low == nil || g.G.Low == nil {
		return ""
	}
	switch {
	case *g.Holm <= alpha && g.A.Value >= margins.OOD && g.G.Value >= margins.Gap:
		return "+"
	case *g.A.High < margins.OOD || *g.G.High < margins.Gap:
		return "-"
	}
	return "0"
}

// A pair is a model and its baseline, over the seeds of both.
type pair struct {
	base, m *model
	seeds   []string
}

func (p *pair) has(set string) bool { return p.base.has(set) && p.m.has(set) }

// values are the errors of the baseline minus those of the model.
func (p *pair) values(s *testSet) stats.Values {
	v := stats.NewValues(s.rows.Rows(), len(p.seeds))
	for k, seed := range p.seeds {
		m := p.m.cells[cellKey{seed, s.name}].wrong
		for i, wrong := range p.base.cells[cellKey{seed, s.name}].wrong {
			v[k][i] = wrong - m[i]
		}
	}
	return v
}
