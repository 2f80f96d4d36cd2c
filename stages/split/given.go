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
	Sets    []string `yaml:"sets" required:"true" doc:"names of the sets, each an input and an output; train and val are no test sets, iid is the reference of the others"`
	Classes Classes  `yaml:"classes" doc:"common, all, or a list: the classes that the sets keep"`
	Label   string   `yaml:"label" doc:"column of the class"`
}

// GivenKind describes split/given to a registry.
func GivenKind() *stages.Kind {
	return stages.Define(stages.Def[Given]{
		Name:    "split/given",
		Doc:     "Makes a benchmark of sets that are separate already, such as ImageNet's validation images and ImageNet-R.",
		Version: 1,
		Shape:   stages.Index,
		In:      []stages.Port{{Name: "sets", Doc: "the sets, under their names", Type: stages.Rows, Any: true}},
		Config:  Given{Label: "label"},
		Check: func(c *Given) []pipeline.Problem {
			var problems []pipeline.Problem
			for i, name := range c.Sets {
				switch {
				case slices.Contains(c.Sets[:i], name):
					problems = append(problems, pipeline.Problem{Field: fmt.Sprintf("sets.%d", i), Msg: fmt.Sprintf("the set %q is named twice", name)})
				case escape(name) != name || name == "" || slices.Contains([]string{"tests", "ood", "unused"}, name):
					problems = append(problems, pipeline.Problem{Field: fmt.Sprintf("sets.%d", i), Msg: fmt.Sprintf("%q cannot be the name of an output: take letters, digits, - and _, and none of tests, ood, unused", name)})
				}
			}
			return problems
		},
		Outputs: givenOutputs,
		Columns: givenColumns,
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

func givenOutputs(c *Given) []stages.Output {
	var outs []stages.Output
	for _, name := range c.Sets {
		o := stages.Output{Name: name, Type: stages.Rows, Base: name}
		switch name {
		case "train", "val":
		case "iid":
			o.Groups = []string{"tests"}
		default:
			o.Groups = []string{"tests", "ood"}
		}
		outs = append(outs, o)
	}
	return outs
}

func givenColumns(c *Given, in stages.Schemas) (stages.Schemas, []pipeline.Problem) {
	out := stages.Schemas{}
	var problems []pipeline.Problem
	for _, name := range c.Sets {
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
	for _, name := range keys(in) {
		if !slices.Contains(c.Sets, name) {
			problems = append(problems, pipeline.Problem{Field: "sets", Msg: fmt.Sprintf("the input %q is none of the sets %s", name, strings.Join(c.Sets, ", "))})
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
	sets := make([]*givenSet, len(c.Sets))
	for i, name := range c.Sets {
		if len(in.Ports[name]) != 1 {
			return fmt.Errorf("the set %q has %d inputs: give it one under from: {%s: ...}", name, len(in.Ports[name]), name)
		}
		sets[i] = &givenSet{name: name, input: in.One(name), classes: map[string]int{}}
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

func (s *givenSet) count(ctx context.Context, label string) error {
	return s.input.Each(ctx, func(rec arrow.Record) error {
		col := rec.Column(rec.Schema().FieldIndices(label)[0])
		for i := range int(rec.NumRows()) {
			if col.IsNull(i) {
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
			return nil, fmt.Errorf("classes: common keeps none: the sets %s share no class", strings.Join(c.Sets, ", "))
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
			case col != nil && col.IsNull(i):
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
