package check

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/check/near"
)

// Leakage is the configuration of check/leakage.
type Leakage struct {
	Exact    string      `yaml:"exact" enum:"fail|warn|drop|off" doc:"pictures of two sets with the same bytes"`
	Near     string      `yaml:"near" enum:"fail|warn|drop|off" doc:"pictures of two sets that are the same but for encoding, scale, brightness, mirroring or a small crop"`
	Groups   string      `yaml:"groups" enum:"fail|warn|off" doc:"values of the group columns that stand in train and in another set; those in two other sets are only counted"`
	Overlap  string      `yaml:"overlap" enum:"fail|warn|off" doc:"rows that stand in train or val and in another set; rows in two test sets, as splits by items have them, are only counted"`
	Group    []string    `yaml:"group" single:"true" doc:"columns whose values must not stand in train and in another set"`
	Limits   near.Limits `yaml:"limits" doc:"what makes two pictures near-duplicates once one is laid over the other, at 64 x 64 grey levels"`
	Pictures int         `yaml:"pictures" min:"0" max:"200" doc:"pairs of pictures in the report"`
}

// LeakageKind describes check/leakage to a registry.
func LeakageKind() *stages.Kind {
	return stages.Define(stages.Def[Leakage]{
		Name:    "check/leakage",
		Doc:     "Looks for pictures of one set in another: the same bytes, near-duplicates, groups on both sides, rows in two sets; hands the sets on, with a report.",
		Version: 7, // 2: groups that test sets share are told too; 3: places of dropped rows are filled, and a row is dropped only for one that stays; 4 to 7: near-duplicates are judged otherwise
		Shape:   stages.Index,
		In: []stages.Port{
			{Name: "prints", Doc: "check/fingerprint of every set", Type: stages.Rows, Many: true},
			{Name: "sets", Doc: "the sets of a split, train first: rows: split.sets", Type: stages.Rows, Any: true},
		},
		Config:      Leakage{Exact: "fail", Near: "warn", Groups: "fail", Overlap: "fail", Limits: near.Usual(), Pictures: 24},
		Uses:        []string{"imageio/1"},
		Passes:      true,
		OutputsFrom: func(_ *Leakage, from []pipeline.From) []stages.Output { return leakageOutputs(from) },
		Columns: func(_ *Leakage, in stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			out := stages.Schemas{}
			for name := range in {
				if name != "prints" {
					out[outputName(name)] = arrow.NewSchema(nil, nil)
				}
			}
			return out, nil
		},
		Reads: func(c *Leakage, port string, in *arrow.Schema) []string { return c.reads(port, in) },
		New: func(c *Leakage) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				return runLeakage(ctx, c, in, out)
			}), nil
		},
	})
}

// outputName is the output for an input: a group's members keep their names.
func outputName(input string) string {
	if _, member, ok := strings.Cut(input, "="); ok {
		return member
	}
	return input
}

func leakageOutputs(from []pipeline.From) []stages.Output {
	var outs []stages.Output
	add := func(name, base string, member int) {
		groups := []string{"tests", "ood", "sets"}
		switch name {
		case "train", "val", "holdout":
			groups = groups[2:]
		case "iid":
			groups = []string{"tests", "sets"}
		case "unused":
			groups = nil
		}
		outs = append(outs, stages.Output{Name: name, Type: stages.Rows, Base: base, Member: member, Groups: groups})
	}
	for _, f := range from {
		if f.Members == nil {
			add(f.Name, f.Name, 0)
		}
		for i, m := range f.Members {
			add(m, f.Name, i)
		}
	}
	return append(outs, stages.Output{Name: reportOutput, Type: stages.Files})
}

// reportOutput is the output that holds the report.
const reportOutput = "leaks"

