package train

import (
	"encoding/json"
	"fmt"
	"strings"

	"shiftmill/pipeline"
	"shiftmill/stages/transform"
)

// Online are the augmentations made anew in every epoch: steps on pixels,
// behind those of the training transform, then Noise2Net on what normalising
// makes of them.
type Online struct {
	Steps     transform.List
	Noise2Net *Noise2Net // nil for none
}

// Noise2Net are the parameters of Noise2Net inside training.
type Noise2Net struct {
	Share   float64 // of each batch, its first images after shuffling
	Epsilon float64 // the largest strength; each step draws from its upper half
}

var (
	_ pipeline.SpecDecoder = (*Online)(nil)
	_ pipeline.SpecTexter  = Online{}
)

// DecodeSpec reads a list of names and calls; one alone needs no brackets.
func (o *Online) DecodeSpec(v pipeline.Value) []pipeline.Problem {
	*o = Online{}
	words := append([]transform.Word{{Name: "noise2net", Keys: []string{"share", "epsilon"}}}, transform.Words()...)
	calls, problems := transform.Calls(v, words)
	for _, c := range calls {
		switch {
		case c.Name != "noise2net":
			o.Steps = append(o.Steps, transform.NewStep(c))
		case o.Noise2Net != nil:
			c.Fail("", "stands twice; one is enough")
		default:
			o.Noise2Net = &Noise2Net{Share: c.Float("share", 0.5, 0, 1), Epsilon: c.Float("epsilon", 0.75, 0, 16)}
		}
		problems = append(problems, c.Problems()...)
	}
	return problems
}

// SpecText is the list with every argument; DecodeSpec reads it back.
func (o Online) SpecText() string {
	text := o.Steps.SpecText()
	if o.Noise2Net == nil {
		return text
	}
	share, err := json.Marshal(o.Noise2Net.Share)
	if err != nil {
		panic("train: " + err.Error()) // DecodeSpec lets only finite numbers pass
	}
	epsilon, err := json.Marshal(o.Noise2Net.Epsilon)
	if err != nil {
		panic("train: " + err.Error())
	}
	call := fmt.Sprintf(`{"noise2net":{"epsilon":%s,"share":%s}}]`, epsilon, share)
	if len(o.Steps) > 0 {
		call = "," + call
	}
	return strings.TrimSuffix(text, "]") + call
}
