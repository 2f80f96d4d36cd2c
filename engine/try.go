package engine

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/pipeline"
	"shiftmill/runs"
	"shiftmill/stages"
)

// Try turns a graph into that of a trial run: what reads more than metadata is
// handed about so many rows a source, and kinds that train make it one epoch.
//
// Sources and splits stay whole, for they read no pixels: a trial meets the
// sizes, joins and refusals of the real run, and leaves their results for it.
// Behind each of their outputs stands a sample that keeps every class and every
// value of small columns where it can. All else has keys of its own.
//
// The graph is changed: its nodes' configurations are those of the trial.
func Try(g *pipeline.Graph, registry *stages.Registry, rows int) (*pipeline.Graph, error) {
	t := *g
	t.Name = fmt.Sprintf("%s%s%d", g.Name, trialMark, rows)
	t.Nodes = nil
	shortened := map[any]bool{}
	setups := map[*pipeline.Setup]*pipeline.Setup{} // those of the trial
	samples := map[sampledOutput]*pipeline.Node{}
	whole := map[*pipeline.Node]bool{} // metadata alone
	files := map[sampledOutput]bool{}
	for _, n := range g.Nodes {
		k, ok := registry.Lookup(n.Kind)
		if !ok {
			return nil, fmt.Errorf("%s: no kind %q", n.Pos, n.Kind)
		}
		if k.Shape == stages.Source || k.Shape == stages.Index && readsOnly(n, whole) {
			whole[n] = true
			for _, o := range k.Results(n.Config, n.From) {
				if o.Type == stages.Files {
					files[sampledOutput{n, o.Name}] = true
				}
			}
			t.Nodes = append(t.Nodes, n)
			continue
		}
		if !shortened[n.Config] {
			shortened[n.Config] = true
			k.Try(n.Config)
		}
		if setups[n.Setup] == nil {
			made := *n.Setup
			made.Fields = append(slices.Clone(n.Fields), pipeline.Field{Path: "try", Value: fmt.Sprintf("%d rows, version %d", rows, trialVersion), Pos: n.Pos})
			setups[n.Setup] = &made
		}
		n.Setup = setups[n.Setup]
		for i := range n.In {
			in := &n.In[i]
			in.Refs = slices.Clone(in.Refs)
			for j := range in.Refs {
				r := &in.Refs[j]
				if r.Node == nil || !whole[r.Node] {
					continue
				}
				at := sampledOutput{r.Node, r.Output}
				if files[at] {
					continue // such as a model from elsewhere
				}
				if samples[at] == nil {
					samples[at] = sampleOf(at, rows)
					t.Nodes = append(t.Nodes, samples[at])
				}
				r.Node = samples[at]
			}
		}
		t.Nodes = append(t.Nodes, n)
	}
	return &t, nil
}

// readsOnly says whether all that a node reads is among some nodes.
func readsOnly(n *pipeline.Node, some map[*pipeline.Node]bool) bool {
	for _, in := range n.In {
		for _, r := range in.Refs {
			if r.Node != nil && !some[r.Node] {
				return false
			}
		}
	}
	return true
}

// trialVersion is raised when a kind shortens its work for trials in another way.
const trialVersion = 2 // 2: networks that make pictures take few steps

// trialMark stands between the name of a spec and the rows of a trial.
const trialMark = ".try"

// A sampledOutput is an output behind which a sample stands.
type sampledOutput struct {
	node   *pipeline.Node
	output string
}

// sampleOf makes the node that hands on some rows of an output. To its readers
// it looks like the output itself.
func sampleOf(at sampledOutput, rows int) *pipeline.Node {
	n := at.node
	c := &sample{Rows: rows, Share: max(1, rows/max(1, len(n.Outputs.Names))), Output: at.output}
	name := n.Name
	if at.output != "" {
		name += "." + at.output
	}
	return &pipeline.Node{
		Setup: &pipeline.Setup{
			Role:    &pipeline.Role{Stage: n.Stage, Kind: sampleKind, Pos: n.Pos, Path: n.Path},
			Config:  c,
			Fields:  []pipeline.Field{{Path: "rows", Value: strconv.Itoa(c.Rows)}, {Path: "share", Value: strconv.Itoa(c.Share)}},
			Outputs: pipeline.Outputs{Names: []string{at.output}},
		},
		Name: fmt.Sprintf("%s~%d", name, rows), Coords: n.Coords,
		In: []pipeline.Input{{Port: "rows", Refs: []pipeline.Ref{{Node: n, Output: at.output, Coords: n.Coords, Pos: n.Pos}}, Pos: n.Pos}},
	}
}

// sampleKind is known to the engine alone.
const sampleKind = "try/sample"

// A sample is the configuration of the kind that trial runs put in.
type sample struct {
	Rows   int    `yaml:"rows" doc:"most rows"`
	Share  int    `yaml:"share" doc:"rows to keep, unless there are more classes"`
	Output string `yaml:"output" doc:"name of the output"`
}

