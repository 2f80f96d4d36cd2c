package engine

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/runs"
)

// A nodeRecord is what the store keeps under a node's key.
type nodeRecord struct {
	Lines   []Line         `json:"lines"`
	Outputs []outputRecord `json:"outputs"`
	Notes   []string       `json:"notes,omitempty"`
	Skips   []Skip         `json:"skips,omitempty"`
	Metrics []Metric       `json:"metrics,omitempty"`
	Seconds float64        `json:"seconds"`
}

// An outputRecord is one output of a node: rows or files.
type outputRecord struct {
	Name     string                 `json:"name"`
	Rows     int                    `json:"rows"`
	Schema   []byte                 `json:"schema,omitempty"` // "id" and own columns
	Manifest runs.Digest            `json:"manifest"`         // of the partitions
	Content  map[string]runs.Digest `json:"content,omitempty"`
	Files    []storedFile           `json:"files,omitempty"`
	Streamed bool                   `json:"streamed,omitempty"`

	Objects []runs.Digest `json:"-"` // all that it needs
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

func decodeSchema(b []byte) (*arrow.Schema, error) {
	r, err := ipc.NewReader(bytes.NewReader(b), ipc.WithAllocator(memory.DefaultAllocator))
	if err != nil {
		return nil, err
	}
	defer r.Release()
	return r.Schema(), nil
}

// adopt takes a stored record as the result of a node.
func (n *node) adopt(rec runs.Record) error {
	var nr nodeRecord
	if err := json.Unmarshal(rec.Data, &nr); err != nil {
		return fmt.Errorf("record %s: %w", short(rec.Key), err)
	}
	return n.accept(nr)
}

// accept makes a record the result of a node.
func (n *node) accept(nr nodeRecord) error {
	outs := map[string]*output{}
	for _, r := range nr.Outputs {
		o := &output{record: r}
		if r.Schema != nil {
			own, err := decodeSchema(r.Schema)
			if err != nil {
				return err
			}
			o.data = n.dataset(r, own.Fields()[1:])
			n.schemas[r.Name] = o.data.schema
		}
		outs[r.Name] = o
	}
	n.record, n.outputs = nr, outs
	return nil
}

// dataset makes the handle of a stored output.
func (n *node) dataset(r outputRecord, own []arrow.Field) *dataset {
	d := &dataset{
		own: map[string]arrow.Field{}, rows: r.Rows, maker: n, output: r.Name,
		manifest: r.Manifest, streamed: r.Streamed, content: map[string]runs.Digest{},
	}
	for c, id := range r.Content {
		d.content[c] = id
	}
	for _, f := range own {
		d.own[f.Name] = f
	}
	var base *arrow.Schema
	if d.base = n.baseOf(r.Name); d.base != nil {
		base = d.base.schema
	}
	d.schema = joinSchemas(base, own)
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
