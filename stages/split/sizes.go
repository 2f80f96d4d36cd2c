package split

import (
	"fmt"
	"maps"
	"math/big"
	"slices"
	"sort"
	"strings"

	"shiftmill/pipeline"
)

// Sizes say how many rows the outputs ask for: train, val, iid, ood, and a
// single shift by its name.
type Sizes struct {
	of     map[string]size
	places map[string]pipeline.Pos
}

// DecodeSpec reads the map of sizes.
func (s *Sizes) DecodeSpec(v pipeline.Value) []pipeline.Problem {
	s.of, s.places = map[string]size{}, map[string]pipeline.Pos{}
	if v.Kind() != pipeline.Map {
		return []pipeline.Problem{{Pos: v.Pos(), Msg: "must be a map such as {train: 70%, iid: 30%, ood: all}, got " + v.Kind().String()}}
	}
	var problems []pipeline.Problem
	for _, e := range v.Map() {
		got, err := readSize(e.Value)
		if err != nil {
			problems = append(problems, pipeline.Problem{Field: e.Key, Pos: e.Value.Pos(), Msg: err.Error()})
		}
		s.of[e.Key], s.places[e.Key] = got, e.KeyPos
	}
	return problems
}

// sizeSchema describes a size; words are those that may stand for a number.
func sizeSchema(words ...[2]string) map[string]any {
	return pipeline.SchemaAny(map[string]any{"type": "integer", "minimum": 1, "description": "A number of rows."}, pipeline.SchemaWords(words...),
		map[string]any{"type": "string", "pattern": "^[0-9.]+%$", "description": "A share, such as 70%."},
		map[string]any{"type": "object", "required": []string{"each"}, "additionalProperties": false, "properties": map[string]any{
			"each": pipeline.SchemaAny(map[string]any{"type": "integer", "minimum": 1}),
		}, "description": "So many rows of every stratum."})
}

var allRows = [2]string{"all", "All rows that there are."}

// SpecSchema describes the map.
func (s *Sizes) SpecSchema() map[string]any {
	size := sizeSchema(allRows, [2]string{"iid", "As many as iid."})
	size["anyOf"] = append(size["anyOf"].([]map[string]any), map[string]any{"type": "null"}) // where a spec changes another one
	sized := func(doc string) map[string]any { return map[string]any{"anyOf": size["anyOf"], "description": doc} }
	return map[string]any{"type": "object", "additionalProperties": size, "properties": map[string]any{
		"train": sized("rows of train"), "val": sized("rows of val; there is none without a size"), "iid": sized("rows of the test set at the base distribution"),
		"ood": sized("rows of every shifted test set that has no size of its own"),
	}}
}

func readSize(v pipeline.Value) (size, error) {
	if v.Kind() == pipeline.Map && v.Len() == 1 && v.Map()[0].Key == "each" {
		got, err := parseSize(v.Map()[0].Value.Text())
		if err == nil && got.kind != count {
			err = fmt.Errorf("each takes a number of rows for every stratum, got %s", got)
		}
		got.kind = each
		return got, err
	}
	if v.Kind() != pipeline.Scalar {
		return size{}, fmt.Errorf("must be a number of rows, a share such as 70%%, {each: 50}, or all, got %s", v.Kind())
	}
	return parseSize(v.Text())
}

// SpecText is the canonical text, sorted by output.
func (s Sizes) SpecText() string {
	var parts []string
	for name, size := range s.of {
		parts = append(parts, fmt.Sprintf("%q: %s", name, size))
	}
	sort.Strings(parts)
	return "{" + strings.Join(parts, ", ") + "}"
}

// shift is the size of a test set: its own, else ood's.
func (s *Sizes) shift(name string) size {
	if own, ok := s.of[name]; ok {
		return own
	}
	return s.of["ood"]
}

// rows is how many rows an output asks for, -1 where its size is no number.
func (s *Sizes) rows(output string) int64 {
	if output == "unused" {
		return -1
	}
	return s.shift(output).rows()
}

// check reports sizes that do not go together.
func (s *Sizes) check(c *Shift) []pipeline.Problem {
	var problems []pipeline.Problem
	report := func(name, format string, args ...any) {
		problems = append(problems, pipeline.Problem{Field: strings.TrimSuffix("sizes."+name, "."), Pos: s.places[name], Msg: fmt.Sprintf(format, args...)})
	}
	known := []string{"train", "val", "iid", "ood"}
	for _, set := range c.Shifts.sets {
		known = append(known, set.name)
	}
	for _, name := range keys(s.of) {
		if !slices.Contains(known, name) {
			msg := fmt.Sprintf("no output %q; there are %s", name, strings.Join(known, ", "))
			near := pipeline.Nearest(name, known)
			if near != "" {
				msg = fmt.Sprintf("no output %q; did you mean %q?", name, near)
			}
			report(name, "%s", msg)
			if _, there := s.of[near]; near != "" && !there { // the rest is checked as it is meant
				s = &Sizes{of: maps.Clone(s.of), places: maps.Clone(s.places)}
				s.of[near], s.places[near] = s.of[name], s.places[name]
				delete(s.of, name)
			}
		}
	}
	for _, name := range []string{"train", "iid"} {
		if _, ok := s.of[name]; !ok {
			report("", "%s has no size: add %s: with a number of rows, a share such as 70%%, or all", name, name)
		}
	}
	shares, total := 0, new(big.Rat)
	for _, name := range []string{"train", "val", "iid"} {
		switch size := s.of[name]; size.kind {
		case share:
			shares++
			total.Add(total, size.share)
		case likeIID:
			report(name, "only a shift can be as large as iid")
		}
	}
	_, hasVal := s.of["val"]
	if asked := 2 + b2i(hasVal); shares > 0 && shares < asked {
		report("train", "train, val and iid must all be shares or none: a share is drawn by threshold, a number by rank")
	}
	if total.Cmp(big.NewRat(1, 1)) > 0 {
		report("train", "the shares of train, val and iid add up to %s", size{kind: share, share: total})
	}
	alls := 0
	for _, name := range []string{"train", "val", "iid"} {
		alls += b2i(s.of[name].kind == all)
	}
	if alls > 1 && c.Where.empty() {
		report("train", "only one of train, val and iid can have all base rows; where: gives each side rows of its own")
	}
	for _, name := range keys(s.of) {
		size := s.of[name]
		shift := !slices.Contains(known[:3], name)
		switch {
		case len(c.Match) > 0 && shift && (size.kind == share || size.kind == each):
			report(name, "a matched set takes a number of rows, iid or all, got %s", size)
		case size.kind == each && len(c.strata()) == 0:
			report(name, "each means rows of every stratum: name the columns under stratify")
		}
	}
	for _, set := range c.Shifts.sets {
		if s.shift(set.name).kind == 0 {
			report("", "%s has no size: add ood:, or %s:", set.name, set.name)
			break
		}
	}
	return problems
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
