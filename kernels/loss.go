package kernels

import "fmt"

// rowMax returns the maximum of a row that is not empty; a NaN wins.
func rowMax(x []float32) float32 {
	m := x[0]
	for _, v := range x[1:] {
		if v > m || v != v && m == m {
			m = v
		}
	}
	return m
}

// softmaxRow stores the softmax of x in dst and returns the maximum and the sum of the exponentials.
func softmaxRow(dst, x []float32) (m, total float32) {
	m = rowMax(x)
	for j, v := range x {
		dst[j] = v - m
	}
	ExpSlice(dst, dst)
	total = Sum(dst)
	for j := range dst {
		dst[j] /= total
	}
	return m, total
}

// Softmax stores in dst the softmax of each of the n rows of x [n, c]; dst may be x. Bits: maximum, x-m, exp, Sum, divide.
func Softmax(dst, x []float32, n, c int, p *Pool) {
	sameLength("Softmax", n*c, len(dst), len(x))
	p.Run(n, func(i int) { softmaxRow(dst[i*c:(i+1)*c], x[i*c:(i+1)*c]) })
}

// LogSoftmax stores in dst (x-m) - log(Sum(exp(x-m))) for each of the n rows of x [n, c]; dst may be x.
func LogSoftmax(dst, x []float32, n, c int, p *Pool) {
	sameLength("LogSoftmax", n*c, len(dst), len(x))
	p.Run(n, func(i int) {
		e := getFloats(c)
		defer e.put()
		m, total := softmaxRow(e.v, x[i*c:(i+1)*c])
		l := Log(total)
		for j := i * c; j < (i+1)*c; j++ {
			dst[j] = (x[j] - m) - l
		}
	})
}

// SoftmaxCrossEntropy stores in loss [n] the cross-entropy of each row of logits [n, c] with its label, and in dlogits,
// unless nil, its gradient times scale (1/n for the gradient of the mean). A label outside 0..c-1 panics.
func SoftmaxCrossEntropy(loss, dlogits, logits []float32, labels []int, n, c int, scale float32, p *Pool) {
	sameLength("SoftmaxCrossEntropy logits", n*c, len(logits))
	sameLength("SoftmaxCrossEntropy rows", n, len(loss), len(labels))
	if dlogits != nil {
		sameLength("SoftmaxCrossEntropy dlogits", n*c, len(dlogits))
	}
	for i, y := range labels {
		if y < 0 || y >= c {
			panic(fmt.Sprintf("kernels: SoftmaxCrossEntropy: label %d of row %d is outside 0..%d", y, i, c-1))
		}
	}
	p.Run(n, func(i int) {
		q := getFloats(c)
		defer q.put()
		x, y := logits[i*c:(i+1)*c], labels[i]
		m, total := softmaxRow(q.v, x)
		loss[i] = Log(total) - (x[y] - m)
		if dlogits == nil {
			return
		}
		q.v[y]--
		Scale(dlogits[i*c:(i+1)*c], q.v, scale)
	})
}

// SoftCrossEntropy is SoftmaxCrossEntropy with a distribution [n, c] as the target, each row summing to 1 (mixed or
// smoothed labels): loss = Sum(t * -logsoftmax), gradient (softmax - t) * scale.
func SoftCrossEntropy(loss, dlogits, logits, target []float32, n, c int, scale float32, p *Pool) {
	sameLength("SoftCrossEntropy logits", n*c, len(logits), len(target))
	sameLength("SoftCrossEntropy rows", n, len(loss))
	if dlogits != nil {
		sameLength("SoftCrossEntropy dlogits", n*c, len(dlogits))
	}
	p.Run(n, func(i int) {
		b := getFloats(2 * c)
		defer b.put()
		q, terms := b.v[:c], b.v[c:]
		x, t := logits[i*c:(i+1)*c], target[i*c:(i+1)*c]
		m, total := softmaxRow(q, x)
		l := Log(total)
		for j := range terms {
			terms[j] = t[j] * (l - (x[j] - m))
		}
		loss[i] = Sum(terms)
		if dlogits != nil {
			for j := range q {
				dlogits[i*c+j] = (q[j] - t[j]) * scale
			}
		}
	})
}

// log1p replaces e, in [0, 1], by log(1 + e), with a small relative error however small e is. u is as long.
func log1p(e, u []float32) {
	for j, v := range e {
		u[j] = 1 + v
		e[j] = (v - (u[j] - 1)) / u[j]
	}
	LogSlice(u, u)
	Add(e, u, e)
}

