package engine

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"shiftmill/pipeline"
	"shiftmill/runs"
	"shiftmill/stages"
)

// findKey finds a node's key. Without an error it says whether there is one: a node with
// an input that does not exist yet is Pending.
func (e *Engine) findKey(ctx context.Context, n *node) (found bool, err error) {
	defer recoverPanic(&err) // kinds say here what they read and list
	for i := range n.inputs {
		for _, r := range n.inputs[i].refs {
			if r.node.outputs == nil {
				n.state = Pending
				n.reason = "after " + r.node.spec.Name
				return false, nil
			}
		}
	}
	if err := e.openInputs(ctx, n, ""); err != nil {
		return false, err
	}
	k := keyWriters.Get().(*keyWriter)
	defer keyWriters.Put(k)
	k.buf = k.buf[:0]
	if err := e.writeKey(ctx, n, k); err != nil {
		return false, err
	}
	n.key = Key{Digest: k.sum()}
	return true, nil
}

var keyWriters = sync.Pool{New: func() any { return new(keyWriter) }}

// take makes what the store has under a node's key its result.
func (e *Engine) take(ctx context.Context, n *node, found runs.Result) (err error) {
	defer recoverPanic(&err)
	missing := ""
	switch {
	case !found.Found:
		missing = "no result under this key"
	case !found.Gone.IsZero():
		missing = fmt.Sprintf("object %s of its result is gone from the store", short(found.Gone))
	default:
		if err := e.adopt(n, found); err != nil {
			missing = err.Error()
		}
	}
	n.state, n.reason = Hit, missing
	if missing != "" {
		n.state = Miss
		n.key.Lines, err = e.linesOfKey(ctx, n)
	}
	return err
}

// writeKey writes the lines of a node whose inputs are open, and notes the
// digest of the operation of row-wise kinds.
func (e *Engine) writeKey(ctx context.Context, n *node, k *keyWriter) error {
	if err := e.writeOperation(n, k); err != nil {
		return err
	}
	rowWise := n.kind.Shape == stages.RowWise
	if err := e.inputLines(ctx, n, k, rowWise); err != nil {
		return err
	}
	if rowWise {
		n.op = k.sum()
		in := n.input(n.kind.In[0].Name)
		if in == nil {
			return fmt.Errorf("%s: port %q of %s is not connected", n.spec.Pos, n.kind.In[0].Name, n.spec.Name)
		}
		if err := e.rowLines(ctx, n, k, in, in.data, in.refs[0], false); err != nil {
			return err
		}
		if n.streams() { // its record holds recipes where the stored one holds contents
			k.line("cache", "stream", pipeline.Pos{})
		}
	}
	if n.kind.Source == nil || n.kind.Source.Listing == nil {
		return nil
	}
	d, err := e.remembered(n, "listing", func() (runs.Digest, error) { return e.list(ctx, n, e.stats.digest) })
	if err != nil {
		return err
	}
	k.line("listing", d.String(), pipeline.Pos{})
	return nil
}

// writeOperation is operation, for equal instances of a stage written once.
func (e *Engine) writeOperation(n *node, k *keyWriter) error {
	c := n.class
	if k.keep || c.located {
		return e.operation(n, k, e.stats.digest)
	}
	if lines := c.op.Load(); lines != nil {
		k.buf = append(k.buf, *lines...)
		return nil
	}
	from := len(k.buf)
	if err := e.operation(n, k, e.stats.digest); err != nil {
		return err
	}
	if c.shared {
		lines := slices.Clone(k.buf[from:])
		c.op.Store(&lines)
	}
	return nil
}

// linesOfKey gives the lines of a key that was found.
func (e *Engine) linesOfKey(ctx context.Context, n *node) ([]Line, error) {
	if n.key.Lines != nil || n.key.Digest.IsZero() {
		return n.key.Lines, nil
	}
	k := keyWriter{keep: true}
	if err := e.writeKey(ctx, n, &k); err != nil {
		return nil, err
	}
	if k.sum() != n.key.Digest {
		return nil, fmt.Errorf("the input of %s changed meanwhile; run again", n.spec.Name)
	}
	return k.lines, nil
}

