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
	read := 0
	for _, folds := range r.byPlace(inputs) {
		if err := r.testSet(ctx, folds); err != nil {
			return nil, err
		}
		read += len(folds)
		sink.Progress(int64(read), int64(len(inputs)), "test sets of "+name)
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

// A fold is one dataset of predictions, with where it stands.
type fold struct {
	place
	in stages.Input
}

// byPlace puts together what is one test set of a model and seed: a dataset, or
// one for each fold.
func (r *reader) byPlace(inputs []stages.Input) [][]fold {
	at := map[place]int{}
	var all [][]fold
	for _, in := range inputs {
		p := r.config.locate(in.Stage(), in.Output(), in.Coords())
		whole := p
		whole.fold = ""
		i, known := at[whole]
		if !known {
			i, all = len(all), append(all, nil)
			at[whole] = i
		}
		all[i] = append(all[i], fold{p, in})
	}
	for _, folds := range all {
		slices.SortStableFunc(folds, func(x, y fold) int { return strings.Compare(x.fold, y.fold) })
	}
	return all
}

// testSet reads the predictions of a model and seed on one test set, one fold's
// rows after another's.
func (r *reader) testSet(ctx context.Context, folds []fold) error {
	p := folds[0].place
	m := r.models[[2]string{p.method, p.rest}]
	if m == nil {
		m = &model{method: p.method, rest: p.rest, cells: map[cellKey]*predictions{}}
		r.models[[2]string{p.method, p.rest}] = m
		r.b.models = append(r.b.models, m)
	}
	if !slices.Contains(m.seeds, p.seed) {
		m.seeds = append(m.seeds, p.seed)
		slices.Sort(m.seeds)
	}
	rows := &rows{r: r, ids: sha256.New(), groups: make([][]int32, len(r.config.Attributes))}
	for i, f := range folds {
		if i > 0 && f.fold == folds[i-1].fold {
			return fmt.Errorf("two inputs are %s on test set %q (the second is %s): name the axis that tells them apart as method, replicate, in tests or in folds", m.name(), p.set, describe(f.in))
		}
		if err := r.input(ctx, f, m, rows); err != nil {
			return fmt.Errorf("%s: %w", describe(f.in), err)
		}
	}
	m.cells[cellKey{p.seed, p.set}] = &rows.predictions
	m.classes = rows.classes
	if err := r.join(p.set, describe(folds[0].in), rows); err != nil {
		return err
	}
	rows.rank(r.sets[p.set])
	return nil
}

// input reads one dataset of predictions.
func (r *reader) input(ctx context.Context, f fold, m *model, rows *rows) error {
	in := f.in
	if in.Len() == 0 {
		return fmt.Errorf("it has no rows")
	}
	r.b.inputs = append(r.b.inputs, provenance{
		Benchmark: r.b.name, Stage: in.Stage(), Output: in.Output(), At: coordsOf(in), Rows: in.Len(),
	})
	told, err := effortOf(in.Schema())
	if err != nil {
		return err
	}
	if m.effort == nil {
		m.effort = told
	}
	each := rows.record
	if in.Schema().HasField(labelsColumn) && !in.Schema().HasField("correct") {
		r.b.several = true
		if f, ok := in.Schema().FieldsByName(scoresColumn); ok && r.b.about.MAP == "" {
			r.b.about.MAP, _ = f[0].Metadata.GetValue("map") // evaluate/multilabel may say the form
		}
		each = rows.severalLabels
	} else if r.b.several {
		return fmt.Errorf("it has one label a row, other inputs have several; give them to the report under different names")
	}
	rows.begin(f.fold)
	if err := in.Each(ctx, func(rec arrow.Record) error { return each(ctx, rec) }); err != nil {
		return err
	}
	return rows.whole()
}

// join makes the set of the first model that saw it, and holds all others to it.
func (r *reader) join(name, at string, rows *rows) error {
	var ids [32]byte
	rows.ids.Sum(ids[:0])
	set := r.sets[name]
	if set == nil {
		set = &testSet{name: name, iid: name == r.config.IID, rows: stats.NewSet(rows.cluster), class: rows.class, alike: rows.alike, groups: rows.groups, folds: rows.folds, ids: ids, from: at}
		r.sets[name] = set
		r.b.sets = append(r.b.sets, set)
		return nil
	}
	const same = "methods are compared image by image, so all must be evaluated on the same rows; an axis of splits that hold out different rows belongs in folds"
	if !slices.Equal(rows.folds, set.folds) {
		return fmt.Errorf("test set %q is of the folds %s from %s on but of %s from %s on; methods are compared image by image, so all must be evaluated on the same folds", name, quoted(rows.folds), at, quoted(set.folds), set.from)
	}
	if n := set.rows.Rows(); n != len(rows.cluster) {
		return fmt.Errorf("test set %q has %d rows in %s but %d in %s; %s", name, len(rows.cluster), at, n, set.from, same)
	}
	if ids != set.ids {
		return fmt.Errorf("test set %q holds other ids or labels in %s than in %s; %s", name, at, set.from, same)
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
