package report_test

import (
	"fmt"
	"strings"
	"testing"

	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/report"
	"shiftmill/stages/stagetest"
)

// predictions are rows of which every n-th is wrong.
func predictions(n, every int, axes ...pipeline.Coord) *stagetest.Table {
	var ids, label, predicted, shop []string
	var correct []bool
	for i := range n {
		ids = append(ids, fmt.Sprintf("%05d", i))
		label = append(label, []string{"bakery", "bank", "gym"}[i%3])
		right := every == 0 || i%every != 0
		correct = append(correct, right)
		if right {
			predicted = append(predicted, label[i])
		} else {
			predicted = append(predicted, []string{"bank", "gym", "bakery"}[i%3])
		}
		shop = append(shop, fmt.Sprintf("shop%d", i/4))
	}
	t := stagetest.Rows(ids, stagetest.Column{Name: "label", Values: label}, stagetest.Column{Name: "predicted", Values: predicted},
		stagetest.Column{Name: "correct", Values: correct}, stagetest.Column{Name: "shop", Values: shop})
	t.StageName, t.Axes = "scores", axes
	return t
}

func at(pairs ...string) []pipeline.Coord {
	var cs []pipeline.Coord
	for i := 0; i < len(pairs); i += 2 {
		cs = append(cs, pipeline.Coord{Axis: pairs[i], Value: pairs[i+1]})
	}
	return cs
}

// Experiments other than the quickstart's, each as the terminal shows it.
func TestExperiments(t *testing.T) {
	tests := []struct {
		name   string
		change func(*report.Config)
		inputs []stages.Input
	}{
		{
			"one model, no axis, no baseline", func(c *report.Config) { c.Baseline, c.Replicate, c.Model = "", "", "resnet50" },
			[]stages.Input{predictions(90, 9, at("output", "iid")...), predictions(90, 3, at("output", "sketch")...)},
		},
		{
			"one test set", func(c *report.Config) { c.Baseline, c.Replicate = "", "" },
			[]stages.Input{predictions(90, 9)},
		},
		{
			"one seed, groups, at floor", func(c *report.Config) { c.Replicate, c.Group = "", "shop" },
			[]stages.Input{
				predictions(300, 8, at("method", "none", "output", "iid")...), predictions(300, 2, at("method", "none", "output", "fog")...),
				predictions(300, 1, at("method", "none", "output", "night")...),
				predictions(300, 9, at("method", "augmix", "output", "iid")...), predictions(300, 4, at("method", "augmix", "output", "fog")...),
				predictions(300, 2, at("method", "augmix", "output", "night")...),
			},
		},
		{
			"two networks, each with its baseline; a seed lacks a set", nil,
			[]stages.Input{
				predictions(200, 8, at("method", "none", "net", "r18", "output", "iid", "seed", "1")...), predictions(200, 3, at("method", "none", "net", "r18", "output", "fog", "seed", "1")...),
				predictions(200, 7, at("method", "none", "net", "r18", "output", "iid", "seed", "2")...),
				predictions(200, 9, at("method", "none", "net", "r50", "output", "iid", "seed", "1")...), predictions(200, 4, at("method", "none", "net", "r50", "output", "fog", "seed", "1")...),
				predictions(200, 8, at("method", "augmix", "net", "r18", "output", "iid", "seed", "1")...), predictions(200, 4, at("method", "augmix", "net", "r18", "output", "fog", "seed", "1")...),
				predictions(200, 10, at("method", "augmix", "net", "r50", "output", "iid", "seed", "1")...), predictions(200, 5, at("method", "augmix", "net", "r50", "output", "fog", "seed", "1")...),
			},
		},
	}
	var all strings.Builder
	for _, tt := range tests {
		c := stagetest.Case{Kind: report.Robustness(), Config: config(tt.change), Ports: map[string][]stages.Input{"street": tt.inputs}}
		out, err := c.Run(t.Context())
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		fmt.Fprintf(&all, "### %s\n\n%s\n", tt.name, out.File("", "report.txt"))
		for _, n := range out.Notes {
			fmt.Fprintf(&all, "note: %s\n", n)
		}
		all.WriteByte('\n')
	}
	golden(t, "experiments.txt", []byte(all.String()))
}