// list is the digest of a source's files and tables as they are.
func (e *Engine) list(ctx context.Context, n *node, digest func(path string) (runs.Digest, error)) (runs.Digest, error) {
	h := sha256.New()
	text := func(path string) (string, error) {
		d, err := digest(path)
		return d.String(), err
	}
	err := n.kind.Source.Listing(ctx, n.spec.Config, text, h)
	return runs.Digest(h.Sum(nil)), err
}

// unchanged makes sure that the files a stage has read on its own are those
// that its key names; else its result would be remembered under a wrong key.
func (e *Engine) unchanged(ctx context.Context, n *node) error {
	now := keyWriter{keep: true}
	if err := e.operation(n, &now, e.stats.now); err != nil {
		return err
	}
	if n.kind.Source != nil && n.kind.Source.Listing != nil {
		d, err := e.list(ctx, n, e.stats.now)
		if err != nil {
			return err
		}
		now.line("listing", d.String(), pipeline.Pos{})
	}
	for _, l := range now.lines {
		for _, k := range n.key.Lines {
			if k.Label == l.Label && k.Value != l.Value && l.Label != "uses" {
				what := strings.TrimPrefix(l.Label, "with.")
				if what == "listing" {
					what = "the files or tables of the source"
				}
				if e.trusts(n) {
					return fmt.Errorf("%s are not what the frozen source held when it was last scanned; run --rescan %s", what, n.spec.Stage)
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
			if in.data, err = e.concatenate(ctx, n.class.shape, in.refs); err != nil {
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
		return errs.Sorted()
	}
	return nil
}

// inputLines writes the key lines of a node's inputs, ports in name order as
// the graph has them; the first port of row-wise kinds comes later.
func (e *Engine) inputLines(ctx context.Context, n *node, k *keyWriter, withoutFirst bool) error {
	for i := range n.inputs {
		in := &n.inputs[i]
		if withoutFirst && in.name == n.kind.In[0].Name {
			continue
		}
		if in.data != nil {
			if err := e.rowLines(ctx, n, k, in, in.data, in.refs[0], false); err != nil {
				return err
			}
			continue
		}
		for _, r := range in.refs {
			if err := e.refLines(ctx, n, k, in, r); err != nil {
				return err
			}
		}
	}
	return nil
}

// label opens a line of an input.
func (k *keyWriter) inputLabel(in *input, r inputRef, gathered bool) {
	k.begin()
	k.text("in.")
	k.text(in.name)
	if gathered {
		k.text(" ")
		k.buf = appendWhere(k.buf, r)
	}
}

// where names a gathered input by what made it and where it stands in the
// matrix; both are handed to the stage, so both are in its key.
func where(r inputRef) string { return string(appendWhere(nil, r)) }

func appendWhere(b []byte, r inputRef) []byte {
	b = append(append(append(b, r.node.spec.Stage...), '.'), r.Output...)
	b = append(b, '[')
	for i, c := range r.Coords {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(strconv.AppendQuote(b, c.Axis), '=')
		b = strconv.AppendQuote(b, c.Value)
	}
	return append(b, ']')
}

func (e *Engine) refLines(ctx context.Context, n *node, k *keyWriter, in *input, r inputRef) error {
	out := r.node.outputs.get(r.Output)
	if out == nil {
		return fmt.Errorf("stage %s has no output %q", r.node.spec.Name, r.Output)
	}
	if in.port.Type == stages.Files {
		h := sha256.New()
		for _, f := range out.files {
			h.Write(appendBytes(nil, tagText, []byte(f.Name)))
			h.Write(f.Object[:])
		}
		k.inputLabel(in, r, in.port.Many)
		k.text(" files")
		k.sep()
		k.digest(runs.Digest(h.Sum(nil)))
		k.end(r.Pos)
		return nil
	}
	return e.rowLines(ctx, n, k, in, out.data, r, in.port.Many)
}

// rowLines writes the key lines of a dataset: its rows, and the columns read.
func (e *Engine) rowLines(ctx context.Context, n *node, k *keyWriter, in *input, d *dataset, r inputRef, gathered bool) error {
	ids, err := e.idContent(ctx, d)
	if err != nil {
		return err
	}
	k.inputLabel(in, r, gathered)
	k.text(" rows")
	k.sep()
	k.digest(ids)
	k.end(r.Pos)
	for _, c := range n.reads(in.name, d.schema) {
		if d.level(c) == nil {
			return &pipeline.Error{Pos: r.Pos, Path: n.spec.Path + ".from." + in.name,
				Msg: missingColumns([]string{c}, d.schema, n.kind.Name, r.node.spec.Name)}
		}
		col := n.class.shape.reading(d.schema, c)
		content, err := e.contentID(ctx, d, col)
		if err != nil {
			return err
		}
		k.inputLabel(in, r, gathered)
		k.text(" column ")
		k.text(c)
		k.sep()
		k.text(col.typ)
		k.text(" ")
		k.digest(content)
		k.end(r.Pos)
		if col.classes != "" {
			k.inputLabel(in, r, gathered)
			k.text(" classes ")
			k.text(c)
			k.sep()
			k.text(col.classes)
			k.end(r.Pos)
		}
	}
	return nil
}

// An Instance is what a plan or a run says about a node.
type Instance struct {
	Name    string      `json:"name"`
	Kind    string      `json:"kind"`
	State   State       `json:"state"`
	Reason  string      `json:"reason,omitempty"`
	Key     runs.Digest `json:"key,omitzero"`
	Lines   []Line      `json:"-"`
	Rows    int         `json:"rows"` // over all outputs, where known
	Outputs []NamedRows `json:"outputs,omitempty"`
	Metrics []Metric    `json:"metrics,omitempty"`
	Skips   []Skip      `json:"skips,omitempty"`
	Notes   []string    `json:"notes,omitempty"`
	Seconds float64     `json:"seconds"` // what it took when it ran
	Inputs  []string    `json:"inputs,omitempty"`
	Work    *Work       `json:"work,omitempty"` // what is left to do, where Estimate was asked
}

// A NamedRows is an output with its number of rows, 0 for files.
type NamedRows struct {
	Name string `json:"name,omitempty"`
	Rows int    `json:"rows"`
}

// Plan looks up every node: what is in the store, what must run, what follows.
// Nothing is computed but content ids. If something must run, the spec's
// columns are checked first, as Run does.
func (e *Engine) Plan(ctx context.Context) error {
	errs := e.resolveAll(ctx)
	for i, n := range e.nodes {
		err := errs[i]
		if err != nil || n.state != Hit {
			if err := e.Check(); err != nil {
				return err
			}
		}
		if err != nil {
			return fmt.Errorf("stage %s: %w", n.spec.Name, err)
		}
	}
	return e.completeAll()
}

// Instances tells the state of every node, in graph order.
func (e *Engine) Instances() []Instance {
	out := make([]Instance, len(e.nodes))
	for i, n := range e.nodes {
		_ = e.complete(n) // else it shows fewer outputs
		more := e.details(n)
		lines, _ := e.linesOfKey(context.Background(), n) // files that change meanwhile leave none
		out[i] = Instance{Name: n.spec.Name, Kind: n.kind.Name, State: n.state, Reason: n.reason,
			Key: n.key.Digest, Lines: lines, Metrics: more.Metrics, Skips: more.Skips,
			Notes: more.Notes, Seconds: more.Seconds}
		for _, o := range more.Outputs {
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
