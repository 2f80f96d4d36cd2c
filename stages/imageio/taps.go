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
	width, places := int(math.Ceil(support))*2+1, make([]int, 2*out)
	t := &taps{width: width, start: places[:out], count: places[out:], weight: make([]int32, out*width)}
	row := make([]float64, t.width)
	for i := range out {
		center := float64((float64(i) + 0.5) * scale)
		lo := max(int(center-support+0.5), 0)
		hi := min(int(center+support+0.5), in)
		row := row[:hi-lo]
		sum := 0.0
		if f == Bilinear { // here without a call, since it is used most
			for j := range row {
				row[j] = max(1-math.Abs(float64((float64(j+lo)-center+0.5)*inv)), 0)
				sum += row[j]
			}
		} else {
			for j := range row {
				row[j] = f.weight(float64((float64(j+lo) - center + 0.5) * inv))
				sum += row[j]
			}
		}
		weight := t.weight[i*width:][:len(row)]
		last := 0
		for j, v := range row {
			if sum != 0 {
				v /= sum
			}
			v = float64(v * (1 << precisionBits))
			if v < 0 {
				weight[j] = int32(v - 0.5)
			} else {
				weight[j] = int32(v + 0.5)
			}
			if weight[j] != 0 {
				last = j
			}
		}
		// Weights of 0 at the end, where a filter's support often ends, are left out; at the start they stay, so that starts ascend.
		t.start[i], t.count[i] = lo, last+1
	}
	return t
}

// row returns from which input output i begins and the weights from there on, at least one.
func (t *taps) row(i int) (start int, weight []int32) {
	return t.start[i], t.weight[i*t.width:][:t.count[i]]
}