func TestErrors(t *testing.T) {
	iid, fog := at("method", "none", "output", "iid", "seed", "1"), at("method", "none", "output", "fog", "seed", "1")
	tests := []struct {
		name   string
		change func(*report.Config)
		inputs []stages.Input
		want   string
	}{
		{
			"no such baseline", func(c *report.Config) { c.Baseline = "plain" }, []stages.Input{predictions(30, 3, iid...)},
			`baseline: no method "plain"; methods are "none"`,
		},
		{
			"an axis nobody names", func(c *report.Config) { c.Replicate = "" },
			[]stages.Input{predictions(30, 3, iid...), predictions(30, 3, iid...)},
			`benchmark street: two inputs are none (seed=1) on test set "iid" (the second is scores[method=none,output=iid,seed=1]): name the axis that tells them apart as method, replicate, in tests or in folds`,
		},
		{
			"other rows", nil,
			[]stages.Input{predictions(30, 3, iid...), predictions(31, 3, at("method", "augmix", "output", "iid", "seed", "1")...)},
			`benchmark street: test set "iid" has 30 rows in scores[method=none,output=iid,seed=1] but 31 in scores[method=augmix,output=iid,seed=1]; methods are compared image by image, so all must be evaluated on the same rows; an axis of splits that hold out different rows belongs in folds`,
		},
		{
			"no rows", nil, []stages.Input{predictions(0, 1, iid...)},
			"benchmark street: scores[method=none,output=iid,seed=1]: it has no rows",
		},
		{
			"a missing group column", func(c *report.Config) { c.Group = "business" }, []stages.Input{predictions(30, 3, iid...)},
			`-: with.group: street has no column "business"`,
		},
		{
			"the baseline as a method", func(c *report.Config) { c.Hypotheses.Diverse = []string{"none"} }, []stages.Input{predictions(30, 3, iid...)},
			`-: with.hypotheses.diverse_augmentation.0: "none" is the baseline and cannot be compared with itself`,
		},
		{
			"an unknown method", func(c *report.Config) { c.Hypotheses.Diverse = []string{"augmx"} }, []stages.Input{predictions(30, 3, iid...)},
			`hypotheses.diverse_augmentation.0: no method "augmx"; methods are "none"`,
		},
		{
			"an unknown benchmark", func(c *report.Config) { c.Benchmarks = map[string]report.Benchmark{"streets": {}} }, []stages.Input{predictions(30, 3, iid...)},
			`benchmarks.streets: no input of that name; inputs are "street"`,
		},
		{
			"corruption errors without corruptions", func(c *report.Config) { c.Benchmarks = map[string]report.Benchmark{"street": {CE: "alexnet"}} },
			[]stages.Input{predictions(30, 3, iid...), predictions(30, 2, fog...)},
			`benchmarks.street.corruption_error: no test set is named after a corruption of ImageNet-C and a severity, such as "corruption=fog,severity=3"`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := stagetest.Case{Kind: report.Robustness(), Config: config(tt.change), Ports: map[string][]stages.Input{"street": tt.inputs}}
			_, err := c.Run(t.Context())
			if got := fmt.Sprint(err); got != tt.want {
				t.Errorf("error:\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

// The same report from any cut of the inputs, and no change of it unnoticed.
func TestGolden(t *testing.T) {
	small := quickstart
	small.rows, small.group = 60, true
	stagetest.Golden(t, "", stagetest.Case{
		Kind: report.Robustness(), Ports: map[string][]stages.Input{"storefronts": small.inputs("augmix", "none")},
		Config: config(func(c *report.Config) {
			c.Group = "business_id"
			c.Metrics = []string{"top-5", "calibration", "classes"}
		}),
	})
}

// Inputs in another order, and seeds that are called otherwise, give the same numbers.
func TestOrderOfInputs(t *testing.T) {
	in := quickstart.inputs("augmix", "none")
	run := func(in []stages.Input) string {
		c := stagetest.Case{Kind: report.Robustness(), Config: config(nil), Ports: map[string][]stages.Input{"storefronts": in}}
		out, err := c.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return string(out.File("", "report.csv"))
	}
	want := run(in)
	turned := make([]stages.Input, len(in))
	for i, x := range in {
		turned[len(in)-1-i] = x
	}
	if got := run(turned); got != want {
		t.Error("inputs in the opposite order give another report.csv")
	}
}
