package report

import (
	"fmt"
	"slices"
	"strings"

	"shiftmill/stages/report/stats"
)

// equivalent is how far G may lie from 0 for "only IID accuracy matters" to be
// supported, in points.
const equivalent = 1.0

// The outcomes of a property of robustness.
const (
	supported    = "supported"
	contradicted = "contradicted"
	undecided    = "undecided"
	untested     = "not tested"
)

// texture judges row 5: methods that distort texture help where texture shifts,
// and more there than elsewhere.
func (j *judge) texture() hypothesisResult {
	r := hypothesisResult{Number: 5, Name: "Texture Bias", Verdict: untested, Why: "no test set is marked shift: texture"}
	on, off := j.textured()
	if len(on) == 0 {
		return r
	}
	var cells []evidenceCell
	for _, p := range on {
		v := hypothesisVerdict{Benchmark: p.b.name}
		for _, x := range j.c.against(j.c.Hypotheses.Texture) {
			v.Cells = append(v.Cells, j.evidence(p.b, p.sets, x)...)
		}
		if len(v.Cells) > 0 {
			v.Verdict, v.Why = majority(v.Cells)
			r.Benchmarks = append(r.Benchmarks, v)
			cells = append(cells, v.Cells...)
		}
	}
	if len(cells) == 0 {
		r.Why = "no method that distorts texture was tested where texture shifts"
		return r
	}
	sign, why := majority(cells)
	r.Verdict, r.Why = undecided, "where texture shifts "+why
	if len(off) == 0 {
		r.Why += "; no other shift to compare with"
	} else if e, ok := j.moreThanElsewhere(on, off); ok {
		r.Contrast = difference(e)
		r.Why += "; mean G there minus elsewhere " + signed(r.Contrast).text()
	}
	switch {
	case sign == "-":
		r.Verdict = contradicted
	case sign == "+" && r.Contrast != nil && r.Contrast.Low != nil && *r.Contrast.Low > 0:
		r.Verdict = supported
	}
	return r
}

// A part is some test sets of a benchmark.
type part struct {
	b    *benchmark
	sets []*testSet
}

// textured are the OOD sets where texture shifts, and the others.
func (j *judge) textured() (on, off []part) {
	for _, b := range j.all {
		var texture, other []*testSet
		for _, s := range b.ood() {
			if b.about.shift(s.name) == "texture" {
				texture = append(texture, s)
			} else {
				other = append(other, s)
			}
		}
		if len(texture) > 0 {
			on = append(on, part{b, texture})
		}
		if len(other) > 0 {
			off = append(off, part{b, other})
		}
	}
	return on, off
}

// moreThanElsewhere is the mean G of texture-distorting methods on the first
// parts minus that on the others, each benchmark counting alike.
func (j *judge) moreThanElsewhere(on, off []part) (stats.Estimate, bool) {
	var models []*model
	for _, p := range append(slices.Clone(on), off...) {
		models = append(models, p.b.named(append([]string{j.c.Baseline}, j.c.Hypotheses.Texture...))...)
	}
	seeds := common(models)
	if len(seeds) == 0 {
		return stats.Estimate{}, false
	}
	var parts []summand
	for k, side := range [][]part{on, off} {
		w := []float64{1, -1}[k] / float64(len(side))
		for _, p := range side {
			in := p.b.inside()
			base, with := p.b.named([]string{j.c.Baseline}), p.b.named(j.c.Hypotheses.Texture)
			if in == nil || len(base) == 0 || len(with) == 0 {
				return stats.Estimate{}, false
			}
			for _, t := range [][]summand{
				mean(w, p.sets, base...), mean(-w, p.sets, with...),
				mean(-w, []*testSet{in}, base...), mean(w, []*testSet{in}, with...),
			} {
				if t == nil {
					return stats.Estimate{}, false
				}
				parts = append(parts, t...)
			}
		}
	}
	return estimate(j.boot, parts, seeds), true
}

// shift is what shifts in a test set.
func (b *Benchmark) shift(set string) string {
	if s, ok := b.Sets[set]; ok {
		return s
	}
	return b.Shift
}

// Where an interval of G lies to the margin of row 6.
const (
	withinMargin = "within"
	beyondMargin = "beyond"
	acrossMargin = "across"
)

// onlyIID judges row 6: no method changes the gap.
func (j *judge) onlyIID(against []contrast) (hypothesisResult, []onlyCell) {
	r := hypothesisResult{Number: 6, Name: "Only IID Accuracy Matters"}
	var all []onlyCell
	var gaining, beyond, differ []string
	inside := 0
	for _, b := range j.all {
		for _, x := range against {
			for _, c := range j.evidence(b, nil, x) {
				cell := onlyCell{Benchmark: b.name, Method: c.With, IID: j.inside(b, c), G: c.G, Verdict: c.Verdict, Place: acrossMargin, Effective: j.residual(b, c)}
				if c.G.Low != nil {
					switch low, high := *c.G.Low, *c.G.High; {
					case low > equivalent || high < -equivalent:
						cell.Place = beyondMargin
						beyond = append(beyond, c.With+" on "+b.name)
					case low >= -equivalent && high <= equivalent:
						cell.Place = withinMargin
						inside++
					}
				}
				if c.Verdict == "+" {
					gaining = append(gaining, c.With+" on "+b.name)
				}
				if cell.differs() {
					differ = append(differ, c.With+" on "+b.name)
				}
				all = append(all, cell)
			}
		}
	}
	switch {
	case len(all) == 0:
		r.Verdict, r.Why = untested, "no method was compared with the baseline inside and outside the training distribution"
	case len(gaining) > 0:
		r.Verdict, r.Why = contradicted, "gains beyond IID: "+strings.Join(gaining, ", ")
	case len(beyond) > 0:
		r.Verdict, r.Why = contradicted, fmt.Sprintf("G lies beyond %s points: %s", decimal(equivalent), strings.Join(beyond, ", "))
	case inside == len(all):
		r.Verdict, r.Why = supported, fmt.Sprintf("every G lies within %s points of 0", decimal(equivalent))
	default:
		r.Verdict, r.Why = undecided, fmt.Sprintf("%d of %d G lie within %s points of 0 for certain, none for certain beyond", inside, len(all), decimal(equivalent))
	}
	if len(differ) > 0 {
		r.Why += "; effective robustness has the other sign: " + strings.Join(differ, ", ")
	}
	return r, all
}

