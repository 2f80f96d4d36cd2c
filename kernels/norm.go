package kernels

import "shiftmill/kernels/internal/simd"

// A normSet is the values that share a mean: count planes of plane values, the first at plane number first of the tensor
// and the others stride planes apart.
type normSet struct {
	first, stride, count, plane int
}

func (s normSet) at(x []float32, i int) []float32 {
	p := s.first + i*s.stride
	return x[p*s.plane : (p+1)*s.plane]
}

func (s normSet) values() int { return s.count * s.plane }

// moments returns the mean and the biased variance of a set: sums and squared deviations of blocks of 1,024 within a
// plane, the deviations from the block's own mean and corrected afterwards, so that large means lose nothing.
func (s normSet) moments(k simd.Backend, x []float32) (mean, variance float32) {
	blocks := (s.plane + sumBlock - 1) / sumBlock
	sums := getFloats(2 * s.count * blocks)
	defer sums.put()
	total, square := sums.v[:s.count*blocks], sums.v[s.count*blocks:]
	j := 0
	for i := range s.count {
		v := s.at(x, i)
		for b := range blocks {
			block := v[b*sumBlock : min((b+1)*sumBlock, s.plane)]
			total[j] = blockSum(k, block)
			square[j] = blockSquare(k, block, total[j]/float32(len(block)))
			j++
		}
	}
	return combine(k, total, square, blocks, s.plane, float32(s.values()))
}

// combine returns the mean and the biased variance of n values from the sums and squared deviations of their blocks, blocks
// of them a plane. It overwrites square.
func combine(k simd.Backend, total, square []float32, blocks, plane int, n float32) (mean, variance float32) {
	mean = sum(k, total) / n
	for j := range square {
		m := float32(min(sumBlock, plane-j%blocks*sumBlock))
		d := total[j]/m - mean
		square[j] = FMA32(m*d, d, square[j])
	}
	return mean, sum(k, square) / n
}

// normScale returns a and b with norm(x) = fma(x, a, b).
func normScale(gamma, beta, mean, variance, eps float32) (a, b float32) {
	a = gamma / Sqrt(variance+eps)
	return a, FMA32(-mean, a, beta)
}

// BatchNorm normalises x [n, c, plane] per channel over n and plane, as in training, and stores gamma*xhat + beta in dst,
// which may be x. mean and variance (biased), c elements each, are stored for BatchNormBack and Running. n*plane is at
// most 2^24.
//
// Source: Ioffe and Szegedy, ICML 2015. Bits: y = fma(x, a, b) with a = gamma/sqrt(var+eps), b = fma(-mean, a, beta).
func BatchNorm(dst, x, gamma, beta, mean, variance []float32, n, c, plane int, eps float32, p *Pool) {
	checkNorm("BatchNorm", n*c*plane, c, [][]float32{dst, x}, [][]float32{gamma, beta, mean, variance})
	be := backend()
	p.Run(c, func(ch int) {
		set := normSet{ch, c, n, plane}
		mean[ch], variance[ch] = set.moments(be, x)
		set.apply(be, dst, x, gamma[ch], beta[ch], mean[ch], variance[ch], eps)
	})
}

// BatchNormEval is BatchNorm with given (running) mean and variance, as in evaluation. dst may be x.
func BatchNormEval(dst, x, gamma, beta, mean, variance []float32, n, c, plane int, eps float32, p *Pool) {
	checkNorm("BatchNormEval", n*c*plane, c, [][]float32{dst, x}, [][]float32{gamma, beta, mean, variance})
	be := backend()
	p.Run(c, func(ch int) {
		normSet{ch, c, n, plane}.apply(be, dst, x, gamma[ch], beta[ch], mean[ch], variance[ch], eps)
	})
}

