package corrupt

import "math"

// Thresholds of edges: a gradient above high begins an edge, above low goes on
// with one.
const (
	lowEdge  = 50
	highEdge = 150
)

// edges finds edges by Canny's method: 3x3 Sobel gradients (border repeated),
// their size |gx| + |gy|, thinned across the edge and followed from strong to
// weak. Source: Canny, 1986, in OpenCV's integer form, where 13573 / 2^15 is
// the tangent of 22.5 degrees.
func edges(v []byte, h, w int) []bool {
	gx, gy, size := sobel(v, h, w)
	// at is 0 outside the picture.
	at := func(y, x int) int {
		if y < 0 || y >= h || x < 0 || x >= w {
			return 0
		}
		return size[y*w+x]
	}
	weak, edge := make([]bool, h*w), make([]bool, h*w)
	var follow []int
	for i, m := range size {
		if m <= lowEdge {
			continue
		}
		y, x := i/w, i%w
		ax, ay := abs(gx[i]), abs(gy[i])<<15
		flat := ax * 13573
		var peak bool
		switch {
		case ay < flat:
			peak = m > at(y, x-1) && m >= at(y, x+1)
		case ay > flat+ax<<16:
			peak = m > at(y-1, x) && m >= at(y+1, x)
		default:
			s := 1
			if (gx[i] < 0) != (gy[i] < 0) {
				s = -1
			}
			peak = m > at(y-1, x-s) && m > at(y+1, x+s)
		}
		weak[i] = peak
		if peak && m > highEdge {
			edge[i] = true
			follow = append(follow, i)
		}
	}
	for len(follow) > 0 {
		i := follow[len(follow)-1]
		follow = follow[:len(follow)-1]
		for y := max(i/w-1, 0); y <= min(i/w+1, h-1); y++ {
			for x := max(i%w-1, 0); x <= min(i%w+1, w-1); x++ {
				if j := y*w + x; weak[j] && !edge[j] {
					edge[j] = true
					follow = append(follow, j)
				}
			}
		}
	}
	return edge
}

// sobel returns the gradients along x and y and the sum of their sizes.
func sobel(v []byte, h, w int) (gx, gy, size []int) {
	gx, gy, size = make([]int, h*w), make([]int, h*w), make([]int, h*w)
	for y := range h {
		up, mid, down := v[max(y-1, 0)*w:], v[y*w:], v[min(y+1, h-1)*w:]
		for x := range w {
			l, r := max(x-1, 0), min(x+1, w-1)
			i := y*w + x
			gx[i] = int(up[r]) + 2*int(mid[r]) + int(down[r]) - int(up[l]) - 2*int(mid[l]) - int(down[l])
			gy[i] = int(down[l]) + 2*int(down[x]) + int(down[r]) - int(up[l]) - 2*int(up[x]) - int(up[r])
			size[i] = abs(gx[i]) + abs(gy[i])
		}
	}
	return gx, gy, size
}

func abs(x int) int { return max(x, -x) }

// Lengths of the steps of distances in 1/65536 pixel: to a neighbour, across a
// corner and a knight's move. Source: Borgefors, "Distance transformations in
// digital images", 1986, with OpenCV's lengths 1, 1.4 and 2.1969.
const (
	stepSide   = 65536
	stepCorner = 91750
	stepKnight = 143976
)

// distances is the way to the next edge in pixels, two passes of a 5x5 mask.
func distances(edge []bool, h, w int) []float64 {
	const far = math.MaxInt32 / 4
	const pad = 2
	stride := w + 2*pad
	d := make([]int, (h+2*pad)*stride)
	for i := range d {
		d[i] = far
	}
	mask := [8]struct{ offset, step int }{
		{-2*stride - 1, stepKnight}, {-2*stride + 1, stepKnight}, {-stride - 2, stepKnight}, {-stride + 2, stepKnight},
		{-stride - 1, stepCorner}, {-stride + 1, stepCorner}, {-stride, stepSide}, {-1, stepSide},
	}
	for y := range h {
		for x := range w {
			i := (y+pad)*stride + x + pad
			if edge[y*w+x] {
				d[i] = 0
				continue
			}
			for _, m := range mask {
				d[i] = min(d[i], d[i+m.offset]+m.step)
			}
		}
	}
	out := make([]float64, h*w)
	for y := h - 1; y >= 0; y-- {
		for x := w - 1; x >= 0; x-- {
			i := (y+pad)*stride + x + pad
			for _, m := range mask {
				d[i] = min(d[i], d[i-m.offset]+m.step)
			}
			out[y*w+x] = float64(d[i]) / stepSide
		}
	}
	return out
}
