package nn

import (
	"fmt"
	"strings"

	"gorgonia.org/gorgonia"
)

// An Arch describes a network for square RGB images.
type Arch struct {
	Name    string // one of Names
	Width   int    // channels of the first stage; 0 is the architecture's own
	Stem    string // ResNets: "cifar" (3x3, the default) or "imagenet" (7x7 by 2, then max pooling by 2)
	Classes int    // at least 2
	Size    int    // side of the images
}

// A family is a row of the table of architectures.
type family struct {
	name   string
	width  int
	blocks []int // residual blocks a stage; nil for the plain network
}

var families = []family{
	{"convnet", 24, nil},
	{"resnet8", 16, []int{1, 1, 1}},
	{"resnet20", 16, []int{3, 3, 3}},
	{"resnet18", 64, []int{2, 2, 2, 2}},
}

// Names lists the architectures.
func Names() []string {
	list := make([]string, len(families))
	for i, f := range families {
		list[i] = f.name
	}
	return list
}

func (a Arch) family() (family, bool) {
	for _, f := range families {
		if f.name == a.Name {
			return f, true
		}
	}
	return family{}, false
}

// Filled returns the architecture with its defaults written out.
func (a Arch) Filled() Arch {
	f, _ := a.family()
	if a.Width == 0 {
		a.Width = f.width
	}
	if f.blocks == nil {
		a.Stem = ""
	} else if a.Stem == "" {
		a.Stem = "cifar"
	}
	return a
}

func (a Arch) String() string {
	a = a.Filled()
	s := fmt.Sprintf("%s (width %d, %d classes, %d x %d", a.Name, a.Width, a.Classes, a.Size, a.Size)
	if a.Stem != "" {
		s += ", stem " + a.Stem
	}
	return s + ")"
}

// Validate says what is wrong with an architecture, and what would be right.
func (a Arch) Validate() error {
	f, ok := a.family()
	if !ok {
		return fmt.Errorf("no architecture %q; there are %s", a.Name, strings.Join(Names(), ", "))
	}
	least := 1
	if f.blocks == nil {
		least = 4 // two poolings by 2
	}
	switch a = a.Filled(); {
	case a.Width < 1 || a.Width > 1024:
		return fmt.Errorf("width %d, want 1 to 1024", a.Width)
	case a.Classes < 2:
		return fmt.Errorf("%d classes, want at least 2", a.Classes)
	case a.Size < least || a.Size > 4096:
		return fmt.Errorf("images of side %d, %s wants %d to 4096", a.Size, a.Name, least)
	case a.Stem != "" && a.Stem != "cifar" && a.Stem != "imagenet":
		return fmt.Errorf("stem %q, want cifar or imagenet", a.Stem)
	}
	return nil
}

// Features is the number of values that the last layer sees.
func (a Arch) Features() int {
	a = a.Filled()
	f, _ := a.family()
	if f.blocks == nil {
		return 4 * a.Width
	}
	return a.Width << (len(f.blocks) - 1)
}

// forward adds the network behind images [n, 3, size, size] and returns the
// logits [n, classes].
func (a Arch) forward(b *builder, x *gorgonia.Node) *gorgonia.Node {
	a = a.Filled()
	f, _ := a.family()
	if f.blocks == nil {
		x = a.convNet(b, x)
	} else {
		x = a.resNet(b, x, f.blocks)
	}
	return b.linear(b.globalPool(x), "fc", a.Classes)
}

// convNet is three 3x3 convolutions with norm and ReLU, of one, two and four
// times the width, with max pooling by 2 between them.
func (a Arch) convNet(b *builder, x *gorgonia.Node) *gorgonia.Node {
	for i := range 3 {
		if i > 0 {
			x = b.maxPool(x, 2, 2, 0)
		}
		x = b.conv(x, fmt.Sprintf("conv%d", i+1), a.Width<<i, 3, 1, 1)
		x = b.relu(b.norm(x, fmt.Sprintf("bn%d", i+1)))
	}
	return x
}

// resNet is He et al.'s network of basic blocks, its shortcuts 1x1
// convolutions where the shape changes (option B), as torchvision's. With
// three stages it is the form for CIFAR: 6n+2 layers.
//
// Source: He, Zhang, Ren and Sun, CVPR 2016 (arXiv:1512.03385).
func (a Arch) resNet(b *builder, x *gorgonia.Node, blocks []int) *gorgonia.Node {
	if a.Stem == "imagenet" {
		x = b.relu(b.norm(b.conv(x, "conv1", a.Width, 7, 2, 3), "bn1"))
		x = b.maxPool(x, 3, 2, 1)
	} else {
		x = b.relu(b.norm(b.conv(x, "conv1", a.Width, 3, 1, 1), "bn1"))
	}
	for stage, count := range blocks {
		for i := range count {
			stride := 1
			if stage > 0 && i == 0 {
				stride = 2
			}
			x = b.basicBlock(x, fmt.Sprintf("layer%d.%d", stage+1, i), a.Width<<stage, stride)
		}
	}
	return x
}

func (b *builder) basicBlock(x *gorgonia.Node, name string, width, stride int) *gorgonia.Node {
	short := x
	y := b.relu(b.norm(b.conv(x, name+".conv1", width, 3, stride, 1), name+".bn1"))
	y = b.norm(b.conv(y, name+".conv2", width, 3, 1, 1), name+".bn2")
	if stride != 1 || x.Shape()[1] != width {
		short = b.norm(b.conv(x, name+".downsample.0", width, 1, stride, 0), name+".downsample.1")
	}
	return b.relu(b.add(y, short))
}
