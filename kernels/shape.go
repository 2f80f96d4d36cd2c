package kernels

// Concat stores the channels of the sources one after the other: source k is [n, channels[k], plane], dst is
// [n, sum of channels, plane].
func Concat(dst []float32, src [][]float32, channels []int, n, plane int) {
	total := 0
	for k, c := range channels {
		sameLength("Concat source", n*c*plane, len(src[k]))
		total += c
	}
	sameLength("Concat", n*total*plane, len(dst))
	at := 0
	for i := range n {
		for k, c := range channels {
			at += copy(dst[at:], src[k][i*c*plane:(i+1)*c*plane])
		}
	}
}

// Slice stores the channels from first to end of x [n, c, plane] in dst [n, end-first, plane].
func Slice(dst, x []float32, n, c, plane, first, end int) {
	sameLength("Slice x", n*c*plane, len(x))
	sameLength("Slice", n*(end-first)*plane, len(dst))
	for i := range n {
		copy(dst[i*(end-first)*plane:], x[(i*c+first)*plane:(i*c+end)*plane])
	}
}

// SliceBack stores in dx [n, c, plane] the gradient of Slice: dy in the channels from first to end, +0 elsewhere.
func SliceBack(dx, dy []float32, n, c, plane, first, end int) {
	sameLength("SliceBack dx", n*c*plane, len(dx))
	sameLength("SliceBack dy", n*(end-first)*plane, len(dy))
	clear(dx)
	for i := range n {
		copy(dx[(i*c+first)*plane:(i*c+end)*plane], dy[i*(end-first)*plane:(i+1)*(end-first)*plane])
	}
}

// PixelShuffle moves x [n, c*r*r, h, w] to dst [n, c, h*r, w*r]: channel (ch*r + i)*r + j becomes row i and column j of
// each r x r cell.
func PixelShuffle(dst, x []float32, n, c, h, w, r int) {
	sameLength("PixelShuffle", n*c*r*r*h*w, len(dst), len(x))
	if r == 2 {
		be := backend()
		for nc := range n * c {
			for y := range 2 * h {
				from := ((nc*4+y%2*2)*h + y/2) * w
				be.Interleave(dst[(nc*2*h+y)*2*w:][:2*w], x[from:from+w], x[from+h*w:][:w])
			}
		}
		return
	}
	shuffle(n, c, h, w, r, func(fine, coarse int) { dst[fine] = x[coarse] })
}

// PixelShuffleBack moves dy [n, c, h*r, w*r] back to dx [n, c*r*r, h, w]; it is the inverse of PixelShuffle.
func PixelShuffleBack(dx, dy []float32, n, c, h, w, r int) {
	sameLength("PixelShuffleBack", n*c*r*r*h*w, len(dx), len(dy))
	shuffle(n, c, h, w, r, func(fine, coarse int) { dx[coarse] = dy[fine] })
}

func shuffle(n, c, h, w, r int, move func(fine, coarse int)) {
	fine := 0
	for nc := range n * c {
		for y := range h * r {
			for x := range w * r {
				ch := (nc*r+y%r)*r + x%r
				move(fine, (ch*h+y/r)*w+x/r)
				fine++
			}
		}
	}
}

// Upsample repeats every pixel of x [planes, h, w] r times in both directions: dst is [planes, h*r, w*r].
func Upsample(dst, x []float32, planes, h, w, r int) {
	sameLength("Upsample x", planes*h*w, len(x))
	sameLength("Upsample", planes*h*w*r*r, len(dst))
	for i := range dst {
		dst[i] = x[i/(w*r)/r*w+i%(w*r)/r]
	}
}

// UpsampleBack stores in dx the gradient of Upsample: the sum from +0 of each r x r cell of dy in (row, column) order.
func UpsampleBack(dx, dy []float32, planes, h, w, r int) {
	sameLength("UpsampleBack dx", planes*h*w, len(dx))
	sameLength("UpsampleBack dy", planes*h*w*r*r, len(dy))
	for i := range dx {
		var s float32
		for y := range r {
			at := (i/w*r+y)*w*r + i%w*r
			for _, d := range dy[at : at+r] {
				s += d
			}
		}
		dx[i] = s
	}
}

// Dropout stores x/(1-prob) where a row's uniform number for the element is at least prob, else +0. x and dst are
// [len(rows), each]; the numbers are those of Source.Uniforms from element 0 on, so a row's mask depends on its source
// alone. Applied to dy with the same rows it is the gradient. dst may be x.
func Dropout(dst, x []float32, rows []Source, prob float32, p *Pool) {
	sameLength("Dropout", len(dst), len(x))
	if len(rows) == 0 {
		return
	}
	each := len(x) / len(rows)
	sameLength("Dropout rows", each*len(rows), len(x))
	scale := 1 / (1 - prob)
	p.Run(len(rows), func(i int) {
		u := getFloats(each)
		defer u.put()
		rows[i].Uniforms(u.v, 0)
		for j, v := range u.v {
			if v >= prob {
				dst[i*each+j] = x[i*each+j] * scale
			} else {
				dst[i*each+j] = 0
			}
		}
	})
}
