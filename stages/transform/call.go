package transform

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"shiftmill/pipeline"
)

// A Word is a name that may stand in a list of calls.
type Word struct {
	Name  string
	Short string   // the key that a plain value gives: {resize: 64} is {resize: {size: 64}}; "" where there is none
	Keys  []string // all keys
	Doc   string   // what it does, in a few words
}

// Schema describes a list of calls in JSON Schema: a word alone, or with its arguments;
// one call needs no brackets.
func Schema(words []Word) map[string]any {
	plain, called := []map[string]any{}, map[string]any{}
	for _, w := range words {
		plain = append(plain, map[string]any{"const": w.Name, "description": w.Doc})
		args := map[string]any{}
		for _, k := range w.Keys {
			args[k] = map[string]any{}
		}
		forms := []map[string]any{{"type": "object", "additionalProperties": false, "properties": args}}
		if w.Short != "" {
			forms = append(forms, map[string]any{"type": []string{"number", "string", "array", "boolean"}})
		}
		called[w.Name] = map[string]any{"anyOf": append(forms, map[string]any{"type": "null"}), "description": w.Doc}
	}
	call := pipeline.SchemaAny(map[string]any{"anyOf": plain},
		map[string]any{"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": false, "properties": called})
	return map[string]any{"anyOf": []map[string]any{{"type": "array", "items": call}, call}}
}

// A Call is one item of a list: a name with arguments. Its methods read
// arguments and collect what is wrong with them.
type Call struct {
	Name string

	field    string
	pos      pipeline.Pos
	args     map[string]pipeline.Value
	problems []pipeline.Problem
}

// Calls reads a list of calls; a single call needs no brackets. Unknown names
// and keys are problems, their fields paths below v; the calls that have none
// are returned.
func Calls(v pipeline.Value, words []Word) ([]*Call, []pipeline.Problem) {
	items := v.List()
	switch v.Kind() {
	case pipeline.Absent, pipeline.Null:
		return nil, nil
	case pipeline.Scalar, pipeline.Map:
		items = []pipeline.Value{v}
	}
	var calls []*Call
	var problems []pipeline.Problem
	for i, item := range items {
		at := ""
		if v.Kind() == pipeline.List {
			at = strconv.Itoa(i)
		}
		c, p := newCall(item, at, words)
		if p != nil {
			problems = append(problems, *p)
			continue
		}
		calls = append(calls, c)
	}
	return calls, problems
}

func newCall(item pipeline.Value, field string, words []Word) (*Call, *pipeline.Problem) {
	problem := func(pos pipeline.Pos, at, format string, args ...any) (*Call, *pipeline.Problem) {
		return nil, &pipeline.Problem{Field: at, Pos: pos, Msg: fmt.Sprintf(format, args...)}
	}
	name, pos, arg := item.Text(), item.Pos(), pipeline.Value{}
	if entries := item.Map(); len(entries) == 1 {
		name, pos, arg = entries[0].Key, entries[0].KeyPos, entries[0].Value
	} else if item.Kind() != pipeline.Scalar {
		if item.Kind() == pipeline.Map && item.Len() > 1 {
			return problem(pos, field, "each step is an item of its own: write [{%s: ...}, {%s: ...}]", item.Map()[0].Key, item.Map()[1].Key)
		}
		return problem(pos, field, "want a name or {name: arguments}, got %s", item.Kind())
	}
	word, ok := lookup(words, name)
	if !ok {
		return problem(pos, field, "no %q here%s; there are %s", name, hint(name, names(words)), strings.Join(names(words), ", "))
	}
	c := &Call{Name: name, field: strings.TrimPrefix(field+"."+name, "."), pos: pos, args: map[string]pipeline.Value{}}
	switch {
	case arg.Kind() == pipeline.Map:
		for _, e := range arg.Map() {
			if !slices.Contains(word.Keys, e.Key) {
				return problem(e.KeyPos, c.field+"."+e.Key, "%s has no %q%s; it has %s", name, e.Key, hint(e.Key, word.Keys), strings.Join(word.Keys, ", "))
			}
			c.args[e.Key] = e.Value
		}
	case arg.Kind() == pipeline.Scalar || arg.Kind() == pipeline.List:
		if word.Short == "" {
			return problem(arg.Pos(), c.field, "%s takes no plain value; write {%s: {key: value}} with %s", name, name, strings.Join(word.Keys, ", "))
		}
		c.args[word.Short] = arg
	}
	return c, nil
}

func lookup(words []Word, name string) (Word, bool) {
	for _, w := range words {
		if w.Name == name {
			return w, true
		}
	}
	return Word{}, false
}

func names(words []Word) []string {
	list := make([]string, len(words))
	for i, w := range words {
		list[i] = w.Name
	}
	return list
}

