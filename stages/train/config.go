package train

import (
	"fmt"
	"strings"

	"shiftmill/kernels/nn"
	"shiftmill/pipeline"
	"shiftmill/stages/transform"
)

// Config are the parameters of train/classifier.
type Config struct {
	Model     Model         `yaml:"model" doc:"architecture: a name, or {arch, width, blocks, stem, attention}"`
	Size      int           `yaml:"size" min:"8" max:"1024" doc:"side of the images in pixels; left at 32, it is what both lists of transform give"`
	Label     string        `yaml:"label" doc:"column of class names; with loss: bce it may hold lists of them"`
	Init      pipeline.File `yaml:"init" doc:"weights to start from: safetensors, or what torch.save wrote; tensors are taken by name"`
	Budget    Budget        `yaml:"budget" doc:"how long to train: {epochs: n}, {steps: n} or {images: n}"`
	BatchSize int           `yaml:"batch_size" min:"2" max:"65536" doc:"images a step; less if there are fewer rows"`

	Loss           string  `yaml:"loss" enum:"cross-entropy|jsd|bce" doc:"jsd adds the Jensen-Shannon divergence between the clean image and two augmented views; bce judges each class by itself, for rows with several labels"`
	Consistency    float64 `yaml:"consistency" min:"0" max:"1000" doc:"weight of the divergence with loss: jsd"`
	LabelSmoothing float64 `yaml:"label_smoothing" min:"0" below:"1" doc:"share of the target spread over all classes"`

	Optimizer   string     `yaml:"optimizer" enum:"sgd|adam" doc:"rule by which gradients change the weights"`
	LR          float64    `yaml:"lr" above:"0" max:"100" doc:"highest learning rate"`
	Schedule    string     `yaml:"schedule" enum:"cosine|linear|step|constant" doc:"how the learning rate falls to 0: along half a cosine, in a line, or by decay at each of milestones"`
	Warmup      float64    `yaml:"warmup" min:"0" below:"1" doc:"share of the steps in which the learning rate rises to lr"`
	Milestones  []float64  `yaml:"milestones" above:"0" below:"1" doc:"shares of the steps after which schedule: step multiplies the learning rate by decay"`
	Decay       float64    `yaml:"decay" above:"0" below:"1" doc:"factor of schedule: step"`
	Momentum    float64    `yaml:"momentum" min:"0" below:"1" doc:"momentum of sgd"`
	Nesterov    bool       `yaml:"nesterov" doc:"Nesterov's form of momentum"`
	Betas       [2]float64 `yaml:"betas" above:"0" below:"1" doc:"shares of adam's running means that a step keeps"`
	Epsilon     float64    `yaml:"epsilon" above:"0" max:"1" doc:"added to the root in adam"`
	WeightDecay float64    `yaml:"weight_decay" min:"0" max:"1" doc:"added to each parameter's gradient, times the parameter"`
	DecayNorms  bool       `yaml:"decay_norms" doc:"weight decay on norms and biases too, as torchvision has it"`

	Keep     string `yaml:"keep" enum:"last|best" doc:"weights of the last epoch, or of the one with the lowest error on val"`
	Patience int    `yaml:"patience" min:"0" max:"1000000" doc:"stop after so many epochs without a lower error on val; 0 never stops early"`

	Mean      [3]float64 `yaml:"mean" min:"-10" max:"10" doc:"subtracted from each channel of pixels in 0..1"`
	Std       [3]float64 `yaml:"std" above:"0" max:"10" doc:"divides each channel after that"`
	Online    Online     `yaml:"online" doc:"augmentations inside training: [augmix], [noise2net], [{noise2net: {share, epsilon}}], [{adversarial: {epsilon, step}}] in levels of 255, and steps of transform"`
	Transform Transforms `yaml:"transform" doc:"how pictures are prepared: {train: [...], test: [...]}"`
}

// Transforms are the two lists of steps. Empty ones scale the shorter side to
// the size and cut the middle out.
type Transforms struct {
	Train transform.List `yaml:"train" doc:"steps in training; the result must have the size"`
	Test  transform.List `yaml:"test" doc:"steps in validation and evaluation; the result must have the size"`
}

