package kernels

import "shiftmill/kernels/internal/simd"

// MatMul stores in dst [m, n] the product of a [m, k] and b [k, n]; with transA, a is stored as [k, m], with transB, b as
// [n, k]. Bits: each element is one chain over k.
func MatMul(dst, a, b []float32, m, n, k int, transA, transB bool, p *Pool) {
	sameLength("MatMul dst", m*n, len(dst))
	sameLength("MatMul a", m*k, len(a))
	sameLength("MatMul b", k*n, len(b))
	if m == 0 || n == 0 {
		return
	}
	if k == 0 {
		clear(dst)
		return
	}
	if be := backend(); be == simd.AVX512 {
		right := factor{v: b, pitch: n}
		if transB {
			right = factor{v: b, pitch: k, turned: true}
		}
		r := &product{be: be, m: m, n: n, k: k, to: target{v: dst, pitch: n}, left: a, right: right}
		if transA {
			rows := getFloats(m * k)
			defer rows.put()
			r.left = rows.v
			unturn(be, r.left, a, m, k, p)
		}
		r.run(p)
		return
	}
	f := &filter{groups: 1, m: m, terms: k, channels: k, outH: 1, outW: n}
	f.in = layout{h: 1, w: n, strideH: 1, strideW: 1, rows: 1, pitch: n}
	f.in.tap(0, 0)
	f.taps = getOffsets(k)
	defer f.release()
	step := n
	if transB {
		step = 1
	}
	for t := range f.taps.v {
		f.taps.v[t] = t * step
	}
	term := getOffsets(k)
	defer term.put()
	row, each := k, 1
	if transA {
		row, each = 1, m
	}
	for t := range term.v {
		term.v[t] = t * each
	}
	f.pack(a, 0, row, term.v, 1, p)
	if !transB {
		f.run(f.target(dst, nil), b, 1, p)
		return
	}
	f.columns(dst, b, k, p)
}

// columns computes a product whose positions lie step apart in src and whose terms side by side.
func (f *filter) columns(dst, src []float32, step int, p *Pool) {
	n := f.outW
	f.gathered = true
	pos, at := getOffsets(n), getOffsets(n)
	defer pos.put()
	defer at.put()
	for j := range n {
		pos.v[j], at.v[j] = j*step, j
	}
	const width = narrowPositions / 2
	p.Run((n+width-1)/width, func(i int) {
		a, b := i*width, min((i+1)*width, n)
		f.narrow(dst, src, nil, 0, span{pos.v[a:b], at.v[a:b]})
	})
}

// Linear stores in dst [n, out] the product of x [n, in] with the transpose of w [out, in], plus bias [out] where it is not
// nil. Bits: one chain over in for each element, the bias last.
func Linear(dst, x, w, bias []float32, n, in, out int, p *Pool) {
	sameLength("Linear x", n*in, len(x))
	sameLength("Linear w", out*in, len(w))
	MatMul(dst, x, w, n, out, in, false, true, p)
	if bias == nil {
		return
	}
	sameLength("Linear bias", out, len(bias))
	for i := range n {
		row := dst[i*out : (i+1)*out]
		for j := range row {
			row[j] += bias[j]
		}
	}
}

// LinearBackData stores in dx [n, in] the gradient of Linear in x, a chain over out, given dy [n, out].
func LinearBackData(dx, dy, w []float32, n, in, out int, p *Pool) {
	MatMul(dx, dy, w, n, in, out, false, false, p)
}

// LinearBackWeight stores in dw [out, in] the gradient of Linear in w. Bits: the terms are n, in chunks of 1,024 as in
// Conv2DBackWeight.
func LinearBackWeight(dw, dy, x []float32, n, in, out int, p *Pool) {
	Conv2DBackWeight(dw, dy, x, ConvShape{N: n, Ci: in, H: 1, W: 1, Co: out, KH: 1, KW: 1}, p)
}

// LinearBackBias stores in db [out] the gradient of Linear in its bias: Conv2DBackBias with planes of one element.
func LinearBackBias(db, dy []float32, n, out int, p *Pool) {
	Conv2DBackBias(db, dy, n, out, 1, p)
}
