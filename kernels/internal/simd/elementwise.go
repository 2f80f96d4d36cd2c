package simd

// Element-wise loops. Each has a vector part for whole vectors and the Go loop for the rest; the Go loop alone is the
// definition. The destination may be one of the sources.

// piece bounds one call of a vector loop to some 50 microseconds, since assembly cannot be preempted.
const piece = 1 << 16

// vectors returns how many of n elements the vector loop takes.
func (b Backend) vectors(n int) int {
	switch b {
	case AVX512:
		return n &^ 15
	case AVX2:
		return n &^ 7
	}
	return 0
}

// Affine stores fma(x, a, c) in dst.
func (b Backend) Affine(a, c float32, dst, x []float32) {
	n := b.vectors(len(dst))
	for i := 0; i < n; i += piece {
		b.affineLoop(min(piece, n-i), a, c, &dst[i], &x[i])
	}
	for i := n; i < len(dst); i++ {
		dst[i] = FMA32(x[i], a, c)
	}
}

// relu lets NaN and -0 pass.
func relu(x float32) float32 {
	if x < 0 {
		return 0
	}
	return x
}

// NormBack stores fma(dy, p, fma(x-mean, q, r)) in dx.
func (b Backend) NormBack(p, mean, q, r float32, dx, dy, x []float32) {
	n := b.vectors(len(dx))
	for i := 0; i < n; i += piece {
		b.normBackLoop(min(piece, n-i), p, mean, q, r, &dx[i], &dy[i], &x[i])
	}
	for i := n; i < len(dx); i++ {
		dx[i] = FMA32(dy[i], p, FMA32(x[i]-mean, q, r))
	}
}

// ReLU stores x < 0 ? +0 : x in dst.
func (b Backend) ReLU(dst, x []float32) {
	n := b.vectors(len(dst))
	for i := 0; i < n; i += piece {
		b.reLULoop(min(piece, n-i), &dst[i], &x[i])
	}
	for i := n; i < len(dst); i++ {
		dst[i] = relu(x[i])
	}
}

// ReLUBack stores y <= 0 ? +0 : dy in dx.
func (b Backend) ReLUBack(dx, dy, y []float32) {
	n := b.vectors(len(dx))
	for i := 0; i < n; i += piece {
		b.reLUBackLoop(min(piece, n-i), &dx[i], &dy[i], &y[i])
	}
	for i := n; i < len(dx); i++ {
		if y[i] <= 0 {
			dx[i] = 0
		} else {
			dx[i] = dy[i]
		}
	}
}

// Add stores x + y in dst.
func (b Backend) Add(dst, x, y []float32) {
	n := b.vectors(len(dst))
	for i := 0; i < n; i += piece {
		b.addLoop(min(piece, n-i), &dst[i], &x[i], &y[i])
	}
	for i := n; i < len(dst); i++ {
		dst[i] = x[i] + y[i]
	}
}

// Max stores the maximum of m and v in dst: v where v > m, or where v alone is NaN, else m.
func (b Backend) Max(dst, m, v []float32) {
	n := b.vectors(len(dst))
	for i := 0; i < n; i += piece {
		b.maxLoop(min(piece, n-i), &dst[i], &m[i], &v[i])
	}
	for i := n; i < len(dst); i++ {
		d := m[i]
		if w := v[i]; w > d || w != w {
			d = w
		}
		dst[i] = d
	}
}

// MaxAt puts v in m, and place in at, where v > m, or where v alone is NaN.
func (b Backend) MaxAt(place float32, m, at, v []float32) {
	n := b.vectors(len(m))
	for i := 0; i < n; i += piece {
		b.maxAtLoop(min(piece, n-i), place, &m[i], &at[i], &v[i])
	}
	for i := n; i < len(m); i++ {
		if w := v[i]; w > m[i] || w != w && m[i] == m[i] {
			m[i], at[i] = w, place
		}
	}
}

// Offset stores x + c in dst.
func (b Backend) Offset(c float32, dst, x []float32) {
	n := b.vectors(len(dst))
	for i := 0; i < n; i += piece {
		b.offsetLoop(min(piece, n-i), c, &dst[i], &x[i])
	}
	for i := n; i < len(dst); i++ {
		dst[i] = x[i] + c
	}
}

// Scale stores x * w in dst.
func (b Backend) Scale(w float32, dst, x []float32) {
	n := b.vectors(len(dst))
	for i := 0; i < n; i += piece {
		b.scaleLoop(min(piece, n-i), w, &dst[i], &x[i])
	}
	for i := n; i < len(dst); i++ {
		dst[i] = x[i] * w
	}
}

// SGD makes one step of stochastic gradient descent with momentum; g is left as it is.
func (b Backend) SGD(minusLR, momentum, decay float32, nesterov bool, w, v, g []float32) {
	n := b.vectors(len(w))
	for i := 0; i < n; i += piece {
		if nesterov {
			b.sgdNesterovLoop(min(piece, n-i), minusLR, momentum, decay, &w[i], &v[i], &g[i])
		} else {
			b.sgdLoop(min(piece, n-i), minusLR, momentum, decay, &w[i], &v[i], &g[i])
		}
	}
	for i := n; i < len(w); i++ {
		d := FMA32(decay, w[i], g[i])
		v[i] = FMA32(momentum, v[i], d)
		s := v[i]
		if nesterov {
			s = FMA32(momentum, s, d)
		}
		w[i] = FMA32(minusLR, s, w[i])
	}
}

