package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/engine"
	"shiftmill/engine/export"
	"shiftmill/pipeline"
	"shiftmill/runs/manifest"
	"shiftmill/stages"
)

// exportNames are the layouts beside Parquet.
func exportNames() []string {
	var names []string
	for _, f := range export.Forms() {
		names = append(names, f.Name)
	}
	return append(names, "folders", "arrays")
}

// exportForms says what the forms of package export are.
func exportForms() string {
	var b strings.Builder
	b.WriteString("With --layout and one of these it writes all sets of a stage (STAGE), of a group (STAGE.tests) or one (STAGE.OUTPUT):\n\n")
	for _, f := range export.Forms() {
		fmt.Fprintf(&b, "  %-12s %s\n", f.Name, f.Doc)
	}
	return b.String()
}

// exportAs writes all sets of a stage in a form of other programs.
func (s *session) exportAs(ctx context.Context, x *experiment, e *engine.Engine, name, form, label, dir string, shard int64) error {
	for _, f := range export.Forms() {
		if f.Name != form {
			continue
		}
		job, err := newJob(ctx, x, e, name)
		if err != nil {
			return err
		}
		job.Label, job.Shard, job.Progress, job.Resumed, job.Dropped = label, shard, s.told(dir), s.resumed(dir), s.dropped(dir)
		summary, err := f.Write(ctx, job, dir)
		if err != nil {
			return err
		}
		s.printf("%s: %s\n", dir, summary)
		return nil
	}
	near := ""
	if n := pipeline.Nearest(form, exportNames()); n != "" {
		near = fmt.Sprintf("; did you mean %s?", n)
	}
	return usage("--layout must be one of parquet, %s, got %q%s", strings.Join(exportNames(), ", "), form, near)
}

// told prints how far an export is, a line every so often.
func (s *session) told(dir string) func(rows, all int) {
	last := time.Now()
	return func(rows, all int) {
		if now := time.Now(); now.Sub(last) >= quiet {
			last = now
			fmt.Fprintf(s.stderr, "at work  %s  %d of %d rows\n", dir, rows, all)
		}
	}
}

// resumed says that an export goes on behind rows of an earlier one.
func (s *session) resumed(dir string) func(rows, all int) {
	return func(rows, all int) {
		fmt.Fprintf(s.stderr, "note     %s  going on with an interrupted export: %d of %d rows were done\n", dir, rows, all)
	}
}

// dropped says that an interrupted export of something else gives way.
func (s *session) dropped(dir string) func(text string) {
	return func(text string) { fmt.Fprintf(s.stderr, "note     %s  %s\n", dir, text) }
}

// newJob gathers the sets that a name means: one output, a group of outputs, or
// all sets of a stage.
func newJob(ctx context.Context, x *experiment, e *engine.Engine, name string) (*export.Job, error) {
	which, err := selectOutputs(e, name)
	if err != nil {
		return nil, usageError{err}
	}
	j := &export.Job{Engine: e, Instance: which[0].instance}
	sets := e.OutputsOf(j.Instance, "sets")
	for _, o := range which {
		if o.instance != j.Instance {
			return nil, usageError{fmt.Errorf("%s has several instances; name one, such as %s", name, o.instance)}
		}
		if len(which) > 1 && len(sets) > 0 && !slices.Contains(sets, o.output) {
			continue // what is unused, and reports
		}
		set := export.Set{Name: o.output}
		if set.Rows, set.Images, err = e.Open(ctx, o.instance, o.output); err != nil {
			if errors.Is(err, engine.ErrFiles) && len(which) > 1 {
				continue
			}
			return nil, err
		}
		if set.Name == "" {
			set.Name = set.Rows.Stage()
		}
		set.Prints = printsOf(ctx, x, e, o)
		j.Sets = append(j.Sets, set)
	}
	if len(j.Sets) == 0 {
		return nil, usageError{fmt.Errorf("%s has no rows to export", name)}
	}
	j.Header, err = headerOf(ctx, x, e, j.Instance)
	return j, err
}

