package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// layHypotheses is the table of hypotheses by benchmarks, why each verdict is
// as it is, and the comparisons that they rest on.
func layHypotheses(r *result, colours []string) section {
	h := r.Hypotheses
	s := section{title: "Hypotheses", id: "hypotheses", first: true, lead: fmt.Sprintf(
		"Each sign is that of more than half of the comparisons behind it. A comparison is + if A and G are above 0 (one-sided p <= 0.025, Holm over the comparisons of this part, %d) and A >= %s and G >= %s points; "+
			"- if the data rule such a gain out; 0 if they decide neither. The paper's sign for no evidence, -, is 0 or - here.",
		h.Family, decimal(r.Margins.OOD), decimal(r.Margins.Gap))}
	main := table{title: "Verdicts", head: []string{"hypothesis"}}
	for _, b := range r.Benchmarks {
		main.head = append(main.head, b.Name)
	}
	main.head = append(main.head, "over all")
	all := &evidenceTable{rows: map[evidenceKey]int{}}
	for _, row := range h.Rows {
		name := strconv.Itoa(row.Number) + " " + row.Name
		cells := []cell{{value: name}}
		first := "" // anchor of the row's first comparison
		for _, b := range r.Benchmarks {
			i := slices.IndexFunc(row.Benchmarks, func(v hypothesisVerdict) bool { return v.Benchmark == b.Name })
			if i < 0 {
				cells = append(cells, cell{})
				continue
			}
			v := row.Benchmarks[i]
			c := mark(v.Verdict)
			for k, e := range v.Cells {
				if anchor := all.add(row.Number, b.Name, e); k == 0 {
					c.link = anchor
				}
			}
			if first == "" {
				first = c.link
			}
			cells = append(cells, c)
			if row.Number <= 4 {
				s.items = append(s.items, item{fmt.Sprintf("%s, %s: %s.", name, b.Name, v.Why), c.link})
			}
		}
		over := cell{value: row.Verdict}
		if row.Verdict != "" {
			over.link = "why-" + strconv.Itoa(len(s.items)+1)
			s.items = append(s.items, item{fmt.Sprintf("%s: %s: %s.", name, row.Verdict, row.Why), h.rests(row, first)})
		}
		main.rows = append(main.rows, append(cells, over))
	}
	evidence, parts := all.tables()
	s.tables = []table{main}
	if len(evidence.rows) > 0 {
		s.tables = append(s.tables, evidence)
	}
	if len(parts.rows) > 0 {
		s.tables = append(s.tables, parts)
	}
	for i := range h.Blur {
		s.tables = append(s.tables, h.Blur[i].table())
		s.charts = append(s.charts, h.Blur[i].chart(colours))
	}
	if t := onlyTable(h.Only); len(t.rows) > 0 {
		s.tables = append(s.tables, t)
	}
	if t := correlationTable(h.Correlations); len(t.rows) > 0 {
		s.tables = append(s.tables, t)
	}
	return s
}

// Anchors of the tables that rows 6 and 8 rest on.
const (
	onlyAnchor        = "h6"
	correlationAnchor = "h8"
)

// rests is the anchor of what the verdict of a property rests on; first is that of
// its first comparison.
func (h *hypothesesResult) rests(row hypothesisResult, first string) string {
	switch {
	case row.Number == 6 && len(h.Only) > 0:
		return onlyAnchor
	case row.Number == 8 && len(h.Correlations) > 0:
		return correlationAnchor
	}
	return first
}

// An evidenceTable gathers the comparisons behind the signs, each once with the
// hypotheses that rest on it.
type evidenceTable struct {
	all  []evidenceRow
	rows map[evidenceKey]int
}

type evidenceRow struct {
	numbers       []string
	benchmark, of string
	cell          evidenceCell
}

// An evidenceKey tells comparisons apart: the gains are shared by all that are of the
// same sets.
type evidenceKey struct {
	of    string
	gains *gains
}

// add takes up a comparison and returns its anchor.
func (t *evidenceTable) add(number int, benchmark string, e evidenceCell) string {
	of := e.With + " against " + e.Plain
	if e.Uncontrolled {
		of += " (uncontrolled)"
	}
	key := evidenceKey{of, e.gains}
	i, ok := t.rows[key]
	if !ok {
		i = len(t.all)
		t.rows[key] = i
		t.all = append(t.all, evidenceRow{benchmark: benchmark, of: of, cell: e})
	}
	row := &t.all[i]
	if n := strconv.Itoa(number); !slices.Contains(row.numbers, n) {
		row.numbers = append(row.numbers, n)
	}
	if row.cell.Overlap == nil {
		row.cell.Overlap = e.Overlap
	}
	return "e" + strconv.Itoa(i+1)
}

