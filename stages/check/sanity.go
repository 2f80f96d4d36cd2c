package check

import (
	"context"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/pipeline"
	"shiftmill/stages"
)

// Sanity is the configuration of check/sanity.
type Sanity struct {
	Label      string   `yaml:"label" doc:"column of the class; a list, or a list in the column labels where there is no label, counts an image under each of its classes"`
	Attributes []string `yaml:"attributes" doc:"columns to compare; all that hold text, numbers, times or booleans when left out"`
	Values     int      `yaml:"values" min:"2" max:"10000" doc:"a column of text with more values than this is not compared; whole numbers are divided into parts"`
	Bins       int      `yaml:"bins" min:"2" max:"100" doc:"parts with equally many rows of train, into which numbers are divided; times are divided by the calendar"`
	Warn       float64  `yaml:"warn" min:"0" max:"1" doc:"difference of a mix from train's (total variation) from which it is pointed out"`
	Pictures   int      `yaml:"pictures" min:"0" max:"24" doc:"pictures of each set in the grid, a class each; 0 draws none and reads no image"`
}

// SanityKind describes check/sanity to a registry.
func SanityKind() *stages.Kind {
	return stages.Define(stages.Def[Sanity]{
		Name:    "check/sanity",
		Doc:     "Reports what a split holds: counts, missing values, how each test set's mix differs from train's, associations, and the gaps it can detect.",
		Version: 3, // 2: images of several classes are counted under each; iid stands behind train. 3: numbers and times are compared in bins; a column of the grid is a class
		Shape:   stages.Aggregate,
		In: []stages.Port{
			{Name: "train", Doc: "the training set", Type: stages.Rows},
			{Name: "tests", Doc: "the sets to compare with it", Type: stages.Rows, Many: true},
		},
		Config:  Sanity{Label: "label", Values: 200, Bins: 5, Warn: 0.1, Pictures: 8},
		Uses:    []string{"imageio/1"},
		Outputs: func(*Sanity) []stages.Output { return []stages.Output{{Type: stages.Files}} },
		Columns: sanityColumns,
		Reads:   func(c *Sanity, _ string, in *arrow.Schema) []string { return c.reads(in) },
		New: func(c *Sanity) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				return runSanity(ctx, c, in, out)
			}), nil
		},
	})
}

// countable says whether a column's values can be counted, as they are or in
// bins.
func countable(t arrow.DataType) bool {
	switch t.ID() {
	case arrow.STRING, arrow.LARGE_STRING, arrow.BOOL:
		return true
	}
	ok, _ := numeric(t)
	return ok || calendar(t)
}

// several says whether a column holds the classes of images that have several.
func several(t arrow.DataType) bool {
	l, ok := t.(*arrow.ListType)
	return ok && l.Elem().ID() == arrow.STRING
}

// label is the column of the class in these rows.
func (c *Sanity) label(in *arrow.Schema) string {
	if at := in.FieldIndices("labels"); c.Label == "label" && len(in.FieldIndices(c.Label)) == 0 && len(at) == 1 && several(in.Field(at[0]).Type) {
		return "labels"
	}
	return c.Label
}

func (c *Sanity) reads(in *arrow.Schema) []string {
	if in == nil {
		return append(slices.Clone(c.Attributes), c.Label)
	}
	label := c.label(in)
	var names []string
	for _, f := range in.Fields() {
		wanted := len(c.Attributes) == 0 && f.Name != "cell" || slices.Contains(c.Attributes, f.Name) || f.Name == label
		switch {
		case f.Name == "id":
		case wanted && (countable(f.Type) || f.Name == label && several(f.Type)):
			names = append(names, f.Name)
		case f.Name == "image" && stages.IsImage(f.Type) && c.Pictures > 0:
			names = append(names, f.Name)
		}
	}
	return names
}

func sanityColumns(c *Sanity, in stages.Schemas) (stages.Schemas, []pipeline.Problem) {
	var problems []pipeline.Problem
	train := in["train"]
	if train == nil {
		return nil, nil
	}
	var known []string
	for _, f := range train.Fields() {
		known = append(known, f.Name)
	}
	for i, name := range c.Attributes {
		at := train.FieldIndices(name)
		field := fmt.Sprintf("attributes.%d", i)
		switch {
		case len(at) == 0:
			msg := fmt.Sprintf("the rows have no column %q", name)
			if near := pipeline.Nearest(name, known); near != "" {
				msg += fmt.Sprintf("; did you mean %q?", near)
			}
			problems = append(problems, pipeline.Problem{Field: field, Msg: msg})
		case !countable(train.Field(at[0]).Type):
			problems = append(problems, pipeline.Problem{Field: field, Msg: fmt.Sprintf("column %q holds %s; only text, numbers, times and booleans can be compared", name, train.Field(at[0]).Type)})
		}
	}
	return nil, problems
}

func runSanity(ctx context.Context, c *Sanity, in *stages.Inputs, out stages.Sink) error {
	sets := []*set{{name: "train", input: in.One("train")}}
	for _, input := range in.Ports["tests"] {
		sets = append(sets, &set{name: setName(input, sets), input: input})
	}
	slices.SortStableFunc(sets[1:], func(a, b *set) int { return rank(a.name) - rank(b.name) })
	own := *c
	own.Label, c = c.label(sets[0].input.Schema()), &own
	columns := c.reads(sets[0].input.Schema())
	columns = slices.DeleteFunc(columns, func(n string) bool { return n == "image" })
	bins, err := c.bin(ctx, sets, columns)
	if err != nil {
		return err
	}
	for i, s := range sets {
		if err := s.count(ctx, c, columns, bins); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		out.Progress(int64(i+1), int64(len(sets)), "sets")
	}
	r, err := c.report(sets, columns, bins)
	if err != nil {
		return err
	}
	for _, n := range r.Notes {
		out.Note("%s", n)
	}
	data, err := r.json()
	if err != nil {
		return err
	}
	files := []struct {
		name string
		data []byte
	}{{"sanity.json", data}, {"sanity.md", r.markdown()}}
	if len(r.Classes) > 0 {
		files = append(files, struct {
			name string
			data []byte
		}{"classes.svg", r.classBars()})
	}
	if len(r.Attributes) > 0 {
		files = append(files, struct {
			name string
			data []byte
		}{"attributes.svg", r.attributeBars()})
	}
	grid, err := c.grid(ctx, in.Images, sets, r.Classes)
	if err != nil {
		return err
	}
	if grid != nil {
		files = append(files, struct {
			name string
			data []byte
		}{"grid.png", grid})
	}
	for _, f := range files {
		if err := out.WriteFile("", f.name, f.data); err != nil {
			return err
		}
	}
	return nil
}

// setName is the output's name, with coordinates where two sets share one.
func setName(in stages.Input, had []*set) string {
	name := in.Output()
	if name == "" {
		name = in.Stage()
	}
	if slices.ContainsFunc(had, func(s *set) bool { return s.name == name }) {
		for _, c := range in.Coords() {
			name += fmt.Sprintf(" %s=%s", c.Axis, c.Value)
		}
	}
	return name
}
