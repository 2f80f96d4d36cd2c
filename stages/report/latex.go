package report

import (
	"bytes"
	"fmt"
	"strings"
)

// latex writes each table as a table environment of package booktabs, to be
// \input into a paper.
func latex(r *result, sections []section) []byte {
	var b bytes.Buffer
	b.WriteString("% Needs \\usepackage{booktabs}.\n")
	for _, s := range sections {
		for i, t := range s.tables {
			fmt.Fprintf(&b, "\n\\begin{table}\n\\centering\n\\caption{%s: %s.}\n\\label{tab:%s-%d}\n\\begin{tabular}{%s}\n\\toprule\n",
				escapeLatex(s.title), escapeLatex(t.title), s.id, i+1, t.latexColumns())
			latexRow(&b, len(t.head), func(k int) string { return escapeLatex(t.head[k]) })
			b.WriteString("\\midrule\n")
			for _, row := range t.shown() {
				latexRow(&b, len(row), func(k int) string { return row[k].latex() })
			}
			b.WriteString("\\bottomrule\n\\end{tabular}\n\\end{table}\n")
		}
	}
	return b.Bytes()
}

func (t *table) latexColumns() string {
	columns := ""
	for i := range t.head {
		if t.textual(i) {
			columns += "l"
		} else {
			columns += "r"
		}
	}
	return columns
}

func latexRow(b *bytes.Buffer, n int, cell func(int) string) {
	for k := range n {
		if k > 0 {
			b.WriteString(" & ")
		}
		b.WriteString(cell(k))
	}
	b.WriteString(" \\\\\n")
}

// latex sets figures in mathematics, so that minus signs are such, and the
// interval smaller than the estimate.
func (c cell) latex() string {
	switch {
	case c.interval != "":
		return fmt.Sprintf("$%s$ {\\scriptsize $[%s]$}", c.value, c.interval)
	case c.sort != nil || c.mark != "":
		return "$" + c.value + "$"
	}
	return escapeLatex(c.value)
}

func escapeLatex(s string) string {
	return strings.NewReplacer(`\`, `\textbackslash{}`, "&", `\&`, "%", `\%`, "$", `\$`, "#", `\#`, "_", `\_`,
		"{", `\{`, "}", `\}`, "~", `\textasciitilde{}`, "^", `\textasciicircum{}`, "\n", " ").Replace(s)
}
