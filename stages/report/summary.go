package report

import (
	"fmt"
	"strings"
)

// summary says in a sentence or two for each benchmark what came out.
func (r *result) summary() []string {
	var lines []string
	for i := range r.Benchmarks {
		b := &r.Benchmarks[i]
		m := &b.Models[0]
		if len(b.Models) > 1 && !m.Baseline {
			continue // none of the methods stands for the others
		}
		if m.OOD == nil {
			continue
		}
		line := fmt.Sprintf("%s: %s errs on %s %% of images", b.Name, m.Name, decimal(m.OOD.Value))
		if b.Measure != topOne {
			line = fmt.Sprintf("%s: %s has a mean error (%s) of %s", b.Name, m.Name, b.Measure, decimal(m.OOD.Value))
		}
		if m.Gap != nil {
			in, out := decimal(m.Errors[0].Error.Value), decimal(m.OOD.Value)
			more := decimal(m.Gap.Value) + " points more"
			if m.Gap.Value < 0 {
				more = decimal(-m.Gap.Value) + " points fewer"
			}
			line = fmt.Sprintf("%s: %s errs on %s %% of images like its training data and on %s %% of shifted ones, %s", b.Name, m.Name, in, out, more)
			if b.Measure != topOne {
				line = fmt.Sprintf("%s: %s has an error (%s) of %s on images like its training data and of %s on shifted ones, %s", b.Name, m.Name, b.Measure, in, out, more)
			}
		}
		if b.oodSets() > 1 {
			worst := b.worst(m)
			line += fmt.Sprintf("; the worst test set is %s with %s %%", worst.name, worst.value)
		}
		lines = append(lines, line+"."+b.verdicts(r.Baseline))
	}
	return lines
}

// verdicts names the methods by their signs.
func (b *benchmarkResult) verdicts(baseline string) string {
	by := map[string][]string{}
	for _, m := range b.Models {
		if m.Against != nil && m.Against.Verdict != "" {
			by[m.Against.Verdict] = append(by[m.Against.Verdict], m.Name)
		}
	}
	var parts []string
	for _, sign := range []string{"+", "0", "-"} {
		if len(by[sign]) > 0 {
			parts = append(parts, sign+" for "+strings.Join(by[sign], ", "))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " Against " + baseline + ": " + strings.Join(parts, "; ") + "."
}
