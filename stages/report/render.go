package report

// A file is one format of the report.
type file struct {
	name string
	data []byte
}

// render makes every format of the report.
func render(r *result) ([]file, error) {
	sections := lay(r)
	numbers, err := jsonData(r)
	if err != nil {
		return nil, err
	}
	lines, err := csvData(r)
	if err != nil {
		return nil, err
	}
	html, err := page(r, sections)
	if err != nil {
		return nil, err
	}
	return []file{
		{"report.txt", text(r, sections)},
		{"report.md", markdown(r, sections)},
		{"report.json", numbers},
		{"report.csv", lines},
		{"report.tex", latex(r, sections)},
		{"report.html", html},
	}, nil
}

// A headline is a figure for the run record, as a fraction.
type headline struct {
	name  string
	value float64
}

// headlines are error on IID and mean error on OOD of each method, and the gap.
func (r *result) headlines() []headline {
	var hs []headline
	for _, b := range r.Benchmarks {
		for _, m := range b.Models {
			of := m.Name + " "
			if len(r.Benchmarks) > 1 {
				of = b.Name + " " + of
			}
			for _, e := range m.Errors {
				if e.Error != nil {
					hs = append(hs, headline{of + e.Set + " " + b.metric(), e.Error.Value / 100})
				}
			}
			if m.OOD != nil && m.Gap != nil {
				hs = append(hs, headline{of + "OOD " + b.metric(), m.OOD.Value / 100}, headline{of + "IID/OOD gap", m.Gap.Value / 100})
			}
		}
	}
	return hs
}

// metric is the measure's name for the run record.
func (b *benchmarkResult) metric() string {
	if b.Measure == topOne {
		return b.Measure
	}
	return "1 - mAP"
}
