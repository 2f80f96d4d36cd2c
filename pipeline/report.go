package pipeline

import (
	"fmt"
	"strings"
)

var oneLine = strings.NewReplacer("\n", `\n`, "\r", `\r`, "\u2028", `\u2028`, "\u2029", `\u2029`)

// A reporter collects mistakes, each once: the instances of a stage repeat
// those of their common text.
type reporter struct {
	errs Errors
	seen map[Error]struct{}
}

func (r *reporter) add(pos Pos, path, format string, args ...any) {
	// A message is one line, whatever text of the spec it quotes.
	e := Error{Pos: pos, Path: oneLine.Replace(path), Msg: oneLine.Replace(fmt.Sprintf(format, args...))}
	r.put(&e)
}

func (r *reporter) put(e *Error) {
	id := *e
	id.Err = nil
	if _, ok := r.seen[id]; ok {
		return
	}
	if r.seen == nil {
		r.seen = map[Error]struct{}{}
	}
	r.seen[id] = struct{}{}
	r.errs = append(r.errs, e)
}

func (r *reporter) failed() bool { return len(r.errs) > 0 }

// err returns all mistakes, sorted, or nil.
func (r *reporter) err() error {
	if len(r.errs) == 0 {
		return nil
	}
	return r.errs.Sorted()
}

// Problems turns mistakes found by Decode into those a kind's DecodeSpec
// returns.
func (es Errors) Problems() []Problem {
	out := make([]Problem, len(es))
	for i, e := range es {
		out[i] = Problem{Field: e.Path, Pos: e.Pos, Msg: e.Msg}
	}
	return out
}

// join appends a part to a dotted path.
func join(path, part string) string {
	switch {
	case path == "":
		return part
	case part == "":
		return path
	}
	return path + "." + part
}

// A trail is the parts of a dotted path: it is spelled out only where a message names it.
type trail []string

// deepTrail is room enough for most.
const deepTrail = 8

func (t trail) String() string {
	path := ""
	for _, part := range t {
		path = join(path, part)
	}
	return path
}
