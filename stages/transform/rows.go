package transform

import (
	"context"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/kernels"
	"shiftmill/stages"
	"shiftmill/stages/imageio"
)

// imageColumn is the column of pictures.
const imageColumn = "image"

// Rows runs one part of a row-wise stage that makes one new picture of each
// row's picture: it decodes, calls change from several goroutines, and hands
// rows of id and image (8-bit pixels) on in their order. What change returns may
// be what it was given. At most piece pictures are held at a time. Errors of
// change are told with their row.
func Rows(ctx context.Context, in *stages.Inputs, out stages.Sink, piece int, change func(id string, p *imageio.Pixels) (*imageio.Pixels, error)) error {
	return RowsTo(ctx, in, out, piece, []string{""}, func(id string, p *imageio.Pixels) ([]*imageio.Pixels, error) {
		p, err := change(id, p)
		return []*imageio.Pixels{p}, err
	})
}

// RowsTo is Rows for a kind with several outputs: change makes a picture for
// each of those named, of one that is decoded once.
func RowsTo(ctx context.Context, in *stages.Inputs, out stages.Sink, piece int, outputs []string, change func(id string, p *imageio.Pixels) ([]*imageio.Pixels, error)) error {
	pool := kernels.NewPool(in.Workers)
	return in.One("data").Each(ctx, func(rec arrow.Record) error {
		at := rec.Schema().FieldIndices(imageColumn)
		if len(at) == 0 {
			return fmt.Errorf("port data has no column %q", imageColumn) // where the columns were unknown before the run
		}
		ids, cells := rec.Column(rec.Schema().FieldIndices("id")[0]).(*array.String), rec.Column(at[0])
		pics, errs := make([][]*imageio.Pixels, piece), make([]error, piece)
		names, one := make([]string, piece), make([]*imageio.Pixels, piece)
		for lo := 0; lo < ids.Len(); lo += piece {
			if err := ctx.Err(); err != nil {
				return context.Cause(ctx)
			}
			n := min(piece, ids.Len()-lo)
			pool.Run(n, func(i int) {
				id := ids.Value(lo + i)
				p, err := Load(ctx, in.Images, id, cells, lo+i)
				if err == nil {
					if pics[i], err = change(id, p); err != nil {
						err = &stages.RowError{ID: id, Err: err}
					}
				}
				errs[i] = err
			})
			for _, err := range errs[:n] {
				if err != nil {
					return err
				}
			}
			for k, name := range outputs {
				for i := range n {
					names[i], one[i] = ids.Value(lo+i), pics[i][k]
				}
				if err := WritePictures(out, name, names[:n], one[:n]); err != nil {
					return err
				}
			}
			clear(pics)
		}
		return nil
	})
}

var rowSchema = arrow.NewSchema([]arrow.Field{{Name: "id", Type: arrow.BinaryTypes.String}, {Name: imageColumn, Type: stages.ImageType}}, nil)

// WritePictures hands on rows of id and image (8-bit pixels).
func WritePictures(out stages.Sink, output string, ids []string, pics []*imageio.Pixels) error {
	b := array.NewRecordBuilder(memory.DefaultAllocator, rowSchema)
	defer b.Release()
	cells := stages.ImageBuilderOf(b.Field(1))
	for i, p := range pics {
		b.Field(0).(*array.StringBuilder).Append(ids[i])
		cells.Append(stages.ImageCell{Ref: "rgb8", Data: p.Pix, Height: p.H, Width: p.W})
	}
	rec := b.NewRecord()
	defer rec.Release()
	return out.Write(output, rec)
}
