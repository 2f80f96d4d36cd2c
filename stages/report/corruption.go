package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"shiftmill/stages/report/stats"
)

// alexnetClean is AlexNet's top-1 error on clean ImageNet, for the relative mCE.
const alexnetClean = 0.435

// alexnetName is what AlexNet is called as a reference.
const alexnetName = "AlexNet"

// corruptionErrors are a model's errors on a corruption benchmark, by corruption
// and by severity, and in units of a reference model's: CE by corruption, their
// mean, and the relative mean, which sets the growth of error over clean images
// against the reference's.
type corruptionErrors struct {
	Each     []corruptionError `json:"each"`
	Severity []severityError   `json:"severity"` // mean over the corruptions at it

	Reference string  `json:"reference,omitempty"` // "AlexNet", a method, or "" for none
	Complete  bool    `json:"complete"`            // all 15 corruptions of ImageNet-C at five severities
	Mean      *number `json:"mean,omitempty"`      // of CE; mCE when complete
	Relative  *number `json:"relative,omitempty"`  // the same of relative CE; needs clean images
}

// meanName is what the mean of CE is called: mCE if it is of all that ImageNet-C has.
func (c *corruptionErrors) meanName() string {
	if c.Complete {
		return "mCE"
	}
	return "mean CE"
}

type corruptionError struct {
	Corruption string  `json:"corruption"`
	Error      *number `json:"error"` // mean over severities, unnormalised
	CE         *number `json:"ce,omitempty"`
}

type severityError struct {
	Severity int     `json:"severity"`
	Error    *number `json:"error"`
}

// A grade is a test set that is a corruption at a severity.
type grade struct {
	corruption string
	severity   int
	set        *testSet
}

// grades finds the corruptions among the OOD sets, by their names: those of
// ImageNet-C and a severity from 1 to 5 behind them, such as
// "corruption=fog,severity=3" or "fog-3".
func (b *benchmark) grades() []grade {
	var gs []grade
	for _, s := range b.ood() {
		name := strings.ReplaceAll(strings.ToLower(s.name), "severity=", "")
		name = name[strings.LastIndexByte(name, '=')+1:]
		if len(name) < 3 {
			continue
		}
		severity, err := strconv.Atoi(name[len(name)-1:])
		if err != nil || severity < 1 || severity > 5 {
			continue
		}
		name = strings.ReplaceAll(strings.TrimRight(name[:len(name)-1], ",-/ _:"), "-", "_")
		if slices.ContainsFunc(alexnet, func(c corruption) bool { return c.name == name }) {
			gs = append(gs, grade{name, severity, s})
		}
	}
	return gs
}

// of are the sets of the grades that pass.
func of(gs []grade, pass func(grade) bool) (sets []*testSet, alex float64) {
	for _, g := range gs {
		if pass(g) {
			sets = append(sets, g.set)
			i := slices.IndexFunc(alexnet, func(c corruption) bool { return c.name == g.corruption })
			alex += alexnet[i].error[g.severity-1]
		}
	}
	return sets, alex / float64(len(sets))
}

// corrupted gives the model's errors by corruption and severity, in units of a
// reference if there is one; nil where the benchmark has no corruptions or the
// model lacks one.
func (b *benchmark) corrupted(boot *stats.Bootstrap, m *model, ref reference) *corruptionErrors {
	gs := b.grades()
	if b.several || len(gs) == 0 || slices.ContainsFunc(gs, func(g grade) bool { return !m.has(g.set.name) }) {
		return nil
	}
	seeds := m.seeds
	if ref.model != nil {
		if seeds = common([]*model{m, ref.model}); len(seeds) == 0 || slices.ContainsFunc(gs, func(g grade) bool { return !ref.model.has(g.set.name) }) {
			ref = reference{}
		}
	}
	r := &corruptionErrors{Reference: ref.name, Complete: true}
	inUnits := func(rs ratioMean) *number {
		if len(rs) > 0 && ref.model == m {
			one := 100.0 // by definition, whatever the images
			return &number{Value: one, Low: &one, High: &one}
		}
		return rs.number(boot, seeds)
	}
	var units, relative ratioMean
	for _, c := range alexnet {
		sets, alex := of(gs, func(g grade) bool { return g.corruption == c.name })
		r.Complete = r.Complete && (c.extra || len(sets) == 5)
		if len(sets) == 0 {
			continue
		}
		e := corruptionError{Corruption: c.name, Error: rate(estimate(boot, mean(1, sets, m), m.seeds))}
		if ref.name != "" {
			one := ref.ratio(m, sets, nil, alex)
			e.CE = inUnits(ratioMean{one})
			if !c.extra {
				units = append(units, one)
				if in := b.inside(); in != nil && m.has(in.name) && (ref.model == nil || ref.model.has(in.name)) {
					relative = append(relative, ref.ratio(m, sets, in, alex-alexnetClean))
				}
			}
		}
		r.Each = append(r.Each, e)
	}
	for severity := 1; severity <= 5; severity++ {
		if sets, _ := of(gs, func(g grade) bool { return g.severity == severity }); len(sets) > 0 {
			r.Severity = append(r.Severity, severityError{severity, rate(estimate(boot, mean(1, sets, m), m.seeds))})
		}
	}
	r.Mean, r.Relative = inUnits(units), inUnits(relative)
	return r
}

