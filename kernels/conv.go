package kernels

// Conv2D stores in dst the convolution (cross-correlation) of x with w, plus bias where it is not nil.
//
// Shapes: those of ConvShape; bias has Co elements. Bits: each output is one chain over input channel, kernel row and
// kernel column, padding included as +0; the bias is added last.
func Conv2D(dst, x, w, bias []float32, s ConvShape, p *Pool) {
	s = s.checked("Conv2D", x, w, dst)
	if bias != nil {
		sameLength("Conv2D bias", s.Co, len(bias))
	}
	f := forwardFilter(w, s, p)
	defer f.release()
	f.run(f.target(dst, biased(bias)), x, s.N, p)
}

func forwardFilter(w []float32, s ConvShape, p *Pool) *filter {
	ci := s.Ci / s.Groups
	f := &filter{groups: s.Groups, m: s.Co / s.Groups, terms: ci * s.KH * s.KW, channels: ci, outH: s.OutH(), outW: s.OutW()}
	f.in = layout{h: s.H, w: s.W, top: s.PadH, left: s.PadW, strideH: s.StrideH, strideW: s.StrideW,
		rows: s.OutH() + (s.KH-1)*s.DilH/s.StrideH, pitch: s.OutW() + (s.KW-1)*s.DilW/s.StrideW}
	taps := make([]int, 0, s.KH*s.KW)
	for kh := range s.KH {
		for kw := range s.KW {
			taps = append(taps, f.in.tap(kh*s.DilH, kw*s.DilW))
		}
	}
	f.spread(taps)
	term := getOffsets(f.terms)
	defer term.put()
	for t := range term.v {
		term.v[t] = t
	}
	f.pack(w, f.m*f.terms, f.terms, term.v, s.N, p)
	return f
}

// spread repeats the taps of one channel for all channels of a group.
func (f *filter) spread(taps []int) {
	f.taps = getOffsets(f.terms)
	for c := range f.channels {
		for t, o := range taps {
			f.taps.v[c*len(taps)+t] = c*f.in.channel() + o
		}
	}
}

// Conv2DBackData stores in dx the gradient of a convolution in its input, given dy, that in its output.
//
// Bits: each element is one chain over output channel within the group, kernel row and kernel column, over the taps that
// the stride reaches; a reached position outside the output is a term with +0.
func Conv2DBackData(dx, dy, w []float32, s ConvShape, p *Pool) {
	s = s.checked("Conv2DBackData", dx, w, dy)
	in := backwardLayout(s)
	if s.StrideH == 1 && s.StrideW == 1 {
		f := backwardFilter(w, s, in, 0, 0, false, p)
		defer f.release()
		f.run(f.target(dx, nil), dy, s.N, p)
		return
	}
	// All phases read one copy of dy.
	laid := getFloats(s.N * s.Co * in.rows * in.pitch)
	defer laid.put()
	plane := in.h * in.w
	p.Run(s.N*s.Co, func(i int) {
		in.copy(laid.v[i*in.channel():(i+1)*in.channel()], dy[i*plane:(i+1)*plane])
	})
	across := min(s.StrideW, s.W)
	parts := make([]*floatBuffer, across)
	for py := range min(s.StrideH, s.H) {
		rows := (s.H - py + s.StrideH - 1) / s.StrideH
		for px := range parts {
			f := backwardFilter(w, s, in, py, px, true, p)
			parts[px] = getFloats(s.N * s.Ci * f.outH * f.outW)
			f.run(f.target(parts[px].v, nil), laid.v, s.N, p)
			f.release()
		}
		p.Run(s.N*s.Ci, func(i int) { spreadPhases(dx[i*s.H*s.W:(i+1)*s.H*s.W], parts, i, rows, s, py) })
		for _, b := range parts {
			b.put()
		}
	}
}

