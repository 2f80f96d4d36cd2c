package pipeline

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
)

// SpecSchemer is implemented, on the pointer, by a SpecDecoder that can say in
// JSON Schema which values it takes. Values that stand for others ($params.x)
// are allowed for everywhere and need not be mentioned.
type SpecSchemer interface{ SpecSchema() map[string]any }

var schemerType = reflect.TypeFor[SpecSchemer]()

// SchemaOf describes a type as [Decode] reads it, for a SpecSchemer that takes it among
// other forms.
func SchemaOf[T any]() map[string]any {
	w := &schemaWriter{types: newTypes()}
	return w.value(&unbounded, reflect.TypeFor[T](), reflect.Value{}, false)
}

// SchemaWords describes a choice of words, each with a sentence or "".
func SchemaWords(words ...[2]string) map[string]any {
	var any []object
	for _, w := range words {
		word := object{"const": w[0]}
		if w[1] != "" {
			word["description"] = w[1]
		}
		any = append(any, word)
	}
	return object{"anyOf": any}
}

// SchemaAny describes a value of any of some forms, or a reference in its place.
func SchemaAny(forms ...map[string]any) map[string]any {
	return object{"anyOf": append(forms, object{"$ref": "#/$defs/reference"})}
}

// Schema returns the JSON Schema (draft 2020-12) of the language and of every
// kind in the vocabulary, for editors: types, bounds, words, defaults, and the
// doc strings as descriptions. A spec that extends another one may leave out
// anything and may remove anything by null, so it is held to the types only.
//
// It is written out here rather than by a library for Go types, since most of
// it is not a type: what "with" and "from" may hold follows from "kind", and a
// reference may stand for any value.
func Schema(v Vocabulary) ([]byte, error) {
	w := &schemaWriter{types: newTypes(), defs: object{}}
	w.defs["reference"] = object{"type": "string", "pattern": `^\$(params|matrix)\.|\$\{(params|matrix)\.`,
		"description": "A reference: $params.NAME, $matrix.AXIS or $matrix.AXIS.FIELD as a whole value, ${params.NAME} inside text."}
	w.defs["stage"] = w.stage(v, false)
	w.defs["change"] = w.stage(v, true)
	top := object{
		"$schema":     "https://json-schema.org/draft/2020-12/schema",
		"title":       "shiftmill spec v1",
		"description": "One experiment: parameters and stages.",
		"type":        "object",
		"properties": object{
			"shiftmill": object{"const": "v1", "description": "Version of the language."},
			"name":      object{"type": []string{"string", "number"}, "pattern": `^[A-Za-z0-9_][A-Za-z0-9_.+-]*$`, "description": "Name of the experiment; the file's name when left out."},
			"seed":      w.orReference(object{"type": "integer", "minimum": 0}, "Seed of all stages that name none of their own.", false),
			"params":    object{"type": "object", "propertyNames": object{"pattern": namePattern}, "description": "Parameters that stages refer to as $params.NAME; null: must be given by --set or shiftmill.local.yaml."},
			"extends":   object{"type": "string", "description": "A spec that this one is laid over: maps merge, lists replace, null removes."},
			"stages":    object{"type": "object", "description": "The stages by name.", "propertyNames": object{"pattern": namePattern}},
		},
		"additionalProperties": false,
		"if":                   object{"required": []string{"extends"}},
		"then":                 object{"properties": object{"stages": object{"additionalProperties": object{"$ref": "#/$defs/change"}}}},
		"else":                 object{"required": []string{"stages"}, "properties": object{"stages": object{"minProperties": 1, "additionalProperties": object{"$ref": "#/$defs/stage"}}}},
		"$defs":                w.defs,
	}
	data, err := json.MarshalIndent(top, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write JSON Schema: %w", err)
	}
	return append(data, '\n'), nil
}

const namePattern = `^[A-Za-z0-9_][A-Za-z0-9_+-]*$`

type object = map[string]any

type schemaWriter struct {
	types *types
	defs  object         // nil where a part has to stand on its own
	busy  []reflect.Type // structs being described, for types that hold themselves
}

