package nn

import (
	"fmt"
	"testing"

	"gorgonia.org/gorgonia"

	"shiftmill/kernels"
)

// TestReady compares the scores of predictors, whose convolutions are ready, with those of the graph as it stands, before and
// after the state has changed, on every backend.
func TestReady(t *testing.T) {
	defer kernels.Use(kernels.Active())
	for _, a := range []Arch{
		{Name: "convnet", Width: 4}, {Name: "resnet8", Width: 5, Attention: "cbam"}, {Name: "resnet20", Width: 4, Attention: "se"},
		{Name: "resnet18", Width: 4, Stem: "imagenet"}, {Name: "resnet50", Width: 6, Stem: "imagenet"},
		{Name: "resnext50_32x4d", Width: 16, Blocks: []int{1, 1}},
	} {
		a.Classes, a.Size = 3, 19
		net := newNet(t, a)
		var plain *program
		var images, scores *gorgonia.Node
		pixels := make([]float32, 3*3*a.Size*a.Size)
		err := build(net, false, func(b *builder) {
			images = b.images(3, pixels)
			scores = net.Arch.forward(b, images)
			plain = must(compileOnProcessor(b.g, b.bound, scores))
		})
		if err != nil {
			t.Fatal(err)
		}
		ready, err := NewPredictor(net, 3)
		if err != nil {
			t.Fatal(err)
		}
		if got, most := len(ready.program.steps), len(plain.steps)-len(ready.program.ready); len(ready.program.ready) == 0 || got > most {
			t.Errorf("%s: %d steps with %d ready convolutions, %d as it stands", a.Name, got, len(ready.program.ready), len(plain.steps))
		}
		testKey("ready").Row("images").Normals(pixels, 0)
		copy(ready.Images, pixels)
		for change := range 2 {
			if change > 0 {
				net.Init(testKey("changed"))
				for _, s := range net.State {
					if s.Role == NormMean || s.Role == NormVariance {
						testKey("statistics").Row(s.Name).Ranges(s.Data, 0, 0.5, 2)
					}
				}
				net.version++
			}
			for i, backend := range kernels.Backends() {
				if err := kernels.Use(backend); err != nil {
					t.Fatal(err)
				}
				pool := kernels.NewPool(1 + i)
				plain.run(pool, nil)
				sameSignal(t, fmt.Sprint(a.Name, " on ", backend, ", change ", change), Signal{Data: ready.Logits(pool)}, Signal{Data: plain.value[scores]})
			}
		}
	}
}
