package engine

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"

	"shiftmill/pipeline"
	"shiftmill/runs"
	"shiftmill/stages"
)

// lookUp finds a node's key, and its result if the store has it. A node with
// an input that does not exist yet is Pending.
func (e *Engine) lookUp(ctx context.Context, n *node) (err error) {
	defer recoverPanic(&err) // kinds say here what they read and list
	for _, in := range n.inputs {
		for _, r := range in.refs {
			if r.node.outputs == nil {
				n.state = Pending
				n.reason = "after " + r.node.spec.Name
				return nil
			}
		}
	}
	if err := e.openInputs(ctx, n, ""); err != nil {
		return err
	}
	lines, err := e.operation(n, e.stats.digest)
	if err != nil {
		return err
	}
	more, err := e.inputLines(ctx, n, n.kind.Shape == stages.RowWise)
	if err != nil {
		return err
	}
	lines = append(lines, more...)
	if n.kind.Shape == stages.RowWise {
		n.op = newKey(lines).Digest
		if lines, err = e.rowPortLines(ctx, n, lines); err != nil {
			return err
		}
		if n.streams() { // its record holds recipes where the stored one holds contents
			lines = append(lines, Line{Label: "cache", Value: "stream"})
		}
	}
	listed, err := e.listing(ctx, n, e.stats.digest)
	if err != nil {
		return err
	}
	lines = append(lines, listed...)
	n.key = newKey(lines)
	rec, ok := e.store.Lookup(n.key.Digest)
	if !ok {
		n.state, n.reason = Miss, "no result under this key"
		return nil
	}
	for _, o := range rec.Objects {
		if !e.store.Has(o) {
			n.state, n.reason = Miss, fmt.Sprintf("object %s of its result is gone from the store", short(o))
			return nil
		}
	}
	if err := e.adopt(n, rec); err != nil {
		n.state, n.reason = Miss, err.Error()
		return nil
	}
	n.state, n.reason = Hit, ""
	return nil
}

// listing is the key line of a source's files and tables; none for generators.
func (e *Engine) listing(ctx context.Context, n *node, digest func(path string) (runs.Digest, error)) ([]Line, error) {
	src := n.kind.Source
	if src == nil || src.Listing == nil {
		return nil, nil
	}
	h := sha256.New()
	text := func(path string) (string, error) {
		d, err := digest(path)
		return d.String(), err
	}
	if err := src.Listing(ctx, n.spec.Config, text, h); err != nil {
		return nil, err
	}
	return []Line{{Label: "listing", Value: runs.Digest(h.Sum(nil)).String()}}, nil
}

// unchanged makes sure that the files a stage has read on its own are those
// that its key names; else its result would be remembered under a wrong key.
func (e *Engine) unchanged(ctx context.Context, n *node) error {
	lines, err := e.operation(n, e.stats.now)
	if err != nil {
		return err
	}
	listed, err := e.listing(ctx, n, e.stats.now)
	if err != nil {
		return err
	}
	for _, l := range append(lines, listed...) {
		for _, k := range n.key.Lines {
			if k.Label == l.Label && k.Value != l.Value && l.Label != "uses" {
				what := strings.TrimPrefix(l.Label, "with.")
				if what == "listing" {
					what = "the files or tables of the source"
				}
				return fmt.Errorf("%s changed while the stage ran; run again", what)
			}
		}
	}
	return nil
}

// openInputs finds the datasets behind a node's single ports, but for one that
// is left out.
func (e *Engine) openInputs(ctx context.Context, n *node, except string) (err error) {
	for i := range n.inputs {
		in := &n.inputs[i]
		switch {
		case except != "" && in.name == except:
		case in.gathers() || in.port.Type != stages.Rows:
		case in.list:
			if in.data, err = e.concatenate(ctx, in.refs); err != nil {
				return err
			}
		default:
			in.data = in.refs[0].data()
		}
	}
	return nil
}

// learnColumns derives columns again now that the inputs exist, for what could
// not be known before.
func (n *node) learnColumns() error {
	if errs := n.deriveColumns(); len(errs) > 0 {
		errs.Sort()
		return errs
	}
	return nil
}

// inputLines are the key lines of a node's inputs, ports in name order as the
// graph has them; for row-wise kinds the first port is left to rowPortLines.
func (e *Engine) inputLines(ctx context.Context, n *node, withoutFirst bool) ([]Line, error) {
	var lines []Line
	for _, in := range n.inputs {
		if withoutFirst && in.name == n.kind.In[0].Name {
			continue
		}
		label := "in." + in.name
		if in.data != nil {
			more, err := e.rowLines(ctx, n, in, in.data, in.refs[0], label)
			if err != nil {
				return nil, err
			}
			lines = append(lines, more...)
			continue
		}
		for _, r := range in.refs {
			at := label
			if in.gathers() {
				at += " " + where(r)
			}
			more, err := e.refLines(ctx, n, in, r, at)
			if err != nil {
				return nil, err
			}
			lines = append(lines, more...)
		}
	}
	return lines, nil
}

