package pipeline

import (
	"fmt"
	"os"
	"sort"
	"strings"
)

// fakeKind is a kind of the tests' own vocabulary, which resembles the real
// one closely enough for the specs that people will write.
type fakeKind struct {
	doc         string
	ports       []Port
	config      func() any
	outputs     func(config any) Outputs
	outputsFrom func(from []From) Outputs
	check       func(config any) []Problem
	random      bool
	streams     bool
	through     string
}

func (k *fakeKind) Doc() string     { return k.doc }
func (k *fakeKind) Ports() []Port   { return k.ports }
func (k *fakeKind) NewConfig() any  { return k.config() }
func (k *fakeKind) Random() bool    { return k.random }
func (k *fakeKind) Streams() bool   { return k.streams }
func (k *fakeKind) Through() string { return k.through }
func (k *fakeKind) Outputs(config any, from []From) Outputs {
	if k.outputsFrom != nil {
		return k.outputsFrom(from)
	}
	if k.outputs == nil {
		return Outputs{Names: []string{""}}
	}
	return k.outputs(config)
}
func (k *fakeKind) Check(config any) []Problem {
	if k.check == nil {
		return nil
	}
	return k.check(config)
}

type fakeVocabulary map[string]*fakeKind

func (v fakeVocabulary) Kind(name string) (Kind, bool) {
	k, ok := v[name]
	return k, ok
}

func (v fakeVocabulary) Names() []string { return sortedNames(v) }

type fakeTable struct {
	Root      Dir              `yaml:"root" required:"true" doc:"Folder that the paths of the table start from."`
	Table     []File           `yaml:"table" single:"true" required:"true" doc:"CSV or Parquet tables."`
	Delimiter string           `yaml:"delimiter" doc:"Character between the cells of a CSV file."`
	ID        string           `yaml:"id" doc:"Column whose values name the rows."`
	Image     string           `yaml:"image" doc:"Column with the image's path, or a pattern of columns."`
	Label     string           `yaml:"label" doc:"Column with the class."`
	OnError   string           `yaml:"on_error" enum:"stop|skip" doc:"What to do with a row that cannot be read."`
	Types     map[string]Value `yaml:"types" doc:"Types of columns that are not text."`
	Rows      int              `yaml:"rows" min:"1" max:"1000" doc:"Most rows."`
}

type fakeSplit struct {
	Where    map[string]Conditions `yaml:"where" doc:"Rows that train and tests are taken from."`
	Items    Value                 `yaml:"items"`
	Base     Conditions            `yaml:"base" required:"true" doc:"What the training distribution is."`
	Shifts   map[string]Value      `yaml:"shifts" required:"true" doc:"Attributes that are altered, one at a time."`
	Sizes    map[string]fakeSize   `yaml:"sizes"`
	Stratify string                `yaml:"stratify"`
	Group    string                `yaml:"group"`
	Match    string                `yaml:"match"`
	Missing  map[string]string     `yaml:"missing" enum:"drop|keep"`
}

// fakeSize is all, a count or a share.
type fakeSize struct {
	All   bool
	Count int
	Share float64
}

func (s *fakeSize) DecodeSpec(v Value) []Problem {
	text := v.Text()
	if share, ok := strings.CutSuffix(text, "%"); ok && v.Kind() == Scalar {
		if _, err := fmt.Sscan(share, &s.Share); err == nil {
			return nil
		}
	}
	switch {
	case v.Kind() == Scalar && text == "all":
		s.All = true
		return nil
	case v.Tag() == TagInt:
		return Decode(v, &s.Count).Problems()
	}
	return []Problem{{Msg: "must be a count, a share such as 70%, or all"}}
}

func splitOutputs(config any) Outputs {
	c := config.(*fakeSplit)
	var ood []string
	for name, v := range c.Shifts {
		switch v.Kind() {
		case List:
			for _, item := range v.List() {
				if item.Kind() == List {
					var parts []string
					for _, p := range item.List() {
						parts = append(parts, p.Text())
					}
					ood = append(ood, name+"="+strings.Join(parts, "+"))
					continue
				}
				ood = append(ood, name+"="+item.Text())
			}
		default:
			ood = append(ood, name)
		}
	}
	sort.Strings(ood)
	return Outputs{
		Names:  append([]string{"train", "val", "iid"}, ood...),
		Groups: map[string][]string{"tests": append([]string{"iid"}, ood...), "ood": ood},
	}
}

type fakeOp struct {
	Name  string
	Share float64
}

