package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/runs"
	"shiftmill/stages"
)

// ErrFiles says that an output holds files.
var ErrFiles = errors.New("it has files, no rows")

// Rows are those of a dataset that exists.
type Rows interface {
	stages.Input
	// From is Each, but begins with the row of an ordinal: what lies before it is
	// neither read nor made.
	From(ctx context.Context, ordinal int, f func(arrow.Record) error) error
	// Only are the same rows with some of their columns; those that there are not
	// are left out.
	Only(columns ...string) (Rows, error)
	// Version is a digest of all that the rows hold, as it can be known without
	// reading pictures.
	Version(ctx context.Context) (runs.Digest, error)
}

// Open hands out a dataset that exists as a stage would read it: "id" and all
// columns, with what opens its pictures. It is how other programs' formats are
// written, so that the engine needs to know none of them. Errors: ErrFiles, or what is
// missing.
func (e *Engine) Open(ctx context.Context, instance, outputName string) (Rows, stages.Images, error) {
	n, ok := e.named(instance)
	if !ok {
		return nil, nil, e.noSuchStage(instance)
	}
	out, err := e.outputNamed(n, outputName)
	if err != nil {
		return nil, nil, err
	}
	if out.data == nil {
		return nil, nil, fmt.Errorf("%s.%s: %w", instance, outputName, ErrFiles)
	}
	var columns []string
	for _, f := range out.data.schema.Fields()[1:] {
		columns = append(columns, f.Name)
	}
	in, err := e.newRowsInput(origin{n, outputName, n.spec.Coords}, out.data, columns)
	if err != nil {
		return nil, nil, err
	}
	return in, opener{e}, ctx.Err()
}

// From implements Rows.
func (in *rowsInput) From(ctx context.Context, ordinal int, f func(arrow.Record) error) error {
	return in.e.batchesFrom(ctx, in.data, ordinal, in.columns, func(rec arrow.Record) error {
		rec, err := in.e.handOver(in.data, rec, in.schema)
		if err != nil {
			return err
		}
		return f(rec)
	})
}

// Only implements Rows.
func (in *rowsInput) Only(columns ...string) (Rows, error) {
	columns = slices.DeleteFunc(slices.Clone(columns), func(c string) bool { return !slices.Contains(in.columns, c) })
	return in.e.newRowsInput(in.origin, in.data, columns)
}

// Version implements Rows.
func (in *rowsInput) Version(ctx context.Context) (runs.Digest, error) {
	return in.e.version(ctx, in.data)
}

// version is a digest of a dataset's schema and of the versions of its columns.
func (e *Engine) version(ctx context.Context, d *dataset) (runs.Digest, error) {
	ids, err := e.idContent(ctx, d)
	if err != nil {
		return ids, err
	}
	lines := []runs.Digest{ids}
	for _, f := range d.schema.Fields()[1:] {
		v, err := e.columnVersion(ctx, d.level(f.Name), f.Name)
		if err != nil {
			return v, err
		}
		lines = append(lines, digestText(f.Name+" "+f.Type.String()+" "+metadata(d.schema, f.Name)), v)
	}
	return derive("rows/1", lines...), nil
}

// batchesFrom is batches over all partitions from the row of an ordinal on.
func (e *Engine) batchesFrom(ctx context.Context, d *dataset, ordinal int, columns []string, f func(arrow.Record) error) error {
	parts, err := e.partitions(d)
	if err != nil {
		return err
	}
	at := 0
	for p := range parts {
		first := at
		if at += parts[p].Rows; at <= ordinal {
			continue
		}
		var ids []string // of the whole partition
		if ordinal > first {
			rec, err := e.readPart(ctx, d, p, nil)
			if err != nil {
				return err
			}
			if ids, err = idsOf(rec); err != nil {
				return err
			}
			ids = ids[ordinal-first:]
		}
		if err := e.batches(ctx, d, p, ids, columns, f); err != nil {
			return err
		}
	}
	return nil
}