func (c *Leakage) reads(port string, in *arrow.Schema) []string {
	if port != "prints" || in == nil {
		return nil
	}
	names := append([]string{shaColumn, lookColumn}, imageOf(in)...)
	if len(in.FieldIndices(seatColumn)) == 1 {
		names = append(names, seatColumn)
	}
	for _, g := range c.Group {
		if len(in.FieldIndices(g)) == 1 {
			names = append(names, g)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func runLeakage(ctx context.Context, c *Leakage, in *stages.Inputs, out stages.Sink) error {
	s, err := c.open(in)
	if err != nil {
		return err
	}
	if err := s.read(ctx); err != nil {
		return err
	}
	if err := s.near(ctx, out); err != nil {
		return err
	}
	s.choose()
	s.exact()
	s.overlaps()
	s.groups()
	s.order()
	if err := s.readTexts(ctx); err != nil {
		return err
	}
	files, err := s.writeReport(ctx)
	if err != nil {
		return err
	}
	if err := s.verdict(); err != nil {
		return &stages.Rejection{Err: err, Output: reportOutput, Files: files}
	}
	for _, f := range files {
		if err := out.WriteFile(reportOutput, f.Name, f.Data); err != nil {
			return err
		}
	}
	for _, n := range s.notes() {
		out.Note("%s", n)
	}
	for _, k := range leakKinds {
		out.Metric(k.metric, float64(s.count[k.kind]-s.between[k.kind]))
	}
	return s.handOn(ctx, out)
}

// verdict is the error of what the configuration does not let pass.
func (s *search) verdict() error {
	var parts []string
	for _, k := range leakKinds {
		n := s.refused(k.kind)
		if n == 0 {
			continue
		}
		var shown []string
		for _, l := range s.examples(k.kind) {
			shown = append(shown, s.describe(l))
		}
		more := ""
		if n > len(shown) {
			more = fmt.Sprintf(" and %d more", n-len(shown))
		}
		parts = append(parts, fmt.Sprintf("%d %s: %s%s", n, k.name, strings.Join(shown, "; "), more))
	}
	if len(parts) == 0 {
		return nil
	}
	return fmt.Errorf("the sets leak into each other: %s; remedy: group the rows that belong together, leakage: drop to leave such rows out of the tests, or leakage: {%s: warn} to go on",
		strings.Join(parts, ". "), s.failing())
}

// examples are the first leaks of a kind that an error names.
func (s *search) examples(k leakKind) (some []leak) {
	for _, l := range s.leaks {
		if l.kind == k && len(some) < 5 && !s.harmless(l) {
			some = append(some, l)
		}
	}
	return some
}

// refused counts the leaks of a kind that the configuration does not let pass.
func (s *search) refused(k leakKind) int {
	if s.policy(k) != "fail" {
		return 0
	}
	return s.count[k] - s.between[k]
}

func (s *search) failing() string {
	for _, k := range leakKinds {
		if s.refused(k.kind) > 0 {
			return k.parameter
		}
	}
	return "near"
}

// notes say what was found, a line for each kind and pair of sets.
func (s *search) notes() []string {
	var notes []string
	for _, k := range leakKinds {
		between, harmless := map[[2]int]int{}, map[[2]int]bool{}
		for _, l := range s.leaks {
			if l.kind == k.kind {
				sets := [2]int{s.setOf(l.a), s.setOf(l.b)}
				between[sets]++
				harmless[sets] = s.harmless(l)
			}
		}
		for a := range s.sets {
			for b := range s.sets {
				if n := between[[2]int{a, b}]; n > 0 {
					verb := map[string]string{"drop": "; the row of the latter is left out"}[s.policy(k.kind)]
					if harmless[[2]int{a, b}] {
						verb = ", which test sets may"
					}
					notes = append(notes, fmt.Sprintf("%d %s of %s and %s%s", n, k.name, s.sets[a].name, s.sets[b].name, verb))
				}
			}
		}
	}
	if n := s.filled + s.lacking; n > 0 {
		notes = append(notes, fmt.Sprintf("%d rows are left out, %d of their places are filled with the next candidates, %d stay empty", n, s.filled, s.lacking))
	}
	if s.unseen > 0 {
		notes = append(notes, fmt.Sprintf("%d pictures could not be decoded and were compared by their bytes alone", s.unseen))
	}
	if s.blank > 0 {
		notes = append(notes, fmt.Sprintf("%d pictures show next to nothing and were compared by their bytes alone", s.blank))
	}
	if s.crowds > 0 {
		notes = append(notes, fmt.Sprintf("%d pictures look like very many others, and were compared with those that look most like them", s.crowds))
	}
	if s.crowded > 0 {
		notes = append(notes, fmt.Sprintf("%d hash keys are shared by so many pictures that they were not followed", s.crowded))
	}
	return notes
}
