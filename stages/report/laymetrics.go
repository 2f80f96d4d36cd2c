package report

import (
	"fmt"
	"slices"
	"strconv"
)

// metricTables show what the spec asks for beside top-1 error, where the
// predictions hold it.
func metricTables(b *benchmarkResult) []table {
	var ts []table
	for _, m := range []struct {
		title, note string
		of          func(setError) *number
	}{
		{"Top-5 error by test set", "", func(e setError) *number { return e.Top5 }},
		{"Expected calibration error by test set", "Mean distance of confidence and accuracy in points, 15 bins of equal width; 0 is calibrated.", func(e setError) *number { return e.ECE }},
		{"RMS calibration error by test set", "Root mean square of the same distance, bins of 100 images.", func(e setError) *number { return e.RMS }},
		{"RMS calibration error by test set, reference form", "As the code of ImageNet-R computes it: bins of 100 images, of which the most confident one, of 100 to 199, does not count. Not given for fewer than 200 images.", func(e setError) *number { return e.ReferenceRMS }},
		{"AURRA by test set", "Area under the response rate accuracy curve: mean accuracy on the k most confident images, over k; higher is better.", func(e setError) *number { return e.AURRA }},
	} {
		known := func(r modelResult) bool {
			return slices.ContainsFunc(r.Errors, func(e setError) bool { return m.of(e) != nil })
		}
		if slices.ContainsFunc(b.Models, known) {
			t := setTable(m.title, b, m.of)
			if len(b.Sets) > manySets {
				t = t.filled()
			}
			t.note = m.note
			ts = append(ts, t)
		}
	}
	outside := "Error by class, outside the training distribution"
	if !b.Sets[0].IID {
		outside = "Error by class"
	}
	if t, ok := classTable(b, outside, func(c classError) (*number, int) { return c.OOD, c.OODImages }); ok {
		ts = append(ts, t)
	}
	if t, ok := classTable(b, "Error by class, inside the training distribution", func(c classError) (*number, int) { return c.IID, c.IIDImages }); ok {
		ts = append(ts, t)
	}
	for i := range ts {
		ts[i].extra = true
	}
	return ts
}

// filled leaves out the columns that hold no figures.
func (t *table) filled() table {
	f := *t
	f.head, f.rows = nil, make([][]cell, len(t.rows))
	for i, h := range t.head {
		if i >= max(t.keys, 1) && !slices.ContainsFunc(t.rows, func(row []cell) bool { return row[i].sort != nil }) {
			continue
		}
		f.head = append(f.head, h)
		for k, row := range t.rows {
			f.rows[k] = append(f.rows[k], row[i])
		}
	}
	return f
}

// hardest is how many classes a table shows where it cannot be folded.
const hardest = 5

// classTable has a row for each class, the hardest of the first model first.
func classTable(b *benchmarkResult, title string, of func(classError) (*number, int)) (table, bool) {
	t := table{title: title, head: []string{"class", "images"}, first: hardest, fold: true}
	for _, m := range b.Models {
		t.head = append(t.head, m.Name)
	}
	order := make([]int, 0, len(b.Models[0].Classes))
	for i, c := range b.Models[0].Classes {
		if n, _ := of(c); n != nil {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int {
		x, _ := of(b.Models[0].Classes[i])
		y, _ := of(b.Models[0].Classes[j])
		switch {
		case x.Value > y.Value:
			return -1
		case x.Value < y.Value:
			return 1
		}
		return 0
	})
	for _, i := range order {
		c := b.Models[0].Classes[i]
		_, images := of(c)
		n := float64(images)
		row := []cell{{value: c.Class}, {value: grouped(images), sort: &n}}
		for _, m := range b.Models {
			e, _ := of(m.Classes[i])
			row = append(row, value(e))
		}
		t.rows = append(t.rows, row)
	}
	if len(order) > hardest {
		t.note = fmt.Sprintf("The classes that %s finds hardest come first.", b.Models[0].Name)
	}
	return t, len(order) > 0
}

// corruptionTables stand for the error by test set on a corruption benchmark.
func corruptionTables(b *benchmarkResult) []table {
	errors := table{title: "Error by corruption", head: []string{"corruption"}, note: "Mean over severities, not normalised."}
	severity := table{title: "Error by severity", head: []string{"method"}, note: "Mean over corruptions, not normalised."}
	units := table{title: "Corruption error", head: []string{"method"}}
	for k, m := range b.Models {
		c := m.Corruption
		if c == nil {
			continue
		}
		errors.head = append(errors.head, m.Name)
		byCorruption, bySeverity := []cell{{value: m.Name}}, []cell{{value: m.Name}}
		for i, e := range c.Each {
			if k == 0 {
				errors.rows = append(errors.rows, []cell{{value: e.Corruption}})
			}
			errors.rows[i] = append(errors.rows[i], value(e.Error))
			byCorruption = append(byCorruption, value(e.CE))
		}
		for _, e := range c.Severity {
			if k == 0 {
				severity.head = append(severity.head, strconv.Itoa(e.Severity))
			}
			bySeverity = append(bySeverity, value(e.Error))
		}
		severity.rows = append(severity.rows, bySeverity)
		if c.Reference == "" {
			continue
		}
		if len(units.rows) == 0 {
			mean := c.meanName()
			units.title = "Corruption error, " + c.Reference + " = 100"
			units.note = "CE: error summed over severities over that of " + c.Reference + "; " + mean + ": mean over corruptions that are not held out; relative: the same of the growth over clean images."
			if b.Sets[0].IID {
				units.head = append(units.head, b.Sets[0].Name)
			}
			units.head = append(units.head, mean, "relative "+mean)
			for _, e := range c.Each {
				units.head = append(units.head, e.Corruption)
			}
		}
		row := []cell{{value: m.Name}}
		if b.Sets[0].IID {
			row = append(row, value(m.Errors[0].Error))
		}
		units.rows = append(units.rows, append(append(row, value(c.Mean), value(c.Relative)), byCorruption[1:]...))
	}
	ts := []table{errors, severity}
	if len(units.rows) > 0 {
		ts = append([]table{units}, ts...)
	}
	return ts
}
