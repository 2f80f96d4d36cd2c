package pipeline

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Decode fills into, a pointer, from v. What v leaves out keeps the value that
// into holds: its default. Types: bool, integers, floats, string, File, Dir,
// Tree, Value, structs (embedded ones inline), slices, arrays of fixed length, maps
// with string keys, pointers, and every SpecDecoder. Numbers are read strictly:
// 1.5, 1e3 and 08 are no whole numbers.
//
// Tags of struct fields: yaml (name; "-" for no parameter), doc, min, max,
// above, below (bounds; the last two exclude them), enum ("a|b"), required
// ("true") and single ("true": a list may be written as its one item). Bounds
// and enum of a list or map hold for its items.
//
// The paths of the errors are below v. Decode panics on a type it cannot read,
// which is a bug of the kind.
func Decode(v Value, into any) Errors {
	var errs Errors
	for _, p := range decodeInto(v, deref(into)) {
		errs = append(errs, &Error{Pos: p.Pos, Path: p.Field, Msg: p.Msg})
	}
	return errs
}

func decodeInto(v Value, into reflect.Value) []Problem {
	if v.n == nil {
		return nil
	}
	if v.types == nil {
		v.types = newTypes()
	}
	d := decoder{types: v.types}
	d.decode(v.n, into, d.types.form(into.Type()), make(trail, 0, deepTrail), &unbounded)
	return d.problems
}

// unbounded is a parameter of which tags say nothing.
var unbounded = fieldType{min: math.NaN(), max: math.NaN()}

type decoder struct {
	types    *types
	problems []Problem
}

func (d *decoder) add(pos Pos, path trail, format string, args ...any) {
	d.problems = append(d.problems, Problem{Field: path.String(), Pos: pos, Msg: fmt.Sprintf(format, args...)})
}

// decode reads n into into, whose type form describes and to which f's bounds and enum apply.
func (d *decoder) decode(n *node, into reflect.Value, form *typeForm, path trail, f *fieldType) {
	if n.kind == broken {
		return
	}
	if form.value {
		into.Set(reflect.ValueOf(Value{n, d.types}))
		return
	}
	if form.decoder {
		got := into.Addr().Interface().(SpecDecoder).DecodeSpec(Value{n, d.types})
		for _, p := range got {
			if p.Pos == (Pos{}) {
				p.Pos = n.find(p.Field).pos()
			}
			p.Field, p.mended = join(path.String(), p.Field), false // the decoder may have stopped there
			d.problems = append(d.problems, p)
		}
		return
	}
	if n.kind == Null {
		d.add(n.pos(), path, noValue)
		return
	}
	switch typ := into.Type(); typ.Kind() {
	case reflect.Pointer:
		if into.IsNil() {
			fresh := reflect.New(typ.Elem())
			form.elem.setDefaults(fresh)
			into.Set(fresh)
		}
		d.decode(n, into.Elem(), form.elem, path, f)
	case reflect.Struct:
		d.structure(n, into, path)
	case reflect.Slice:
		d.slice(n, into, form, path, f)
	case reflect.Array:
		if n.kind != List || len(n.items) != typ.Len() {
			d.add(n.pos(), path, "must be a list of %d, got %s", typ.Len(), lengthOf(n))
			return
		}
		for i, item := range n.items {
			d.decode(item, into.Index(i), form.elem, append(path, strconv.Itoa(i)), f)
		}
	case reflect.Map:
		d.dictionary(n, into, form, path, f)
	default:
		d.scalar(n, into, path, f)
	}
}

// noValue is what is wrong with null.
const noValue = "has no value: write one, or leave the line out for the default"

func lengthOf(n *node) string {
	if n.kind == List {
		return fmt.Sprintf("a list of %d", len(n.items))
	}
	return n.describe()
}

// setDefaults fills a fresh value of the type that f describes.
func (f *typeForm) setDefaults(pointer reflect.Value) {
	if f.fills {
		pointer.Interface().(Defaulter).SetDefaults()
	}
}

