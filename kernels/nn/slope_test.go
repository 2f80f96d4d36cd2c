package nn

import (
	"math"
	"testing"

	"shiftmill/kernels"
)

// TestSlope compares the gradient with respect to images with the loss's
// change along it, and checks that it depends on no other image of the batch.
func TestSlope(t *testing.T) {
	for _, arch := range []Arch{{Name: "resnet8", Width: 4, Classes: 3, Size: 8}, {Name: "convnet", Width: 4, Classes: 3, Size: 8}} {
		net, err := New(arch)
		if err != nil {
			t.Fatal(err)
		}
		key := kernels.NewKey("test", 1, 1, "slope", 0)
		net.Init(key)
		for i, s := range net.State { // running statistics as after some training
			switch s.Role {
			case NormMean:
				key.Row("mean"+s.Name).Ranges(s.Data, 0, -0.2, 0.2)
			case NormVariance:
				key.Row("variance"+s.Name).Ranges(s.Data, uint32(i), 0.5, 2)
			}
		}
		const batch, each = 4, 3 * 8 * 8
		s, err := NewSlope(net, batch)
		if err != nil {
			t.Fatal(err)
		}
		pool := kernels.NewPool(1)
		key.Row("images").Ranges(s.Images, 0, -1, 1)
		for i := range batch {
			s.Targets[i*3+i%3] = 1
		}
		loss := func() float64 {
			logits, _ := s.Run(pool)
			sum := 0.0
			for i := range batch {
				row, total := logits[i*3:i*3+3], 0.0
				for _, v := range row {
					total += math.Exp(float64(v))
				}
				sum += math.Log(total) - float64(row[i%3])
			}
			return sum / batch
		}
		_, g := s.Run(pool)
		gradient := append([]float32(nil), g...)
		squares := 0.0
		for _, v := range gradient {
			squares += float64(v) * float64(v)
		}
		if squares == 0 {
			t.Fatalf("%s: no gradient", arch.Name)
		}
		images := append([]float32(nil), s.Images...)
		along := func(step float64) float64 {
			for i, v := range images {
				s.Images[i] = v + float32(step/math.Sqrt(squares)*float64(gradient[i]))
			}
			return loss()
		}
		const h = 1e-2
		if got, want := (along(h)-along(-h))/(2*h), math.Sqrt(squares); math.Abs(got-want) > 0.02*want {
			t.Errorf("%s: the loss grows by %v along the gradient, whose length is %v", arch.Name, got, want)
		}
		// The other images change, the first one's gradient doesn't.
		copy(s.Images, images)
		clear(s.Images[each:])
		_, g = s.Run(pool)
		for i, v := range g[:each] {
			if v != gradient[i] {
				t.Fatalf("%s: value %d of the gradient is %v, with other neighbours it was %v", arch.Name, i, v, gradient[i])
			}
		}
	}
}
