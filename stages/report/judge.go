package report

import (
	"fmt"
	"slices"
	"strconv"

	"shiftmill/stages/report/stats"
)

// A judge holds the cells of the hypotheses table: each comparison once, however
// many hypotheses rest on it, since all of them are one family of tests.
type judge struct {
	c     *Config
	all   []*benchmark
	boot  *stats.Bootstrap
	lines map[*benchmark]*line      // those that could be drawn
	cells map[[4]string]*comparison // by benchmark, its sets where these are not all, plain, with
	order []*gains
	parts []*gains // of single test sets, a family of their own
}

// hypotheses judges what the spec names, by the criteria of the paper made exact:
// a method's sign on a benchmark is that of more than half of its comparisons.
func (c *Config) hypotheses(all []*benchmark, boot *stats.Bootstrap) *hypothesesResult {
	j := &judge{c: c, all: all, boot: boot, lines: map[*benchmark]*line{}, cells: map[[4]string]*comparison{}}
	for _, b := range all {
		j.lines[b] = b.fit(c, boot)
	}
	h := &c.Hypotheses
	var against []contrast // every method with the baseline
	if c.Baseline != "" {
		for _, m := range methodNames(all) {
			if m != c.Baseline {
				against = append(against, contrast{plain: c.Baseline, with: m})
			}
		}
	}
	// All cells are made before any is judged, since each p value depends on
	// how many there are.
	for _, contrasts := range [][]contrast{h.larger(), pairsOf(h.Attention), pairsOf(h.Pretraining), against} {
		for _, b := range all {
			for _, x := range contrasts {
				j.evidence(b, nil, x)
			}
		}
	}
	on, _ := j.textured()
	for _, p := range on {
		for _, x := range c.against(h.Texture) {
			j.evidence(p.b, p.sets, x)
		}
	}
	r := &hypothesesResult{Family: adjust(c.Margins, j.order), Blur: j.blur()}
	adjust(c.Margins, j.parts)
	add := func(number int, name string, contrasts []contrast) {
		if len(contrasts) > 0 {
			r.Rows = append(r.Rows, j.method(number, name, contrasts))
		}
	}
	add(1, "Larger Models", h.larger())
	add(2, "Self-Attention", pairsOf(h.Attention))
	add(3, "Diverse Data Augmentation", c.against(h.Diverse))
	add(4, "Pretraining", pairsOf(h.Pretraining))
	if len(h.Texture) > 0 {
		row := j.texture()
		row.Why += j.shapeShares()
		r.Rows = append(r.Rows, row)
	}
	if len(against) > 0 {
		row, cells := j.onlyIID(against)
		r.Rows, r.Only = append(r.Rows, row), cells
	}
	if s := h.synthetic(); len(s) > 0 {
		r.Rows = append(r.Rows, j.synthetic(c.against(s)))
	}
	if len(against) > 0 {
		r.Correlations = j.correlations(against)
		r.Rows = append(r.Rows, j.multivariate(against, r.Correlations))
	}
	return r
}

// against are comparisons of methods with the baseline.
func (c *Config) against(methods []string) []contrast {
	var cs []contrast
	for _, m := range methods {
		cs = append(cs, contrast{plain: c.Baseline, with: m})
	}
	return cs
}

// evidence is the cells of one comparison on a benchmark, or on some of its OOD
// sets: one for each value of the other axes.
func (j *judge) evidence(b *benchmark, sets []*testSet, x contrast) []evidenceCell {
	some := ""
	if sets == nil || len(sets) == len(b.ood()) {
		sets = b.ood()
	} else {
		for _, s := range sets {
			some += strconv.Quote(s.name)
		}
	}
	var cells []evidenceCell
	for _, m := range b.models {
		if m.method != x.with {
			continue
		}
		plain := b.find(x.plain, m.rest)
		if plain == nil {
			continue
		}
		key := [4]string{b.name, some, plain.name(), m.name()}
		found, ok := j.cells[key]
		if !ok {
			if cmp, _ := b.compare(j.boot, sets, plain, m); cmp != nil && cmp.A != nil && cmp.G != nil {
				found = cmp
				j.order = append(j.order, &cmp.gains)
				for i := range cmp.Sets {
					j.parts = append(j.parts, &cmp.Sets[i].gains)
				}
			}
			j.cells[key] = found
		}
		if found != nil {
			c := evidenceCell{Plain: plain.name(), With: m.name(), gains: &found.gains, Sets: found.Sets}
			c.Weights, c.MACs = j.growth(plain, m)
			if plain.effort != nil && m.effort != nil && plain.effort.ImagesSeen > 0 {
				c.Seen = float64(m.effort.ImagesSeen) / float64(plain.effort.ImagesSeen)
			}
			cells = append(cells, c)
		}
	}
	return cells
}

