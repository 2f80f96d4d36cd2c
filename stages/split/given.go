package split

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/pipeline"
	"shiftmill/stages"
)

// Given is the configuration of split/given.
type Given struct {
	Classes Classes `yaml:"classes" doc:"common, all, or a list: the classes that the sets keep"`
	Label   string  `yaml:"label" doc:"column of the class"`
}

// GivenKind describes split/given to a registry.
func GivenKind() *stages.Kind {
	return stages.Define(stages.Def[Given]{
		Name:        "split/given",
		Doc:         "Makes a benchmark of sets that are separate already, such as ImageNet's validation images and ImageNet-R: from: {iid: val, rendition: rendered}. Each name becomes an output; train and val are no test sets, iid is the reference of the others.",
		Version:     4, // 2: sets are named in from; a group there gives an output for each member. 3: cell says which classes were kept. 4: NaN is a missing class
		Shape:       stages.Index,
		In:          []stages.Port{{Name: "sets", Doc: "the sets, under names of your choice", Type: stages.Rows, Any: true}},
		Config:      Given{Label: "label"},
		Presets:     givenPresets,
		OutputsFrom: func(_ *Given, from []pipeline.From) []stages.Output { return givenOutputs(from) },
		Columns:     givenColumns,
		Reads: func(c *Given, _ string, _ *arrow.Schema) []string {
			if c.Classes.mode == "all" {
				return nil
			}
			return []string{c.Label}
		},
		New: func(c *Given) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				return runGiven(ctx, c, in, out)
			}), nil
		},
	})
}

// givenOutputs names the outputs: as the inputs, and NAME=MEMBER for the
// members of a group, such as corruption=fog-3.
func givenOutputs(from []pipeline.From) []stages.Output {
	var outs []stages.Output
	for _, f := range from {
		var groups []string
		switch f.Name {
		case "train", "val":
		case "iid":
			groups = []string{"tests"}
		default:
			groups = []string{"tests", "ood"}
		}
		if f.Members == nil {
			outs = append(outs, stages.Output{Name: f.Name, Type: stages.Rows, Base: f.Name, Groups: groups})
		}
		for i, m := range f.Members {
			outs = append(outs, stages.Output{Name: f.Name + "=" + m, Type: stages.Rows, Base: f.Name, Member: i, Groups: groups})
		}
	}
	return outs
}

func givenColumns(c *Given, in stages.Schemas) (stages.Schemas, []pipeline.Problem) {
	out := stages.Schemas{}
	var problems []pipeline.Problem
	for _, name := range keys(in) {
		set, _, grouped := strings.Cut(name, "=")
		switch {
		case slices.Contains([]string{"tests", "ood", "unused"}, name):
			problems = append(problems, pipeline.Problem{Msg: fmt.Sprintf("%q cannot be the name of a set, since it names a group of outputs: choose another under from", name)})
		case grouped && (set == "train" || set == "val" || set == "iid"):
			problems = append(problems, pipeline.Problem{Msg: fmt.Sprintf("%s is one set, and from gives it several (%s): name one output", set, name)})
		}
		out[name] = cellColumn
		schema := in[name]
		if schema == nil || c.Classes.mode == "all" {
			continue
		}
		b := &binder{schema: schema}
		b.column(c.Label, "label")
		for _, p := range b.problems {
			p.Msg = name + ": " + p.Msg
			problems = append(problems, p)
		}
	}
	return out, problems
}

// A givenSet is one input of split/given.
type givenSet struct {
	name    string
	input   stages.Input
	classes map[string]int // rows of each
	missing int            // rows without a class
}

func runGiven(ctx context.Context, c *Given, in *stages.Inputs, out stages.Sink) error {
	var sets []*givenSet
	for _, name := range in.Names() {
		inputs := in.Ports[name]
		for _, input := range inputs {
			set := &givenSet{name: name, input: input, classes: map[string]int{}}
			if len(inputs) > 1 {
				set.name += "=" + input.Output()
			}
			sets = append(sets, set)
		}
	}
	if c.Classes.mode != "all" {
		var wg sync.WaitGroup
		errs := make([]error, len(sets))
		for i, s := range sets {
			wg.Go(func() { errs[i] = s.count(ctx, c.Label) })
		}
		wg.Wait()
		for i, err := range errs {
			if err != nil {
				return fmt.Errorf("%s: %w", sets[i].name, err)
			}
		}
	}
	keep, err := c.kept(sets, out)
	if err != nil {
		return err
	}
	for _, s := range sets {
		if err := s.write(ctx, c, keep, out); err != nil {
			return err
		}
	}
	return nil
}

