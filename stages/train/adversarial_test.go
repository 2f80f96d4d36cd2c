package train

import (
	"math"
	"os"
	"strings"
	"testing"

	"shiftmill/kernels"
	"shiftmill/kernels/nn"
	"shiftmill/stages/model"
)

// TestAdversarialAgainstPyTorch takes the step of testdata/adversarial.py.
func TestAdversarialAgainstPyTorch(t *testing.T) {
	data, err := os.ReadFile("testdata/adversarial.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	_, tensors, err := model.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	net, err := nn.New(nn.Arch{Name: "resnet8", Width: 2, Classes: 3, Size: 8})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]float32{}
	for _, x := range tensors {
		if want[x.Name], err = x.Float32s(); err != nil {
			t.Fatal(err)
		}
		if name, ok := strings.CutPrefix(x.Name, "state/"); ok {
			if err := net.SetTensor(name, x.Shape, want[x.Name]); err != nil {
				t.Fatal(err)
			}
		}
	}
	tr, err := nn.NewTrainer(net, nn.Settings{Batch: 4, Momentum: 0.9, Nesterov: true, WeightDecay: 5e-4, Slope: true})
	if err != nil {
		t.Fatal(err)
	}
	for i, class := range want["classes"] {
		tr.SetLabel(i, int(class))
	}
	p := perturbation{mean: [3]float32{.485, .456, .406}, std: [3]float32{.229, .224, .225}, epsilon: 8. / 255, step: 10. / 255}
	const each = 3 * 8 * 8
	pixels, change, pool := make([]float32, 4*each), append([]float32(nil), want["start"]...), kernels.NewPool(2)
	of := func(v []float32, i int) []float32 { return v[i*each : (i+1)*each] }
	for i := range 4 {
		p.apply(of(tr.Images, i), of(want["images"], i), make([]float32, each)) // as a picture is normalised
		p.pixels(of(pixels, i), of(tr.Images, i))
		p.apply(of(tr.Images, i), of(pixels, i), of(change, i))
	}
	slope := tr.Slope(pool)
	for i := range 4 {
		p.move(of(change, i), of(pixels, i), of(slope, i))
		p.apply(of(tr.Images, i), of(pixels, i), of(change, i))
	}
	apart := func(name string, got, want []float32, most float64) {
		t.Helper()
		scale, worst := 0.0, 0.0
		for i := range want {
			scale, worst = max(scale, math.Abs(float64(want[i]))), max(worst, math.Abs(float64(got[i]-want[i])))
		}
		if len(got) != len(want) || !(worst <= most*scale) {
			t.Errorf("%s is off by %.2g of its largest value", name, worst/scale)
		}
	}
	apart("change", change, want["change"], 1e-5)
	apart("loss", []float32{tr.Step(pool, 0.1)}, want["loss"], 1e-5)
	for _, s := range net.State {
		apart(s.Name+" after the step", s.Data, want["after/"+s.Name], 1e-3)
	}
}