func (d *decoder) structure(n *node, into reflect.Value, path trail) {
	st := d.types.get(into.Type())
	if n.kind != Map {
		d.add(n.pos(), path, "must be a map with %s, got %s", strings.Join(firstNames(st.names), ", "), n.describe())
		return
	}
	var mended []string // names that misspelt ones are read as
	for i := range n.keys {
		k := &n.keys[i]
		at, ok := st.byName[k.text]
		if !ok {
			d.add(k.pos(), append(path, k.text), "unknown parameter %s%s", quote(k.text), suggest(k.text, st.names))
			near := n.readAs(k.text, st.names)
			if at, ok = st.byName[near]; !ok || slices.Contains(mended, near) {
				continue
			}
			d.problems[len(d.problems)-1].mended = true
			mended = append(mended, near)
		}
		f := &st.fields[at]
		d.decode(n.items[i], into.FieldByIndex(f.index), f.form, append(path, k.text), f)
	}
	for i := range st.fields {
		if f := &st.fields[i]; f.required && !n.dropped && n.index(f.name) < 0 && !slices.Contains(mended, f.name) {
			d.add(n.pos(), append(path, f.name), "must be given%s", hint(f))
		}
	}
}

// hint says in a few words what a parameter is.
func hint(f *fieldType) string {
	switch {
	case len(f.enum) > 0:
		return ": one of " + strings.Join(f.enum, ", ")
	case f.doc != "":
		return ": " + strings.TrimSuffix(f.doc, ".")
	}
	return ""
}

func firstNames(names []string) []string {
	if len(names) > 6 {
		return append(slices.Clone(names[:6]), "...")
	}
	return names
}

func (d *decoder) slice(n *node, into reflect.Value, form *typeForm, path trail, f *fieldType) {
	items := n.items
	switch {
	case n.kind == List:
	case f.single:
		items = []*node{n}
	default:
		d.add(n.pos(), path, "must be a list, got %s%s", n.describe(), bracketed(n))
		return
	}
	out := reflect.MakeSlice(into.Type(), len(items), len(items))
	for i, item := range items {
		at := path
		if n.kind == List {
			at = append(path, strconv.Itoa(i))
		}
		form.elem.setDefaults(out.Index(i).Addr())
		d.decode(item, out.Index(i), form.elem, at, f)
	}
	into.Set(out)
}

// bracketed shows a scalar as the list it should be.
func bracketed(n *node) string {
	if n.kind != Scalar || len(n.text) > 40 {
		return ""
	}
	return ": write [" + n.describe() + "]"
}

func (d *decoder) dictionary(n *node, into reflect.Value, form *typeForm, path trail, f *fieldType) {
	typ := into.Type()
	if typ.Key().Kind() != reflect.String {
		panic(fmt.Sprintf("pipeline: cannot decode into %s: keys must be strings", typ))
	}
	if n.kind != Map {
		d.add(n.pos(), path, "must be a map, got %s", n.describe())
		return
	}
	out := reflect.MakeMapWithSize(typ, len(n.items))
	for i := range n.keys {
		item := reflect.New(typ.Elem())
		form.elem.setDefaults(item)
		d.decode(n.items[i], item.Elem(), form.elem, append(path, n.keys[i].text), f)
		key := reflect.ValueOf(&n.keys[i].text).Elem()
		if typ.Key() != key.Type() {
			key = key.Convert(typ.Key())
		}
		out.SetMapIndex(key, item.Elem())
	}
	into.Set(out)
}

func (d *decoder) scalar(n *node, into reflect.Value, path trail, f *fieldType) {
	kind := into.Kind()
	if n.kind != Scalar {
		d.add(n.pos(), path, "must be %s, got %s", wanted(into.Type(), f), n.kind)
		return
	}
	switch {
	case kind == reflect.Bool:
		if n.tag != TagBool {
			d.add(n.pos(), path, "must be true or false, got %s", n.describe())
			return
		}
		into.SetBool(n.text == "true")
	case kind >= reflect.Int && kind <= reflect.Int64:
		x, err := strconv.ParseInt(n.text, 10, into.Type().Bits())
		if n.tag != TagInt || err != nil || !f.within(float64(x)) {
			d.notNumber(n, path, f, "whole number")
			return
		}
		into.SetInt(x)
	case kind >= reflect.Uint && kind <= reflect.Uint64:
		x, err := strconv.ParseUint(strings.TrimPrefix(n.text, "+"), 10, into.Type().Bits())
		if n.tag != TagInt || err != nil || !f.within(float64(x)) {
			d.notNumber(n, path, f, "whole number, 0 or more")
			return
		}
		into.SetUint(x)
	case kind == reflect.Float32 || kind == reflect.Float64:
		x, err := strconv.ParseFloat(n.text, into.Type().Bits())
		if n.tag != TagInt && n.tag != TagFloat || err != nil || !f.within(x) {
			d.notNumber(n, path, f, "number")
			return
		}
		if x == 0 {
			x = 0 // -0 equals 0, and equal settings have equal texts
		}
		into.SetFloat(x)
	case kind == reflect.String:
		d.text(n, into, path, f)
	default:
		panic(fmt.Sprintf("pipeline: cannot decode into %s", into.Type()))
	}
}

