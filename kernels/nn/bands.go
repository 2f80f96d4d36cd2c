package nn

import "shiftmill/kernels"

// pitchStep is what the distance of a window's rows is a multiple of, so that a
// third of what a 3x3 convolution reads begins at a cache line.
const pitchStep = 16

// bandRows is the number of rows that a convolution makes at a time, at least:
// enough to fill its lanes, and few enough that they are still in a cache when
// the next layer reads them.
const bandRows = 8

// A window is the rows of a node that somebody still needs, with the borders
// that convolutions read around them. Rows count from the image's first, so
// those of the upper border are negative.
type window struct {
	data                     []float32
	pitch, rows              int // of a channel: its rows lie pitch apart
	left, right, top, bottom int // border
	mirrored                 bool
	low, next                int // first row held, and first not yet made
	whole                    bool
}

// at returns where row y of channel c starts, behind the left border.
func (w *window) at(c, y int) int { return (c*w.rows+y-w.low)*w.pitch + w.left }

// from returns the window from row y on, shifted by columns.
func (w *window) from(y, columns int) kernels.Band {
	return kernels.Band{V: w.data[w.at(0, y)+columns:], Channel: w.rows * w.pitch, Pitch: w.pitch}
}

// A bandRun is one run of a flow: it asks the last node for rows, and every
// node asks those that it reads for as many rows as it needs next. No row is
// made twice, and none is kept longer than needed, so that memory grows with
// the width of an image, not with its height. Results do not depend on it.
type bandRun struct {
	nodes   []flowNode
	p       *kernels.Pool
	windows []window
	readers [][]int             // of each node
	convs   []*kernels.BandConv // of nodes with weights
	shuffle []float32           // what a transposed convolution makes before it is shuffled
}

// run computes the last node into dst: on the accelerator, if one is in use and
// has room, else in bands.
func (f *flow) run(dst *Signal, p *kernels.Pool) {
	if d := kernels.Accelerator(); d == nil || !f.runOn(d, dst, p) {
		f.runInBands(dst, p)
	}
}

func (f *flow) runInBands(dst *Signal, p *kernels.Pool) {
	nodes := f.fused()
	last := len(nodes) - 1
	end := &nodes[last]
	dst.Resize(end.c, end.h, end.w)
	r := &bandRun{nodes: nodes, p: p, windows: f.weights.windowsFor(len(nodes)), readers: make([][]int, len(nodes)), convs: make([]*kernels.BandConv, len(nodes))}
	defer func() { f.weights.spare = r.shuffle }()
	r.shuffle = f.weights.spare
	for i := range nodes {
		n := &nodes[i]
		for _, j := range n.reads() {
			r.readers[j] = append(r.readers[j], i)
		}
		if n.kind != given {
			w := &r.windows[n.in[0]]
			w.left, w.right = max(w.left, n.pad.Left), max(w.right, n.pad.Right)
			w.top, w.bottom = max(w.top, n.pad.Top), max(w.bottom, n.pad.Bottom)
			w.mirrored = w.mirrored || n.mirrored
		}
		switch n.kind {
		case convolve:
			r.convs[i] = kernels.NewBandConv(n.weight, nodes[n.in[0]].c, n.c, n.kernel, n.stride, p)
			defer r.convs[i].Release()
		case enlarge:
			r.convs[i] = kernels.NewBandConv(n.spreadWeights(nodes[n.in[0]].c), nodes[n.in[0]].c, 4*n.c, 1, 1, p)
			defer r.convs[i].Release()
		}
	}
	r.pitches()
	out := &r.windows[last]
	was := out.data
	out.data, out.rows, out.pitch, out.whole = dst.Data, end.h, end.w, true
	for y := 0; y < end.h; y += bandRows {
		r.make(last, min(y+bandRows, end.h))
	}
	out.data = was
}

// pitches gives all windows of one width the same pitch, because tiles add
// only what lies as their results do.
func (r *bandRun) pitches() {
	pitch := map[int]int{}
	for i := range r.nodes {
		w, width := &r.windows[i], r.nodes[i].w
		pitch[width] = max(pitch[width], (w.left+width+w.right+pitchStep-1)/pitchStep*pitchStep)
		w.low = -w.top
	}
	for i := range r.nodes {
		r.windows[i].pitch = pitch[r.nodes[i].w]
	}
}

