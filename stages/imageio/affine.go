package imageio

import "math"

// Affine maps points of a result to points of its source: x' = m[0]x + m[1]y + m[2], y' = m[3]x + m[4]y + m[5]. Points count from the
// upper left corner of the image, pixel centres lie at halves.
type Affine [6]float64

// Rotation turns an image of h x w about its middle, counter-clockwise, as Pillow's Image.rotate.
func Rotation(degrees float64, h, w int) Affine {
	// As Pillow does it, sine and cosine are rounded to 15 decimals.
	short := func(v float64) float64 { return math.RoundToEven(float64(v*1e15)) / 1e15 }
	sin, cos := short(sinPi(-degrees/180)), short(sinPi(0.5-degrees/180))
	cy, cx := float64(h)/2, float64(w)/2
	return Affine{
		cos, sin, float64(cos*-cx) + float64(sin*-cy) + cx,
		-sin, cos, float64(-sin*-cx) + float64(cos*-cy) + cy,
	}
}

// Warp fills dst, of src's size and 3 channels, by reading src where m says, bilinearly; what lies outside src is fill. It is Pillow's
// Image.transform with BILINEAR: values beyond the outermost pixel centres repeat them, the rest is cut off, not rounded. Which
// pixels are outside is Pillow's choice exactly; values may lie one level off, since weights here are multiples of 2^-14.
func Warp(dst, src *Pixels, m Affine, fill [3]byte) {
	h, w := src.H, src.W
	for y := range h {
		row := dst.Row(y)
		from, to := m.inside(y, h, w)
		paint(row[:3*from], fill)
		paint(row[3*to:], fill)
		if from < to {
			warpRow(row[3*from:3*to], src, m, from, y)
		}
	}
}

// point is m applied to the centre of pixel x of a row, in the order in which Pillow adds.
func (m Affine) point(x, y int) (px, py float64) {
	u, v := float64(x)+0.5, float64(y)+0.5
	return float64(m[0]*u) + float64(m[1]*v) + m[2], float64(m[3]*u) + float64(m[4]*v) + m[5]
}

// inside returns the pixels of a row that lie on the source: from <= x < to.
func (m Affine) inside(y, h, w int) (from, to int) {
	v := float64(y) + 0.5
	cx, cy := float64(m[1]*v)+m[2], float64(m[4]*v)+m[5]
	lo, hi := 0.0, float64(w)
	for _, a := range [2][3]float64{{m[0], cx, float64(w)}, {m[3], cy, float64(h)}} {
		// 0 <= slope*(x+0.5) + c < size
		switch slope, c, size := a[0], a[1], a[2]; {
		case slope == 0 && (c < 0 || c >= size):
			return 0, 0
		case slope > 0:
			lo, hi = max(lo, -c/slope-0.5), min(hi, (size-c)/slope-0.5)
		case slope < 0:
			lo, hi = max(lo, (size-c)/slope-0.5), min(hi, -c/slope-0.5)
		}
	}
	if !(lo < hi) {
		return 0, 0
	}
	on := func(x int) bool {
		px, py := m.point(x, y)
		return px >= 0 && px < float64(w) && py >= 0 && py < float64(h)
	}
	// The quotients may be off by a rounding error: settle the ends by the rule itself.
	from, to = max(int(math.Ceil(lo))-1, 0), min(int(math.Ceil(hi))+1, w)
	for from < to && !on(from) {
		from++
	}
	for from < to && !on(to-1) {
		to--
	}
	return from, to
}

// fixed is the fraction of positions, weightBits that of weights.
const (
	fixed      = 32
	weightBits = 14
)

