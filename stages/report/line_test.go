package report

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// Six models on a logit line and one above it: the distance is found, and its
// interval holds the truth about as often as it says.
func TestEffectiveRobustness(t *testing.T) {
	on := func(in float64) float64 { // OOD error of the line for an IID error
		return 1 - 1/(1+math.Exp(1-0.9*math.Log((1-in)/in)))
	}
	rates := map[string][2]float64{"above": {0.22, on(0.22) - 0.06}}
	c := defaults
	for i, in := range []float64{0.1, 0.16, 0.2, 0.26, 0.31, 0.4} {
		name := fmt.Sprint("net", i)
		rates[name] = [2]float64{in, on(in)}
		c.Line = append(c.Line, name)
	}
	r := rand.New(rand.NewPCG(1, 2))
	draws, held := 60, 0
	for range draws {
		b := simulated(r, 1500, 2, 2, rates, append(c.Line, "above"))
		l := b.fit(&c, nil)
		if l == nil {
			t.Fatal("no line was drawn")
		}
		e := l.beyond(b.models[6])
		if *e.Low <= 6 && 6 <= *e.High {
			held++
		}
		if math.Abs(e.Value-6) > 6 {
			t.Errorf("effective robustness %+v, the truth is 6", *e)
		}
	}
	t.Logf("held the truth in %d of %d", held, draws)
	if held < draws*85/100 {
		t.Errorf("intervals held the truth in %d of %d", held, draws)
	}

	// The linearised error is that of moving one image: the distance of the model
	// after it differs by what its weights say.
	b := simulated(r, 4000, 1, 1, rates, append(c.Line, "above"))
	before := b.fit(&c, nil).beyond(b.models[6]).Value
	for k, set := range b.sets {
		cell := b.models[2].cells[cellKey{"0", set.name}]
		flipped := 0.0
		for i := range cell.wrong {
			if cell.wrong[i] == 0 && flipped < 4 {
				cell.wrong[i], flipped = 1, flipped+1
			}
		}
		l := b.fit(&c, nil)
		x, _, _ := l.place(b.models[6])
		after := l.beyond(b.models[6]).Value
		var weight float64
		p := l.at(x)
		dx, dy := l.x[2]-l.mx, l.y[2]-l.my
		if k == 0 {
			weight = p * (1 - p) * ((x-l.mx)*(dy-2*l.slope*dx)/l.sxx - l.slope/6) * perError(l.x[2])
		} else {
			weight = p * (1 - p) * (1./6 + (x-l.mx)*dx/l.sxx) * perError(l.y[2])
		}
		if got, want := after-before, 100*weight*flipped/4000; math.Abs(got-want) > 0.03*math.Abs(want)+1e-6 {
			t.Errorf("set %d: four more errors move the distance by %v, the linearisation says %v", k, got, want)
		}
		before = after
	}
}
