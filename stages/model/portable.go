package model

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"

	"shiftmill/kernels"
	"shiftmill/stages"
	"shiftmill/stages/imageio"
	"shiftmill/stages/model/onnx"
	"shiftmill/stages/model/onnxruntime"
	"shiftmill/stages/transform"
)

// Names of the files of a model that came as ONNX: the model, and how it is
// used. Files of weights beside the model keep their names.
const (
	onnxFile     = "model.onnx"
	settingsFile = "model.json"
	weightsFile  = "weights.safetensors"
)

// Settings are how a model that came as ONNX is used: the file model.json.
type Settings struct {
	Classes   []string `json:"classes"`
	Head      Head     `json:"head"`
	Scale     Scale    `json:"scale"`
	BGR       bool     `json:"bgr,omitempty"`
	Transform string   `json:"transform"`
	Input     string   `json:"input"`
	Output    string   `json:"output"`
	Runtime   string   `json:"runtime"`            // "own" or "onnxruntime"
	Provider  string   `json:"provider,omitempty"` // "cpu" or "cuda"
	Identity  string   `json:"identity,omitempty"` // of ONNX Runtime and the processor
	External  []string `json:"external,omitempty"` // names of files of weights
}

// An executor computes the output of an ONNX model for batches of one size.
type executor interface {
	// Run computes the values of the chosen output, a row for each picture.
	Run(pool *kernels.Pool, images []float32, shape []int) ([]float32, error)
}

// A portable is a model that came as ONNX.
type portable struct {
	settings Settings
	layout   layout
	h, w     int  // of the pictures
	batch    int  // fixed number of pictures a run
	half     bool // the input is float16
	exec     executor
	scores   int
}

// Open reads the model that a stage made: weights of our own networks, or ONNX
// with its settings.
func Open(in stages.Input) (*Classifier, error) {
	fail := func(file string, err error) (*Classifier, error) {
		return nil, fmt.Errorf("read model of %s, file %s: %w", in.Stage(), file, err)
	}
	names := in.FileNames()
	has := func(name string) bool {
		for _, n := range names {
			if n == name {
				return true
			}
		}
		return false
	}
	if !has(settingsFile) {
		data, err := in.File(weightsFile)
		if err != nil {
			return nil, fmt.Errorf("read model of %s: %w", in.Stage(), err)
		}
		c, err := Load(data)
		if err != nil {
			return fail(weightsFile, err)
		}
		return c, nil
	}
	text, err := in.File(settingsFile)
	if err != nil {
		return fail(settingsFile, err)
	}
	var s Settings
	if err := json.Unmarshal(text, &s); err != nil {
		return fail(settingsFile, err)
	}
	data, err := in.File(onnxFile)
	if err != nil {
		return fail(onnxFile, err)
	}
	c, err := openONNX(s, data, in.File)
	if err != nil {
		return fail(onnxFile, err)
	}
	return c, nil
}

// openONNX makes a classifier of an ONNX model. file gives the files of
// weights beside it.
func openONNX(s Settings, data []byte, file func(name string) ([]byte, error)) (*Classifier, error) {
	c := &Classifier{Classes: s.Classes, Head: s.Head}
	if err := readSteps(s.Transform, &c.Test); err != nil {
		return nil, err
	}
	p := &portable{settings: s}
	var input, output onnx.Port
	if s.Runtime == "onnxruntime" {
		session, err := onnxruntime.Open(data, s.External, file, s.Provider)
		if err != nil {
			return nil, err
		}
		if got := session.Identity(); s.Identity != "" && got != s.Identity {
			return nil, fmt.Errorf("it was prepared for %s, but here is %s; run the stage that reads the model again", s.Identity, got)
		}
		if input, output, err = chosen(session.Inputs(), session.Outputs(), &s); err != nil {
			return nil, err
		}
		p.exec = foreign{session, input.Name, output.Name}
	} else {
		m, err := onnx.Read(data, onnx.External(file))
		if err != nil {
			return nil, err
		}
		if input, output, err = chosen(m.Inputs, m.Outputs, &s); err != nil {
			return nil, err
		}
		p.exec = own{m, input.Name, output.Name}
	}
	if err := p.fit(input, &c.Test, s); err != nil {
		return nil, err
	}
	if len(output.Shape) > 0 {
		p.scores = output.Shape[len(output.Shape)-1]
	}
	if n := len(s.Classes); p.scores > 0 && n > 0 && n != p.scores {
		return nil, fmt.Errorf("output %q has %d scores a row, %d classes are named; give classes in the order of the scores", output.Name, p.scores, n)
	}
	c.portable = p
	return c, nil
}

// chosen finds the input and the output by the names in the settings, or the
// only ones.
func chosen(inputs, outputs []onnx.Port, s *Settings) (in, out onnx.Port, err error) {
	pick := func(what, name string, ports []onnx.Port) (onnx.Port, error) {
		var names []string
		for _, p := range ports {
			if p.Name == name || name == "" && len(ports) == 1 {
				return p, nil
			}
			names = append(names, fmt.Sprintf("%s %v", p.Name, p.Shape))
		}
		if name == "" {
			return onnx.Port{}, fmt.Errorf("the model has %d %ss; name one with %s: (%s)", len(ports), what, what, strings.Join(names, ", "))
		}
		return onnx.Port{}, fmt.Errorf("the model has no %s %q; it has %s", what, name, strings.Join(names, ", "))
	}
	if in, err = pick("input", s.Input, inputs); err != nil {
		return in, out, err
	}
	if out, err = pick("output", s.Output, outputs); err != nil {
		return in, out, err
	}
	s.Input, s.Output = in.Name, out.Name
	return in, out, nil
}