// spreadWeights turns the weights [in, out, 2, 2] of a transposed convolution
// into those of a convolution [4*out, in] whose channels are then shuffled:
// every output has one tap.
func (n *flowNode) spreadWeights(in int) []float32 {
	w := make([]float32, len(n.weight))
	for i, v := range n.weight {
		w[i%(4*n.c)*in+i/(4*n.c)] = v
	}
	return w
}

// reads lists the nodes that a node reads.
func (n *flowNode) reads() []int {
	switch {
	case n.kind == given:
		return nil
	case n.kind == sum:
		return n.in[:]
	case n.plus > 0:
		return []int{n.in[0], n.plus - 1}
	}
	return n.in[:1]
}

// need returns the rows of input j, from low to high, that a node reads to
// make its rows from y0 to y1. They may lie in the input's border.
func (n *flowNode) need(j, y0, y1 int) (low, high int) {
	switch {
	case n.kind == sum || j != n.in[0]:
		return y0, y1
	case n.kind == shuffle || n.kind == enlarge:
		return y0/n.factor - n.pad.Top, (y1+n.factor-1)/n.factor - n.pad.Top
	}
	return y0*n.stride - n.pad.Top, (y1-1)*n.stride - n.pad.Top + n.kernel
}

// make computes the rows of node i up to row end, which may lie in its lower
// border.
func (r *bandRun) make(i, end int) {
	n, w := &r.nodes[i], &r.windows[i]
	if end <= w.next {
		return
	}
	if n.kind == convolve || n.kind == enlarge {
		end = max(end, w.next+bandRows)
	}
	if n.kind == shuffle || n.kind == enlarge { // whole cells
		end += (n.factor - end%n.factor) % n.factor
	}
	if w.mirrored { // its upper border shows the rows after the first
		end = max(end, w.top+1)
	}
	end = min(end, n.h+w.bottom)
	y0, y1 := w.next, min(end, n.h)
	if y0 < y1 {
		for _, j := range n.reads() {
			_, high := n.need(j, y0, y1)
			r.make(j, high)
		}
	}
	r.room(i, end)
	if y0 < y1 {
		r.rows(i, y0, y1)
	}
	w.next = end
	r.border(i, y0, end)
}

// room makes a window begin with the first row that is still needed, and long
// enough to hold the rows up to end.
func (r *bandRun) room(i, end int) {
	n, w := &r.nodes[i], &r.windows[i]
	if w.whole {
		return
	}
	low := w.next
	for _, c := range r.readers[i] {
		reader := &r.nodes[c]
		first, _ := reader.need(i, r.windows[c].next, r.windows[c].next+1)
		low = min(low, first)
	}
	if w.mirrored && w.bottom > 0 { // its lower border shows the rows before the last
		low = min(low, n.h-1-w.bottom)
	}
	low = max(low, w.low)
	keep := w.next - low
	if w.next == 0 {
		low, keep = -w.top, w.top
	}
	channel := w.rows * w.pitch
	if rows := end - low; rows > w.rows || len(w.data) < n.c*rows*w.pitch {
		rows = max(rows, w.rows)
		old := w.data
		if cap(old) < n.c*rows*w.pitch {
			w.data = make([]float32, n.c*rows*w.pitch)
		} else {
			w.data = old[:n.c*rows*w.pitch]
		}
		// Backwards, since the channels move apart; then only the kept rows mean anything.
		for c := n.c - 1; c >= 0; c-- {
			to := w.data[c*rows*w.pitch : (c+1)*rows*w.pitch]
			kept := 0
			if w.rows > 0 && keep > 0 {
				kept = copy(to, old[c*channel+(low-w.low)*w.pitch:][:keep*w.pitch])
			}
			clear(to[kept:])
		}
		w.rows = rows
	} else if low > w.low {
		for c := range n.c {
			v := w.data[c*channel : (c+1)*channel]
			copy(v, v[(low-w.low)*w.pitch:(low-w.low+keep)*w.pitch])
		}
	}
	w.low = low
}

