package report

import (
	"math"
	"slices"
	"strconv"
)

// A chart is what the page's templates draw as SVG. Coordinates are text with
// one decimal, so that the page is the same on every machine.
type chart struct {
	Title, Note   string
	Kind          string // "bars" or "scatter", the template
	Width, Height int
	Left, Top     string // corners of the plotted area
	Right, Bottom string
	XLabel        string
	YLabel        string
	X, Y          []tick
	Lines         []segment
	Curves        []curve
	Marks         []point
	Rows          []rowLabel
	Legend        []legendEntry
}

type tick struct{ At, Text string }

type rowLabel struct{ Y, Text string }

// A curve joins points of a series.
type curve struct {
	Points string
	Series int
}

// A segment is a line of reference.
type segment struct{ X1, Y1, X2, Y2, Class string }

// A point is a point with the intervals of both directions, or of one.
type point struct {
	X, Y         string
	Left, Right  string // of the interval along x; "" for none
	Upper, Lower string // of the interval along y
	Start        string // where a bar begins; "" for a point
	Thick        string // of a bar
	BarTop       string
	BarLength    string
	Series       int
	Tip          string
}

type legendEntry struct {
	Series int
	Name   string
}

// series is how many colours the page has; further methods repeat them.
const series = 8

const (
	chartWidth = 460
	plotRight  = 444
)

// A scale maps values to a stretch of the chart.
type scale struct{ low, high, from, to float64 }

func (s scale) at(v float64) float64 {
	return s.from + float64((v-s.low)/(s.high-s.low)*(s.to-s.from))
}

func (s scale) pos(v float64) string { return fixed1(s.at(v)) }

func fixed1(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) }

// ticks are at most about six round values over the scale, which they widen to.
func (s *scale) ticks() []tick {
	step := 1.0
	for _, f := range []float64{0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000} {
		if step = f; (s.high-s.low)/f <= 6 {
			break
		}
	}
	s.low, s.high = float64(math.Floor(s.low/step)*step), float64(math.Ceil(s.high/step)*step)
	if s.high <= s.low {
		s.high = s.low + step
	}
	var ts []tick
	n := int(math.RoundToEven((s.high - s.low) / step))
	for i := 0; i <= n; i++ {
		v := s.low + float64(float64(i)*step)
		text := strconv.FormatFloat(v, 'f', 0, 64)
		if step < 1 {
			text = strconv.FormatFloat(v, 'f', 1, 64)
		}
		ts = append(ts, tick{At: s.pos(v), Text: text})
	}
	return ts
}

// bars draws the error on each test set, methods side by side.
func (b *benchmarkResult) bars(colours []string) chart {
	const top, bar, gap, left = 8, 12, 14, 8
	c := chart{Kind: "bars", Title: "Error by test set", Note: "Whiskers are 95 % intervals; the dotted line is guessing.", Width: chartWidth, XLabel: b.Measure + ", %"}
	x := scale{low: 0, high: b.Chance, from: left, to: plotRight}
	for _, m := range b.Models {
		for _, e := range m.Errors {
			if e.Error != nil {
				x.high = max(x.high, e.Error.upper())
			}
		}
	}
	c.X = x.ticks()
	y := float64(top)
	for i, s := range b.Sets {
		y += 16
		c.Rows = append(c.Rows, rowLabel{Y: fixed1(y - 4), Text: s.Name})
		for _, m := range b.Models {
			n := m.Errors[i].Error
			if n == nil {
				continue
			}
			p := point{
				X: x.pos(n.Value), Y: fixed1(y + bar/2), Start: fixed1(left), BarTop: fixed1(y + 1), Thick: fixed1(bar - 2),
				BarLength: fixed1(x.at(n.Value) - left), Series: colour(colours, m.Name), Tip: m.Name + ", " + s.Name + ": " + value(n).text() + " %",
			}
			if n.Low != nil && n.High != nil {
				p.Left, p.Right = x.pos(*n.Low), x.pos(*n.High)
			}
			c.Marks = append(c.Marks, p)
			y += bar
		}
		y += gap
	}
	y -= gap - 6
	c.Left, c.Right, c.Top, c.Bottom = fixed1(left), fixed1(plotRight), fixed1(top), fixed1(y)
	c.Lines = []segment{{X1: x.pos(b.Chance), X2: x.pos(b.Chance), Y1: c.Top, Y2: c.Bottom, Class: "guess"}}
	c.Height = int(y) + 40
	c.Legend = b.legend(colours)
	return c
}

