package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	_ "image/jpeg" // sizes of pictures
	_ "image/png"
	"sort"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/runs"
	"shiftmill/stages"
)

// Unknown is a figure that nothing tells yet.
const Unknown = -1

// A Work is what it will take to bring one node up to date, as far as it can be
// known before: from its own last result, from another instance of its stage,
// from partitions that an interrupted run has left, else from the pictures that
// go in.
type Work struct {
	Partitions int     `json:"partitions"`        // to be computed; 1 where the stage is one task
	Rows       int64   `json:"rows"`              // to be computed; Unknown
	Bytes      int64   `json:"bytes"`             // that the store will grow by; Unknown
	Seconds    float64 `json:"seconds"`           // of computing; Unknown
	From       string  `json:"from,omitempty"`    // what the figures follow from
	Out        int64   `json:"rows_out"`          // rows of its outputs together; Unknown
	Guess      bool    `json:"guessed,omitempty"` // bytes follow from nothing that was measured
	Most       bool    `json:"at_most,omitempty"` // rows, and what follows from them, may be fewer: conditions decide when it runs
}

// A rowCount is how many rows an output has, or will have.
type rowCount struct {
	n    int64 // Unknown
	most bool  // there may be fewer
}

// rowCounts are those of each node, by output.
type rowCounts map[*node]map[string]rowCount

// A reference is a result whose size and time say what another will take.
type reference struct {
	rows    map[string]int64 // by output
	total   int64
	bytes   int64
	seconds float64
	from    string
}

// Estimate says for every node of a planned graph, in its order, what is left
// to do; nil for those that are up to date.
func (e *Engine) Estimate(ctx context.Context, before *Comparison) ([]*Work, error) {
	works := make([]*Work, len(e.nodes))
	rows := rowCounts{}
	for i, n := range e.nodes {
		rows[n] = map[string]rowCount{}
		if n.outputs != nil {
			for _, o := range n.outputs {
				rows[n][o.name] = rowCount{n: int64(o.rows())}
			}
			continue
		}
		w, err := e.estimate(ctx, n, before, rows)
		if err != nil {
			return nil, err
		}
		works[i] = w
	}
	return works, nil
}

func (e *Engine) estimate(ctx context.Context, n *node, before *Comparison, rows rowCounts) (*Work, error) {
	in := n.rowsIn(rows)
	w := &Work{Partitions: 1, Rows: in.n, Most: in.most, Bytes: Unknown, Seconds: Unknown, Out: Unknown}
	ref, known := e.referenceOf(n, before)
	if known {
		w.From = ref.from
	}
	if n.kind.Shape != stages.RowWise {
		if n.kind.Shape == stages.Source {
			w.Rows = Unknown
		}
		if known {
			w.Bytes, w.Seconds, w.Out = ref.bytes, ref.seconds, ref.total
			for name, k := range ref.rows {
				rows[n][name] = rowCount{n: k}
			}
			return w, nil
		}
		for _, r := range n.class.results {
			rows[n][r.Name] = e.rowsOut(ctx, n, r, rows)
		}
		if n.kind.Shape == stages.Source {
			w.Out = rows[n][n.class.results[0].Name].n
		}
		return w, nil
	}
	first := n.input(n.kind.In[0].Name)
	in = refRows(first, rows)
	w.Rows, w.Most, w.Out = in.n, in.most, in.n
	for _, r := range n.class.results {
		rows[n][r.Name] = in
	}
	if n.streams() {
		w.Partitions, w.Rows, w.Bytes, w.Seconds, w.From = 0, 0, 0, 0, "streamed: computed when it is read, never stored"
		return w, nil
	}
	if w.Rows >= 0 {
		mean := int64(e.o.Cut.Mean)
		w.Partitions = int((w.Rows + mean - 1) / mean)
	}
	if n.state == Miss && first.data != nil {
		done, err := e.partitionsDone(ctx, n, w)
		if err != nil {
			return nil, err
		}
		if done.total > 0 && !known {
			ref, known = done, true
			w.From = done.from
		}
	}
	if known && ref.total > 0 && w.Rows >= 0 {
		w.Bytes = int64(float64(ref.bytes) / float64(ref.total) * float64(w.Rows))
		if ref.seconds > 0 {
			w.Seconds = ref.seconds / float64(ref.total) * float64(w.Rows)
		}
	} else if w.Rows >= 0 {
		w.guessBytes(ctx, e, n, first)
	}
	return w, nil
}