// inside is how many fewer IID errors the second model of a comparison makes.
func (j *judge) inside(b *benchmark, c evidenceCell) *number {
	found := j.cells[[4]string{b.name, "", c.Plain, c.With}]
	if found == nil {
		return nil
	}
	return found.IID
}

// residual is a method's distance from the logit line; nil where there is no line.
func (j *judge) residual(b *benchmark, c evidenceCell) *number {
	if l := j.lines[b]; l != nil {
		return l.beyond(b.byName(c.With))
	}
	return nil
}

// differs says whether the distance from the logit line is for certain on the other
// side of 0 than G.
func (c *onlyCell) differs() bool {
	e := c.Effective
	return e != nil && e.Low != nil && (*e.Low > 0 && c.G.Value < 0 || *e.High < 0 && c.G.Value > 0)
}

// synthetic judges row 7: methods trained on synthetic changes do not help on
// real shifts.
func (j *judge) synthetic(against []contrast) hypothesisResult {
	r := hypothesisResult{Number: 7, Name: "Synthetic does not help Real", Verdict: untested, Why: "no benchmark is marked real: true"}
	var gaining []string
	cells, losing := 0, 0
	for _, b := range j.all {
		if !b.about.Real {
			continue
		}
		v := hypothesisVerdict{Benchmark: b.name}
		for _, x := range against {
			v.Cells = append(v.Cells, j.evidence(b, nil, x)...)
		}
		if len(v.Cells) == 0 {
			continue
		}
		v.Verdict, v.Why = majority(v.Cells)
		r.Benchmarks = append(r.Benchmarks, v)
		for _, c := range v.Cells {
			cells++
			switch c.Verdict {
			case "+":
				gaining = append(gaining, c.With+" on "+b.name)
			case "-":
				losing++
			}
		}
	}
	switch {
	case cells == 0:
	case len(gaining) > 0:
		r.Verdict, r.Why = contradicted, "synthetic changes help on real shifts: "+strings.Join(gaining, ", ")
	case losing == cells:
		r.Verdict, r.Why = supported, fmt.Sprintf("no gain that counts in any of %d comparisons on real shifts", cells)
	default:
		r.Verdict, r.Why = undecided, fmt.Sprintf("a gain that counts is ruled out in %d of %d comparisons on real shifts", losing, cells)
	}
	for _, x := range j.blur() {
		if x.Rho != nil {
			r.Why += fmt.Sprintf("; errors under the blurs of %s and on %s have rank correlation %.2f over %d methods", x.Synthetic, x.Real, *x.Rho, len(x.Rows))
		}
	}
	return r
}

// multivariate judges row 8: what helps on one benchmark fails on another.
func (j *judge) multivariate(against []contrast, correlations []correlation) hypothesisResult {
	r := hypothesisResult{Number: 8, Name: "Multivariate", Verdict: untested, Why: "needs at least two benchmarks"}
	if len(j.all) < 2 {
		return r
	}
	var split []string
	for _, x := range against {
		signs := map[string][]string{}
		for _, b := range j.all {
			for _, c := range j.evidence(b, nil, x) {
				signs[c.Verdict] = append(signs[c.Verdict], b.name)
			}
		}
		if len(signs["+"]) > 0 && len(signs["-"]) > 0 {
			split = append(split, fmt.Sprintf("%s helps on %s, not on %s", x.with, signs["+"][0], signs["-"][0]))
		}
	}
	least, known := 1.0, true
	for _, c := range correlations {
		if c.Rho == nil {
			known = false
			continue
		}
		least = min(least, *c.Rho)
	}
	switch {
	case len(split) > 0:
		r.Verdict, r.Why = supported, strings.Join(split, "; ")
	case known && least > 0.9:
		r.Verdict, r.Why = contradicted, "no method helps on one benchmark and fails on another, and benchmarks rank methods alike"
	default:
		r.Verdict, r.Why = undecided, "no method helps on one benchmark and fails on another for certain"
	}
	return r
}

// correlations are between the benchmarks' G over the methods of both.
func (j *judge) correlations(against []contrast) []correlation {
	var cs []correlation
	for i, a := range j.all {
		for _, b := range j.all[i+1:] {
			var x, y []float64
			for _, m := range against {
				p, q := j.evidence(a, nil, m), j.evidence(b, nil, m)
				if len(p) == 1 && len(q) == 1 {
					x, y = append(x, p[0].G.Value), append(y, q[0].G.Value)
				}
			}
			c := correlation{Benchmarks: [2]string{a.name, b.name}, Methods: len(x)}
			if rho, ok := stats.Spearman(x, y); ok {
				c.Rho = &rho
			}
			cs = append(cs, c)
		}
	}
	return cs
}
