package nn

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"shiftmill/kernels"
	"shiftmill/kernels/opencl"
)

// A counting device counts what it does, and has only the operations that it
// does not lack.
type counting struct {
	kernels.Device
	lacks        func(kernels.Op) bool
	done, lacked int
}

func (d *counting) Do(op kernels.Op, results, sources []kernels.Span) error {
	if d.lacks != nil && d.lacks(op) {
		d.lacked++
		return errors.ErrUnsupported
	}
	err := d.Device.Do(op, results, sources)
	if errors.Is(err, errors.ErrUnsupported) {
		d.lacked++
	} else {
		d.done++
	}
	return err
}

// onOpenCL runs f with an OpenCL device as the accelerator; lacks may take
// operations from it. Without OpenCL the test is skipped, under CI=true it
// fails.
func onOpenCL(t *testing.T, lacks func(kernels.Op) bool, f func()) {
	t.Helper()
	d, err := opencl.Open(0, opencl.Options{})
	if err != nil {
		if os.Getenv("CI") == "true" || !errors.Is(err, opencl.ErrNone) {
			t.Fatal(err)
		}
		t.Skipf("backend opencl is absent: %v", err)
	}
	counted := &counting{Device: d, lacks: lacks}
	kernels.Accelerate(counted)
	defer func() {
		if counted.done == 0 || lacks == nil && counted.lacked > 0 {
			t.Errorf("%d operations were done on the device, %d on the processor", counted.done, counted.lacked)
		}
		kernels.Accelerate(nil)
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}()
	f()
}

// trained is every bit of a network and its optimizer after some steps, the
// losses on the way and the scores in the end.
func trained(t *testing.T, a Arch, s Settings, steps int, pool *kernels.Pool) []uint32 {
	t.Helper()
	net := newNet(t, a)
	tr := newTrainer(t, net, s)
	var all []uint32
	for step := range steps {
		fillBatch(tr, step%7)
		if s.Slope {
			all = append(all, bitsOf(tr.Slope(pool))...)
		}
		all = append(all, bitsOf([]float32{tr.Step(pool, 0.05)})...)
		if step == steps/2 { // as after an epoch
			tr.Sync()
		}
	}
	for _, v := range tr.Velocities() {
		all = append(all, bitsOf(v.Data)...)
	}
	for _, v := range net.State {
		all = append(all, bitsOf(v.Data)...)
	}
	p, err := NewPredictor(net, 4)
	if err != nil {
		t.Fatal(err)
	}
	copy(p.Images, tr.Images)
	return append(all, bitsOf(p.Logits(pool))...)
}

// TestDeviceTrains trains networks on the processor and on OpenCL and compares
// every bit.
func TestDeviceTrains(t *testing.T) {
	sgd := Settings{Batch: 4, Momentum: 0.9, Nesterov: true, WeightDecay: 1e-3, LabelSmoothing: 0.1}
	views := Settings{Batch: 4, Optimizer: Adam, Views: 3, Consistency: 12}
	binary := Settings{Batch: 4, Loss: BinaryCrossEntropy}
	attacked := Settings{Batch: 4, Momentum: 0.9, Slope: true}
	for _, tt := range []struct {
		arch     Arch
		settings Settings
	}{
		{Arch{Name: "convnet"}, sgd}, {Arch{Name: "resnet8"}, views}, {Arch{Name: "resnet8", Attention: "cbam"}, binary},
		{Arch{Name: "resnet8", Attention: "se"}, sgd}, {Arch{Name: "resnet18", Stem: "imagenet"}, sgd}, {Arch{Name: "resnet50"}, sgd},
		{Arch{Name: "resnet20"}, attacked},
	} {
		a := tt.arch
		a.Width, a.Classes, a.Size = 4, 3, 16
		t.Run(fmt.Sprint(a), func(t *testing.T) {
			want := trained(t, a, tt.settings, 3, nil)
			var got []uint32
			onOpenCL(t, nil, func() { got = trained(t, a, tt.settings, 3, nil) })
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Error("other bits on OpenCL than on the processor")
			}
		})
	}
}

// TestLongTraining compares the bits of 200 steps of a ResNet-8 on every
// backend. It takes a minute or two, so it runs under CI=true, or, with every
// number of workers in plain Go as well, with SHIFTMILL_SWEEP=1.
func TestLongTraining(t *testing.T) {
	if os.Getenv("CI") != "true" && os.Getenv("SHIFTMILL_SWEEP") == "" {
		t.Skip("set SHIFTMILL_SWEEP=1 to train 200 steps on every backend")
	}
	const steps = 200
	a := Arch{Name: "resnet8", Classes: 10, Size: 16}
	s := Settings{Batch: 16, Momentum: 0.9, Nesterov: true, WeightDecay: 1e-4}
	old := kernels.Active()
	defer func() {
		if err := kernels.Use(old); err != nil {
			t.Fatal(err)
		}
	}()
	var want []uint32
	compare := func(backend string, got []uint32) {
		if want == nil {
			want = got
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: other bits after %d steps than %s", backend, steps, kernels.Backends()[0])
		}
	}
	for _, backend := range kernels.Backends() {
		if err := kernels.Use(backend); err != nil {
			t.Fatal(err)
		}
		for _, workers := range []int{1, 2, 8} {
			if backend == "generic" && workers != 2 && os.Getenv("SHIFTMILL_SWEEP") == "" {
				continue // a minute each; some steps with other numbers are in TestWorkersAndBackends
			}
			compare(fmt.Sprint(backend, " with ", workers, " workers"), trained(t, a, s, steps, kernels.NewPool(workers)))
		}
	}
	for _, missing := range []string{"avx2", "avx512"} {
		if kernels.Use(missing) != nil {
			t.Logf("backend %s is absent on this machine", missing)
		}
	}
	line := fmt.Sprintf("%d steps of %s %s %x\n", steps, a.Name, Version, sha256.Sum256([]byte(fmt.Sprint(want))))
	if data, err := os.ReadFile("testdata/golden.txt"); err != nil || !strings.Contains(string(data), line) {
		t.Errorf("the line is not in testdata/golden.txt (%v):\n%s", err, line)
	}
	onOpenCL(t, nil, func() { compare("opencl", trained(t, a, s, steps, nil)) })
}

// TestDeviceLacksOperations trains on a device that has some operations only;
// the others are done on the processor between them.
func TestDeviceLacksOperations(t *testing.T) {
	a := Arch{Name: "convnet", Width: 3, Classes: 3, Size: 8}
	s := Settings{Batch: 4, Momentum: 0.9}
	want := trained(t, a, s, 3, nil)
	var got []uint32
	lacks := func(op kernels.Op) bool {
		switch op.(type) {
		case kernels.ElementOp, kernels.NormBackOp, kernels.MaxPoolOp, kernels.SGDOp:
			return true
		}
		return false
	}
	onOpenCL(t, lacks, func() { got = trained(t, a, s, 3, nil) })
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Error("other bits than on the processor")
	}
}
