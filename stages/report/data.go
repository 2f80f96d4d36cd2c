package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// jsonData is the whole result at full precision.
func jsonData(r *result) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(r)
	return b.Bytes(), err
}

// csvData is one line for each number, at full precision.
func csvData(r *result) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	line := func(fields ...string) { _ = w.Write(fields) } // errors stay in w
	line("benchmark", "method", "set", "quantity", "value", "low", "high", "se", "seed_se", "df", "seeds", "p", "p_holm", "verdict")
	for _, br := range r.Benchmarks {
		for _, m := range br.Models {
			put := func(set, quantity string, n *number, seeds []string, more ...string) {
				if n == nil {
					return
				}
				if len(more) == 0 {
					more = []string{"", "", ""}
				}
				line(append([]string{br.Name, m.Name, set, quantity, full(n.Value), optional(n.Low), optional(n.High),
					full(n.SE), full(n.SeedSE), full(n.DF), strings.Join(seeds, " ")}, more...)...)
			}
			for _, e := range m.Errors {
				put(e.Set, "error", e.Error, m.Seeds)
				put(e.Set, "gap", e.Gap, m.Seeds)
				put(e.Set, "top-5 error", e.Top5, m.Seeds)
				put(e.Set, "ECE", e.ECE, m.Seeds)
				put(e.Set, "RMS calibration error", e.RMS, m.Seeds)
				put(e.Set, "RMS calibration error, reference form", e.ReferenceRMS, m.Seeds)
				put(e.Set, "AURRA", e.AURRA, m.Seeds)
			}
			if c := m.Corruption; c != nil {
				for _, e := range c.Each {
					put(e.Corruption, "error by corruption", e.Error, m.Seeds)
					put(e.Corruption, "CE", e.CE, m.Seeds)
				}
				for _, e := range c.Severity {
					put("severity="+strconv.Itoa(e.Severity), "error by severity", e.Error, m.Seeds)
				}
				mean := c.meanName()
				put("", mean, c.Mean, m.Seeds)
				put("", "relative "+mean, c.Relative, m.Seeds)
			}
			for _, e := range m.Classes {
				put("class="+e.Class, "IID error by class", e.IID, m.Seeds)
				put("class="+e.Class, "OOD error by class", e.OOD, m.Seeds)
			}
			for _, a := range m.Attributes {
				for _, v := range a.Values {
					put(a.Name+"="+v.Value, "error by "+a.Name, v.Error, m.Seeds)
				}
			}
			for _, w := range m.Worst {
				put(w.By+"="+w.Group, "worst error by "+w.By+", "+w.Within, w.Error, m.Seeds)
			}
			put("", "ood error", m.OOD, m.Seeds)
			put("", "gap", m.Gap, m.Seeds)
			put("", "effective robustness", m.Effective, m.Seeds)
			if a := m.Against; a != nil {
				put("", "iid gain", a.IID, a.Seeds)
				put("", "A", a.A, a.Seeds, optional(a.P), optional(a.Holm), a.Verdict)
				put("", "G", a.G, a.Seeds, optional(a.P), optional(a.Holm), a.Verdict)
				for _, s := range a.Sets {
					put(s.Set, "A", s.A, a.Seeds, optional(s.P), optional(s.Holm), s.Verdict)
					put(s.Set, "G", s.G, a.Seeds, optional(s.P), optional(s.Holm), s.Verdict)
				}
			}
		}
	}
	if h := r.Hypotheses; h != nil {
		for _, row := range h.Rows {
			for _, v := range row.Benchmarks {
				for _, c := range v.Cells {
					of := c.With + " against " + c.Plain
					for _, q := range []struct {
						name string
						n    *number
					}{{"A", c.A}, {"G", c.G}} {
						line(v.Benchmark, of, "", fmt.Sprintf("hypothesis %d %s", row.Number, q.name), full(q.n.Value), optional(q.n.Low), optional(q.n.High),
							full(q.n.SE), full(q.n.SeedSE), full(q.n.DF), "", optional(c.P), optional(c.Holm), c.Verdict)
					}
				}
			}
		}
	}
	w.Flush()
	return b.Bytes(), w.Error()
}

func full(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

func optional(x *float64) string {
	if x == nil {
		return ""
	}
	return full(*x)
}