func (o *fakeOp) DecodeSpec(v Value) []Problem {
	known := []string{"augmix", "speckle", "random-erasing", "noise2net"}
	o.Name = v.Text()
	if v.Kind() == Map && v.Len() == 1 {
		e := v.Map()[0]
		o.Name = e.Key
		var more struct {
			Share float64 `yaml:"share" above:"0" max:"1"`
		}
		if errs := Decode(e.Value, &more); len(errs) > 0 {
			problems := errs.Problems()
			for i := range problems {
				problems[i].Field = join(e.Key, problems[i].Field)
			}
			return problems
		}
		o.Share = more.Share
	}
	for _, k := range known {
		if k == o.Name {
			return nil
		}
	}
	return []Problem{{Msg: fmt.Sprintf("unknown operation %q%s", o.Name, suggest(o.Name, known))}}
}

type fakeModel struct {
	Arch      string `yaml:"arch" enum:"resnet18|resnet50"`
	Attention string `yaml:"attention" enum:"none|se"`
}

func (m *fakeModel) DecodeSpec(v Value) []Problem {
	if v.Kind() == Scalar {
		m.Arch = v.Text()
		return nil
	}
	type plain fakeModel
	return Decode(v, (*plain)(m)).Problems()
}

type fakeBudget struct {
	Epochs int `yaml:"epochs" min:"1"`
	Steps  int `yaml:"steps" min:"1"`
}

type fakeTrain struct {
	Model     fakeModel  `yaml:"model" required:"true"`
	Init      File       `yaml:"init"`
	Size      int        `yaml:"size" min:"8" max:"1024"`
	Budget    fakeBudget `yaml:"budget"`
	Online    []fakeOp   `yaml:"online"`
	Loss      string     `yaml:"loss" enum:"ce|jsd"`
	Rate      float64    `yaml:"rate" above:"0"`
	Transform Value      `yaml:"transform"`
	Nesterov  bool       `yaml:"nesterov"`
}

type fakeReport struct {
	Method     string              `yaml:"method"`
	Baseline   string              `yaml:"baseline"`
	Replicate  string              `yaml:"replicate"`
	Reference  string              `yaml:"reference"`
	Hypotheses map[string][]string `yaml:"hypotheses"`
}

type fakeCommand struct {
	Run    string            `yaml:"run" required:"true" doc:"Command line for sh."`
	Code   []File            `yaml:"code"`
	Give   string            `yaml:"give" enum:"manifest|parquet|arrow|webdataset|imagefolder"`
	Take   map[string]string `yaml:"take"`
	Resume string            `yaml:"resume"`
}

type fakeStep struct {
	Strength int     `yaml:"strength" min:"1" max:"5" doc:"How strong."`
	Name     string  `yaml:"name"`
	List     []int   `yaml:"list"`
	LR       float64 `yaml:"lr"`
}