// orReference allows a reference in place of a value, and null where an
// extending spec may remove it.
func (w *schemaWriter) orReference(s object, doc string, change bool) object {
	any := []object{s, {"$ref": "#/$defs/reference"}}
	if change {
		any = append(any, object{"type": "null"})
	}
	out := object{"anyOf": any}
	if len(s) == 0 {
		out = object{}
	}
	if doc != "" {
		out["description"] = doc
	}
	return out
}

// stage describes a stage, or in a spec that extends another one a change to it.
func (w *schemaWriter) stage(v Vocabulary, change bool) object {
	prefix := "kind."
	if change {
		prefix = "change."
	}
	var kinds, rules []object
	for _, name := range v.Names() {
		k, ok := v.Kind(name)
		if !ok {
			continue
		}
		kinds = append(kinds, object{"const": name, "description": k.Doc()})
		def := prefix + strings.ReplaceAll(name, "/", ".")
		st := w.types.get(derefType(k.NewConfig()))
		w.defs[def] = withPresets(w.structure(st, deref(k.NewConfig()), k.Doc(), change), presetsOf(k))
		then := object{"properties": object{"with": w.nullable(object{"$ref": "#/$defs/" + def}, change), "from": w.from(k, change)}}
		if !k.Random() && !change {
			then["properties"].(object)["seed"] = false
		}
		if required := w.requiredWords(k, st); len(required) > 0 && !change {
			then["required"] = required
		}
		rules = append(rules, object{"if": object{"properties": object{"kind": object{"const": name}}, "required": []string{"kind"}}, "then": then})
	}
	axis := object{"anyOf": []object{
		{"type": "array", "minItems": 1, "items": object{"type": []string{"string", "number", "boolean"}}},
		{"type": "object", "minProperties": 1, "additionalProperties": w.nullable(object{"type": "object"}, change)},
		{"$ref": "#/$defs/reference"},
	}}
	rule := object{"type": "object", "propertyNames": object{"pattern": `^\$(params|matrix)\.`}}
	rulesOf := object{"type": []string{"array", "object"}, "items": object{"type": "object", "minProperties": 1}}
	out := object{
		"type": "object",
		"properties": object{
			"kind":   object{"anyOf": kinds, "description": "What the stage does."},
			"from":   object{"description": "What the stage reads: STAGE, STAGE.OUTPUT, a list of them (rows are concatenated), or a map of ports."},
			"with":   object{"description": "Parameters of the kind."},
			"matrix": w.nullable(object{"type": "object", "minProperties": 1, "properties": object{"include": rulesOf, "exclude": rulesOf, "output": false}, "propertyNames": object{"pattern": namePattern}, "additionalProperties": w.nullable(axis, change), "description": "Axes: the stage runs once for every combination of their values."}, change),
			"when":   w.orReference(object{"anyOf": []object{{"type": "boolean"}, rule, {"type": "array", "items": rule}}}, "Which instances there are: true or false, or a map of references to conditions.", change),
			"seed":   w.orReference(object{"type": "integer", "minimum": 0}, "Seed of the stage's random numbers.", change),
			"cache":  w.orReference(object{"enum": []string{"store", "stream"}}, "Whether the result is stored or computed whenever it is read.", change),
			"encode": w.orReference(object{"type": "string", "pattern": "^(png|jpeg:([1-9][0-9]?|100))$"}, "How pixels are stored: png, or jpeg with its quality.", change),
			"resources": w.nullable(object{"type": "object", "description": "What an instance needs of the machine.", "additionalProperties": false, "properties": object{
				"cpus":   w.orReference(object{"type": "integer", "minimum": 1}, "Processor cores.", change),
				"memory": w.orReference(new(Bytes).SpecSchema(), "Bytes, such as 16GB.", change),
				"gpus":   w.orReference(object{"type": "integer", "minimum": 0}, "Graphics processors.", change),
				"time":   w.orReference(object{"type": "string", "pattern": "^([0-9]+[smhd])+$"}, "Most time it may take, such as 20h.", change),
			}}, change),
		},
		"additionalProperties": false,
		"allOf":                rules,
	}
	if !change {
		out["required"] = []string{"kind"}
		return out
	}
	return w.nullable(out, true)
}

