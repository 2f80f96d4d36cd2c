package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// A chart is what page/charts.js draws with Observable Plot: figures in the units
// of its axes, and which line, point or bar is of which series. Drawing is left
// to the browser, so that the page holds the same bytes on every machine. The
// field tags are what the script reads.
type chart struct {
	Title  string        `json:"-"`
	Note   string        `json:"-"`
	Legend []legendEntry `json:"-"`

	Kind   string    `json:"kind"` // "points" or "bars"
	X      axis      `json:"x"`
	Y      axis      `json:"y"`
	Points []point   `json:"points,omitempty"`
	Curves []curve   `json:"curves,omitempty"`
	Lines  []segment `json:"lines,omitempty"`
	Rows   []string  `json:"rows,omitempty"` // of bars, from the top
	Bars   []bar     `json:"bars,omitempty"`
	Guess  *float64  `json:"guess,omitempty"` // where guessing lies along x
}

// An axis has a label and may be held to a range.
type axis struct {
	Label string   `json:"label"`
	Low   *float64 `json:"low,omitempty"`
	High  *float64 `json:"high,omitempty"`
	Whole bool     `json:"whole,omitempty"` // ticks at whole numbers alone
}

// A point has intervals in both directions, in one, or in none.
type point struct {
	X      float64  `json:"x"`
	Y      float64  `json:"y"`
	Left   *float64 `json:"left,omitempty"`
	Right  *float64 `json:"right,omitempty"`
	Lower  *float64 `json:"lower,omitempty"`
	Upper  *float64 `json:"upper,omitempty"`
	Series int      `json:"series"`
	Tip    string   `json:"tip"`
}

// A bar is a figure of a row.
type bar struct {
	Row    int      `json:"row"`
	Place  int      `json:"place"` // in the row, from the top
	Value  float64  `json:"value"`
	Low    *float64 `json:"low,omitempty"`
	High   *float64 `json:"high,omitempty"`
	Series int      `json:"series"`
	Tip    string   `json:"tip"`
}

// A curve joins points of a series; without one it is drawn faintly.
type curve struct {
	Points [][2]float64 `json:"points"`
	Series int          `json:"series"` // -1 for none
	Dashed bool         `json:"dashed,omitempty"`
}

// A segment is a line of reference.
type segment struct {
	From   [2]float64 `json:"from"`
	To     [2]float64 `json:"to"`
	Dashed bool       `json:"dashed,omitempty"`
}

type legendEntry struct {
	Series int
	Name   string
}

// series is how many colours the page has; further methods repeat them.
const series = 8

// colour is the series of a method: its place among those of the whole report, so
// that it looks alike in all charts.
func colour(methods []string, name string) int { return max(slices.Index(methods, name), 0) % series }

func legend(colours, names []string) []legendEntry {
	var l []legendEntry
	for _, n := range names {
		l = append(l, legendEntry{colour(colours, n), n})
	}
	return l
}

func (b *benchmarkResult) legend(colours []string) []legendEntry {
	var names []string
	for _, m := range b.Models {
		names = append(names, m.Name)
	}
	return legend(colours, names)
}

// charts are the figures above a benchmark's tables.
func (b *benchmarkResult) charts(colours []string, larger []Sizes) []chart {
	var cs []chart
	if b.Models[0].Corruption != nil {
		cs = append(cs, b.severities(colours))
	}
	if len(b.Sets) <= manySets {
		cs = append(cs, b.bars(colours))
	}
	if c, ok := b.scatter(colours); ok {
		cs = append(cs, c)
	}
	if c, ok := b.sizes(colours, larger); ok {
		cs = append(cs, c)
	}
	for _, iid := range []bool{true, false} {
		if c, ok := b.calibration(colours, iid); ok {
			cs = append(cs, c)
		}
	}
	return append(cs, b.attributeCharts(colours)...)
}

// bars draws the error on each test set, methods side by side.
func (b *benchmarkResult) bars(colours []string) chart {
	zero := 0.0
	c := chart{
		Kind: "bars", Title: "Error by test set", Note: "Whiskers are 95 % intervals; the dotted line is guessing.",
		X: axis{Label: b.Measure + ", %", Low: &zero}, Guess: &b.Chance, Legend: b.legend(colours),
	}
	for i, s := range b.Sets {
		c.Rows = append(c.Rows, s.Name)
		for k, m := range b.Models {
			if n := m.Errors[i].Error; n != nil {
				c.Bars = append(c.Bars, bar{i, k, n.Value, n.Low, n.High, colour(colours, m.Name), m.Name + ", " + s.Name + ": " + value(n).text() + " %"})
			}
		}
	}
	return c
}

