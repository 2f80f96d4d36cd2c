package split

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/pipeline"
	"shiftmill/stages"
)

// Shift is the configuration of split/shift.
type Shift struct {
	Base     pipeline.Conditions   `yaml:"base" required:"true" doc:"training distribution: the allowed values of each attribute"`
	Shifts   Shifts                `yaml:"shifts" doc:"test sets: for each attribute a list of altered values, each item one set; or named sets"`
	Sizes    Sizes                 `yaml:"sizes" required:"true" doc:"rows of train, val, iid and ood, or of one shift by its name: a number, a share, {each: n} or all"`
	Stratify []string              `yaml:"stratify" single:"true" doc:"columns whose mix every output keeps"`
	Balance  []string              `yaml:"balance" single:"true" doc:"columns of whose values every output has equally many rows"`
	Group    []string              `yaml:"group" single:"true" doc:"columns whose values never stand in train and in a test set"`
	Match    []string              `yaml:"match" single:"true" doc:"columns in whose mix every shift follows iid"`
	Missing  map[string]string     `yaml:"missing" enum:"drop|keep|error" doc:"what a missing value of an attribute does to its row"`
	Classes  Classes               `yaml:"classes" doc:"common, all, or a list: the classes that the split keeps"`
	Label    string                `yaml:"label" doc:"column of the class"`
	Bins     map[string]Bin        `yaml:"bins" doc:"attributes made of columns: bounds of a number, parts of a time, squares of a map"`
	Items    Items                 `yaml:"items" doc:"attributes that belong to the elements of a list column, such as the clothing items of an image"`
	Where    Where                 `yaml:"where" doc:"rows that each side may draw from"`
	Exclude  []pipeline.Conditions `yaml:"exclude" single:"true" doc:"rows to leave out: those that meet all conditions of an item"`
	Leakage  pipeline.Value        `yaml:"leakage" doc:"what becomes of pictures that are in two sets: off, warn, fail, drop, or the parameters of check/leakage, which stands behind the split"`
	Holdout  Holdout               `yaml:"holdout" doc:"rows set aside for the very end, in no other set: a share of all groups such as 5%, or conditions such as {site: [A, B]}"`
	Reserve  Reserve               `yaml:"reserve" doc:"candidates beyond the sizes of val and the tests, for rows that the gate drops: a share of each size, or a number for each class; 10% when leakage drops"`
	Pin      pipeline.File         `yaml:"pin" doc:"manifest of an earlier split: its rows stay in their sets as long as they exist and fit"`
	Last     pipeline.File         `yaml:"last" doc:"manifest of the last split: rows that moved since are counted"`
	Growth   string                `yaml:"growth" enum:"strict|relaxed" doc:"strict: added rows never move a row between outputs"`
}

// Where limits what each side of the split may draw from.
type Where struct {
	Train pipeline.Conditions `yaml:"train" doc:"rows for train"`
	Val   pipeline.Conditions `yaml:"val" doc:"rows for val; those of train when left out"`
	Tests pipeline.Conditions `yaml:"tests" doc:"rows for iid and the shifts"`
}

func (w *Where) empty() bool { return len(w.Train)+len(w.Val)+len(w.Tests) == 0 }

// Classes says which classes a split keeps.
type Classes struct {
	mode string // "" (all must occur everywhere), "all", "common" or "list"
	list []string
}

// DecodeSpec reads common, all or a list.
func (c *Classes) DecodeSpec(v pipeline.Value) []pipeline.Problem {
	switch {
	case v.Kind() == pipeline.List:
		c.mode = "list"
		for _, item := range v.List() {
			c.list = append(c.list, item.Text())
		}
		slices.Sort(c.list)
		c.list = slices.Compact(c.list)
		if len(c.list) == 0 {
			return []pipeline.Problem{{Pos: v.Pos(), Msg: "an empty list keeps no class"}}
		}
	case v.Text() == "all" || v.Text() == "common":
		c.mode = v.Text()
	default:
		return []pipeline.Problem{{Pos: v.Pos(), Msg: "must be common, all, or a list of classes"}}
	}
	return nil
}

// SpecSchema describes all forms.
func (c *Classes) SpecSchema() map[string]any {
	words := pipeline.SchemaWords([2]string{"common", "keep what all outputs have"}, [2]string{"all", "keep all, wherever they occur"})
	return map[string]any{"anyOf": []map[string]any{words, {"type": "array", "minItems": 1}}}
}

// SpecText is the canonical text.
func (c Classes) SpecText() string { return fmt.Sprintf("%s %q", c.mode, c.list) }