// hint names the likely meaning of a misspelt name, if there is one.
func hint(name string, known []string) string {
	if near := pipeline.Nearest(name, known); near != "" {
		return fmt.Sprintf(" (did you mean %q?)", near)
	}
	return ""
}

// Problems are what the reading methods found.
func (c *Call) Problems() []pipeline.Problem { return c.problems }

// Fail records a problem with an argument; key "" means the call itself.
func (c *Call) Fail(key, format string, args ...any) {
	p := pipeline.Problem{Field: c.field, Pos: c.pos, Msg: fmt.Sprintf(format, args...)}
	if key != "" {
		p.Field += "." + key
		if v, ok := c.args[key]; ok {
			p.Pos = v.Pos()
		}
	}
	c.problems = append(c.problems, p)
}

// Has says whether an argument was given and is not null.
func (c *Call) Has(key string) bool {
	k := c.args[key].Kind()
	return k != pipeline.Absent && k != pipeline.Null
}

// Int reads a whole number within lo..hi, or def where none was given.
func (c *Call) Int(key string, def, lo, hi int) int {
	if !c.Has(key) {
		return def
	}
	return c.int(key, c.args[key], lo, hi)
}

func (c *Call) int(key string, v pipeline.Value, lo, hi int) int {
	n, err := strconv.Atoi(v.Text())
	if v.Kind() != pipeline.Scalar || err != nil || n < lo || n > hi {
		c.Fail(key, "must be a whole number from %d to %d, got %s", lo, hi, v.SpecText())
		return lo
	}
	return n
}

// Float reads a number within lo..hi, or def where none was given.
func (c *Call) Float(key string, def, lo, hi float64) float64 {
	if !c.Has(key) {
		return def
	}
	return c.float(key, c.args[key], lo, hi)
}

func (c *Call) float(key string, v pipeline.Value, lo, hi float64) float64 {
	f, err := strconv.ParseFloat(v.Text(), 64)
	if v.Kind() != pipeline.Scalar || err != nil || !(f >= lo && f <= hi) {
		c.Fail(key, "must be a number from %v to %v, got %s", lo, hi, v.SpecText())
		return lo
	}
	return f
}

// Range reads two ascending numbers within lo..hi, or def where none were given.
func (c *Call) Range(key string, def [2]float64, lo, hi float64) [2]float64 {
	if !c.Has(key) {
		return def
	}
	v := c.args[key]
	if v.Len() != 2 || v.Kind() != pipeline.List {
		c.Fail(key, "must be two numbers [from, to], got %s", v.SpecText())
		return def
	}
	r := [2]float64{c.float(key, v.List()[0], lo, hi), c.float(key, v.List()[1], lo, hi)}
	if r[0] > r[1] {
		c.Fail(key, "must be two ascending numbers [from, to], got %s", v.SpecText())
		return def
	}
	return r
}

// Floats reads one number or a list of them within lo..hi, or def where none
// were given.
func (c *Call) Floats(key string, def []float64, lo, hi float64) []float64 {
	if !c.Has(key) {
		return def
	}
	v := c.args[key]
	if v.Kind() == pipeline.Scalar {
		return []float64{c.float(key, v, lo, hi)}
	}
	var list []float64
	for _, item := range v.List() {
		list = append(list, c.float(key, item, lo, hi))
	}
	if len(list) == 0 || len(list) > 64 {
		c.Fail(key, "must be a list of 1 to 64 numbers, got %s", v.SpecText())
		return def
	}
	return list
}

// maxSide bounds sizes in pixels.
const maxSide = 8192

// Size reads one side or [height, width]; square says that one was given. It
// fails when nothing was.
func (c *Call) Size(key string) (h, w int, square bool) {
	v := c.args[key]
	switch {
	case !c.Has(key):
		c.Fail("", "needs a size in pixels: {%s: 64} or {%s: [64, 48]} (height, width)", c.Name, c.Name)
		return 1, 1, true
	case v.Kind() == pipeline.List && v.Len() == 2:
		l := v.List()
		return c.int(key, l[0], 1, maxSide), c.int(key, l[1], 1, maxSide), false
	case v.Kind() == pipeline.Scalar:
		h = c.int(key, v, 1, maxSide)
		return h, h, true
	}
	c.Fail(key, "must be one side or [height, width] in pixels, got %s", v.SpecText())
	return 1, 1, true
}

// Text reads a word out of a list of choices, or def where none was given.
func (c *Call) Text(key, def string, choices []string) string {
	if !c.Has(key) {
		return def
	}
	v := c.args[key]
	if v.Kind() != pipeline.Scalar || !slices.Contains(choices, v.Text()) {
		c.Fail(key, "must be one of %s, got %s", strings.Join(choices, ", "), v.SpecText())
		return def
	}
	return v.Text()
}
