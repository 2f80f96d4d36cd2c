package engine

import (
	"context"
	"errors"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/stages"
)

// An ordered output is on its way to the disk while its stage still runs, since
// its rows have come in ascending id so far: nothing is held, sorted or read
// again. The first row that comes later than its place makes it a spool.
type ordered struct {
	w    *outputWriter
	any  bool // rows have come
	last string
}

// follows says whether rows come in ascending id after those before.
func (x *ordered) follows(ids []string) bool {
	last, some := x.last, x.any
	for _, id := range ids {
		if some && id <= last {
			return false
		}
		last, some = id, true
	}
	return true
}

// ahead writes rows of an output that has no spool; false when they have to be
// put into one, because they come too late or hold pixels, which are encoded
// when they are stored and would be other ones when they are read back.
func (o *wholeOutput) ahead(ctx context.Context, r stages.Output, rec arrow.Record) (bool, error) {
	x := o.ordered[r.Name]
	refers := refersOnly(rec)
	if x == nil && !refers {
		return false, nil
	}
	if x == nil {
		x = &ordered{w: o.e.newOutputWriter(o.n, r, rec.Schema().Fields()[1:], o.workers)}
		o.ordered[r.Name] = x
	}
	if rec.NumRows() == 0 {
		return true, nil
	}
	ids, err := idsOf(rec)
	if err != nil {
		return false, err
	}
	if refers && x.follows(ids) {
		x.any, x.last = true, strings.Clone(ids[len(ids)-1])
		return true, x.w.write(ctx, rec, ids)
	}
	delete(o.ordered, r.Name)
	return false, o.takeBack(ctx, r.Name, x.w)
}

// refersOnly says whether all pictures of the rows are references to files or recipes.
func refersOnly(rec arrow.Record) bool {
	for i, f := range rec.Schema().Fields() {
		if !stages.IsImage(f.Type) {
			continue
		}
		for row := range int(rec.NumRows()) {
			if col := rec.Column(i); col.IsValid(row) && !isReference(stages.Image(col, row)) {
				return false
			}
		}
	}
	return true
}

// takeBack moves what was written ahead into the spool.
func (o *wholeOutput) takeBack(ctx context.Context, output string, w *outputWriter) error {
	if err := errors.Join(w.endPart(ctx), w.wait()); err != nil {
		return err
	}
	var columns []string
	for _, f := range w.schema.Fields()[1:] {
		columns = append(columns, f.Name)
	}
	for _, p := range w.parts {
		rec, err := o.e.readObjects(*p, nil, columns)
		if err != nil {
			return err
		}
		if err := o.aside(output, array.NewRecord(w.schema, rec.Columns(), rec.NumRows())); err != nil {
			return err
		}
	}
	return nil
}