// Adam makes one step of Adam; g is left as it is. c1 and c2 are 1-b1 and 1-b2.
func (b Backend) Adam(rate, b1, c1, b2, c2, root, eps, decay float32, w, m, v, g []float32) {
	n := b.vectors(len(w))
	for i := 0; i < n; i += piece {
		b.adamLoop(min(piece, n-i), rate, b1, c1, b2, c2, root, eps, decay, &w[i], &m[i], &v[i], &g[i])
	}
	for i := n; i < len(w); i++ {
		d := FMA32(decay, w[i], g[i])
		m[i] = FMA32(b1, m[i], c1*d)
		v[i] = FMA32(b2, v[i], float32(c2*d)*d)
		w[i] = FMA32(rate, m[i]/(float32(sqrt(v[i])/root)+eps), w[i])
	}
}

// Mul stores x * y in dst.
func (b Backend) Mul(dst, x, y []float32) {
	n := b.vectors(len(dst))
	for i := 0; i < n; i += piece {
		b.mulLoop(min(piece, n-i), &dst[i], &x[i], &y[i])
	}
	for i := n; i < len(dst); i++ {
		dst[i] = x[i] * y[i]
	}
}

// MulAdd stores fma(x, y, acc) in acc.
func (b Backend) MulAdd(acc, x, y []float32) {
	n := b.vectors(len(acc))
	for i := 0; i < n; i += piece {
		b.mulAddLoop(min(piece, n-i), &acc[i], &x[i], &y[i])
	}
	for i := n; i < len(acc); i++ {
		acc[i] = FMA32(x[i], y[i], acc[i])
	}
}

// Leaky stores x < 0 ? slope*x : x in dst.
func (b Backend) Leaky(slope float32, dst, x []float32) {
	n := b.vectors(len(dst))
	for i := 0; i < n; i += piece {
		b.leakyLoop(min(piece, n-i), slope, &dst[i], &x[i])
	}
	for i := n; i < len(dst); i++ {
		dst[i] = leaky(x[i], slope)
	}
}

// leaky lets NaN pass.
func leaky(x, slope float32) float32 {
	if x < 0 {
		return x * slope
	}
	return x
}

// LeakyBack stores x <= 0 ? slope*dy : dy in dx.
func (b Backend) LeakyBack(slope float32, dx, dy, x []float32) {
	n := b.vectors(len(dx))
	for i := 0; i < n; i += piece {
		b.leakyBackLoop(min(piece, n-i), slope, &dx[i], &dy[i], &x[i])
	}
	for i := n; i < len(dx); i++ {
		d := dy[i]
		if x[i] <= 0 {
			d *= slope
		}
		dx[i] = d
	}
}

// TanhBack stores dy*(1-y*y) in dx.
func (b Backend) TanhBack(dx, dy, y []float32) {
	n := b.vectors(len(dx))
	for i := 0; i < n; i += piece {
		b.tanhBackLoop(min(piece, n-i), &dx[i], &dy[i], &y[i])
	}
	for i := n; i < len(dx); i++ {
		dx[i] = dy[i] * FMA32(-y[i], y[i], 1)
	}
}

// SigmoidBack stores dy*(y*(1-y)) in dx.
func (b Backend) SigmoidBack(dx, dy, y []float32) {
	n := b.vectors(len(dx))
	for i := 0; i < n; i += piece {
		b.sigmoidBackLoop(min(piece, n-i), &dx[i], &dy[i], &y[i])
	}
	for i := n; i < len(dx); i++ {
		dx[i] = dy[i] * (y[i] * (1 - y[i]))
	}
}

// Clamp stores x < lo ? lo : x > hi ? hi : x in dst.
func (b Backend) Clamp(lo, hi float32, dst, x []float32) {
	n := b.vectors(len(dst))
	for i := 0; i < n; i += piece {
		b.clampLoop(min(piece, n-i), lo, hi, &dst[i], &x[i])
	}
	for i := n; i < len(dst); i++ {
		v := x[i]
		if v < lo {
			v = lo
		} else if v > hi {
			v = hi
		}
		dst[i] = v
	}
}

// Interleave stores even[i] in dst[2i] and odd[i] in dst[2i+1]; dst is twice as long and overlaps neither.
func (b Backend) Interleave(dst, even, odd []float32) {
	n := b.vectors(len(even))
	for i := 0; i < n; i += piece {
		b.interleaveLoop(min(piece, n-i), &dst[2*i], &even[i], &odd[i])
	}
	for i := n; i < len(even); i++ {
		dst[2*i], dst[2*i+1] = even[i], odd[i]
	}
}

// Deinterleave stores x[2i] in dst[i]; x holds all of these.
func (b Backend) Deinterleave(dst, x []float32) {
	n := b.vectors(min(len(dst), len(x)/2)) // a vector reads the odd ones too
	for i := 0; i < n; i += piece {
		b.deinterleaveLoop(min(piece, n-i), &dst[i], &x[2*i])
	}
	for i := n; i < len(dst); i++ {
		dst[i] = x[2*i]
	}
}
