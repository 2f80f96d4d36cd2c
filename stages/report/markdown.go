package report

import (
	"bytes"
	"fmt"
	"strings"
)

// markdown lays the report out as GitHub-flavoured Markdown.
func markdown(r *result, sections []section) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s\n", escapeMarkdown(r.Title))
	for _, line := range r.summary() {
		fmt.Fprintf(&b, "\n%s\n", escapeMarkdown(line))
	}
	for _, s := range sections {
		if len(s.tables) == 0 {
			continue // charts, which are the page's
		}
		fmt.Fprintf(&b, "\n## %s\n", escapeMarkdown(s.title))
		if s.lead != "" {
			fmt.Fprintf(&b, "\n%s\n", escapeMarkdown(s.lead))
		}
		for i, t := range s.tables {
			fmt.Fprintf(&b, "\n### %s\n\n", escapeMarkdown(t.title))
			t.markdown(&b)
			if t.note != "" {
				fmt.Fprintf(&b, "\n%s\n", escapeMarkdown(t.note))
			}
			if i == 0 && len(s.items) > 0 {
				b.WriteByte('\n')
				for _, item := range s.items {
					fmt.Fprintf(&b, "- %s\n", escapeMarkdown(item.text))
				}
			}
		}
	}
	if len(r.Notes) > 0 {
		b.WriteString("\n## Notes\n\n")
		for _, n := range r.Notes {
			fmt.Fprintf(&b, "- %s\n", escapeMarkdown(n))
		}
	}
	return b.Bytes()
}

func (t *table) markdown(b *bytes.Buffer) {
	for _, h := range t.head {
		fmt.Fprintf(b, "| %s ", escapeMarkdown(h))
	}
	b.WriteString("|\n")
	for i := range t.head {
		if t.textual(i) {
			b.WriteString("|---")
		} else {
			b.WriteString("|---:")
		}
	}
	b.WriteString("|\n")
	for _, row := range t.shown() {
		for _, c := range row {
			fmt.Fprintf(b, "| %s ", escapeMarkdown(c.text()))
		}
		b.WriteString("|\n")
	}
}

// escapeMarkdown keeps names from being read as markup; brackets stay as they
// are, since no link definition can follow them here.
func escapeMarkdown(s string) string {
	return strings.NewReplacer("|", `\|`, "*", `\*`, "_", `\_`, "`", "\\`", "<", "&lt;", "\n", " ").Replace(s)
}
