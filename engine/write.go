package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/runs"
	"shiftmill/runs/table"
	"shiftmill/stages"
)

// writePart stores sorted rows as one partition and returns it with P(c) of
// all its columns. rec holds "id" and own columns; inputs, if not nil, are the
// digests of the rows' inputs.
func (e *Engine) writePart(ctx context.Context, maker *node, rec arrow.Record, ids []string, inputs []runs.Digest) (part, error) {
	p := part{Rows: len(ids), First: ids[0], Last: ids[len(ids)-1], Content: map[string]runs.Digest{}}
	fields := []arrow.Field{idField}
	cols := []arrow.Array{rec.Column(0)}
	for i, f := range rec.Schema().Fields() {
		col := rec.Column(i)
		if i == 0 {
			ds, err := valueDigests(col)
			if err != nil {
				return p, err
			}
			p.Content[idColumn] = contentOf(f.Type, ids, ds)
			continue
		}
		if !stages.IsImage(f.Type) {
			ds, err := valueDigests(col)
			if err != nil {
				return p, fmt.Errorf("column %q: %w", f.Name, err)
			}
			p.Content[f.Name] = contentOf(f.Type, ids, ds)
			fields, cols = append(fields, f), append(cols, col)
			continue
		}
		stored, ds, err := e.storeImages(ctx, maker, col)
		if err != nil {
			return p, fmt.Errorf("column %q: %w", f.Name, err)
		}
		fields, cols = append(fields, f), append(cols, stored)
		if ds == nil {
			continue // files: content ids on demand
		}
		p.Content[f.Name] = contentOf(f.Type, ids, ds)
		if hasPixels(col) {
			p.Content[hidden(f.Name)] = p.Content[f.Name]
			fields = append(fields, arrow.Field{Name: hidden(f.Name), Type: digestType})
			cols = append(cols, digestColumn(ds))
		}
	}
	if inputs != nil {
		fields = append(fields, arrow.Field{Name: inputColumn, Type: digestType})
		cols = append(cols, digestColumn(inputs))
	}
	schema := arrow.NewSchema(fields, nil)
	out := array.NewRecord(schema, cols, rec.NumRows())
	defer out.Release()
	d, _, err := e.store.Put(ctx, func(w io.Writer) error {
		t, err := table.NewWriter(w, schema, table.Options{})
		if err != nil {
			return err
		}
		return errors.Join(t.Write(out), t.Close())
	})
	p.Object = d
	return p, err
}

var digestType = &arrow.FixedSizeBinaryType{ByteWidth: len(runs.Digest{})}

func digestColumn(ds []runs.Digest) arrow.Array {
	b := array.NewFixedSizeBinaryBuilder(memory.DefaultAllocator, digestType)
	defer b.Release()
	for _, d := range ds {
		b.Append(d[:])
	}
	return b.NewArray()
}

// hasPixels says whether a column holds decoded pixels rather than references.
func hasPixels(col arrow.Array) bool {
	for i := range col.Len() {
		if col.IsValid(i) && stages.Image(col, i).Ref == "rgb8" {
			return true
		}
	}
	return false
}

// storeImages turns cells into what is stored: pixels become PNG, or JPEG where
// the spec says so, all else stays. It returns d(v) of the cells, or nil where files stand behind them.
func (e *Engine) storeImages(ctx context.Context, maker *node, col arrow.Array) (arrow.Array, []runs.Digest, error) {
	files, quality := false, 0
	if text, ok := strings.CutPrefix(maker.spec.Encode, "jpeg:"); ok {
		var err error
		if quality, err = strconv.Atoi(text); err != nil {
			return nil, nil, fmt.Errorf("encode %q: %w", maker.spec.Encode, err)
		}
	}
	b := stages.NewImageBuilder(memory.DefaultAllocator)
	defer b.Release()
	for i := range col.Len() {
		if err := ctx.Err(); err != nil {
			return nil, nil, context.Cause(ctx)
		}
		if col.IsNull(i) {
			b.AppendNull()
			continue
		}
		c := stages.Image(col, i)
		switch {
		case strings.HasPrefix(c.Ref, "file:"), strings.HasPrefix(c.Ref, "recipe:"):
			if maker.kind.Shape != stages.Source {
				return nil, nil, fmt.Errorf("kind %s wrote the reference %q; only sources do", maker.kind.Name, c.Name())
			}
			files = files || strings.HasPrefix(c.Ref, "file:")
		case c.Ref == "rgb8" && quality > 0:
			data, err := encodeJPEG(c, quality)
			if err != nil {
				return nil, nil, err
			}
			c = stages.ImageCell{Ref: "jpeg", Data: data, Height: c.Height, Width: c.Width}
		case c.Ref == "rgb8":
			data, err := encodePNG(c)
			if err != nil {
				return nil, nil, err
			}
			c = stages.ImageCell{Ref: "png", Data: data, Height: c.Height, Width: c.Width}
		}
		b.Append(c)
	}
	stored := b.NewArray()
	switch {
	case files:
		return stored, nil, nil
	case quality > 0:
		col = stored // what was lost in the encoding is no part of the content
	}
	ds, err := e.cellDigests(ctx, maker, col)
	return stored, ds, err
}

