package model

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"shiftmill/kernels/nn"
	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/model/onnx"
	"shiftmill/stages/transform"
)

// ONNXConfig are the parameters of model/onnx.
type ONNXConfig struct {
	File       pipeline.File  `yaml:"file" required:"true" doc:"the ONNX file; weights in files beside it are found by their names in it"`
	Classes    Classes        `yaml:"classes" doc:"class names in the order of the scores: a list, imagenet-1k (the default for 1,000 scores) or cifar-10"`
	Scale      Scale          `yaml:"scale" doc:"which numbers stand for pixels: imagenet, unit (0 to 1), signed (-1 to 1), raw (0 to 255), or {mean: [r, g, b], std: [r, g, b]} of pixels in 0 to 1"`
	Channels   string         `yaml:"channels" enum:"rgb|bgr" doc:"order of the channels"`
	Test       transform.List `yaml:"test" doc:"how a picture is prepared: steps of transform; default resize and crop to the model's size"`
	Activation string         `yaml:"activation" enum:"softmax|sigmoid|none" doc:"what makes probabilities of the output"`
	Input      string         `yaml:"input" doc:"name of the input, where the model has several"`
	Output     string         `yaml:"output" doc:"name of the output that holds the scores, where the model has several"`
	Runtime    string         `yaml:"runtime" enum:"own|onnxruntime" doc:"own computes the same bits everywhere; onnxruntime is the installed library, whose version, provider and kind of processor enter the key"`
	Provider   string         `yaml:"provider" enum:"cpu|cuda" doc:"with runtime: onnxruntime"`
}

// ONNX is model/onnx: it brings a trained model.
func ONNX() *stages.Kind {
	return stages.Define(stages.Def[ONNXConfig]{
		Name: "model/onnx", Version: 1, Shape: stages.Source,
		Doc:    "Brings a trained model from an ONNX file, and says how pictures are prepared for it.",
		Config: ONNXConfig{Scale: Scale{Mean: imageNetMean, Std: imageNetStd}, Channels: "rgb", Activation: "softmax", Runtime: "own", Provider: "cpu"},
		Check: func(c *ONNXConfig) []pipeline.Problem {
			if c.Test.Random() {
				return []pipeline.Problem{{Field: "test", Msg: "has a random step; the same picture must always get the same scores"}}
			}
			if c.Provider == "cuda" && c.Runtime != "onnxruntime" {
				return []pipeline.Problem{{Field: "provider", Msg: "cuda goes with runtime: onnxruntime"}}
			}
			return nil
		},
		Outputs: func(*ONNXConfig) []stages.Output { return []stages.Output{{Type: stages.Files}} },
		Uses:    []string{transform.Version, Version},
		Source:  &stages.Access[ONNXConfig]{Listing: listing},
		New:     func(c *ONNXConfig) (stages.Stage, error) { return stages.RunFunc(c.run), nil },
	})
}

// listing writes what beside the model's own file decides the result: files of
// weights, and what ONNX Runtime's bits depend on.
func listing(_ context.Context, c *ONNXConfig, digest func(string) (string, error), w io.Writer) error {
	data, err := os.ReadFile(string(c.File))
	if err != nil {
		return err
	}
	external, err := onnx.ExternalFiles(data)
	if err != nil {
		return fmt.Errorf("read %s: %w", filepath.Base(string(c.File)), err)
	}
	for _, name := range external {
		path, err := c.beside(name)
		if err != nil {
			return err
		}
		d, err := digest(path)
		if err != nil {
			return fmt.Errorf("the model keeps weights in a file beside it: %w", err)
		}
		fmt.Fprintf(w, "%q %s\n", name, d)
	}
	if c.Runtime == "onnxruntime" {
		identity, err := identityHere(c.Provider)
		if err != nil {
			return err
		}
		fmt.Fprintln(w, identity)
	}
	return nil
}

