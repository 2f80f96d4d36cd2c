package report

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// width is that of report.txt, so that it neither wraps in a terminal of usual
// width nor depends on the one it is made in.
const width = 100

// text lays the report out for a terminal.
func text(r *result, sections []section) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n%s\n", r.Title, strings.Repeat("=", utf8.RuneCountInString(r.Title)))
	for _, line := range r.summary() {
		b.WriteByte('\n')
		paragraph(&b, "", line)
	}
	for _, s := range sections {
		if len(s.tables) == 0 {
			continue // charts, which are the page's
		}
		fmt.Fprintf(&b, "\n%s\n%s\n\n", s.title, strings.Repeat("-", utf8.RuneCountInString(s.title)))
		if s.lead != "" {
			paragraph(&b, "", s.lead)
		}
		var left []string
		for i, t := range s.tables {
			if t.extra {
				left = append(left, t.title)
				continue
			}
			fmt.Fprintf(&b, "\n%s\n\n", t.title)
			t.text(&b)
			if t.note != "" {
				b.WriteByte('\n')
				paragraph(&b, "  ", t.note)
			}
			if i == 0 && len(s.items) > 0 {
				b.WriteByte('\n')
				for _, item := range s.items {
					paragraph(&b, "  ", "* "+item.text)
				}
			}
		}
		if len(left) > 0 {
			b.WriteByte('\n')
			paragraph(&b, "", "In report.md and report.html also: "+strings.Join(left, "; ")+".")
		}
	}
	if len(r.Notes) > 0 {
		b.WriteString("\nNotes\n-----\n\n")
		for _, n := range r.Notes {
			paragraph(&b, "  ", "* "+n)
		}
	}
	return b.Bytes()
}

// text writes the columns aligned; those that do not fit go into further blocks
// below, each with the columns that name its rows again.
func (t *table) text(b *bytes.Buffer) {
	widths := make([]int, len(t.head))
	for i, h := range t.head {
		widths[i] = utf8.RuneCountInString(h)
	}
	for _, row := range t.shown() {
		for i, c := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(c.text()))
		}
	}
	keys := max(t.keys, 1)
	names := 0
	for _, w := range widths[:keys] {
		names += 2 + w
	}
	for from := keys; from < len(t.head); {
		to, used := from, names
		for to < len(t.head) && (to == from || used+2+widths[to] <= width) {
			used += 2 + widths[to]
			to++
		}
		if from > keys {
			b.WriteByte('\n')
		}
		t.line(b, widths, from, to, func(i int) string { return t.head[i] })
		for _, row := range t.shown() {
			t.line(b, widths, from, to, func(i int) string { return row[i].text() })
		}
		from = to
	}
}

func (t *table) line(b *bytes.Buffer, widths []int, from, to int, text func(int) string) {
	line := ""
	for i := range to {
		if i < max(t.keys, 1) || i >= from {
			line += "  " + pad(text(i), widths[i])
		}
	}
	b.WriteString(strings.TrimRight(line, " "))
	b.WriteByte('\n')
}

func pad(s string, width int) string {
	return s + strings.Repeat(" ", width-utf8.RuneCountInString(s))
}

// paragraph wraps text at the width; lines after the first of a "* " item are
// indented below its text.
func paragraph(b *bytes.Buffer, indent, text string) {
	hang := indent
	if strings.HasPrefix(text, "* ") {
		hang += "  "
	}
	line := indent
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
			line += word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width:
			b.WriteString(line + "\n")
			line = hang + word
		default:
			line += " " + word
		}
	}
	b.WriteString(line + "\n")
}