// withPresets allows the word preset, which can stand for required parameters.
func withPresets(params object, presets []Preset) object {
	if len(presets) == 0 {
		return params
	}
	var names []object
	for _, p := range presets {
		names = append(names, object{"const": p.Name, "description": p.Doc})
	}
	for name, s := range params["properties"].(object) { // null removes what the preset gives
		param := s.(object)
		if forms, ok := param["anyOf"].([]object); ok {
			param["anyOf"] = append(forms, object{"type": "null"})
		}
		params["properties"].(object)[name] = param
	}
	params["properties"].(object)[presetWord] = object{"anyOf": names, "description": "Ready-made parameters; those beside it are laid over."}
	if required, ok := params["required"]; ok {
		delete(params, "required")
		params["anyOf"] = []object{{"required": required}, {"required": []string{presetWord}}}
	}
	return params
}

// nullable allows null where an extending spec may remove a value.
func (w *schemaWriter) nullable(s object, change bool) object {
	if !change {
		return s
	}
	return object{"anyOf": []object{s, {"type": "null"}}}
}

// requiredWords are the words without which a kind cannot do.
func (w *schemaWriter) requiredWords(k Kind, st *structType) []string {
	var out []string
	for _, p := range k.Ports() {
		if !p.Optional {
			out = append(out, "from")
			break
		}
	}
	for _, f := range st.fields {
		if f.required {
			return append(out, "with")
		}
	}
	return out
}

// from describes what a kind reads.
func (w *schemaWriter) from(k Kind, change bool) any {
	ports := k.Ports()
	if len(ports) == 0 {
		return w.nullable(object{"not": object{}}, change)
	}
	one := object{"type": "string", "minLength": 1}
	read := object{"anyOf": []object{one, {"type": "array", "minItems": 1, "uniqueItems": true, "items": one}}}
	if change {
		read = w.nullable(read, true)
	}
	props, required := object{}, []string{}
	single, any := 0, false
	for _, p := range ports {
		if p.Any {
			any = true
			continue
		}
		port := object{"anyOf": read["anyOf"]}
		if p.Doc != "" {
			port["description"] = p.Doc
		}
		props[p.Name] = port
		if !p.Optional {
			required = append(required, p.Name)
			single++
		}
	}
	named := object{"type": "object", "properties": props, "minProperties": 1, "additionalProperties": false}
	if change {
		named["additionalProperties"] = object{"type": "null"}
	}
	if any {
		named["additionalProperties"], named["propertyNames"] = read, object{"pattern": namePattern}
	}
	if len(required) > 0 && !change {
		named["required"] = required
	}
	forms := []object{named, {"$ref": "#/$defs/reference"}}
	if single <= 1 && !any || change {
		forms = append(forms, read)
	}
	if change {
		forms = append(forms, object{"type": "null"})
	}
	return object{"anyOf": forms}
}

// structure describes a struct of parameters whose defaults are in v.
func (w *schemaWriter) structure(st *structType, v reflect.Value, doc string, change bool) object {
	props, required := object{}, []string{}
	for i := range st.fields {
		f := &st.fields[i]
		s := w.field(f, f.typ, v.FieldByIndex(f.index), change)
		props[f.name] = s
		if f.required {
			required = append(required, f.name)
		}
	}
	out := object{"type": "object", "properties": props, "additionalProperties": false}
	if change { // the kind may be changed as well, and parameters of the other one removed
		out["additionalProperties"] = object{"type": "null"}
	}
	if doc != "" {
		out["description"] = doc
	}
	if len(required) > 0 && !change {
		out["required"] = required
	}
	return out
}

func (w *schemaWriter) field(f *fieldType, typ reflect.Type, v reflect.Value, change bool) object {
	out := w.orReference(w.value(f, typ, v, change), f.doc, change)
	if d, ok := defaultOf(v); ok {
		out["default"] = d
	}
	return out
}

// defaultOf returns a default worth showing.
func defaultOf(v reflect.Value) (any, bool) {
	switch {
	case !v.IsValid() || v.IsZero() || v.Type() == fileType || v.Type() == dirType || v.Type() == treeType:
		return nil, false
	case v.Kind() == reflect.Bool || v.Kind() == reflect.String || v.CanInt() || v.CanUint() || v.CanFloat():
		if reflect.PointerTo(v.Type()).Implements(decoderType) {
			return nil, false
		}
		return v.Interface(), true
	}
	return nil, false
}

