package nn

import (
	"strings"
	"testing"

	"shiftmill/kernels"
)

// numbers are those of testdata/flow_gradients.py, times a factor.
func numbers(v []float32, seed uint32, factor float64) {
	for i := range v {
		v[i] = float32(float32(float64(uint32(i)*2654435761+seed)/(1<<32)) * float32(factor))
	}
}

// TestFlowGradientsAgainstPyTorch takes a step of both networks and compares
// the loss and some gradients.
func TestFlowGradientsAgainstPyTorch(t *testing.T) {
	v := readVector(t, "testdata/flow-gradients.vec")
	pool := kernels.NewPool(2)
	e := NewEDSR()
	fillFlow(&e.Weights)
	edsr, err := NewEDSRTrainer(e, 6, Settings{Batch: 2})
	if err != nil {
		t.Fatal(err)
	}
	numbers(edsr.Images, 1, 255)
	numbers(edsr.Targets, 2, -255)
	c := NewCAE()
	fillFlow(&c.Weights)
	cae, err := NewCAETrainer(c, 16, Settings{Batch: 2})
	if err != nil {
		t.Fatal(err)
	}
	numbers(cae.Images, 3, 1)
	numbers(cae.Targets, 4, -1)
	numbers(cae.Uniform, 5, 1)
	for _, net := range []struct {
		name string
		t    *ImageTrainer
	}{{"edsr", edsr}, {"cae", cae}} {
		loss := net.t.Step(pool, 0)
		near(t, net.name+" loss", []float32{loss}, v.values[net.name+" loss"], 1e-4)
		compared := 0
		for _, u := range net.t.t.updates {
			name := net.name + " " + net.t.t.net.State[u.tensor].Name
			for _, form := range []string{name, name + ", first two"} {
				if want, ok := v.values[form]; ok {
					near(t, form, u.gradient[:len(want)], want, 1e-3)
					compared++
				}
			}
		}
		for name := range v.values {
			if strings.HasPrefix(name, net.name+" ") {
				compared--
			}
		}
		if compared != -1 { // the loss
			t.Errorf("%s: %d vectors without a gradient", net.name, -1-compared)
		}
	}
}

// TestImageTrainers shows that training makes both networks better at one
// batch, with the same bits for any number of workers.
func TestImageTrainers(t *testing.T) {
	run := func(workers int) (first, last [2]float32) {
		pool := kernels.NewPool(workers)
		e, c := NewEDSR(), NewCAE()
		e.Init(testKey("edsr"))
		c.Init(testKey("cae"))
		edsr, err := NewEDSRTrainer(e, 8, Settings{Batch: 1, Optimizer: Adam})
		if err != nil {
			t.Fatal(err)
		}
		cae, err := NewCAETrainer(c, 16, Settings{Batch: 1, Optimizer: Adam})
		if err != nil {
			t.Fatal(err)
		}
		for i := range edsr.Targets {
			edsr.Targets[i] = -float32(i * 7 % 32 / 4 * 30)
		}
		for i := range cae.Targets {
			cae.Targets[i] = -float32(i%16) / 16
			cae.Images[i] = -cae.Targets[i]
		}
		for step := range 12 {
			numbers(cae.Uniform, uint32(step), 1)
			last = [2]float32{edsr.Step(pool, 1e-3), cae.Step(pool, 1e-3)}
			if step == 0 {
				first = last
			}
		}
		return first, last
	}
	first, last := run(1)
	for i, name := range []string{"EDSR", "CAE"} {
		if !(last[i] < 0.9*first[i]) {
			t.Errorf("%s: error %v at first, %v after 12 steps", name, first[i], last[i])
		}
	}
	if _, again := run(3); again != last {
		t.Errorf("three workers: %v, want %v", again, last)
	}
}
