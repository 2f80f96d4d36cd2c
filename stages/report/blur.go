package report

import (
	"slices"
	"strconv"

	"shiftmill/stages/report/stats"
)

// blurs are the corruptions of ImageNet-C that blur, as table 5 of the paper sets
// them beside real blurry images.
var blurs = []string{"defocus_blur", "glass_blur", "motion_blur", "zoom_blur"}

// leastBlur is over how many methods a rank correlation of synthetic and real blur
// is given.
const leastBlur = 6

// A blurResult sets the errors under synthetic blur beside those on real blurry
// images, method by method: does the one tell of the other?
type blurResult struct {
	Synthetic string    `json:"synthetic"` // benchmark of corruptions
	Real      string    `json:"real"`      // benchmark with shift: blur and real: true
	Kinds     []string  `json:"kinds"`     // blurs that the first holds
	Rows      []blurRow `json:"rows"`
	Rho       *float64  `json:"rho"` // rank correlation of Mean and Real; nil for fewer than six methods
}

type blurRow struct {
	Method string    `json:"method"`
	Each   []*number `json:"each"` // by kind, mean over severities
	Mean   *number   `json:"mean"`
	Real   *number   `json:"real"`
}

// blur compares every benchmark that has synthetic blur with every real one.
func (j *judge) blur() (all []blurResult) {
	for _, c := range j.all {
		gs := c.grades()
		kinds := slices.DeleteFunc(slices.Clone(blurs), func(k string) bool {
			return !slices.ContainsFunc(gs, func(g grade) bool { return g.corruption == k })
		})
		if len(kinds) == 0 {
			continue
		}
		for _, b := range j.all {
			if b.about.Real && b.about.Shift == "blur" {
				if r := j.blurOf(c, b, gs, kinds); len(r.Rows) > 0 {
					all = append(all, r)
				}
			}
		}
	}
	return all
}

func (j *judge) blurOf(c, b *benchmark, gs []grade, kinds []string) blurResult {
	r := blurResult{Synthetic: c.name, Real: b.name, Kinds: kinds}
	var x, y []float64
	for _, m := range c.models {
		out := b.find(m.method, m.rest)
		if out == nil {
			continue
		}
		real := mean(1, b.ood(), out)
		row := blurRow{Method: m.name()}
		var every []*testSet
		for _, k := range kinds {
			sets, _ := of(gs, func(g grade) bool { return g.corruption == k })
			every = append(every, sets...)
			if parts := mean(1, sets, m); parts != nil {
				row.Each = append(row.Each, rate(estimate(j.boot, parts, m.seeds)))
			}
		}
		parts := mean(1, every, m)
		if parts == nil || real == nil {
			continue
		}
		row.Mean = rate(estimate(j.boot, parts, m.seeds))
		row.Real = rate(estimate(j.boot, real, out.seeds))
		r.Rows = append(r.Rows, row)
		x, y = append(x, row.Mean.Value), append(y, row.Real.Value)
	}
	if len(x) >= leastBlur {
		if rho, ok := stats.Spearman(x, y); ok {
			r.Rho = &rho
		}
	}
	return r
}

// table is the paper's table 5.
func (r *blurResult) table() table {
	t := table{
		title: "Synthetic and real blur: " + r.Synthetic + " and " + r.Real, head: []string{"method"},
		note: "Top-1 error under each blur of " + r.Synthetic + ", mean over severities; their mean; error on " + r.Real + ".",
	}
	t.head = append(t.head, r.Kinds...)
	t.head = append(t.head, "blur mean", r.Real)
	for _, row := range r.Rows {
		cells := []cell{{value: row.Method}}
		for _, n := range row.Each {
			cells = append(cells, value(n))
		}
		t.rows = append(t.rows, append(cells, value(row.Mean), value(row.Real)))
	}
	if r.Rho != nil {
		t.note += " Rank correlation of the last two columns: " + strconv.FormatFloat(*r.Rho, 'f', 2, 64) + "."
	} else {
		t.note += " Too few methods for a rank correlation."
	}
	return t
}

// chart is the same as a scatter.
func (r *blurResult) chart(colours []string) chart {
	c := chart{
		Kind: "points", Title: "Synthetic and real blur", X: axis{Label: "mean error under the blurs of " + r.Synthetic + ", %"},
		Y: axis{Label: "error on " + r.Real + ", %"}, Note: "A point for each method; crosses are 95 % intervals.",
	}
	var names []string
	x, y := empty(), empty()
	for _, row := range r.Rows {
		names = append(names, row.Method)
		x.cover(row.Mean)
		y.cover(row.Real)
		c.Points = append(c.Points, point{
			X: row.Mean.Value, Y: row.Real.Value, Left: row.Mean.Low, Right: row.Mean.High, Lower: row.Real.Low, Upper: row.Real.High,
			Series: colour(colours, row.Method),
			Tip:    row.Method + ": blur mean " + value(row.Mean).text() + " %, " + r.Real + " " + value(row.Real).text() + " %",
		})
	}
	x, y = x.wider(), y.wider()
	c.X.Low, c.X.High, c.Y.Low, c.Y.High = &x.low, &x.high, &y.low, &y.high
	c.Legend = legend(colours, names)
	return c
}
