package corrupt

import (
	"math"

	"shiftmill/stages/imageio"
)

// Colours of what is splashed on the lens.
var (
	water = [3]float32{175, 238, 238}
	mud   = [3]float32{63, 42, 20}
)

// spatter splashes water or mud on the picture. a is the mean, standard
// deviation and smoothness of the layer of drops, the threshold of a drop, the
// strength of water or the smoothness of mud, and 0 for water, 1 for mud.
func spatter(p *imageio.Pixels, a []float64, src Draws) *imageio.Pixels {
	layer := gaussian(normalLayer(p.H, p.W, 0, p.H, a[0], a[1], src), a[2], 4, nearest)
	threshold := float32(a[3] * 255)
	if a[5] == 0 {
		return addWater(p, layer, threshold, a[4])
	}
	for i, v := range layer.v {
		if v > threshold {
			layer.v[i] = 1
		} else {
			layer.v[i] = 0
		}
	}
	layer = gaussian(layer, a[4], 4, nearest)
	out := imageio.NewPixels(p.H, p.W, 3)
	for i, m := range layer.v {
		if m < 0.8 {
			m = 0
		}
		for k, c := range mud {
			out.Pix[3*i+k] = byte(int32(min(float32(float32(p.Pix[3*i+k])*(1-m))+float32(m*c)+whole, 255)))
		}
	}
	return out
}

// addWater lights drops up where their edges are near.
func addWater(p *imageio.Pixels, layer *field, threshold float32, strength float64) *imageio.Pixels {
	for i, v := range layer.v {
		if v < threshold {
			layer.v[i] = 0
		}
	}
	drops := layer.pixels().Pix
	relief := emboss(equalize(nearness(edges(drops, p.H, p.W), p.H, p.W)), p.H, p.W)
	mask, most := make([]float64, len(drops)), 0.0
	for i, v := range relief {
		mask[i] = float64(drops[i]) * v
		most = max(most, mask[i])
	}
	out := p.Clone()
	if most == 0 {
		return out // no drop
	}
	scale := strength / most
	for i, m := range mask {
		if m == 0 {
			continue
		}
		m = float64(m * scale)
		for k, c := range water {
			out.Pix[3*i+k] = cut(float64(p.Pix[3*i+k]) + float64(m*float64(c)))
		}
	}
	return out
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