// scatter draws mean OOD error over IID error, a point for each method.
func (b *benchmarkResult) scatter(colours []string) (chart, bool) {
	const top, bottom, left = 12, 330, 46
	c := chart{
		Kind: "scatter", Title: "Inside against outside the training distribution", Width: chartWidth, Height: bottom + 44,
		XLabel: "error on " + b.Sets[0].Name + ", %", YLabel: "mean OOD error, %",
		Left: fixed1(left), Right: fixed1(plotRight), Top: fixed1(top), Bottom: fixed1(bottom),
		Note:   "Down is fewer errors under shift. Crosses are 95 % intervals.",
		Legend: b.legend(colours),
	}
	x := scale{low: math.Inf(1), high: math.Inf(-1), from: left, to: plotRight}
	y := scale{low: math.Inf(1), high: math.Inf(-1), from: bottom, to: top}
	var base *modelResult
	for i, m := range b.Models {
		in := m.Errors[0].Error
		if in == nil || m.OOD == nil {
			continue
		}
		x.low, x.high = min(x.low, in.lower()), max(x.high, in.upper())
		y.low, y.high = min(y.low, m.OOD.lower()), max(y.high, m.OOD.upper())
		if m.Baseline {
			base = &b.Models[i]
		}
	}
	if !b.Sets[0].IID || math.IsInf(x.low, 1) {
		return c, false
	}
	c.X, c.Y = x.ticks(), y.ticks()
	c.diagonal(x, y, 0, "equal", "On the solid line there is no gap.")
	if base != nil {
		c.diagonal(x, y, base.OOD.Value-base.Errors[0].Error.Value, "same-gap", "On the dashed line the gap is that of "+base.Name+".")
	}
	if len(b.Line) > 0 {
		fitted := curve{Series: -1}
		for _, p := range b.Line {
			if p.IID >= x.low && p.IID <= x.high && p.OOD >= y.low && p.OOD <= y.high {
				fitted.Points += x.pos(p.IID) + "," + y.pos(p.OOD) + " "
			}
		}
		c.Curves = append(c.Curves, fitted)
		c.Note += " The curve is the line of effective robustness."
	}
	for _, m := range b.Models {
		in, out := m.Errors[0].Error, m.OOD
		if in == nil || out == nil {
			continue
		}
		c.Marks = append(c.Marks, point{
			X: x.pos(in.Value), Y: y.pos(out.Value), Series: colour(colours, m.Name),
			Left: x.pos(in.lower()), Right: x.pos(in.upper()), Upper: y.pos(out.upper()), Lower: y.pos(out.lower()),
			Tip: m.Name + ": " + b.Sets[0].Name + " " + value(in).text() + " %, OOD mean " + value(out).text() + " %",
		})
	}
	return c, true
}

