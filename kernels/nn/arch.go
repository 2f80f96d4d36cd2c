package nn

import (
	"fmt"
	"strings"

	"gorgonia.org/gorgonia"
)

// An Arch describes a network for square RGB images.
type Arch struct {
	Name      string // one of Names
	Width     int    // channels of the first stage; 0 is the architecture's own
	Blocks    []int  // residual blocks of each stage, or convolutions of the plain network; nil is the architecture's own
	Stem      string // ResNets: "cifar" (3x3) or "imagenet" (7x7 by 2, then max pooling by 2); "" follows from the size
	Attention string // "", "se" or "cbam", in every residual block
	Classes   int    // at least 2
	Size      int    // side of the images
}

// A family is a row of the table of architectures.
type family struct {
	name       string
	width      int
	blocks     []int
	kind       blockKind
	groups     int // of a bottleneck's 3x3 convolution
	groupWidth int // its channels a group, where a stage has 64
}

type blockKind uint8

const (
	plain blockKind = iota
	basic
	bottleneck
)

// families are named as torchvision names them, with He et al.'s networks for
// CIFAR of 6n+2 layers before.
var families = []family{
	{"convnet", 24, []int{1, 1, 1}, plain, 1, 64},
	{"resnet8", 16, []int{1, 1, 1}, basic, 1, 64},
	{"resnet20", 16, []int{3, 3, 3}, basic, 1, 64},
	{"resnet18", 64, []int{2, 2, 2, 2}, basic, 1, 64},
	{"resnet34", 64, []int{3, 4, 6, 3}, basic, 1, 64},
	{"resnet50", 64, []int{3, 4, 6, 3}, bottleneck, 1, 64},
	{"resnet101", 64, []int{3, 4, 23, 3}, bottleneck, 1, 64},
	{"resnet152", 64, []int{3, 8, 36, 3}, bottleneck, 1, 64},
	{"resnext50_32x4d", 64, []int{3, 4, 6, 3}, bottleneck, 32, 4},
	{"resnext101_32x4d", 64, []int{3, 4, 23, 3}, bottleneck, 32, 4},
	{"resnext101_32x8d", 64, []int{3, 4, 23, 3}, bottleneck, 32, 8},
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

// smallStem is the largest side at which a ResNet's own stem is CIFAR's.
const smallStem = 64

// Filled returns the architecture with its defaults written out.
func (a Arch) Filled() Arch {
	f, _ := a.family()
	if a.Width == 0 {
		a.Width = f.width
	}
	if a.Blocks == nil {
		a.Blocks = f.blocks
	}
	switch {
	case f.kind == plain:
		a.Stem = ""
	case a.Stem == "" && a.Size <= smallStem:
		a.Stem = "cifar"
	case a.Stem == "":
		a.Stem = "imagenet"
	}
	return a
}

func (a Arch) String() string {
	a = a.Filled()
	f, _ := a.family()
	s := fmt.Sprintf("%s (width %d, %d classes, %d x %d", a.Name, a.Width, a.Classes, a.Size, a.Size)
	if fmt.Sprint(a.Blocks) != fmt.Sprint(f.blocks) {
		s += fmt.Sprintf(", blocks %v", a.Blocks)
	}
	if a.Stem != "" {
		s += ", stem " + a.Stem
	}
	if a.Attention != "" {
		s += ", attention " + a.Attention
	}
	return s + ")"
}

// Validate says what is wrong with an architecture, and what would be right.
func (a Arch) Validate() error {
	f, ok := a.family()
	if !ok {
		return fmt.Errorf("no architecture %q; there are %s", a.Name, strings.Join(Names(), ", "))
	}
	a = a.Filled()
	least := 1
	if f.kind == plain {
		least = 1 << (len(a.Blocks) - 1) // poolings by 2
	}
	switch {
	case a.Width < 1 || a.Width > 1024:
		return fmt.Errorf("width %d, want 1 to 1024", a.Width)
	case len(a.Blocks) < 1 || len(a.Blocks) > 6:
		return fmt.Errorf("blocks %v: %d stages, want 1 to 6", a.Blocks, len(a.Blocks))
	case a.Classes < 2:
		return fmt.Errorf("%d classes, want at least 2", a.Classes)
	case a.Size < least || a.Size > 4096:
		return fmt.Errorf("images of side %d, %s wants %d to 4096", a.Size, a.Name, least)
	case a.Stem != "" && a.Stem != "cifar" && a.Stem != "imagenet":
		return fmt.Errorf("stem %q, want cifar or imagenet", a.Stem)
	case a.Attention != "" && a.Attention != "se" && a.Attention != "cbam":
		return fmt.Errorf("attention %q, want se or cbam", a.Attention)
	case a.Attention != "" && f.kind == plain:
		return fmt.Errorf("%s has no residual blocks for attention; choose a ResNet", a.Name)
	case f.kind == bottleneck && a.inner(f, 0) < 1:
		return fmt.Errorf("width %d is too small for the groups of %s; its own is %d", a.Width, a.Name, f.width)
	}
	for _, n := range a.Blocks {
		if n < 1 || n > 200 {
			return fmt.Errorf("blocks %v: a stage of %d, want 1 to 200", a.Blocks, n)
		}
	}
	return nil
}

// Features is the number of values that the last layer sees.
func (a Arch) Features() int {
	a = a.Filled()
	f, _ := a.family()
	features := a.Width << (len(a.Blocks) - 1)
	if f.kind == bottleneck {
		features *= expansion
	}
	return features
}

// forward adds the network behind images [n, 3, size, size] and returns the
// logits [n, classes].
func (a Arch) forward(b *builder, x *gorgonia.Node) *gorgonia.Node {
	a = a.Filled()
	f, _ := a.family()
	if f.kind == plain {
		x = a.convNet(b, x)
	} else {
		x = a.resNet(b, x, f)
	}
	return b.linear(b.globalPool(x), "fc", a.Classes)
}

// convNet is 3x3 convolutions with norm and ReLU, each stage of twice the
// width of the one before and behind a max pooling by 2.
func (a Arch) convNet(b *builder, x *gorgonia.Node) *gorgonia.Node {
	number := 0
	for stage, count := range a.Blocks {
		if stage > 0 {
			x = b.maxPool(x, 2, 2, 0)
		}
		for range count {
			number++
			x = b.conv(x, fmt.Sprintf("conv%d", number), a.Width<<stage, 3, 1, 1)
			x = b.relu(b.norm(x, fmt.Sprintf("bn%d", number)))
		}
	}
	return x
}