// where names a gathered input by what made it and where it stands in the
// matrix; both are handed to the stage, so both are in its key.
func where(r inputRef) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s.%s[", r.node.spec.Stage, r.output)
	for i, c := range r.coords {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%q=%q", c.Axis, c.Value)
	}
	b.WriteByte(']')
	return b.String()
}

func (e *Engine) refLines(ctx context.Context, n *node, in input, r inputRef, label string) ([]Line, error) {
	out := r.node.outputs[r.output]
	if out == nil {
		return nil, fmt.Errorf("stage %s has no output %q", r.node.spec.Name, r.output)
	}
	if in.port.Type == stages.Files {
		h := sha256.New()
		for _, f := range out.record.Files {
			h.Write(appendBytes(nil, tagText, []byte(f.Name)))
			h.Write(f.Object[:])
		}
		return []Line{{Label: label + " files", Value: runs.Digest(h.Sum(nil)).String(), Pos: r.pos}}, nil
	}
	return e.rowLines(ctx, n, in, out.data, r, label)
}

// rowLines are the key lines of a dataset: its rows, and the columns read.
func (e *Engine) rowLines(ctx context.Context, n *node, in input, d *dataset, r inputRef, label string) ([]Line, error) {
	ids, err := e.contentID(ctx, d, idColumn)
	if err != nil {
		return nil, err
	}
	lines := []Line{{Label: label + " rows", Value: ids.String(), Pos: r.pos}}
	for _, c := range n.kind.Reads(n.spec.Config, in.name, d.schema) {
		if d.level(c) == nil {
			return nil, &pipeline.Error{Pos: r.pos, Path: n.spec.Path + ".from." + in.name,
				Msg: missingColumn(c, d.schema, n.kind.Name, r.node.spec.Name)}
		}
		content, err := e.contentID(ctx, d, c)
		if err != nil {
			return nil, err
		}
		lines = append(lines, Line{Label: label + " column " + c, Value: typeName(d.columnType(c)) + " " + content.String(), Pos: r.pos})
		if meta := d.metadata(c); meta != "" {
			lines = append(lines, Line{Label: label + " classes " + c, Value: digestText(meta).String(), Pos: r.pos})
		}
	}
	return lines, nil
}

// rowPortLines adds the lines of a row-wise node's first port.
func (e *Engine) rowPortLines(ctx context.Context, n *node, lines []Line) ([]Line, error) {
	in := n.input(n.kind.In[0].Name)
	if in == nil {
		return nil, fmt.Errorf("%s: port %q of %s is not connected", n.spec.Pos, n.kind.In[0].Name, n.spec.Name)
	}
	more, err := e.rowLines(ctx, n, *in, in.data, in.refs[0], "in."+in.name)
	return append(lines, more...), err
}

// An Instance is what a plan or a run says about a node.
type Instance struct {
	Name    string
	Kind    string
	State   State
	Reason  string
	Key     runs.Digest
	Lines   []Line
	Rows    int // over all outputs, where known
	Outputs []NamedRows
	Metrics []Metric
	Skips   []Skip
	Notes   []string
	Seconds float64 // what it took when it ran
	Inputs  []string
	Work    *Work // what is left to do, where Estimate was asked
}

// A NamedRows is an output with its number of rows, 0 for files.
type NamedRows struct {
	Name string
	Rows int
}

// Plan looks up every node: what is in the store, what must run, what follows.
// Nothing is computed but content ids. If something must run, the spec's
// columns are checked first, as Run does.
func (e *Engine) Plan(ctx context.Context) error {
	for _, n := range e.nodes {
		err := e.resolve(ctx, n)
		if err != nil || n.state != Hit {
			if err := e.Check(); err != nil {
				return err
			}
		}
		if err != nil {
			return fmt.Errorf("stage %s: %w", n.spec.Name, err)
		}
	}
	return nil
}

// Instances tells the state of every node, in graph order.
func (e *Engine) Instances() []Instance {
	out := make([]Instance, len(e.nodes))
	for i, n := range e.nodes {
		more := n.details()
		out[i] = Instance{Name: n.spec.Name, Kind: n.kind.Name, State: n.state, Reason: n.reason,
			Key: n.key.Digest, Lines: n.key.Lines, Metrics: more.Metrics, Skips: more.Skips,
			Notes: more.Notes, Seconds: more.Seconds}
		for _, o := range n.record.Outputs {
			out[i].Rows += o.Rows
			out[i].Outputs = append(out[i].Outputs, NamedRows{o.Name, o.Rows})
		}
		for _, in := range n.inputs {
			for _, r := range in.refs {
				out[i].Inputs = append(out[i].Inputs, r.node.spec.Name)
			}
		}
	}
	return out
}
