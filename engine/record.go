package engine

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/runs"
)

// A nodeRecord is what the store keeps under a node's key. Outputs come first
// and in a compact form, since every plan reads them; the rest is read when
// somebody asks.
type nodeRecord struct {
	Outputs []outputRecord `json:"-"`
	Lines   []Line         `json:"-"`
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
	Passed   passed      // D(c) of columns of its base that the graph reads here, see passOn
	Files    []storedFile
	Streamed bool

	Objects []runs.Digest // all that it needs; not part of the encoding
}

// encode writes the outputs and the lines in binary, then the rest as JSON.
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
		flags := uint64(0)
		if o.Streamed {
			flags |= streamedFlag
		}
		if len(o.Passed) > 0 {
			flags |= passedFlag
		}
		b = binary.AppendUvarint(b, flags)
		b = appendColumns(b, o.Content, 1)
		if len(o.Passed) > 0 {
			b = appendColumns(b, o.Passed, 2)
		}
		b = binary.AppendUvarint(b, uint64(len(o.Files)))
		for _, f := range o.Files {
			text(f.Name)
			b = append(b, f.Object[:]...)
			b = binary.AppendUvarint(b, uint64(f.Size))
		}
	}
	b = append(b, binaryLines)
	b = binary.AppendUvarint(b, uint64(len(nr.Lines)))
	for _, l := range nr.Lines {
		text(l.Label)
		// Most values end in a digest, which takes half the bytes this way.
		head, d := l.Value, runs.Digest{}
		if cut := len(head) - 2*len(d); cut >= 0 {
			var err error
			if d, err = runs.ParseDigest(head[cut:]); err == nil && d.String() == head[cut:] {
				head = head[:cut]
			}
		}
		text(head)
		if len(head) < len(l.Value) {
			b = append(append(b, 1), d[:]...)
		} else {
			b = append(b, 0)
		}
	}
	return append(b, rest...), nil
}

// What the flags of an output say.
const (
	streamedFlag = 1 << iota
	passedFlag   // contents that are passed on stand behind its own
)

// binaryLines opens the lines of a record; a record with another byte here is
// of another version, and its outputs alone are understood.
const binaryLines = 2

// A recordDecoder takes values off the front of an encoded record; bad is set
// when one is not there.
type recordDecoder struct {
	b   []byte
	bad bool
}

func (r *recordDecoder) number() uint64 {
	if len(r.b) > 0 && r.b[0] < 0x80 { // of one byte, as nearly all are
		v := r.b[0]
		r.b = r.b[1:]
		return uint64(v)
	}
	v, k := binary.Uvarint(r.b)
	if k <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[k:]
	return v
}

func (r *recordDecoder) take(n uint64) []byte {
	if r.bad || n > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return nil
	}
	v := r.b[:n:n]
	r.b = r.b[n:]
	return v
}

func (r *recordDecoder) digest() (d runs.Digest) {
	copy(d[:], r.take(uint64(len(d))))
	return d
}

// columns takes a list of columns with some digests each.
func (r *recordDecoder) columns(digests int) []byte {
	n := r.number()
	list := r.b
	for ; n > 0 && !r.bad; n-- {
		r.take(r.number())
		r.take(uint64(digests * len(runs.Digest{})))
	}
	return list[: len(list)-len(r.b) : len(list)-len(r.b)]
}

// output takes what stands behind the name and the number of rows of an output. But for
// names of files it lies where the record does.
func (r *recordDecoder) output(o *outputRecord) {
	if s := r.take(r.number()); len(s) > 0 {
		o.Schema = s
	}
	o.Manifest = r.digest()
	flags := r.number()
	o.Streamed = flags&streamedFlag != 0
	o.Content = r.columns(1)
	if flags&passedFlag != 0 {
		o.Passed = r.columns(2)
	}
	r.bad = r.bad || flags&^(streamedFlag|passedFlag) != 0
	for k := r.number(); k > 0 && !r.bad; k-- {
		f := storedFile{Name: string(r.take(r.number())), Object: r.digest()}
		f.Size = int64(r.number())
		o.Files = append(o.Files, f)
	}
}

// skipOutput passes over what output takes.
func (r *recordDecoder) skipOutput() {
	r.take(r.number())
	r.take(uint64(len(runs.Digest{})))
	flags := r.number()
	r.columns(1)
	if flags&passedFlag != 0 {
		r.columns(2)
	}
	r.bad = r.bad || flags&^(streamedFlag|passedFlag) != 0
	for k := r.number(); k > 0 && !r.bad; k-- {
		r.take(r.number())
		r.take(uint64(len(runs.Digest{})))
		r.number()
	}
}

var errBadRecord = errors.New("a node's record does not decode")

// decodeOutputs reads the outputs of an encoded record and returns what stands behind
// them.
func decodeOutputs(b []byte) (outs []outputRecord, rest []byte, err error) {
	r := recordDecoder{b: b}
	for n := r.number(); n > 0 && !r.bad; n-- {
		o := outputRecord{Name: string(r.take(r.number())), Rows: int(r.number())}
		r.output(&o)
		outs = append(outs, o)
	}
	if r.bad {
		return nil, nil, errBadRecord
	}
	return outs, r.b, nil
}