// BatchNormBack stores the gradients of BatchNorm in x, gamma and beta, given dy and the mean and variance that BatchNorm
// stored. dx may be dy.
//
// Bits: s1 and s2 are the block sums of dy and of fma(dy, x-mean, .); with i = 1/sqrt(var+eps), a = gamma*i and
// m = n*plane, dgamma = s2*i, dbeta = s1 and dx = fma(dy, a, fma(x-mean, -(a*i)*(s2*i)/m, -a*s1/m)).
func BatchNormBack(dx, dgamma, dbeta, dy, x, gamma, mean, variance []float32, n, c, plane int, eps float32, p *Pool) {
	checkNorm("BatchNormBack", n*c*plane, c, [][]float32{dx, dy, x}, [][]float32{dgamma, dbeta, gamma, mean, variance})
	be := backend()
	p.Run(c, func(ch int) {
		set := normSet{ch, c, n, plane}
		s1, s2 := set.gradSums(be, dy, x, mean[ch])
		i := 1 / Sqrt(variance[ch]+eps)
		dgamma[ch], dbeta[ch] = s2*i, s1
		m, a := float32(set.values()), gamma[ch]*i
		q, r := -(a*i)*(s2*i)/m, -a*s1/m
		for j := range n {
			be.NormBack(a, mean[ch], q, r, set.at(dx, j), set.at(dy, j), set.at(x, j))
		}
	})
}

// BatchNormEvalBack stores the gradients of BatchNormEval in x, gamma and beta, the statistics being constants: dx = dy*a,
// with the sums of BatchNormBack for the others. dx may be dy.
func BatchNormEvalBack(dx, dgamma, dbeta, dy, x, gamma, mean, variance []float32, n, c, plane int, eps float32, p *Pool) {
	checkNorm("BatchNormEvalBack", n*c*plane, c, [][]float32{dx, dy, x}, [][]float32{dgamma, dbeta, gamma, mean, variance})
	be := backend()
	p.Run(c, func(ch int) {
		set := normSet{ch, c, n, plane}
		s1, s2 := set.gradSums(be, dy, x, mean[ch])
		i := 1 / Sqrt(variance[ch]+eps)
		dgamma[ch], dbeta[ch] = s2*i, s1
		for j := range n {
			be.Scale(gamma[ch]*i, set.at(dx, j), set.at(dy, j))
		}
	})
}

// Running moves the running mean and variance towards those of a batch of count values a channel:
// r = fma(momentum, batch-r, r), the variance made unbiased first by count/(count-1). PyTorch's momentum is 0.1.
func Running(runMean, runVar, mean, variance []float32, count int, momentum float32) {
	sameLength("Running", len(mean), len(runMean), len(runVar), len(variance))
	factor := unbias(count)
	for i := range mean {
		runMean[i] = FMA32(momentum, mean[i]-runMean[i], runMean[i])
		runVar[i] = FMA32(momentum, float32(variance[i]*factor)-runVar[i], runVar[i])
	}
}

func unbias(count int) float32 {
	if count > 1 {
		return float32(count) / float32(count-1)
	}
	return 1
}

// apply stores the norm of a set with one scale and shift.
func (s normSet) apply(k simd.Backend, dst, x []float32, gamma, beta, mean, variance, eps float32) {
	a, b := normScale(gamma, beta, mean, variance, eps)
	for i := range s.count {
		k.Affine(a, b, s.at(dst, i), s.at(x, i))
	}
}

// gradSums returns the sums of dy and of dy*(x-mean) over a set.
func (s normSet) gradSums(k simd.Backend, dy, x []float32, mean float32) (s1, s2 float32) {
	blocks := (s.plane + sumBlock - 1) / sumBlock
	sums := getFloats(2 * s.count * blocks)
	defer sums.put()
	one, two := sums.v[:s.count*blocks], sums.v[s.count*blocks:]
	j := 0
	for i := range s.count {
		d, v := s.at(dy, i), s.at(x, i)
		for b := range blocks {
			lo, hi := b*sumBlock, min((b+1)*sumBlock, s.plane)
			one[j] = blockSum(k, d[lo:hi])
			two[j] = blockCross(k, d[lo:hi], 0, v[lo:hi], mean)
			j++
		}
	}
	return sum(k, one), sum(k, two)
}

func checkNorm(op string, size, c int, tensors, vectors [][]float32) {
	for _, t := range tensors {
		sameLength(op, size, len(t))
	}
	for _, v := range vectors {
		sameLength(op+" channels", c, len(v))
	}
}
