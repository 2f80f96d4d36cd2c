package report_test

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/report"
	"shiftmill/stages/stagetest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// mix is a hash of its arguments in [0, 1): splitmix64's finaliser.
func mix(parts ...uint64) float64 {
	x := uint64(0x9e3779b97f4a7c15)
	for _, p := range parts {
		x += p*0xbf58476d1ce4e5b9 + 0x9e3779b97f4a7c15
		x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
		x = (x ^ x>>27) * 0x94d049bb133111eb
		x ^= x >> 31
	}
	return float64(x>>11) / (1 << 53)
}

// A scene is a made-up experiment: the chance of an error by method and set.
type scene struct {
	rates map[string]map[string]float64
	seeds int
	rows  int
	group bool // with a column business_id
	towns bool // with a column town
}

var quickstart = scene{
	seeds: 3, rows: 400,
	rates: map[string]map[string]float64{
		"none":      {"iid": 0.27, "camera=old": 0.29, "country=FR": 0.57, "year=2017": 0.28, "year=2018": 0.28},
		"noise2net": {"iid": 0.26, "camera=old": 0.27, "country=FR": 0.44, "year=2017": 0.27, "year=2018": 0.27},
		"augmix":    {"iid": 0.25, "camera=old": 0.27, "country=FR": 0.55, "year=2017": 0.27, "year=2018": 0.26},
	},
}

// spread gives a class the score p and shares the rest among the others, more to
// the next ones.
func spread(class int, p float32) []float32 {
	s := make([]float32, 20)
	for i := range s {
		s[(class+i)%20] = (1 - p) * float32(20-i) / 190
	}
	s[class] = p
	return s
}

// named says in the metadata of the scores which classes they are of.
func named(t *stagetest.Table) *stagetest.Table {
	var classes []string
	for i := range 20 {
		classes = append(classes, fmt.Sprintf("%q", fmt.Sprintf("class%02d", i)))
	}
	rec := t.Record()
	fields := slices.Clone(rec.Schema().Fields())
	for i, f := range fields {
		if f.Name == "scores" {
			fields[i].Metadata = arrow.NewMetadata([]string{"classes"}, []string{"[" + strings.Join(classes, ",") + "]"})
		}
	}
	return stagetest.FromRecord(array.NewRecord(arrow.NewSchema(fields, nil), rec.Columns(), rec.NumRows()))
}

// inputs are the scene's predictions as evaluate/classify gives them. Images
// are hard or easy for all methods alike, with some luck of each seed.
func (s scene) inputs(methods ...string) []stages.Input {
	var in []stages.Input
	for mi, m := range methods {
		for seed := range s.seeds {
			for si, set := range slices.Sorted(maps.Keys(s.rates[m])) {
				var ids, label, predicted, groups, towns []string
				var correct []bool
				var scores [][]float32
				for i := range s.rows {
					hard := mix(uint64(si), uint64(i))
					luck := mix(uint64(si), uint64(i), uint64(mi), uint64(seed))
					truth := int(mix(uint64(si), uint64(i), 77) * 20)
					wrong := 0.7*hard+0.3*luck < s.rates[m][set]
					guess := truth
					if wrong {
						guess = (truth + 1 + i%19) % 20
					}
					ids = append(ids, fmt.Sprintf("%s-%05d", set, i))
					label = append(label, fmt.Sprintf("class%02d", truth))
					predicted = append(predicted, fmt.Sprintf("class%02d", guess))
					correct = append(correct, !wrong)
					scores = append(scores, spread(guess, float32(0.35+0.6*(1-hard)*luck+0.05*luck)))
					groups = append(groups, fmt.Sprintf("shop%d", i/3))
					towns = append(towns, []string{"Lyon", "Nice"}[i%2])
				}
				columns := []stagetest.Column{{Name: "label", Values: label}, {Name: "predicted", Values: predicted}, {Name: "correct", Values: correct}, {Name: "scores", Values: scores}}
				if s.group {
					columns = append(columns, stagetest.Column{Name: "business_id", Values: groups})
				}
				if s.towns {
					columns = append(columns, stagetest.Column{Name: "town", Values: towns})
				}
				t := named(stagetest.Rows(ids, columns...))
				t.StageName = "scores"
				t.Axes = []pipeline.Coord{{Axis: "method", Value: m}, {Axis: "output", Value: set}, {Axis: "seed", Value: fmt.Sprint(seed + 1)}}
				in = append(in, t)
			}
		}
	}
	return in
}

