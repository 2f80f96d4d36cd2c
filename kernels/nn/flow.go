package nn

import "shiftmill/kernels"

// A Signal is what a layer hands to the next for one image: Data is [C, H, W].
type Signal struct {
	C, H, W int
	Data    []float32
}

// Resize gives a signal a shape; its memory is kept where that is large
// enough, and its values are undefined.
func (s *Signal) Resize(c, h, w int) {
	s.C, s.H, s.W = c, h, w
	if cap(s.Data) < c*h*w {
		s.Data = make([]float32, c*h*w)
	}
	s.Data = s.Data[:c*h*w]
}

// An activation follows a convolution.
type activation uint8

const (
	linear activation = iota
	rectify
	leaky // slope 0.01, PyTorch's default
	tanh
)

const leakySlope = 0.01

// end is the activation as convolutions end with it; tanh comes after.
func (a activation) end() kernels.End {
	switch a {
	case rectify:
		return kernels.EndReLU
	case leaky:
		return kernels.EndLeaky
	}
	return kernels.EndPlain
}

// A flow is a feed-forward network, or a stretch of one, for one image: nodes
// in an order in which each reads earlier ones. The last one is its result. It
// runs in bands of rows (bands.go).
type flow struct {
	weights *Weights
	nodes   []flowNode
}

// A flowKind is what a node does.
type flowKind uint8

const (
	given    flowKind = iota // a signal of the caller's
	convolve                 // convolution, bias, activation
	enlarge                  // transposed convolution 2x2 by 2, bias
	shuffle                  // pixel shuffle
	sum                      // of two nodes
)

// A flowNode is one node of a flow.
type flowNode struct {
	kind    flowKind
	in      [2]int // numbers of the nodes it reads; sum alone reads two
	c, h, w int    // its own shape

	data         []float32 // given
	name         string    // of a layer with state
	weight, bias []float32
	kernel       int
	stride       int
	pad          kernels.Border
	mirrored     bool // padded by reflection instead of zeros
	winograd     bool // by kernels.Conv2DWinograd
	plus         int  // of a convolution: one more than the number of a node added before act, or 0
	act          activation
	factor       int // shuffle
}

func (f *flow) add(n flowNode) int {
	f.nodes = append(f.nodes, n)
	return len(f.nodes) - 1
}

// input adds a signal. Its data is read when the flow runs.
func (f *flow) input(s Signal) int {
	return f.add(flowNode{kind: given, c: s.C, h: s.H, w: s.W, data: s.Data})
}

// A convLayer is a square convolution: its state is name.weight and name.bias.
type convLayer struct {
	name     string
	out      int
	kernel   int
	stride   int // 0 is 1
	pad      kernels.Border
	mirrored bool
	winograd bool // by kernels.Conv2DWinograd, which is another function to the bit
	act      activation
}

// around is the same border on all sides.
func around(n int) kernels.Border { return kernels.Border{Top: n, Bottom: n, Left: n, Right: n} }

// conv adds a convolution of node x.
func (f *flow) conv(x int, l convLayer) int {
	from := &f.nodes[x]
	bound := 1 / kernels.Sqrt(float32(from.c*l.kernel*l.kernel))
	stride := max(l.stride, 1)
	return f.add(flowNode{
		kind: convolve, in: [2]int{x}, c: l.out, name: l.name,
		h: (from.h+l.pad.Top+l.pad.Bottom-l.kernel)/stride + 1, w: (from.w+l.pad.Left+l.pad.Right-l.kernel)/stride + 1,
		weight: f.weights.declare(l.name+".weight", ConvWeight, bound, l.out, from.c, l.kernel, l.kernel),
		bias:   f.weights.declare(l.name+".bias", ConvBias, bound, l.out),
		kernel: l.kernel, stride: stride, pad: l.pad, mirrored: l.mirrored, winograd: l.winograd, act: l.act,
	})
}

// double adds a transposed convolution 2x2 with a stride of 2, of node x with a border of zeros.
func (f *flow) double(x int, name string, out, border int) int {
	from := &f.nodes[x]
	bound := 1 / kernels.Sqrt(float32(out*4))
	return f.add(flowNode{
		kind: enlarge, in: [2]int{x}, c: out, name: name, h: 2 * (from.h + 2*border), w: 2 * (from.w + 2*border),
		kernel: 1, stride: 1, pad: around(border), factor: 2,
		weight: f.weights.declare(name+".weight", ConvWeight, bound, from.c, out, 2, 2),
		bias:   f.weights.declare(name+".bias", ConvBias, bound, out),
	})
}

// shuffled adds a pixel shuffle by r.
func (f *flow) shuffled(x, r int) int {
	from := &f.nodes[x]
	return f.add(flowNode{kind: shuffle, in: [2]int{x}, c: from.c / (r * r), h: r * from.h, w: r * from.w, factor: r})
}

// plus adds the sum of two nodes of one shape.
func (f *flow) plus(x, y int) int {
	n := &f.nodes[x]
	return f.add(flowNode{kind: sum, in: [2]int{x, y}, c: n.c, h: n.h, w: n.w})
}
