package report

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
)

// latexRows is how many rows a table float holds; further ones go into floats
// behind it, since a page takes no more.
const latexRows = 40

// latex writes each table as a table environment of package booktabs, to be
// \input into a paper. Tables that are wider than the line are made smaller.
func latex(r *result, sections []section) []byte {
	var b bytes.Buffer
	b.WriteString("% Needs \\usepackage{booktabs,graphicx}, and in old LaTeX \\usepackage[utf8]{inputenc}.\n")
	for _, s := range sections {
		for i, t := range s.tables {
			rows := t.shown()
			for part := 0; part == 0 || len(rows) > 0; part++ {
				n := min(len(rows), latexRows)
				caption := fmt.Sprintf("%s: %s", s.title, t.title)
				if part > 0 {
					caption += ", continued"
				}
				caption = escapeLatex(caption) + "."
				label := fmt.Sprintf("\\label{tab:%s-%d}", s.id, i+1)
				switch {
				case part > 0:
					label = ""
				case t.note != "":
					caption += " " + escapeLatex(t.note)
				}
				fmt.Fprintf(&b, "\n\\begin{table}\n\\centering\n\\caption{%s}%s\n\\par\\smallskip\n%s\\begin{tabular}{%s}\n\\toprule\n", caption, label, latexShrink, t.latexColumns())
				latexRow(&b, len(t.head), func(k int) string { return escapeLatex(t.head[k]) })
				b.WriteString("\\midrule\n")
				for _, row := range rows[:n] {
					latexRow(&b, len(row), func(k int) string { return row[k].latex() })
				}
				b.WriteString("\\bottomrule\n\\end{tabular}}\n\\end{table}\n")
				rows = rows[n:]
			}
		}
	}
	return b.Bytes()
}

// latexShrink makes what is wider than the line as wide as it, and leaves the rest.
const latexShrink = "\\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{"

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

// latexRow writes the cells of a row. The first begins with a group, since \\ takes
// a bracket behind it for an argument, and so do the rules.
func latexRow(b *bytes.Buffer, n int, cell func(int) string) {
	b.WriteString("{}")
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
	text := escapeLatex(c.value)
	if c.sort != nil || c.mark != "" {
		text = latexFigure(c.value)
	}
	if c.name != "" {
		text = escapeLatex(c.name) + " " + text
	}
	switch {
	case c.interval == "":
	case strings.ContainsFunc(c.interval, unicode.IsLetter):
		text += " {\\scriptsize [" + escapeLatex(c.interval) + "]}"
	default:
		text += " {\\scriptsize $[" + c.interval + "]$}"
	}
	return text
}

// latexFigure is a number or a sign in mathematics, where commas between thousands
// are no punctuation.
func latexFigure(s string) string {
	if strings.ContainsFunc(s, unicode.IsLetter) {
		return escapeLatex(s)
	}
	return "$" + strings.ReplaceAll(s, ",", "{,}") + "$"
}

// escapeLatex keeps names from being read as commands: the characters that LaTeX
// reserves, those that its default encoding prints as others, and pairs that it
// joins.
func escapeLatex(s string) string {
	return strings.NewReplacer(`\`, `\textbackslash{}`, "&", `\&`, "%", `\%`, "$", `\$`, "#", `\#`, "_", `\_`,
		"{", `\{`, "}", `\}`, "~", `\textasciitilde{}`, "^", `\textasciicircum{}`, "\n", " ", "\r", " ", "\t", " ",
		"<", `\textless{}`, ">", `\textgreater{}`, "|", `\textbar{}`, `"`, `''`, "`", `\textasciigrave{}`, "--", "-{}-").Replace(s)
}
