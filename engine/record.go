package engine

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"slices"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/runs"
)

// A nodeRecord is what the store keeps under a node's key. Outputs come first
// and in a compact form, since every plan reads them; the rest is read when
// somebody asks.
type nodeRecord struct {
	Outputs []outputRecord `json:"-"`
	Lines   []Line         `json:"lines"`
	Notes   []string       `json:"notes,omitempty"`
	Skips   []Skip         `json:"skips,omitempty"`
	Metrics []Metric       `json:"metrics,omitempty"`
	Seconds float64        `json:"seconds"`
}

// An outputRecord is one output of a node: rows or files.
type outputRecord struct {
	Name     string
	Rows     int
	Schema   []byte      // "id" and own columns; nil for files
	Manifest runs.Digest // of the partitions
	Content  contents    // D(c) of "id" and own columns, where known
	Files    []storedFile
	Streamed bool

	Objects []runs.Digest // all that it needs; not part of the encoding
}

// A content is the content id of a column; contents are few, in the order in
// which they were learnt.
type (
	content struct {
		column string
		id     runs.Digest
	}
	contents []content
)

func (cs contents) get(column string) (runs.Digest, bool) {
	for i := range cs {
		if cs[i].column == column {
			return cs[i].id, true
		}
	}
	return runs.Digest{}, false
}

// intern makes a string of a column's name, without a copy for the commonest.
func intern(b []byte) string {
	if string(b) == idColumn {
		return idColumn
	}
	return string(b)
}

