package kernels

import "math"

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

// PixelShuffle moves x [n, c*r*r, h, w] to dst [n, c, h*r, w*r]: channel (ch*r + i)*r + j becomes row i and column j of
// each r x r cell.
func PixelShuffle(dst, x []float32, n, c, h, w, r int) {
	sameLength("PixelShuffle", n*c*r*r*h*w, len(dst), len(x))
	be := backend()
	for y := range n * c * h * r {
		to := dst[y*w*r:][:w*r]
		if r == 2 {
			a, b := cellRow(y, 0, h, r)*w, cellRow(y, 1, h, r)*w
			be.Interleave(to, x[a:a+w], x[b:b+w])
			continue
		}
		for j := range r {
			for k, v := range x[cellRow(y, j, h, r)*w:][:w] {
				to[k*r+j] = v
			}
		}
	}
}

// PixelShuffleBack moves dy [n, c, h*r, w*r] back to dx [n, c*r*r, h, w]; it is the inverse of PixelShuffle.
func PixelShuffleBack(dx, dy []float32, n, c, h, w, r int) {
	sameLength("PixelShuffleBack", n*c*r*r*h*w, len(dx), len(dy))
	be := backend()
	for y := range n * c * h * r {
		for j := range r {
			everyOf(be, dx[cellRow(y, j, h, r)*w:][:w], dy[y*w*r+j:(y+1)*w*r], r)
		}
	}
}

// cellRow is the row, over planes of h, that holds column j of the cells of row y, over planes of h*r.
func cellRow(y, j, h, r int) int {
	plane, y := y/(h*r), y%(h*r)
	return ((plane*r+y%r)*r+j)*h + y/r
}

// Upsample repeats every pixel of x [planes, h, w] r times in both directions: dst is [planes, h*r, w*r].
func Upsample(dst, x []float32, planes, h, w, r int) {
	sameLength("Upsample x", planes*h*w, len(x))
	sameLength("Upsample", planes*h*w*r*r, len(dst))
	be := backend()
	for y := range planes * h {
		from, cells := x[y*w:(y+1)*w], dst[y*w*r*r:(y+1)*w*r*r]
		if r == 2 {
			be.Interleave(cells[:w*r], from, from)
		} else {
			for k, v := range from {
				for j := range r {
					cells[k*r+j] = v
				}
			}
		}
		for i := 1; i < r; i++ {
			copy(cells[i*w*r:(i+1)*w*r], cells[:w*r])
		}
	}
}

// UpsampleBack stores in dx the gradient of Upsample: the sum from +0 of each r x r cell of dy in (row, column) order.
func UpsampleBack(dx, dy []float32, planes, h, w, r int) {
	sameLength("UpsampleBack dx", planes*h*w, len(dx))
	sameLength("UpsampleBack dy", planes*h*w*r*r, len(dy))
	be := backend()
	column := getFloats(w)
	defer column.put()
	for y := range planes * h {
		to := dx[y*w : (y+1)*w]
		clear(to)
		for i := range r {
			for j := range r {
				everyOf(be, column.v, dy[(y*r+i)*w*r+j:(y*r+i+1)*w*r], r)
				be.Add(to, to, column.v)
			}
		}
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
		to := dst[i*each : (i+1)*each]
		for j, v := range x[i*each : (i+1)*each] {
			less := uint32(int32(math.Float32bits(u.v[j]-prob)) >> 31) // all ones; a branch would be guessed wrong too often
			to[j] = math.Float32frombits(math.Float32bits(v*scale) &^ less)
		}
	})
}
