package report

import (
	"fmt"
	"slices"
	"strconv"
)

// layPublished shows the paper's tables, with the report's own rows first where
// a benchmark has the name of a published one. Without any, all tables stand.
func layPublished(r *result) section {
	s := section{
		title: "Published results", id: "published",
		lead: "From The Many Faces of Robustness (Hendrycks et al., arXiv 2006.16241), for comparison only: other models, other images, no intervals. " +
			"Source: text, stated in the paper; table, from a reproduction of its table; recalled, not verified.",
	}
	own := func(p *published) *benchmarkResult {
		i := slices.IndexFunc(r.Benchmarks, func(b benchmarkResult) bool { return b.Name == p.Name })
		if i < 0 {
			return nil
		}
		return &r.Benchmarks[i]
	}
	tables := r.Published.Tables
	matched := slices.DeleteFunc(slices.Clone(tables), func(p published) bool { return own(&p) == nil })
	if len(matched) > 0 {
		tables = matched
	}
	for i := range tables {
		s.tables = append(s.tables, publishedTable(&tables[i], own(&tables[i])))
	}
	s.tables = append(s.tables, signTable(r))
	t := correlationTable(r.Published.Correlations)
	t.title, t.id = "Rank correlations of the published tables", ""
	t.note = "Rank correlation (Spearman) of G over ResNet-50, in brackets the number of methods."
	if b := r.Published.Blur; b != nil {
		t.note += " Synthetic and real blur (errors, ten networks): " + strconv.FormatFloat(*b, 'f', 2, 64) + "."
	}
	s.tables = append(s.tables, t, sizeTable(r))
	return s
}

// sizeTable is the paper's figure 6, own methods first.
func sizeTable(r *result) table {
	t := table{title: "Error against model size", keys: 2, head: []string{"network", "source", "millions of weights", "ImageNet-R"}}
	for _, b := range r.Benchmarks {
		if b.Name != "imagenet-r" {
			continue
		}
		for _, m := range b.Models {
			if m.Parameters > 0 {
				t.rows = append(t.rows, []cell{{value: m.Name}, {value: "this report"}, figure(m.Parameters), value(m.OOD)})
			}
		}
	}
	for _, p := range r.Published.Sizes {
		t.rows = append(t.rows, []cell{{value: p.Network}, {value: p.Source}, figure(p.Parameters), figure(p.Error)})
	}
	return t
}

func publishedTable(p *published, own *benchmarkResult) table {
	t := table{title: p.Title + " (" + p.Measure + ")", keys: 2, head: []string{"network", "source", p.IID, "OOD mean", "gap"}}
	sets := len(p.Sets) > 1 && len(p.Sets) <= 8
	if sets {
		t.head = append(t.head, p.Sets...)
	}
	mce := p.Rows[0].MCE != nil
	if mce {
		t.head = append(t.head, "mCE")
	}
	if own != nil && own.Sets[0].IID {
		for _, m := range own.Models {
			row := []cell{{value: m.Name}, {value: "this report"}, value(m.Errors[0].Error), value(m.OOD), signed(m.Gap)}
			for len(row) < len(t.head) {
				row = append(row, cell{})
			}
			if c := m.Corruption; mce && c != nil && c.Complete && c.Reference == alexnetName {
				row[len(row)-1] = value(c.Mean)
			}
			t.rows = append(t.rows, row)
		}
	}
	for i := range p.Rows {
		r := &p.Rows[i]
		row := []cell{{value: r.Network}, {value: r.Source}, figure(r.IID), figure(r.OOD), figure(r.Gap)}
		if sets {
			for _, x := range r.Sets {
				row = append(row, figure(x))
			}
		}
		if mce {
			row = append(row, figure(*r.MCE))
		}
		t.rows = append(t.rows, row)
	}
	return t
}

// figure is a number without an interval.
func figure(x float64) cell { return cell{value: decimal(x), sort: &x} }

// signTable is the paper's table of hypotheses by the point rule.
func signTable(r *result) table {
	t := table{
		title: "The paper's hypotheses on its own tables",
		note: fmt.Sprintf("Point rule: + if A >= %s and G >= %s points in more than half of the comparisons (and, for diverse augmentation, its mean A is above that of simple augmentation), else -. No intervals.",
			decimal(r.Margins.OOD), decimal(r.Margins.Gap)),
		head: []string{"hypothesis"},
	}
	for _, p := range r.Published.Tables {
		t.head = append(t.head, p.Title)
	}
	for _, h := range paperPairs {
		row := []cell{{value: h.name}}
		for _, p := range r.Published.Tables {
			i := slices.IndexFunc(r.Published.Signs, func(s pointSign) bool { return s.Hypothesis == h.name && s.Benchmark == p.Name })
			if i < 0 {
				row = append(row, cell{})
				continue
			}
			s := r.Published.Signs[i]
			row = append(row, cell{value: s.Sign, interval: strconv.Itoa(s.Positive) + " of " + strconv.Itoa(s.Of), mark: s.Sign})
		}
		t.rows = append(t.rows, row)
	}
	return t
}
