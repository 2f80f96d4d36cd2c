package model

import (
	"encoding/json"
	"fmt"

	"shiftmill/pipeline"
	"shiftmill/stages/imageio"
)

// A Scale says which numbers stand for pixels.
type Scale struct {
	Raw  bool       `json:"raw,omitempty"` // 0 to 255 as they are
	Mean [3]float32 `json:"mean"`          // else (v/255 - mean) / std
	Std  [3]float32 `json:"std"`
}

var (
	_ pipeline.SpecDecoder = (*Scale)(nil)
	_ pipeline.SpecTexter  = Scale{}
)

// The mean and standard deviation of ImageNet's training pixels, which
// torchvision's networks expect.
var (
	imageNetMean = [3]float32{0.485, 0.456, 0.406}
	imageNetStd  = [3]float32{0.229, 0.224, 0.225}
)

// DecodeSpec reads imagenet, unit (0 to 1), signed (-1 to 1), raw (0 to 255),
// or {mean: [r, g, b], std: [r, g, b]} of pixels in 0 to 1.
func (s *Scale) DecodeSpec(v pipeline.Value) []pipeline.Problem {
	*s = Scale{Std: [3]float32{1, 1, 1}}
	if v.Kind() == pipeline.Scalar {
		switch v.Text() {
		case "imagenet":
			s.Mean, s.Std = imageNetMean, imageNetStd
		case "unit":
		case "signed":
			s.Mean, s.Std = [3]float32{0.5, 0.5, 0.5}, [3]float32{0.5, 0.5, 0.5}
		case "raw":
			s.Raw = true
		default:
			return []pipeline.Problem{{Msg: fmt.Sprintf("no scale %q; there are imagenet, unit (0 to 1), signed (-1 to 1), raw (0 to 255) and {mean: [r, g, b], std: [r, g, b]}", v.Text())}}
		}
		return nil
	}
	var given meanAndStd
	if list := problems(pipeline.Decode(v, &given)); list != nil {
		return list
	}
	for i := range 3 {
		s.Mean[i], s.Std[i] = float32(given.Mean[i]), float32(given.Std[i])
	}
	return nil
}

// meanAndStd is a scale as a map.
type meanAndStd struct {
	Mean [3]float64 `yaml:"mean" min:"-255" max:"255" doc:"subtracted from each channel of pixels in 0..1"`
	Std  [3]float64 `yaml:"std" required:"true" above:"0" max:"255" doc:"divides each channel after that"`
}

// SpecSchema describes either form.
func (s *Scale) SpecSchema() map[string]any {
	words := pipeline.SchemaWords([2]string{"imagenet", "mean 0, standard deviation 1 on ImageNet"}, [2]string{"unit", "0 to 1"}, [2]string{"signed", "-1 to 1"}, [2]string{"raw", "0 to 255"})
	return map[string]any{"anyOf": []map[string]any{words, pipeline.SchemaOf[meanAndStd]()}}
}

// SpecText is the scale as JSON.
func (s Scale) SpecText() string { return jsonText(s) }

func jsonText(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic("model: " + err.Error()) // numbers are finite
	}
	return string(text)
}

// A layout is the order of a picture's numbers.
type layout struct {
	bgr    bool // channels from blue to red
	pixels bool // all channels of a pixel together (NHWC), else planes (NCHW)
}

// floats writes a picture's 3*h*w numbers.
func (s Scale) floats(p *imageio.Pixels, l layout, dst []float32) {
	n := p.H * p.W
	if p.C != 3 || len(dst) != 3*n {
		panic(fmt.Sprintf("model: %d x %d x %d pixels to %d floats", p.H, p.W, p.C, len(dst)))
	}
	for c := range 3 {
		var table [256]float32
		for v := range table {
			if table[v] = float32(v); !s.Raw {
				table[v] = (float32(v)/255 - s.Mean[c]) / s.Std[c]
			}
		}
		to := c
		if l.bgr {
			to = 2 - c
		}
		if l.pixels {
			for i := range n {
				dst[3*i+to] = table[p.Pix[3*i+c]]
			}
			continue
		}
		plane := dst[to*n : (to+1)*n]
		for i := range plane {
			plane[i] = table[p.Pix[3*i+c]]
		}
	}
}
