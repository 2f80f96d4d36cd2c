package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/stages"
	"shiftmill/stages/report"
	"shiftmill/stages/stagetest"
)

// A drawn set is rows with random scores, as the peers get them.
type drawn struct {
	Scores [][]float32 `json:"scores"`
	Labels []any       `json:"labels"` // a number, or a list of 0 and 1
	Town   []int       `json:"town"`   // of each row, 0 to 2
}

// oneLabel draws rows whose scores are probabilities that know a little.
func oneLabel(r *rand.Rand, rows, classes int) drawn {
	var d drawn
	for range rows {
		label, sum := r.IntN(classes), 0.0
		e := make([]float64, classes)
		for c := range e {
			e[c] = math.Exp(1.5 * r.NormFloat64())
			if c == label {
				e[c] *= 4
			}
			sum += e[c]
		}
		scores := make([]float32, classes)
		for c := range scores {
			scores[c] = float32(e[c] / sum)
		}
		d.Scores, d.Labels, d.Town = append(d.Scores, scores), append(d.Labels, label), append(d.Town, r.IntN(3))
	}
	return d
}

// severalLabels draws rows of which each class may hold; many scores are equal,
// and nobody has the last class.
func severalLabels(r *rand.Rand, rows, classes int) drawn {
	var d drawn
	for range rows {
		scores, labels := make([]float32, classes), make([]int, classes)
		for c := range scores {
			if c+1 < classes && r.Float64() < 0.05+0.08*float64(c) {
				labels[c] = 1
			}
			scores[c] = float32(math.Round(25*(0.5*r.Float64()+0.4*float64(labels[c])))) / 25
		}
		d.Scores, d.Labels, d.Town = append(d.Scores, scores), append(d.Labels, labels), append(d.Town, r.IntN(3))
	}
	return d
}

func className(c int) string { return fmt.Sprintf("class%02d", c) }

// table are the rows as evaluation gives them.
func (d drawn) table(set string) stages.Input {
	classes := len(d.Scores[0])
	var names []string
	for c := range classes {
		names = append(names, fmt.Sprintf("%q", className(c)))
	}
	meta := arrow.NewMetadata([]string{"classes"}, []string{"[" + strings.Join(names, ",") + "]"})
	scores := arrow.Field{Name: "scores", Type: arrow.FixedSizeListOf(int32(classes), arrow.PrimitiveTypes.Float32), Metadata: meta}
	text := arrow.BinaryTypes.String
	_, one := d.Labels[0].(int)
	fields := []arrow.Field{{Name: "id", Type: text}, {Name: "labels", Type: arrow.ListOf(text)}, scores}
	if one {
		fields = []arrow.Field{{Name: "id", Type: text}, {Name: "label", Type: text}, scores, {Name: "predicted", Type: text}, {Name: "correct", Type: arrow.FixedWidthTypes.Boolean}}
	}
	fields = append(fields, arrow.Field{Name: "town", Type: arrow.PrimitiveTypes.Int64})
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
	for i, row := range d.Scores {
		b.Field(len(fields) - 1).(*array.Int64Builder).Append(int64(d.Town[i]))
		b.Field(0).(*array.StringBuilder).Append(fmt.Sprintf("%s/%05d", set, i))
		list := b.Field(2).(*array.FixedSizeListBuilder)
		list.Append(true)
		list.ValueBuilder().(*array.Float32Builder).AppendValues(row, nil)
		if one {
			best := 0
			for c, v := range row {
				if v > row[best] {
					best = c
				}
			}
			b.Field(1).(*array.StringBuilder).Append(className(d.Labels[i].(int)))
			b.Field(3).(*array.StringBuilder).Append(className(best))
			b.Field(4).(*array.BooleanBuilder).Append(best == d.Labels[i].(int))
			continue
		}
		labels := b.Field(1).(*array.ListBuilder)
		labels.Append(true)
		for c, has := range d.Labels[i].([]int) {
			if has == 1 {
				labels.ValueBuilder().(*array.StringBuilder).Append(className(c))
			}
		}
	}
	t := stagetest.FromRecord(b.NewRecord())
	t.StageName, t.Axes = "scores", at("output", set)
	return t
}

