package kernels

// GroupNorm normalises each image of x [n, c, plane] over groups of c/groups neighbouring channels and stores
// gamma*xhat + beta, gamma and beta one a channel, in dst, which may be x. mean and variance (biased), n*groups elements
// each, are stored for GroupNormBack. With groups = c it is InstanceNorm.
//
// Source: Wu and He, ECCV 2018. Bits: as BatchNorm, the group's planes in ascending order.
func GroupNorm(dst, x, gamma, beta, mean, variance []float32, n, c, plane, groups int, eps float32, p *Pool) {
	each := checkGroups("GroupNorm", n, c, plane, groups, [][]float32{dst, x}, [][]float32{gamma, beta}, [][]float32{mean, variance})
	be := backend()
	p.Run(n*groups, func(i int) {
		set := normSet{i * each, 1, each, plane}
		mean[i], variance[i] = set.moments(be, x)
		for j := range each {
			ch := i%groups*each + j
			a, b := normScale(gamma[ch], beta[ch], mean[i], variance[i], eps)
			be.Affine(a, b, set.at(dst, j), set.at(x, j))
		}
	})
}

// GroupNormBack stores the gradients of GroupNorm in x, gamma and beta, given dy and the mean and variance that GroupNorm
// stored. dx may be dy.
//
// Bits: t1 and t2 are a plane's block sums of dy and of fma(dy, x-mean, .); s1 and s2 are chains of gamma*t1 and gamma*t2
// over the group's channels. With i = 1/sqrt(var+eps) and m values a group, dx = fma(dy, gamma*i, fma(x-mean,
// -(i*i)*(s2*i)/m, -i*s1/m)); dgamma is the chain of t2*i over images, dbeta the sum of t1 from +0 in their order.
func GroupNormBack(dx, dgamma, dbeta, dy, x, gamma, mean, variance []float32, n, c, plane, groups int, eps float32, p *Pool) {
	each := checkGroups("GroupNormBack", n, c, plane, groups, [][]float32{dx, dy, x}, [][]float32{dgamma, dbeta, gamma}, [][]float32{mean, variance})
	be := backend()
	sums := getFloats(2 * n * c)
	defer sums.put()
	t1, t2 := sums.v[:n*c], sums.v[n*c:]
	p.Run(n*groups, func(g int) {
		var s1, s2 float32
		for j := range each {
			at := g*each + j
			k := gamma[g%groups*each+j]
			t1[at], t2[at] = normSet{at, 1, 1, plane}.gradSums(be, dy, x, mean[g])
			s1, s2 = FMA32(k, t1[at], s1), FMA32(k, t2[at], s2)
		}
		set := normSet{g * each, 1, each, plane}
		i, m := 1/Sqrt(variance[g]+eps), float32(set.values())
		q, r := -(i*i)*(s2*i)/m, -i*s1/m
		for j := range each {
			be.NormBack(gamma[g%groups*each+j]*i, mean[g], q, r, set.at(dx, j), set.at(dy, j), set.at(x, j))
		}
	})
	clear(dgamma)
	clear(dbeta)
	for at := range n * c {
		ch := at % c
		dgamma[ch] = FMA32(t2[at], 1/Sqrt(variance[at/each]+eps), dgamma[ch])
		dbeta[ch] += t1[at]
	}
}

// InstanceNorm normalises every plane of x [n, c, plane] on its own: GroupNorm with one channel a group. mean and variance
// have n*c elements.
func InstanceNorm(dst, x, gamma, beta, mean, variance []float32, n, c, plane int, eps float32, p *Pool) {
	GroupNorm(dst, x, gamma, beta, mean, variance, n, c, plane, c, eps, p)
}

// InstanceNormBack stores the gradients of InstanceNorm, as GroupNormBack does.
func InstanceNormBack(dx, dgamma, dbeta, dy, x, gamma, mean, variance []float32, n, c, plane int, eps float32, p *Pool) {
	GroupNormBack(dx, dgamma, dbeta, dy, x, gamma, mean, variance, n, c, plane, c, eps, p)
}

func checkGroups(op string, n, c, plane, groups int, tensors, channels, sets [][]float32) (each int) {
	if groups < 1 || c%groups != 0 {
		panic("kernels: " + op + ": the groups must divide the channels")
	}
	checkNorm(op, n*c*plane, c, tensors, channels)
	for _, s := range sets {
		sameLength(op+" sets", n*groups, len(s))
	}
	return c / groups
}

// WeightStandard stores in dst the weights w [co, k] with mean 0 and variance 1 in each row, as a convolution with weight
// standardisation uses them; dst may be w.
//
// Source: Qiao et al., arXiv:1903.10520. Bits: the norm of a plane with gamma 1 and beta 0.
func WeightStandard(dst, w []float32, co, k int, eps float32) {
	sameLength("WeightStandard", co*k, len(dst), len(w))
	be := backend()
	for o := range co {
		set := normSet{o, 1, 1, k}
		mean, variance := set.moments(be, w)
		set.apply(be, dst, w, 1, 0, mean, variance, eps)
	}
}

// WeightStandardBack stores in dw the gradient of WeightStandard in w, given dy in its output; dw may be dy.
func WeightStandardBack(dw, dy, w []float32, co, k int, eps float32) {
	sameLength("WeightStandardBack", co*k, len(dw), len(dy), len(w))
	be := backend()
	m := float32(k)
	for o := range co {
		set := normSet{o, 1, 1, k}
		mean, variance := set.moments(be, w)
		s1, s2 := set.gradSums(be, dy, w, mean)
		i := 1 / Sqrt(variance+eps)
		be.NormBack(i, mean, -(i*i)*(s2*i)/m, -i*s1/m, set.at(dw, 0), set.at(dy, 0), set.at(w, 0))
	}
}
