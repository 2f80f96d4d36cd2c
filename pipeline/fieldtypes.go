package pipeline

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// SpecDecoder is implemented, on the pointer, by parameter types that read
// their own value: unions such as a list of operations, conditions, ranges.
// Fields of the problems are paths below the value.
type SpecDecoder interface{ DecodeSpec(Value) []Problem }

// SpecTexter is implemented by parameter types with a canonical text of their
// own: equal settings, and only those, have equal texts.
type SpecTexter interface{ SpecText() string }

// A Defaulter fills the defaults of a struct that stands in a list, a map or
// behind a pointer, before it is decoded.
type Defaulter interface{ SetDefaults() }

var (
	fileType       = reflect.TypeFor[File]()
	dirType        = reflect.TypeFor[Dir]()
	treeType       = reflect.TypeFor[Tree]()
	valueType      = reflect.TypeFor[Value]()
	conditionsType = reflect.TypeFor[Conditions]()
	decoderType    = reflect.TypeFor[SpecDecoder]()
	texterType     = reflect.TypeFor[SpecTexter]()
	defaulterTyp   = reflect.TypeFor[Defaulter]()
)

// types are the descriptions of the config structs met so far; safe for
// concurrent use. Readers take the maps as they are; whoever misses a type
// replaces them.
type types struct {
	mu    sync.Mutex // of who describes a type
	of    atomic.Pointer[map[reflect.Type]*structType]
	forms atomic.Pointer[map[reflect.Type]*typeForm]
}

func newTypes() *types {
	t := &types{}
	t.of.Store(&map[reflect.Type]*structType{})
	t.forms.Store(&map[reflect.Type]*typeForm{})
	return t
}

// A typeForm is what reading and writing parameters needs to know of a type.
type typeForm struct {
	location string // "file", "dir" or "tree"
	texter   bool   // values have a canonical text of their own, and hold no files
	direct   bool   // their text is a method of the value, not of a pointer to it
	value    bool   // it is Value
	decoder  bool   // a pointer to one is a SpecDecoder
	fills    bool   // a pointer to one is a Defaulter
	plain    bool   // a bool, number or string
	equals   bool   // == tells values with one text: equal ones have equal texts
	nilable  bool
	holds    bool       // a value may name a file or folder somewhere
	elem     *typeForm  // of a pointer, slice, array or map
	part     []formPart // of a struct
	wrong    string     // why the struct has no text, or ""
}

// A formPart is a field of a struct that is a parameter; embedded structs have
// the name "".
type formPart struct {
	at   int
	name string
	form *typeForm
}

// parts returns the fields of a struct; it panics on one whose text would not
// show all it holds.
func (f *typeForm) parts(typ reflect.Type) []formPart {
	if f.wrong != "" {
		panic(fmt.Sprintf("pipeline: %s has the unexported field %s: its text would not show it; give the type a SpecText method, or tag the field yaml:\"-\"", typ, f.wrong))
	}
	return f.part
}