// encode writes the outputs in binary, then the rest as JSON.
func (nr nodeRecord) encode() ([]byte, error) {
	rest, err := json.Marshal(nr)
	if err != nil {
		return nil, err
	}
	var b []byte
	text := func(s string) {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	b = binary.AppendUvarint(b, uint64(len(nr.Outputs)))
	for _, o := range nr.Outputs {
		text(o.Name)
		b = binary.AppendUvarint(b, uint64(o.Rows))
		text(string(o.Schema))
		b = append(b, o.Manifest[:]...)
		streamed := uint64(0)
		if o.Streamed {
			streamed = 1
		}
		b = binary.AppendUvarint(b, streamed)
		b = binary.AppendUvarint(b, uint64(len(o.Content)))
		for _, c := range o.Content {
			text(c.column)
			b = append(b, c.id[:]...)
		}
		b = binary.AppendUvarint(b, uint64(len(o.Files)))
		for _, f := range o.Files {
			text(f.Name)
			b = append(b, f.Object[:]...)
			b = binary.AppendUvarint(b, uint64(f.Size))
		}
	}
	return append(b, rest...), nil
}

// decodeOutputs reads the outputs of an encoded record and returns the JSON
// behind them.
func decodeOutputs(b []byte) (outs []outputRecord, rest []byte, err error) {
	bad := false
	number := func() uint64 {
		v, k := binary.Uvarint(b)
		if k <= 0 {
			bad, b = true, nil
			return 0
		}
		b = b[k:]
		return v
	}
	take := func(n uint64) []byte {
		if bad || n > uint64(len(b)) {
			bad, b = true, nil
			return nil
		}
		v := b[:n]
		b = b[n:]
		return v
	}
	digest := func() (d runs.Digest) {
		copy(d[:], take(uint64(len(d))))
		return d
	}
	for n := number(); n > 0 && !bad; n-- {
		o := outputRecord{Name: string(take(number())), Rows: int(number())}
		if s := take(number()); len(s) > 0 {
			o.Schema = s
		}
		o.Manifest = digest()
		o.Streamed = number() == 1
		k := number()
		o.Content = make(contents, 0, min(k, 64))
		for ; k > 0 && !bad; k-- {
			o.Content = append(o.Content, content{intern(take(number())), digest()})
		}
		for k := number(); k > 0 && !bad; k-- {
			f := storedFile{Name: string(take(number())), Object: digest()}
			f.Size = int64(number())
			o.Files = append(o.Files, f)
		}
		outs = append(outs, o)
	}
	if bad {
		return nil, nil, errors.New("a node's record does not decode")
	}
	return outs, b, nil
}

// details reads what decodeOutputs left.
func (n *node) details() *nodeRecord {
	if n.rest != nil {
		outs := n.record.Outputs
		if json.Unmarshal(n.rest, &n.record) != nil {
			n.record = nodeRecord{} // of another version: nothing to tell
		}
		n.record.Outputs, n.rest = outs, nil
	}
	return &n.record
}

// encodeSchema writes a schema as an Arrow IPC message, names, types and
// metadata included.
func encodeSchema(s *arrow.Schema) ([]byte, error) {
	var buf bytes.Buffer
	w := ipc.NewWriter(&buf, ipc.WithSchema(s))
	if err := w.Close(); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// A schemaCache decodes each distinct schema once and joins each distinct pair
// once, since thousands of instances of a stage share them.
type schemaCache struct {
	mu     sync.Mutex
	known  map[string]ownColumns
	joined map[[2]*arrow.Schema]*arrow.Schema
	lists  map[[4]*arrow.Schema]ownColumns
}

// An ownColumns is a stored schema: "id" and the columns that a stage wrote.
type ownColumns struct {
	schema *arrow.Schema
	fields map[string]arrow.Field // by name, without "id"
}

func (c *schemaCache) decode(b []byte) (ownColumns, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s, ok := c.known[string(b)]; ok {
		return s, nil
	}
	r, err := ipc.NewReader(bytes.NewReader(b), ipc.WithAllocator(memory.DefaultAllocator))
	if err != nil {
		return ownColumns{}, err
	}
	defer r.Release()
	own := ownColumns{schema: r.Schema(), fields: map[string]arrow.Field{}}
	for _, f := range own.schema.Fields()[1:] {
		own.fields[f.Name] = f
	}
	if c.known == nil {
		c.known = map[string]ownColumns{}
	}
	c.known[string(b)] = own
	return own, nil
}

// concat is concatSchema of inputs; short lists are remembered.
func (c *schemaCache) concat(inputs []*arrow.Schema) ownColumns {
	c.mu.Lock()
	defer c.mu.Unlock()
	var key [4]*arrow.Schema
	short := copy(key[:], inputs) == len(inputs)
	if own, ok := c.lists[key]; ok && short {
		return own
	}
	s := concatSchema(inputs)
	own := ownColumns{schema: s, fields: make(map[string]arrow.Field, s.NumFields())}
	for _, f := range s.Fields()[1:] {
		own.fields[f.Name] = f
	}
	if short {
		if c.lists == nil {
			c.lists = map[[4]*arrow.Schema]ownColumns{}
		}
		c.lists[key] = own
	}
	return own
}

// join is joinSchemas of a base and a stored schema.
func (c *schemaCache) join(base, own *arrow.Schema) *arrow.Schema {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := [2]*arrow.Schema{base, own}
	if s, ok := c.joined[key]; ok {
		return s
	}
	if c.joined == nil {
		c.joined = map[[2]*arrow.Schema]*arrow.Schema{}
	}
	s := joinSchemas(base, own.Fields()[1:])
	c.joined[key] = s
	return s
}

// adopt takes a stored record as the result of a node.
func (e *Engine) adopt(n *node, rec runs.Record) error {
	outs, rest, err := decodeOutputs(rec.Data)
	if err != nil {
		return err
	}
	if err := e.accept(n, nodeRecord{Outputs: outs}); err != nil {
		return err
	}
	n.rest = rest
	return nil
}

// accept makes a record the result of a node.
func (e *Engine) accept(n *node, nr nodeRecord) error {
	outs := make(map[string]*output, len(nr.Outputs))
	for _, r := range nr.Outputs {
		o := &output{record: r}
		if r.Schema != nil {
			own, err := e.schemas.decode(r.Schema)
			if err != nil {
				return err
			}
			o.data = e.dataset(n, r, own)
		}
		outs[r.Name] = o
	}
	n.record, n.outputs, n.rest = nr, outs, nil
	return nil
}

// dataset makes the handle of a stored output.
func (e *Engine) dataset(n *node, r outputRecord, own ownColumns) *dataset {
	d := &dataset{
		own: own.fields, rows: r.Rows, maker: n, output: r.Name,
		manifest: r.Manifest, streamed: r.Streamed, content: slices.Clip(r.Content),
	}
	var base *arrow.Schema
	if d.base = n.baseOf(r.Name); d.base != nil {
		base = d.base.schema
	}
	d.schema = e.schemas.join(base, own.schema)
	return d
}

// joinSchemas is "id", the base's columns in their order, with those a stage
// wrote itself in place of the base's, then its new ones.
func joinSchemas(base *arrow.Schema, own []arrow.Field) *arrow.Schema {
	fields := []arrow.Field{idField}
	mine := map[string]arrow.Field{}
	for _, f := range own {
		mine[f.Name] = f
	}
	if base != nil {
		for _, f := range base.Fields()[1:] {
			if o, ok := mine[f.Name]; ok {
				f = o
				delete(mine, f.Name)
			}
			fields = append(fields, f)
		}
	}
	for _, f := range own {
		if _, ok := mine[f.Name]; ok {
			fields = append(fields, f)
		}
	}
	return arrow.NewSchema(fields, nil)
}