// A reference is what corruption errors are in units of: a model of the same
// benchmark, AlexNet's published errors where model is nil, or nothing where name
// is empty.
type reference struct {
	name  string
	model *model
}

// ratio is the mean error over sets, less that on clean images if given, over the
// reference's; alex is the reference's where it is AlexNet.
func (ref reference) ratio(m *model, sets []*testSet, clean *testSet, alex float64) ratio {
	of := func(m *model) []summand {
		parts := mean(1, sets, m)
		if clean != nil {
			parts = append(parts, mean(-1, []*testSet{clean}, m)...)
		}
		return parts
	}
	r := ratio{own: of(m), unit: alex}
	if ref.model != nil {
		r.other = of(ref.model)
	}
	return r
}

// A ratio is a statistic over a constant, or over a statistic of the same images.
type ratio struct {
	own, other []summand
	unit       float64 // the denominator where other is nil
}

// A ratioMean is a mean of ratios.
type ratioMean []ratio

// number gives the mean in percent, with the variance of its linearisation.
func (rs ratioMean) number(boot *stats.Bootstrap, seeds []string) *number {
	if len(rs) == 0 {
		return nil
	}
	var parts []summand
	var value float64
	for _, r := range rs {
		under := r.unit
		if r.other != nil {
			under = estimate(boot, r.other, seeds).Value
		}
		if under <= 0 {
			return nil
		}
		q := estimate(boot, r.own, seeds).Value / under
		value += q / float64(len(rs))
		scale := 1 / float64(under*float64(len(rs)))
		parts = append(parts, scaled(r.own, scale)...)
		parts = append(parts, scaled(r.other, -float64(q*scale))...)
	}
	e := estimate(boot, parts, seeds)
	e.Value = value
	return difference(e)
}

func scaled(parts []summand, by float64) []summand {
	out := slices.Clone(parts)
	for i := range out {
		out[i].weight = float64(out[i].weight * by)
	}
	return out
}

// reference finds what corruption errors of a model are in units of.
func (b *benchmark) reference(m *model) reference {
	switch b.about.CE {
	case "":
		return reference{}
	case "alexnet":
		return reference{name: alexnetName}
	}
	x := b.find(b.about.CE, m.rest)
	if x == nil {
		x = b.find(b.about.CE, "")
	}
	if x == nil {
		return reference{}
	}
	return reference{x.name(), x}
}

// checkReference reports a reference that no model is, or corruptions that are
// not there.
func (b *benchmark) checkReference() error {
	if b.about.CE == "" {
		return nil
	}
	if len(b.grades()) == 0 {
		return fmt.Errorf("benchmarks.%s.corruption_error: no test set is named after a corruption of ImageNet-C and a severity, such as %q", b.name, "corruption=fog,severity=3")
	}
	if b.about.CE != "alexnet" && len(b.named([]string{b.about.CE})) == 0 {
		return fmt.Errorf("benchmarks.%s.corruption_error: no method %q; give one of %s, or alexnet for ImageNet", b.name, b.about.CE, quoted(methodNames([]*benchmark{b})))
	}
	return nil
}
