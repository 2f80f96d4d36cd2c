package pipeline

import (
	"fmt"
	"math"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

type decodeInner struct {
	A int     `yaml:"a" min:"1"`
	B float64 `yaml:"b"`
}

// SetDefaults is what an inner struct of a list begins with.
func (d *decodeInner) SetDefaults() { d.A = 7 }

type decodeShared struct {
	Shared bool `yaml:"shared"`
}

type decodeConfig struct {
	decodeShared
	Int     int8                   `yaml:"int" min:"-5" max:"100"`
	Big     uint64                 `yaml:"big"`
	Rate    float32                `yaml:"rate" above:"0" below:"1"`
	Text    string                 `yaml:"text"`
	Choice  string                 `yaml:"choice" enum:"one|two"`
	List    []string               `yaml:"list" single:"true"`
	Pair    [2]int                 `yaml:"pair"`
	Floats  []float64              `yaml:"floats" min:"0"`
	Map     map[string]int         `yaml:"map"`
	Inner   decodeInner            `yaml:"inner"`
	Maybe   *decodeInner           `yaml:"maybe"`
	Inners  []decodeInner          `yaml:"inners"`
	ByName  map[string]decodeInner `yaml:"by_name"`
	Free    Value                  `yaml:"free"`
	Cond    Condition              `yaml:"cond"`
	Between Range                  `yaml:"between"`
	Memory  Bytes                  `yaml:"memory"`
	File    File                   `yaml:"file"`
	Files   map[string]File        `yaml:"files"`
	Derived int                    `yaml:"-"`
	hidden  int                    `yaml:"-"`
}

func mustValue(t *testing.T, text string) Value {
	t.Helper()
	v, err := ParseValue("v.yaml", text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func TestDecode(t *testing.T) {
	v := mustValue(t, `
shared: true
int: -5
big: 18446744073709551615
rate: 0.25
text: 007
choice: two
list: single
pair: [3, 4]
floats: [1, 2.5, 1e3]
map: {b: 2, a: 1}
inner: {b: 2}
maybe: {b: 3}
inners: [{b: 4}, {a: 1}]
by_name: {x: {b: 5}}
free: {any: [thing, null]}
cond: [US, {not: MX}]
between: 1..5
memory: 1.5GiB
file: sub/x.bin
files: {k: /abs/y}
`)
	c := decodeConfig{Int: 3, Inner: decodeInner{A: 2, B: 9}}
	if errs := Decode(v, &c); len(errs) > 0 {
		t.Fatal(errs)
	}
	here, _ := filepath.Abs(".")
	want := decodeConfig{
		decodeShared: decodeShared{true}, Int: -5, Big: math.MaxUint64, Rate: 0.25, Text: "007", Choice: "two", List: []string{"single"},
		Pair: [2]int{3, 4}, Floats: []float64{1, 2.5, 1000}, Map: map[string]int{"a": 1, "b": 2}, Inner: decodeInner{2, 2}, Maybe: &decodeInner{7, 3},
		Inners: []decodeInner{{7, 4}, {1, 0}}, ByName: map[string]decodeInner{"x": {7, 5}}, Between: Range{Low: "1", High: "5"}, Memory: 3 << 29,
		File: File(filepath.Join(here, "sub", "x.bin")), Files: map[string]File{"k": "/abs/y"},
	}
	got := c
	got.Free, got.Cond = Value{}, Condition{}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
	if s := c.Free.SpecText(); s != `{"any": ["thing", null]}` {
		t.Errorf("free value is %s", s)
	}
	if s := c.Cond.String(); s != `["US", {not: "MX"}]` {
		t.Errorf("condition is %s", s)
	}
}

func TestDecodeErrors(t *testing.T) {
	tests := []struct{ text, want string }{
		{"int: 101", "v.yaml:1:6: int: must be -5 to 100, got 101"},
		{"int: 200", "v.yaml:1:6: int: must be -5 to 100, got 200"},
		{"big: -1", "v.yaml:1:6: big: must be a whole number, 0 or more, got -1"},
		{"big: 18446744073709551616", "v.yaml:1:6: big: must be a whole number, 0 or more, got 18446744073709551616"},
		{"rate: 1", "v.yaml:1:7: rate: must be more than 0 and less than 1, got 1"},
		{"rate: 1e999", "v.yaml:1:7: rate: must be more than 0 and less than 1, got 1e999"},
		{"choice: tow", `v.yaml:1:9: choice: must be one of one, two, got "tow"; did you mean "two"?`},
		{"choice: [one]", "v.yaml:1:9: choice: must be one of one, two, got a list"},
		{"list: {a: 1}", "v.yaml:1:7: list: must be text, got a map"},
		{"pair: [1]", "v.yaml:1:7: pair: must be a list of 2, got a list of 1"},
		{"pair: [1, x]", `v.yaml:1:11: pair.1: must be a whole number, got "x"`},
		{"floats: [1, -1]", "v.yaml:1:13: floats.1: must be at least 0, got -1"},
		{"map: [1]", "v.yaml:1:6: map: must be a map, got a list"},
		{"map: {a: x}", `v.yaml:1:10: map.a: must be a whole number, got "x"`},
		{"inner: {c: 1}", `v.yaml:1:9: inner.c: unknown parameter "c"; known: a, b`},
		{"inners: [{a: 1}, {a: 0}]", "v.yaml:1:22: inners.1.a: must be at least 1, got 0"},
		{"by_name: {x.y: {a: 0}}", "v.yaml:1:20: by_name.x.y.a: must be at least 1, got 0"},
		{"cond: {lik: x}", "v.yaml:1:7: cond: must be a value, a list, a range, {not: ...} or {like: ...}, got a map of lik"},
		{"cond: [a, [b, {not: []}]]", "v.yaml:1:21: cond.1.1.not: an empty list means no value at all: name at least one"},
		{"between: 5", `v.yaml:1:10: between: "5" is no range: write a..b, a.., ..b or ..<b`},
		{"between: [1, 5]", "v.yaml:1:10: between: must be a range such as 1..5, got a list"},
		{"memory: 0.3B", `v.yaml:1:9: memory: must be a number of bytes such as 512MiB or 16GB, got "0.3B"`},
		{"derived: 1", `v.yaml:1:1: derived: unknown parameter "derived"`},
		{"hidden: 1", `v.yaml:1:1: hidden: unknown parameter "hidden"`},
	}
	for _, tt := range tests {
		var c decodeConfig
		if got := fmt.Sprint(Decode(mustValue(t, tt.text), &c)); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.text, got, tt.want)
		}
	}
}

func TestFields(t *testing.T) {
	defaults := decodeConfig{Int: 3, List: []string{"a"}, Inner: decodeInner{A: 1, B: 0.5}, Map: map[string]int{"x": 1}}
	write := func(c decodeConfig) string {
		var lines []string
		for _, f := range Fields(&c, &defaults) {
			lines = append(lines, strings.TrimSuffix(fmt.Sprintf("%s=%s:%s", f.Path, f.Value, f.Location), ":"))
		}
		return strings.Join(lines, " ")
	}
	tests := []struct {
		name   string
		change func(c *decodeConfig)
		want   string
	}{
		{"nothing", func(*decodeConfig) {}, ""},
		{"equal again", func(c *decodeConfig) { c.List = []string{"a"}; c.Map = map[string]int{"x": 1} }, ""},
		{"numbers", func(c *decodeConfig) { c.Int, c.Rate, c.Inner.B = 4, 0.1, 1 }, "inner.b=1 int=4 rate=0.1"},
		{"embedded", func(c *decodeConfig) { c.Shared = true }, "shared=true"},
		{"text", func(c *decodeConfig) { c.Text = "a\n\"é" }, `text="a\n\"\u00e9"`},
		{"list", func(c *decodeConfig) { c.List = nil }, "list=[]"},
		{"maps are sorted", func(c *decodeConfig) { c.Map = map[string]int{"z": 1, "b": 2, "a": 3} }, `map={"a": 3, "b": 2, "z": 1}`},
		{"pointer", func(c *decodeConfig) { c.Maybe = &decodeInner{} }, "maybe={}"},
		{"pointer to something", func(c *decodeConfig) { c.Maybe = &decodeInner{A: 1} }, "maybe={a: 1}"},
		{"structs in a list leave out zeros", func(c *decodeConfig) { c.Inners = []decodeInner{{B: 1}, {}} }, "inners=[{b: 1}, {}]"},
		{"file", func(c *decodeConfig) { c.File = "/a" }, "file=/a:file"},
		{"files", func(c *decodeConfig) { c.Files = map[string]File{"k": "/a", "j": "/b"} }, `files={"j": file, "k": file} files.j=/b:file files.k=/a:file`},
		{"condition", func(c *decodeConfig) { c.Cond = Condition{&condition{op: condValue, text: "x"}} }, `cond="x"`},
		{"not a parameter", func(c *decodeConfig) { c.Derived, c.hidden = 4, 5 }, ""},
	}
	for _, tt := range tests {
		c := defaults
		tt.change(&c)
		if got := write(c); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestFieldsOfOpaqueStruct(t *testing.T) {
	type opaque struct{ hidden int }
	defer func() {
		if recover() == nil {
			t.Error("a struct whose text would not show all of it was accepted")
		}
	}()
	Fields(&struct {
		O opaque `yaml:"o"`
	}{opaque{1}}, nil)
}

func TestFieldPos(t *testing.T) {
	g, err := Parse("x.yaml", []byte(`params: {rate: 0.5}
stages:
  a:
    kind: test/source
    with:
      list: [1, 2]
      lr: $params.rate
  b: {kind: test/source}
`), Options{Vocabulary: vocabulary()})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ path, want string }{
		{"list.1", "x.yaml:6:17"}, {"list.7", "x.yaml:6:13"}, {"list", "x.yaml:6:13"}, {"lr", "x.yaml:1:16"}, {"strength", "x.yaml:6:7"}, {"", "x.yaml:6:7"},
	} {
		if got := g.Nodes[0].FieldPos(tt.path).String(); got != tt.want {
			t.Errorf("FieldPos(%q) = %s, want %s", tt.path, got, tt.want)
		}
	}
	if got := g.Nodes[1].FieldPos("lr").String(); got != "x.yaml:8:3" {
		t.Errorf("a parameter of a stage without with is at %s, want x.yaml:8:3", got)
	}
	if got := g.Nodes[0].With("lr").Text(); got != "0.5" {
		t.Errorf("With(lr) = %q, want 0.5", got)
	}
	if f := g.Params[0]; f.Path != "rate" || f.Value != "0.5" || f.Pos.String() != "x.yaml:1:16" {
		t.Errorf("params are %+v", g.Params)
	}
}

func TestNearest(t *testing.T) {
	known := []string{"source/table", "source/images", "split/shift", "train/classifier", "name", "seed"}
	for _, tt := range []struct{ name, want string }{
		{"source/tabel", "source/table"}, {"Source/Table", "source/table"}, {"classifier", "train/classifier"}, {"split", ""}, {"nmae", "name"}, {"x", ""},
		{"", ""}, {"sede", "seed"}, {strings.Repeat("s", 100), ""}, {"shift", "split/shift"},
	} {
		if got := Nearest(tt.name, known); got != tt.want {
			t.Errorf("Nearest(%q) = %q, want %q", tt.name, got, tt.want)
		}
	}
}
