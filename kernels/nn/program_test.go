package nn

import (
	"crypto/sha256"
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"shiftmill/kernels"
)

// bitsOf are values in a form that compares bits.
func bitsOf(v []float32) []uint32 {
	out := make([]uint32, len(v))
	for i, x := range v {
		out[i] = math.Float32bits(x)
	}
	return out
}

// TestTapeMachine runs the graph of a training step on Gorgonia's own machine
// and compares loss and every gradient with the program's, bit for bit.
func TestTapeMachine(t *testing.T) {
	for _, a := range []Arch{
		{Name: "convnet", Width: 4}, {Name: "resnet8", Width: 4, Attention: "cbam"}, {Name: "resnet20", Width: 4}, {Name: "resnet18", Width: 4, Stem: "imagenet"},
		{Name: "resnext50_32x4d", Width: 16, Blocks: []int{1, 1}, Attention: "se"},
	} {
		t.Run(a.Name, func(t *testing.T) {
			a.Classes, a.Size = 3, 8
			net := newNet(t, a)
			tr := newTrainer(t, net, Settings{Batch: 4, LabelSmoothing: 0.1})
			fillBatch(tr, 0)
			tr.program.run(nil, nil)

			g, wanted := tr.graph, tr.wanted
			for n, v := range tr.bound {
				if n.Shape().Dims() == 0 {
					t.Fatalf("scalar input %s", n.Name())
				}
				if err := gorgonia.Let(n, tensor.New(tensor.WithShape(n.Shape()...), tensor.WithBacking(append([]float32(nil), v...)))); err != nil {
					t.Fatal(err)
				}
			}
			got := make([]gorgonia.Value, len(wanted))
			for i, n := range wanted {
				gorgonia.Read(n, &got[i])
			}
			vm := gorgonia.NewTapeMachine(g)
			defer vm.Close()
			if err := vm.RunAll(); err != nil {
				t.Fatal(err)
			}
			for i, n := range wanted {
				var v []float32
				switch x := got[i].Data().(type) {
				case float32:
					v = []float32{x}
				case []float32:
					v = x
				}
				if fmt.Sprint(bitsOf(v)) != fmt.Sprint(bitsOf(tr.program.value[n])) {
					t.Errorf("value %d of shape %v differs between the tape machine and the program", i, n.Shape())
				}
			}
		})
	}
}

// TestWorkersAndBackends trains with several numbers of workers on every
// backend and compares the state's bits.
func TestWorkersAndBackends(t *testing.T) {
	old := kernels.Active()
	defer func() {
		if err := kernels.Use(old); err != nil {
			t.Fatal(err)
		}
	}()
	for _, name := range []string{"convnet", "resnet8"} {
		var want string
		for _, backend := range kernels.Backends() {
			if err := kernels.Use(backend); err != nil {
				t.Fatal(err)
			}
			for _, workers := range []int{1, 2, 8} {
				net := newNet(t, Arch{Name: name, Width: 5, Classes: 3, Size: 8})
				tr := newTrainer(t, net, Settings{Batch: 5, Momentum: 0.9, Nesterov: true, WeightDecay: 1e-3})
				pool := kernels.NewPool(workers)
				for step := range 3 {
					fillBatch(tr, step)
					tr.Step(pool, 0.1)
				}
				p, err := NewPredictor(net, 3)
				if err != nil {
					t.Fatal(err)
				}
				copy(p.Images, tr.Images)
				all := bitsOf(p.Logits(pool))
				for _, s := range net.State {
					all = append(all, bitsOf(s.Data)...)
				}
				got := fmt.Sprint(all)
				if want == "" {
					want = got
				}
				if got != want {
					t.Errorf("%s: backend %s, workers %d: other bits than %s with one worker", name, backend, workers, kernels.Backends()[0])
				}
			}
		}
	}
}