// tables are the comparisons, and the same by test set.
func (t *evidenceTable) tables() (evidence, parts table) {
	evidence = table{
		title: "Evidence", head: []string{"for", "benchmark", "comparison", "verdict", "A", "G", "p"}, keys: 3,
		note: "In points, as in the benchmarks' own tables; p by Holm over all comparisons of this part. For: the hypotheses that rest on the comparison.",
	}
	parts = table{
		title: "Evidence, by test set", head: []string{"for", "benchmark", "comparison", "test set", "verdict", "A", "G", "p"}, keys: 4, fold: true, extra: true,
		note: "As above, each test set for itself; p by Holm over all comparisons and test sets of this part.",
	}
	for i, row := range t.all {
		e, of := row.cell, row.of
		if e.Overlap != nil {
			of += fmt.Sprintf(" (overlaps with %d of %d sets)", e.Overlap.Sets, e.Overlap.Of)
		}
		names := []cell{{value: strings.Join(row.numbers, ", ")}, {value: row.benchmark}, {value: of}}
		evidence.rows = append(evidence.rows, append(slices.Clone(names), mark(e.Verdict), signed(e.A), signed(e.G), pvalue(e.Holm)))
		evidence.ids = append(evidence.ids, "e"+strconv.Itoa(i+1))
		if len(e.Sets) > 1 && len(e.Sets) <= manySets {
			for _, x := range e.Sets {
				parts.rows = append(parts.rows, append(slices.Clone(names), cell{value: x.Set}, mark(x.Verdict), signed(x.A), signed(x.G), pvalue(x.Holm)))
			}
		}
	}
	return evidence, parts
}

// onlyTable is what row 6 rests on: where the interval of each G lies.
func onlyTable(cells []onlyCell) table {
	t := table{
		title: "Where each G lies", id: onlyAnchor, keys: 2, fold: true, extra: true,
		head: []string{"benchmark", "method", "fewer IID errors", "G", "interval of G", "verdict"},
		note: fmt.Sprintf("In points. The interval of G lies within or beyond %s points of 0, or across that margin, where nothing is decided.", decimal(equivalent)),
	}
	line := slices.ContainsFunc(cells, func(c onlyCell) bool { return c.Effective != nil })
	if line {
		t.head = append(t.head, "effective robustness")
		t.note += " Effective robustness is marked * where it certainly has the other sign than G."
	}
	for _, c := range cells {
		row := []cell{{value: c.Benchmark}, {value: c.Method}, signed(c.IID), signed(c.G), {value: c.Place}, mark(c.Verdict)}
		if line {
			e := signed(c.Effective)
			if c.differs() {
				e.name = "*"
			}
			row = append(row, e)
		}
		t.rows = append(t.rows, row)
	}
	return t
}

// correlationTable is the matrix of rank correlations: the upper half, with the
// number of methods.
func correlationTable(all []correlation) table {
	t := table{
		title: "Rank correlations of benchmarks", id: correlationAnchor, head: []string{"benchmark"},
		note: "Rank correlation (Spearman) of G, in brackets the number of methods.",
	}
	var names []string
	for _, c := range all {
		names = append(names, c.Benchmarks[0], c.Benchmarks[1])
	}
	if names = unique(names); len(names) == 0 {
		return t
	}
	t.head = append(t.head, names[1:]...)
	for i, a := range names[:len(names)-1] {
		row := []cell{{value: a}}
		for k, b := range names[1:] {
			at := slices.IndexFunc(all, func(c correlation) bool { return c.Benchmarks == [2]string{a, b} })
			switch {
			case k < i || at < 0:
				row = append(row, cell{})
			case all[at].Rho == nil:
				row = append(row, cell{value: "n/a", interval: strconv.Itoa(all[at].Methods)})
			default:
				row = append(row, cell{value: strconv.FormatFloat(*all[at].Rho, 'f', 2, 64), sort: all[at].Rho, interval: strconv.Itoa(all[at].Methods)})
			}
		}
		t.rows = append(t.rows, row)
	}
	return t
}
