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
const Version = "model/2"

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
	Head    Head
	Effort  *Effort // nil where nothing is known of the training
	Mean    [3]float32
	Std     [3]float32
	Test    transform.List // how an image is prepared; its result has the network's size

	portable *portable // of a model that came as ONNX; then Net, Mean and Std are nil and zero

	mu   sync.Mutex
	idle []*nn.Predictor
}

// A Head says what makes scores of a network's last values.
type Head string

// The heads.
const (
	Softmax Head = "softmax" // one class a row
	Sigmoid Head = "sigmoid" // each class by itself: any number of labels a row
	None    Head = "none"    // the network's values are scores already
)

// An Effort is what a training took.
type Effort struct {
	ImagesSeen     int64 `json:"images_seen"`     // put through the network, every view counted
	DistinctImages int64 `json:"distinct_images"` // rows of the training data
	Steps          int64 `json:"steps"`
}

// A Facts is what predictions carry of the model that made them, as JSON in
// the metadata of their field under [FactsKey].
type Facts struct {
	Parameters int64 `json:"parameters,omitempty"`
	MACs       int64 `json:"macs,omitempty"` // multiply-adds for one image
	*Effort
}

// FactsKey is the key of a field's metadata that holds Facts.
const FactsKey = "model"

// Facts are those of the classifier.
func (c *Classifier) Facts() Facts {
	if c.portable != nil {
		return Facts{}
	}
	return Facts{Parameters: int64(c.Net.Parameters()), MACs: int64(c.Net.MACs), Effort: c.Effort}
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
	for key, v := range map[string]string{"stem": arch.Stem, "attention": arch.Attention} {
		if v != "" {
			meta[key] = v
		}
	}
	if c.Head != Softmax && c.Head != "" {
		meta["head"] = string(c.Head)
	}
	blocks, err := json.Marshal(arch.Blocks)
	if err != nil {
		return nil, err
	}
	meta["blocks"] = string(blocks)
	if c.Effort != nil {
		text, err := json.Marshal(c.Effort)
		if err != nil {
			return nil, err
		}
		meta["effort"] = string(text)
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
	c := &Classifier{Head: Softmax}
	arch := nn.Arch{Name: meta["arch"], Stem: meta["stem"], Attention: meta["attention"]}
	err = errors.Join(
		json.Unmarshal([]byte(meta["classes"]), &c.Classes), json.Unmarshal([]byte(meta["mean"]), &c.Mean),
		json.Unmarshal([]byte(meta["std"]), &c.Std), json.Unmarshal([]byte(meta["width"]), &arch.Width),
		json.Unmarshal([]byte(meta["size"]), &arch.Size), readSteps(meta["transform"], &c.Test),
	)
	if text, ok := meta["blocks"]; ok {
		err = errors.Join(err, json.Unmarshal([]byte(text), &arch.Blocks))
	}
	if text, ok := meta["effort"]; ok {
		err = errors.Join(err, json.Unmarshal([]byte(text), &c.Effort))
	}
	switch head := Head(meta["head"]); head {
	case "":
	case Softmax, Sigmoid, None:
		c.Head = head
	default:
		err = errors.Join(err, fmt.Errorf("head %q", head))
	}
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

// Size is the size of the pictures that Predict takes.
func (c *Classifier) Size() (h, w int) {
	if c.portable != nil {
		return c.portable.h, c.portable.w
	}
	return c.Net.Arch.Size, c.Net.Arch.Size
}

// Prepare brings a picture to the form that Predict takes.
func (c *Classifier) Prepare(p *imageio.Pixels) (*imageio.Pixels, error) {
	return c.Test.Apply(p, 0, len(c.Test), kernels.Source{})
}

// Predict returns the scores of prepared pictures, one row of len(Classes)
// values each, every row on its own. With a softmax the sums of rows are 1 but
// for rounding.
func (c *Classifier) Predict(pool *kernels.Pool, pictures []*imageio.Pixels) ([]float32, error) {
	if c.portable != nil {
		return c.portable.predict(pool, pictures, c.Head)
	}
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
		c.Head.scores(scores[at*k:(at+n)*k], p.Logits(pool)[:n*k], k, pool)
	}
	kernels.Canonical(scores)
	return scores, nil
}

// scores makes scores of rows of k values.
func (h Head) scores(dst, values []float32, k int, pool *kernels.Pool) {
	switch h {
	case Sigmoid:
		kernels.SigmoidSlice(dst, values)
	case None:
		copy(dst, values)
	default:
		kernels.Softmax(dst, values, len(values)/k, k, pool)
	}
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