// spreadPhases stores the rows y = py, py+stride, ... of plane i of dx, whose columns px, px+stride, ... lie in parts[px].
func spreadPhases(dx []float32, parts []*floatBuffer, i, rows int, s ConvShape, py int) {
	be := backend()
	for r := range rows {
		row := dx[(py+r*s.StrideH)*s.W:][:s.W]
		if s.StrideW == 2 && len(parts) == 2 {
			even, odd := (s.W+1)/2, s.W/2
			a := parts[0].v[(i*rows+r)*even:][:even]
			be.Interleave(row[:2*odd], a[:odd], parts[1].v[(i*rows+r)*odd:][:odd])
			if even > odd {
				row[s.W-1] = a[odd]
			}
			continue
		}
		for px, b := range parts {
			n := (s.W - px + s.StrideW - 1) / s.StrideW
			for j, v := range b.v[(i*rows+r)*n:][:n] {
				row[px+j*s.StrideW] = v
			}
		}
	}
}

// reach lists the taps of one dimension that input positions p, p+stride, ... meet, each with the output position that
// input p reads, which may lie outside.
func reach(p, k, stride, pad, dil int) (taps, at []int) {
	for t := range k {
		if d := p + pad - t*dil; (d%stride+stride)%stride == 0 {
			taps = append(taps, t)
			at = append(at, floorDiv(d, stride))
		}
	}
	return taps, at
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// backwardLayout surrounds dy with as many zeros as the taps of any phase reach.
func backwardLayout(s ConvShape) layout {
	in := layout{h: s.OutH(), w: s.OutW(), strideH: 1, strideW: 1}
	in.top, in.rows = margin(s.H, s.KH, s.StrideH, s.PadH, s.DilH)
	in.left, in.pitch = margin(s.W, s.KW, s.StrideW, s.PadW, s.DilW)
	in.tap(0, 0)
	return in
}

// margin returns the zeros before the first output position of one dimension (negative: positions that no tap reads) and
// the length that covers all that the taps read.
func margin(n, k, stride, pad, dil int) (before, size int) {
	lo, hi := 0, 0
	for i, p := 0, 0; p < min(stride, n); p++ {
		_, at := reach(p, k, stride, pad, dil)
		count := (n - p + stride - 1) / stride
		for _, a := range at {
			if i == 0 {
				lo, hi = a, a+count
			}
			lo, hi = min(lo, a), max(hi, a+count)
			i++
		}
	}
	return -lo, hi - lo
}

// backwardFilter plans the data gradient for the input positions of phase (py, px), as a convolution of dy laid out as in;
// laid says that dy is so already.
func backwardFilter(w []float32, s ConvShape, in layout, py, px int, laid bool, p *Pool) *filter {
	ty, ay := reach(py, s.KH, s.StrideH, s.PadH, s.DilH)
	tx, ax := reach(px, s.KW, s.StrideW, s.PadW, s.DilW)
	co, ci := s.Co/s.Groups, s.Ci/s.Groups
	taps := len(ty) * len(tx)
	f := &filter{groups: s.Groups, m: ci, terms: co * taps, channels: co, in: in,
		outH: (s.H - py + s.StrideH - 1) / s.StrideH, outW: (s.W - px + s.StrideW - 1) / s.StrideW}
	var offs []int
	for _, y := range ay {
		for _, x := range ax {
			offs = append(offs, f.in.tap(y+f.in.top, x+f.in.left))
		}
	}
	f.spread(offs)
	if laid {
		f.in.h, f.in.w, f.in.top, f.in.left = in.rows, in.pitch, 0, 0
	}
	area := s.KH * s.KW
	term := getOffsets(f.terms)
	defer term.put()
	for i := range term.v {
		t := i % taps
		term.v[i] = i/taps*ci*area + ty[t/len(tx)]*s.KW + tx[t%len(tx)]
	}
	f.pack(w, co*ci*area, area, term.v, s.N, p)
	return f
}

// Conv2DBackBias stores in db [c] the gradient in the bias: the sum of dy [n, c, plane] over images and plane, by blocks of
// 1,024 within a plane whose sums are added on in (image, block) order.
func Conv2DBackBias(db, dy []float32, n, c, plane int, p *Pool) {
	sameLength("Conv2DBackBias db", c, len(db))
	sameLength("Conv2DBackBias dy", n*c*plane, len(dy))
	be := backend()
	p.Run(c, func(ch int) {
		db[ch] = planeSum(be, dy, n, c, plane, ch)
	})
}