// Version 2: every label of rows that have several is kept.
func newSampleKind() *stages.Kind {
	return stages.Define(stages.Def[sample]{
		Name: sampleKind, Doc: "Keeps some rows for a trial run.", Version: 2, Shape: stages.Index,
		In:      []stages.Port{{Name: "rows", Type: stages.Rows}},
		Outputs: func(c *sample) []stages.Output { return []stages.Output{{Name: c.Output, Base: "rows"}} },
		Columns: func(c *sample, _ stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			return stages.Schemas{c.Output: arrow.NewSchema(nil, nil)}, nil
		},
		Reads: func(_ *sample, _ string, in *arrow.Schema) []string { return smallColumns(in) },
		New: func(c *sample) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				return c.run(ctx, in.One("rows"), out)
			}), nil
		},
	})
}

// smallColumns are those whose values a sample looks at.
func smallColumns(s *arrow.Schema) []string {
	if s == nil {
		return nil
	}
	var names []string
	for _, f := range s.Fields() {
		if f.Name == idColumn {
			continue
		}
		switch f.Type.ID() {
		case arrow.STRING, arrow.BOOL, arrow.INT64, arrow.INT32:
			names = append(names, f.Name)
		case arrow.LIST: // of labels
			if f.Type.(*arrow.ListType).Elem().ID() == arrow.STRING {
				names = append(names, f.Name)
			}
		}
	}
	return names
}

// valuesAt are the values of a row: one, or those of a list.
func valuesAt(col arrow.Array, row int) []string {
	list, ok := col.(*array.List)
	if !ok {
		return []string{col.ValueStr(row)}
	}
	if list.IsNull(row) {
		return nil
	}
	begin, end := list.ValueOffsets(row)
	values := make([]string, 0, end-begin)
	for i := begin; i < end; i++ {
		values = append(values, list.ListValues().ValueStr(int(i)))
	}
	return values
}

// labelColumn is the column of classes, as sources name it.
const labelColumn = "label"

// mostValues is how many values a column may have whose every value is kept.
const mostValues = 64

// A sampled is a row that may be kept.
type sampled struct {
	id    string
	hash  runs.Digest
	class string
	turn  int // of its class, by hash
}

// run keeps rows in turns of their classes, by the hash of their id; then the
// first row of each value of a small column that none of them has.
func (c *sample) run(ctx context.Context, in stages.Input, out stages.Sink) error {
	var all []sampled
	values := map[string]map[string]int{} // by column: a value's first row by hash
	columns := in.Schema().Fields()[1:]
	for _, f := range columns {
		values[f.Name] = map[string]int{}
	}
	if err := in.Each(ctx, func(rec arrow.Record) error {
		ids, err := idsOf(rec)
		if err != nil {
			return err
		}
		for i, id := range ids {
			row := sampled{id: id, hash: digestText(id)}
			for k, f := range columns {
				if values[f.Name] == nil && f.Name != labelColumn {
					continue
				}
				for _, v := range valuesAt(rec.Column(k+1), i) {
					if f.Name == labelColumn {
						row.class = v
					}
					known := values[f.Name]
					if known == nil {
						continue
					}
					if first, ok := known[v]; !ok {
						known[v] = len(all)
					} else if row.hash.Compare(all[first].hash) < 0 {
						known[v] = len(all)
					}
					if len(known) > mostValues {
						values[f.Name] = nil
					}
				}
			}
			all = append(all, row)
		}
		return nil
	}); err != nil {
		return err
	}
	keep := c.choose(all)
	for _, f := range columns {
		held := map[int]bool{}
		for _, first := range values[f.Name] {
			held[first] = true
		}
		for i := range all {
			if held[i] && len(keep) < c.Rows {
				keep[all[i].id] = true
			}
		}
	}
	ids := array.NewStringBuilder(memory.DefaultAllocator)
	defer ids.Release()
	for _, row := range all {
		if keep[row.id] {
			ids.Append(row.id)
		}
	}
	col := ids.NewArray()
	defer col.Release()
	if len(keep) < len(all) {
		out.Note(fmt.Sprintf("a trial: %d of %d rows", len(keep), len(all)))
	}
	return out.Write(c.Output, array.NewRecord(schemaWithID(nil), []arrow.Array{col}, int64(col.Len())))
}

// choose takes the share, one row of each class after another.
func (c *sample) choose(all []sampled) map[string]bool {
	order := make([]*sampled, len(all))
	for i := range all {
		order[i] = &all[i]
	}
	slices.SortFunc(order, func(a, b *sampled) int { return a.hash.Compare(b.hash) })
	turns := map[string]int{}
	for _, row := range order {
		row.turn = turns[row.class]
		turns[row.class]++
	}
	slices.SortStableFunc(order, func(a, b *sampled) int { return a.turn - b.turn })
	most := min(len(all), c.Rows, max(c.Share, len(turns)))
	keep := make(map[string]bool, most)
	for _, row := range order[:most] {
		keep[row.id] = true
	}
	return keep
}