// growth is by what factors the second network has more weights, and takes more
// multiply-adds, than the first; 0 where that is not known.
func (j *judge) growth(plain, with *model) (weights, macs float64) {
	w := [2]float64{j.c.Parameters[plain.method], j.c.Parameters[with.method]}
	var a [2]float64
	for i, m := range []*model{plain, with} {
		if m.effort == nil {
			continue
		}
		if w[i] == 0 {
			w[i] = float64(m.effort.Parameters) / 1e6
		}
		a[i] = float64(m.effort.MACs)
	}
	if w[0] > 0 {
		weights = w[1] / w[0]
	}
	if a[0] > 0 {
		macs = a[1] / a[0]
	}
	return weights, macs
}

func (b *benchmark) find(method, rest string) *model {
	for _, m := range b.models {
		if m.method == method && m.rest == rest {
			return m
		}
	}
	return nil
}

// byName is the model of a name that comparisons hold.
func (b *benchmark) byName(name string) *model {
	return b.models[slices.IndexFunc(b.models, func(m *model) bool { return m.name() == name })]
}

// method judges rows 1 to 4, benchmark by benchmark.
func (j *judge) method(number int, name string, contrasts []contrast) hypothesisResult {
	r := hypothesisResult{Number: number, Name: name, Why: "by benchmark"}
	for _, b := range j.all {
		v := hypothesisVerdict{Benchmark: b.name}
		for _, x := range contrasts {
			for _, cell := range j.evidence(b, nil, x) {
				cell.Uncontrolled = number == 4 && !x.controlled
				if number == 3 {
					cell.Overlap = j.overlapOf(b, b.byName(cell.Plain), b.byName(cell.With))
				}
				v.Cells = append(v.Cells, cell)
			}
		}
		if len(v.Cells) == 0 {
			continue
		}
		v.Verdict, v.Why = majority(v.Cells)
		if number <= 2 {
			v.Why += growths(v.Cells)
		}
		if number == 3 {
			if len(j.c.Hypotheses.Simple) > 0 {
				j.overSimple(b, &v)
			}
			v.Why += j.limits(b, v.Cells)
		}
		r.Benchmarks = append(r.Benchmarks, v)
	}
	if len(r.Benchmarks) == 0 {
		r.Verdict, r.Why = untested, "no benchmark has both networks of a comparison, inside and outside the training distribution, and above the floor"
	}
	return r
}

// growths says what larger networks, or attention, cost.
func growths(cells []evidenceCell) (text string) {
	for _, c := range cells {
		if c.Weights == 0 {
			continue
		}
		text += fmt.Sprintf("; %s has %.2f times the weights", c.With, c.Weights)
		if c.MACs > 0 {
			text += fmt.Sprintf(" and %.2f times the multiply-adds", c.MACs)
		}
		text += " of " + c.Plain
	}
	return text
}

// majority is the sign of more than half of the cells.
func majority(cells []evidenceCell) (verdict, why string) {
	count := map[string]int{}
	for _, c := range cells {
		count[c.Verdict]++
	}
	why = fmt.Sprintf("%d of %d are +, %d are -", count["+"], len(cells), count["-"])
	switch {
	case 2*count["+"] > len(cells):
		return "+", why
	case 2*count["-"] > len(cells):
		return "-", why
	}
	return "0", why
}

// overSimple adds what hypothesis 3 asks beside the family's sign: the mean A of
// diverse augmentation above that of simple augmentation.
func (j *judge) overSimple(b *benchmark, v *hypothesisVerdict) {
	h := &j.c.Hypotheses
	diverse, simple := b.named(h.Diverse), b.named(h.Simple)
	base := b.named([]string{j.c.Baseline})
	if len(diverse) == 0 || len(simple) == 0 || len(base) == 0 {
		v.Why += "; no simple augmentation to compare with"
		return
	}
	var sets []*testSet
	for _, s := range b.ood() {
		if !s.atFloor(j.boot, base[0]) {
			sets = append(sets, s)
		}
	}
	seeds := common(append(slices.Clone(diverse), simple...))
	more, less := mean(1, sets, simple...), mean(-1, sets, diverse...)
	if len(seeds) == 0 || more == nil || less == nil {
		v.Why += "; diverse and simple augmentation share no seed"
		return
	}
	v.Contrast = difference(estimate(j.boot, append(more, less...), seeds))
	v.Why += "; mean A over that of simple augmentation " + signed(v.Contrast).text()
	if v.Verdict == "+" && (v.Contrast.Low == nil || *v.Contrast.Low <= 0) {
		v.Verdict = "0"
	}
}

// named are the models of the given methods.
func (b *benchmark) named(methods []string) []*model {
	var ms []*model
	for _, m := range b.models {
		if slices.Contains(methods, m.method) {
			ms = append(ms, m)
		}
	}
	return ms
}

// common are the seeds that all models have.
func common(models []*model) []string {
	var seeds []string
	for _, s := range models[0].seeds {
		if !slices.ContainsFunc(models, func(m *model) bool { return !slices.Contains(m.seeds, s) }) {
			seeds = append(seeds, s)
		}
	}
	return seeds
}
