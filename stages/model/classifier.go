package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"shiftmill/kernels"
	"shiftmill/kernels/nn"
	"shiftmill/pipeline"
	"shiftmill/stages/imageio"
	"shiftmill/stages/transform"
)

// Version is the version of what a classifier computes, for Def.Uses.
const Version = "model/1"

// format is the value of the metadata key "format"; it changes when older
// readers would misunderstand a file.
const format = "shiftmill/classifier/1"

// predictBatch is how many images are scored at a time. Scores do not depend
// on it.
const predictBatch = 32

// A Classifier scores images. It is safe for concurrent use.
type Classifier struct {
	Net     *nn.Network
	Classes []string // in the order of the scores
	Mean    [3]float32
	Std     [3]float32
	Test    transform.List // how an image is prepared; its result has the network's size

	mu   sync.Mutex
	idle []*nn.Predictor
}

// Save writes a classifier; equal classifiers give equal bytes.
func (c *Classifier) Save() ([]byte, error) {
	classes, err := json.Marshal(c.Classes)
	if err != nil {
		return nil, err
	}
	arch := c.Net.Arch.Filled()
	meta := map[string]string{
		"format": format, "arch": arch.Name, "width": strconv.Itoa(arch.Width), "size": strconv.Itoa(arch.Size),
		"classes": string(classes), "mean": numbers(c.Mean), "std": numbers(c.Std), "transform": c.Test.SpecText(),
	}
	if arch.Stem != "" {
		meta["stem"] = arch.Stem
	}
	tensors := make([]Tensor, len(c.Net.State))
	for i, t := range c.Net.State {
		tensors[i] = F32(t.Name, t.Shape, t.Data)
	}
	return Encode(meta, tensors)
}

// numbers writes values so that they read back as the same float32.
func numbers(v [3]float32) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic("model: " + err.Error()) // Config checks that they are finite
	}
	return string(text)
}

// Load reads what Save wrote. Errors wrap [ErrFormat] or say which part of the
// file does not fit the others.
func Load(weights []byte) (*Classifier, error) {
	meta, tensors, err := Decode(weights)
	if err != nil {
		return nil, err
	}
	if meta["format"] != format {
		return nil, fmt.Errorf("%w: its metadata names the format %q, want %q as train/classifier writes it", ErrFormat, meta["format"], format)
	}
	c := &Classifier{}
	arch := nn.Arch{Name: meta["arch"], Stem: meta["stem"]}
	err = errors.Join(
		json.Unmarshal([]byte(meta["classes"]), &c.Classes), json.Unmarshal([]byte(meta["mean"]), &c.Mean),
		json.Unmarshal([]byte(meta["std"]), &c.Std), json.Unmarshal([]byte(meta["width"]), &arch.Width),
		json.Unmarshal([]byte(meta["size"]), &arch.Size), readSteps(meta["transform"], &c.Test),
	)
	if err != nil {
		return nil, fmt.Errorf("%w: metadata: %v", ErrFormat, err)
	}
	arch.Classes = len(c.Classes)
	if c.Net, err = nn.New(arch); err != nil {
		return nil, fmt.Errorf("%w: metadata: %v", ErrFormat, err)
	}
	if h, w, ok := c.Test.Size(); !ok || h != arch.Size || w != arch.Size {
		return nil, fmt.Errorf("%w: metadata: the transform %s does not give images of %d x %d", ErrFormat, meta["transform"], arch.Size, arch.Size)
	}
	if len(tensors) != len(c.Net.State) {
		return nil, fmt.Errorf("%w: it has %d tensors, network %s has %d", ErrFormat, len(tensors), arch, len(c.Net.State))
	}
	for _, t := range tensors {
		v, err := t.Float32s()
		if err == nil {
			err = c.Net.SetTensor(t.Name, t.Shape, v)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %v", ErrFormat, err)
		}
	}
	return c, nil
}

func readSteps(text string, l *transform.List) error {
	v, err := pipeline.ParseValue("transform", text)
	if err != nil {
		return err
	}
	for _, p := range l.DecodeSpec(v) {
		return fmt.Errorf("transform: %s: %s", p.Field, p.Msg)
	}
	if l.Random() {
		return fmt.Errorf("transform %s draws random numbers", text)
	}
	return nil
}

// Prepare brings a picture to the form that Predict takes.
func (c *Classifier) Prepare(p *imageio.Pixels) (*imageio.Pixels, error) {
	return c.Test.Apply(p, 0, len(c.Test), kernels.Source{})
}

// Predict returns the softmax scores of prepared pictures, one row of
// len(Classes) values each, every row on its own. The sums of rows are 1 but
// for rounding.
func (c *Classifier) Predict(pool *kernels.Pool, pictures []*imageio.Pixels) ([]float32, error) {
	p, err := c.predictor()
	if err != nil {
		return nil, err
	}
	defer c.putBack(p)
	k, size := len(c.Classes), 3*c.Net.Arch.Size*c.Net.Arch.Size
	scores := make([]float32, len(pictures)*k)
	for at := 0; at < len(pictures); at += predictBatch {
		n := min(predictBatch, len(pictures)-at)
		pool.Run(n, func(i int) { imageio.ToFloat(pictures[at+i], c.Mean, c.Std, p.Images[i*size:(i+1)*size]) })
		kernels.Softmax(scores[at*k:(at+n)*k], p.Logits(pool)[:n*k], n, k, pool)
	}
	kernels.Canonical(scores)
	return scores, nil
}

func (c *Classifier) predictor() (*nn.Predictor, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.idle); n > 0 {
		p := c.idle[n-1]
		c.idle = c.idle[:n-1]
		return p, nil
	}
	return nn.NewPredictor(c.Net, predictBatch)
}

func (c *Classifier) putBack(p *nn.Predictor) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.idle = append(c.idle, p)
}

// Best is the place of the largest of one row's scores: the first of equal
// ones, a NaN last.
func Best(scores []float32) int {
	best := 0
	for i, v := range scores {
		if v > scores[best] || scores[best] != scores[best] && v == v {
			best = i
		}
	}
	return best
}
