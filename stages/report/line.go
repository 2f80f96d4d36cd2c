package report

import (
	"math"
	"slices"

	"shiftmill/kernels"
	"shiftmill/stages/report/stats"
)

// A line is drawn through models that differ in IID accuracy alone, on logit
// axes: what a model's OOD accuracy would be if only IID accuracy mattered. The
// distance of a method from it is its effective robustness.
// Source: Taori et al., NeurIPS 2020.
type line struct {
	models       []*model
	x, y         []float64 // logits of IID and OOD accuracy
	mx, my       float64   // their means
	sxx          float64
	slope        float64
	seeds        []string
	boot         *stats.Bootstrap
	inside       *testSet
	outside      []*testSet
	first, final float64 // least and largest IID accuracy
}

// leastLine is how many models a line needs, and leastSpan over how much IID
// accuracy.
const (
	leastLine = 5
	leastSpan = 0.05
)

// fit draws the line through the models named in the spec, or through the
// baseline's variants; nil where there are too few or too like ones.
func (b *benchmark) fit(c *Config, boot *stats.Bootstrap) *line {
	names := c.Line
	if len(names) == 0 && c.Baseline != "" {
		names = []string{c.Baseline}
	}
	l := &line{boot: boot, inside: b.inside(), outside: b.ood(), first: math.Inf(1), final: math.Inf(-1)}
	if l.inside == nil || len(l.outside) == 0 {
		return nil
	}
	for _, m := range b.named(names) {
		x, y, ok := l.place(m)
		if !ok {
			continue
		}
		l.models, l.x, l.y = append(l.models, m), append(l.x, x), append(l.y, y)
		in := sigmoid(x)
		l.first, l.final = min(l.first, in), max(l.final, in)
	}
	if len(l.models) < leastLine || l.final-l.first < leastSpan {
		return nil
	}
	if l.seeds = common(l.models); len(l.seeds) == 0 {
		return nil
	}
	n := float64(len(l.x))
	for i := range l.x {
		l.mx += l.x[i] / n
		l.my += l.y[i] / n
	}
	var sxy float64
	for i, x := range l.x {
		l.sxx += float64((x - l.mx) * (x - l.mx))
		sxy += float64((x - l.mx) * (l.y[i] - l.my))
	}
	l.slope = sxy / l.sxx
	return l
}

// place is a model's point; not ok where an accuracy is 0 or 1 or missing.
func (l *line) place(m *model) (x, y float64, ok bool) {
	in, out := mean(1, []*testSet{l.inside}, m), mean(1, l.outside, m)
	if in == nil || out == nil {
		return 0, 0, false
	}
	p := 1 - estimate(l.boot, in, m.seeds).Value
	q := 1 - estimate(l.boot, out, m.seeds).Value
	if p <= 0 || p >= 1 || q <= 0 || q >= 1 {
		return 0, 0, false
	}
	return logit(p), logit(q), true
}

// at is the OOD accuracy that the line gives for a logit of IID accuracy.
func (l *line) at(x float64) float64 { return sigmoid(l.my + float64(l.slope*(x-l.mx))) }

// beyond is the effective robustness of a model: its OOD accuracy minus the
// line's. Its error is that of the model and of the line, linearised.
func (l *line) beyond(m *model) *number {
	x, y, ok := l.place(m)
	seeds := common(append(slices.Clone(l.models), m))
	if !ok || len(seeds) == 0 {
		return nil
	}
	p := l.at(x)
	steep := float64(p * (1 - p)) // of the sigmoid at the line
	parts := mean(-1, l.outside, m)
	parts = append(parts, mean(float64(steep*l.slope)*perError(x), []*testSet{l.inside}, m)...)
	n := float64(len(l.x))
	for i, base := range l.models {
		dx, dy := l.x[i]-l.mx, l.y[i]-l.my
		byY := 1/n + float64((x-l.mx)*dx)/l.sxx
		byX := float64((x-l.mx)*(dy-float64(2*l.slope*dx)))/l.sxx - l.slope/n
		parts = append(parts, mean(float64(steep*byY)*perError(l.y[i]), l.outside, base)...)
		parts = append(parts, mean(float64(steep*byX)*perError(l.x[i]), []*testSet{l.inside}, base)...)
	}
	e := estimate(l.boot, parts, seeds)
	e.Value = sigmoid(y) - p
	return difference(e)
}

// perError is how far a logit of accuracy falls with the error rate.
func perError(logit float64) float64 {
	p := sigmoid(logit)
	return 1 / float64(p*(1-p))
}

func logit(p float64) float64 { return kernels.Log64(p / (1 - p)) }

func sigmoid(x float64) float64 { return 1 / (1 + kernels.Exp64(-x)) }

// points are the line's ends and what lies between, in errors.
func (l *line) points() []linePoint {
	const steps = 16
	ps := make([]linePoint, steps+1)
	for i := range ps {
		in := l.first + float64(float64(i)/steps*(l.final-l.first))
		ps[i] = linePoint{100 * (1 - in), 100 * (1 - l.at(logit(in)))}
	}
	return ps
}
