package engine

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"maps"
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
	Schema   []byte                 // "id" and own columns; nil for files
	Manifest runs.Digest            // of the partitions
	Content  map[string]runs.Digest // D(c), where known
	Files    []storedFile
	Streamed bool

	Objects []runs.Digest // all that it needs; not part of the encoding
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
		for _, c := range slices.Sorted(maps.Keys(o.Content)) {
			text(c)
			d := o.Content[c]
			b = append(b, d[:]...)
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
		if k := number(); k > 0 {
			o.Content = make(map[string]runs.Digest, min(k, 64))
			for ; k > 0 && !bad; k-- {
				name := string(take(number()))
				o.Content[name] = digest()
			}
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

// A schemaCache decodes each distinct schema once.
type schemaCache struct {
	mu    sync.Mutex
	known map[string]*arrow.Schema
}

func (c *schemaCache) decode(b []byte) (*arrow.Schema, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s, ok := c.known[string(b)]; ok {
		return s, nil
	}
	r, err := ipc.NewReader(bytes.NewReader(b), ipc.WithAllocator(memory.DefaultAllocator))
	if err != nil {
		return nil, err
	}
	defer r.Release()
	if c.known == nil {
		c.known = map[string]*arrow.Schema{}
	}
	c.known[string(b)] = r.Schema()
	return r.Schema(), nil
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
			o.data = n.dataset(r, own.Fields()[1:])
			n.schemas[r.Name] = o.data.schema
		}
		outs[r.Name] = o
	}
	n.record, n.outputs, n.rest = nr, outs, nil
	return nil
}

// dataset makes the handle of a stored output.
func (n *node) dataset(r outputRecord, own []arrow.Field) *dataset {
	d := &dataset{
		own: make(map[string]arrow.Field, len(own)), rows: r.Rows, maker: n, output: r.Name,
		manifest: r.Manifest, streamed: r.Streamed, content: make(map[string]runs.Digest, len(r.Content)),
	}
	maps.Copy(d.content, r.Content)
	for _, f := range own {
		d.own[f.Name] = f
	}
	var base *arrow.Schema
	if d.base = n.baseOf(r.Name); d.base != nil {
		base = d.base.schema
	}
	if known := n.schemas[r.Name]; known != nil && sameColumns(known, base, own) {
		d.schema = known
	} else {
		d.schema = joinSchemas(base, own)
	}
	return d
}

// sameColumns says whether a schema derived before the run still holds, the
// metadata of own columns included.
func sameColumns(known, base *arrow.Schema, own []arrow.Field) bool {
	for _, f := range own {
		at := known.FieldIndices(f.Name)
		if len(at) != 1 || !known.Field(at[0]).Equal(f) {
			return false
		}
	}
	if base == nil {
		return known.NumFields() == 1+len(own)
	}
	for _, f := range base.Fields() {
		if !known.HasField(f.Name) {
			return false
		}
	}
	return true
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
