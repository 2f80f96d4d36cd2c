package specs_test

import (
	"context"
	"encoding/json"
	"os"
	"testing"

	"shiftmill/engine"
	"shiftmill/pipeline"
	"shiftmill/runs"
	"shiftmill/specs"
	"shiftmill/stages/all"
)

// powers are the shipped specs whose data are drawn, so that it is known what a
// report must say of them: at full strength, and with no shift at all.
var powers = []struct {
	spec      string
	strengths []string // parameters
	control   string   // a method that has seen what the set far shows
	far       string   // a set that is far away at full strength
	overall   bool     // the control is "+" over all sets too, which contradicts hypothesis 6
	small     []string // settings of the short run
	without   string   // methods that the short run leaves out
}{
	{"svsf", []string{"country", "year", "camera"}, "everywhere", "country=FR", true, []string{"count=5000", "test=250", "train=700", "images=9000"},
		"speckle: null, augmix: null, noise2net: null, larger: null"},
	{"dfr-garments", []string{"scale", "occlusion", "viewpoint_strength", "zoom_in"}, "scales", "scale=3", false,
		[]string{"count=400000", "others=1500", "images=32000"}, "erase: null"},
}

// TestPowerSplits runs the splits of these specs at the sizes they ask for, which
// their data must have.
func TestPowerSplits(t *testing.T) {
	for _, p := range powers {
		if p.spec == "dfr-garments" && os.Getenv("SHIFTMILL_SWEEP") == "" {
			continue // half a minute
		}
		t.Run(p.spec, func(t *testing.T) {
			text, _ := specs.Read(p.spec)
			g := shipped(t, p.spec+".yaml", string(text))
			nodes, err := g.Select("split", "")
			if err != nil {
				t.Fatal(err)
			}
			runIn(t, t.TempDir(), engine.Part(g, nodes), engine.Options{})
		})
	}
}

// TestPower runs these experiments and checks the verdicts: where the shift is
// strong, the baseline has a gap, and the control, which has seen what shifts, is "+"
// there; where no attribute shows, there is no gap, and nothing is "+". It takes
// SHIFTMILL_POWER=full for the specs as they are (half an hour; see the task
// power), =small for one seed of baseline and control on few pictures.
func TestPower(t *testing.T) {
	size := os.Getenv("SHIFTMILL_POWER")
	if size != "full" && size != "small" {
		t.Skip("SHIFTMILL_POWER is neither full nor small")
	}
	for _, p := range powers {
		text, set, name := "", []string(nil), p.spec+".yaml"
		if data, ok := specs.Read(p.spec); ok {
			text = string(data)
		}
		if size == "small" {
			name = "small-" + name
			text = "shiftmill: v1\nname: small\nextends: " + p.spec + ".yaml\nstages:\n  net: {matrix: {seed: [1], method: {" + p.without + "}}}\n"
			if p.spec == "svsf" {
				text += "  report: {with: {hypotheses: {larger_models: null, diverse_augmentation: [everywhere], simple_augmentation: null}}}\n"
			}
			for _, s := range p.small {
				set = append(set, "params."+s)
			}
		}
		t.Run(p.spec+" at full strength", func(t *testing.T) {
			b := judge(t, name, text, set...)
			none, far := b.model(t, "none"), b.set(t, "none", p.far)
			t.Logf("gap of none %+v, on %s %+v", none.Gap, p.far, far)
			if none.Gap.Low <= 0 || far.Low <= 0 {
				t.Errorf("no gap was found: %+v, on %s %+v", none.Gap, p.far, far)
			}
			control := b.model(t, p.control).Against
			for _, set := range control.Sets {
				if set.Set == p.far {
					t.Logf("%s on %s: A %+v, G %+v, %s; over all sets A %+v, G %+v, %s", p.control, p.far, set.A, set.G, set.Verdict, control.A, control.G, control.Verdict)
					if set.Verdict != "+" {
						t.Errorf("the control is no + on %s", p.far)
					}
				}
			}
			if p.overall && control.Verdict != "+" {
				t.Errorf("the control is no + over all sets: %+v", control)
			}
			for _, r := range b.Hypotheses.Rows {
				if p.overall && r.Number == 6 && r.Verdict != "contradicted" {
					t.Errorf("hypothesis 6 is %s: %s", r.Verdict, r.Why)
				}
			}
		})
		t.Run(p.spec+" at strength 0", func(t *testing.T) {
			for _, s := range p.strengths {
				set = append(set, "params."+s+"=0")
			}
			b := judge(t, name, text, set...)
			none := b.model(t, "none")
			t.Logf("gap of none %+v", none.Gap)
			if none.Gap.Low > 0 || none.Gap.High < 0 {
				t.Errorf("a gap was found where there is none: %+v", none.Gap)
			}
			for _, m := range b.Benchmarks[0].Models {
				if m.Against == nil {
					continue
				}
				t.Logf("%s: A %+v, G %+v, %s", m.Name, m.Against.A, m.Against.G, m.Against.Verdict)
				if m.Against.Verdict == "+" {
					t.Errorf("%s is + where nothing shifts", m.Name)
				}
				for _, set := range m.Against.Sets {
					if set.Verdict == "+" {
						t.Errorf("%s is + on %s where nothing shifts: A %+v, G %+v", m.Name, set.Set, set.A, set.G)
					}
				}
			}
			for _, r := range b.Hypotheses.Rows {
				if r.Number == 6 && r.Verdict == "contradicted" {
					t.Errorf("hypothesis 6 is %s: %s", r.Verdict, r.Why)
				}
			}
		})
	}
}

