package engine

import (
	"context"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/stages"
)

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
		p, err := e.writePart(ctx, maker, rec.NewSlice(int64(start), int64(end)), ids[start:end])
		if err != nil {
			return out, err
		}
		parts = append(parts, p)
		start = end
	}
	return e.finishRows(ctx, maker, schema, parts)
}

// writePart stores sorted rows as one partition.
func (e *Engine) writePart(ctx context.Context, maker *node, rec arrow.Record, ids []string) (part, error) {
	w := e.newPartWriter(maker, rec.Schema().Fields()[1:])
	err := eachBatch(ctx, rec, len(ids), func(b arrow.Record) error {
		some := ids[:b.NumRows()]
		ids = ids[len(some):]
		return w.write(ctx, b, some, nil, nil)
	})
	if err != nil {
		return part{}, err
	}
	return w.close(ctx)
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
		out.Objects = append(out.Objects, p.objects()...)
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