func vocabulary() fakeVocabulary {
	data := Port{Name: "data", Doc: "Rows with images."}
	step := func() any { return &fakeStep{Strength: 3} }
	return fakeVocabulary{
		"source/table": {doc: "A table of metadata with image files.", config: func() any { return &fakeTable{OnError: "stop"} }},
		"source/images": {doc: "A folder of images.", config: func() any {
			return &struct {
				Root    Dir    `yaml:"root" required:"true"`
				Pattern string `yaml:"pattern"`
				Join    struct {
					Table File   `yaml:"table"`
					Key   string `yaml:"key"`
					On    string `yaml:"on"`
				} `yaml:"join"`
				Label   Value  `yaml:"label"`
				Classes string `yaml:"classes"`
				Frozen  bool   `yaml:"frozen"`
			}{}
		}},
		"source/deepfashion2": {doc: "DeepFashion2.", config: func() any {
			return &struct {
				Root Dir `yaml:"root" required:"true"`
			}{}
		}},
		"split/shift": {doc: "Splits by attributes.", ports: []Port{data}, config: func() any { return &fakeSplit{} }, outputs: splitOutputs, random: true,
			check: func(config any) []Problem {
				c := config.(*fakeSplit)
				for _, name := range sortedNames(c.Shifts) {
					if _, ok := c.Base.On(name); !ok && c.Shifts[name].Kind() == List {
						return []Problem{{Field: "shifts." + name, Msg: fmt.Sprintf("%s is altered, but base does not say what it is%s", name, suggest(name, c.Base.Columns()))}}
					}
				}
				return nil
			}},
		"split/given": {doc: "Test sets that exist already.", ports: []Port{{Name: "set", Any: true}}, config: func() any {
			return &struct {
				Classes string `yaml:"classes" enum:"all|common"`
			}{Classes: "all"}
		}, outputsFrom: func(from []From) Outputs {
			var o Outputs
			for _, f := range from {
				if f.Members == nil {
					o.Names = append(o.Names, f.Name)
				}
				for _, m := range f.Members {
					o.Names = append(o.Names, f.Name+"="+m)
				}
			}
			o.Groups = map[string][]string{"tests": o.Names}
			return o
		}},
		"corrupt/imagenet-c": {doc: "Corruptions.", ports: []Port{data}, config: func() any {
			return &struct {
				Family int `yaml:"family" enum:"" min:"32" max:"299"`
			}{}
		}, outputs: func(any) Outputs {
			return Outputs{Names: []string{"fog-1", "fog-2", "snow-1"}, Groups: map[string][]string{"all": {"fog-1", "fog-2", "snow-1"}}}
		}, random: true, streams: true},
		"augment/style": {doc: "Style transfer.", ports: []Port{data}, config: func() any {
			return &struct {
				Styles  Dir  `yaml:"styles"`
				Encoder File `yaml:"encoder"`
				Decoder File `yaml:"decoder"`
			}{}
		}, random: true},
		"augment/deepaugment-edsr": {doc: "EDSR.", ports: []Port{data}, config: func() any {
			return &struct {
				Weights File `yaml:"weights"`
			}{}
		}, random: true},
		"augment/deepaugment-cae": {doc: "CAE.", ports: []Port{data}, config: func() any {
			return &struct {
				Weights File `yaml:"weights"`
			}{}
		}, random: true},
		"model/onnx": {doc: "A model in ONNX.", config: func() any {
			return &struct {
				File  File   `yaml:"file" required:"true"`
				Scale string `yaml:"scale"`
				Test  Value  `yaml:"test"`
			}{}
		}},
		"train/classifier": {doc: "Trains a classifier.", ports: []Port{{Name: "train"}, {Name: "val", Optional: true}}, random: true,
			config: func() any { return &fakeTrain{Size: 224, Loss: "ce", Rate: 0.1, Model: fakeModel{Attention: "none"}} }},
		"train/command": {doc: "Trains by a command.", ports: []Port{{Name: "train"}, {Name: "val", Optional: true}}, random: true,
			config: func() any { return &fakeCommand{Give: "manifest"} }},
		"predict/command": {doc: "Predicts by a command.", ports: []Port{{Name: "model"}, data}, random: true,
			config: func() any { return &fakeCommand{Give: "manifest"} }},
		"evaluate/classify": {doc: "Scores a classifier.", ports: []Port{{Name: "model", Optional: true}, data}, config: func() any {
			return &struct {
				Restrict string `yaml:"restrict"`
				Test     Value  `yaml:"test"`
			}{}
		}},
		"evaluate/multilabel": {doc: "Scores a multi-label classifier.", ports: []Port{{Name: "model", Optional: true}, data}, config: func() any {
			return &struct {
				Map string `yaml:"map" enum:"reference|exact"`
			}{Map: "exact"}
		}},
		"report/robustness": {doc: "Tables.", ports: []Port{{Name: "scores", Many: true, Any: true}}, config: func() any { return &fakeReport{} }},
		"test/source":       {doc: "Rows.", config: step, random: true},
		"test/step":         {doc: "Changes rows.", ports: []Port{data}, config: step, random: true},
		"test/join":         {doc: "Joins two inputs.", ports: []Port{{Name: "left"}, {Name: "right"}}, config: step},
		"test/gather":       {doc: "Gathers.", ports: []Port{{Name: "all", Many: true}, {Name: "base", Optional: true}}, config: step},
		"test/forks": {doc: "Has outputs.", ports: []Port{{Name: "data", Optional: true}}, config: step, outputs: func(any) Outputs {
			return Outputs{Names: []string{"a", "b", "c"}, Groups: map[string][]string{"both": {"a", "b"}}}
		}},
	}
}

// plan writes a graph as text: names, seeds, parameters, inputs.
func plan(g *Graph) string {
	root, _ := os.Getwd()
	var b strings.Builder
	for _, n := range g.Nodes {
		fmt.Fprintf(&b, "%s seed=%d", n.Name, n.Seed)
		if n.Cache+n.Encode != "" {
			fmt.Fprintf(&b, " cache=%s encode=%s", n.Cache, n.Encode)
		}
		if n.Resources != (Resources{}) {
			fmt.Fprintf(&b, " resources=%+v", n.Resources)
		}
		for _, f := range n.Fields {
			fmt.Fprintf(&b, " %s=%s", f.Path, strings.TrimPrefix(f.Value, root))
			if f.Location != "" {
				fmt.Fprintf(&b, "(%s)", f.Location)
			}
		}
		b.WriteByte('\n')
		for _, in := range n.In {
			sep := ""
			if in.Many {
				sep = " many"
			}
			if in.List {
				sep += " list"
			}
			fmt.Fprintf(&b, "  %s%s:", in.Port, sep)
			for _, r := range in.Refs {
				if r.Foreign != nil {
					fmt.Fprintf(&b, " %s#%s%v.%s", r.Foreign.Text, r.Foreign.Stage, r.Coords, r.Output)
					continue
				}
				fmt.Fprintf(&b, " %s", r.Node.Name)
				if r.Output != "" {
					fmt.Fprintf(&b, ".%s", r.Output)
				}
			}
			b.WriteByte('\n')
		}
	}
	for _, s := range g.Skipped {
		fmt.Fprintf(&b, "- %s: %s\n", s.Name, s.Reason)
	}
	return b.String()
}
