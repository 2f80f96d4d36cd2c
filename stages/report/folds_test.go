package report_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/stages"
	"shiftmill/stages/report"
	"shiftmill/stages/stagetest"
)

// street are predictions of a fold; groups reach over folds and sets.
func street(method, fold, set string, seed, rows int, chance float64) *stagetest.Table {
	var ids, label, predicted, shop []string
	var correct []bool
	names := []string{"bakery", "bank", "gym"}
	for i := range rows {
		ids = append(ids, fmt.Sprintf("%s/%s/%04d", fold, set, i))
		label = append(label, names[i%3])
		hard := mix(uint64(fold[0]), uint64(set[0]), uint64(i))
		right := 0.6*hard+0.4*mix(uint64(len(method)), uint64(seed), uint64(i), uint64(fold[0])) >= chance
		correct = append(correct, right)
		if right {
			predicted = append(predicted, label[i])
		} else {
			predicted = append(predicted, names[(i+1)%3])
		}
		shop = append(shop, fmt.Sprintf("shop%d", i/3))
	}
	t := stagetest.Rows(ids, stagetest.Column{Name: "label", Values: label}, stagetest.Column{Name: "predicted", Values: predicted},
		stagetest.Column{Name: "correct", Values: correct}, stagetest.Column{Name: "shop", Values: shop})
	t.StageName, t.Axes = "scores", at("method", method, "out", fold, "output", set, "seed", fmt.Sprint(seed))
	return t
}

// pooled is one table of the rows of several, without the axis that tells them apart.
func pooled(t *testing.T, of ...*stagetest.Table) *stagetest.Table {
	t.Helper()
	first := of[0].Record()
	columns := make([]arrow.Array, first.NumCols())
	rows := int64(0)
	for c := range columns {
		var parts []arrow.Array
		for _, o := range of {
			parts = append(parts, o.Record().Column(c))
		}
		all, err := array.Concatenate(parts, memory.DefaultAllocator)
		if err != nil {
			t.Fatal(err)
		}
		columns[c], rows = all, int64(all.Len())
	}
	whole := stagetest.FromRecord(array.NewRecord(first.Schema(), columns, rows))
	whole.StageName = of[0].StageName
	for _, x := range of[0].Axes {
		if x.Axis != "out" {
			whole.Axes = append(whole.Axes, x)
		}
	}
	return whole
}

// What folds give is what one dataset of all their rows gives: error, intervals,
// comparisons, classes, worst groups.
func TestFoldsArePooled(t *testing.T) {
	chance := map[string]map[string]float64{"none": {"iid": 0.3, "far": 0.5, "near": 0.4}, "augmix": {"iid": 0.28, "far": 0.4, "near": 0.38}}
	var folds, whole, clothesFolds, clothesWhole []stages.Input
	for method, sets := range chance {
		for set, p := range sets {
			for seed := 1; seed <= 2; seed++ {
				var parts, worn []*stagetest.Table
				for k, fold := range []string{"CA", "FR", "US"} {
					if set == "near" && fold == "FR" {
						continue // not every fold has every set
					}
					parts = append(parts, street(method, fold, set, seed, 150+30*k, p))
					x := clothes(method, fold+set, seed, 100+20*k, 1-p)
					x.Axes = parts[len(parts)-1].Axes
					worn = append(worn, x)
				}
				for i := range parts {
					folds, clothesFolds = append(folds, parts[i]), append(clothesFolds, worn[i])
				}
				whole, clothesWhole = append(whole, pooled(t, parts...)), append(clothesWhole, pooled(t, worn...))
			}
		}
	}
	assess := func(inputs []stages.Input, change func(*report.Config)) (benchmarks any, notes string) {
		t.Helper()
		c := stagetest.Case{Kind: report.Robustness(), Config: config(change), Ports: map[string][]stages.Input{"street": inputs}}
		out, err := c.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var r map[string]any
		if err := json.Unmarshal(out.File("", "report.json"), &r); err != nil {
			t.Fatal(err)
		}
		return r["benchmarks"], strings.Join(out.Notes, "\n")
	}
	for name, tt := range map[string]struct {
		folds, whole []stages.Input
		group        string
	}{"one label": {folds, whole, "shop"}, "several labels": {clothesFolds, clothesWhole, ""}} {
		got, notes := assess(tt.folds, func(c *report.Config) { c.Folds, c.Group = []string{"out"}, tt.group })
		want, _ := assess(tt.whole, func(c *report.Config) { c.Group = tt.group })
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: folds give\n%v\nand their rows together\n%v", name, got, want)
		}
		if !strings.Contains(notes, "pooled over the folds (out=CA; out=FR; out=US)") {
			t.Errorf("%s: notes do not tell of the folds: %s", name, notes)
		}
	}
}

func TestFoldsThatDiffer(t *testing.T) {
	in := []stages.Input{
		street("none", "CA", "iid", 1, 60, 0.3), street("none", "FR", "iid", 1, 60, 0.3), street("augmix", "CA", "iid", 1, 60, 0.3),
	}
	for _, tt := range []struct {
		inputs []stages.Input
		folds  []string
		want   string
	}{
		{in, []string{"out"}, `benchmark street: test set "iid" is of the folds "out=CA", "out=FR" from scores[method=none,out=CA,output=iid,seed=1] on but of "out=CA" from scores[method=augmix,out=CA,output=iid,seed=1] on; methods are compared image by image, so all must be evaluated on the same folds`},
		{append(in[1:2:2], in[1]), []string{"out"}, `benchmark street: two inputs are none on test set "iid" (the second is scores[method=none,out=FR,output=iid,seed=1]): name the axis that tells them apart as method, replicate, in tests or in folds`},
	} {
		c := stagetest.Case{Kind: report.Robustness(), Config: config(func(c *report.Config) { c.Folds = tt.folds }), Ports: map[string][]stages.Input{"street": tt.inputs}}
		if _, err := c.Run(t.Context()); err == nil || err.Error() != tt.want {
			t.Errorf("got  %v\nwant %s", err, tt.want)
		}
	}
}
