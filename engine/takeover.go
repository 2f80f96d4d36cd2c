package engine

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"sort"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/runs"
)

// key is the key of a partition: the operation and P(c) of what it reads.
func (t *rowTask) key(ctx context.Context, p int) (runs.Digest, error) {
	lines := []runs.Digest{t.n.op}
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
	if meta := d.metadata(column); meta != "" {
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
// partition of the same operation and returns them with their output.
func (t *rowTask) takeOver(ids []string, inputs []runs.Digest) (old []arrow.Record, taken []bool, err error) {
	taken = make([]bool, len(ids))
	own := t.n.own[t.output]
	if len(own) == 0 || len(ids) == 0 {
		return nil, taken, nil
	}
	columns := []string{idColumn}
	for _, f := range own {
		columns = append(columns, f.Name)
	}
	columns = append(columns, inputColumn)
	for _, p := range t.earlier {
		if p.Last < ids[0] || p.First > ids[len(ids)-1] || !t.e.store.Has(p.Object) {
			continue
		}
		rec, err := t.e.objects.table(p.Object, columns)
		if err != nil {
			continue // a damaged or older object is no help; the rows are computed
		}
		have, err := idsOf(rec)
		if err != nil {
			return nil, nil, err
		}
		in, ok := columnOf(rec, inputColumn).(*array.FixedSizeBinary)
		if !ok {
			continue
		}
		kept, err := project(rec, schemaWithID(own))
		if err != nil {
			continue // its columns were of other types then
		}
		var picks []pick
		for row, id := range have {
			i := sort.SearchStrings(ids, id)
			if i < len(ids) && ids[i] == id && !taken[i] && runs.Digest(in.Value(row)) == inputs[i] {
				taken[i] = true
				picks = append(picks, pick{0, row})
			}
		}
		if len(picks) == 0 {
			continue
		}
		t.count(len(picks))
		if kept, err = takeRows(kept.Schema(), []arrow.Record{kept}, picks); err != nil {
			return nil, nil, err
		}
		old = append(old, kept)
	}
	return old, taken, nil
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
// older ones as long as they are not too many.
func (e *Engine) keepParts(op runs.Digest, earlier, made []part) error {
	seen := map[runs.Digest]bool{}
	var all []part
	for _, p := range append(append([]part{}, made...), earlier...) {
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
