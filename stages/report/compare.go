package report

import (
	"fmt"
	"strings"

	"shiftmill/stages/report/stats"
)

// compare sets a model against its baseline on IID and the given OOD sets: the
// same images, the same seeds.
func (b *benchmark) compare(boot *stats.Bootstrap, ood []*testSet, base, m *model) (*comparison, []string) {
	p := &pair{base: base, m: m, seeds: common([]*model{m, base}), boot: boot}
	if len(p.seeds) == 0 {
		return nil, []string{fmt.Sprintf("%s: %s and %s share no seed and are not compared", b.name, m.name(), base.name())}
	}
	var notes []string
	if len(p.seeds) < len(m.seeds) || len(p.seeds) < len(base.seeds) {
		notes = append(notes, fmt.Sprintf("%s: %s and %s are compared over the %d seeds of both", b.name, m.name(), base.name(), len(p.seeds)))
	}
	r := &comparison{Baseline: base.name(), Seeds: p.seeds}
	in := b.inside()
	var inside []summand // minus the difference on IID
	if in != nil {
		if less := p.less(1, []*testSet{in}); less != nil {
			r.IID = difference(estimate(boot, less, p.seeds))
			inside = p.less(-1, []*testSet{in})
		}
	}
	var judged []*testSet
	for _, s := range ood {
		one := p.less(1, []*testSet{s})
		if one == nil {
			judged = append(judged, s) // keeps A from being a mean of other sets
			continue
		}
		if s.atFloor(boot, base) {
			r.AtFloor = append(r.AtFloor, s.name)
			continue
		}
		judged = append(judged, s)
		r.Sets = append(r.Sets, setGains{Set: s.name, gains: p.gain(one, inside), McNemar: p.discordant(s)})
	}
	if out := p.less(1, judged); out != nil {
		r.gains = p.gain(out, inside)
	}
	if len(r.AtFloor) > 0 {
		notes = append(notes, fmt.Sprintf("%s: %s is at floor on %s (its error reaches chance within its interval); left out of A and G against it",
			b.name, base.name(), strings.Join(r.AtFloor, ", ")))
	}
	return r, notes
}

// atFloor says whether the model may be guessing on a set.
func (s *testSet) atFloor(boot *stats.Bootstrap, m *model) bool {
	_, high := estimate(boot, mean(1, []*testSet{s}, m), m.seeds).RateInterval()
	return high >= s.chance
}

// A pair is a model and its baseline, over the seeds of both.
type pair struct {
	base, m *model
	seeds   []string
	boot    *stats.Bootstrap
}

// less is weight times how many fewer errors the model makes on the sets than
// the baseline; nil where one of them lacks a set.
func (p *pair) less(weight float64, sets []*testSet) []summand {
	base, own := mean(weight, sets, p.base), mean(-weight, sets, p.m)
	if base == nil || own == nil {
		return nil
	}
	return append(base, own...)
}

// discordant tests single weights on a set; nil where the test does not hold.
func (p *pair) discordant(s *testSet) *float64 {
	if len(p.base.seeds) != 1 || len(p.m.seeds) != 1 || s.rows.Clusters() != s.rows.Rows() {
		return nil
	}
	base, own := p.base.cells[cellKey{p.seeds[0], s.name}], p.m.cells[cellKey{p.seeds[0], s.name}]
	if base.wrong == nil || own.wrong == nil {
		return nil
	}
	first, second := 0, 0
	for i, w := range base.wrong {
		switch {
		case w > own.wrong[i]:
			first++
		case w < own.wrong[i]:
			second++
		}
	}
	q := stats.McNemar(first, second)
	return &q
}

// gain estimates A and G from the sum over OOD sets and, if there is an IID set,
// that over it with its sign turned.
func (p *pair) gain(out, inside []summand) gains {
	a := estimate(p.boot, out, p.seeds)
	g := gains{A: difference(a)}
	if inside == nil {
		return g
	}
	shrink := estimate(p.boot, append(out, inside...), p.seeds)
	g.G = difference(shrink)
	q := max(a.Above(), shrink.Above())
	g.P = &q
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