// TestMetricsOfPeers compares what reports say of random predictions with
// scikit-learn, torchmetrics and SciPy, to 1e-6 of a point. SHIFTMILL_METRICS
// names a Python that has them.
func TestMetricsOfPeers(t *testing.T) {
	python := os.Getenv("SHIFTMILL_METRICS")
	if python == "" {
		t.Skip("SHIFTMILL_METRICS names no Python with scikit-learn, torchmetrics and SciPy")
	}
	r := rand.New(rand.NewPCG(8, 5))
	given := map[string]map[string]any{"one": {}, "several": {}, "rates": {}, "gaps": {}}
	var one, several []stages.Input
	draws := map[string]drawn{}
	for _, set := range []string{"iid", "fog", "night"} {
		d := oneLabel(r, 640+r.IntN(200), 12)
		draws[set] = d
		given["one"][set], one = d, append(one, d.table(set))
		d = severalLabels(r, 500+r.IntN(100), 7)
		given["several"][set], several = d, append(several, d.table(set))
	}
	type number struct{ Value, Low, High, SE, DF float64 }
	type result struct {
		Benchmarks []struct {
			Models []struct {
				Gap    number
				Errors []struct {
					Set              string
					Error, Gap, Top5 number
					ECE              number
					RMS              number `json:"rms_calibration"`
					ReferenceRMS     number `json:"rms_calibration_reference"`
					AURRA            number
				}
				Classes []struct {
					Class string
					IID   number
				}
				Attributes []struct {
					Values []struct{ Error number }
				}
				Worst []struct{ Error number } `json:"worst_groups"`
			}
		}
	}
	run := func(in []stages.Input, form string) (res result) {
		t.Helper()
		c := stagetest.Case{Kind: report.Robustness(), Ports: map[string][]stages.Input{"street": in}, Config: config(func(c *report.Config) {
			c.Baseline, c.Replicate, c.Attributes = "", "", []string{"town"}
			c.Metrics = []string{"top-5", "calibration", "calibration-reference", "classes"}
			if form != "" {
				c.Benchmarks = map[string]report.Benchmark{"street": {MAP: form}}
			}
		})}
		out, err := c.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(out.File("", "report.json"), &res); err != nil {
			t.Fatal(err)
		}
		return res
	}
	got := map[string]float64{}
	m := run(one, "").Benchmarks[0].Models[0]
	wrong := map[string][]int{}
	for _, e := range m.Errors {
		for i, row := range draws[e.Set].Scores {
			best, label := 0, draws[e.Set].Labels[i].(int)
			for c, v := range row {
				if v > row[best] {
					best = c
				}
			}
			missed := 0
			if best != label {
				missed = 1
			}
			wrong[e.Set] = append(wrong[e.Set], missed)
		}
		n := len(wrong[e.Set])
		given["rates"][e.Set] = []int{int(math.Round(e.Error.Value * float64(n) / 100)), n}
		got[e.Set+" error"], got[e.Set+" top5"], got[e.Set+" ece"], got[e.Set+" rms"] = e.Error.Value, e.Top5.Value, e.ECE.Value, e.RMS.Value
		got[e.Set+" refrms"], got[e.Set+" aurra"] = e.ReferenceRMS.Value, e.AURRA.Value
		got[e.Set+" low"], got[e.Set+" high"] = e.Error.Low, e.Error.High
		if e.Set != "iid" {
			given["gaps"][e.Set] = [][]int{wrong["iid"], wrong[e.Set]}
			got[e.Set+" gap"], got[e.Set+" gapse"], got[e.Set+" gapdf"] = e.Gap.Value, e.Gap.SE, e.Gap.DF
		}
	}
	for c, e := range m.Classes {
		got[fmt.Sprintf("iid class %d", c)] = e.IID.Value
	}
	got["worst"] = m.Worst[0].Error.Value
	for v, x := range m.Attributes[0].Values {
		got[fmt.Sprintf("town %d", v)] = x.Error.Value
	}
	for _, form := range []string{"macro", "reference"} {
		m := run(several, form).Benchmarks[0].Models[0]
		for _, e := range m.Errors {
			got[e.Set+" "+form] = e.Error.Value
		}
		if form == "reference" {
			break
		}
		for c, e := range m.Classes {
			got[fmt.Sprintf("iid ap %d", c)] = e.IID.Value
		}
		for v, x := range m.Attributes[0].Values {
			got[fmt.Sprintf("several town %d", v)] = x.Error.Value
		}
	}

	input, err := json.Marshal(given)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "testdata/metrics.py")
	var bad bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(input), &bad
	text, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, bad.String())
	}
	var want map[string]float64
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	compared, largest := map[string]int{}, 0.0
	for name, w := range want {
		i := strings.LastIndex(name, " ")
		g, ok := got[name[:i]]
		if !ok {
			continue // classes of the other sets
		}
		compared[name[i+1:]]++
		largest = max(largest, math.Abs(g-w))
		if !(math.Abs(g-w) <= 1e-6*100) {
			t.Errorf("%s: %v, ours %v", name, w, g)
		}
	}
	t.Logf("%v numbers compared, the largest difference is %.1e points", compared, largest)
	if compared["sklearn"] < 33 || compared["torchmetrics"] < 12 || compared["scipy"] < 10 || compared["numpy"] < 13 {
		t.Errorf("compared %v", compared)
	}
}