func defaults() Config {
	return Config{
		Model: Model{Arch: "convnet"}, Size: 32, Label: "label", Budget: Budget{Epochs: 30}, BatchSize: 32,
		Loss: "cross-entropy", Consistency: 12, Optimizer: "sgd", LR: 0.1, Schedule: "cosine", Milestones: []float64{1.0 / 3, 2.0 / 3}, Decay: 0.1,
		Momentum: 0.9, Nesterov: true, Betas: [2]float64{0.9, 0.999}, Epsilon: 1e-8, WeightDecay: 5e-4, DecayNorms: true, Keep: "last",
		Mean: [3]float64{0.485, 0.456, 0.406}, Std: [3]float64{0.229, 0.224, 0.225},
	}
}

// A Model is the architecture: a name, or a map with its settings.
type Model struct {
	Arch      string `yaml:"arch"`
	Width     int    `yaml:"width"`
	Blocks    []int  `yaml:"blocks"`
	Stem      string `yaml:"stem"`
	Attention string `yaml:"attention"`
}

// settings is Model without its methods, as a map reads it.
type settings struct {
	Arch      string `yaml:"arch" required:"true" doc:"name of the architecture"`
	Width     int    `yaml:"width" min:"1" max:"1024" doc:"channels of the first stage"`
	Blocks    []int  `yaml:"blocks" min:"1" max:"200" doc:"residual blocks of each stage, or convolutions of the plain network"`
	Stem      string `yaml:"stem" enum:"cifar|imagenet" doc:"first layers of a ResNet; by default imagenet for images of more than 64 pixels"`
	Attention string `yaml:"attention" enum:"se|cbam" doc:"attention in every residual block"`
}

func (c *Config) arch(classes int) nn.Arch {
	m := c.Model
	return nn.Arch{Name: m.Arch, Width: m.Width, Blocks: m.Blocks, Stem: m.Stem, Attention: m.Attention, Classes: classes, Size: c.Size}
}