// A judged is what a report says of one benchmark.
type judged struct {
	Benchmarks []struct{ Models []judgedModel }
	Hypotheses struct {
		Rows []struct {
			Number       int
			Verdict, Why string
		}
	}
}

type judgedModel struct {
	Name   string
	Gap    interval
	Errors []struct {
		Set string
		Gap interval
	}
	Against *struct {
		Verdict string
		A, G    interval
		Sets    []struct {
			Set, Verdict string
			A, G         interval
		}
	}
}

type interval struct{ Value, Low, High float64 }

func (j *judged) model(t *testing.T, name string) *judgedModel {
	t.Helper()
	for i := range j.Benchmarks[0].Models {
		if m := &j.Benchmarks[0].Models[i]; m.Name == name {
			return m
		}
	}
	t.Fatalf("the report has no method %q", name)
	return nil
}

// set is the gap of a model on a set.
func (j *judged) set(t *testing.T, model, name string) interval {
	t.Helper()
	for _, e := range j.model(t, model).Errors {
		if e.Set == name {
			return e.Gap
		}
	}
	t.Fatalf("the report has no set %q", name)
	return interval{}
}

// judge runs a shipped spec, or one that extends it, and reads its report.
func judge(t *testing.T, name, text string, set ...string) judged {
	t.Helper()
	dir := os.Getenv("SHIFTMILL_POWER_STORE")
	if dir == "" {
		dir = t.TempDir()
	}
	store, err := runs.Open(dir, runs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	e, err := engine.New(shipped(t, name, text, set...), all.Registry(), store, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	data, err := e.ReadFile("report", "", "report.json")
	if err != nil {
		t.Fatal(err)
	}
	var j judged
	if err := json.Unmarshal(data, &j); err != nil {
		t.Fatal(err)
	}
	return j
}

// shipped is the graph of a spec that may extend shipped ones.
func shipped(t *testing.T, name, text string, set ...string) *pipeline.Graph {
	t.Helper()
	g, err := pipeline.Parse(name, []byte(text), pipeline.Options{Vocabulary: all.Registry(), Set: set, ReadFile: func(name string) ([]byte, error) {
		data, _ := specs.Read(name)
		return data, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return g
}