// TestGolden holds the state and the scores after three steps of every
// architecture under Version.
func TestGolden(t *testing.T) {
	data, err := os.ReadFile("testdata/golden.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range []Arch{{Name: "convnet"}, {Name: "resnet8"}, {Name: "resnet20"}, {Name: "resnet18", Stem: "imagenet"}} {
		a.Width, a.Classes, a.Size = 3, 4, 16
		net := newNet(t, a)
		tr := newTrainer(t, net, Settings{Batch: 4, Momentum: 0.9, Nesterov: true, WeightDecay: 1e-3, LabelSmoothing: 0.1})
		for step := range 3 {
			fillBatch(tr, step)
			tr.Step(nil, 0.1)
		}
		p, err := NewPredictor(net, 4)
		if err != nil {
			t.Fatal(err)
		}
		copy(p.Images, tr.Images)
		h := sha256.New()
		for _, v := range append(net.State, Tensor{Data: p.Logits(nil)}) {
			fmt.Fprint(h, v.Name, v.Shape, bitsOf(v.Data))
		}
		line := fmt.Sprintf("%s %s %x\n", a.Name, Version, h.Sum(nil)[:16])
		if !strings.Contains(string(data), line) {
			t.Errorf("results of %s are not those of testdata/golden.txt: raise Version, or undo the change; the line is now\n%s", a.Name, line)
		}
	}
}

// TestPredictorIgnoresBatch checks that an image's scores do not depend on the
// images beside it.
func TestPredictorIgnoresBatch(t *testing.T) {
	net := newNet(t, Arch{Name: "resnet8", Width: 4, Classes: 3, Size: 8})
	images := make([]float32, 5*3*64)
	testKey("images").Row("x").Normals(images, 0)
	whole, err := NewPredictor(net, 5)
	if err != nil {
		t.Fatal(err)
	}
	copy(whole.Images, images)
	want := append([]float32(nil), whole.Logits(nil)...)
	one, err := NewPredictor(net, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		copy(one.Images, images[i*192:])
		if got := one.Logits(nil); fmt.Sprint(bitsOf(got)) != fmt.Sprint(bitsOf(want[i*3:i*3+3])) {
			t.Errorf("image %d: %v alone, %v in a batch", i, got, want[i*3:i*3+3])
		}
	}
}

// TestArena checks the layout of a deep network's training: no two values that
// are needed at the same time share memory, and memory is reused.
func TestArena(t *testing.T) {
	net := newNet(t, Arch{Name: "resnet20", Width: 4, Classes: 3, Size: 16})
	tr := newTrainer(t, net, Settings{Batch: 4})
	total := 0
	for _, s := range tr.program.steps {
		total += len(s.results[0])
	}
	if got := len(tr.program.arena); got > total*3/4 {
		t.Errorf("arena of %d values for %d computed ones: nothing is reused", got, total)
	}
	t.Logf("arena %d of %d values", len(tr.program.arena), total)
}

func TestFreeList(t *testing.T) {
	var f freeList
	a, b, c := f.take(32), f.take(16), f.take(48)
	f.give(a, 32)
	f.give(c, 48)
	if got := f.take(16); got != a {
		t.Errorf("best fit took %d, want %d", got, a)
	}
	f.give(b, 16) // joins what is left of a on one side and c on the other
	if got, want := len(f.holes), 1; got != want {
		t.Errorf("%d holes %v, want %d", got, f.holes, want)
	}
	if got := f.take(200); got != a+16 || f.size != a+16+200 {
		t.Errorf("growing took %d of %d, want %d", got, f.size, a+16)
	}
}

// TestSteadyState checks that steps live in the arena: what a step allocates
// is small beside it, and left to package kernels.
func TestSteadyState(t *testing.T) {
	tr := newTrainer(t, newNet(t, Arch{Name: "resnet8", Width: 8, Classes: 3, Size: 16}), Settings{Batch: 16})
	fillBatch(tr, 0)
	tr.Step(nil, 0.01)
	var before, after runtime.MemStats
	const steps = 5
	runtime.ReadMemStats(&before)
	for range steps {
		tr.Step(nil, 0.01)
	}
	runtime.ReadMemStats(&after)
	each, arena := (after.TotalAlloc-before.TotalAlloc)/steps, uint64(4*len(tr.program.arena))
	if each > arena/2 {
		t.Errorf("a step allocates %d bytes beside an arena of %d", each, arena)
	}
	t.Logf("%d bytes a step, arena %d", each, arena)
}
