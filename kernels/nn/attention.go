package nn

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"shiftmill/kernels"
)

// reduction is by how much the perceptrons of the gates narrow.
const reduction = 16

// gateMomentum is that of the norm in CBAM's spatial gate.
const gateMomentum = 0.01

func narrowed(channels int) int { return max(1, channels/reduction) }

// squeezeExcite scales every channel by a gate computed from the channels'
// means. State names as in the senet.pytorch package.
//
// Source: Hu, Shen and Sun, CVPR 2018 (arXiv:1709.01507).
func (b *builder) squeezeExcite(x *gorgonia.Node, name string) *gorgonia.Node {
	c := x.Shape()[1]
	s := b.relu(b.unbiased(b.globalPool(x), name+".fc.0", narrowed(c)))
	s = b.sigmoid(b.unbiased(s, name+".fc.2", c))
	return b.scaleChannels(x, s)
}

// cbam scales channels by a gate on their means and maxima, then pixels by a
// gate on the mean and maximum over channels. State names as in the
// attention-module package of its authors; the spatial gate's norm starts with
// scale 0 there as well.
//
// Source: Woo, Park, Lee and Kweon, ECCV 2018 (arXiv:1807.06521).
func (b *builder) cbam(x *gorgonia.Node, name string) *gorgonia.Node {
	s := x.Shape()
	n, c := s[0], s[1]
	mlp := func(v *gorgonia.Node) *gorgonia.Node {
		v = b.relu(b.linear(v, name+".ChannelGate.mlp.1", narrowed(c)))
		return b.linear(v, name+".ChannelGate.mlp.3", c)
	}
	most := b.reshape(b.maxPool(x, s[2], s[2], 0), n, c)
	x = b.scaleChannels(x, b.sigmoid(b.add(mlp(b.globalPool(x)), mlp(most))))
	gate := b.conv(b.channelPool(x), name+".SpatialGate.spatial.conv", 1, 7, 1, 3)
	gate = b.normWith(gate, name+".SpatialGate.spatial.bn", GateScale, gateMomentum)
	return b.scalePixels(x, b.sigmoid(gate))
}

// reshape adds the same values in another shape.
func (b *builder) reshape(x *gorgonia.Node, shape ...int) *gorgonia.Node {
	move := func(to tensor.Shape) op {
		return op{
			name: "reshape " + fmt.Sprint([]int(to)), out: to, inPlace: 0,
			does: kernels.CopyAll(to.TotalSize(), 0, to.TotalSize()),
		}
	}
	forward, back := move(shape), move(x.Shape().Clone())
	forward.wrt = []bool{true}
	forward.diff = func(_ gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
		return gorgonia.Nodes{b.apply(back, grad)}, nil
	}
	return b.apply(forward, x)
}

// sigmoid adds 1 / (1 + exp(-x)).
func (b *builder) sigmoid(x *gorgonia.Node) *gorgonia.Node {
	return b.activation(x, "sigmoid", kernels.SigmoidElement, kernels.SigmoidBackElement)
}

// gate adds a product with factors that several values share; back is its
// gradient in the factors, given the values and the product's gradient.
func (b *builder) gate(name string, x, factors *gorgonia.Node, scale, back kernels.Op) *gorgonia.Node {
	backData := op{name: name + " back", out: x.Shape(), inPlace: 0, does: scale}
	backFactors := op{name: name + " back in factors", out: factors.Shape(), inPlace: -1, does: back}
	return b.apply(op{
		name: name, out: x.Shape(), inPlace: -1, does: scale,
		wrt: []bool{true, true},
		diff: func(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
			return gorgonia.Nodes{b.apply(backData, grad, in[1]), b.apply(backFactors, in[0], grad)}, nil
		},
	}, x, factors)
}

// scaleChannels multiplies every plane of x [n, c, h, w] by its value of s [n, c].
func (b *builder) scaleChannels(x, s *gorgonia.Node) *gorgonia.Node {
	shape := x.Shape()
	planes, plane := shape[0]*shape[1], shape[2]*shape[3]
	return b.gate("scale-channels "+fmt.Sprint([]int(shape)), x, s, kernels.ScalePlanesOp{Planes: planes, Plane: plane}, kernels.PlaneProductsOp{Planes: planes, Plane: plane})
}

// scalePixels multiplies every channel of x [n, c, h, w] by s [n, 1, h, w].
func (b *builder) scalePixels(x, s *gorgonia.Node) *gorgonia.Node {
	shape := x.Shape()
	does := kernels.ScalePixelsOp{N: shape[0], C: shape[1], Plane: shape[2] * shape[3]}
	return b.gate("scale-pixels "+fmt.Sprint([]int(shape)), x, s, does, kernels.PixelProductsOp(does))
}

// channelPool adds the maximum and the mean over channels: [n, c, h, w] to
// [n, 2, h, w].
func (b *builder) channelPool(x *gorgonia.Node) *gorgonia.Node {
	s := x.Shape()
	does := kernels.ChannelPoolOp{N: s[0], C: s[1], Plane: s[2] * s[3]}
	index := &memory{size: does.N * does.Plane}
	return b.pool("channel-pool "+fmt.Sprint([]int(s)), x, tensor.Shape{s[0], 2, s[2], s[3]}, does, kernels.ChannelPoolBackOp(does), index)
}