func (t *types) form(typ reflect.Type) *typeForm {
	if f := (*t.forms.Load())[typ]; f != nil {
		return f
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	all := maps.Clone(*t.forms.Load())
	f := formOf(typ, all)
	t.forms.Store(&all)
	return f
}

// formOf describes a type and those in it that are not among the known ones, and
// adds them.
func formOf(typ reflect.Type, known map[reflect.Type]*typeForm) *typeForm {
	if f := known[typ]; f != nil {
		return f
	}
	kind := typ.Kind()
	pointer := reflect.PointerTo(typ)
	f := &typeForm{
		value:   typ == valueType,
		direct:  typ.Implements(texterType),
		decoder: pointer.Implements(decoderType),
		fills:   pointer.Implements(defaulterTyp),
		texter:  kind != reflect.Interface && (typ.Implements(texterType) || pointer.Implements(texterType)),
		nilable: kind == reflect.Pointer || kind == reflect.Interface || kind == reflect.Map || kind == reflect.Slice,
		holds:   true, // of a type that holds itself, until that is known
	}
	known[typ] = f
	switch {
	case typ == fileType:
		f.location = "file"
	case typ == dirType:
		f.location = "dir"
	case typ == treeType:
		f.location = "tree"
	}
	f.plain = kind == reflect.Bool || kind == reflect.String || kind >= reflect.Int && kind <= reflect.Uint64 || kind == reflect.Float32 || kind == reflect.Float64
	f.equals = f.plain || f.texter && exact(typ)
	if kind == reflect.Pointer || kind == reflect.Slice || kind == reflect.Array || kind == reflect.Map {
		f.elem = formOf(typ.Elem(), known)
	}
	switch {
	case f.location != "":
	case f.texter || f.plain:
		f.holds = false
	case kind == reflect.Struct:
		f.describe(typ, known)
	case f.elem != nil:
		f.holds = f.elem.holds
	}
	return f
}

func (f *typeForm) describe(typ reflect.Type, known map[reflect.Type]*typeForm) {
	holds := false
	for i := range typ.NumField() {
		sf := typ.Field(i)
		name, options, _ := strings.Cut(sf.Tag.Get("yaml"), ",")
		switch {
		case name == "-":
			continue
		case sf.Anonymous && name == "" || strings.Contains(options, "inline"):
			name = ""
		case !sf.IsExported():
			f.wrong = sf.Name
		case name == "":
			name = strings.ToLower(sf.Name)
		}
		part := formPart{i, name, formOf(sf.Type, known)}
		holds = holds || part.form.holds
		f.part = append(f.part, part)
	}
	f.holds = holds
}

// A structType is a config struct as its tags describe it.
type structType struct {
	fields []fieldType
	byName map[string]int
	names  []string
}

// A fieldType is one parameter.
type fieldType struct {
	name     string
	index    []int
	typ      reflect.Type
	form     *typeForm
	doc      string
	enum     []string
	min, max float64 // NaN: unbounded
	above    bool    // min itself is excluded
	below    bool    // max itself is excluded
	required bool
	single   bool // a list that may be written as its one item
}

// exact says whether values of a type that are == are the same in every respect.
func exact(typ reflect.Type) bool {
	switch typ.Kind() {
	case reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128, reflect.Interface: // -0 == 0
		return false
	case reflect.Array:
		return exact(typ.Elem())
	case reflect.Struct:
		for i := range typ.NumField() {
			if !exact(typ.Field(i).Type) {
				return false
			}
		}
	}
	return typ.Comparable()
}

// get describes a struct; it panics on tags that make no sense, which are
// bugs of the kind.
func (t *types) get(typ reflect.Type) *structType {
	if st := (*t.of.Load())[typ]; st != nil {
		return st
	}
	st := &structType{byName: map[string]int{}}
	st.add(t, typ, nil)
	t.mu.Lock()
	defer t.mu.Unlock()
	all := maps.Clone(*t.of.Load())
	all[typ] = st
	t.of.Store(&all)
	return st
}

func (st *structType) add(t *types, typ reflect.Type, index []int) {
	for i := range typ.NumField() {
		f := typ.Field(i)
		tag, inline := f.Tag.Get("yaml"), false
		name, options, _ := strings.Cut(tag, ",")
		inline = f.Anonymous && name == "" || strings.Contains(options, "inline")
		at := append(append([]int(nil), index...), i)
		if name == "-" || !f.IsExported() && !inline {
			continue
		}
		if inline && f.Type.Kind() == reflect.Struct {
			st.add(t, f.Type, at)
			continue
		}
		if name == "" {
			name = strings.ToLower(f.Name)
		}
		ft := fieldType{name: name, index: at, typ: f.Type, form: t.form(f.Type), doc: f.Tag.Get("doc"), min: math.NaN(), max: math.NaN()}
		if e := f.Tag.Get("enum"); e != "" {
			ft.enum = strings.Split(e, "|")
		}
		where := typ.String() + "." + f.Name
		ft.min, ft.above = bound(where, f.Tag, "min", "above")
		ft.max, ft.below = bound(where, f.Tag, "max", "below")
		ft.required = isSet(where, f.Tag, "required")
		ft.single = isSet(where, f.Tag, "single")
		if _, twice := st.byName[name]; twice {
			panic(fmt.Sprintf("pipeline: %s: parameter %q is defined twice", where, name))
		}
		st.byName[name] = len(st.fields)
		st.fields = append(st.fields, ft)
		st.names = append(st.names, name)
	}
}

func bound(where string, tag reflect.StructTag, with, without string) (float64, bool) {
	text, open := tag.Get(with), false
	if text == "" {
		text, open = tag.Get(without), true
	}
	if text == "" {
		return math.NaN(), false
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		panic(fmt.Sprintf("pipeline: %s: bound %q is no number", where, text))
	}
	return f, open
}

func isSet(where string, tag reflect.StructTag, name string) bool {
	switch text := tag.Get(name); text {
	case "":
		return false
	case "true":
		return true
	default:
		panic(fmt.Sprintf("pipeline: %s: tag %s is %q, not true", where, name, text))
	}
}

// bounds says what the tags allow, for messages: "1 to 5", "at least 1",
// "more than 0 and at most 1".
func (f *fieldType) bounds() string {
	low, high := "", ""
	switch {
	case math.IsNaN(f.min) && math.IsNaN(f.max):
		return ""
	case !math.IsNaN(f.min) && !math.IsNaN(f.max) && !f.above && !f.below:
		return number(f.min) + " to " + number(f.max)
	}
	if !math.IsNaN(f.min) {
		low = "at least " + number(f.min)
		if f.above {
			low = "more than " + number(f.min)
		}
	}
	if !math.IsNaN(f.max) {
		high = "at most " + number(f.max)
		if f.below {
			high = "less than " + number(f.max)
		}
	}
	if low != "" && high != "" {
		return low + " and " + high
	}
	return low + high
}

// within says whether x obeys the bounds.
func (f *fieldType) within(x float64) bool {
	switch {
	case x != x:
		return false
	case !math.IsNaN(f.min) && (x < f.min || f.above && x == f.min):
		return false
	case !math.IsNaN(f.max) && (x > f.max || f.below && x == f.max):
		return false
	}
	return true
}

func number(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }
