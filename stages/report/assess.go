package report

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"shiftmill/stages/report/stats"
)

// level is the chance that an interval holds the truth; a "+" is judged at half
// of the rest, as the lower end of an interval is.
const (
	level = 0.95
	alpha = 0.025
)

// assess turns predictions into all that the report says.
func (c *Config) assess(all []*benchmark, boot *stats.Bootstrap) (*result, error) {
	r := &result{
		Format: format, Title: c.Title, Baseline: c.Baseline, Replicate: c.Replicate, Level: level,
		Margins: marginsResult(c.Margins), larger: c.Hypotheses.Larger,
	}
	known := c.Baseline == ""
	for _, b := range all {
		r.Inputs = append(r.Inputs, b.inputs...)
		if err := b.checkReference(); err != nil {
			return nil, err
		}
		br, notes := c.benchmark(b, boot)
		r.Benchmarks = append(r.Benchmarks, br)
		r.Notes = append(r.Notes, notes...)
		for _, m := range b.models {
			known = known || m.method == c.Baseline
		}
	}
	if !known {
		return nil, fmt.Errorf("baseline: no method %q; methods are %s", c.Baseline, quoted(methodNames(all)))
	}
	if c.Hypotheses.named() {
		if err := c.Hypotheses.missing(all); err != nil {
			return nil, err
		}
		r.Hypotheses = c.hypotheses(all, boot)
	}
	if c.Reference == "published" {
		tables, err := readPublished()
		if err != nil {
			return nil, err
		}
		sizes, err := readSizes()
		if err != nil {
			return nil, err
		}
		r.Published = &publishedResult{tables, pointSigns(tables, c.Margins), publishedCorrelations(tables), publishedBlur(tables), sizes}
	}
	return r, nil
}

func methodNames(all []*benchmark) []string {
	var names []string
	for _, b := range all {
		for _, m := range b.models {
			if !slices.Contains(names, m.method) {
				names = append(names, m.method)
			}
		}
	}
	return names
}

func (c *Config) benchmark(b *benchmark, boot *stats.Bootstrap) (benchmarkResult, []string) {
	r := benchmarkResult{
		Name: b.name, Real: b.about.Real, Shift: b.about.Shift,
		Classes: len(b.classes), Chance: 100 * b.sets[0].chance, Clusters: b.by, Measure: b.measure(),
	}
	for _, s := range b.sets {
		r.Sets = append(r.Sets, setResult{Name: s.name, IID: s.iid, Images: s.rows.Rows(), Clusters: s.rows.Clusters()})
	}
	fitted := b.fit(c, boot)
	if fitted != nil {
		r.Line = fitted.points()
	}
	notes := append(slices.Clone(b.notes), c.remarks(b)...)
	for _, m := range b.models {
		mr := b.errors(c, boot, m)
		mr.Corruption = b.corrupted(boot, m, b.reference(m))
		if b.about.CueConflict != "" && !b.several {
			mr.Shape = b.shapes(m)
		}
		mr.Effort = m.effort
		if mr.Parameters = c.Parameters[m.method]; mr.Parameters == 0 && m.effort != nil {
			mr.Parameters = float64(m.effort.Parameters) / 1e6
		}
		if fitted != nil {
			mr.Effective = fitted.beyond(m)
		}
		if base := c.baselineOf(b, m); base == m {
			mr.Baseline = true
		} else if base != nil {
			cmp, more := b.compare(boot, b.ood(), base, m)
			mr.Against = cmp
			notes = append(notes, more...)
		}
		r.Models = append(r.Models, mr)
	}
	switch {
	case !slices.Contains(c.Metrics, "classes"):
	case b.several:
		b.byLabel(boot, r.Models)
	default:
		b.byClass(r.Models)
	}
	notes = append(notes, b.byAttribute(boot, c.Attributes, r.Models)...)
	r.Family = judgeModels(c.Margins, r.Models)
	return r, unique(notes)
}

// topOne is the measure of sets with one label a row.
const topOne = "top-1 error"

// measure names what is called error.
func (b *benchmark) measure() string {
	switch {
	case !b.several:
		return topOne
	case b.about.precision() == stats.Reference:
		return "100 - mAP, in the form of DeepFashion Remixed"
	}
	return "100 - mAP"
}

// folds names those that the test sets hold, the first ones where they are many.
func (b *benchmark) folds() string {
	all := map[string]bool{}
	for _, s := range b.sets {
		for _, f := range s.folds {
			all[f] = true
		}
	}
	names := slices.Sorted(maps.Keys(all))
	if n := len(names); n > 8 {
		names = append(names[:6], fmt.Sprintf("%d more", n-6))
	}
	return strings.Join(names, "; ")
}

// remarks are what a reader must know before the numbers.
func (c *Config) remarks(b *benchmark) (notes []string) {
	if b.inside() == nil {
		notes = append(notes, fmt.Sprintf("%s: no test set is called %q, so there is no IID/OOD gap", b.name, c.IID))
	}
	if len(c.Folds) > 0 {
		notes = append(notes, fmt.Sprintf("%s: test sets of one name are pooled over the folds (%s), each image judged by the model of its own fold; training effort is that of one fold", b.name, b.folds()))
	}
	var single []string
	for _, m := range b.models {
		if len(m.seeds) == 1 {
			single = append(single, m.name())
		}
	}
	if len(single) > 0 {
		who := strings.Join(single, ", ")
		if len(single) == len(b.models) {
			who = "all methods"
		}
		notes = append(notes, fmt.Sprintf("%s: one seed (%s): intervals are about these weights only; training again may give other numbers", b.name, who))
	}
	return append(notes, b.uneven()...)
}

// baselineOf is the model that m is compared with: the baseline method with the
// same other coordinates.
func (c *Config) baselineOf(b *benchmark, m *model) *model {
	if c.Baseline == "" {
		return nil
	}
	for _, x := range b.models {
		if x.method == c.Baseline && x.rest == m.rest {
			return x
		}
	}
	return nil
}

// errors are the rates of one model.
func (b *benchmark) errors(c *Config, boot *stats.Bootstrap, m *model) modelResult {
	r := modelResult{Name: m.name(), Seeds: m.seeds}
	in := b.inside()
	reliable := map[bool]*stats.Reliability{true: {}, false: {}} // by whether inside
	for _, s := range b.sets {
		e := setError{Set: s.name}
		if m.has(s.name) {
			own := mean(1, []*testSet{s}, m)
			e.Error = rate(estimate(boot, own, m.seeds))
			if len(m.seeds) > 1 {
				for _, seed := range m.seeds {
					e.Seeds = append(e.Seeds, 100*m.cells[cellKey{seed, s.name}].error(s.rows, nil))
				}
			}
			if in != nil && !s.iid && m.has(in.name) {
				e.Gap = difference(estimate(boot, append(own, mean(-1, []*testSet{in}, m)...), m.seeds))
			}
			b.extras(c, boot, m, s, &e, reliable[s.iid])
		}
		r.Errors = append(r.Errors, e)
	}
	for _, iid := range []bool{true, false} {
		if x, ok := reliabilityOf(iid, reliable[iid]); ok {
			r.Reliable = append(r.Reliable, x)
		}
	}
	out := mean(1, b.ood(), m)
	if out == nil {
		return r
	}
	r.OOD = rate(estimate(boot, out, m.seeds))
	if in != nil && m.has(in.name) {
		r.Gap = difference(estimate(boot, append(out, mean(-1, []*testSet{in}, m)...), m.seeds))
	}
	return r
}

// rate puts an estimated rate in percent with Wilson's interval.
func rate(e stats.Estimate) *number {
	n := percent(e, math.Sqrt(e.Images+e.Seeds))
	if low, high := e.RateInterval(); e.Known() || e.Simple {
		low, high = 100*low, 100*high
		n.Low, n.High = &low, &high
	}
	return n
}

// difference puts an estimated difference in points with Student's interval.
func difference(e stats.Estimate) *number {
	n := percent(e, e.SE())
	if low, high := e.Interval(); e.Known() {
		low, high = 100*low, 100*high
		n.Low, n.High = &low, &high
	}
	return n
}

func percent(e stats.Estimate, se float64) *number {
	return &number{Value: 100 * e.Value, SE: 100 * se, SeedSE: 100 * math.Sqrt(e.Seeds), DF: e.DF}
}