// scatter draws mean OOD error over IID error, a point for each method.
func (b *benchmarkResult) scatter(colours []string) (chart, bool) {
	c := chart{
		Kind: "points", Title: "Inside against outside the training distribution",
		X: axis{Label: "error on " + b.Sets[0].Name + ", %"}, Y: axis{Label: "mean OOD error, %"},
		Note: "Down is fewer errors under shift. Crosses are 95 % intervals.", Legend: b.legend(colours),
	}
	if !b.Sets[0].IID {
		return c, false
	}
	x, y := empty(), empty()
	var base *modelResult
	for i, m := range b.Models {
		in, out := m.Errors[0].Error, m.OOD
		if in == nil || out == nil {
			continue
		}
		x.cover(in)
		y.cover(out)
		if m.Baseline {
			base = &b.Models[i]
		}
		c.Points = append(c.Points, point{
			X: in.Value, Y: out.Value, Left: in.Low, Right: in.High, Lower: out.Low, Upper: out.High, Series: colour(colours, m.Name),
			Tip: m.Name + ": " + b.Sets[0].Name + " " + value(in).text() + " %, OOD mean " + value(out).text() + " %",
		})
	}
	if len(c.Points) == 0 {
		return c, false
	}
	x, y = x.wider(), y.wider()
	c.X.Low, c.X.High, c.Y.Low, c.Y.High = &x.low, &x.high, &y.low, &y.high
	c.diagonal(x, y, 0, false, "On the solid line there is no gap.")
	if base != nil {
		c.diagonal(x, y, base.OOD.Value-base.Errors[0].Error.Value, true, "On the dashed line the gap is that of "+base.Name+".")
	}
	if len(b.Line) > 0 {
		fitted := curve{Series: -1}
		for _, p := range b.Line {
			if p.IID >= x.low && p.IID <= x.high && p.OOD >= y.low && p.OOD <= y.high {
				fitted.Points = append(fitted.Points, [2]float64{p.IID, p.OOD})
			}
		}
		c.Curves = append(c.Curves, fitted)
		c.Note += " The curve is the fitted line of effective robustness, straight on logit axes."
	}
	return c, true
}

// diagonal draws y = x + gap as far as it lies in the plotted area.
func (c *chart) diagonal(x, y span, gap float64, dashed bool, note string) {
	from, to := max(x.low, y.low-gap), min(x.high, y.high-gap)
	if from < to {
		c.Lines = append(c.Lines, segment{[2]float64{from, from + gap}, [2]float64{to, to + gap}, dashed})
		c.Note += " " + note
	}
}

// severities draws the mean error over corruptions by severity.
func (b *benchmarkResult) severities(colours []string) chart {
	zero, five := 0.0, 5.0
	c := chart{
		Kind: "points", Title: "Error by severity", X: axis{Label: "severity", Low: &zero, High: &five, Whole: true},
		Y: axis{Label: "top-1 error, %", Low: &zero}, Note: "Mean over corruptions; 0 is clean images. Bars are 95 % intervals.", Legend: b.legend(colours),
	}
	for _, m := range b.Models {
		if m.Corruption == nil {
			continue
		}
		var line []severityError
		if b.Sets[0].IID && m.Errors[0].Error != nil {
			line = append(line, severityError{0, m.Errors[0].Error})
		}
		path := curve{Series: colour(colours, m.Name)}
		for _, e := range append(line, m.Corruption.Severity...) {
			path.Points = append(path.Points, [2]float64{float64(e.Severity), e.Error.Value})
			c.Points = append(c.Points, point{
				X: float64(e.Severity), Y: e.Error.Value, Lower: e.Error.Low, Upper: e.Error.High, Series: path.Series,
				Tip: m.Name + ", severity " + strconv.Itoa(e.Severity) + ": " + value(e.Error).text() + " %",
			})
		}
		c.Curves = append(c.Curves, path)
	}
	return c
}

