package transform

import (
	"encoding/json"
	"fmt"
	"math"

	"shiftmill/kernels"
	"shiftmill/pipeline"
	"shiftmill/stages/imageio"
)

// Version is the version of this package's results, for Def.Uses. It covers
// the pixels of imageio as far as they reach through here.
const Version = "transform/1"

// A List is a sequence of steps. As a parameter of a kind it reads itself.
type List []Step

var (
	_ pipeline.SpecDecoder = (*List)(nil)
	_ pipeline.SpecTexter  = List(nil)
)

// A Step is one change of a picture.
type Step struct {
	name   string
	random bool
	h, w   int  // of the result; 0 where it depends on the input
	square bool // one side was given

	filter       imageio.Filter
	draft        bool // of a resize at the front: decode no more than it needs
	padding      int
	scale, ratio [2]float64
	p            float64
	std          []float64
	channels     bool // each has a standard deviation of its own
	fill         [3]byte
}

var words = []Word{
	{"resize", "size", []string{"size", "filter", "draft"}, "scales to [height, width], or the shorter side to one number"},
	{"center-crop", "size", []string{"size"}, "cuts the middle out"},
	{"random-crop", "size", []string{"size", "padding"}, "cuts out a place of its own in every picture and epoch"},
	{"random-resized-crop", "size", []string{"size", "scale", "ratio", "filter"}, "cuts out a rectangle of random size and shape and scales it"},
	{"hflip", "p", []string{"p"}, "mirrors with probability p"},
	{"speckle", "p", []string{"p", "std", "per"}, "multiplies every value by 1 + x, x normal"},
	{"random-erasing", "p", []string{"p", "area", "ratio", "fill"}, "paints over a random rectangle"},
}

// Words are the names of steps with their arguments, for lists that mix steps
// with other calls.
func Words() []Word { return words }

// DecodeSpec reads a list of steps; a single step needs no brackets.
func (l *List) DecodeSpec(v pipeline.Value) []pipeline.Problem {
	calls, problems := Calls(v, words)
	*l = nil
	for _, c := range calls {
		*l = append(*l, NewStep(c))
		problems = append(problems, c.Problems()...)
	}
	return problems
}

// SpecSchema describes a list of steps.
func (l *List) SpecSchema() map[string]any { return Schema(words) }

// NewStep makes a step of a call to one of [Words]; what is wrong with its
// arguments is recorded in the call.
func NewStep(c *Call) Step {
	s := Step{name: c.Name}
	filters := []string{"nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"}
	filter := func() {
		s.filter, _ = imageio.ParseFilter(c.Text("filter", "bilinear", filters)) // Text let only names of filters pass
	}
	switch c.Name {
	case "resize":
		s.h, s.w, s.square = c.Size("size")
		s.draft = c.Text("draft", "false", []string{"true", "false"}) == "true"
		filter()
	case "center-crop":
		s.h, s.w, _ = c.Size("size")
	case "random-crop":
		s.h, s.w, _ = c.Size("size")
		s.padding, s.random = c.Int("padding", 0, 0, maxSide), true
	case "random-resized-crop":
		s.h, s.w, _ = c.Size("size")
		s.scale = c.Range("scale", [2]float64{0.08, 1}, 0x1p-20, 16)
		s.ratio = c.Range("ratio", [2]float64{0.75, 4.0 / 3}, 0x1p-10, 0x1p10)
		s.random = true
		filter()
	case "hflip":
		s.p, s.random = c.Float("p", 0.5, 0, 1), true
	case "speckle":
		s = Speckle(c.Float("p", 0.5, 0, 1), c.Floats("std", SpeckleStd, 0, 16), c.Text("per", "image", []string{"image", "channel"}) == "channel")
	case "random-erasing":
		fill := c.Floats("fill", []float64{float64(EraseFill[0]), float64(EraseFill[1]), float64(EraseFill[2])}, 0, 255)
		if len(fill) != 3 {
			c.Fail("fill", "must be three levels [red, green, blue], got %d", len(fill))
			fill = make([]float64, 3)
		}
		s = RandomErasing(c.Float("p", 0.5, 0, 1), c.Range("area", EraseArea, 0x1p-20, 1), c.Range("ratio", EraseRatio, 0x1p-10, 0x1p10),
			[3]byte{byte(fill[0]), byte(fill[1]), byte(fill[2])})
	}
	return s
}

