package nn

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"shiftmill/kernels"
)

// A vector is what PyTorch computed; see testdata/vectors.py.
type vector struct {
	Settings struct {
		Arch, Stem         string
		Attention          string
		Blocks             []int
		Width, Size, Batch int
		Classes            int
		LR                 float32
		WeightDecay        float32 `json:"weight_decay"`
		LabelSmoothing     float32 `json:"label_smoothing"`
	}
	Tensors [][]any
	values  map[string][]float32
	shapes  map[string][]int
	order   []string
}

func readVector(t *testing.T, file string) *vector {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, body, _ := bytes.Cut(data, []byte("\n"))
	v := &vector{values: map[string][]float32{}, shapes: map[string][]int{}}
	if err := json.Unmarshal(head, v); err != nil {
		t.Fatal(err)
	}
	for _, e := range v.Tensors {
		name, n := e[0].(string), 1
		for _, d := range e[1].([]any) {
			v.shapes[name] = append(v.shapes[name], int(d.(float64)))
			n *= int(d.(float64))
		}
		values := make([]float32, n)
		for i := range values {
			values[i] = math.Float32frombits(binary.LittleEndian.Uint32(body[4*i:]))
		}
		body = body[4*n:]
		v.values[name] = values
		v.order = append(v.order, name)
	}
	if len(body) != 0 {
		t.Fatalf("%s: %d bytes too many", file, len(body))
	}
	return v
}

// near compares to a share of the largest reference value.
func near(t *testing.T, what string, got, want []float32, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d values, want %d", what, len(got), len(want))
		return
	}
	scale, worst := 0.0, 0.0
	for i := range want {
		scale = max(scale, math.Abs(float64(want[i])))
		worst = max(worst, math.Abs(float64(got[i])-float64(want[i])))
	}
	if !(worst <= tolerance*scale) {
		t.Errorf("%s: off by %.2g of the largest value, at most %.2g allowed", what, worst/scale, tolerance)
	}
}

// TestAgainstPyTorch compares logits, loss, every gradient and the state after
// one step with PyTorch's, and thereby names and shapes of the state.
func TestAgainstPyTorch(t *testing.T) {
	files, err := filepath.Glob("testdata/*.bin")
	if err != nil || len(files) < 9 {
		t.Fatalf("%d vectors (%v)", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			v := readVector(t, file)
			s := v.Settings
			net := newNet(t, Arch{Name: s.Arch, Width: s.Width, Stem: s.Stem, Attention: s.Attention, Blocks: s.Blocks, Classes: s.Classes, Size: s.Size})
			count := 0
			for _, name := range v.order {
				if n, ok := strings.CutPrefix(name, "state/"); ok {
					if err := net.SetTensor(n, v.shapes[name], v.values[name]); err != nil {
						t.Fatal(err)
					}
					count++
				}
			}
			if count != len(net.State) {
				t.Fatalf("PyTorch's network has %d tensors, ours %d", count, len(net.State))
			}
			p, err := NewPredictor(net, s.Batch)
			if err != nil {
				t.Fatal(err)
			}
			copy(p.Images, v.values["x"])
			near(t, "logits in evaluation", p.Logits(nil), v.values["eval"], 1e-4)

			tr := newTrainer(t, net, Settings{Batch: s.Batch, Momentum: 0.9, Nesterov: true, WeightDecay: s.WeightDecay, LabelSmoothing: s.LabelSmoothing})
			copy(tr.Images, v.values["x"])
			for i, class := range v.values["t"] {
				tr.SetLabel(i, int(class))
			}
			near(t, "loss", []float32{tr.Step(kernels.NewPool(2), s.LR)}, v.values["loss"], 1e-5)
			for _, x := range net.State {
				if x.Role.Parameter() {
					near(t, "gradient of "+x.Name, gradient(tr, x.Name), v.values["grad/"+x.Name], 1e-3)
				}
				near(t, x.Name+" after the step", x.Data, v.values["after/"+x.Name], 1e-4)
			}
		})
	}
}

// TestTorchvisionNames compares names and shapes of the full networks' state,
// and the number of parameters, with torchvision's.
func TestTorchvisionNames(t *testing.T) {
	data, err := os.ReadFile("testdata/torchvision.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		f := strings.Fields(row)
		net, err := New(Arch{Name: f[0], Stem: "imagenet", Classes: 1000, Size: 32})
		if err != nil {
			t.Fatal(err)
		}
		lines := make([]string, len(net.State))
		for i, s := range net.State {
			lines[i] = s.Name + " " + strings.ReplaceAll(fmt.Sprint(s.Shape), " ", ", ") + "\n"
		}
		sort.Strings(lines)
		got := fmt.Sprintf("%s %d %.16x", f[0], net.Parameters(), sha256.Sum256([]byte(strings.Join(lines, ""))))
		if got != row {
			t.Errorf("got %s\nwant %s", got, row)
		}
	}
}

// TestMACs compares the cost of full networks with the published counts for
// 224 x 224 pixels, which torchvision's documentation gives in GFLOPs.
func TestMACs(t *testing.T) {
	for _, tt := range []struct {
		name  string
		gmacs string
	}{{"resnet18", "1.81"}, {"resnet50", "4.09"}, {"resnet152", "11.51"}, {"resnext50_32x4d", "4.23"}} {
		net, err := New(Arch{Name: tt.name, Classes: 1000, Size: 224})
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%.2f", float64(net.MACs)/1e9); got != tt.gmacs {
			t.Errorf("%s: %s G multiply-adds, want %s", tt.name, got, tt.gmacs)
		}
	}
}