// severities draws the mean error over corruptions by severity.
func (b *benchmarkResult) severities(colours []string) chart {
	const top, bottom, left = 12, 250, 46
	c := chart{
		Kind: "scatter", Title: "Error by severity", Width: chartWidth, Height: bottom + 44,
		XLabel: "severity", YLabel: "top-1 error, %", Note: "Mean over corruptions; 0 is clean images. Bars are 95 % intervals.",
		Left: fixed1(left), Right: fixed1(plotRight), Top: fixed1(top), Bottom: fixed1(bottom), Legend: b.legend(colours),
	}
	x := scale{low: 0, high: 5.25, from: left, to: plotRight}
	y := scale{low: 0, high: 0, from: bottom, to: top}
	lines := make([][]severityError, len(b.Models))
	for i, m := range b.Models {
		if m.Corruption == nil {
			continue
		}
		if b.Sets[0].IID && m.Errors[0].Error != nil {
			lines[i] = append(lines[i], severityError{0, m.Errors[0].Error})
		}
		lines[i] = append(lines[i], m.Corruption.Severity...)
		for _, e := range lines[i] {
			y.high = max(y.high, e.Error.upper())
		}
	}
	c.Y = y.ticks()
	for s := range 6 {
		c.X = append(c.X, tick{At: x.pos(float64(s)), Text: strconv.Itoa(s)})
	}
	for i, m := range b.Models {
		path := curve{Series: colour(colours, m.Name)}
		for _, e := range lines[i] {
			at := x.pos(float64(e.Severity))
			path.Points += at + "," + y.pos(e.Error.Value) + " "
			c.Marks = append(c.Marks, point{
				X: at, Y: y.pos(e.Error.Value), Upper: y.pos(e.Error.upper()), Lower: y.pos(e.Error.lower()), Series: path.Series,
				Tip: m.Name + ", severity " + strconv.Itoa(e.Severity) + ": " + value(e.Error).text() + " %",
			})
		}
		c.Curves = append(c.Curves, path)
	}
	return c
}

// sizes draws OOD error over the number of weights.
func (b *benchmarkResult) sizes(colours []string) (chart, bool) {
	const top, bottom, left = 12, 250, 46
	c := chart{
		Kind: "scatter", Title: "Error against model size", Width: chartWidth, Height: bottom + 44,
		XLabel: "millions of weights", YLabel: "mean OOD error, %", Note: "Bars are 95 % intervals.",
		Left: fixed1(left), Right: fixed1(plotRight), Top: fixed1(top), Bottom: fixed1(bottom), Legend: b.legend(colours),
	}
	var known []*modelResult
	sizes := map[float64]bool{}
	x := scale{low: 0, from: left, to: plotRight}
	y := scale{low: math.Inf(1), high: math.Inf(-1), from: bottom, to: top}
	for i := range b.Models {
		if m := &b.Models[i]; m.Parameters > 0 && m.OOD != nil {
			known = append(known, m)
			sizes[m.Parameters] = true
			x.high = max(x.high, m.Parameters)
			y.low, y.high = min(y.low, m.OOD.lower()), max(y.high, m.OOD.upper())
		}
	}
	if len(sizes) < 2 {
		return c, false // methods of one network, as most are
	}
	c.X, c.Y = x.ticks(), y.ticks()
	for _, m := range known {
		c.Marks = append(c.Marks, point{
			X: x.pos(m.Parameters), Y: y.pos(m.OOD.Value), Upper: y.pos(m.OOD.upper()), Lower: y.pos(m.OOD.lower()), Series: colour(colours, m.Name),
			Tip: m.Name + ": " + decimal(m.Parameters) + " million weights, OOD mean " + value(m.OOD).text() + " %",
		})
	}
	return c, true
}

// diagonal draws y = x + gap as far as it lies in the plotted area.
func (c *chart) diagonal(x, y scale, gap float64, class, note string) {
	from, to := max(x.low, y.low-gap), min(x.high, y.high-gap)
	if from < to {
		c.Lines = append(c.Lines, segment{X1: x.pos(from), Y1: y.pos(from + gap), X2: x.pos(to), Y2: y.pos(to + gap), Class: class})
		c.Note += " " + note
	}
}

// colour is the series of a method: its place among those of the whole report, so
// that it looks alike in all charts.
func colour(methods []string, name string) int { return slices.Index(methods, name) % series }

func (b *benchmarkResult) legend(colours []string) []legendEntry {
	var l []legendEntry
	for _, m := range b.Models {
		l = append(l, legendEntry{Series: colour(colours, m.Name), Name: m.Name})
	}
	return l
}

func (b *benchmarkResult) charts(colours []string) []chart {
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
	if c, ok := b.sizes(colours); ok {
		cs = append(cs, c)
	}
	return cs
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
