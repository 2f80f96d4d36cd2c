package nn

import (
	"fmt"

	"gorgonia.org/gorgonia"
)

// expansion is how many times the channels of its stage a bottleneck gives.
const expansion = 4

// resNet is He et al.'s residual network, its shortcuts 1x1 convolutions where
// the shape changes (option B) and a bottleneck's stride in its 3x3
// convolution, as torchvision's; with groups it is ResNeXt.
//
// Sources: He, Zhang, Ren and Sun, CVPR 2016 (arXiv:1512.03385); Xie et al.,
// CVPR 2017 (arXiv:1611.05431).
func (a Arch) resNet(b *builder, x *gorgonia.Node, f family) *gorgonia.Node {
	if a.Stem == "imagenet" {
		x = b.relu(b.norm(b.conv(x, "conv1", a.Width, 7, 2, 3), "bn1"))
		x = b.maxPool(x, 3, 2, 1)
	} else {
		x = b.relu(b.norm(b.conv(x, "conv1", a.Width, 3, 1, 1), "bn1"))
	}
	for stage, count := range a.Blocks {
		for i := range count {
			r := residual{name: fmt.Sprintf("layer%d.%d", stage+1, i), width: a.Width << stage, stride: 1, attention: a.Attention}
			if stage > 0 && i == 0 {
				r.stride = 2
			}
			if f.kind == bottleneck {
				r.inner, r.groups = a.inner(f, stage), f.groups
			}
			x = b.residual(x, r)
		}
	}
	return x
}

// inner is the number of channels of a bottleneck's 3x3 convolution.
func (a Arch) inner(f family, stage int) int {
	return (a.Width << stage) * f.groupWidth / 64 * f.groups
}

// A residual is one residual block.
type residual struct {
	name      string
	width     int // channels of the stage
	stride    int
	inner     int // of a bottleneck; 0 for a basic block
	groups    int
	attention string
}

// residual adds a block: basic, or a bottleneck where it has inner channels.
func (b *builder) residual(x *gorgonia.Node, r residual) *gorgonia.Node {
	out := r.width
	var y *gorgonia.Node
	if r.inner == 0 {
		y = b.relu(b.norm(b.conv(x, r.name+".conv1", out, 3, r.stride, 1), r.name+".bn1"))
		y = b.norm(b.conv(y, r.name+".conv2", out, 3, 1, 1), r.name+".bn2")
	} else {
		out *= expansion
		y = b.relu(b.norm(b.conv(x, r.name+".conv1", r.inner, 1, 1, 0), r.name+".bn1"))
		y = b.relu(b.norm(b.grouped(y, r.name+".conv2", r.inner, 3, r.stride, 1, r.groups), r.name+".bn2"))
		y = b.norm(b.conv(y, r.name+".conv3", out, 1, 1, 0), r.name+".bn3")
	}
	switch r.attention {
	case "se":
		y = b.squeezeExcite(y, r.name+".se")
	case "cbam":
		y = b.cbam(y, r.name+".cbam")
	}
	short := x
	if r.stride != 1 || x.Shape()[1] != out {
		short = b.norm(b.conv(x, r.name+".downsample.0", out, 1, r.stride, 0), r.name+".downsample.1")
	}
	return b.relu(b.add(y, short))
}
