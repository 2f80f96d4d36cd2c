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
	Passed   []passed    // D(c) of columns of its base that the graph reads here, see passOn
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
		b = binary.AppendUvarint(b, uint64(len(o.Content)))
		for _, c := range o.Content {
			text(c.column)
			b = append(b, c.id[:]...)
		}
		if len(o.Passed) > 0 {
			b = binary.AppendUvarint(b, uint64(len(o.Passed)))
		}
		for _, c := range o.Passed {
			text(c.column)
			b = append(append(b, c.version[:]...), c.id[:]...)
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

// Front says how much of a record is read first: of a node's, its outputs.
func Front(kind string, data []byte) int {
	if kind == "node" {
		if _, rest, err := new(shape).decodeOutputs(data); err == nil {
			return len(data) - len(rest)
		}
	}
	return len(data)
}

// A soleOutput is all that is known of a node with one output, as most have: one
// piece of memory, since a plan may hold ten thousand of them.
type soleOutput struct {
	record  [1]outputRecord
	out     [1]output
	data    [1]dataset
	content [2]content
	passed  [1]passed
}

// A decoded is what decode finds: outputs, how many rows all of them have, asked for
// or not, and what stands behind them. A sole output lies in sole.
type decoded struct {
	outs []outputRecord
	sole *soleOutput
	all  bool // outs are all outputs
	rows int64
	rest []byte
}

// decodeOutputs reads all outputs of an encoded record and returns what stands
// behind them.
func (s *shape) decodeOutputs(b []byte) (outs []outputRecord, rest []byte, err error) {
	d, err := s.decode(b, asked{how: askedAll})
	return d.outs, d.rest, err
}

// decode reads those outputs of an encoded record that are asked for.
func (s *shape) decode(b []byte, ask asked) (decoded, error) {
	r := recordDecoder{b: b}
	n := r.number()
	d := decoded{all: true}
	var slab contents
	for left := n; left > 0 && !r.bad; left-- {
		name := r.take(r.number())
		rows := r.number()
		d.rows += int64(rows)
		if !ask.wants(name) {
			d.all = false
			r.skipOutput()
			continue
		}
		switch {
		case d.outs != nil:
		case n == 1 || ask.how == askedOne:
			d.sole = new(soleOutput)
			d.outs, slab = d.sole.record[:0], d.sole.content[:0]
		default:
			d.outs = make([]outputRecord, 0, min(n, 16))
		}
		o := outputRecord{Name: s.column(name), Rows: int(rows)}
		if s := r.take(r.number()); len(s) > 0 {
			o.Schema = s
		}
		o.Manifest = r.digest()
		flags := r.number()
		o.Streamed = flags&streamedFlag != 0
		from := len(slab)
		slab = s.contents(&r, slab)
		o.Content = slab[from:len(slab):len(slab)]
		if flags&passedFlag != 0 {
			if d.sole != nil && len(d.outs) == 0 {
				o.Passed = d.sole.passed[:0]
			}
			for k := r.number(); k > 0 && !r.bad; k-- {
				o.Passed = append(o.Passed, passed{s.column(r.take(r.number())), r.digest(), r.digest()})
			}
		}
		r.bad = r.bad || flags&^(streamedFlag|passedFlag) != 0
		for k := r.number(); k > 0 && !r.bad; k-- {
			f := storedFile{Name: string(r.take(r.number())), Object: r.digest()}
			f.Size = int64(r.number())
			o.Files = append(o.Files, f)
		}
		d.outs = append(d.outs, o)
	}
	if r.bad {
		return decoded{}, errors.New("a node's record does not decode")
	}
	d.rest = r.b
	return d, nil
}

// contents appends a list of content ids.
func (s *shape) contents(r *recordDecoder, to contents) contents {
	for k := r.number(); k > 0 && !r.bad; k-- {
		to = append(to, content{s.column(r.take(r.number())), r.digest()})
	}
	return to
}

// skipOutput passes over what stands behind the rows of an output.
func (r *recordDecoder) skipOutput() {
	const digest = uint64(len(runs.Digest{}))
	r.take(r.number())
	r.take(digest)
	flags := r.number()
	for k := r.number(); k > 0 && !r.bad; k-- {
		r.take(r.number())
		r.take(digest)
	}
	if flags&passedFlag != 0 {
		for k := r.number(); k > 0 && !r.bad; k-- {
			r.take(r.number())
			r.take(2 * digest)
		}
	}
	for k := r.number(); k > 0 && !r.bad; k-- {
		r.take(r.number())
		r.take(digest)
		r.number()
	}
}

// asked says which outputs of a node other nodes read: most read one and the same.
type asked struct {
	how  uint8
	name string
}

const (
	askedNone uint8 = iota
	askedOne
	askedAll
)

func (a *asked) add(output string) {
	switch {
	case a.how == askedNone:
		*a = asked{askedOne, output}
	case a.name != output:
		a.how = askedAll
	}
}

func (a asked) wants(output []byte) bool {
	return a.how == askedAll || a.how == askedOne && a.name == string(output)
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

// details reads what decodeOutputs left.
func (n *node) details() *nodeRecord {
	if n.later != nil {
		rec, _ := n.later.Lookup(n.key.Digest)
		if _, rest, err := n.class.shape.decodeOutputs(rec.Data); err == nil {
			n.rest = rest
		}
		n.later = nil
	}
	if n.told == nil {
		n.told = new(nodeRecord)
		if n.rest != nil && !n.told.decodeRest(n.rest) {
			*n.told = nodeRecord{} // of another version: nothing to tell
		}
		n.rest = nil
	}
	n.told.Outputs = make([]outputRecord, len(n.outputs))
	for i := range n.outputs {
		n.told.Outputs[i] = *n.outputs[i].record
	}
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

// adopt takes a stored record as the result of a node. Outputs that no node reads
// wait until complete.
func (e *Engine) adopt(n *node, r runs.Result) error {
	d, err := n.class.shape.decode(r.Data, n.asked)
	if err != nil {
		return err
	}
	if err := e.acceptIn(n, d.outs, d.sole); err != nil {
		return err
	}
	n.stored = d.rows
	if !d.all {
		n.front = r.Data
	}
	if n.rest = d.rest; !r.All {
		n.rest, n.later = nil, e.store
	}
	return nil
}

// complete reads the outputs of a node that adopt has left. Only one goroutine may
// look at the node meanwhile.
func (e *Engine) complete(n *node) error {
	if n.front == nil {
		return nil
	}
	outs, _, err := n.class.shape.decodeOutputs(n.front)
	if err != nil {
		return err
	}
	all := make(outputs, len(outs))
	for i := range outs {
		if known := n.outputs.get(outs[i].Name); known != nil {
			all[i] = *known
			outs[i] = *known.record
			continue
		}
		if err := e.setOutput(n, &all[i], new(dataset), &outs[i]); err != nil {
			return err
		}
	}
	n.outputs, n.front = all, nil
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

// accept makes a record the result of a node.
func (e *Engine) accept(n *node, nr nodeRecord) error {
	if err := e.acceptIn(n, nr.Outputs, nil); err != nil {
		return err
	}
	n.told = &nr
	return nil
}

// acceptIn makes outputs those of a node; a single one finds its room in sole, where
// that is given.
func (e *Engine) acceptIn(n *node, records []outputRecord, sole *soleOutput) error {
	var outs outputs
	var sets []dataset
	if sole != nil {
		outs, sets = sole.out[:], sole.data[:]
	} else {
		outs, sets = make(outputs, len(records)), make([]dataset, len(records))
	}
	n.stored = 0
	for i := range records {
		if err := e.setOutput(n, &outs[i], &sets[i], &records[i]); err != nil {
			return err
		}
		n.stored += int64(records[i].Rows)
	}
	n.told, n.outputs, n.front, n.rest, n.later = nil, outs, nil, nil, nil
	return nil
}

// setOutput makes the handle of a stored output; its rows' lies in room.
func (e *Engine) setOutput(n *node, out *output, room *dataset, r *outputRecord) error {
	out.record = r
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