// notNumber explains why n is not the number that f wants.
func (d *decoder) notNumber(n *node, path trail, f *fieldType, what string) {
	want := f.bounds()
	numeric := n.tag == TagInt || n.tag == TagFloat
	switch {
	case want == "" || !numeric || n.tag == TagFloat && what != "number":
		if want != "" {
			what = strings.TrimSuffix(what, ", 0 or more") + ", " + want
		}
		want = "a " + what
	}
	form := ""
	switch plain := plainNumber(n.text); {
	case plain != "" && plain != n.text:
		form = ": write " + plain
	case n.tag == TagQuoted && (isInt(n.text) || isFloat(n.text)):
		form = ": leave out the quotes"
	}
	d.add(n.pos(), path, "must be %s, got %s%s", want, n.describe(), form)
}

// plainNumber returns the decimal form of a whole number that was written with
// leading zeros, underscores or an exponent, or "".
func plainNumber(text string) string {
	clean := strings.ReplaceAll(text, "_", "")
	if digits(clean) == len(clean) && clean != "" {
		if clean = strings.TrimLeft(clean, "0"); clean == "" {
			return "0"
		}
		return clean
	}
	if isFloat(clean) {
		if x, err := strconv.ParseFloat(clean, 64); err == nil && x == math.Trunc(x) && math.Abs(x) < 1e15 {
			return strconv.FormatInt(int64(x), 10)
		}
	}
	return ""
}

func (d *decoder) text(n *node, into reflect.Value, path trail, f *fieldType) {
	if n.tag == TagBool {
		d.add(n.pos(), path, "must be %s, got %s: quote it if it is meant as text", wanted(into.Type(), f), n.text)
		return
	}
	if len(f.enum) > 0 && !slices.Contains(f.enum, n.text) {
		more := ""
		if near := Nearest(n.text, f.enum); near != "" {
			more = fmt.Sprintf("; did you mean %q?", near)
		}
		d.add(n.pos(), path, "must be one of %s, got %s%s", strings.Join(f.enum, ", "), quote(n.text), more)
		if near := Nearest(n.text, f.enum); near != "" {
			d.problems[len(d.problems)-1].mended = true
			into.SetString(near)
		}
		return
	}
	switch into.Type() {
	case fileType, dirType, treeType:
		if n.text == "" {
			d.add(n.pos(), path, "must be %s, got an empty text", wanted(into.Type(), f))
			return
		}
		into.SetString(n.abs())
	default:
		into.SetString(n.text)
	}
}

// wanted names a type for messages.
func wanted(typ reflect.Type, f *fieldType) string {
	if len(f.enum) > 0 {
		return "one of " + strings.Join(f.enum, ", ")
	}
	switch kind := typ.Kind(); {
	case typ == fileType:
		return "the path of a file"
	case typ == dirType:
		return "the path of a folder"
	case typ == treeType:
		return "the path of a file or folder"
	case kind == reflect.Bool:
		return "true or false"
	case kind == reflect.String:
		return "text"
	case kind == reflect.Float32 || kind == reflect.Float64:
		return "a number"
	}
	return "a whole number"
}

// deref returns the value that a pointer to a configuration holds.
func deref(pointer any) reflect.Value {
	v := reflect.ValueOf(pointer)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		panic(fmt.Sprintf("pipeline: a configuration must be a pointer to a struct, got %T", pointer))
	}
	return v.Elem()
}

func derefType(pointer any) reflect.Type { return deref(pointer).Type() }