// printsOf are the fingerprints that the gate behind a split has taken of a set.
func printsOf(ctx context.Context, x *experiment, e *engine.Engine, o namedOutput) stages.Input {
	for _, n := range x.graph.Nodes {
		if n.Name != o.instance {
			continue
		}
		for _, in := range n.In {
			for _, r := range in.Refs {
				if in.Port != "prints" || r.Node == nil || !slices.Contains(r.Node.Coords, pipeline.Coord{Axis: "output", Value: o.output}) {
					continue
				}
				if prints, _, err := e.Open(ctx, r.Node.Name, r.Output); err == nil && len(prints.Schema().FieldIndices("phash")) == 1 {
					return prints
				}
			}
		}
	}
	return nil
}

// headerOf describes an instance by all it depends on.
func headerOf(ctx context.Context, x *experiment, e *engine.Engine, instance string) (manifest.Header, error) {
	h := manifest.Header{Name: x.graph.Name, Stage: instance, Inputs: []manifest.Input{}, Filters: []manifest.Filter{}}
	needed := map[*pipeline.Node]bool{}
	nodes := x.graph.Nodes
	for i := len(nodes) - 1; i >= 0; i-- {
		n := nodes[i]
		if n.Name != instance && !needed[n] {
			continue
		}
		needed[n] = true
		for _, in := range n.In {
			for _, r := range in.Refs {
				if r.Node != nil {
					needed[r.Node] = true
				}
			}
		}
	}
	definition := sha256.New()
	contents := e.Outputs()
	details := map[string]engine.Instance{}
	for _, i := range e.Instances() {
		details[i.Name] = i
	}
	for _, n := range nodes {
		if !needed[n] {
			continue
		}
		k, ok := x.kinds.Lookup(n.Kind)
		if !ok {
			continue
		}
		define(definition, n, k)
		if k.Random() {
			h.Seed = n.Seed
		}
		d := details[n.Name]
		for _, s := range d.Skips {
			h.Filters = append(h.Filters, manifest.Filter{Stage: n.Name, Reason: s.Reason, Rows: s.Rows})
		}
		for _, out := range n.Outputs.Names {
			if k.Shape == stages.Source {
				h.Inputs = append(h.Inputs, manifest.Input{Stage: n.Name, Kind: n.Kind, Rows: d.Rows, Digest: contentOf(contents[n.Name][out])})
			}
			if out == "unused" && n.Name == instance {
				more, err := reasons(ctx, e, n.Name)
				if err != nil {
					return h, err
				}
				h.Filters = append(h.Filters, more...)
			}
		}
	}
	h.Spec = hex.EncodeToString(definition.Sum(nil))
	return h, nil
}

// define writes what a node is, apart from data and places.
func define(w io.Writer, n *pipeline.Node, k *stages.Kind) {
	fmt.Fprintf(w, "%q %q %d\n", n.Name, n.Kind, k.Version)
	if k.Random() {
		fmt.Fprintf(w, "seed %d\n", n.Seed)
	}
	for _, f := range n.Fields {
		if f.Location == "" {
			fmt.Fprintf(w, "%q %q\n", f.Path, f.Value)
		}
	}
	for _, in := range n.In {
		for _, r := range in.Refs {
			if r.Node != nil {
				fmt.Fprintf(w, "from %q %q %q\n", in.Port, r.Node.Name, r.Output)
			}
		}
	}
}

// contentOf is one digest over the columns of an output.
func contentOf[D fmt.Stringer](columns map[string]D) string {
	h := sha256.New()
	for _, c := range sortedKeys(columns) {
		fmt.Fprintf(h, "%q %s\n", c, columns[c])
	}
	return hex.EncodeToString(h.Sum(nil))
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// reasons counts why rows are unused.
func reasons(ctx context.Context, e *engine.Engine, instance string) ([]manifest.Filter, error) {
	in, _, err := e.Open(ctx, instance, "unused")
	if err != nil {
		return nil, err
	}
	at := in.Schema().FieldIndices("reason")
	if len(at) != 1 {
		return nil, nil
	}
	counts := map[string]int{}
	if err := countReasons(ctx, in, at[0], counts); err != nil {
		return nil, err
	}
	var out []manifest.Filter
	for _, r := range sortedKeys(counts) {
		out = append(out, manifest.Filter{Stage: instance, Reason: r, Rows: counts[r]})
	}
	return out, nil
}

func countReasons(ctx context.Context, in stages.Input, column int, counts map[string]int) error {
	return in.Each(ctx, func(rec arrow.Record) error {
		col := rec.Column(column)
		for i := range col.Len() {
			counts[col.ValueStr(i)]++
		}
		return nil
	})
}
