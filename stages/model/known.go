package model

import (
	_ "embed"
	"fmt"
	"os"
	"strings"

	"shiftmill/pipeline"
)

// imageNet holds the 1,000 classes of ILSVRC 2012 in the order that networks
// score them: index from 0, WordNet synset, and the short English name in common use
// (that of the Keras class index).
//
//go:embed imagenet-1k.tsv
var imageNet string

// ImageNetTable is that table, tab-separated, a class a line.
func ImageNetTable() string { return imageNet }

// known are lists of classes with a name.
func known(name string) ([]string, bool) {
	switch name {
	case "imagenet-1k":
		var ids []string
		for _, line := range strings.Split(strings.TrimSpace(imageNet), "\n") {
			ids = append(ids, strings.Split(line, "\t")[1])
		}
		return ids, true
	case "cifar-10":
		return []string{"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}, true
	case "imagenet-r":
		return strings.Fields(imageNetR), true
	}
	return nil, false
}

// Classes are class names in the order of scores: a list, or the name of a
// known list.
type Classes []string

var (
	_ pipeline.SpecDecoder = (*Classes)(nil)
	_ pipeline.SpecTexter  = Classes(nil)
)

// DecodeSpec reads either form.
func (l *Classes) DecodeSpec(v pipeline.Value) []pipeline.Problem {
	if v.Kind() == pipeline.Scalar {
		list, ok := known(v.Text())
		if !ok {
			return []pipeline.Problem{{Msg: fmt.Sprintf("no list of classes %q; there are imagenet-1k, imagenet-r and cifar-10; or write [name, name, ...] in the order of the scores", v.Text())}}
		}
		*l = list
		return nil
	}
	var list []string
	if problems := problems(pipeline.Decode(v, &list)); problems != nil {
		return problems
	}
	seen := map[string]bool{}
	for i, c := range list {
		if seen[c] {
			return []pipeline.Problem{{Field: fmt.Sprint(i), Msg: fmt.Sprintf("class %q stands twice", c)}}
		}
		seen[c] = true
	}
	*l = list
	return nil
}

// SpecSchema describes either form.
func (l *Classes) SpecSchema() map[string]any {
	words := pipeline.SchemaWords([2]string{"imagenet-1k", "the 1,000 classes of ImageNet"}, [2]string{"imagenet-r", "the 200 classes of ImageNet-R"}, [2]string{"cifar-10", "the ten classes of CIFAR-10"})
	return map[string]any{"anyOf": []map[string]any{words, {"type": "array", "uniqueItems": true}}}
}

// SpecText is the list as JSON.
func (l Classes) SpecText() string {
	if len(l) == 0 {
		return "[]"
	}
	return jsonText([]string(l))
}

// problems turns errors of a part into problems whose paths start at it.
func problems(errs pipeline.Errors) []pipeline.Problem {
	var list []pipeline.Problem
	for _, e := range errs {
		list = append(list, pipeline.Problem{Field: e.Path, Pos: e.Pos, Msg: e.Msg})
	}
	return list
}

// readWeights reads a file of tensors.
func readWeights(file pipeline.File) ([]Tensor, error) {
	data, err := os.ReadFile(string(file))
	if err != nil {
		return nil, fmt.Errorf("read weights: %w", err)
	}
	tensors, err := ReadTensors(data)
	if err != nil {
		return nil, fmt.Errorf("read weights: %w", err)
	}
	return tensors, nil
}
