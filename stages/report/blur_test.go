package report_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"shiftmill/stages"
	"shiftmill/stages/report"
	"shiftmill/stages/stagetest"
)

// Synthetic blur and real blurry images from two benchmarks, seven methods that both
// rank alike but for one swap; a pair of sizes says how much larger the second is.
func TestBlur(t *testing.T) {
	methods := []string{"none", "a", "b", "c", "d", "e", "f"}
	corruptions := scene{seeds: 1, rows: 400, rates: map[string]map[string]float64{}}
	blurry := scene{seeds: 1, rows: 400, rates: map[string]map[string]float64{}}
	for i, m := range methods {
		by := float64(i) * 0.05
		corruptions.rates[m] = map[string]float64{"iid": 0.2, "fog-3": 0.3}
		for k, blur := range []string{"defocus_blur", "motion_blur", "zoom_blur"} {
			corruptions.rates[m][blur+"-3"] = 0.7 - by - 0.02*float64(k)
		}
		if i == 2 || i == 3 {
			by = 0.25 - by // b and c swapped
		}
		blurry.rates[m] = map[string]float64{"iid": 0.2, "photos": 0.6 - by}
	}
	c := stagetest.Case{
		Kind: report.Robustness(), Config: config(func(c *report.Config) {
			c.Benchmarks = map[string]report.Benchmark{"imagenet-c": {Shift: "corruption"}, "real-blurry": {Real: true, Shift: "blur"}}
			c.Parameters = map[string]float64{"none": 25, "a": 60}
			c.Hypotheses = report.Hypotheses{Larger: []report.Sizes{{Small: "none", Large: "a"}}}
		}),
		Ports: map[string][]stages.Input{"imagenet-c": corruptions.inputs(methods...), "real-blurry": blurry.inputs(methods...)},
	}
	out, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Hypotheses struct {
			Blur []struct {
				Synthetic, Real string
				Kinds           []string
				Rho             float64
				Rows            []struct {
					Method     string
					Each       []struct{ Value float64 }
					Mean, Real struct{ Value float64 }
				}
			}
		}
		Benchmarks []struct {
			Name   string
			Models []struct {
				Name   string
				Errors []struct {
					Set   string
					Error struct{ Value float64 }
				}
			}
		}
	}
	if err := json.Unmarshal(out.File("", "report.json"), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Hypotheses.Blur) != 1 {
		t.Fatalf("%d comparisons of blur", len(got.Hypotheses.Blur))
	}
	b := got.Hypotheses.Blur[0]
	if fmt.Sprintf("%s %s %v %d", b.Synthetic, b.Real, b.Kinds, len(b.Rows)) != "imagenet-c real-blurry [defocus_blur motion_blur zoom_blur] 7" {
		t.Errorf("compared %v", b)
	}
	// Ranks 1..7 with two neighbours swapped: 1 - 6*2/(7*48).
	if want := 1 - 12.0/336; b.Rho < want-1e-12 || b.Rho > want+1e-12 {
		t.Errorf("rank correlation %v, want %v", b.Rho, want)
	}
	for _, row := range b.Rows {
		var sum float64
		for _, e := range got.Benchmarks[0].Models {
			if e.Name != row.Method {
				continue
			}
			for _, x := range e.Errors {
				if strings.Contains(x.Set, "blur") {
					sum += x.Error.Value / 3
				}
			}
		}
		if d := sum - row.Mean.Value; d > 1e-9 || d < -1e-9 {
			t.Errorf("%s: blur mean %v, mean of its sets %v", row.Method, row.Mean.Value, sum)
		}
	}
	if text := strings.Join(strings.Fields(string(out.File("", "report.txt"))), " "); !strings.Contains(text, "a has 2.40 times the weights of none") {
		t.Errorf("report.txt does not say how much larger the network is:\n%s", text)
	}
	if !strings.Contains(string(out.File("", "report.json")), `"mcnemar"`) {
		t.Error("one seed without clusters, and no exact test")
	}
}