// Fit is the list that brings every picture to size x size: the shorter side
// scaled to size, the middle cut out.
func Fit(size int) List {
	return List{
		{name: "resize", h: size, w: size, square: true, filter: imageio.Bilinear},
		{name: "center-crop", h: size, w: size},
	}
}

// FitPixels is how many pixels a picture has behind Fit, given those before: all
// of them where size is 0 and the picture is left as it is.
func FitPixels(size int, before float64) float64 {
	if size > 0 {
		return float64(size) * float64(size)
	}
	return before
}

// Size is the size of every result of the list; ok is false where results
// would differ in size, so that they cannot be batched.
func (l List) Size() (h, w int, ok bool) {
	for i := len(l) - 1; i >= 0; i-- {
		switch s := l[i]; {
		case s.name == "hflip", s.name == "speckle", s.name == "random-erasing":
		case s.name == "resize" && s.square:
			// The shape is kept: square only if it was so before.
			if h, w, ok := l[:i].Size(); ok && h == w {
				return s.h, s.h, true
			}
			return 0, 0, false
		default:
			return s.h, s.w, true
		}
	}
	return 0, 0, false
}

// Random says whether any step draws.
func (l List) Random() bool {
	for _, s := range l {
		if s.random {
			return true
		}
	}
	return false
}

// Prefix is the number of steps before the first that draws: what they give
// can be kept from epoch to epoch.
func (l List) Prefix() int {
	for i, s := range l {
		if s.random {
			return i
		}
	}
	return len(l)
}

// drawsPerStep is how many elements of a source belong to one step; the
// largest user takes four for each of ten tries.
const drawsPerStep = 64

// bulk is the first element of a step's draws for every value of a picture of
// at most 2^24 pixels, apart from those of single draws.
func bulk(place uint32) uint32 { return (place + 1) << 24 }