// warpRow reads the pixels of a line from number first on, all of which lie on the source.
func warpRow(row []byte, src *Pixels, m Affine, first, line int) {
	px, py := m.point(first, line)
	x, y := toFixed(px-0.5), toFixed(py-0.5)
	dx, dy := toFixed(m[0]), toFixed(m[3])
	n := len(row) / 3
	stride := 3 * src.W
	if dx == 1<<fixed && dy == 0 {
		slide(row, src, int(x>>fixed), int(y>>fixed), weight(x), weight(y))
		return
	}
	for i := range n {
		ix, iy := int(x>>fixed), int(y>>fixed)
		fx, fy := weight(x), weight(y)
		x, y = x+dx, y+dy
		out := row[3*i : 3*i+3 : 3*i+3]
		if uint(ix) >= uint(src.W-1) || uint(iy) >= uint(src.H-1) {
			rim(out, src, ix, iy, fx, fy)
			continue
		}
		at := iy*stride + 3*ix
		a, b := src.Pix[at:at+6:at+6], src.Pix[at+stride:at+stride+6:at+stride+6]
		// Four weights that add up to 2^28; no product passes 2^36.
		w11 := fx * fy
		w01 := fx<<weightBits - w11
		w10 := fy<<weightBits - w11
		w00 := 1<<(2*weightBits) - w01 - w10 - w11
		out[0] = byte((uint64(a[0])*w00 + uint64(a[3])*w01 + uint64(b[0])*w10 + uint64(b[3])*w11) >> (2 * weightBits))
		out[1] = byte((uint64(a[1])*w00 + uint64(a[4])*w01 + uint64(b[1])*w10 + uint64(b[4])*w11) >> (2 * weightBits))
		out[2] = byte((uint64(a[2])*w00 + uint64(a[5])*w01 + uint64(b[2])*w10 + uint64(b[5])*w11) >> (2 * weightBits))
	}
}

func toFixed(v float64) int64 { return int64(math.Floor(float64(v*(1<<fixed)) + 0.5)) }

// weight is the fraction of a position.
func weight(v int64) uint64 { return uint64(v) & (1<<fixed - 1) >> (fixed - weightBits) }

// rim reads a pixel one of whose neighbours lies outside: the edge repeats.
func rim(out []byte, src *Pixels, ix, iy int, fx, fy uint64) {
	x0, x1 := 3*min(max(ix, 0), src.W-1), 3*min(max(ix+1, 0), src.W-1)
	a, b := src.Row(min(max(iy, 0), src.H-1)), src.Row(min(max(iy+1, 0), src.H-1))
	const one = 1 << weightBits
	for c := range out {
		top := uint64(a[x0+c])*(one-fx) + uint64(a[x1+c])*fx
		bottom := uint64(b[x0+c])*(one-fx) + uint64(b[x1+c])*fx
		out[c] = byte((top*(one-fy) + bottom*fy) >> (2 * weightBits))
	}
}

// slide reads a row that keeps its direction and scale from pixel (x, y) of src on: all its pixels share their weights.
func slide(row []byte, src *Pixels, x, y int, fx, fy uint64) {
	n := len(row) / 3
	// Pixels whose left or right neighbour is outside, one at most at either end.
	for n > 0 && x < 0 {
		rim(row[:3], src, x, y, fx, fy)
		row, x, n = row[3:], x+1, n-1
	}
	for n > 0 && x+n > src.W-1 {
		rim(row[3*n-3:3*n], src, x+n-1, y, fx, fy)
		n--
	}
	if n == 0 {
		return
	}
	row = row[:3*n]
	a := src.Row(max(y, 0))[3*x:]
	b := src.Row(min(y+1, src.H-1))[3*x:]
	if y < 0 {
		b = a
	}
	switch {
	case fx == 0 && fy == 0:
		copy(row, a)
	case fy == 0:
		mix(row, a, a[3:], uint32(fx))
	case fx == 0:
		mix(row, a, b, uint32(fy))
	default:
		w11 := fx * fy
		w01 := fx<<weightBits - w11
		w10 := fy<<weightBits - w11
		w00 := 1<<(2*weightBits) - w01 - w10 - w11
		a, b, a1, b1 := a[:len(row)], b[:len(row)], a[3:3+len(row)], b[3:3+len(row)]
		for i := range row {
			row[i] = byte((uint64(a[i])*w00 + uint64(a1[i])*w01 + uint64(b[i])*w10 + uint64(b1[i])*w11) >> (2 * weightBits))
		}
	}
}

// mix is a + (b-a)*t/2^14, cut off.
func mix(dst, a, b []byte, t uint32) {
	a, b = a[:len(dst)], b[:len(dst)]
	s := 1<<weightBits - t
	for i := range dst {
		dst[i] = byte((uint32(a[i])*s + uint32(b[i])*t) >> weightBits)
	}
}

func paint(row []byte, fill [3]byte) {
	for i := 0; i+2 < len(row); i += 3 {
		row[i], row[i+1], row[i+2] = fill[0], fill[1], fill[2]
	}
}
