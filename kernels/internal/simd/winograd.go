package simd

// The transforms of Winograd's F(2x2, 3x3): Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016.
// Each first goes down columns, then along rows; every operation is rounded. Lanes are channels.

// WinogradTaps is the number of products that stand for the nine taps, or for the 4x4 pixels that a tile reads.
const WinogradTaps = 16

// WinogradInput turns what tiles side by side read. Row i of tile t begins at src[i*pitch+2*t*step], the fourth at
// src[fourth+2*t*step]; its columns are step apart, the fourth is last behind the first. Value k = 4*i+j of lane l goes to
// dst[k*plane+t*next+l], for l below lanes, a multiple of 16. Of a tile whose lower or right outputs nobody wants, fourth or
// last may point anywhere.
func (b Backend) WinogradInput(tiles, lanes int, src []float32, pitch, fourth, step, last int, dst []float32, plane, next int) {
	if tiles == 0 {
		return
	}
	// The last values that are read and written.
	_ = src[max(2*pitch, fourth)+2*(tiles-1)*step+max(2*step, last)+lanes-1]
	_ = dst[(WinogradTaps-1)*plane+(tiles-1)*next+lanes-1]
	if b >= AVX2 {
		b.winogradInputLoop(tiles, lanes, &src[0], pitch, fourth, step, last, &dst[0], plane, next)
		return
	}
	for t := range tiles {
		for l := range lanes {
			var d [4][4]float32
			for i, row := range [4]int{0, pitch, 2 * pitch, fourth} {
				for j, column := range [4]int{0, step, 2 * step, last} {
					d[i][j] = src[row+2*t*step+column+l]
				}
			}
			for j := range d {
				d[0][j], d[1][j], d[2][j], d[3][j] = winogradInput(d[0][j], d[1][j], d[2][j], d[3][j])
			}
			for i := range d {
				to := dst[4*i*plane+t*next+l:]
				to[0], to[plane], to[2*plane], to[3*plane] = winogradInput(d[i][0], d[i][1], d[i][2], d[i][3])
			}
		}
	}
}

func winogradInput(d0, d1, d2, d3 float32) (v0, v1, v2, v3 float32) {
	return d0 - d2, d1 + d2, d2 - d1, d1 - d3
}

// WinogradOutput turns the products of tiles, which lie as WinogradInput stores values, into outputs: lane l of the upper
// left one of tile t goes to dst[t*ahead+l], the others down and right of it. Of a tile whose lower or right outputs nobody
// wants, down or right is 0. In end, which may be nil, Shift is for l, Add lies as dst does, and Scale is not used.
func (b Backend) WinogradOutput(tiles, lanes int, src []float32, plane, next int, dst []float32, down, right, ahead int, end *Ending) {
	if tiles == 0 {
		return
	}
	last := (tiles-1)*ahead + down + right + lanes - 1
	_ = src[(WinogradTaps-1)*plane+(tiles-1)*next+lanes-1]
	_ = dst[last]
	var e Ending
	if end != nil {
		e = *end
	}
	var shift, add *float32
	if e.Shift != nil {
		_ = e.Shift[lanes-1]
		shift = &e.Shift[0]
	}
	if e.Add != nil {
		_ = e.Add[last]
		add = &e.Add[0]
	}
	if b >= AVX2 {
		b.winogradOutputLoop(tiles, lanes, &src[0], plane, next, &dst[0], down, right, ahead, shift, add, int(e.Act), e.Slope)
		return
	}
	for t := range tiles {
		for l := range lanes {
			var p [2][4]float32
			for j := range 4 {
				m := src[j*plane+t*next+l:]
				p[0][j], p[1][j] = winogradOutput(m[0], m[4*plane], m[8*plane], m[12*plane])
			}
			// All are read before any is stored; surplus ones are stored first.
			var y [4]float32
			at := [4]int{t*ahead + l, t*ahead + l + right, t*ahead + l + down, t*ahead + l + down + right}
			for i := range p {
				y[2*i], y[2*i+1] = winogradOutput(p[i][0], p[i][1], p[i][2], p[i][3])
			}
			for i := range y {
				y[i] = e.value(l, at[i], y[i])
			}
			for i := 3; i >= 0; i-- {
				dst[at[i]] = y[i]
			}
		}
	}
}

func winogradOutput(m0, m1, m2, m3 float32) (y0, y1 float32) { return (m0 + m1) + m2, (m1 - m2) - m3 }

// WinogradWeights turns the weights of n input channels: tap t of channel c of lane l, at src[(9*c+t)*lanes+l], into value k
// at dst[k*plane+c*lanes+l], for l below lanes, a multiple of 16.
func (b Backend) WinogradWeights(n, lanes int, src, dst []float32, plane int) {
	if n == 0 {
		return
	}
	_ = src[9*n*lanes-1]
	_ = dst[(WinogradTaps-1)*plane+n*lanes-1]
	if b >= AVX2 {
		b.winogradWeightsLoop(n, lanes, &src[0], &dst[0], plane)
		return
	}
	for c := range n {
		for l := range lanes {
			var u [4][3]float32
			for j := range 3 {
				g := src[(9*c+j)*lanes+l:]
				u[0][j], u[1][j], u[2][j], u[3][j] = winogradWeights(g[0], g[3*lanes], g[6*lanes])
			}
			for i := range u {
				to := dst[4*i*plane+c*lanes+l:]
				to[0], to[plane], to[2*plane], to[3*plane] = winogradWeights(u[i][0], u[i][1], u[i][2])
			}
		}
	}
}

func winogradWeights(g0, g1, g2 float32) (u0, u1, u2, u3 float32) {
	s := g0 + g2
	return g0, float32((s + g1) * 0.5), float32((s - g1) * 0.5), g2
}
