package augment

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/kernels"
	"shiftmill/kernels/nn"
	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/augment/deep"
	"shiftmill/stages/imageio"
	"shiftmill/stages/model"
	"shiftmill/stages/transform"
)

// network and networkVersion enter the keys of random numbers too.
const (
	network        = "augment/deepaugment-network"
	networkVersion = 1
)

// DeepNetwork are the parameters of augment/deepaugment-network.
type DeepNetwork struct {
	Network  pipeline.File `yaml:"network" required:"true" doc:"ONNX file of a network from images [1, 3, height, width] to such images, sizes dynamic"`
	Size     int           `yaml:"size" min:"16" max:"1024" doc:"shorter side to which pictures are brought first"`
	Multiple int           `yaml:"multiple" min:"1" max:"256" doc:"sides are then cut to multiples of this, as networks that halve and double sizes need it"`
	White    float64       `yaml:"white" above:"0" max:"65535" doc:"what the network takes and gives for white; black is 0"`
	Distort  []string      `yaml:"distort" doc:"names of weight distortions to draw from; all by default, [] for none"`
	Count    int           `yaml:"count" min:"1" max:"100" doc:"weight distortions of a draw, one after the other"`
	Copy     int           `yaml:"copy" min:"0" doc:"number of the draw: each gives another picture of a row"`
}

// Network is augment/deepaugment-network: every picture passes through a
// network of the user's, whose convolutions are distorted as those of EDSR and
// CAE are, drawn anew for about every twentieth row. The first and the last
// convolution stay.
func Network() *stages.Kind {
	written := arrow.NewSchema([]arrow.Field{{Name: model.ImageColumn, Type: stages.ImageType}}, nil)
	var known []string
	for _, w := range deep.NetworkWeightDistortions() {
		known = append(known, w.Name)
	}
	return stages.Define(stages.Def[DeepNetwork]{
		Name: network, Version: networkVersion, Shape: stages.RowWise, Random: true, Through: draws,
		Doc:    "Sends every picture through a distorted network of your own (DeepAugment).",
		In:     []stages.Port{{Name: "data", Doc: "rows with image"}},
		Config: DeepNetwork{Size: 128, Multiple: 4, White: 1, Distort: known, Count: 3},
		Check: func(c *DeepNetwork) []pipeline.Problem {
			problems := unknownNames("distort", c.Distort, known)
			if c.Network == "" {
				problems = append(problems, pipeline.Problem{Field: "network", Msg: "must name an ONNX file"})
			}
			return problems
		},
		Outputs: func(*DeepNetwork) []stages.Output { return []stages.Output{{Base: "data"}} },
		Columns: func(_ *DeepNetwork, in stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			out := stages.Schemas{"": written}
			if s := in["data"]; s != nil {
				return out, model.ImageProblems(s, "data")
			}
			return out, nil
		},
		Reads: func(_ *DeepNetwork, _ string, in *arrow.Schema) []string {
			return model.Present(in, model.ImageColumn, drawColumn)
		},
		Uses: []string{transform.Version, model.Version, nn.Version},
		New: func(c *DeepNetwork) (stages.Stage, error) {
			return &deepStage{name: network, version: networkVersion, size: c.Size, copy: c.Copy, open: func(*stages.Inputs) (func() (distorter, error), error) {
				return c.open()
			}}, nil
		},
	})
}

// open reads the network.
func (c *DeepNetwork) open() (func() (distorter, error), error) {
	data, err := os.ReadFile(string(c.Network))
	if err != nil {
		return nil, err
	}
	clean, err := model.ReadImageNetwork(data)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Base(string(c.Network)), err)
	}
	var among []deep.NetworkWeights
	for _, w := range deep.NetworkWeightDistortions() {
		if slices.Contains(c.Distort, w.Name) {
			among = append(among, w)
		}
	}
	if weights, _ := clean.Convs(); len(weights) == 0 && len(among) > 0 {
		return nil, fmt.Errorf("%s has no convolution whose weights stand in it, so there is nothing to distort", filepath.Base(string(c.Network)))
	}
	return func() (distorter, error) {
		return &networkDistorter{c: c, clean: clean, net: clean.Clone(), among: among}, nil
	}, nil
}

// A networkDistorter is a distorted network of the user's beside a clean one,
// which all share.
type networkDistorter struct {
	c          *DeepNetwork
	clean, net *model.ImageNetwork
	among      []deep.NetworkWeights
	x          nn.Signal
}

func (n *networkDistorter) redraw(d *deep.Dice, _ *kernels.Pool) {
	n.net.CopyFrom(n.clean)
	if len(n.among) > 0 {
		weights, biases := n.net.Convs()
		deep.DistortNetwork(weights, biases, n.among, n.c.Count, d)
	}
}

func (n *networkDistorter) picture(x *imageio.Pixels, _ *deep.Dice, _ kernels.Source, p *kernels.Pool) (*imageio.Pixels, error) {
	m := n.c.Multiple
	h, w := x.H/m*m, x.W/m*m
	if h == 0 || w == 0 {
		return nil, fmt.Errorf("a picture of %d x %d has no multiple of %d; lower multiple, or raise size", x.H, x.W, m)
	}
	x = imageio.CenterCrop(x, h, w)
	n.x.Resize(3, h, w)
	white := float32(n.c.White)
	imageio.ToPlanes(n.x.Data, x, 255/white)
	y, err := n.net.Run(n.x, p)
	if err != nil {
		return nil, err
	}
	return imageio.FromPlanes(y.Data, y.H, y.W, 255/white), nil
}
