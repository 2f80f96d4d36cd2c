package engine

import (
	"bytes"
	"slices"
	"sync/atomic"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/runs"
)

// A shape is what stored results of one stage have in common: a matrix may make
// thousands of instances, whose records name the same columns in the same
// schemas. Readers take what is there; whoever misses something adds a copy.
type shape struct {
	owns     atomic.Pointer[[]knownOwn]
	joins    atomic.Pointer[[]knownJoin]
	lists    atomic.Pointer[[]knownList]
	suffixes atomic.Pointer[knownSuffixes]
	reads    atomic.Pointer[[]*readColumn]
}

type knownOwn struct {
	encoded []byte
	own     ownColumns
}

type knownList struct {
	inputs []*arrow.Schema
	own    ownColumns
}

type knownJoin struct{ base, own, joined *arrow.Schema }

// A readColumn is what key lines say of a column that the stage reads, but for its
// content.
type readColumn struct {
	schema  *arrow.Schema
	name    string
	digest  runs.Digest // of the name
	typ     string
	classes string // digest of what metadata says, "" for nothing
}

// reading tells of a column of a schema that has it.
func (s *shape) reading(schema *arrow.Schema, name string) *readColumn {
	known := s.reads.Load()
	if known != nil {
		for _, c := range *known {
			if c.schema == schema && c.name == name {
				return c
			}
		}
	}
	f := idField
	if name != idColumn {
		f = schema.Field(schema.FieldIndices(name)[0])
	}
	c := &readColumn{schema: schema, name: name, digest: digestText(name), typ: typeName(f.Type)}
	if meta := metadata(schema, name); meta != "" {
		c.classes = digestText(meta).String()
	}
	learn(&s.reads, c)
	return c
}

// A knownSuffixes are those of a list of inputs from some stages.
type knownSuffixes struct {
	stages   []*shape
	suffixes *suffixes
}

// mostKnown bounds what is searched from end to end.
const mostKnown = 16

// learn adds to a list; another goroutine may be faster, and then this is
// learnt again.
func learn[T any](at *atomic.Pointer[[]T], v T) {
	old := at.Load()
	if old == nil {
		at.CompareAndSwap(nil, &[]T{v})
	} else if len(*old) < mostKnown {
		more := append(slices.Clip(*old), v)
		at.CompareAndSwap(old, &more)
	}
}

// own decodes a stored schema.
func (s *shape) own(c *schemaCache, encoded []byte) (ownColumns, error) {
	if known := s.owns.Load(); known != nil {
		for i := range *known {
			if k := &(*known)[i]; bytes.Equal(k.encoded, encoded) {
				return k.own, nil
			}
		}
	}
	own, err := c.decode(encoded)
	if err == nil {
		learn(&s.owns, knownOwn{encoded, own})
	}
	return own, err
}

// join is the schema of a base with own columns.
func (s *shape) join(c *schemaCache, base, own *arrow.Schema) *arrow.Schema {
	if known := s.joins.Load(); known != nil {
		for i := range *known {
			if k := &(*known)[i]; k.base == base && k.own == own {
				return k.joined
			}
		}
	}
	joined := c.join(base, own)
	learn(&s.joins, knownJoin{base, own, joined})
	return joined
}

// concat is the schema of a list of inputs.
func (s *shape) concat(c *schemaCache, inputs []*arrow.Schema) ownColumns {
	if known := s.lists.Load(); known != nil {
		for i := range *known {
			if k := &(*known)[i]; slices.Equal(k.inputs, inputs) {
				return k.own
			}
		}
	}
	own := c.concat(inputs)
	learn(&s.lists, knownList{slices.Clone(inputs), own})
	return own
}

// concatSuffixes tells the rows of a list of inputs apart.
func (s *shape) concatSuffixes(refs []inputRef) *suffixes {
	known := s.suffixes.Load()
	if known != nil && slices.EqualFunc(known.stages, refs, func(stage *shape, r inputRef) bool { return stage == r.node.class.shape }) {
		return known.suffixes
	}
	made := &suffixes{texts: concatSuffixes(refs)}
	for _, text := range made.texts {
		made.digests = append(made.digests, digestText(text))
	}
	stages := make([]*shape, len(refs))
	for i, r := range refs {
		if stages[i] = r.node.class.shape; slices.Contains(stages[:i], stages[i]) {
			return made // they depend on more than the stages
		}
	}
	s.suffixes.CompareAndSwap(nil, &knownSuffixes{stages, made})
	return made
}
