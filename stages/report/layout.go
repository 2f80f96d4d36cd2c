package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A section is a part of the report as every file format shows it.
type section struct {
	title  string
	id     string // of the page's anchor
	first  bool   // stands first on the page, which is read from its top
	lead   string // a paragraph before the tables
	items  []item // a list after the first table
	tables []table
	charts []chart // on the page only
	strips []strip // likewise
}

// An item is a sentence, with the anchor on the page of what it rests on.
type item struct{ text, link string }

// A table is columns of text; the first is a name, the others are figures.
type table struct {
	title string
	note  string // below it: how to read it
	head  []string
	keys  int // leading columns that name a row; 0 is one
	rows  [][]cell
	id    string   // anchor of the table on the page, if any
	ids   []string // those of its rows
	first int      // rows that are shown where no one can fold the table; 0 for all
	fold  bool     // folded on the page until asked for
	extra bool     // left out of report.txt, which is for a terminal
}

// shown are the rows for formats where no one can fold a table.
func (t *table) shown() [][]cell {
	if t.first > 0 && len(t.rows) > t.first {
		return t.rows[:t.first]
	}
	return t.rows
}

// textual says whether a column holds words, not figures.
func (t *table) textual(column int) bool {
	for _, row := range t.rows {
		if c := row[column]; c.sort != nil || c.mark != "" {
			return false
		}
	}
	return true
}

// A cell is text, or an estimate with its interval, such as 27.2 and "26.3, 28.1".
type cell struct {
	name     string // before the value: what it is of, such as the worst test set
	value    string
	interval string
	sort     *float64 // what a reader sorts figures by
	mark     string   // "+", "-" or "0" for a verdict
	link     string   // anchor on the page of what it rests on
}

func (c cell) text() string {
	text := c.value
	if c.name != "" {
		text = c.name + " " + text
	}
	if c.interval != "" {
		text += " [" + c.interval + "]"
	}
	return text
}

// lay arranges the result as sections, in the order of reading.
func lay(r *result) []section {
	var ss []section
	var methods []string
	for _, b := range r.Benchmarks {
		for _, m := range b.Models {
			methods = append(methods, m.Name)
		}
	}
	methods = unique(methods)
	for i := range r.Benchmarks {
		ss = append(ss, layBenchmark(r, &r.Benchmarks[i], "b"+strconv.Itoa(i+1), methods))
	}
	if r.Hypotheses != nil {
		ss = append(ss, layHypotheses(r, methods))
	}
	if r.Published != nil {
		ss = append(ss, layPublished(r))
	}
	if len(r.training) > 0 {
		ss = append(ss, layTraining(r, methods))
	}
	return ss
}

func layBenchmark(r *result, b *benchmarkResult, id string, colours []string) section {
	s := section{title: b.Name, id: id, lead: b.about(r.Replicate)}
	s.tables = append(s.tables, errorTable(b))
	switch {
	case b.Models[0].Corruption != nil:
		s.tables = append(s.tables, corruptionTables(b)...)
	case b.oodSets() > 1:
		s.tables = append(s.tables, setTable("Error by test set", b, func(e setError) *number { return e.Error }))
	}
	if t, ok := precisionTable(b); ok {
		s.tables = append(s.tables, t)
	}
	if t, ok := againstTable(r, b); ok {
		s.tables = append(s.tables, t)
	}
	if t, ok := gainTable(r, b); ok {
		s.tables = append(s.tables, t)
	}
	if t, ok := worstTable(b); ok {
		s.tables = append(s.tables, t)
	}
	if t, ok := shapeTable(b); ok {
		s.tables = append(s.tables, t)
	}
	s.tables = append(s.tables, attributeTables(b)...)
	s.tables = append(s.tables, metricTables(b)...)
	if t, ok := effortTable(b); ok {
		s.tables = append(s.tables, t)
	}
	s.charts, s.strips = b.charts(colours, r.larger), b.strips
	return s
}

// about says what the numbers of a benchmark rest on.
func (b *benchmarkResult) about(replicate string) string {
	measure := "Top-1 error in percent"
	if b.Measure != topOne {
		measure = "Error is " + b.Measure
	}
	text := fmt.Sprintf("%s, with 95 %% intervals. %d classes; guessing gives %s. Images: %s.",
		measure, b.Classes, decimal(b.Chance), b.counts())
	if b.Clusters != "" {
		text += fmt.Sprintf(" Rows of one %s count as one observation.", b.Clusters)
	}
	least, most := 0, 0
	for _, m := range b.Models {
		if n := len(m.Seeds); least == 0 || n < least {
			least = n
		}
		most = max(most, len(m.Seeds))
	}
	switch {
	case most <= 1:
		text += " One seed: the intervals are about these weights only."
	case least == most:
		text += fmt.Sprintf(" Means over %d values of %s; the intervals hold for new images and new seeds.", most, replicate)
	default:
		text += fmt.Sprintf(" Means over %d to %d values of %s.", least, most, replicate)
	}
	if b.Shift != "" {
		text += " Shift: " + b.Shift + "."
	}
	return text
}

