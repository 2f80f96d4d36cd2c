package check

import (
	"fmt"
	"strings"
)

// markdown is the report for people.
func (r *report) markdown() []byte {
	var b strings.Builder
	b.WriteString("# What the split holds\n\n")
	for _, n := range r.Notes {
		fmt.Fprintf(&b, "- %s\n", cell(n))
	}
	if len(r.Notes) > 0 {
		b.WriteString("\n")
	}
	b.WriteString("## Sets\n\nLabel shift: total variation of the classes from train's, 0 to 1, with the chi-square statistic. Detectable: the smallest gap of error rates, in points, that this set and the IID set show with a power of 80 % at the 5 % level.\n\n")
	rows := [][]string{{"set", "rows", "label shift", "chi-square (df)", "detectable", "missing"}}
	for _, s := range r.Sets {
		var missing []string
		for _, name := range sortedKeys(s.Missing) {
			missing = append(missing, fmt.Sprintf("%s %d", name, s.Missing[name]))
		}
		rows = append(rows, []string{s.Name, fmt.Sprint(s.Rows), fmt.Sprintf("%.3f", s.LabelShift), fmt.Sprintf("%.1f (%d)", s.ChiSquare, s.Freedom), fmt.Sprintf("%.1f", 100*s.Detectable), strings.Join(missing, ", ")})
	}
	table(&b, rows)
	if len(r.Classes) > 0 {
		fmt.Fprintf(&b, "## Classes (%s)\n\n", cell(r.label))
		values, counts := r.shownClasses()
		table(&b, r.counts(values, func(i int) []int { return counts[i] }))
	}
	if len(r.Attributes) > 0 {
		b.WriteString("## Mix of the attributes\n\nTotal variation from train's mix: 1 shares no value with train, which is what an altered attribute does; anything between is a residual that the split did not hold.\n\n")
		rows := [][]string{{"set"}}
		for _, m := range r.Attributes {
			rows[0] = append(rows[0], m.Name)
		}
		for i, s := range r.Sets {
			row := []string{s.Name}
			for _, m := range r.Attributes {
				row = append(row, fmt.Sprintf("%.3f", m.Shift[i]))
			}
			rows = append(rows, row)
		}
		table(&b, rows)
		for _, m := range r.Attributes {
			fmt.Fprintf(&b, "### %s\n\n", cell(m.Name))
			if m.Bins != "" {
				fmt.Fprintf(&b, "Bins: %s.\n\n", cell(m.Bins))
			}
			values, counts := common(m.Values, m.Counts, mostValues)
			table(&b, r.counts(values, func(i int) []int { return counts[i] }))
		}
	}
	if len(r.Associations) > 0 {
		b.WriteString("## Associations in train\n\nCramer's V, 0 (independent) to 1 (one tells the other), beside what chance alone makes of independent columns in so few rows.\n\n")
		rows := [][]string{{"", "", "V", "by chance"}}
		for i, a := range r.Associations {
			if i == 20 {
				break
			}
			rows = append(rows, []string{a.A, a.B, fmt.Sprintf("%.3f", a.Strength), fmt.Sprintf("%.3f", a.Chance)})
		}
		table(&b, rows)
	}
	if len(r.Uncounted) > 0 {
		fmt.Fprintf(&b, "Too many different texts to compare: %s.\n", cell(strings.Join(r.Uncounted, ", ")))
	}
	return []byte(b.String())
}

// counts is a table with a row for each value and a column for each set.
func (r *report) counts(values []string, of func(set int) []int) [][]string {
	rows := [][]string{{""}}
	for _, s := range r.Sets {
		rows[0] = append(rows[0], s.Name)
	}
	for k, v := range values {
		row := []string{v}
		for i := range r.Sets {
			row = append(row, fmt.Sprint(of(i)[k]))
		}
		rows = append(rows, row)
	}
	return rows
}

// cell keeps text from being taken as markup.
func cell(s string) string {
	return strings.NewReplacer("|", "\\|", "\n", " ", "\r", " ", "<", "&lt;", "*", "\\*", "_", "\\_", "`", "\\`").Replace(s)
}

// table writes rows, the first as the head; all columns but the first are
// numbers.
func table(b *strings.Builder, rows [][]string) {
	for i, row := range rows {
		b.WriteString("|")
		for _, c := range row {
			b.WriteString(" " + cell(c) + " |")
		}
		b.WriteString("\n")
		if i == 0 {
			b.WriteString("|---|" + strings.Repeat("--:|", len(row)-1) + "\n")
		}
	}
	b.WriteString("\n")
}
