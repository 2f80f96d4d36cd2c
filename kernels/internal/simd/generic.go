package simd

import "math"

func tileGeneric(rows, k int, a, src []float32, off []int, p1 int, c []float32, c1, ldc int, load bool) {
	for i := range rows {
		for j := 0; j < Lanes; j += 4 {
			at, from := i*ldc+j, j
			if j >= Group {
				at, from = c1+i*ldc+j-Group, p1+j-Group
			}
			out := c[at : at+4 : at+4]
			var s0, s1, s2, s3 float64
			if load {
				s0, s1, s2, s3 = float64(out[0]), float64(out[1]), float64(out[2]), float64(out[3])
			}
			w := i
			for _, o := range off[:k] {
				x := src[from+o : from+o+4 : from+o+4]
				s0, s1, s2, s3 = chain4(float64(a[w]), x, s0, s1, s2, s3)
				w += rows
			}
			out[0], out[1], out[2], out[3] = float32(s0), float32(s1), float32(s2), float32(s3)
		}
	}
}

// chain4 is chain for four lanes; the rare second rounding is tested for all four at once.
func chain4(w float64, x []float32, s0, s1, s2, s3 float64) (float64, float64, float64, float64) {
	t0 := float64(w*float64(x[0])) + s0
	t1 := float64(w*float64(x[1])) + s1
	t2 := float64(w*float64(x[2])) + s2
	t3 := float64(w*float64(x[3])) + s3
	if single(math.Float64bits(t0)) && single(math.Float64bits(t1)) && single(math.Float64bits(t2)) && single(math.Float64bits(t3)) {
		return float64(float32(t0)), float64(float32(t1)), float64(float32(t2)), float64(float32(t3))
	}
	return chain(w, float64(x[0]), s0), chain(w, float64(x[1]), s1), chain(w, float64(x[2]), s2), chain(w, float64(x[3]), s3)
}

func gradTileGeneric(rows, n int, x []float32, row, pos []int, b, c []float32) {
	for i := range rows {
		for j := 0; j < Lanes; j += 4 {
			var s0, s1, s2, s3 float64
			at := j
			for _, p := range pos[:n] {
				s0, s1, s2, s3 = chain4(float64(x[row[i]+p]), b[at:at+4:at+4], s0, s1, s2, s3)
				at += Lanes
			}
			out := c[i*Lanes+j : i*Lanes+j+4]
			out[0], out[1], out[2], out[3] = float32(s0), float32(s1), float32(s2), float32(s3)
		}
	}
}

func axpyGeneric(w float32, x, y []float32) {
	x = x[:len(y)]
	for i := range y {
		y[i] = FMA32(w, x[i], y[i])
	}
}

func laneSumGeneric(rows int, x []float32, acc *[SumLanes]float32) {
	*acc = [SumLanes]float32{}
	for r := range rows {
		for j, v := range x[r*SumLanes : r*SumLanes+SumLanes] {
			acc[j] += v
		}
	}
}

func laneSquareGeneric(rows int, x []float32, mu float32, acc *[SumLanes]float32) {
	*acc = [SumLanes]float32{}
	for r := range rows {
		for j, v := range x[r*SumLanes : r*SumLanes+SumLanes] {
			d := v - mu
			acc[j] = FMA32(d, d, acc[j])
		}
	}
}

func laneCrossGeneric(rows int, x []float32, mux float32, y []float32, muy float32, acc *[SumLanes]float32) {
	*acc = [SumLanes]float32{}
	for r := range rows {
		ys := y[r*SumLanes : r*SumLanes+SumLanes]
		for j, v := range x[r*SumLanes : r*SumLanes+SumLanes] {
			acc[j] = FMA32(v-mux, ys[j]-muy, acc[j])
		}
	}
}
