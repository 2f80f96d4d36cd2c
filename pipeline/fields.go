package pipeline

import (
	"fmt"
	"reflect"
	"sort"
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
	var w fieldWriter
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
	w.diff(cv, dv, "")
	sort.Slice(w.out, func(i, j int) bool { return w.out[i].Path < w.out[j].Path })
	return w.out
}

type fieldWriter struct{ out []Field }

func (w *fieldWriter) put(path, value string) {
	w.out = append(w.out, Field{Path: path, Value: value})
}

// diff writes what of c differs from d, both of one type.
func (w *fieldWriter) diff(c, d reflect.Value, path string) {
	typ := c.Type()
	switch {
	case typ == fileType || typ == dirType:
		if c.String() != d.String() {
			w.locations(c, path)
		}
		return
	case typ == valueType || isTexter(typ):
		if text := canonicalText(c); text != canonicalText(d) {
			w.put(path, text)
		}
		return
	}
	switch typ.Kind() {
	case reflect.Struct:
		eachField(typ, func(i int, name string) { w.diff(c.Field(i), d.Field(i), join(path, name)) })
		return
	case reflect.Pointer, reflect.Interface:
		if !c.IsNil() && !d.IsNil() && c.Elem().Type() == d.Elem().Type() {
			w.diff(c.Elem(), d.Elem(), path)
			return
		}
	}
	text := canonicalText(c)
	if text == canonicalText(d) && !(locates(c) || locates(d)) {
		return
	}
	if locates(c) || locates(d) {
		if reflect.DeepEqual(c.Interface(), d.Interface()) {
			return
		}
	}
	w.put(path, text)
	w.locations(c, path)
}

// locations writes a field for each file and folder in v; canonicalText leaves
// a mark in their place.
func (w *fieldWriter) locations(v reflect.Value, path string) {
	typ := v.Type()
	switch {
	case typ == fileType:
		w.out = append(w.out, Field{Path: path, Value: v.String(), Location: "file"})
		return
	case typ == dirType:
		w.out = append(w.out, Field{Path: path, Value: v.String(), Location: "dir"})
		return
	case typ == valueType || isTexter(typ):
		return
	}
	switch typ.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			w.locations(v.Elem(), path)
		}
	case reflect.Struct:
		eachField(typ, func(i int, name string) { w.locations(v.Field(i), join(path, name)) })
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			w.locations(v.Index(i), join(path, strconv.Itoa(i)))
		}
	case reflect.Map:
		for _, k := range sortedKeys(v) {
			w.locations(v.MapIndex(k), join(path, k.String()))
		}
	}
}

// isTexter says whether values of a type have a canonical text of their own. A
// type that has one holds no files or folders.
func isTexter(typ reflect.Type) bool {
	return typ.Kind() != reflect.Interface && (typ.Implements(texterType) || reflect.PointerTo(typ).Implements(texterType))
}

// locates says whether a file or folder is named in v.
func locates(v reflect.Value) bool {
	var w fieldWriter
	w.locations(v, "")
	return len(w.out) > 0
}

// eachField calls f for the fields of a struct that are parameters; embedded
// structs have the name "".
func eachField(typ reflect.Type, f func(i int, name string)) {
	for i := range typ.NumField() {
		sf := typ.Field(i)
		name, options, _ := strings.Cut(sf.Tag.Get("yaml"), ",")
		if name == "-" {
			continue
		}
		if sf.Anonymous && name == "" || strings.Contains(options, "inline") {
			f(i, "")
			continue
		}
		if !sf.IsExported() {
			panic(fmt.Sprintf("pipeline: %s has the unexported field %s: its text would not show it; give the type a SpecText method, or tag the field yaml:\"-\"", typ, sf.Name))
		}
		if name == "" {
			name = strings.ToLower(sf.Name)
		}
		f(i, name)
	}
}

func sortedKeys(m reflect.Value) []reflect.Value {
	keys := m.MapKeys()
	sort.Slice(keys, func(i, j int) bool { return keys[i].String() < keys[j].String() })
	return keys
}

func canonicalText(v reflect.Value) string { return string(appendCanonical(nil, v)) }

// appendCanonical appends the canonical text of v: equal values, equal text.
func appendCanonical(b []byte, v reflect.Value) []byte {
	typ := v.Type()
	switch {
	case typ == fileType:
		return append(b, "file"...)
	case typ == dirType:
		return append(b, "dir"...)
	case typ == valueType:
		return append(b, v.Interface().(Value).SpecText()...)
	case typ.Implements(texterType) && !(typ.Kind() == reflect.Pointer && v.IsNil()) && !(typ.Kind() == reflect.Interface):
		return append(b, v.Interface().(SpecTexter).SpecText()...)
	case reflect.PointerTo(typ).Implements(texterType) && typ.Kind() != reflect.Interface:
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
		return appendCanonical(b, v.Elem())
	case kind == reflect.Interface:
		if v.IsNil() {
			return append(b, "none"...)
		}
		// The type is part of the text: two kinds of settings may look alike.
		return appendCanonical(append(append(b, typeName(v.Elem().Type())...), ' '), v.Elem())
	case kind == reflect.Slice || kind == reflect.Array:
		b = append(b, '[')
		for i := range v.Len() {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = appendCanonical(b, v.Index(i))
		}
		return append(b, ']')
	case kind == reflect.Map:
		b = append(b, '{')
		for i, k := range sortedKeys(v) {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = append(appendQuoted(b, k.String()), ": "...)
			b = appendCanonical(b, v.MapIndex(k))
		}
		return append(b, '}')
	case kind == reflect.Struct:
		return appendStruct(append(b, '{'), v)
	}
	panic(fmt.Sprintf("pipeline: a parameter cannot be of type %s", typ))
}

// appendStruct leaves out fields that are zero: one that is added to the type
// later changes no text.
func appendStruct(b []byte, v reflect.Value) []byte {
	first := len(b)
	eachField(v.Type(), func(i int, name string) {
		if v.Field(i).IsZero() {
			return
		}
		if len(b) > first {
			b = append(b, ", "...)
		}
		if name != "" {
			b = append(append(b, name...), ": "...)
		}
		b = appendCanonical(b, v.Field(i))
	})
	return append(b, '}')
}

func typeName(typ reflect.Type) string {
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	return typ.Name()
}
