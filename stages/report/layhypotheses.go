package report

import (
	"fmt"
	"slices"
	"strconv"
)

// layHypotheses is the table of hypotheses by benchmarks, why each verdict is
// as it is, and the comparisons that they rest on.
func layHypotheses(r *result, colours []string) section {
	h := r.Hypotheses
	s := section{title: "Hypotheses", id: "hypotheses", lead: fmt.Sprintf(
		"Each sign is that of more than half of the comparisons behind it. A comparison is + if A and G are above 0 (one-sided p <= 0.025, Holm over the comparisons of this part, %d) and A >= %s and G >= %s points; "+
			"- if the data rule such a gain out; 0 if they decide neither. The paper's sign for no evidence, -, is 0 or - here.",
		h.Family, decimal(r.Margins.OOD), decimal(r.Margins.Gap))}
	main := table{title: "Verdicts", head: []string{"hypothesis"}}
	for _, b := range r.Benchmarks {
		main.head = append(main.head, b.Name)
	}
	main.head = append(main.head, "over all")
	evidence := table{
		title: "Evidence", head: []string{"#", "benchmark", "comparison", "A", "G", "p", "verdict"}, keys: 3,
		note: "In points, as in the benchmarks' own tables; p by Holm over all comparisons of this part.",
	}
	parts := table{
		title: "Evidence, by test set", head: []string{"#", "benchmark", "comparison", "test set", "A", "G", "p", "verdict"}, keys: 4, fold: true, extra: true,
		note: "As above, each test set for itself; p by Holm over all comparisons and test sets of this part.",
	}
	for _, row := range h.Rows {
		name := strconv.Itoa(row.Number) + " " + row.Name
		cells := []cell{{value: name}}
		for _, b := range r.Benchmarks {
			i := slices.IndexFunc(row.Benchmarks, func(v hypothesisVerdict) bool { return v.Benchmark == b.Name })
			if i < 0 {
				cells = append(cells, cell{})
				continue
			}
			v := row.Benchmarks[i]
			anchor := "h" + strconv.Itoa(row.Number) + "-" + strconv.Itoa(slices.IndexFunc(r.Benchmarks, func(x benchmarkResult) bool { return x.Name == b.Name })+1)
			c := mark(v.Verdict)
			c.link = anchor
			cells = append(cells, c)
			if row.Number <= 4 {
				s.items = append(s.items, fmt.Sprintf("%s, %s: %s.", name, b.Name, v.Why))
			}
			for k, e := range v.Cells {
				of := e.With + " against " + e.Plain
				if e.Uncontrolled {
					of += " (uncontrolled)"
				}
				if len(e.Sets) > 1 && len(e.Sets) <= manySets {
					for _, x := range e.Sets {
						parts.rows = append(parts.rows, []cell{{value: strconv.Itoa(row.Number)}, {value: b.Name}, {value: of}, {value: x.Set}, signed(x.A), signed(x.G), pvalue(x.Holm), mark(x.Verdict)})
					}
				}
				evidence.rows = append(evidence.rows, []cell{{value: strconv.Itoa(row.Number)}, {value: b.Name}, {value: of}, signed(e.A), signed(e.G), pvalue(e.Holm), mark(e.Verdict)})
				if k > 0 {
					anchor = ""
				}
				evidence.ids = append(evidence.ids, anchor)
			}
		}
		all := cell{value: row.Verdict}
		if row.Verdict != "" {
			all.link = "why-" + strconv.Itoa(len(s.items)+1)
			s.items = append(s.items, fmt.Sprintf("%s: %s: %s.", name, row.Verdict, row.Why))
		}
		main.rows = append(main.rows, append(cells, all))
	}
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
	if t := correlationTable(h.Correlations); len(t.rows) > 0 {
		s.tables = append(s.tables, t)
	}
	return s
}

func correlationTable(all []correlation) table {
	t := table{title: "Do benchmarks rank methods alike?", head: []string{"benchmark", "and", "methods", "rank correlation of G"}}
	for _, c := range all {
		n := float64(c.Methods)
		rho := cell{value: "n/a"}
		if c.Rho != nil {
			rho = cell{value: strconv.FormatFloat(*c.Rho, 'f', 2, 64), sort: c.Rho}
		}
		t.rows = append(t.rows, []cell{{value: c.Benchmarks[0]}, {value: c.Benchmarks[1]}, {value: strconv.Itoa(c.Methods), sort: &n}, rho})
	}
	return t
}
