package pipeline

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Fields lists, sorted by path, what of a decoded configuration differs from
// the defaults (same type; nil for the zero value), as canonical text: whole
// numbers in decimal, floats in the shortest form that reads back, text quoted,
// lists and maps in full. A parameter that a kind gains later, with a default,
// therefore changes nobody's list. Files and folders have fields of their own,
// marked as locations, and are never part of another field's text.
//
// Fields panics on a struct with unexported fields that is no SpecTexter, since
// two different settings could look alike; a field tagged yaml:"-" is left out.
func Fields(config, defaults any) []Field {
	w := fieldWriter{types: newTypes()}
	return w.list(config, defaults)
}

func (w *fieldWriter) list(config, defaults any) []Field {
	w.out = nil
	cv := reflect.ValueOf(config)
	dv := reflect.ValueOf(defaults)
	for cv.Kind() == reflect.Pointer {
		cv = cv.Elem()
	}
	for dv.Kind() == reflect.Pointer {
		dv = dv.Elem()
	}
	if !cv.IsValid() {
		return nil
	}
	if !dv.IsValid() {
		dv = reflect.Zero(cv.Type())
	}
	w.diff(cv, dv, w.types.form(cv.Type()), "")
	if len(w.out) > 1 {
		slices.SortFunc(w.out, func(a, b Field) int { return strings.Compare(a.Path, b.Path) })
	}
	return w.out
}

type fieldWriter struct {
	types *types
	out   []Field
	texts [2][]byte // of what is compared
}

func (w *fieldWriter) put(path, value string) {
	w.out = append(w.out, Field{Path: path, Value: value})
}

// differ says whether two values of one form have different texts.
func (w *fieldWriter) differ(c, d reflect.Value, form *typeForm) bool {
	w.texts[0] = w.append(w.texts[0][:0], c, form)
	w.texts[1] = w.append(w.texts[1][:0], d, form)
	return !bytes.Equal(w.texts[0], w.texts[1])
}

// diff writes what of c differs from d, both of the type that form describes.
func (w *fieldWriter) diff(c, d reflect.Value, form *typeForm, path string) {
	if form.equals && c.Equal(d) || form.nilable && c.IsNil() && d.IsNil() {
		return
	}
	switch {
	case form.location != "":
		w.locations(c, form, path)
		return
	case form.texter:
		if w.differ(c, d, form) {
			w.put(path, string(w.texts[0]))
		}
		return
	}
	switch typ := c.Type(); typ.Kind() {
	case reflect.Struct:
		for _, f := range form.parts(typ) {
			w.diff(c.Field(f.at), d.Field(f.at), f.form, join(path, f.name))
		}
		return
	case reflect.Pointer, reflect.Interface:
		if !c.IsNil() && !d.IsNil() && c.Elem().Type() == d.Elem().Type() {
			w.diff(c.Elem(), d.Elem(), w.types.form(c.Elem().Type()), path)
			return
		}
	}
	located := form.holds && (w.locates(c, form) || w.locates(d, form))
	switch differ := w.differ(c, d, form); {
	case !located && !differ:
		return
	case located && reflect.DeepEqual(c.Interface(), d.Interface()):
		return
	}
	w.put(path, string(w.texts[0]))
	if located {
		w.locations(c, form, path)
	}
}

// locations writes a field for each file and folder in v; canonicalText leaves
// a mark in their place.
func (w *fieldWriter) locations(v reflect.Value, form *typeForm, path string) {
	switch {
	case form.location != "":
		w.out = append(w.out, Field{Path: path, Value: v.String(), Location: form.location})
		return
	case !form.holds:
		return
	}
	switch typ := v.Type(); typ.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			w.locations(v.Elem(), w.types.form(v.Elem().Type()), path)
		}
	case reflect.Struct:
		for _, f := range form.parts(typ) {
			w.locations(v.Field(f.at), f.form, join(path, f.name))
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			w.locations(v.Index(i), form.elem, join(path, strconv.Itoa(i)))
		}
	case reflect.Map:
		eachSorted(v, func(_ int, key string, v reflect.Value) { w.locations(v, form.elem, join(path, key)) })
	}
}