// Apply applies the steps from <= i < to with the row's random source; the
// numbers a step draws follow from its place in the whole list. p is not
// changed; the result may be p.
// It fails where a random crop is larger than the picture with its padding.
func (l List) Apply(p *imageio.Pixels, from, to int, draw kernels.Source) (*imageio.Pixels, error) {
	for i := from; i < to; i++ {
		var err error
		if p, err = l[i].apply(p, draw, uint32(i)); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// Apply applies the step alone, as a list of one does.
func (s Step) Apply(p *imageio.Pixels, draw kernels.Source) (*imageio.Pixels, error) {
	return s.apply(p, draw, 0)
}

func (s Step) apply(p *imageio.Pixels, draw kernels.Source, place uint32) (*imageio.Pixels, error) {
	first := place * drawsPerStep
	switch s.name {
	case "resize":
		if s.square {
			return imageio.ResizeShorter(p, s.h, s.filter), nil
		}
		return imageio.Resize(p, s.h, s.w, s.filter), nil
	case "center-crop":
		return imageio.CenterCrop(p, s.h, s.w), nil
	case "random-crop":
		return s.randomCrop(p, draw, first)
	case "random-resized-crop":
		return s.randomResizedCrop(p, draw, first), nil
	case "hflip":
		if float64(draw.Uniform(first)) < s.p {
			return imageio.FlipH(p), nil
		}
		return p, nil
	case "speckle":
		return s.speckle(p, draw, first, bulk(place)), nil
	case "random-erasing":
		return s.erase(p, draw, first), nil
	}
	panic("transform: step " + s.name)
}

// randomCrop pads with black and cuts a rectangle out, each place equally
// likely.
func (s Step) randomCrop(p *imageio.Pixels, draw kernels.Source, first uint32) (*imageio.Pixels, error) {
	if s.padding > 0 {
		// CenterCrop pads evenly on both sides, since the surplus is even.
		p = imageio.CenterCrop(p, p.H+2*s.padding, p.W+2*s.padding)
	}
	if p.H < s.h || p.W < s.w {
		return nil, fmt.Errorf("random-crop of %d x %d from a picture of %d x %d (height x width, with padding): resize it first, or pad more", s.h, s.w, p.H, p.W)
	}
	y, x := draw.IntN(first, p.H-s.h+1), draw.IntN(first+1, p.W-s.w+1)
	return imageio.Crop(p, y, x, s.h, s.w), nil
}

// randomResizedCrop cuts out a rectangle of random area and aspect ratio and
// scales it. As torchvision does, it tries ten times, then takes the largest
// centred rectangle whose ratio is allowed.
func (s Step) randomResizedCrop(p *imageio.Pixels, draw kernels.Source, first uint32) *imageio.Pixels {
	lo, hi := kernels.Log(float32(s.ratio[0])), kernels.Log(float32(s.ratio[1]))
	area := float64(p.H * p.W)
	for try := range uint32(10) {
		e := first + 4*try
		target := area * (s.scale[0] + float64((s.scale[1]-s.scale[0])*float64(draw.Uniform(e))))
		ratio := float64(kernels.Exp(draw.Range(e+1, lo, hi)))
		w := int(math.RoundToEven(math.Sqrt(target * ratio)))
		h := int(math.RoundToEven(math.Sqrt(target / ratio)))
		if 0 < w && w <= p.W && 0 < h && h <= p.H {
			y, x := draw.IntN(e+2, p.H-h+1), draw.IntN(e+3, p.W-w+1)
			return imageio.Resize(imageio.Crop(p, y, x, h, w), s.h, s.w, s.filter)
		}
	}
	h, w := p.H, p.W
	switch r := float64(p.W) / float64(p.H); {
	case r < s.ratio[0]:
		h = min(p.H, max(1, int(math.RoundToEven(float64(w)/s.ratio[0]))))
	case r > s.ratio[1]:
		w = min(p.W, max(1, int(math.RoundToEven(float64(h)*s.ratio[1]))))
	}
	return imageio.Resize(imageio.Crop(p, (p.H-h)/2, (p.W-w)/2, h, w), s.h, s.w, s.filter)
}

// SpecText is the list as JSON with every argument, which is YAML as well:
// DecodeSpec reads it back.
func (l List) SpecText() string {
	items := make([]any, len(l))
	for i, s := range l {
		size := any([2]int{s.h, s.w})
		if s.square {
			size = s.h
		}
		var args map[string]any // encoding/json writes keys in ascending order
		switch s.name {
		case "resize":
			args = map[string]any{"size": size, "filter": s.filter.String()}
			if s.draft {
				args["draft"] = true // not told otherwise, so that lists without it keep their keys
			}
		case "center-crop":
			args = map[string]any{"size": size}
		case "random-crop":
			args = map[string]any{"size": size, "padding": s.padding}
		case "random-resized-crop":
			args = map[string]any{"size": size, "scale": s.scale, "ratio": s.ratio, "filter": s.filter.String()}
		case "hflip":
			args = map[string]any{"p": s.p}
		case "speckle":
			args = map[string]any{"p": s.p, "std": s.std, "per": "image"}
			if s.channels {
				args["per"] = "channel"
			}
		case "random-erasing":
			args = map[string]any{"p": s.p, "area": s.scale, "ratio": s.ratio, "fill": [3]int{int(s.fill[0]), int(s.fill[1]), int(s.fill[2])}}
		}
		items[i] = map[string]any{s.name: args}
	}
	text, err := json.Marshal(items)
	if err != nil {
		panic("transform: " + err.Error()) // numbers are finite, see Call.Float
	}
	return string(text)
}