// beside is the path of a file of weights.
func (c *ONNXConfig) beside(name string) (string, error) {
	clean := filepath.Clean(filepath.FromSlash(name))
	if filepath.IsAbs(clean) || clean == ".." || strings.HasPrefix(clean, ".."+string(filepath.Separator)) {
		return "", fmt.Errorf("the model names weights at %q, outside its folder", name)
	}
	return filepath.Join(filepath.Dir(string(c.File)), clean), nil
}

func (c *ONNXConfig) run(_ context.Context, _ *stages.Inputs, out stages.Sink) error {
	data, err := os.ReadFile(string(c.File))
	if err != nil {
		return err
	}
	s := Settings{
		Classes: c.Classes, Head: Head(c.Activation), Scale: c.Scale, BGR: c.Channels == "bgr", Transform: c.Test.SpecText(),
		Input: c.Input, Output: c.Output, Runtime: c.Runtime,
	}
	if c.Runtime == "onnxruntime" {
		s.Provider = c.Provider
		if s.Identity, err = identityHere(c.Provider); err != nil {
			return err
		}
	}
	if s.External, err = onnx.ExternalFiles(data); err != nil {
		return fmt.Errorf("read %s: %w", filepath.Base(string(c.File)), err)
	}
	files := map[string][]byte{}
	for _, name := range s.External {
		path, err := c.beside(name)
		if err != nil {
			return err
		}
		if files[name], err = os.ReadFile(path); err != nil {
			return fmt.Errorf("the model keeps weights in a file beside it: %w", err)
		}
	}
	m, err := openONNX(s, data, func(name string) ([]byte, error) {
		if b, ok := files[name]; ok {
			return b, nil
		}
		return nil, fmt.Errorf("the model has no file %q beside it", name)
	})
	if err != nil {
		return fmt.Errorf("read %s: %w", filepath.Base(string(c.File)), err)
	}
	s = m.portable.settings
	s.Transform = m.Test.SpecText()
	if len(s.Classes) == 0 {
		if m.portable.scores != 1000 {
			return fmt.Errorf("output %q has %d scores a row; give classes: [name, name, ...] in their order, or the name of a known list", s.Output, m.portable.scores)
		}
		s.Classes, _ = known("imagenet-1k")
	}
	text, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		return err
	}
	files[onnxFile], files[settingsFile] = data, text
	for _, name := range sortedNames(files) {
		if err := out.WriteFile("", name, files[name]); err != nil {
			return err
		}
	}
	runtime := "own kernels"
	if s.Identity != "" {
		runtime = s.Identity
	}
	out.Note("%d classes, pictures of %d x %d, output %q, on %s", len(s.Classes), m.portable.h, m.portable.w, s.Output, runtime)
	return nil
}

