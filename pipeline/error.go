package pipeline

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Pos is a place in a spec. Line and Column count from 1, the column in
// characters; the zero Pos is unknown.
type Pos struct {
	File   string `json:"file,omitempty"` // or the option of the command line
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

func (p Pos) String() string {
	switch {
	case p.File == "" && p.Line == 0:
		return "-"
	case p.Line == 0:
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// An Error is one mistake in a spec, at the place where its author can mend it.
type Error struct {
	Pos  Pos
	Path string // dotted path of the field, such as "stages.noisy.with.severity"
	Msg  string // what is wrong and what was expected; lower case, no full stop
	Err  error  // cause, or nil
}

func (e *Error) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("%s: %s", e.Pos, e.Msg)
	}
	return fmt.Sprintf("%s: %s: %s", e.Pos, e.Path, e.Msg)
}

func (e *Error) Unwrap() error { return e.Err }

// Errors are all mistakes of a spec, sorted by position.
type Errors []*Error

func (es Errors) Error() string {
	lines := make([]string, len(es))
	for i, e := range es {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// Sorted returns the mistakes by file, line, column and message, each once: the
// instances of a stage repeat those of their common text. It reuses es.
func (es Errors) Sorted() Errors {
	compare := func(a, b *Error) int {
		return cmp.Or(strings.Compare(a.Pos.File, b.Pos.File), cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Column, b.Pos.Column), strings.Compare(a.Msg, b.Msg), strings.Compare(a.Path, b.Path))
	}
	slices.SortStableFunc(es, compare)
	return slices.CompactFunc(es, func(a, b *Error) bool { return compare(a, b) == 0 })
}