// border fills in the border of the rows from y0 to end, and those of the
// lower border among them.
func (r *bandRun) border(i, y0, end int) {
	n, w := &r.nodes[i], &r.windows[i]
	for y := max(y0, n.h); y < end; y++ {
		for c := range n.c {
			row := w.data[w.at(c, y)-w.left:][:w.pitch]
			if w.mirrored {
				copy(row, w.data[w.at(c, 2*n.h-2-y)-w.left:][:w.pitch])
			} else {
				clear(row)
			}
		}
	}
	if !w.mirrored {
		return
	}
	sides := func(y int) {
		for c := range n.c {
			row := w.data[w.at(c, y)-w.left:][:w.pitch]
			for x := 1; x <= w.left; x++ {
				row[w.left-x] = row[w.left+x]
			}
			for x := 1; x <= w.right; x++ {
				row[w.left+n.w-1+x] = row[w.left+n.w-1-x]
			}
		}
	}
	for y := y0; y < min(end, n.h); y++ {
		sides(y)
	}
	if y0 == 0 {
		for y := 1; y <= w.top; y++ {
			for c := range n.c {
				copy(w.data[w.at(c, -y)-w.left:][:w.pitch], w.data[w.at(c, y)-w.left:])
			}
		}
	}
	for y := max(y0, n.h); y < end; y++ { // copied before the sides were filled
		sides(y)
	}
}

// rows computes the rows of node i from y0 to y1.
func (r *bandRun) rows(i, y0, y1 int) {
	n, w := &r.nodes[i], &r.windows[i]
	x, from := &r.windows[n.in[0]], &r.nodes[n.in[0]]
	low, high := n.need(n.in[0], y0, y1)
	switch n.kind {
	case given:
		r.p.Run(n.c, func(c int) {
			for y := y0; y < y1; y++ {
				copy(w.data[w.at(c, y):][:n.w], n.data[(c*n.h+y)*n.w:])
			}
		})
	case sum:
		z := &r.windows[n.in[1]]
		r.p.Run(n.c, func(c int) {
			for y := y0; y < y1; y++ {
				kernels.Add(w.data[w.at(c, y):][:n.w], x.data[x.at(c, y):][:n.w], z.data[z.at(c, y):][:n.w])
			}
		})
	case convolve:
		e := kernels.BandEnding{Bias: n.bias, End: n.act.end(), Slope: leakySlope}
		if n.plus > 0 {
			e.Add = r.windows[n.plus-1].from(y0, 0)
		}
		r.convs[i].Rows(w.from(y0, 0), x.from(low, -n.pad.Left), y1-y0, n.w, e, r.p)
		if n.act == tanh {
			r.p.Run(n.c, func(c int) {
				for y := y0; y < y1; y++ {
					row := w.data[w.at(c, y):][:n.w]
					kernels.TanhSlice(row, row)
				}
			})
		}
	case shuffle:
		r.p.Run(n.c, func(c int) {
			for y := y0; y < y1; y++ {
				row := func(j int) []float32 {
					return x.data[x.at((c*n.factor+y%n.factor)*n.factor+j, y/n.factor):][:from.w]
				}
				cells(w.data[w.at(c, y):][:n.w], n.factor, row)
			}
		})
	case enlarge:
		height, width := high-low, n.w/2
		if size := 4 * n.c * height * width; cap(r.shuffle) < size {
			r.shuffle = make([]float32, size)
		}
		cell := r.shuffle[:4*n.c*height*width]
		r.convs[i].Rows(kernels.Band{V: cell, Channel: height * width, Pitch: width}, x.from(low, -n.pad.Left), height, width, kernels.BandEnding{}, r.p)
		r.p.Run(n.c, func(c int) {
			for y := y0; y < y1; y++ {
				out := w.data[w.at(c, y):][:n.w]
				cells(out, 2, func(j int) []float32 {
					return cell[((c*2+y%2)*2+j)*height*width+(y-y0)/2*width:][:width]
				})
				kernels.Offset(out, out, n.bias[c])
			}
		})
	}
}

// cells stores the values of r rows in turn.
func cells(dst []float32, r int, row func(j int) []float32) {
	if r == 2 {
		kernels.Interleave(dst, row(0), row(1))
		return
	}
	for j := range r {
		for i, v := range row(j) {
			dst[i*r+j] = v
		}
	}
}

// windowsFor returns n windows that keep the memory of those of earlier runs.
func (w *Weights) windowsFor(n int) []window {
	for len(w.windows) < n {
		w.windows = append(w.windows, window{})
	}
	list := w.windows[:n]
	for i := range list {
		list[i] = window{data: list[i].data[:0]}
	}
	return list
}
