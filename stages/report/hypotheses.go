package report

import (
	"fmt"
	"slices"

	"shiftmill/pipeline"
)

// Hypotheses names what the report judges; what is not named is not judged.
// All names are values of the method axis.
type Hypotheses struct {
	Larger      []Sizes `yaml:"larger_models" doc:"pairs of one family that differ in depth or width only"`
	Attention   []Added `yaml:"self_attention" doc:"pairs of a network and the same with self-attention, trained alike"`
	Pretraining []Added `yaml:"pretraining" doc:"pairs of one architecture without and with more pretraining data"`

	Diverse   []string `yaml:"diverse_augmentation" doc:"methods of diverse augmentation, compared with the baseline"`
	Simple    []string `yaml:"simple_augmentation" doc:"methods of simple augmentation, which the diverse ones must beat"`
	Texture   []string `yaml:"texture_bias" doc:"methods that distort texture"`
	Synthetic []string `yaml:"synthetic" doc:"methods that train on synthetic changes; default: diverse and simple augmentation"`

	Overlap map[string][]string `yaml:"overlap" doc:"by method of augmentation the corruptions or test sets that look like what it trains on, such as speckle: [gaussian_noise, shot_noise]; gains are also given without these"`
}

// Sizes are two models of one family.
type Sizes struct {
	Small string `yaml:"small" required:"true" doc:"the smaller model"`
	Large string `yaml:"large" required:"true" doc:"the larger model"`
}

// Added are a model and the same with something added.
type Added struct {
	Plain      string `yaml:"plain" required:"true" doc:"the model without it"`
	With       string `yaml:"with" required:"true" doc:"the model with it"`
	Controlled bool   `yaml:"controlled" doc:"pretraining data are known to hold nothing of the shift"`
}

// A contrast is one comparison that a hypothesis rests on.
type contrast struct {
	plain, with string
	controlled  bool
}

func pairsOf(added []Added) []contrast {
	cs := make([]contrast, len(added))
	for i, a := range added {
		cs[i] = contrast{a.Plain, a.With, a.Controlled}
	}
	return cs
}

func (h *Hypotheses) larger() []contrast {
	cs := make([]contrast, len(h.Larger))
	for i, s := range h.Larger {
		cs[i] = contrast{plain: s.Small, with: s.Large}
	}
	return cs
}

// synthetic are the methods that hypothesis 7 is about.
func (h *Hypotheses) synthetic() []string {
	if len(h.Synthetic) > 0 {
		return h.Synthetic
	}
	return unique(append(slices.Clone(h.Diverse), h.Simple...))
}

// needsBaseline says whether a hypothesis compares with the baseline.
func (h *Hypotheses) needsBaseline() bool {
	return len(h.Diverse)+len(h.Simple)+len(h.Texture)+len(h.Synthetic) > 0
}

func (h *Hypotheses) named() bool {
	return h.needsBaseline() || len(h.Larger)+len(h.Attention)+len(h.Pretraining) > 0
}

// A mention is a method's name in the spec.
type mention struct {
	field, name string
	pair        bool // one side of a pair, which may be the baseline
}

func (h *Hypotheses) mentions() []mention {
	var all []mention
	pair := func(field string, i int, side, name string) {
		all = append(all, mention{fmt.Sprintf("hypotheses.%s.%d.%s", field, i, side), name, true})
	}
	for i, p := range h.Larger {
		pair("larger_models", i, "small", p.Small)
		pair("larger_models", i, "large", p.Large)
	}
	for i, p := range h.Attention {
		pair("self_attention", i, "plain", p.Plain)
		pair("self_attention", i, "with", p.With)
	}
	for i, p := range h.Pretraining {
		pair("pretraining", i, "plain", p.Plain)
		pair("pretraining", i, "with", p.With)
	}
	for _, l := range []struct {
		field string
		names []string
	}{{"diverse_augmentation", h.Diverse}, {"simple_augmentation", h.Simple}, {"texture_bias", h.Texture}, {"synthetic", h.Synthetic}} {
		for i, n := range l.names {
			all = append(all, mention{fmt.Sprintf("hypotheses.%s.%d", l.field, i), n, false})
		}
	}
	return all
}

func (h *Hypotheses) check(c *Config) []pipeline.Problem {
	var ps []pipeline.Problem
	if h.needsBaseline() && c.Baseline == "" {
		ps = append(ps, pipeline.Problem{Field: "hypotheses", Msg: "methods are compared with a baseline: name it as baseline"})
	}
	for _, m := range h.mentions() {
		if !m.pair && m.name == c.Baseline && c.Baseline != "" {
			ps = append(ps, pipeline.Problem{Field: m.field, Msg: fmt.Sprintf("%q is the baseline and cannot be compared with itself", m.name)})
		}
	}
	for _, p := range append(append(h.larger(), pairsOf(h.Attention)...), pairsOf(h.Pretraining)...) {
		if p.plain == p.with {
			ps = append(ps, pipeline.Problem{Field: "hypotheses", Msg: fmt.Sprintf("%q cannot be compared with itself", p.plain)})
		}
	}
	for _, n := range h.Diverse {
		if slices.Contains(h.Simple, n) {
			ps = append(ps, pipeline.Problem{Field: "hypotheses.simple_augmentation", Msg: fmt.Sprintf("%q is named as diverse augmentation too", n)})
		}
	}
	return ps
}

// missing reports named methods that no benchmark has.
func (h *Hypotheses) missing(all []*benchmark) error {
	names := methodNames(all)
	for _, m := range h.mentions() {
		if !slices.Contains(names, m.name) {
			return fmt.Errorf("%s: no method %q; methods are %s", m.field, m.name, quoted(names))
		}
	}
	return h.checkOverlap(all)
}

func unique(list []string) []string {
	var u []string
	for _, s := range list {
		if !slices.Contains(u, s) {
			u = append(u, s)
		}
	}
	return u
}
