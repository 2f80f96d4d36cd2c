package split

import (
	"context"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/pipeline"
	"shiftmill/stages"
)

// Select is the configuration of split/select.
type Select struct {
	Where    pipeline.Conditions   `yaml:"where" doc:"conditions that a row must meet, all of them"`
	Exclude  []pipeline.Conditions `yaml:"exclude" single:"true" doc:"rows to leave out: those that meet all conditions of an item"`
	Size     Size                  `yaml:"size" doc:"how many of the rows to keep: a number, a share, {each: n} or all"`
	Stratify []string              `yaml:"stratify" single:"true" doc:"columns whose mix the kept rows follow"`
	Group    []string              `yaml:"group" single:"true" doc:"columns whose values are drawn as a whole, as far as the size lets"`
	Missing  map[string]string     `yaml:"missing" enum:"drop|keep|error" doc:"what a missing value of a column does to its row"`
}

// Size is how many rows to keep.
type Size struct{ size }

// DecodeSpec reads a size.
func (s *Size) DecodeSpec(v pipeline.Value) []pipeline.Problem {
	got, err := readSize(v)
	if err == nil && got.kind == likeIID {
		err = fmt.Errorf("there is no iid here: write a number of rows, a share such as 70%%, {each: 50}, or all")
	}
	s.size = got
	if err != nil {
		return []pipeline.Problem{{Pos: v.Pos(), Msg: err.Error()}}
	}
	return nil
}

// SpecText is the canonical text.
func (s Size) SpecText() string { return s.String() }

// SpecSchema describes a size.
func (s *Size) SpecSchema() map[string]any { return sizeSchema(allRows) }

// SelectKind describes split/select to a registry.
func SelectKind() *stages.Kind {
	return stages.Define(stages.Def[Select]{
		Name:    "split/select",
		Doc:     "Keeps the rows that meet conditions on their metadata, or a stable sample of them.",
		Version: 2, // 2: NaN is a missing number
		Shape:   stages.Index,
		In:      []stages.Port{{Name: "rows", Doc: "rows with the columns that the conditions name", Type: stages.Rows}},
		Config:  Select{Size: Size{size{kind: all}}},
		Check: func(c *Select) []pipeline.Problem {
			if c.Size.kind == each && len(c.Stratify) == 0 {
				return []pipeline.Problem{{Field: "size", Msg: "each means rows of every stratum: name the columns under stratify"}}
			}
			return nil
		},
		Rows: func(c *Select, output string) int64 {
			if output != "" {
				return -1
			}
			return c.Size.rows()
		},
		Outputs: func(*Select) []stages.Output { return selected },
		Columns: func(c *Select, in stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			out := stages.Schemas{"": arrow.NewSchema(nil, nil), "unused": reasonColumn}
			if in["rows"] == nil {
				return out, nil
			}
			_, problems := c.shift().bind(in["rows"])
			for i := range problems {
				problems[i].Field = c.field(problems[i].Field)
			}
			return out, problems
		},
		Reads:  func(c *Select, _ string, _ *arrow.Schema) []string { return c.reads() },
		Random: true,
		New: func(c *Select) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				s, err := newScan(c.shift(), in.One("rows"), in.Seed)
				if err != nil {
					return err
				}
				s.names, s.cells = []string{""}, []string{""}
				return s.all(ctx, in, out)
			}), nil
		},
	})
}

var selected = []stages.Output{{Name: "", Type: stages.Rows, Base: "rows"}, {Name: "unused", Type: stages.Rows, Base: "rows"}}

// reads lists the columns that conditions, strata and groups name, sorted.
func (c *Select) reads() []string {
	names := slices.Concat(c.Where.Columns(), c.Stratify, c.Group)
	for _, set := range c.Exclude {
		names = append(names, set.Columns()...)
	}
	names = slices.DeleteFunc(names, func(n string) bool { return n == "id" })
	slices.Sort(names)
	return slices.Compact(names)
}

// shift is the selection as a split whose train is what is kept.
func (c *Select) shift() *Shift {
	return &Shift{
		Base: c.Where, Sizes: Sizes{of: map[string]size{"train": c.Size.size}},
		Stratify: c.Stratify, Group: c.Group, Missing: c.Missing, Exclude: c.Exclude,
	}
}

// field is a path of the split's configuration in the selection's.
func (c *Select) field(path string) string {
	if len(path) > 5 && path[:5] == "base." {
		return "where." + path[5:]
	}
	return path
}