// Pictures a run where the model leaves it open. ONNX Runtime's result for a
// row may depend on the size of its batch, so that is always the same.
const (
	ownBatch  = 32
	cpuBatch  = 1
	cudaBatch = 64
)

// fit works out layout, size and batch from the model's input.
func (p *portable) fit(in onnx.Port, test *transform.List, s Settings) error {
	if len(in.Shape) != 4 {
		return fmt.Errorf("input %q has the shape %v, want pictures [n, 3, h, w] or [n, h, w, 3]", in.Name, in.Shape)
	}
	switch {
	case in.Shape[1] == 3:
		p.h, p.w = in.Shape[2], in.Shape[3]
	case in.Shape[3] == 3:
		p.layout.pixels = true
		p.h, p.w = in.Shape[1], in.Shape[2]
	default:
		return fmt.Errorf("input %q has the shape %v; neither its second nor its last axis is 3 channels", in.Name, in.Shape)
	}
	p.layout.bgr = s.BGR
	p.half = in.Type == 10
	if in.Type != 1 && in.Type != 10 {
		return fmt.Errorf("input %q holds numbers of ONNX type %d, want float32 or float16", in.Name, in.Type)
	}
	if len(*test) == 0 && p.h > 0 && p.h == p.w {
		*test = transform.Fit(p.h)
	}
	h, w, ok := test.Size()
	switch {
	case !ok:
		return fmt.Errorf("test: %s gives pictures of differing sizes; end it with a crop, such as [{resize: 256}, {center-crop: 224}]", test.SpecText())
	case p.h > 0 && h != p.h || p.w > 0 && w != p.w:
		return fmt.Errorf("test: gives pictures of %d x %d, input %q takes %d x %d", h, w, in.Name, p.h, p.w)
	}
	p.h, p.w = h, w
	switch {
	case in.Shape[0] > 0:
		p.batch = in.Shape[0]
	case s.Runtime == "own":
		p.batch = ownBatch
	case s.Provider == "cuda":
		p.batch = cudaBatch
	default:
		p.batch = cpuBatch
	}
	return nil
}

// predict scores pictures in batches of one size; missing pictures of the last
// one are zeros where the batch is fixed, and left out where it is not.
func (p *portable) predict(pool *kernels.Pool, pictures []*imageio.Pixels, head Head) ([]float32, error) {
	each := 3 * p.h * p.w
	var scores []float32
	k := 0
	for at := 0; at < len(pictures); at += p.batch {
		n := min(p.batch, len(pictures)-at)
		size := p.batch
		if p.settings.Runtime == "own" && p.batch == ownBatch {
			size = n
		}
		images := make([]float32, size*each)
		pool.Run(n, func(i int) { p.settings.Scale.floats(pictures[at+i], p.layout, images[i*each:(i+1)*each]) })
		shape := []int{size, 3, p.h, p.w}
		if p.layout.pixels {
			shape = []int{size, p.h, p.w, 3}
		}
		out, err := p.exec.Run(pool, images, shape)
		if err != nil {
			return nil, err
		}
		if len(out)%size != 0 || len(out) == 0 {
			return nil, fmt.Errorf("output %q has %d numbers for %d pictures", p.settings.Output, len(out), size)
		}
		if k = len(out) / size; len(p.settings.Classes) > 0 && k != len(p.settings.Classes) {
			return nil, fmt.Errorf("output %q has %d scores a row, %d classes are named; give classes in the order of the scores", p.settings.Output, k, len(p.settings.Classes))
		}
		if scores == nil {
			scores = make([]float32, len(pictures)*k)
		}
		head.scores(scores[at*k:(at+n)*k], out[:n*k], k, pool)
	}
	kernels.Canonical(scores)
	return scores, nil
}

// own computes on our kernels.
type own struct {
	m             *onnx.Model
	input, output string
}

func (o own) Run(pool *kernels.Pool, images []float32, shape []int) ([]float32, error) {
	out, err := o.m.Run(pool, map[string]*onnx.Value{o.input: {Shape: shape, F: images}}, []string{o.output})
	if err != nil {
		return nil, err
	}
	return out[o.output].F, nil
}

// foreign asks ONNX Runtime.
type foreign struct {
	session       *onnxruntime.Session
	input, output string
}

func (f foreign) Run(_ *kernels.Pool, images []float32, shape []int) ([]float32, error) {
	return f.session.Run(f.input, images, shape, f.output)
}

// identityHere is what ONNX Runtime's results may depend on: its version, the
// provider, the kind of processor.
func identityHere(provider string) (string, error) {
	version, err := onnxruntime.Version()
	if err != nil {
		return "", err
	}
	return onnxruntime.Identity(version, provider, runtime.GOARCH), nil
}