// ShiftKind describes split/shift to a registry.
func ShiftKind() *stages.Kind {
	return stages.Define(stages.Def[Shift]{
		Name:    "split/shift",
		Doc:     "Splits rows by metadata into train, val and IID test at a base distribution and one test set for each altered attribute.",
		Version: 2, // 2: rows without a class are missing it, and drop as other missing values do; NaN is a missing number
		Shape:   stages.Index,
		In:      []stages.Port{{Name: "rows", Doc: "rows with the attributes as columns", Type: stages.Rows}},
		Config:  Shift{Label: "label", Growth: "strict", Items: Items{Image: "any", Labels: "matching", Label: "category"}},
		Check:   checkShift,
		Advice:  adviseShift,
		Outputs: shiftOutputs,
		Rows:    func(c *Shift, output string) int64 { return c.Sizes.rows(output) },
		Columns: shiftColumns,
		Reads:   func(c *Shift, _ string, in *arrow.Schema) []string { return c.reads(in) },
		Random:  true,
		Presets: shiftPresets,
		Gate: &pipeline.Gate{
			Kind: "check/leakage", Prints: "check/fingerprint", Looked: "sets", Handed: "every", Param: "leakage", Copy: []string{"group"},
			Reserve: pipeline.Reserve{Param: "reserve", Value: "10%", When: []string{"exact", "near"}, Is: "drop"},
			Words: []pipeline.Word{
				{Text: "off", Off: true},
				{Text: "warn", Values: map[string]string{"exact": "warn", "near": "warn"}},
				{Text: "fail", Values: map[string]string{"near": "fail"}},
				{Text: "drop", Values: map[string]string{"exact": "drop", "near": "drop"}},
			},
		},
		New: func(c *Shift) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				return runShift(ctx, c, in, out)
			}), nil
		},
	})
}

func checkShift(c *Shift) []pipeline.Problem {
	var problems []pipeline.Problem
	report := func(field, format string, args ...any) {
		problems = append(problems, pipeline.Problem{Field: field, Msg: fmt.Sprintf(format, args...)})
	}
	problems = append(problems, c.Shifts.check(c.Base)...)
	problems = append(problems, c.Sizes.check(c)...)
	problems = append(problems, c.checkBins()...)
	problems = append(problems, c.checkQuantiles()...)
	if len(c.Balance) > 0 {
		switch {
		case len(c.Stratify) > 0:
			report("balance", "stratify keeps the mix of the rows and balance makes it even: say one of them")
		case len(c.Match) > 0:
			report("balance", "every set is even already, so match has nothing to do: say one of them")
		}
		for _, name := range keys(c.Sizes.of) {
			if s := c.Sizes.of[name]; s.kind == share || s.kind == all && (name == "train" || name == "val" || name == "iid") {
				report("balance", "%s: %s takes rows as they come; give a number of rows, or {each: n}", name, s)
			}
		}
	}
	if c.Items.on() && c.Holdout.on() {
		report("holdout", "images that stand in several sets cannot be set aside here: do it before, by split/select")
	}
	if c.Items.on() && c.Classes.mode != "" && c.Classes.mode != "all" {
		report("classes", "images with several classes have no class to keep or leave: select the items by a condition on their class instead")
	}
	for i, name := range c.Group {
		if _, fixed := c.Base.On(name); fixed && c.Sizes.of["iid"].kind != 0 {
			field := "group"
			if len(c.Group) > 1 {
				field = fmt.Sprintf("group.%d", i)
			}
			report(field, "%[1]s is an attribute of base: train and iid would share no %[1]s, so iid would not be of the training distribution; group by what one thing has in several rows (a part, a person, a place), and measure an unseen %[1]s as a shift", name)
		}
	}
	for _, name := range keys(c.Missing) {
		if policy := c.Missing[name]; policy == "keep" && slices.ContainsFunc(c.Shifts.sets, func(s set) bool {
			return slices.ContainsFunc(s.alters, func(a alteration) bool { return a.attribute == name && a.to.String() == "null" })
		}) {
			report("missing."+name, "keep takes missing values as base, but a shift asks for them: leave this line out")
		}
	}
	for i, set := range c.Exclude {
		if len(set) == 0 {
			report(fmt.Sprintf("exclude.%d", i), "an empty map would leave out every row")
		}
	}
	return problems
}

// adviseShift warns of shares beside stratify, and of candidates that nobody takes out.
func adviseShift(c *Shift) (advice []pipeline.Problem) {
	names := keys(c.Sizes.of)
	if k := slices.IndexFunc(names, func(n string) bool { return c.Sizes.of[n].kind == share }); k >= 0 && len(c.Stratify) > 0 {
		advice = append(advice, pipeline.Problem{Field: "stratify", Msg: fmt.Sprintf("%s: %s draws each row by itself, so that no added row moves another one, and does not deal the rows of each %s: the mix is kept but for chance, which small classes show; a number of rows is dealt class by class",
			names[k], c.Sizes.of[names[k]], strings.Join(c.Stratify, " and "))})
	}
	if c.Reserve.kind != 0 && c.Leakage.Text() == "off" {
		advice = append(advice, pipeline.Problem{Field: "reserve", Msg: "with leakage: off the sets hold candidates beyond their sizes; check/leakage of your own must stand behind, which takes out those that it does not need"})
	}
	return advice
}