func sortedNames(files map[string][]byte) []string {
	names := make([]string, 0, len(files))
	for n := range files {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

// SafetensorsConfig are the parameters of model/safetensors.
type SafetensorsConfig struct {
	File       pipeline.File  `yaml:"file" required:"true" doc:"weights: safetensors, or what torch.save made of model.state_dict()"`
	Arch       string         `yaml:"arch" required:"true" doc:"architecture that the weights are of"`
	Width      int            `yaml:"width" min:"0" max:"1024" doc:"channels of the first stage, where it is not the architecture's own"`
	Blocks     []int          `yaml:"blocks" min:"1" max:"200" doc:"blocks of each stage, where they are not the architecture's own"`
	Stem       string         `yaml:"stem" enum:"cifar|imagenet" doc:"first layers of a ResNet; by default imagenet for images of more than 64 pixels"`
	Attention  string         `yaml:"attention" enum:"se|cbam" doc:"attention in every residual block"`
	Size       int            `yaml:"size" min:"8" max:"1024" doc:"side of the images in pixels"`
	Classes    Classes        `yaml:"classes" doc:"class names in the order of the scores: a list, imagenet-1k or cifar-10"`
	Mean       [3]float64     `yaml:"mean" min:"-10" max:"10" doc:"subtracted from each channel of pixels in 0..1"`
	Std        [3]float64     `yaml:"std" above:"0" max:"10" doc:"divides each channel after that"`
	Test       transform.List `yaml:"test" doc:"how a picture is prepared; default resize and crop to size"`
	Activation string         `yaml:"activation" enum:"softmax|sigmoid" doc:"what makes probabilities of the network's values"`
}

// Safetensors is model/safetensors: it brings weights of one of our
// architectures, which are torchvision's.
func Safetensors() *stages.Kind {
	return stages.Define(stages.Def[SafetensorsConfig]{
		Name: "model/safetensors", Version: 1, Shape: stages.Source,
		Doc:    "Brings trained weights, named as torchvision names them, for a built-in architecture.",
		Config: SafetensorsConfig{Size: 224, Classes: Classes(nil), Mean: wide(imageNetMean), Std: wide(imageNetStd), Activation: "softmax"},
		Check: func(c *SafetensorsConfig) []pipeline.Problem {
			var list []pipeline.Problem
			if err := c.arch(2).Validate(); err != nil {
				list = append(list, pipeline.Problem{Field: "arch", Msg: err.Error()})
			}
			if c.Test.Random() {
				list = append(list, pipeline.Problem{Field: "test", Msg: "has a random step; the same picture must always get the same scores"})
			} else if len(c.Test) > 0 {
				if h, w, ok := c.Test.Size(); !ok || h != c.Size || w != c.Size {
					list = append(list, pipeline.Problem{Field: "test", Msg: fmt.Sprintf("must give pictures of size: end it with {center-crop: %d}", c.Size)})
				}
			}
			return list
		},
		Outputs: func(*SafetensorsConfig) []stages.Output { return []stages.Output{{Type: stages.Files}} },
		Uses:    []string{transform.Version, Version, nn.Version},
		Source:  &stages.Access[SafetensorsConfig]{},
		New:     func(c *SafetensorsConfig) (stages.Stage, error) { return stages.RunFunc(c.run), nil },
	})
}

func wide(v [3]float32) [3]float64 {
	var out [3]float64
	for i, x := range v {
		out[i] = float64(int(x*1000+0.5)) / 1000
	}
	return out
}

func (c *SafetensorsConfig) arch(classes int) nn.Arch {
	return nn.Arch{Name: c.Arch, Width: c.Width, Blocks: c.Blocks, Stem: c.Stem, Attention: c.Attention, Classes: classes, Size: c.Size}
}

func (c *SafetensorsConfig) run(_ context.Context, _ *stages.Inputs, out stages.Sink) error {
	tensors, err := readWeights(c.File)
	if err != nil {
		return err
	}
	classes := []string(c.Classes)
	if len(classes) == 0 {
		n := 0
		for _, t := range tensors {
			if t.Name == "fc.bias" && len(t.Shape) == 1 {
				n = t.Shape[0]
			}
		}
		if n != 1000 {
			return fmt.Errorf("the last layer has %d scores; give classes: [name, name, ...] in their order, or the name of a known list", n)
		}
		classes, _ = known("imagenet-1k")
	}
	net, err := nn.New(c.arch(len(classes)))
	if err != nil {
		return err
	}
	if _, _, err := Fill(net, tensors, false); err != nil {
		return err
	}
	m := &Classifier{Net: net, Classes: classes, Head: Head(c.Activation), Test: c.Test}
	for i := range 3 {
		m.Mean[i], m.Std[i] = float32(c.Mean[i]), float32(c.Std[i])
	}
	if len(m.Test) == 0 {
		m.Test = transform.Fit(c.Size)
	}
	data, err := m.Save()
	if err != nil {
		return err
	}
	out.Note("%s with %d parameters", net.Arch, net.Parameters())
	return out.WriteFile("", weightsFile, data)
}
