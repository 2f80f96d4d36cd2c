package report

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/kernels"
	"shiftmill/stages"
	"shiftmill/stages/report/stats"
)

// clusters numbers the clusters of all benchmarks, so that an image of two
// benchmarks is one cluster.
type clusters struct {
	number map[string]int32
	keys   []uint64 // hashes of the names, by number
}

func (c *clusters) of(name string) int32 {
	n, ok := c.number[name]
	if !ok {
		n = int32(len(c.keys))
		c.number[strings.Clone(name)] = n
		c.keys = append(c.keys, kernels.RowHash(name))
	}
	return n
}

// A reader gathers the predictions of one benchmark. Ids are held as digests,
// so that memory stays at a few bytes per row.
type reader struct {
	config   *Config
	b        *benchmark
	sets     map[string]*testSet
	models   map[[2]string]*model
	clusters *clusters
	classes  map[string]int32 // by name, in order of appearance
	sample   bool             // errors are kept to be shown
	sink     stages.Sink
}

func (c *Config) read(ctx context.Context, name string, inputs []stages.Input, all *clusters, sink stages.Sink, sample bool) (*benchmark, error) {
	r := &reader{
		config: c, b: &benchmark{name: name, about: c.Benchmarks[name]}, sink: sink,
		sets: map[string]*testSet{}, models: map[[2]string]*model{},
		clusters: all, classes: map[string]int32{}, sample: sample,
	}
	for range c.Attributes {
		r.b.values = append(r.b.values, &naming{number: map[string]int32{}})
	}
	// The order of inputs must not reach sums over clusters, which are numbered as
	// they appear.
	inputs = slices.Clone(inputs)
	slices.SortStableFunc(inputs, func(x, y stages.Input) int { return strings.Compare(describe(x), describe(y)) })
	for i, in := range inputs {
		if err := r.input(ctx, in); err != nil {
			return nil, err
		}
		sink.Progress(int64(i+1), int64(len(inputs)), "test sets of "+name)
	}
	if len(r.classes) < 2 {
		return nil, fmt.Errorf("all labels and predictions are of one class; nothing can be compared")
	}
	r.sortClasses()
	r.b.sortValues()
	r.b.notes = r.b.order(c)
	return r.b, nil
}

// sortClasses numbers the classes by name instead of by appearance.
func (r *reader) sortClasses() {
	number := make([]int32, len(r.classes))
	for name := range r.classes {
		r.b.classes = append(r.b.classes, name)
	}
	slices.Sort(r.b.classes)
	if r.b.several {
		return // rankings number the classes as the scores do
	}
	for i, name := range r.b.classes {
		number[r.classes[name]] = int32(i)
	}
	for _, s := range r.b.sets {
		s.chance = 1 - 1/float64(len(r.b.classes))
		for i, c := range s.class {
			s.class[i] = number[c]
		}
	}
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
		m = &model{method: p.method, rest: p.rest, cells: map[cellKey]*predictions{}}
		r.models[[2]string{p.method, p.rest}] = m
		r.b.models = append(r.b.models, m)
	}
	told, err := effortOf(in.Schema())
	if err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	if m.effort == nil {
		m.effort = told
	}
	key := cellKey{p.seed, p.set}
	if m.cells[key] != nil {
		return fmt.Errorf("two inputs are %s on test set %q (the second is %s): name the axis that tells them apart as method, replicate or in tests", m.name(), p.set, at)
	}
	if !slices.Contains(m.seeds, p.seed) {
		m.seeds = append(m.seeds, p.seed)
		slices.Sort(m.seeds)
	}
	rows := &rows{r: r, ids: sha256.New(), groups: make([][]int32, len(r.config.Attributes))}
	each := rows.record
	if in.Schema().HasField(labelsColumn) && !in.Schema().HasField("correct") {
		r.b.several = true
		if f, ok := in.Schema().FieldsByName(scoresColumn); ok && r.b.about.MAP == "" {
			r.b.about.MAP, _ = f[0].Metadata.GetValue("map") // evaluate/multilabel may say the form
		}
		each = rows.severalLabels
	} else if r.b.several {
		return fmt.Errorf("%s has one label a row, other inputs have several; give them to the report under different names", at)
	}
	if err := in.Each(ctx, func(rec arrow.Record) error { return each(ctx, rec) }); err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	m.cells[key] = &rows.predictions
	m.classes = rows.classes
	if err := r.join(p.set, at, rows); err != nil {
		return err
	}
	rows.rank(r.sets[p.set])
	return nil
}

// join makes the set of the first model that saw it, and holds all others to it.
func (r *reader) join(name, at string, rows *rows) error {
	var ids [32]byte
	rows.ids.Sum(ids[:0])
	set := r.sets[name]
	if set == nil {
		set = &testSet{name: name, iid: name == r.config.IID, rows: stats.NewSet(rows.cluster), class: rows.class, alike: rows.alike, groups: rows.groups, ids: ids, from: at}
		r.sets[name] = set
		r.b.sets = append(r.b.sets, set)
		return nil
	}
	if n := set.rows.Rows(); n != len(rows.cluster) {
		return fmt.Errorf("test set %q has %d rows in %s but %d in %s; methods are compared image by image, so all must be evaluated on the same rows", name, len(rows.cluster), at, n, set.from)
	}
	if ids != set.ids {
		return fmt.Errorf("test set %q holds other ids or labels in %s than in %s; methods are compared image by image, so all must be evaluated on the same rows", name, at, set.from)
	}
	return nil
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
