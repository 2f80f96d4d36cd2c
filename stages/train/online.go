package train

import (
	"encoding/json"

	"shiftmill/pipeline"
	"shiftmill/stages/transform"
)

// Online are the augmentations made anew in every epoch: steps on pixels,
// behind those of the training transform, then AugMix, then Noise2Net on what
// normalising makes of them, or adversarial changes.
type Online struct {
	Steps       transform.List
	AugMix      *transform.AugMix // nil for none
	Noise2Net   *Noise2Net        // nil for none
	Adversarial *Adversarial      // nil for none
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

func (o Online) empty() bool {
	return len(o.Steps) == 0 && o.AugMix == nil && o.Noise2Net == nil && o.Adversarial == nil
}

// passes is how often an image and its gradient pass through the network in a
// step.
func (o Online) passes() int {
	if o.Adversarial != nil {
		return 2
	}
	return 1
}

// DecodeSpec reads a list of names and calls; one alone needs no brackets.
func (o *Online) DecodeSpec(v pipeline.Value) []pipeline.Problem {
	*o = Online{}
	calls, problems := transform.Calls(v, onlineWords())
	for _, c := range calls {
		switch {
		case c.Name == "noise2net" && o.Noise2Net != nil, c.Name == "augmix" && o.AugMix != nil, c.Name == "adversarial" && o.Adversarial != nil:
			c.Fail("", "stands twice; one is enough")
		case c.Name == "noise2net" && o.Adversarial != nil, c.Name == "adversarial" && o.Noise2Net != nil:
			c.Fail("", "noise2net leaves the pixels' range, to which adversarial keeps; choose one of them")
		case c.Name == "noise2net":
			o.Noise2Net = &Noise2Net{Share: c.Float("share", 0.5, 0, 1), Epsilon: c.Float("epsilon", 0.75, 0, 16)}
		case c.Name == "adversarial":
			a := &Adversarial{Epsilon: c.Float("epsilon", 4, 0, 255)}
			a.Step = c.Float("step", 1.25*a.Epsilon, 0, 510)
			o.Adversarial = a
		case c.Name == "augmix":
			a := transform.NewAugMix(c)
			o.AugMix = &a
		default:
			o.Steps = append(o.Steps, transform.NewStep(c))
		}
		problems = append(problems, c.Problems()...)
	}
	return problems
}

func onlineWords() []transform.Word {
	return append([]transform.Word{
		{Name: "noise2net", Keys: []string{"share", "epsilon"}, Doc: "sends a share of each batch through a random network"},
		{Name: "adversarial", Keys: []string{"epsilon", "step"}, Doc: "changes the picture within epsilon levels so that the network gets it wrong"},
		transform.AugMixWord(),
	}, transform.Words()...)
}

// SpecSchema describes a list of augmentations.
func (o *Online) SpecSchema() map[string]any { return transform.Schema(onlineWords()) }

// SpecText is the list with every argument; DecodeSpec reads it back.
func (o Online) SpecText() string {
	var list []json.RawMessage
	if err := json.Unmarshal([]byte(o.Steps.SpecText()), &list); err != nil {
		panic("train: " + err.Error()) // SpecText of a list is JSON
	}
	add := func(name string, args map[string]any) {
		text, err := json.Marshal(map[string]any{name: args}) // keys ascend
		if err != nil {
			panic("train: " + err.Error()) // DecodeSpec lets only finite numbers pass
		}
		list = append(list, text)
	}
	if o.AugMix != nil {
		add("augmix", o.AugMix.Args())
	}
	if n := o.Noise2Net; n != nil {
		add("noise2net", map[string]any{"share": n.Share, "epsilon": n.Epsilon})
	}
	if a := o.Adversarial; a != nil {
		add("adversarial", map[string]any{"epsilon": a.Epsilon, "step": a.Step})
	}
	text, err := json.Marshal(list)
	if err != nil {
		panic("train: " + err.Error())
	}
	if list == nil {
		return "[]"
	}
	return string(text)
}