// rowsIn is how many rows all ports of a node read together.
func (n *node) rowsIn(rows rowCounts) rowCount {
	var total rowCount
	for i := range n.inputs {
		if in := &n.inputs[i]; in.port.Type == stages.Rows {
			if total = total.plus(refRows(in, rows)); total.n == Unknown {
				return total
			}
		}
	}
	return total
}

func (r rowCount) plus(other rowCount) rowCount {
	if r.n == Unknown || other.n == Unknown {
		return rowCount{n: Unknown}
	}
	return rowCount{r.n + other.n, r.most || other.most}
}

func refRows(in *input, rows rowCounts) rowCount {
	if in == nil {
		return rowCount{n: Unknown}
	}
	if in.data != nil {
		return rowCount{n: int64(in.data.rows)}
	}
	var total rowCount
	for _, r := range in.refs {
		k, ok := rows[r.node][r.Output]
		if !ok {
			k.n = Unknown
		}
		total = total.plus(k)
	}
	return total
}

// rowsOut is how many rows a node that is one task will write to an output, as far as
// its source or its parameters tell; else at most those of its base.
func (e *Engine) rowsOut(ctx context.Context, n *node, r stages.Output, rows rowCounts) rowCount {
	if r.Type != stages.Rows {
		return rowCount{n: Unknown}
	}
	if n.kind.Shape == stages.Source {
		if k, ok := e.count(ctx, n); ok {
			return rowCount{n: k.Rows}
		}
		return rowCount{n: Unknown}
	}
	base := rowCount{n: Unknown}
	if in := n.input(r.Base); in != nil && in.gathers() && r.Member < len(in.refs) {
		base = refRows(&input{refs: in.refs[r.Member : r.Member+1]}, rows)
	} else if in != nil {
		base = refRows(in, rows)
	}
	if k := n.kind.Rows(n.spec.Config, r.Name); k >= 0 && (base.n == Unknown || k <= base.n) {
		return rowCount{n: k}
	}
	base.most = base.most || !n.kind.Passes()
	return base
}

// count asks a source that has not run what it is going to give.
func (e *Engine) count(ctx context.Context, n *node) (stages.Count, bool) {
	if n.kind.Source == nil || n.kind.Source.Count == nil {
		return stages.Count{}, false
	}
	if k, ok := e.counts[n]; ok {
		return k, k.Rows > 0
	}
	k, err := n.kind.Source.Count(ctx, n.spec.Config)
	if err != nil {
		k = stages.Count{} // the run meets it too, and tells where
	}
	if e.counts == nil {
		e.counts = map[*node]stages.Count{}
	}
	e.counts[n] = k
	return k, k.Rows > 0
}

// referenceOf finds a result to measure a node by.
func (e *Engine) referenceOf(n *node, before *Comparison) (reference, bool) {
	if before != nil {
		if old, ok := before.before[n.spec.Name]; ok && old.Kind == n.kind.Name {
			if r, ok := e.measured(old.Key, "as the last time"); ok {
				return r, true
			}
		}
	}
	for _, other := range e.nodes {
		if other.spec.Stage == n.spec.Stage && other.outputs != nil && other.locked == nil {
			if r, ok := e.measured(other.key.Digest, "as "+other.spec.Name); ok {
				return r, true
			}
		}
	}
	return reference{}, false
}

// measured reads what a stored result took.
func (e *Engine) measured(key runs.Digest, from string) (reference, bool) {
	rec, ok := readRecord(e.store, key)
	if !ok {
		return reference{}, false
	}
	r := reference{rows: map[string]int64{}, seconds: rec.Seconds, from: from}
	for _, o := range rec.Outputs {
		r.rows[o.Name] = int64(o.Rows)
		r.total += int64(o.Rows)
	}
	stored, _ := e.store.Lookup(key)
	for _, o := range stored.Objects {
		if size, ok := e.store.Size(o); ok {
			r.bytes += size
		}
	}
	return r, true
}

