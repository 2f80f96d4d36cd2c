package engine

import (
	"fmt"
	"runtime/debug"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/pipeline"
	"shiftmill/stages"
)

// deriveColumns works out the schemas of a node's outputs from those of its
// inputs, and checks that the columns it reads are there.
func (n *node) deriveColumns() (errs pipeline.Errors) {
	defer func() {
		if p := recover(); p != nil && n.spec.Wrong == nil { // else the kind was handed what it refuses
			errs = pipeline.Errors{{Pos: n.spec.Pos, Path: n.spec.Path,
				Msg: fmt.Sprintf("kind %s: panic: %v\n%s", n.kind.Name, p, debug.Stack())}}
		}
	}()
	if n.schemas == nil {
		n.schemas, n.own = stages.Schemas{}, map[string][]arrow.Field{}
	}
	in, missing, _ := n.inputSchemas(inputRef.schema)
	own, problems := n.kind.Columns(n.spec.Config, in)
	// A sketch is enough to look for mistakes in, and is used for nothing else.
	rough, roughMissing, more := n.inputSchemas(inputRef.sketch)
	drawn := n.kind.Sketch(n.spec.Config, rough)
	if more {
		var roughOwn stages.Schemas
		roughOwn, problems = n.kind.Columns(n.spec.Config, rough)
		if missing = roughMissing; drawn == nil {
			drawn = roughOwn
		}
	}
	if errs = n.columnErrors(missing, problems); len(errs) > 0 {
		return errs
	}
	n.joinOutputs(n.schemas, in, own, n.own)
	if drawn != nil {
		n.sketches = stages.Schemas{}
		n.joinOutputs(n.sketches, rough, drawn, nil)
	}
	return nil
}

// inputSchemas collects what of says of the columns behind a node's references, with a
// mistake for each reference that lacks columns which are read; sketched says whether
// any schema is no more than a sketch.
func (n *node) inputSchemas(of func(inputRef) *arrow.Schema) (in stages.Schemas, errs pipeline.Errors, sketched bool) {
	in = stages.Schemas{}
	for _, x := range n.inputs {
		if x.port.Type != stages.Rows {
			continue
		}
		var all []*arrow.Schema
		var last []string // columns that were missed last
		for _, r := range x.refs {
			s := of(r)
			if s != nil {
				all = append(all, s)
			}
			sketched = sketched || s != r.schema()
			if x.port.Any && !x.port.Many && !x.list {
				in[x.schemaName(r)] = s
			}
		}
		if x.list && len(all) == len(x.refs) {
			all = []*arrow.Schema{concatSchema(all)}
		} else if x.list {
			if x.port.Any && !x.port.Many {
				in[x.name] = nil
			}
			continue
		}
		for i, s := range all {
			if i == 0 && (x.list || !x.port.Any || !x.gathers()) {
				in[x.name] = s
			}
			var missing []string
			for _, c := range n.kind.Reads(n.spec.Config, x.name, s) {
				if len(s.FieldIndices(c)) == 0 && (!x.refs[i].node.doubt || pipeline.Nearest(c, columnNames(s)) != "") {
					missing = append(missing, c)
				}
			}
			if missing != nil && !slices.Equal(missing, last) { // instances of one stage lack the same
				errs = append(errs, n.missing(x.name, x.refs[i], missing, s)...)
				last = missing
			}
		}
	}
	return in, errs, sketched
}

// missing are the mistakes of an input that lacks columns: at the parameters that name
// them, and for the others together at the reference.
func (n *node) missing(port string, r inputRef, columns []string, s *arrow.Schema) (errs pipeline.Errors) {
	between := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-.", r)
	}
	var rest []string
	for _, c := range columns {
		at := slices.IndexFunc(n.spec.Fields, func(f pipeline.Field) bool { return slices.Contains(strings.FieldsFunc(f.Value, between), c) })
		if at < 0 {
			rest = append(rest, c)
			continue
		}
		f := n.spec.Fields[at]
		errs = append(errs, &pipeline.Error{Pos: f.Pos, Path: n.spec.Path + ".with." + f.Path, Msg: missingColumns([]string{c}, s, n.kind.Name, r.node.spec.Name)})
	}
	if rest != nil {
		errs = append(errs, &pipeline.Error{Pos: r.Pos, Path: n.spec.Path + ".from." + port, Msg: missingColumns(rest, s, n.kind.Name, r.node.spec.Name)})
	}
	return errs
}