func config(change func(*report.Config)) *report.Config {
	c := report.Robustness().NewConfig().(*report.Config)
	c.Baseline, c.Replicate = "none", "seed"
	if change != nil {
		change(c)
	}
	return c
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	if filepath.Ext(name) == ".html" {
		got = withoutAssets(t, got)
	}
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s differs from the golden file; -update rewrites it. Got\n%s", path, got)
	}
}

// withoutAssets replaces what stands in every page as it is in page/ by its name.
func withoutAssets(t *testing.T, page []byte) []byte {
	t.Helper()
	for _, name := range []string{"page/plot.js", "page/charts.js", "page/sort.js", "page/page.css"} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		page = bytes.Replace(page, data, []byte("/* "+name+" */"), 1)
	}
	return page
}

// The experiment of the quickstart: two methods, three seeds, five test sets.
func TestReport(t *testing.T) {
	c := stagetest.Case{
		Kind: report.Robustness(), Config: config(func(c *report.Config) { c.Title = "Shop fronts" }),
		Ports: map[string][]stages.Input{"storefronts": quickstart.inputs("augmix", "noise2net", "none")},
	}
	out, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"report.txt", "report.md", "report.json", "report.csv", "report.tex", "report.html"} {
		golden(t, name, out.File("", name))
	}
}

// Several benchmarks with known effects: diverse augmentation helps on the
// renditions, nothing helps in the streets.
func TestHypotheses(t *testing.T) {
	rates := func(none, other float64, gains map[string][2]float64) map[string]map[string]float64 {
		r := map[string]map[string]float64{}
		for m, g := range gains {
			r[m] = map[string]float64{"iid": none - g[0], "other": other - g[1]}
		}
		return r
	}
	renditions := scene{seeds: 3, rows: 1500, rates: rates(0.25, 0.6, map[string][2]float64{
		"none": {0, 0}, "speckle": {0, 0.02}, "style": {0, 0.15}, "augmix": {0.01, 0.13}, "r152": {0.02, 0.14}, "se": {0.01, 0.005},
	})}
	streets := scene{seeds: 3, rows: 1500, rates: rates(0.3, 0.5, map[string][2]float64{
		"none": {0, 0}, "speckle": {-0.02, -0.02}, "style": {-0.05, -0.06}, "augmix": {0.01, -0.02},
	})}
	methods := []string{"none", "speckle", "style", "augmix"}
	c := stagetest.Case{
		Kind: report.Robustness(), Config: config(func(c *report.Config) {
			c.Benchmarks = map[string]report.Benchmark{"renditions": {Real: true, Shift: "texture"}, "streets": {Real: true, Shift: "geography"}}
			c.Reference = "published"
			c.Parameters = map[string]float64{"none": 25.6, "se": 28.1, "r152": 60.2}
			c.Hypotheses = report.Hypotheses{
				Larger:    []report.Sizes{{Small: "none", Large: "r152"}},
				Attention: []report.Added{{Plain: "none", With: "se"}},
				Diverse:   []string{"augmix", "style"}, Simple: []string{"speckle"}, Texture: []string{"augmix", "style"},
			}
		}),
		Ports: map[string][]stages.Input{
			"renditions": renditions.inputs(append(methods, "r152", "se")...), "streets": streets.inputs(methods...),
		},
	}
	out, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "hypotheses.txt", out.File("", "report.txt"))
	golden(t, "hypotheses.html", out.File("", "report.html"))
}

// A corruption benchmark: two methods on four corruptions at five severities, in
// units of the baseline's errors.
func corrupted() stagetest.Case {
	s := scene{seeds: 1, rows: 300, rates: map[string]map[string]float64{"none": {"iid": 0.2}, "augmix": {"iid": 0.19}}}
	for i, c := range []string{"gaussian_noise", "fog", "contrast", "spatter"} {
		for severity := 1; severity <= 5; severity++ {
			set := fmt.Sprintf("corruption=%s,severity=%d", c, severity)
			s.rates["none"][set] = 0.2 + 0.08*float64(severity) + 0.03*float64(i)
			s.rates["augmix"][set] = 0.2 + 0.06*float64(severity) + 0.03*float64(i)
		}
	}
	return stagetest.Case{
		Kind: report.Robustness(), Config: config(func(c *report.Config) {
			c.Benchmarks = map[string]report.Benchmark{"cifar10-c": {Shift: "corruption", CE: "none"}}
		}),
		Ports: map[string][]stages.Input{"cifar10-c": s.inputs("none", "augmix")},
	}
}

func TestCorruptions(t *testing.T) {
	c := corrupted()
	out, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "corruptions.txt", out.File("", "report.txt"))
	golden(t, "corruptions.html", out.File("", "report.html"))
}