// partitionsDone takes off a row-wise node's work the partitions that the store
// has already, and measures by them.
func (e *Engine) partitionsDone(ctx context.Context, n *node, w *Work) (reference, error) {
	done := reference{from: "as its first partitions"}
	t, err := e.newRowTask(n, "", n.input(n.kind.In[0].Name).data)
	if err != nil {
		return done, err
	}
	parts, err := e.partitions(t.data)
	if err != nil {
		return done, err
	}
	w.Partitions = len(parts)
	for p := range parts {
		key, err := t.key(ctx, p)
		if err != nil {
			return done, err
		}
		r, ok := e.store.Lookup(key)
		if !ok || !t.usable(r) {
			continue
		}
		var rec partRecord
		if json.Unmarshal(r.Data, &rec) != nil {
			continue
		}
		w.Partitions--
		w.Rows -= int64(parts[p].Rows)
		done.total += int64(parts[p].Rows)
		done.seconds += rec.Seconds
		for _, o := range r.Objects {
			if size, ok := e.store.Size(o); ok {
				done.bytes += size
			}
		}
	}
	return done, nil
}

// Bytes of a stored row and of a value after compression, and of a picture for
// each byte of its pixels: measured on counters, photographs and Noise2Net's
// output, rounded up.
const (
	rowBytes     = 36 // the digest of its input, and what is left of its id
	valueBytes   = 8
	pngPerByte   = 0.8
	jpegPerByte  = 0.15
	sampledCells = 4
)

// guessBytes estimates by the columns a stage writes and the pictures that go
// in; without those nothing is said.
func (w *Work) guessBytes(ctx context.Context, e *Engine, n *node, in *input) {
	own, declared := n.own[n.class.results[0].Name]
	if !declared {
		return
	}
	per := float64(rowBytes)
	for _, f := range own {
		switch t := f.Type.(type) {
		case *arrow.FixedSizeListType:
			if fixed, ok := t.Elem().(arrow.FixedWidthDataType); ok {
				per += float64(int(t.Len()) * fixed.BitWidth() / 8)
			}
		default:
			if !stages.IsImage(f.Type) {
				per += valueBytes
				continue
			}
			if in == nil || len(in.refs) == 0 {
				return
			}
			before, ok := e.pixelsOf(ctx, in.refs[0], in.data)
			if !ok {
				return
			}
			pixels := 3 * n.kind.Pixels(n.spec.Config, before)
			share := pngPerByte
			if strings.HasPrefix(n.spec.Encode, "jpeg") {
				share = jpegPerByte
			}
			per += share * pixels
		}
	}
	w.Bytes, w.Guess, w.From = int64(per*float64(w.Rows)), true, "by its columns and the pictures that go in"
}

// pixelsOf is how many pixels a picture of some rows has, by the first few; d are
// the rows, nil where they are those of the reference. Where they are not made yet it
// follows from those that they are made of.
func (e *Engine) pixelsOf(ctx context.Context, r inputRef, d *dataset) (float64, bool) {
	if d == nil {
		d = r.data()
	}
	if d != nil {
		return e.samplePixels(ctx, d)
	}
	if k, ok := e.count(ctx, r.node); ok && k.Pixels > 0 {
		return float64(k.Pixels), true
	}
	if first := r.node.inputs; len(first) > 0 && len(first[0].refs) > 0 {
		before, ok := e.pixelsOf(ctx, first[0].refs[0], nil)
		return r.node.kind.Pixels(r.node.spec.Config, before), ok
	}
	return 0, false
}

func (e *Engine) samplePixels(ctx context.Context, d *dataset) (float64, bool) {
	column, err := imageColumn(d, "")
	if err != nil {
		return 0, false
	}
	parts, err := e.partitions(d)
	if err != nil || len(parts) == 0 {
		return 0, false
	}
	rec, err := e.readPart(ctx, d, 0, nil)
	if err != nil {
		return 0, false
	}
	ids, err := idsOf(rec)
	if err != nil {
		return 0, false
	}
	ids = ids[:min(len(ids), sampledCells)]
	sort.Strings(ids)
	pictures, err := e.openPictures(ctx, d, ids, column)
	if err != nil {
		return 0, false
	}
	total := 0
	for _, p := range pictures {
		if p.Pix != nil {
			total += p.Height * p.Width
			continue
		}
		c, _, err := image.DecodeConfig(bytes.NewReader(p.Encoded))
		if err != nil {
			return 0, false
		}
		total += c.Height * c.Width
	}
	return float64(total) / float64(max(1, len(pictures))), true
}
