package report

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/stages"
	"shiftmill/stages/report/stats"
)

// A reader gathers the predictions of one benchmark. Ids are held as digests,
// so that memory stays at a byte and a cluster number per row.
type reader struct {
	config   *Config
	b        *benchmark
	sets     map[string]*testSet
	models   map[[2]string]*model
	clusters map[string]int32 // shared by all benchmarks: an image of two of them is one cluster
	classes  map[string]bool
	sink     stages.Sink
}

func (c *Config) read(ctx context.Context, name string, inputs []stages.Input, clusters map[string]int32, sink stages.Sink) (*benchmark, error) {
	r := &reader{
		config: c, b: &benchmark{name: name, about: c.Benchmarks[name]}, sink: sink,
		sets: map[string]*testSet{}, models: map[[2]string]*model{},
		clusters: clusters, classes: map[string]bool{},
	}
	for i, in := range inputs {
		if err := r.input(ctx, in); err != nil {
			return nil, err
		}
		sink.Progress(int64(i+1), int64(len(inputs)), "test sets of "+name)
	}
	if r.b.classes = len(r.classes); r.b.classes < 2 {
		return nil, fmt.Errorf("all labels and predictions are of one class; nothing can be compared")
	}
	for _, note := range r.b.order(c) {
		sink.Note("%s", note)
	}
	return r.b, nil
}

// input reads one dataset of predictions.
func (r *reader) input(ctx context.Context, in stages.Input) error {
	at := describe(in)
	if in.Len() == 0 {
		return fmt.Errorf("%s has no rows", at)
	}
	p := r.config.locate(in.Stage(), in.Output(), in.Coords())
	r.b.inputs = append(r.b.inputs, provenance{
		Benchmark: r.b.name, Stage: in.Stage(), Output: in.Output(), At: coordsOf(in), Rows: in.Len(),
	})
	m := r.models[[2]string{p.method, p.rest}]
	if m == nil {
		m = &model{method: p.method, rest: p.rest, wrong: map[cellKey][]int8{}}
		r.models[[2]string{p.method, p.rest}] = m
		r.b.models = append(r.b.models, m)
	}
	key := cellKey{p.seed, p.set}
	if m.wrong[key] != nil {
		return fmt.Errorf("two inputs are %s on test set %q (the second is %s): name the axis that tells them apart as method or replicate", m.name(), p.set, at)
	}
	if !slices.Contains(m.seeds, p.seed) {
		m.seeds = append(m.seeds, p.seed)
		slices.Sort(m.seeds)
	}
	rows, err := r.rows(ctx, in)
	if err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	m.wrong[key] = rows.wrong
	return r.join(p.set, at, rows)
}

// join makes the set of the first model that saw it, and holds all others to it.
func (r *reader) join(name, at string, rows *rows) error {
	var ids [32]byte
	rows.ids.Sum(ids[:0])
	set := r.sets[name]
	if set == nil {
		set = &testSet{name: name, iid: name == r.config.IID, rows: stats.NewSet(rows.cluster), ids: ids, from: at}
		r.sets[name] = set
		r.b.sets = append(r.b.sets, set)
		return nil
	}
	if n := set.rows.Rows(); n != len(rows.cluster) {
		return fmt.Errorf("test set %q has %d rows in %s but %d in %s; methods are compared image by image, so all must be evaluated on the same rows", name, len(rows.cluster), at, n, set.from)
	}
	if ids != set.ids {
		return fmt.Errorf("test set %q holds other ids in %s than in %s; methods are compared image by image, so all must be evaluated on the same rows", name, at, set.from)
	}
	return nil
}

// rows are what is kept of one dataset.
type rows struct {
	wrong   []int8
	cluster []int32
	ids     hash.Hash
}

func (r *reader) rows(ctx context.Context, in stages.Input) (*rows, error) {
	got := &rows{wrong: make([]int8, 0, in.Len()), cluster: make([]int32, 0, in.Len()), ids: sha256.New()}
	var length [8]byte
	err := in.Each(ctx, func(rec arrow.Record) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		id, err := column(rec, "id")
		if err != nil {
			return err
		}
		label, err := column(rec, "label")
		if err != nil {
			return err
		}
		predicted, err := column(rec, "predicted")
		if err != nil {
			return err
		}
		col, err := column(rec, "correct")
		if err != nil {
			return err
		}
		correct, ok := col.(*array.Boolean)
		if !ok {
			return fmt.Errorf("column correct is %s, not bool", col.DataType())
		}
		group, err := r.group(rec)
		if err != nil {
			return err
		}
		for i := 0; i < int(rec.NumRows()); i++ {
			name := id.ValueStr(i)
			if correct.IsNull(i) || label.IsNull(i) {
				return &stages.RowError{ID: name, Err: fmt.Errorf("label or correct is missing; leave rows without a label out of the test set")}
			}
			wrong := int8(1)
			if correct.Value(i) {
				wrong = 0
			}
			got.wrong = append(got.wrong, wrong)
			r.class(label, i)
			r.class(predicted, i)
			binary.LittleEndian.PutUint64(length[:], uint64(len(name)))
			got.ids.Write(length[:])
			got.ids.Write([]byte(name))
			if group != nil && group.IsValid(i) {
				name = group.ValueStr(i)
				if r.config.Group != "" {
					name = "\x00" + name // a group is no id; a source_id is one
				}
			}
			got.cluster = append(got.cluster, r.cluster(name))
		}
		return nil
	})
	return got, err
}

// group finds the column that clusters, or nil where each row is its own.
func (r *reader) group(rec arrow.Record) (arrow.Array, error) {
	if g := r.config.Group; g != "" {
		r.b.by = g
		return column(rec, g)
	}
	if rec.Schema().HasField("source_id") {
		r.b.by = "source_id"
		return column(rec, "source_id")
	}
	return nil, nil
}

func (r *reader) cluster(name string) int32 {
	n, ok := r.clusters[name]
	if !ok {
		n = int32(len(r.clusters))
		r.clusters[strings.Clone(name)] = n
	}
	return n
}

func (r *reader) class(col arrow.Array, i int) {
	if col.IsValid(i) {
		if name := col.ValueStr(i); !r.classes[name] {
			r.classes[name] = true
		}
	}
}

func column(rec arrow.Record, name string) (arrow.Array, error) {
	at := rec.Schema().FieldIndices(name)
	if len(at) == 0 {
		return nil, fmt.Errorf("has no column %q", name)
	}
	return rec.Column(at[0]), nil
}

// describe names an input as a plan does.
func describe(in stages.Input) string {
	s := in.Stage()
	if in.Output() != "" {
		s += "." + in.Output()
	}
	if at := coordsOf(in); at != "" {
		s += "[" + at + "]"
	}
	return s
}

func coordsOf(in stages.Input) string {
	var parts []string
	for _, x := range in.Coords() {
		parts = append(parts, x.Axis+"="+x.Value)
	}
	return strings.Join(parts, ",")
}