func shiftOutputs(c *Shift) []stages.Output {
	make := func(name string, groups ...string) stages.Output {
		return stages.Output{Name: name, Type: stages.Rows, Base: "rows", Groups: groups}
	}
	outs := []stages.Output{make("train", "sets", "every")}
	if c.Sizes.of["val"].kind != 0 {
		outs = append(outs, make("val", "sets", "every"))
	}
	outs = append(outs, make("iid", "tests", "sets", "every"))
	for _, s := range c.Shifts.sets {
		outs = append(outs, make(s.name, "tests", "ood", "sets", "every"))
	}
	if c.Holdout.on() {
		outs = append(outs, make("holdout", "sets", "every"))
	}
	return append(outs, make("unused", "every"))
}

var (
	cellColumn  = arrow.NewSchema([]arrow.Field{{Name: "cell", Type: arrow.BinaryTypes.String}}, nil)
	itemColumns = arrow.NewSchema([]arrow.Field{
		{Name: "cell", Type: arrow.BinaryTypes.String}, {Name: "labels", Type: arrow.ListOf(arrow.BinaryTypes.String)},
	}, nil)
	reasonColumn = arrow.NewSchema([]arrow.Field{{Name: "reason", Type: arrow.BinaryTypes.String}}, nil)
)

func shiftColumns(c *Shift, in stages.Schemas) (stages.Schemas, []pipeline.Problem) {
	out := stages.Schemas{}
	for _, o := range shiftOutputs(c) {
		out[o.Name] = c.columnsOf(o.Name)
	}
	out["unused"] = reasonColumn
	if in["rows"] == nil {
		return out, nil
	}
	_, problems := c.bind(in["rows"])
	return out, problems
}

// columnsOf are the columns that the split writes into a set.
func (c *Shift) columnsOf(output string) *arrow.Schema {
	fields := cellColumn.Fields()
	if c.Items.on() {
		fields = itemColumns.Fields()
	}
	if c.seats(output) {
		fields = append(slices.Clone(fields), seatField)
	}
	return arrow.NewSchema(fields, nil)
}

// reads lists the columns the split needs. The label column is read where it
// exists, to see that every test set has every class.
func (c *Shift) reads(in *arrow.Schema) []string {
	names := slices.Concat(c.Base.Columns(), c.strata(), c.Group, c.Match, c.Where.Train.Columns(), c.Where.Val.Columns(), c.Where.Tests.Columns())
	for _, s := range c.Shifts.sets {
		for _, a := range s.alters {
			names = append(names, a.attribute)
		}
	}
	for _, set := range slices.Concat(c.Exclude, c.Holdout.sets) {
		names = append(names, set.Columns()...)
	}
	if c.readsLabel(in) {
		names = append(names, c.Label)
	}
	names = slices.DeleteFunc(names, func(n string) bool {
		_, bin := c.Bins[n]
		return n == "id" || bin || c.Items.field(in, n) >= 0
	})
	for _, b := range c.Bins {
		names = append(names, b.Of...)
	}
	if c.Items.on() {
		names = append(names, c.Items.Column)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// strata are the columns whose values quotas are set for.
func (c *Shift) strata() []string {
	if len(c.Balance) > 0 {
		return c.Balance
	}
	return c.Stratify
}

func (c *Shift) readsLabel(in *arrow.Schema) bool {
	switch {
	case c.Items.on():
		return false
	case c.Classes.mode == "common" || c.Classes.mode == "list":
		return true
	case c.Classes.mode == "all" || len(c.Shifts.sets) == 0 || in == nil:
		return false
	}
	at := in.FieldIndices(c.Label)
	if len(at) != 1 {
		return false
	}
	_, ok := columnType(in.Field(at[0]).Type)
	return ok
}

// unknownColumn says that a column does not exist.
func unknownColumn(name string, in *arrow.Schema) string {
	var known []string
	for _, f := range in.Fields() {
		known = append(known, f.Name)
	}
	if near := pipeline.Nearest(name, known); near != "" {
		return fmt.Sprintf("the rows have no column %q; did you mean %q?", name, near)
	}
	return fmt.Sprintf("the rows have no column %q; they have %s", name, strings.Join(known, ", "))
}
