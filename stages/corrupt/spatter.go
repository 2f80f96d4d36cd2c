package corrupt

import "math"

// Colours of what is splashed on the lens.
var (
	water = [3]float64{175. / 255, 238. / 255, 238. / 255}
	mud   = [3]float64{63. / 255, 42. / 255, 20. / 255}
)

// spatter splashes water or mud on the picture. a is the mean, standard
// deviation and smoothness of the layer of drops, the threshold of a drop, the
// strength of water or the smoothness of mud, and 0 for water, 1 for mud.
func spatter(x *field, a []float64, src Draws) *field {
	layer := gaussian(normalLayer(x.h, x.w, a[0], a[1], src), a[2], 4, nearest)
	if a[5] == 0 {
		return addWater(x, layer, a[3], a[4])
	}
	for i, v := range layer.v {
		if v > a[3] {
			layer.v[i] = 1
		} else {
			layer.v[i] = 0
		}
	}
	layer = gaussian(layer, a[4], 4, nearest)
	for i, m := range layer.v {
		if m < 0.8 {
			m = 0
		}
		for k := range mud {
			x.v[3*i+k] = float64(x.v[3*i+k]*(1-m)) + float64(m*mud[k])
		}
	}
	return x
}

// addWater lights drops up where their edges are near.
func addWater(x, layer *field, threshold, strength float64) *field {
	drops := make([]byte, len(layer.v))
	for i, v := range layer.v {
		if v >= threshold {
			drops[i] = byte(float64(clip(v)*255) + whole)
		}
	}
	relief := emboss(equalize(nearness(edges(drops, x.h, x.w), x.h, x.w)), x.h, x.w)
	mask, most := make([]float64, len(drops)), 0.0
	for i, v := range relief {
		mask[i] = float64(drops[i]) * v
		most = max(most, mask[i])
	}
	if most == 0 {
		return x // no drop
	}
	for i, m := range mask {
		m = m / most * strength
		for k := range water {
			x.v[3*i+k] += float64(m * water[k])
		}
	}
	return x
}

// nearness is the distance to the next edge, capped at 20, averaged over 3x3
// and cut to 8 bits.
func nearness(edge []bool, h, w int) []byte {
	d := distances(edge, h, w)
	for i := range d {
		d[i] = min(d[i], 20)
	}
	out := make([]byte, h*w)
	for i := range out {
		out[i] = byte(around(d, h, w, i) / 9)
	}
	return out
}

// around adds up the 3x3 values round the i-th, border reflect-101.
func around[T byte | float64](v []T, h, w, i int) float64 {
	sum := 0.0
	for dy := -1; dy <= 1; dy++ {
		y := reflect101.at(i/w+dy, h)
		for dx := -1; dx <= 1; dx++ {
			sum += float64(v[y*w+reflect101.at(i%w+dx, w)])
		}
	}
	return sum
}

// equalize spreads the histogram: the lowest value becomes 0, the highest 255.
func equalize(v []byte) []byte {
	var count [256]int
	for _, x := range v {
		count[x]++
	}
	low := 0
	for count[low] == 0 {
		low++
	}
	rest := len(v) - count[low]
	if rest == 0 {
		return v // one value only
	}
	var to [256]byte
	sum := 0
	for x := low + 1; x < 256; x++ {
		sum += count[x]
		to[x] = byte(math.RoundToEven(float64(float32(sum) * (255 / float32(rest)))))
	}
	out := make([]byte, len(v))
	for i, x := range v {
		out[i] = to[x]
	}
	return out
}

// emboss lights the values from the upper left, in 8 bits, and averages over
// 3x3.
func emboss(v []byte, h, w int) []float64 {
	kernel := [3][3]int{{-2, -1, 0}, {-1, 1, 1}, {0, 1, 2}}
	lit := make([]byte, len(v))
	for i := range v {
		sum := 0
		for dy, row := range kernel {
			y := reflect101.at(i/w+dy-1, h)
			for dx, k := range row {
				sum += k * int(v[y*w+reflect101.at(i%w+dx-1, w)])
			}
		}
		lit[i] = byte(min(max(sum, 0), 255))
	}
	out := make([]float64, len(v))
	for i := range lit {
		out[i] = math.RoundToEven(around(lit, h, w, i) / 9)
	}
	return out
}