// counts says how many images the test sets have.
func (b *benchmarkResult) counts() string {
	var parts []string
	alike := true
	for _, s := range b.Sets {
		parts = append(parts, fmt.Sprintf("%s %s", s.Name, images(s)))
		alike = alike && s.Images == b.Sets[0].Images && s.Clusters == b.Sets[0].Clusters
	}
	if alike && len(parts) > 1 {
		return fmt.Sprintf("%s in each of %d test sets", images(b.Sets[0]), len(parts))
	}
	return strings.Join(parts, ", ")
}

func images(s setResult) string {
	if s.Clusters == s.Images {
		return grouped(s.Images)
	}
	return fmt.Sprintf("%s (%s groups)", grouped(s.Images), grouped(s.Clusters))
}

// errorTable is the headline: inside, outside, and the distance.
func errorTable(b *benchmarkResult) table {
	t := table{title: "Error inside and outside the training distribution", head: []string{"method"}}
	inside := b.Sets[0].IID
	if !inside {
		t.title = "Error"
	}
	if inside {
		t.head = append(t.head, b.Sets[0].Name)
	}
	mean, note := "OOD mean", "OOD mean: mean over the other test sets. "
	if !inside {
		mean, note = "mean", "Mean over the test sets."
	}
	switch b.oodSets() {
	case 0:
		mean, note = "OOD", "No other test set. "
	case 1:
		mean, note = b.Sets[len(b.Sets)-1].Name, ""
	}
	t.head = append(t.head, mean)
	t.note = note
	if inside {
		t.head = append(t.head, "gap")
		t.note += "Gap: " + mean + " minus " + b.Sets[0].Name + "."
	}
	if b.oodSets() > 1 {
		t.head = append(t.head, "worst test set")
	}
	for _, m := range b.Models {
		row := []cell{{value: m.Name}}
		if inside {
			row = append(row, value(m.Errors[0].Error), value(m.OOD), signed(m.Gap))
		} else {
			row = append(row, value(m.OOD))
		}
		if b.oodSets() > 1 {
			row = append(row, b.worst(&m))
		}
		t.rows = append(t.rows, row)
	}
	if b.Line != nil {
		t.head = append(t.head, "effective robustness")
		t.note += " Effective robustness: OOD accuracy minus that of the logit line at the same IID accuracy."
		for i, m := range b.Models {
			t.rows[i] = append(t.rows[i], signed(m.Effective))
		}
	}
	return t
}

// worst is the OOD set with the most errors.
func (b *benchmarkResult) worst(m *modelResult) cell {
	c := cell{value: "-"}
	for i, e := range m.Errors {
		if !b.Sets[i].IID && e.Error != nil && (c.sort == nil || e.Error.Value > *c.sort) {
			c = cell{name: e.Set, value: decimal(e.Error.Value), sort: &e.Error.Value}
		}
	}
	return c
}

// oodSets counts the test sets outside the training distribution.
func (b *benchmarkResult) oodSets() int {
	n := 0
	for _, s := range b.Sets {
		if !s.IID {
			n++
		}
	}
	return n
}

// setTable has a column for each test set.
func setTable(title string, b *benchmarkResult, of func(setError) *number) table {
	t := table{title: title, head: []string{"method"}}
	for _, s := range b.Sets {
		t.head = append(t.head, s.Name)
	}
	for _, m := range b.Models {
		row := []cell{{value: m.Name}}
		for _, e := range m.Errors {
			row = append(row, value(of(e)))
		}
		t.rows = append(t.rows, row)
	}
	return t
}

// precisionTable shows rows with several labels as DeepFashion Remixed is printed:
// mAP, higher is better, OOD before its test sets.
func precisionTable(b *benchmarkResult) (table, bool) {
	t := table{title: "mAP by test set", head: []string{"method"}, note: "100 minus the errors above: higher is better.", extra: true}
	if b.Measure == topOne {
		return t, false
	}
	for _, s := range b.Sets {
		t.head = append(t.head, s.Name)
	}
	at := 1
	if b.Sets[0].IID {
		at = 2
	}
	t.head = slices.Insert(t.head, at, "OOD mean")
	for _, m := range b.Models {
		row := []cell{{value: m.Name}}
		for _, e := range m.Errors {
			row = append(row, value(e.Error.complement()))
		}
		t.rows = append(t.rows, slices.Insert(row, at, value(m.OOD.complement())))
	}
	return t, b.oodSets() > 0
}

