package pipeline

// A Value is a part of a spec that a kind interprets itself, references
// resolved and positions kept. The zero Value is absent.
type Value struct {
	n     *node
	types *types // struct descriptions, shared by one Load
}

// A ValueKind is the form of a Value.
type ValueKind uint8

// The forms of a Value.
const (
	Absent ValueKind = iota // the zero Value
	Null                    // null, ~ or nothing written
	Scalar
	List
	Map
)

func (k ValueKind) String() string {
	return [...]string{"nothing", "null", "a single value", "a list", "a map"}[k]
}

// A Tag says how a scalar was written. Only the source text counts for
// comparisons with data; the tag tells text that looks like a number from one
// that is quoted.
type Tag uint8

// The tags of scalars. A plain number with a leading zero (08) is TagText.
const (
	TagNone   Tag = iota // no scalar
	TagQuoted            // quoted, or a block of text
	TagText
	TagInt
	TagFloat
	TagBool // true or false, nothing else
	TagSpan // a range around references, "${params.from}..${params.to}": its quotes are the references'
)

// An Entry is a key of a map with its value.
type Entry struct {
	Key    string
	KeyPos Pos
	Value  Value
}

// IsZero says whether the value is absent.
func (v Value) IsZero() bool { return v.n == nil }

// Kind returns the form of the value.
func (v Value) Kind() ValueKind {
	if v.n == nil {
		return Absent
	}
	return v.n.kind
}

// Tag returns how a scalar was written, TagNone for anything else.
func (v Value) Tag() Tag {
	if v.n == nil || v.n.kind != Scalar {
		return TagNone
	}
	return v.n.tag
}

// Text returns the source text of a scalar without its quotes, with
// ${...} filled in; "" for anything else.
func (v Value) Text() string {
	if v.n == nil || v.n.kind != Scalar {
		return ""
	}
	return v.n.text
}

// Pos returns where the value was written: for one that came through a
// reference, the place in params or matrix.
func (v Value) Pos() Pos {
	if v.n == nil {
		return Pos{}
	}
	return v.n.pos()
}

// Len returns the number of items of a list or entries of a map, else 0.
func (v Value) Len() int {
	if v.n == nil || v.n.kind == Scalar {
		return 0
	}
	return len(v.n.items)
}

// List returns the items of a list, nil for anything else.
func (v Value) List() []Value {
	if v.n == nil || v.n.kind != List {
		return nil
	}
	out := make([]Value, len(v.n.items))
	for i, item := range v.n.items {
		out[i] = Value{item, v.types}
	}
	return out
}

// Map returns the entries of a map in the order of the spec, nil for anything
// else. Keys are unique.
func (v Value) Map() []Entry {
	if v.n == nil || v.n.kind != Map {
		return nil
	}
	out := make([]Entry, len(v.n.items))
	for i, item := range v.n.items {
		k := &v.n.keys[i]
		out[i] = Entry{Key: k.text, KeyPos: k.pos(), Value: Value{item, v.types}}
	}
	return out
}

// Get returns the entry of a map by its key; the zero Value when there is none.
func (v Value) Get(key string) Value {
	if item := v.n.get(key); item != nil {
		return Value{item, v.types}
	}
	return Value{}
}

// Path returns the absolute path that a scalar names, relative to the folder of
// the file that wrote it (the working directory for --set).
func (v Value) Path() string {
	if v.Kind() != Scalar {
		return ""
	}
	return v.n.abs()
}

// SpecText returns the canonical text of the value: scalars by source text
// (quoted as in JSON unless they are plain numbers, true or false), maps sorted
// by key.
func (v Value) SpecText() string { return string(v.n.canonical(nil)) }

// ParseValue reads a piece of YAML as it could stand in a spec, for tests and
// tools; references are not resolved. The error is Errors.
func ParseValue(file, text string) (Value, error) {
	var rep reporter
	n := parseYAML(newSource(file), []byte(text), &rep)
	if err := rep.err(); err != nil {
		return Value{}, err
	}
	return Value{n, newTypes()}, nil
}
