package report_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/stages"
	"shiftmill/stages/report"
	"shiftmill/stages/stagetest"
)

// trainedOn puts into the metadata of predictions how many images their model saw.
func trainedOn(in stages.Input, images int) stages.Input {
	t := in.(*stagetest.Table)
	rec := t.Record()
	fields := append([]arrow.Field(nil), rec.Schema().Fields()...)
	for i, f := range fields {
		if f.Name == "predicted" {
			fields[i].Metadata = arrow.NewMetadata([]string{"model"}, []string{fmt.Sprintf(`{"images_seen":%d,"distinct_images":50,"steps":1}`, images)})
		}
	}
	out := stagetest.FromRecord(array.NewRecord(arrow.NewSchema(fields, nil), rec.Columns(), rec.NumRows()))
	out.StageName, out.Axes = t.StageName, t.Axes
	return out
}

// Row 3 says which corruptions the methods train on, what they gain elsewhere,
// and how many images they saw.
func TestOverlap(t *testing.T) {
	s := scene{seeds: 2, rows: 800, rates: map[string]map[string]float64{"none": {"iid": 0.2}, "speckle": {"iid": 0.2}}}
	for _, c := range []string{"gaussian_noise", "shot_noise", "fog", "contrast"} {
		for severity := 1; severity <= 2; severity++ {
			set := fmt.Sprintf("%s-%d", c, severity)
			s.rates["none"][set] = 0.5
			s.rates["speckle"][set] = 0.5
			if strings.HasSuffix(c, "noise") {
				s.rates["speckle"][set] = 0.3
			}
		}
	}
	var in []stages.Input
	for _, x := range s.inputs("none", "speckle") {
		images := 1000
		if x.Coords()[0].Value == "speckle" {
			images = 3000
		}
		in = append(in, trainedOn(x, images))
	}
	type overlap struct {
		With     []string
		Sets, Of int
		A, G     *struct{ Value, Low, High float64 }
	}
	run := func(names map[string][]string) (why string, cell struct {
		A       struct{ Value float64 }
		Seen    float64
		Overlap *overlap
	}, err error,
	) {
		c := stagetest.Case{Kind: report.Robustness(), Ports: map[string][]stages.Input{"noisy": in}, Config: config(func(c *report.Config) {
			c.Metrics = nil
			c.Hypotheses = report.Hypotheses{Diverse: []string{"speckle"}, Overlap: names}
		})}
		out, err := c.Run(t.Context())
		if err != nil {
			return "", cell, err
		}
		var r struct {
			Hypotheses struct {
				Rows []struct {
					Benchmarks []struct {
						Why   string
						Cells []json.RawMessage
					}
				}
			}
		}
		if err := json.Unmarshal(out.File("", "report.json"), &r); err != nil {
			t.Fatal(err)
		}
		row := r.Hypotheses.Rows[0].Benchmarks[0]
		if err := json.Unmarshal(row.Cells[0], &cell); err != nil {
			t.Fatal(err)
		}
		return row.Why, cell, nil
	}

	why, cell, err := run(map[string][]string{"speckle": {"gaussian-noise", "shot_noise"}})
	if err != nil {
		t.Fatal(err)
	}
	o := cell.Overlap
	if o == nil || fmt.Sprint(o.With) != "[gaussian-noise shot_noise]" || o.Sets != 4 || o.Of != 8 || o.A == nil || o.G == nil {
		t.Fatalf("overlap %+v", o)
	}
	if cell.A.Value < 8 || math.Abs(o.A.Value) > 1.5 || o.A.Low > 0 || o.A.High < 0 {
		t.Errorf("A is %v over all sets, want at least 8; %v elsewhere, want about 0", cell.A.Value, o.A)
	}
	if cell.Seen != 3 {
		t.Errorf("seen %v, want 3", cell.Seen)
	}
	for _, want := range []string{"speckle saw 3.00 times the images of none", "speckle trains on what gaussian-noise, shot_noise look like (4 of 8 test sets), without which A is "} {
		if !strings.Contains(why, want) {
			t.Errorf("%q lacks %q", why, want)
		}
	}
	for _, tt := range []struct {
		names map[string][]string
		want  string
	}{
		{nil, "whether augmentations overlap with corruptions is not declared (hypotheses.overlap)"},
		{map[string][]string{}, "no augmentation overlaps with a corruption"},
	} {
		if why, _, err = run(tt.names); err != nil || !strings.Contains(why, tt.want) {
			t.Errorf("%q, %v; want %q", why, err, tt.want)
		}
	}
	for _, tt := range []struct {
		names map[string][]string
		want  string
	}{
		{map[string][]string{"augmix": {"fog"}}, `hypotheses.overlap: no method "augmix"; methods are "none", "speckle"`},
		{map[string][]string{"speckle": {"snow"}}, `hypotheses.overlap.speckle.0: no OOD test set or corruption "snow" in any benchmark`},
	} {
		if _, _, err = run(tt.names); fmt.Sprint(err) != tt.want {
			t.Errorf("got %v\nwant %s", err, tt.want)
		}
	}
}

