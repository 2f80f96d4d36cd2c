package simd

// Element-wise loops. Each has a vector part for a multiple of eight elements and the Go loop for the rest; the Go loop
// alone is the definition. The destination may be one of the sources.

// piece bounds one call of a vector loop to some 50 microseconds, since assembly cannot be preempted.
const piece = 1 << 16

// vectors returns how many of n elements the vector loop takes.
func (b Backend) vectors(n int) int {
	if b >= AVX2 {
		return n &^ 7
	}
	return 0
}

// Affine stores fma(x, a, c) in dst.
func (b Backend) Affine(a, c float32, dst, x []float32) {
	n := b.vectors(len(dst))
	for i := 0; i < n; i += piece {
		affineAVX2(min(piece, n-i), a, c, &dst[i], &x[i])
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
		normBackAVX2(min(piece, n-i), p, mean, q, r, &dx[i], &dy[i], &x[i])
	}
	for i := n; i < len(dx); i++ {
		dx[i] = FMA32(dy[i], p, FMA32(x[i]-mean, q, r))
	}
}

// ReLU stores x < 0 ? +0 : x in dst.
func (b Backend) ReLU(dst, x []float32) {
	n := b.vectors(len(dst))
	for i := 0; i < n; i += piece {
		reLUAVX2(min(piece, n-i), &dst[i], &x[i])
	}
	for i := n; i < len(dst); i++ {
		dst[i] = relu(x[i])
	}
}

// ReLUBack stores y <= 0 ? +0 : dy in dx.
func (b Backend) ReLUBack(dx, dy, y []float32) {
	n := b.vectors(len(dx))
	for i := 0; i < n; i += piece {
		reLUBackAVX2(min(piece, n-i), &dx[i], &dy[i], &y[i])
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
		addAVX2(min(piece, n-i), &dst[i], &x[i], &y[i])
	}
	for i := n; i < len(dst); i++ {
		dst[i] = x[i] + y[i]
	}
}

// Offset stores x + c in dst.
func (b Backend) Offset(c float32, dst, x []float32) {
	n := b.vectors(len(dst))
	for i := 0; i < n; i += piece {
		offsetAVX2(min(piece, n-i), c, &dst[i], &x[i])
	}
	for i := n; i < len(dst); i++ {
		dst[i] = x[i] + c
	}
}

// Scale stores x * w in dst.
func (b Backend) Scale(w float32, dst, x []float32) {
	n := b.vectors(len(dst))
	for i := 0; i < n; i += piece {
		scaleAVX2(min(piece, n-i), w, &dst[i], &x[i])
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
			sgdNesterovAVX2(min(piece, n-i), minusLR, momentum, decay, &w[i], &v[i], &g[i])
		} else {
			sgdAVX2(min(piece, n-i), minusLR, momentum, decay, &w[i], &v[i], &g[i])
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