func encodePNG(c stages.ImageCell) ([]byte, error) {
	img, err := toImage(c)
	if err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	enc := png.Encoder{CompressionLevel: png.BestSpeed}
	err = enc.Encode(&buf, img)
	return buf.Bytes(), err
}

func encodeJPEG(c stages.ImageCell, quality int) ([]byte, error) {
	img, err := toImage(c)
	if err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	err = jpeg.Encode(&buf, img, &jpeg.Options{Quality: quality})
	return buf.Bytes(), err
}

func toImage(c stages.ImageCell) (image.Image, error) {
	if len(c.Data) != c.Height*c.Width*3 {
		return nil, fmt.Errorf("%d bytes of pixels for %dx%d", len(c.Data), c.Height, c.Width)
	}
	img := image.NewNRGBA(image.Rect(0, 0, c.Width, c.Height))
	for i, j := 0, 0; i < len(c.Data); i, j = i+3, j+4 {
		img.Pix[j], img.Pix[j+1], img.Pix[j+2], img.Pix[j+3] = c.Data[i], c.Data[i+1], c.Data[i+2], 255
	}
	return img, nil
}

// writeRows stores a whole output: sorted, cut and with D(c) of its columns.
func (e *Engine) writeRows(ctx context.Context, maker *node, r stages.Output, fields []arrow.Field, recs []arrow.Record) (outputRecord, error) {
	var out outputRecord
	schema := schemaWithID(fields)
	rec, err := concatRecords(schema, recs)
	if err != nil {
		return out, err
	}
	rec, ids, err := sortByID(rec)
	if err != nil {
		return out, err
	}
	if base := maker.baseOf(r.Name); base != nil {
		if err := e.inBase(ctx, base, ids); err != nil {
			return out, err
		}
	}
	var parts []part
	start := 0
	for _, end := range e.o.Cut.ends(ids) {
		slice := rec.NewSlice(int64(start), int64(end))
		p, err := e.writePart(ctx, maker, slice, ids[start:end], nil)
		slice.Release()
		if err != nil {
			return out, err
		}
		parts = append(parts, p)
		start = end
	}
	return e.finishRows(ctx, maker, schema, parts)
}

// inBase makes sure that rows over a base are in it: what a later reader joins
// by id must be there.
func (e *Engine) inBase(ctx context.Context, base *dataset, ids []string) error {
	_, err := e.readIDs(ctx, base, ids, nil)
	return err
}

// finishRows lists the partitions of an output in the store and takes the
// content ids of its columns over all rows.
func (e *Engine) finishRows(ctx context.Context, maker *node, schema *arrow.Schema, parts []part) (outputRecord, error) {
	var out outputRecord
	d := &dataset{schema: schema, own: map[string]arrow.Field{}, parts: parts, maker: maker}
	for _, f := range schema.Fields()[1:] {
		d.own[f.Name] = f
	}
	for _, p := range parts {
		out.Rows += p.Rows
		out.Objects = append(out.Objects, p.Object)
	}
	for _, f := range schema.Fields() {
		if known := knownContent(parts, f.Name); !known && len(parts) > 0 {
			continue // files: on demand
		}
		if len(parts) == 1 {
			out.Content = append(out.Content, content{f.Name, parts[0].Content[f.Name]})
			continue
		}
		h := newContentHash(f.Type)
		for p := range parts {
			ids, ds, err := e.rowDigests(ctx, d, p, f.Name)
			if err != nil {
				return out, err
			}
			for i, id := range ids {
				h.add(id, ds[i])
			}
		}
		out.Content = append(out.Content, content{f.Name, h.sum()})
	}
	var err error
	if out.Schema, err = encodeSchema(schema); err != nil {
		return out, err
	}
	if out.Manifest, err = e.putJSON(ctx, parts); err != nil {
		return out, err
	}
	out.Objects = append(out.Objects, out.Manifest)
	return out, nil
}

func knownContent(parts []part, column string) bool {
	for _, p := range parts {
		if _, ok := p.Content[column]; !ok {
			return false
		}
	}
	return true
}