// value describes a type; v holds its default, or is invalid.
func (w *schemaWriter) value(f *fieldType, typ reflect.Type, v reflect.Value, change bool) object {
	switch kind := typ.Kind(); {
	case typ == valueType:
		return object{}
	case typ == conditionsType:
		return w.value(f, reflect.TypeFor[map[string]Condition](), v, change)
	case reflect.PointerTo(typ).Implements(schemerType):
		s := reflect.New(typ).Interface().(SpecSchemer).SpecSchema()
		if w.defs == nil {
			return s
		}
		w.defs["type."+typ.String()] = s // many parameters have the same one
		return object{"$ref": "#/$defs/type." + typ.String()}
	case reflect.PointerTo(typ).Implements(decoderType):
		return object{}
	case kind == reflect.Bool:
		return object{"type": "boolean"}
	case kind >= reflect.Int && kind <= reflect.Int64:
		return f.bound(object{"type": "integer"})
	case kind >= reflect.Uint && kind <= reflect.Uint64:
		return f.bound(object{"type": "integer", "minimum": 0})
	case kind == reflect.Float32 || kind == reflect.Float64:
		return f.bound(object{"type": "number"})
	case len(f.enum) > 0 && kind == reflect.String:
		return object{"enum": f.enum}
	case typ == fileType || typ == dirType || typ == treeType:
		return object{"type": []string{"string", "number"}, "minLength": 1}
	case kind == reflect.String:
		return object{"type": []string{"string", "number"}} // numbers by their source text
	case kind == reflect.Pointer:
		return w.value(f, typ.Elem(), reflect.Value{}, change)
	case kind == reflect.Slice, kind == reflect.Array:
		item := w.orReference(w.value(f, typ.Elem(), reflect.Value{}, change), "", false)
		out := object{"type": "array", "items": item}
		if kind == reflect.Array {
			out["minItems"], out["maxItems"] = typ.Len(), typ.Len()
		}
		if f.single {
			return object{"anyOf": []object{out, item}}
		}
		return out
	case kind == reflect.Map:
		return object{"type": "object", "additionalProperties": w.orReference(w.value(f, typ.Elem(), reflect.Value{}, change), "", change)}
	case kind == reflect.Struct:
		return w.nested(typ, v, change)
	}
	return object{}
}

func (w *schemaWriter) nested(typ reflect.Type, v reflect.Value, change bool) object {
	for _, t := range w.busy {
		if t == typ {
			return object{"type": "object"} // it holds itself: described once
		}
	}
	w.busy = append(w.busy, typ)
	defer func() { w.busy = w.busy[:len(w.busy)-1] }()
	if !v.IsValid() {
		fresh := reflect.New(typ)
		w.types.form(fresh.Type().Elem()).setDefaults(fresh)
		v = fresh.Elem()
	}
	return w.structure(w.types.get(typ), v, "", change)
}

func (f *fieldType) bound(s object) object {
	if !math.IsNaN(f.min) {
		if f.above {
			s["exclusiveMinimum"] = f.min
		} else {
			s["minimum"] = f.min
		}
	}
	if !math.IsNaN(f.max) {
		if f.below {
			s["exclusiveMaximum"] = f.max
		} else {
			s["maximum"] = f.max
		}
	}
	return s
}

// SpecSchema describes a condition.
func (c *Condition) SpecSchema() map[string]any {
	scalar := object{"type": []string{"string", "number", "boolean", "null"}, "description": "A value, or a range: a..b, a.., ..b, ..<b."}
	like := object{"anyOf": []object{{"type": "string"}, {"type": "array", "minItems": 1, "items": object{"type": "string"}}}}
	word := object{"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": false, "properties": object{
		"not":  object{"description": "All other values."},
		"like": object{"anyOf": like["anyOf"], "description": "Values of a pattern: * stands for any run of characters, ? for one."},
	}}
	return object{"anyOf": []object{scalar, {"type": "array", "minItems": 1}, word}}
}

// SpecSchema describes a range.
func (r *Range) SpecSchema() map[string]any {
	return object{"type": "string", "pattern": `\.\.`}
}

// SpecSchema describes a number of bytes.
func (b *Bytes) SpecSchema() map[string]any {
	return object{"anyOf": []object{{"type": "integer", "minimum": 1}, {"type": "string", "pattern": `^[0-9.]+ *([KMGT]i?B|kB|B)?$`}}}
}
