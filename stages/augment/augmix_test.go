package augment_test

import (
	"math"
	"testing"

	"shiftmill/stages"
	"shiftmill/stages/augment"
	"shiftmill/stages/stagetest"
)

func caseOf(kind *stages.Kind, config any) stagetest.Case {
	return stagetest.Case{Kind: kind, Config: config, Seed: 5, Ports: map[string][]stages.Input{"data": {stagetest.Shapes(9, 3, 20)}}}
}

// with changes the defaults of a kind's parameters.
func with[C any](kind *stages.Kind, change func(*C)) stagetest.Case {
	c := kind.NewConfig().(*C)
	change(c)
	return caseOf(kind, c)
}

func TestStepsGolden(t *testing.T) {
	for _, variant := range []string{"imagenet", "cifar", "deepfashion-remixed"} {
		stagetest.Golden(t, variant, with(augment.AugMix(), func(c *augment.Mix) { c.Variant = variant }))
	}
	stagetest.Golden(t, "own", with(augment.AugMix(), func(c *augment.Mix) {
		c.Severity, c.Width, c.Depth, c.Operations, c.Fill, c.Alpha, c.Reference, c.Copy, c.Size = 6, 2, 4, "thirteen", 90, 0.3, true, 1, 16
	}))
	stagetest.Golden(t, "", with(augment.Speckle(), func(c *augment.Speckles) { c.P = 0.8 }))
	stagetest.Golden(t, "channel", with(augment.Speckle(), func(c *augment.Speckles) { c.Std, c.Per, c.Copy = []float64{.1, .9}, "channel", 2 }))
	stagetest.Golden(t, "", with(augment.RandomErasing(), func(c *augment.Erasing) { c.P = 1 }))
}

// TestCopies checks that copies differ, and that a picture keeps its mean
// under speckle noise.
func TestCopies(t *testing.T) {
	sum, n := 0.0, 0.0
	before := stagetest.Shapes(9, 3, 20)
	for k := range 4 {
		c := with(augment.Speckle(), func(c *augment.Speckles) { c.Std, c.Copy = []float64{.1}, k })
		for i, cell := range images(t, c) {
			was := stages.Image(before.Record().Column(1), i)
			same := 0
			for j, v := range cell.Data {
				if b := float64(was.Data[j]); b > 20 && b < 180 { // clamping is out of reach
					sum += float64(v) / b
					n++
				}
				if v == was.Data[j] {
					same++
				}
			}
			if same == len(cell.Data) {
				t.Errorf("copy %d leaves row %d as it is", k, i)
			}
		}
	}
	if mean := sum / n; math.Abs(mean-1) > 5*0.1/math.Sqrt(n)+0.002 {
		t.Errorf("speckle noise multiplies by %v on average, over %v values", mean, n)
	}
}

func TestErasingRefuses(t *testing.T) {
	c := with(augment.RandomErasing(), func(c *augment.Erasing) { c.Area = [2]float64{0.5, 0.2} })
	if _, err := c.Run(t.Context()); err == nil || err.Error() != "area must be two ascending numbers [from, to], got [0.5 0.2]" {
		t.Errorf("got %v", err)
	}
}