func setNames(sets []*givenSet) []string {
	names := make([]string, len(sets))
	for i, s := range sets {
		names[i] = s.name
	}
	return names
}

func (s *givenSet) count(ctx context.Context, label string) error {
	return s.input.Each(ctx, func(rec arrow.Record) error {
		col := rec.Column(rec.Schema().FieldIndices(label)[0])
		for i := range int(rec.NumRows()) {
			if missing(col, i) {
				s.missing++
				continue
			}
			s.classes[string(appendValue(nil, col, i))]++
		}
		return nil
	})
}

// kept returns the classes that all sets keep; nil keeps every row.
func (c *Given) kept(sets []*givenSet, out stages.Sink) (map[string]bool, error) {
	everywhere, anywhere := map[string]int{}, map[string]bool{}
	for _, s := range sets {
		for class := range s.classes {
			everywhere[class]++
			anywhere[class] = true
		}
	}
	keep := map[string]bool{}
	switch c.Classes.mode {
	case "all":
		return nil, nil
	case "list":
		for _, class := range c.Classes.list {
			if !anywhere[class] {
				near := ""
				if n := pipeline.Nearest(class, keys(anywhere)); n != "" {
					near = fmt.Sprintf("; did you mean %q?", n)
				}
				return nil, fmt.Errorf("classes: no set has a row of %q%s", class, near)
			}
			keep[class] = true
		}
	case "common":
		for class, n := range everywhere {
			if n == len(sets) {
				keep[class] = true
			}
		}
		if len(keep) == 0 {
			return nil, fmt.Errorf("classes: common keeps none: the sets %s share no class", strings.Join(setNames(sets), ", "))
		}
		out.Note("classes: %d of %d are common to all sets", len(keep), len(anywhere))
	default:
		var parts []string
		for _, s := range sets {
			var lacks []string
			for _, class := range keys(anywhere) {
				if s.classes[class] == 0 {
					lacks = append(lacks, class)
				}
			}
			if len(lacks) > 0 {
				parts = append(parts, fmt.Sprintf("%s lacks %s", s.name, some(lacks)))
			}
		}
		if len(parts) > 0 {
			return nil, fmt.Errorf("sets with different classes cannot be compared: %s; set classes: common to keep what all have, a list, or all if this is meant", strings.Join(parts, "; "))
		}
		for class := range anywhere {
			keep[class] = true
		}
	}
	return keep, nil
}

// write hands over the rows of the kept classes, and names the others.
func (s *givenSet) write(ctx context.Context, c *Given, keep map[string]bool, out stages.Sink) error {
	w := newWriter(s.name, "cell", out)
	if keep != nil {
		w.keeps(keys(keep))
	}
	defer w.release()
	rows, left := 0, 0
	err := s.input.Each(ctx, func(rec arrow.Record) error {
		ids := rec.Column(rec.Schema().FieldIndices("id")[0]).(*array.String)
		var col arrow.Array
		if keep != nil {
			col = rec.Column(rec.Schema().FieldIndices(c.Label)[0])
		}
		for i := range int(rec.NumRows()) {
			id := ids.Value(i)
			switch {
			case col != nil && missing(col, i):
				out.Skip(id, "missing "+c.Label)
				left++
				continue
			case col != nil && !keep[string(appendValue(nil, col, i))]:
				out.Skip(id, "its class is not kept")
				left++
				continue
			}
			rows++
			if err := w.add(id, s.name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	if rows == 0 {
		return fmt.Errorf("%s: none of its %d rows is of a class that is kept", s.name, left)
	}
	if left > 0 {
		out.Note("%s: %d rows kept, %d left out, %d of them without a class", s.name, rows, left, s.missing)
	}
	return w.flush()
}
