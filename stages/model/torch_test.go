package model

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestTorch reads what PyTorch wrote (testdata/weights.py).
func TestTorch(t *testing.T) {
	for _, file := range []string{"zip.pt", "legacy.pt", "checkpoint.pt"} {
		tensors, err := ReadTensors(read(t, file))
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		got := ""
		for _, x := range tensors {
			if x.DType == "I64" {
				got += fmt.Sprintln(x.Name, x.Shape, x.Data)
				continue
			}
			v, err := x.Float32s()
			if err != nil {
				t.Fatal(err)
			}
			got += fmt.Sprintln(x.Name, x.DType, x.Shape, v)
		}
		want := `brain BF16 [3] [-0 -1 -2]
count [] [7 0 0 0 0 0 0 0]
double F64 [2] [0.5 1.5]
empty F32 [0 3] []
half F16 [5] [0 0.5 1 1.5 2]
layer.view F32 [3 2] [1 13 2 14 3 15]
layer.weight F32 [2 3 4] [0 0.125 0.25 0.375 0.5 0.625 0.75 0.875 1 1.125 1.25 1.375 1.5 1.625 1.75 1.875 2 2.125 2.25 2.375 2.5 2.625 2.75 2.875]
param F32 [3 2] [-1 0 1 2 3 4]
`
		if got != want {
			t.Errorf("%s:\n got %s\nwant %s", file, got, want)
		}
	}
}

func TestTorchRefuses(t *testing.T) {
	system := "\x80\x02cos\nsystem\nq\x00X\x04\x00\x00\x00trueq\x01\x85q\x02Rq\x03."
	for _, tt := range []struct {
		name string
		data []byte
		want string
	}{
		{"whole module", read(t, "module.pt"), "whole torch.nn.modules.linear.Linear, which only its Python code can open; save model.state_dict() instead"},
		{"a call", []byte(system), "not a pickle that holds tensors alone"},
		{"text", []byte("hello world"), "neither safetensors nor a file of torch.save"},
		{"short", []byte{0x80, 2, 'X'}, "bytes are wanted"},
	} {
		_, err := ReadTensors(tt.data)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

// FuzzTensors checks that no bytes panic or allocate without bound.
func FuzzTensors(f *testing.F) {
	for _, name := range []string{"zip.pt", "legacy.pt", "checkpoint.pt", "module.pt"} {
		data, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		tensors, err := ReadTensors(data)
		if err != nil {
			return
		}
		for _, x := range tensors {
			if n := count(x.Shape); n >= 0 && n*dtypeSize[x.DType] != len(x.Data) {
				t.Errorf("%q of shape %v has %d bytes", x.Name, x.Shape, len(x.Data))
			}
		}
	})
}