// locates says whether a file or folder is named in v.
func (w *fieldWriter) locates(v reflect.Value, form *typeForm) bool {
	found := fieldWriter{types: w.types}
	found.locations(v, form, "")
	return len(found.out) > 0
}

// eachSorted calls f for every entry of a map by ascending key.
func eachSorted(m reflect.Value, f func(i int, key string, v reflect.Value)) {
	if m.Len() == 1 { // as most are
		it := m.MapRange()
		it.Next()
		f(0, it.Key().String(), it.Value())
		return
	}
	for i, k := range sortedKeys(m) {
		f(i, k.String(), m.MapIndex(k))
	}
}

func sortedKeys(m reflect.Value) []reflect.Value {
	keys := m.MapKeys()
	if len(keys) > 1 {
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	}
	return keys
}

// append appends the canonical text of v: equal values, equal text.
func (w *fieldWriter) append(b []byte, v reflect.Value, form *typeForm) []byte {
	typ := v.Type()
	switch {
	case form.location != "":
		return append(b, form.location...)
	case form.texter && typ.Kind() == reflect.Pointer && v.IsNil():
		return append(b, "none"...)
	case form.texter && v.CanAddr() && typ.Kind() != reflect.Pointer:
		return append(b, v.Addr().Interface().(SpecTexter).SpecText()...)
	case form.texter && form.direct:
		return append(b, v.Interface().(SpecTexter).SpecText()...)
	case form.texter:
		p := reflect.New(typ)
		p.Elem().Set(v)
		return append(b, p.Interface().(SpecTexter).SpecText()...)
	}
	switch kind := typ.Kind(); {
	case kind == reflect.Bool:
		return strconv.AppendBool(b, v.Bool())
	case v.CanInt():
		return strconv.AppendInt(b, v.Int(), 10)
	case v.CanUint():
		return strconv.AppendUint(b, v.Uint(), 10)
	case v.CanFloat():
		return strconv.AppendFloat(b, v.Float(), 'g', -1, typ.Bits())
	case kind == reflect.String:
		return appendQuoted(b, v.String())
	case kind == reflect.Pointer:
		if v.IsNil() {
			return append(b, "none"...)
		}
		return w.append(b, v.Elem(), form.elem)
	case kind == reflect.Interface:
		if v.IsNil() {
			return append(b, "none"...)
		}
		// The type is part of the text: two kinds of settings may look alike.
		return w.append(append(append(b, typeName(v.Elem().Type())...), ' '), v.Elem(), w.types.form(v.Elem().Type()))
	case kind == reflect.Slice || kind == reflect.Array:
		b = append(b, '[')
		for i := range v.Len() {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = w.append(b, v.Index(i), form.elem)
		}
		return append(b, ']')
	case kind == reflect.Map:
		b = append(b, '{')
		eachSorted(v, func(i int, key string, v reflect.Value) {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = w.append(append(appendQuoted(b, key), ": "...), v, form.elem)
		})
		return append(b, '}')
	case kind == reflect.Struct:
		return w.appendStruct(append(b, '{'), v, form)
	}
	panic(fmt.Sprintf("pipeline: a parameter cannot be of type %s", typ))
}

// appendStruct leaves out fields that are zero: one that is added to the type
// later changes no text.
func (w *fieldWriter) appendStruct(b []byte, v reflect.Value, form *typeForm) []byte {
	first := len(b)
	for _, f := range form.parts(v.Type()) {
		if v.Field(f.at).IsZero() {
			continue
		}
		if len(b) > first {
			b = append(b, ", "...)
		}
		if f.name != "" {
			b = append(append(b, f.name...), ": "...)
		}
		b = w.append(b, v.Field(f.at), f.form)
	}
	return append(b, '}')
}

func typeName(typ reflect.Type) string {
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	return typ.Name()
}