// complement is 100 minus an error.
func (n *number) complement() *number {
	if n == nil {
		return nil
	}
	c := *n
	c.Value = 100 - n.Value
	if n.Low != nil && n.High != nil {
		low, high := 100-*n.High, 100-*n.Low
		c.Low, c.High = &low, &high
	}
	return &c
}

// againstTable compares each method with its baseline.
func againstTable(r *result, b *benchmarkResult) (table, bool) {
	t := table{
		title: "Against " + r.Baseline,
		head:  []string{"method", "A: fewer OOD errors", "G: smaller gap", "fewer IID errors", "p", "verdict"},
		note: fmt.Sprintf("In points. A: OOD error of %s minus the method's. G: A minus the same difference on IID. "+
			"p: one-sided, for A and G both above 0, Holm over the comparisons of this table (%d). "+
			"Verdict: + if p <= 0.025, A >= %s and G >= %s; - if the upper end of A is below %s or that of G below %s; 0 if the data decide neither.",
			r.Baseline, b.Family, decimal(r.Margins.OOD), decimal(r.Margins.Gap), decimal(r.Margins.OOD), decimal(r.Margins.Gap)),
	}
	for _, m := range b.Models {
		if a := m.Against; a != nil {
			t.rows = append(t.rows, []cell{{value: m.Name}, signed(a.A), signed(a.G), signed(a.IID), pvalue(a.Holm), mark(a.Verdict)})
		}
	}
	return t, len(t.rows) > 0
}

// manySets is how many test sets a table of all methods by all sets can have and
// be read; more are in report.csv.
const manySets = 20

// gainTable gives A, G and the verdict for each shifted test set.
func gainTable(r *result, b *benchmarkResult) (table, bool) {
	t := table{
		title: "Against " + r.Baseline + ", by test set",
		head:  []string{"method", "test set", "A", "G", "p", "verdict"},
		keys:  2,
		note:  "As above, each test set for itself; p by Holm over all rows of this table.",
	}
	sets, tested := 0, false
	for _, m := range b.Models {
		if m.Against == nil {
			continue
		}
		for _, s := range m.Against.Sets {
			tested = tested || s.McNemar != nil
		}
	}
	if tested {
		t.head = append(t.head, "McNemar")
		t.note += " McNemar: exact p that both err equally often on the set, for these weights alone, not adjusted."
	}
	for _, m := range b.Models {
		if m.Against == nil {
			continue
		}
		sets = max(sets, len(m.Against.Sets))
		for _, s := range m.Against.Sets {
			row := []cell{{value: m.Name}, {value: s.Set}, signed(s.A), signed(s.G), pvalue(s.Holm), mark(s.Verdict)}
			if tested {
				row = append(row, pvalue(s.McNemar))
			}
			t.rows = append(t.rows, row)
		}
	}
	return t, sets > 1 && sets <= manySets && b.Models[0].Corruption == nil
}

// value shows a rate with its interval, such as "27.2 [26.3, 28.1]".
func value(n *number) cell { return show(n, decimal) }

// signed shows a difference, such as "+3.1 [+1.0, +5.2]".
func signed(n *number) cell {
	return show(n, func(x float64) string {
		s := decimal(x)
		if s == "0.0" || s[0] == '-' {
			return s
		}
		return "+" + s
	})
}

func show(n *number, f func(float64) string) cell {
	if n == nil {
		return cell{value: "-"}
	}
	c := cell{value: f(n.Value), sort: &n.Value}
	if n.Low != nil && n.High != nil {
		c.interval = f(*n.Low) + ", " + f(*n.High)
	}
	return c
}

func pvalue(p *float64) cell {
	switch {
	case p == nil:
		return cell{value: "-"}
	case *p < 0.0005:
		return cell{value: "<0.001", sort: p}
	}
	return cell{value: strconv.FormatFloat(*p, 'f', 3, 64), sort: p}
}

func mark(verdict string) cell {
	if verdict == "" {
		return cell{value: "n/a"}
	}
	return cell{value: verdict, mark: verdict}
}

// decimal shows one decimal, as the paper's tables do, and no negative zero.
func decimal(x float64) string {
	if s := strconv.FormatFloat(x, 'f', 1, 64); s != "-0.0" {
		return s
	}
	return "0.0"
}

// grouped sets commas between thousands.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