// Front says how much of a record is read first: of a node's, its outputs.
func Front(kind string, data []byte) int {
	if kind == "node" {
		if _, rest, err := decodeOutputs(data); err == nil {
			return len(data) - len(rest)
		}
	}
	return len(data)
}

// decodeRest reads what decodeOutputs left: false when it is of another version.
func (nr *nodeRecord) decodeRest(b []byte) bool {
	r := recordDecoder{b: b}
	if v := r.take(1); r.bad || v[0] != binaryLines {
		return false
	}
	for n := r.number(); n > 0 && !r.bad; n-- {
		l := Line{Label: string(r.take(r.number())), Value: string(r.take(r.number()))}
		if flag := r.take(1); !r.bad && flag[0] == 1 {
			l.Value += r.digest().String()
		}
		nr.Lines = append(nr.Lines, l)
	}
	return !r.bad && json.Unmarshal(r.b, nr) == nil
}

// details are all that is recorded of a node.
func (e *Engine) details(n *node) *nodeRecord {
	if n.told != nil {
		return n.told
	}
	n.told = new(nodeRecord)
	outs, rest, err := decodeOutputs(n.front)
	if err == nil && !n.whole {
		rec, _ := e.store.Lookup(n.key.Digest)
		_, rest, err = decodeOutputs(rec.Data)
	}
	if err != nil || !n.told.decodeRest(rest) {
		*n.told = nodeRecord{} // of another version, or gone: nothing to tell
	}
	n.told.Outputs = outs
	return n.told
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
	schema, err := decodeSchema(b)
	if err != nil {
		return ownColumns{}, err
	}
	own := ownColumns{schema: schema, fields: map[string]arrow.Field{}}
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

// A soleOutput is all that is known of a node with one output that others read, as
// most have: one piece of memory, since a plan may hold ten thousand of them.
type soleOutput struct {
	out  [1]output
	data dataset
}

// adopt takes a stored record as the result of a node. Outputs that no node reads
// wait until complete.
func (e *Engine) adopt(n *node, found runs.Result) error {
	r := recordDecoder{b: found.Data}
	outs, rows, partly := outputs{}, int64(0), false
	for left := r.number(); left > 0 && !r.bad; left-- {
		name := r.take(r.number())
		o := outputRecord{Rows: int(r.number())}
		rows += int64(o.Rows)
		asked := false
		if o.Name, asked = n.class.asks(name); !asked {
			partly = true
			r.skipOutput()
			continue
		}
		r.output(&o)
		room := new(soleOutput)
		if len(outs) == 0 {
			outs = room.out[:]
		} else {
			outs = append(outs, output{})
		}
		if err := e.setOutput(n, &outs[len(outs)-1], &room.data, &o); err != nil {
			return err
		}
	}
	if r.bad {
		return errBadRecord
	}
	n.told, n.outputs, n.rows, n.partly = nil, outs, rows, partly
	n.front, n.whole = found.Data, found.All
	return nil
}

// complete reads the outputs of a node that adopt has left. Only one goroutine may
// look at the node meanwhile.
func (e *Engine) complete(n *node) error {
	if !n.partly {
		return nil
	}
	records, _, err := decodeOutputs(n.front)
	if err != nil {
		return err
	}
	all := make(outputs, len(records))
	for i := range records {
		if known := n.outputs.get(records[i].Name); known != nil {
			all[i] = *known
		} else if err := e.setOutput(n, &all[i], new(dataset), &records[i]); err != nil {
			return err
		}
	}
	n.outputs, n.partly = all, false
	return nil
}

// completeAll is complete for every node: for whoever does more than find out that
// nothing is to be done.
func (e *Engine) completeAll() error {
	for _, n := range e.nodes {
		if err := e.complete(n); err != nil {
			return fmt.Errorf("stage %s: %w", n.spec.Name, err)
		}
	}
	return nil
}

// accept makes what a node has given its result.
func (e *Engine) accept(n *node, nr nodeRecord) error {
	outs, rows := make(outputs, len(nr.Outputs)), int64(0)
	for i := range nr.Outputs {
		if err := e.setOutput(n, &outs[i], new(dataset), &nr.Outputs[i]); err != nil {
			return err
		}
		rows += int64(nr.Outputs[i].Rows)
	}
	n.told, n.outputs, n.rows, n.partly, n.front = &nr, outs, rows, false, nil
	return nil
}

// setOutput makes the handle of an output that exists; its rows' lies in room.
func (e *Engine) setOutput(n *node, out *output, room *dataset, r *outputRecord) error {
	out.name, out.files = r.Name, r.Files
	if r.Schema == nil {
		return nil
	}
	own, err := n.class.shape.own(&e.schemas, r.Schema)
	if err != nil {
		return err
	}
	out.data = room
	e.setDataset(room, n, r, own)
	return nil
}

// setDataset makes the handle of a stored output.
func (e *Engine) setDataset(d *dataset, n *node, r *outputRecord, own ownColumns) {
	d.own, d.rows, d.maker, d.output = own.fields, r.Rows, n, r.Name
	d.manifest, d.streamed, d.content, d.passed = r.Manifest, r.Streamed, r.Content, r.Passed
	var base *arrow.Schema
	if d.base = n.baseOf(r.Name); d.base != nil {
		base = d.base.schema
	}
	d.schema = n.class.shape.join(&e.schemas, base, own.schema)
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
