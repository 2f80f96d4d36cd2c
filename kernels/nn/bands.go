package nn

import "shiftmill/kernels"

// bandRows is the number of rows that a convolution makes at a time, at least:
// few enough that they are still in a cache when the next layer reads them.
const bandRows = 8

// A window is the rows of a node that somebody still needs, with the borders
// that convolutions read around them, the channels of a pixel side by side.
// Rows count from the image's first, so those of the upper border are negative.
type window struct {
	data                     []float32
	step, pitch, rows        int // pixels lie step apart, rows pitch
	left, right, top, bottom int // border
	mirrored                 bool
	low, next                int // first row held, and first not yet made
}

// row returns row y with its border.
func (w *window) row(y int) []float32 { return w.data[(y-w.low)*w.pitch:][:w.pitch] }

// from returns the window from row y and column x on, which may lie in the border.
func (w *window) from(y, x int) kernels.Band {
	return kernels.Band{V: w.data[(y-w.low)*w.pitch+(w.left+x)*w.step:], Pitch: w.pitch, Step: w.step}
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
		if n.kind == convolve || n.kind == enlarge {
			r.convs[i] = kernels.NewBandConv(n.layer(nodes[n.in[0]].c), p)
			defer r.convs[i].Release()
		}
	}
	r.pitches()
	w := &r.windows[last]
	for y := 0; y < end.h; y = w.next {
		r.make(last, min(y+bandRows, end.h))
		plane := end.h * end.w
		p.Run(w.next-y, func(i int) {
			w.from(y+i, 0).ToPlanes(dst.Data[(y+i)*end.w:], plane, end.c, end.w)
		})
	}
}

// pitches gives all windows of one width the same pitch, because convolutions
// add only what lies as their results do.
func (r *bandRun) pitches() {
	pitch := map[[2]int]int{}
	for i := range r.nodes {
		n, w := &r.nodes[i], &r.windows[i]
		w.low = -w.top
		w.step = (n.c + kernels.BandLanes - 1) / kernels.BandLanes * kernels.BandLanes
		at := [2]int{n.w, w.step}
		pitch[at] = max(pitch[at], (w.left+n.w+w.right)*w.step)
	}
	for i := range r.nodes {
		w := &r.windows[i]
		w.pitch = pitch[[2]int{r.nodes[i].w, w.step}]
	}
}

// layer is the convolution of a node whose input has so many channels.
func (n *flowNode) layer(in int) kernels.BandLayer {
	l := kernels.BandLayer{Ci: in, Co: n.c, Size: n.kernel, Stride: n.stride, Cells: max(n.factor, 1), Weights: n.weight, Bias: n.bias, Adds: n.plus > 0, Winograd: n.winograd, End: n.act.end(), Slope: leakySlope}
	if n.kind == enlarge {
		l.Weights, l.Bias = n.spread(in)
	}
	return l
}

// spread turns the weights [in, out, 2, 2] and the bias of a transposed
// convolution into those of a convolution [4*out, in] that fills cells: every
// output has one tap.
func (n *flowNode) spread(in int) (w, bias []float32) {
	w, bias = make([]float32, len(n.weight)), make([]float32, 4*n.c)
	for i, v := range n.weight {
		w[i%(4*n.c)*in+i/(4*n.c)] = v
	}
	for i := range bias {
		bias[i] = n.bias[i/4]
	}
	return w, bias
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
	case n.factor > 1:
		y0, y1 = y0/n.factor, (y1+n.factor-1)/n.factor
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
	if w.mirrored { // its upper border shows the rows after the first
		end = max(end, w.top+1)
	}
	whole := max(n.factor, 1) // cells
	if n.winograd {
		whole *= 2 // tiles
	}
	end += (whole - end%whole) % whole
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
	var keep []float32
	if w.next == 0 {
		low = w.low
	} else {
		keep = w.data[(low-w.low)*w.pitch : (w.next-w.low)*w.pitch]
	}
	if rows := end - low; rows > w.rows {
		w.rows = rows
		size := rows * w.pitch
		if cap(w.data) < size {
			data := make([]float32, size)
			copy(data, keep)
			w.data = data
		} else {
			w.data = w.data[:size]
			clear(w.data[copy(w.data, keep):])
		}
	} else if low > w.low {
		copy(w.data, keep)
	}
	w.low = low
}

// border fills in the border of the rows from y0 to end, and those of the
// lower border among them.
func (r *bandRun) border(i, y0, end int) {
	n, w := &r.nodes[i], &r.windows[i]
	if !w.mirrored {
		for y := max(y0, n.h); y < end; y++ {
			clear(w.row(y))
		}
		return
	}
	for y := y0; y < min(end, n.h); y++ {
		row := w.row(y)
		pixel := func(x int) []float32 { return row[(w.left+x)*w.step:][:w.step] }
		for x := 1; x <= w.left; x++ {
			copy(pixel(-x), pixel(x))
		}
		for x := 1; x <= w.right; x++ {
			copy(pixel(n.w-1+x), pixel(n.w-1-x))
		}
	}
	if y0 == 0 {
		for y := 1; y <= w.top; y++ {
			copy(w.row(-y), w.row(y))
		}
	}
	for y := max(y0, n.h); y < end; y++ {
		copy(w.row(y), w.row(2*n.h-2-y))
	}
}

// rows computes the rows of node i from y0 to y1.
func (r *bandRun) rows(i, y0, y1 int) {
	n, w := &r.nodes[i], &r.windows[i]
	x := &r.windows[n.in[0]]
	switch n.kind {
	case given:
		r.p.Run(y1-y0, func(j int) {
			w.from(y0+j, 0).FromPlanes(n.data[(y0+j)*n.w:], n.h*n.w, n.c, n.w)
		})
	case sum:
		z := &r.windows[n.in[1]]
		r.p.Run(y1-y0, func(j int) {
			values := func(w *window) []float32 { return w.from(y0+j, 0).V[:n.w*w.step] }
			kernels.Add(values(w), values(x), values(z))
		})
	case convolve, enlarge:
		low, _ := n.need(n.in[0], y0, y1)
		var add []float32
		if n.plus > 0 {
			add = r.windows[n.plus-1].from(y0, 0).V
		}
		cells := max(n.factor, 1)
		r.convs[i].Rows(w.from(y0, 0), x.from(low, -n.pad.Left), add, (y1-y0)/cells, n.w/cells, r.p)
		if n.act == tanh {
			r.p.Run(y1-y0, func(j int) {
				row := w.from(y0+j, 0).V[:n.w*w.step]
				kernels.TanhSlice(row, row)
			})
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