// BCEWithLogits stores in loss the binary cross-entropy of every logit with its target in [0, 1], and in dlogits, unless
// nil, its gradient times scale. loss = max(x, 0) - x*t + log(1 + e^-|x|), gradient (sigmoid(x) - t) * scale.
func BCEWithLogits(loss, dlogits, logits, target []float32, scale float32) {
	sameLength("BCEWithLogits", len(logits), len(loss), len(target))
	if dlogits != nil {
		sameLength("BCEWithLogits dlogits", len(logits), len(dlogits))
	}
	const most = 256 // at a time, so that they rest in the first-level cache
	b := getFloats(3 * most)
	defer b.put()
	for first := 0; first < len(logits); first += most {
		end := min(first+most, len(logits))
		x, t, n := logits[first:end], target[first:end], end-first
		e, u, s := b.v[:n], b.v[most:][:n], b.v[2*most:][:n]
		for j, v := range x {
			e[j] = -abs(v)
		}
		ExpSlice(e, e)
		log1p(e, u)
		if dlogits != nil {
			SigmoidSlice(s, x)
		}
		for j, v := range x {
			pos := v
			if v < 0 {
				pos = 0
			}
			loss[first+j] = FMA32(-v, t[j], pos) + e[j]
			if dlogits != nil {
				dlogits[first+j] = (s[j] - t[j]) * scale
			}
		}
	}
}

// JensenShannon stores in loss [n] the Jensen-Shannon divergence of the softmax distributions of several views of each row:
// the mean over views of KL(p_v || m), m the mean of the p_v. logits holds one [n, c] slice a view. dlogits, unless nil,
// holds as many slices, which get the gradients times scale.
//
// Source: Hendrycks et al., AugMix, ICLR 2020, whose clamp of m to at least 1e-7 is kept.
func JensenShannon(loss []float32, dlogits, logits [][]float32, n, c int, scale float32, p *Pool) {
	views := len(logits)
	if views == 0 || dlogits != nil && len(dlogits) != views {
		panic(fmt.Sprintf("kernels: JensenShannon: %d views of logits, %d of gradients", views, len(dlogits)))
	}
	sameLength("JensenShannon rows", n, len(loss))
	for v := range logits {
		sameLength("JensenShannon logits", n*c, len(logits[v]))
		if dlogits != nil {
			sameLength("JensenShannon dlogits", n*c, len(dlogits[v]))
		}
	}
	p.Run(n, func(i int) {
		b := getFloats((2*views + 2) * c)
		defer b.put()
		row := func(k int) []float32 { return b.v[k*c : (k+1)*c] }
		mix, terms := row(2*views), row(2*views+1)
		clear(mix)
		for v, x := range logits {
			x = x[i*c : (i+1)*c]
			m, total := softmaxRow(row(v), x)
			l, logp := Log(total), row(views+v)
			for j := range logp {
				logp[j] = (x[j] - m) - l
			}
			Add(mix, mix, row(v))
		}
		for j := range mix {
			mix[j] = max32(mix[j]/float32(views), 1e-7)
		}
		LogSlice(mix, mix)
		var all float32
		for v := range views {
			q, logp := row(v), row(views+v)
			for j := range terms {
				logp[j] -= mix[j]
				terms[j] = q[j] * logp[j]
			}
			kl := Sum(terms)
			all += kl
			if dlogits != nil {
				s := scale / float32(views)
				for j := range q {
					dlogits[v][i*c+j] = q[j] * (logp[j] - kl) * s
				}
			}
		}
		loss[i] = all / float32(views)
	})
}

// max32 returns x, or lo if x is less; NaN passes.
func max32(x, lo float32) float32 {
	if x < lo {
		return lo
	}
	return x
}

// SoftmaxBack stores y * (dy - Sum(dy*y)) for each of the n rows, given the output y of Softmax; dx may be dy.
func SoftmaxBack(dx, dy, y []float32, n, c int, p *Pool) {
	sameLength("SoftmaxBack", n*c, len(dx), len(dy), len(y))
	p.Run(n, func(i int) {
		terms := getFloats(c)
		defer terms.put()
		a, b := i*c, (i+1)*c
		Mul(terms.v, dy[a:b], y[a:b])
		total := Sum(terms.v)
		for j := a; j < b; j++ {
			dx[j] = y[j] * (dy[j] - total)
		}
	})
}

// LogSoftmaxBack stores fma(-exp(y), Sum(dy), dy) for each of the n rows, given the output y of LogSoftmax; dx may be dy.
func LogSoftmaxBack(dx, dy, y []float32, n, c int, p *Pool) {
	sameLength("LogSoftmaxBack", n*c, len(dx), len(dy), len(y))
	p.Run(n, func(i int) {
		e := getFloats(c)
		defer e.put()
		total := Sum(dy[i*c : (i+1)*c])
		ExpSlice(e.v, y[i*c:(i+1)*c])
		copy(dx[i*c:(i+1)*c], dy[i*c:(i+1)*c])
		Axpy(-total, e.v, dx[i*c:(i+1)*c])
	})
}