// DecodeSpec reads either form.
func (m *Model) DecodeSpec(v pipeline.Value) []pipeline.Problem {
	*m = Model{}
	if v.Kind() == pipeline.Scalar {
		m.Arch = v.Text()
	} else {
		var s settings
		if problems := below(pipeline.Decode(v, &s)); problems != nil {
			return problems
		}
		*m = Model(s)
	}
	known := nn.Names()
	for _, k := range known {
		if k == m.Arch {
			return nil
		}
	}
	hint := ""
	if near := pipeline.Nearest(m.Arch, known); near != "" {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	return []pipeline.Problem{{Msg: fmt.Sprintf("no architecture %q; there are %s%s", m.Arch, strings.Join(known, ", "), hint)}}
}

// SpecSchema describes either form.
func (m *Model) SpecSchema() map[string]any {
	named := pipeline.SchemaOf[settings]()
	named["properties"].(map[string]any)["arch"] = pipeline.SchemaAny(map[string]any{"enum": nn.Names(), "description": "name of the architecture"})
	return map[string]any{"anyOf": []map[string]any{{"enum": nn.Names()}, named}}
}

// below turns errors of a part into problems whose paths start at that part.
func below(errs pipeline.Errors) []pipeline.Problem {
	var problems []pipeline.Problem
	for _, e := range errs {
		problems = append(problems, pipeline.Problem{Field: e.Path, Pos: e.Pos, Msg: e.Msg})
	}
	return problems
}

// A Budget is the length of a training; one field is above 0.
type Budget struct {
	Epochs int `yaml:"epochs"`
	Steps  int `yaml:"steps"`
	Images int `yaml:"images"`
}

// DecodeSpec reads a map with one of the three; null stands for absence, so
// that a spec can replace what it extends.
func (b *Budget) DecodeSpec(v pipeline.Value) []pipeline.Problem {
	if v.Kind() != pipeline.Map {
		return []pipeline.Problem{{Msg: "must be one of {epochs: n}, {steps: n} and {images: n}, got " + v.SpecText()}}
	}
	var got Budget
	given := 0
	var problems []pipeline.Problem
	for _, e := range v.Map() {
		var into *int
		switch e.Key {
		case "epochs":
			into = &got.Epochs
		case "steps":
			into = &got.Steps
		case "images":
			into = &got.Images
		default:
			problems = append(problems, pipeline.Problem{Field: e.Key, Pos: e.KeyPos, Msg: "unknown unit of a budget; there are epochs, steps and images"})
			continue
		}
		if e.Value.Kind() == pipeline.Null {
			continue
		}
		given++
		if errs := pipeline.Decode(e.Value, into); len(errs) > 0 {
			problems = append(problems, pipeline.Problem{Field: e.Key, Pos: e.Value.Pos(), Msg: errs[0].Msg})
		} else if *into < 1 || *into > 1e9 {
			problems = append(problems, pipeline.Problem{Field: e.Key, Pos: e.Value.Pos(), Msg: fmt.Sprintf("must be from 1 to 1000000000, got %d", *into)})
		}
	}
	if given != 1 && problems == nil {
		problems = []pipeline.Problem{{Msg: fmt.Sprintf("must give one of epochs, steps and images, got %d of them", given)}}
	}
	if problems == nil {
		*b = got
	}
	return problems
}

// SpecSchema describes the map.
func (b *Budget) SpecSchema() map[string]any {
	unit := func(doc string) map[string]any {
		s := pipeline.SchemaAny(map[string]any{"type": "integer", "minimum": 1, "maximum": 1e9}, map[string]any{"type": "null"})
		s["description"] = doc
		return s
	}
	return map[string]any{"type": "object", "minProperties": 1, "additionalProperties": false, "properties": map[string]any{
		"epochs": unit("passes over the training rows"), "steps": unit("batches"), "images": unit("pictures, every view counted"),
	}}
}

// steps is the length of a training on batches of which an epoch has perEpoch.
func (b Budget) steps(perEpoch, batch int) int {
	switch {
	case b.Steps > 0:
		return b.Steps
	case b.Images > 0:
		return (b.Images + batch - 1) / batch
	}
	return b.Epochs * perEpoch
}

// trainSteps are the steps of every training picture, online ones last.
func (c *Config) trainSteps() transform.List {
	list := c.Transform.Train
	if len(list) == 0 {
		list = transform.Fit(c.Size)
	}
	return append(append(transform.List(nil), list...), c.Online.Steps...)
}

func (c *Config) testSteps() transform.List {
	if len(c.Transform.Test) == 0 {
		return transform.Fit(c.Size)
	}
	return c.Transform.Test
}

// sizeOfTransform takes the size from the steps where both lists of them give one
// and the same and nobody has asked for another.
func (c *Config) sizeOfTransform() {
	if c.Size != defaults().Size || len(c.Transform.Train) == 0 || len(c.Transform.Test) == 0 {
		return
	}
	h, w, fixed := c.trainSteps().Size()
	th, tw, same := c.Transform.Test.Size()
	if fixed && same && h == w && h == th && w == tw && h <= 1024 {
		c.Size = h
	}
}

// check reports what the tags cannot say, after it has filled in the size.
func (c *Config) check() []pipeline.Problem {
	c.sizeOfTransform()
	var problems []pipeline.Problem
	add := func(field, format string, args ...any) {
		problems = append(problems, pipeline.Problem{Field: field, Msg: fmt.Sprintf(format, args...)})
	}
	if err := c.arch(2).Validate(); err != nil {
		add("model", "%v", err)
	}
	for _, l := range []struct {
		field string
		list  transform.List
	}{{"transform.train", c.trainSteps()}, {"transform.test", c.testSteps()}} {
		h, w, ok := l.list.Size()
		switch {
		case !ok:
			add(l.field, "gives pictures of differing sizes; end it with {center-crop: %d} or {resize: [%d, %d]}", c.Size, c.Size, c.Size)
		case h != c.Size || w != c.Size:
			add(l.field, "gives pictures of %d x %d, size is %d; change one of them", h, w, c.Size)
		}
	}
	if c.Transform.Test.Random() {
		add("transform.test", "has a random step; the same picture must always get the same scores")
	}
	if c.Loss == "jsd" && c.Online.empty() {
		add("loss", "jsd compares augmented views, and online is empty; give online: [augmix] or another augmentation")
	}
	if c.Loss == "bce" && c.LabelSmoothing > 0 {
		add("label_smoothing", "spreads one label over the classes, which loss: bce does not have")
	}
	if c.Optimizer == "sgd" && c.Nesterov && c.Momentum == 0 {
		add("nesterov", "needs a momentum above 0; set momentum: 0.9, or nesterov: false")
	}
	return problems
}
