package engine

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/runs"
)

// key is the key of a partition: the operation and P(c) of what it reads.
func (t *rowTask) key(ctx context.Context, p int) (runs.Digest, error) {
	lines := []runs.Digest{t.op}
	for _, c := range append([]string{idColumn}, t.columns...) {
		d, err := t.e.partContent(ctx, t.data, p, c)
		if err != nil {
			return d, err
		}
		lines = append(append(lines, t.e.columnLines(t.data, c)...), d)
	}
	return derive("partition/1", lines...), nil
}

// columnLines tell a column that is read from others: name, type and what
// stands with it, such as class names.
func (e *Engine) columnLines(d *dataset, column string) []runs.Digest {
	lines := []runs.Digest{digestText(column), digestText(typeName(d.columnType(column)))}
	if meta := metadata(d.schema, column); meta != "" {
		lines = append(lines, digestText(meta))
	}
	return lines
}

// inputDigests are, for each row of a partition, the digest of its d(v) over
// the columns read.
func (t *rowTask) inputDigests(ctx context.Context, p, rows int) ([]runs.Digest, error) {
	bufs := make([][]byte, rows)
	var head []byte // equal values of another column or type are another input
	for _, c := range t.columns {
		for _, d := range t.e.columnLines(t.data, c) {
			head = append(head, d[:]...)
		}
	}
	for i := range bufs {
		bufs[i] = slices.Clone(head)
	}
	for _, c := range t.columns {
		_, ds, err := t.e.rowDigests(ctx, t.data, p, c)
		if err != nil {
			return nil, err
		}
		for i := range bufs {
			bufs[i] = append(bufs[i], ds[i][:]...)
		}
	}
	out := make([]runs.Digest, rows)
	for i, b := range bufs {
		out[i] = sha256.Sum256(b)
	}
	return out, nil
}

// takeOver finds rows whose id and input are as they were in an earlier
// partition of the same operation, and the columns under which their output
// stands there.
func (t *rowTask) takeOver(ids []string, inputs []runs.Digest) (rows []takenRow, fields []arrow.Field, err error) {
	if len(ids) == 0 {
		return nil, nil, nil
	}
	taken := make([]bool, len(ids))
	for _, p := range t.earlier {
		if p.Last < ids[0] || p.First > ids[len(ids)-1] {
			continue
		}
		for _, d := range p.overlapping(ids) {
			if !t.e.store.Has(d) {
				continue
			}
			some, kept, err := t.takeFrom(d, ids, inputs, taken)
			if err != nil {
				return nil, nil, err
			}
			if rows = append(rows, some...); fields == nil {
				fields = kept
			}
		}
	}
	sort.Slice(rows, func(i, j int) bool { return rows[i].i < rows[j].i })
	t.count(len(rows))
	return rows, fields, nil
}

// takeFrom is takeOver for one object. A damaged or older one is no help; its
// rows are computed.
func (t *rowTask) takeFrom(d runs.Digest, ids []string, inputs []runs.Digest, taken []bool) ([]takenRow, []arrow.Field, error) {
	rec, err := t.e.objects.table(d, []string{idColumn, inputColumn})
	if err != nil {
		return nil, nil, nil
	}
	have, err := idsOf(rec)
	if err != nil {
		return nil, nil, err
	}
	in, ok := digestsIn(rec.Column(1))
	if !ok {
		return nil, nil, nil
	}
	var rows []takenRow
	for row, id := range have {
		i := sort.SearchStrings(ids, id)
		if i < len(ids) && ids[i] == id && !taken[i] && in[row] == inputs[i] {
			rows = append(rows, takenRow{i, d, row})
		}
	}
	if len(rows) == 0 {
		return nil, nil, nil
	}
	own, known := t.n.own[t.output]
	if !known { // the kind tells only when it runs; the operation was the same
		if own, err = t.e.ownFields(d); err != nil {
			return nil, nil, nil
		}
	}
	if rec, err = t.e.objects.table(d, ownColumnsOf(own)); err != nil {
		return nil, nil, nil
	}
	kept, err := project(rec, schemaWithID(own))
	if err != nil {
		return nil, nil, nil // its columns were of other types then
	}
	for _, r := range rows {
		taken[r.i] = true
	}
	return rows, kept.Schema().Fields()[1:], nil
}

// inputsOf gives the input digests of the rows that came out, which must be
// among those that went in.
func inputsOf(out, in []string, inputs []runs.Digest) ([]runs.Digest, error) {
	ds := make([]runs.Digest, len(out))
	i := 0
	for o, id := range out {
		for i < len(in) && in[i] < id {
			i++
		}
		if i == len(in) || in[i] != id {
			return nil, fmt.Errorf("row %q came out but did not go in", id)
		}
		ds[o] = inputs[i]
	}
	return ds, nil
}

// earlierParts lists the partitions that an operation has made so far.
func (e *Engine) earlierParts(op runs.Digest) []part {
	var parts []part
	if r, ok := e.store.Lookup(derive("operation/1", op)); ok && len(r.Objects) > 0 {
		if e.getJSON(r.Objects[0], &parts) != nil {
			return nil // lost: rows are computed again
		}
	}
	return parts
}

// keepParts remembers what an operation has made: the newest partitions, and
// older ones as long as they are not too many. Stages that do the same to other
// rows share an operation and may end at once, each adding what it made.
func (e *Engine) keepParts(op runs.Digest, made []part) error {
	e.keeping.Lock()
	defer e.keeping.Unlock()
	seen := map[runs.Digest]bool{}
	var all []part
	for _, p := range append(slices.Clone(made), e.earlierParts(op)...) {
		if !seen[p.Object] && len(all) < 4*len(made)+64 {
			seen[p.Object] = true
			all = append(all, p)
		}
	}
	d, err := e.putJSON(context.Background(), all)
	if err != nil {
		return err
	}
	return e.store.Append(runs.Record{Key: derive("operation/1", op), Kind: "operation", Objects: []runs.Digest{d}})
}

// ownFields are the columns that a stage wrote into an object.
func (e *Engine) ownFields(d runs.Digest) ([]arrow.Field, error) {
	rec, err := e.objects.table(d, nil)
	if err != nil {
		return nil, err
	}
	var own []arrow.Field
	for _, f := range rec.Schema().Fields() {
		if f.Name != idColumn && f.Name != inputColumn && !strings.HasPrefix(f.Name, hiddenPrefix) {
			own = append(own, f)
		}
	}
	return own, nil
}
