package engine

import (
	"context"

	"github.com/apache/arrow/go/v15/arrow"
)

// batchBytes bounds a record batch that a stage is handed or that is stored at
// once, as long as one row is not larger.
const batchBytes = 16 << 20

// firstBatch is how many rows with large values are read to learn their size.
const firstBatch = 8

// eachBatch calls f with slices of at most n rows and about batchBytes.
func eachBatch(ctx context.Context, rec arrow.Record, n int, f func(arrow.Record) error) error {
	rows := int(rec.NumRows())
	if per := handedBytes(rec) / max(1, rows); per > 0 {
		n = min(n, max(1, batchBytes/per))
	}
	for from := 0; from < rows; from += n {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		b := rec.NewSlice(int64(from), int64(min(rows, from+n)))
		err := f(b)
		b.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

// batches reads "id" and columns of a partition a bounded number of bytes at a
// time, in ascending id; ids, which ascend, name its rows that are wanted, nil
// all of them.
func (e *Engine) batches(ctx context.Context, d *dataset, p int, ids, columns []string, f func(arrow.Record) error) error {
	large, err := d.anyLarge(columns)
	if err != nil {
		return err
	}
	if !large {
		var rec arrow.Record
		if ids == nil {
			rec, err = e.readPart(ctx, d, p, columns)
		} else {
			rec, err = e.readIDs(ctx, d, ids, columns)
		}
		if err != nil {
			return err
		}
		return eachBatch(ctx, rec, e.o.Batch, f)
	}
	if ids == nil {
		rec, err := e.readPart(ctx, d, p, nil)
		if err != nil {
			return err
		}
		if ids, err = idsOf(rec); err != nil {
			return err
		}
	}
	for n := min(firstBatch, e.o.Batch); len(ids) > 0; {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		n = min(n, len(ids))
		rec, err := e.readIDs(ctx, d, ids[:n], columns)
		if err != nil {
			return err
		}
		if err := eachBatch(ctx, rec, e.o.Batch, f); err != nil {
			return err
		}
		ids = ids[n:]
		n = e.o.batchOf(handedBytes(rec) / n)
	}
	return nil
}

// batchOf is how many rows of so many bytes each are read at a time.
func (o *Options) batchOf(bytes int) int { return min(o.Batch, max(1, batchBytes/max(1, bytes))) }

// anyLarge says whether one of the columns may hold large values.
func (d *dataset) anyLarge(columns []string) (bool, error) {
	fields, err := d.fields(columns)
	if err != nil {
		return false, err
	}
	for _, f := range fields {
		if isLarge(f.Type) {
			return true, nil
		}
	}
	return false, nil
}
