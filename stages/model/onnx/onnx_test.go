package onnx

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"shiftmill/kernels"
)

// A tensor is one as testdata/models.py writes it: float32 as base64.
type tensor struct {
	Shape  []int
	Values string
}

func (x tensor) value(t testing.TB) *Value {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(x.Values)
	if err != nil {
		t.Fatal(err)
	}
	v := &Value{Shape: x.Shape, F: make([]float32, len(raw)/4)}
	for i := range v.F {
		v.F[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return v
}

func readJSON(t testing.TB, file string, into any) {
	t.Helper()
	data, err := os.ReadFile("testdata/" + file)
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// off is the largest difference as a share of the largest value.
func off(got, want []float32) float64 {
	if len(got) != len(want) {
		return math.Inf(1)
	}
	scale, worst := 1e-30, 0.0
	for i := range want {
		scale = max(scale, math.Abs(float64(want[i])))
		if d := math.Abs(float64(got[i]) - float64(want[i])); !(d <= worst) {
			worst = d
		}
	}
	return worst / scale
}

// TestOperators compares every operator with ONNX Runtime's.
func TestOperators(t *testing.T) {
	var cases []struct {
		Name, Model string
		Inputs      map[string]tensor
		Y           tensor
	}
	readJSON(t, "operators.json", &cases)
	known := operators()
	for _, tt := range cases {
		data, err := base64.StdEncoding.DecodeString(tt.Model)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Read(data, nil)
		if err != nil {
			t.Errorf("%s: %v", tt.Name, err)
			continue
		}
		for _, n := range m.nodes {
			delete(known, n.op)
		}
		in := map[string]*Value{}
		for name, x := range tt.Inputs {
			in[name] = x.value(t)
		}
		out, err := m.Run(kernels.NewPool(2), in, nil)
		if err != nil {
			t.Errorf("%s: %v", tt.Name, err)
			continue
		}
		want := tt.Y.value(t)
		if fmt.Sprint(out["y"].Shape) != fmt.Sprint(want.Shape) {
			t.Errorf("%s: shape %v, want %v", tt.Name, out["y"].Shape, want.Shape)
		} else if d := off(out["y"].F, want.F); !(d <= 2e-6) {
			t.Errorf("%s: off by %.2g of the largest value", tt.Name, d)
		}
	}
	for _, tested := range []string{"Constant", "Identity"} { // below
		delete(known, tested)
	}
	if len(known) > 0 {
		t.Errorf("%d operators without a case: %v", len(known), known)
	}
}

// TestExports reads one network in the forms that exporters write and compares
// its two outputs with PyTorch's.
func TestExports(t *testing.T) {
	var ref struct{ X, Logits, Features tensor }
	readJSON(t, "net.json", &ref)
	x := ref.X.value(t)
	for _, tt := range []struct {
		file      string
		tolerance float64
	}{{"net-11", 1e-5}, {"net-13", 1e-5}, {"net-17", 1e-5}, {"net-21", 1e-5}, {"net-dynamo", 1e-5}, {"net-external", 1e-5}, {"net-one", 1e-5}, {"net-nhwc", 1e-5}, {"net-half", 2e-3}} {
		t.Run(tt.file, func(t *testing.T) {
			data, err := os.ReadFile("testdata/" + tt.file + ".onnx")
			if err != nil {
				t.Fatal(err)
			}
			m, err := Read(data, func(name string) ([]byte, error) { return os.ReadFile("testdata/" + name) })
			if err != nil {
				t.Fatal(err)
			}
			in := x
			if tt.file == "net-one" {
				if m.Inputs[0].Shape[0] != 1 {
					t.Fatalf("input %+v, want a batch of 1", m.Inputs[0])
				}
				in = &Value{Shape: []int{1, 3, 16, 16}, F: x.F[:3*256]}
			}
			if tt.file == "net-nhwc" {
				in = newFloats(2, 16, 16, 3)
				each(in.Shape, func(at []int, o int) { in.F[o] = x.F[((at[0]*3+at[3])*16+at[1])*16+at[2]] })
			}
			out, err := m.Run(kernels.NewPool(2), map[string]*Value{m.Inputs[0].Name: in}, []string{"features", "logits"})
			if err != nil {
				t.Fatal(err)
			}
			for name, want := range map[string]*Value{"logits": ref.Logits.value(t), "features": ref.Features.value(t)} {
				if d := off(out[name].F, want.F[:len(out[name].F)]); !(d <= tt.tolerance) {
					t.Errorf("%s: off by %.2g of the largest value", name, d)
				}
			}
		})
	}
	data, err := os.ReadFile("testdata/net-external.onnx")
	if err != nil {
		t.Fatal(err)
	}
	if names, err := ExternalFiles(data); err != nil || fmt.Sprint(names) != "[net-external.onnx.data]" {
		t.Errorf("files beside the model: %v, %v", names, err)
	}
}

// TestWorkers checks that bits depend on no number of workers.
func TestWorkers(t *testing.T) {
	var ref struct{ X tensor }
	readJSON(t, "net.json", &ref)
	data, err := os.ReadFile("testdata/net-17.onnx")
	if err != nil {
		t.Fatal(err)
	}
	m, err := Read(data, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := ""
	for _, workers := range []int{1, 2, 8} {
		out, err := m.Run(kernels.NewPool(workers), map[string]*Value{"image": ref.X.value(t)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, v := range out["logits"].F {
			got += fmt.Sprintf("%08x ", math.Float32bits(v))
		}
		if want == "" {
			want = got
		}
		if got != want {
			t.Errorf("%d workers: %s, want %s", workers, got, want)
		}
	}
}

func TestRefuses(t *testing.T) {
	data, err := os.ReadFile("testdata/net-17.onnx")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "not a sound ONNX file: it has no graph"},
		{"cut", data[:len(data)/2], "not a sound ONNX file"},
		{"operator", []byte(strings.ReplaceAll(string(data), "\x22\x04Relu", "\x22\x04Rale")), "the model needs the operators Rale, which runtime: own does not have; choose runtime: onnxruntime"},
	} {
		_, err := Read(tt.data, nil)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

// FuzzRead checks that no bytes make it panic.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"net-11", "net-17", "net-external", "net-half"} {
		data, err := os.ReadFile("testdata/" + name + ".onnx")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _ = Read(data, func(string) ([]byte, error) { return []byte("12345678"), nil })
	})
}