// columnErrors are the mistakes of a node: columns that are missing at its inputs, and
// what its kind says of columns and of where inputs stand.
func (n *node) columnErrors(missing pipeline.Errors, problems []pipeline.Problem) pipeline.Errors {
	errs := missing
	if len(problems) > 0 || n.spec.Wrong != nil {
		errs = nil // they say at the parameter what a missing column says at the input
	}
	if n.spec.Wrong != nil {
		problems = slices.DeleteFunc(problems, func(p pipeline.Problem) bool { return !n.spec.Sound(p.Field) })
	}
	lacks := n.spec.Lacks // of inputs, or of their coordinates
	for _, x := range n.inputs {
		for _, r := range x.refs {
			n.doubt, lacks = n.doubt || r.node.doubt, lacks || r.node.spec.Lacks
		}
	}
	bold := func(p pipeline.Problem) bool { return !p.Suggests() }
	if n.doubt {
		problems = slices.DeleteFunc(problems, bold)
	}
	placed := n.kind.Origins(n.spec.Config, n.origins)
	if lacks {
		placed = slices.DeleteFunc(placed, bold)
	}
	n.doubt = n.doubt || n.spec.Wrong != nil
	for _, p := range append(problems, placed...) {
		pos := p.Pos
		if pos.Line == 0 {
			pos = n.spec.FieldPos(p.Field)
		}
		errs = append(errs, &pipeline.Error{Pos: pos, Path: strings.TrimSuffix(n.spec.Path+".with."+p.Field, "."), Msg: p.Msg})
	}
	return errs
}

// joinOutputs sets the schemas of a node's outputs, as far as they are known from those
// of its inputs and the columns it writes itself, and the latter as fields in written,
// which may be nil.
func (n *node) joinOutputs(schemas, in, own stages.Schemas, written map[string][]arrow.Field) {
	for _, r := range n.class.results {
		if r.Type != stages.Rows {
			continue
		}
		s, known := own[r.Name]
		if !known && r.Base == "" {
			continue
		}
		var fields []arrow.Field
		if known {
			for _, f := range s.Fields() {
				if f.Name != idColumn {
					fields = append(fields, f)
				}
			}
			if written != nil {
				written[r.Name] = fields
			}
		}
		if r.Base == "" {
			schemas[r.Name] = joinSchemas(nil, fields)
			continue
		}
		name := r.Base
		if x := n.input(r.Base); x != nil && r.Member < len(x.refs) {
			name = x.schemaName(x.refs[r.Member])
		}
		if base := in[name]; base != nil && known {
			schemas[r.Name] = joinSchemas(base, fields)
		}
	}
}

// sketch is schema, or where that is not known what is known for looking for mistakes.
func (r inputRef) sketch() *arrow.Schema {
	if s := r.schema(); s != nil {
		return s
	}
	return r.node.sketches[r.Output]
}

// origins says where the inputs stand that a node gathers.
func (n *node) origins() map[string][]stages.Origin {
	origins := map[string][]stages.Origin{}
	for _, in := range n.inputs {
		for _, r := range in.refs {
			if in.gathers() {
				origins[in.name] = append(origins[in.name], stages.Origin{Stage: r.node.spec.Stage, Output: r.Output, Coords: r.Coords, Chosen: r.chosen()})
			}
		}
	}
	return origins
}

// chosen is the output whose ids an input has: row-wise stages hand them on.
func (r inputRef) chosen() stages.Choice {
	for r.node.kind.Shape == stages.RowWise && len(r.node.inputs) > 0 && len(r.node.inputs[0].refs) == 1 {
		r = r.node.inputs[0].refs[0]
	}
	return stages.Choice{Instance: r.node.spec.Name, Output: r.Output}
}

// columnNames are the names of a schema's columns, sorted.
func columnNames(s *arrow.Schema) []string {
	var names []string
	for _, f := range s.Fields() {
		names = append(names, f.Name)
	}
	sort.Strings(names)
	return names
}

// missingColumns says in one message, since they mostly have one cause, that columns do
// not exist.
func missingColumns(names []string, s *arrow.Schema, kind, from string) string {
	known, quoted := columnNames(s), []string(nil)
	for _, c := range names {
		text := strconv.Quote(c)
		if near := pipeline.Nearest(c, known); near != "" {
			text += fmt.Sprintf(" (did you mean %q?)", near)
		}
		quoted = append(quoted, text)
	}
	what := "column"
	if len(names) > 1 {
		what = "columns"
	}
	return fmt.Sprintf("kind %s reads %s %s, which %s does not have", kind, what, strings.Join(quoted, ", "), from)
}