// Pictures with the shape of one class and the texture of another: the share is
// counted by hand, pictures of which both agree and decisions for a third class
// left out.
func TestShapeShare(t *testing.T) {
	table := func(method string, shape, texture, neither int) stages.Input {
		var ids, label, cue, predicted []string
		var correct []bool
		add := func(n int, l, c, p string) {
			for range n {
				ids = append(ids, fmt.Sprintf("%04d", len(ids)))
				label, cue, predicted, correct = append(label, l), append(cue, c), append(predicted, p), append(correct, l == p)
			}
		}
		add(shape, "cat", "elephant", "cat")
		add(texture, "cat", "elephant", "elephant")
		add(neither, "cat", "elephant", "boat")
		add(20, "cat", "cat", "cat")
		x := stagetest.Rows(ids, stagetest.Column{Name: "label", Values: label}, stagetest.Column{Name: "texture", Values: cue},
			stagetest.Column{Name: "predicted", Values: predicted}, stagetest.Column{Name: "correct", Values: correct})
		x.StageName, x.Axes = "scores", at("method", method, "output", "cues")
		return x
	}
	c := stagetest.Case{
		Kind: report.Robustness(), Ports: map[string][]stages.Input{"cue-conflict": {table("none", 30, 120, 50), table("style", 120, 30, 50)}},
		Config: config(func(c *report.Config) {
			c.Replicate, c.Metrics = "", nil
			c.Benchmarks = map[string]report.Benchmark{"cue-conflict": {Shift: "texture", CueConflict: "texture"}}
			c.Hypotheses = report.Hypotheses{Texture: []string{"style"}}
		}),
	}
	out, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	text := string(out.File("", "report.txt"))
	// Of 150 decisions for either class 30 and 120. Wilson's intervals would be
	// [14.4, 27.1] and [72.9, 85.6]; Student's quantile widens them a little.
	for _, want := range []string{"none    20.0 [14.3, 27.2]  15.0         60.0           200", "style   80.0 [72.8, 85.7]  60.0         15.0           200"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if row := strings.Join(strings.Fields(text), " "); !strings.Contains(row, "share of shape in decisions on cue-conflict: none 20.0 [14.3, 27.2], style 80.0 [72.8, 85.7] %") {
		t.Errorf("row 5 does not tell the shares:\n%s", text)
	}

	c.Config.(*report.Config).Benchmarks = map[string]report.Benchmark{"cue-conflict": {CueConflict: "material"}}
	if _, err := c.Run(t.Context()); fmt.Sprint(err) != `benchmark cue-conflict: scores[method=none,output=cues]: has no column "material"` {
		t.Error(err)
	}
}

// Groups by two columns, and errors by attribute of rows with several labels.
func TestWorstGroups(t *testing.T) {
	s := quickstart
	s.rows, s.towns = 200, true
	c := stagetest.Case{
		Kind: report.Robustness(), Ports: map[string][]stages.Input{"street": s.inputs("none")},
		Config: config(func(c *report.Config) { c.Metrics, c.Attributes = nil, []string{"town", "label * town"} }),
	}
	out, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	type value struct {
		Value  string
		Images int
		Error  struct{ Value, Low, High float64 }
	}
	var r struct {
		Benchmarks []struct {
			Models []struct {
				Attributes []struct{ Values []value }
				Worst      []struct {
					By, Group  string
					Of, Images int
					Error      struct{ Value, Low, High float64 }
				} `json:"worst_groups"`
			}
		}
	}
	if err := json.Unmarshal(out.File("", "report.json"), &r); err != nil {
		t.Fatal(err)
	}
	m := r.Benchmarks[0].Models[0]
	if len(m.Worst) != 2 || m.Worst[1].By != "label * town" || m.Worst[1].Of != 40 || len(m.Attributes[1].Values) != 40 {
		t.Fatalf("%+v", m.Worst)
	}
	images := 0
	for a, w := range m.Worst {
		worst := m.Attributes[a].Values[0]
		for _, v := range m.Attributes[a].Values {
			if v.Error.Value > worst.Error.Value {
				worst = v
			}
			if a == 1 {
				images += v.Images
			}
			if v.Error.High > w.Error.High {
				t.Errorf("%s: the upper end of %s is %v, that of the worst group %v", w.By, v.Value, v.Error.High, w.Error.High)
			}
		}
		if w.Group != worst.Value || w.Images != worst.Images || w.Error.Value != worst.Error.Value || w.Error.Low > worst.Error.Low {
			t.Errorf("worst group %+v, want %+v", w, worst)
		}
	}
	if images != 5*200 {
		t.Errorf("%d images in all groups", images)
	}
	if text := string(out.File("", "report.txt")); !strings.Contains(text, m.Worst[1].Group+" ") {
		t.Errorf("no %s in\n%s", m.Worst[1].Group, text)
	}
}
