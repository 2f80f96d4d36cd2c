package imageio

import "math"

// precisionBits is the fraction of a tap: 8 bits are the pixel's, 2 are left for overshoot, as in Pillow's Resample.c.
const precisionBits = 32 - 8 - 2

// taps holds the weights of one axis: output i is the sum of weight[i*width+j] * input[start[i]+j] for j < count[i].
type taps struct {
	width        int
	start, count []int
	weight       []int32
}

func newTaps(in, out int, f Filter) *taps {
	scale := float64(in) / float64(out)
	stretch := max(scale, 1)
	support := f.support() * stretch
	inv := 1 / stretch
	t := &taps{width: int(math.Ceil(support))*2 + 1, start: make([]int, out), count: make([]int, out)}
	t.weight = make([]int32, out*t.width)
	row := make([]float64, t.width)
	for i := range out {
		center := float64((float64(i) + 0.5) * scale)
		lo := max(int(center-support+0.5), 0)
		hi := min(int(center+support+0.5), in)
		sum := 0.0
		for j := range hi - lo {
			x := float64((float64(j+lo) - center + 0.5) * inv)
			if f == Bilinear { // here without a call, since it is used most
				row[j] = max(1-math.Abs(x), 0)
			} else {
				row[j] = f.weight(x)
			}
			sum += row[j]
		}
		for j := range hi - lo {
			v := row[j]
			if sum != 0 {
				v /= sum
			}
			v = float64(v * (1 << precisionBits))
			if v < 0 {
				t.weight[i*t.width+j] = int32(v - 0.5)
			} else {
				t.weight[i*t.width+j] = int32(v + 0.5)
			}
		}
		t.start[i], t.count[i] = lo, hi-lo
	}
	return t
}
