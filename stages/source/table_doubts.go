package source

import (
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// What is said of texts that can be read in several ways, or not as the type that they got.

// guessed says of a column whose type nobody has named how it came by it.
func (t *tableRun) guessed(i int) string {
	f := &t.l.fields[i]
	if _, said := t.c.Types[f.name]; said || f.inferred.name == "" {
		return ""
	}
	return fmt.Sprintf(", which the first lines hold; types: {%s: string}, or another type, says otherwise", f.name)
}

// absentTexts are what programs write for a value that is missing, in lower case.
var absentTexts = []string{"", "na", "n/a", "#n/a", "<na>", "nan", "null", "none", "nil", "-", "--", "?", `\n`, "nat"}

// likeNull says of a text that cannot be read that it looks like a missing value, and how it becomes one.
func (t *tableRun) likeNull(text string) string {
	if !slices.Contains(absentTexts, strings.ToLower(strings.TrimSpace(text))) {
		return ""
	}
	var quoted []string
	for _, n := range append(slices.Clone(t.c.Nulls), text) {
		quoted = append(quoted, fmt.Sprintf("%q", n))
	}
	return fmt.Sprintf("; nulls: [%s] would make it missing", strings.Join(quoted, ", "))
}

// withNulls is a column without the texts that mean a missing value.
func (t *tableRun) withNulls(col *array.String) *array.String {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	defer b.Release()
	for i := range col.Len() {
		if col.IsNull(i) || slices.Contains(t.c.Nulls, col.Value(i)) {
			b.AppendNull()
		} else {
			b.Append(col.Value(i))
		}
	}
	return b.NewStringArray()
}

// ambiguous counts times of a column that several of its layouts read, and not as the same.
func (t *tableRun) ambiguous(column int, col *array.String) {
	typ := t.l.types[column]
	if len(typ.layouts) < 2 || typ.name != "time" {
		return
	}
	a := &t.unclear[column]
	for i := range col.Len() {
		if col.IsNull(i) {
			continue
		}
		if text := col.Value(i); typ.unclear(text) {
			if a.n++; a.n == 1 {
				a.first = strings.Clone(text)
			}
		}
	}
}

// unclearNotes say in which columns such times are.
func (t *tableRun) unclearNotes() (notes []string) {
	for i, a := range t.unclear {
		if a.n > 0 {
			notes = append(notes, fmt.Sprintf("column %q: %d times can be read by several layouts of types, and mean another time by each, such as %q: the first that fits counts", t.l.fields[i].name, a.n, a.first))
		}
	}
	return notes
}

// An unclear is a column of times of which some can be read in several ways.
type unclear struct {
	n     int
	first string
}