// sizes draws OOD error over the number of weights, as figure 6 of the paper, which
// joins the smaller and the larger model of a family.
func (b *benchmarkResult) sizes(colours []string, larger []Sizes) (chart, bool) {
	zero := 0.0
	c := chart{
		Kind: "points", Title: "Error against model size", X: axis{Label: "millions of weights", Low: &zero},
		Y: axis{Label: "mean OOD error, %"}, Note: "Bars are 95 % intervals.", Legend: b.legend(colours),
	}
	sizes := map[float64]bool{}
	for _, m := range b.Models {
		if m.Parameters <= 0 || m.OOD == nil {
			continue
		}
		sizes[m.Parameters] = true
		c.Points = append(c.Points, point{
			X: m.Parameters, Y: m.OOD.Value, Lower: m.OOD.Low, Upper: m.OOD.High, Series: colour(colours, m.Name),
			Tip: m.Name + ": " + decimal(m.Parameters) + " million weights, OOD mean " + value(m.OOD).text() + " %",
		})
	}
	for _, pair := range larger {
		var ends [][2]float64
		for _, name := range []string{pair.Small, pair.Large} {
			for _, m := range b.Models {
				if m.Name == name && m.Parameters > 0 && m.OOD != nil {
					ends = append(ends, [2]float64{m.Parameters, m.OOD.Value})
				}
			}
		}
		if len(ends) == 2 {
			c.Curves = append(c.Curves, curve{Points: ends, Series: -1, Dashed: true})
		}
	}
	if len(c.Curves) > 0 {
		c.Note += " Dashed: a model and the larger one of its family."
	}
	return c, len(sizes) > 1 // methods of one network, as most are, tell nothing
}

// fewRows is below how many predictions a bin of confidence is left out of the
// chart: its accuracy would be noise.
const fewRows = 10

// calibration draws accuracy over confidence, inside the training distribution or
// outside it, over all test sets there.
func (b *benchmarkResult) calibration(colours []string, iid bool) (chart, bool) {
	zero, all := 0.0, 100.0
	c := chart{
		Kind: "points", Title: "Calibration outside the training distribution", X: axis{Label: "confidence, %", Low: &zero, High: &all}, Y: axis{Label: "accuracy, %", Low: &zero, High: &all},
		Note: "Below the diagonal a model is surer than it is right. Points are bins of confidence with at least 10 predictions, without intervals.", Legend: b.legend(colours),
		Lines: []segment{{To: [2]float64{100, 100}}},
	}
	where := "outside the training distribution"
	switch {
	case iid:
		where = "on " + b.Sets[0].Name
		c.Title = "Calibration " + where
	case !b.Sets[0].IID:
		c.Title = "Calibration"
	}
	for _, m := range b.Models {
		for _, r := range m.Reliable {
			if r.IID != iid {
				continue
			}
			line := curve{Series: colour(colours, m.Name)}
			for _, x := range r.Bins {
				if x.Rows < fewRows {
					continue
				}
				line.Points = append(line.Points, [2]float64{x.Confidence, x.Accuracy})
				c.Points = append(c.Points, point{
					X: x.Confidence, Y: x.Accuracy, Series: line.Series,
					Tip: fmt.Sprintf("%s, %s: confidence %s %%, right %s %%, %s predictions", m.Name, where, decimal(x.Confidence), decimal(x.Accuracy), grouped(x.Rows)),
				})
			}
			c.Curves = append(c.Curves, line)
		}
	}
	return c, len(c.Points) > 0
}

// A span is a range of values along an axis.
type span struct{ low, high float64 }

func empty() span { return span{math.Inf(1), math.Inf(-1)} }

// cover widens the span to an estimate with its interval.
func (s *span) cover(n *number) {
	s.low, s.high = min(s.low, n.lower()), max(s.high, n.upper())
}

// wider leaves a margin on both sides, within what a percentage can be.
func (s span) wider() span {
	margin := max(float64((s.high-s.low)*0.06), 0.5)
	return span{max(s.low-margin, 0), min(s.high+margin, 100)}
}

// lower and upper are the ends of the interval, the value itself without one.
func (n *number) lower() float64 {
	if n.Low == nil {
		return n.Value
	}
	return *n.Low
}

func (n *number) upper() float64 {
	if n.High == nil {
		return n.Value
	}
	return *n.High
}
