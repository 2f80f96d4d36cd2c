package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/runs"
	"shiftmill/stages"
)

// rowDigests returns the ids of a partition and d(v) of a column for each.
func (e *Engine) rowDigests(ctx context.Context, d *dataset, p int, column string) ([]string, []runs.Digest, error) {
	parts, err := e.partitions(d)
	if err != nil {
		return nil, nil, err
	}
	if d.concat != nil {
		return e.concatDigests(ctx, d, p, column)
	}
	field, ok := d.own[column]
	if !ok {
		rec, err := e.readObject(ctx, d, p, nil)
		if err != nil {
			return nil, nil, err
		}
		ids, err := idsOf(rec)
		if err != nil {
			return nil, nil, err
		}
		if column == idColumn {
			ds, err := valueDigests(rec.Column(0))
			return ids, ds, err
		}
		ds, err := e.digestsByID(ctx, d.base, ids, column)
		return ids, ds, err
	}
	if d.streamed {
		return e.recipeDigests(ctx, d, p, column)
	}
	columns := []string{column}
	if _, ok := parts[p].Content[hidden(column)]; ok {
		columns = []string{hidden(column)}
	}
	rec, err := e.readObject(ctx, d, p, columns)
	if err != nil {
		return nil, nil, err
	}
	ids, err := idsOf(rec)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case columns[0] != column:
		ds, ok := digestsIn(rec.Column(1))
		if !ok {
			return nil, nil, fmt.Errorf("column %q is %s, wants digests", columns[0], rec.Column(1).DataType())
		}
		return ids, ds, nil
	case stages.IsImage(field.Type):
		ds, err := e.cellDigests(ctx, d.maker, rec.Column(1))
		return ids, ds, err
	}
	ds, err := valueDigests(rec.Column(1))
	return ids, ds, err
}

// digestsByID returns d(v) of a column for rows by ascending id.
func (e *Engine) digestsByID(ctx context.Context, d *dataset, ids []string, column string) ([]runs.Digest, error) {
	level := d.level(column)
	if level == nil {
		return nil, fmt.Errorf("no column %q", column)
	}
	parts, err := e.partitions(level)
	if err != nil {
		return nil, err
	}
	out := make([]runs.Digest, 0, len(ids))
	for len(ids) > 0 {
		p, n := level.find(parts, ids)
		if p == len(parts) {
			return nil, fmt.Errorf("row %q is not in its base", ids[0])
		}
		if f := level.own[column]; stages.IsImage(f.Type) && !level.streamed && level.concat == nil {
			// Files outside the selection must not be hashed: only these rows.
			rec, err := e.readIDs(ctx, level, ids[:n], imageColumns(parts[p], column))
			if err != nil {
				return nil, err
			}
			ds, err := e.imageDigests(ctx, level.maker, rec.Column(1))
			if err != nil {
				return nil, err
			}
			out = append(out, ds...)
		} else {
			have, ds, err := e.rowDigests(ctx, level, p, column)
			if err != nil {
				return nil, err
			}
			row := 0
			for _, id := range ids[:n] {
				for row < len(have) && have[row] < id {
					row++
				}
				if row == len(have) || have[row] != id {
					return nil, fmt.Errorf("row %q is not in its base", id)
				}
				out = append(out, ds[row])
			}
		}
		ids = ids[n:]
	}
	return out, nil
}

// imageColumns is what has to be read to know the digests of an image column.
func imageColumns(p part, column string) []string {
	if _, ok := p.Content[hidden(column)]; ok {
		return []string{hidden(column)}
	}
	return []string{column}
}

// imageDigests reads d(v) from a column that imageColumns named.
func (e *Engine) imageDigests(ctx context.Context, maker *node, col arrow.Array) ([]runs.Digest, error) {
	if ds, ok := digestsIn(col); ok {
		return ds, nil
	}
	return e.cellDigests(ctx, maker, col)
}

// partContent is P(c): the content id of a column over one partition.
func (e *Engine) partContent(ctx context.Context, d *dataset, p int, column string) (runs.Digest, error) {
	parts, err := e.partitions(d)
	if err != nil {
		return runs.Digest{}, err
	}
	if c, ok := parts[p].Content[column]; ok {
		return c, nil
	}
	ids, ds, err := e.rowDigests(ctx, d, p, column)
	if err != nil {
		return runs.Digest{}, err
	}
	return contentOf(d.columnType(column), ids, ds), nil
}

// metadata is what a source or stage said of a column beside its type, such as
// class names; it reaches whoever reads the column, so it is in keys. "" for none.
func metadata(schema *arrow.Schema, column string) string {
	at := schema.FieldIndices(column)
	if len(at) == 0 || schema.Field(at[0]).Metadata.Len() == 0 {
		return ""
	}
	m := schema.Field(at[0]).Metadata.ToMap()
	var b []byte
	for _, k := range slices.Sorted(maps.Keys(m)) {
		b = fmt.Appendf(b, "%q=%q ", k, m[k])
	}
	return string(b)
}

// hashingTold is how long the files behind a column may be hashed before a line
// says how far that is; then it says so again.
const hashingTold = 10 * time.Second

// contentID is D(c): the content id of a column over the whole dataset. It is
// remembered in the store under the ids and what the column's own level is
// known by, so that an unchanged dataset costs nothing.
func (e *Engine) contentID(ctx context.Context, d *dataset, c *readColumn) (runs.Digest, error) {
	column := c.name
	if known, ok := d.known(column); ok {
		return known, nil
	}
	if d.concat != nil {
		id, err := e.concatContent(ctx, d, c)
		if err == nil {
			d.remember(column, id)
		}
		return id, err
	}
	if id, ok, err := e.passedContent(ctx, d, column); ok || err != nil {
		return id, err
	}
	sum, memo, err := e.takeContent(ctx, d, c)
	if err != nil {
		return sum, err
	}
	d.remember(column, sum)
	if memo.IsZero() {
		return sum, nil
	}
	return sum, e.appendDigest(memo, sum)
}

// takeContent finds D(c) in the store, else in the rows; then memo is the key to
// remember it under.
func (e *Engine) takeContent(ctx context.Context, d *dataset, c *readColumn) (sum, memo runs.Digest, err error) {
	level := d.level(c.name)
	if level == nil {
		return sum, memo, fmt.Errorf("no column %q", c.name)
	}
	ids, err := e.idContent(ctx, d)
	if err != nil {
		return sum, memo, err
	}
	version, err := e.columnVersion(ctx, level, c.name)
	if err != nil {
		return sum, memo, err
	}
	memo = derive("content/1", ids, version, c.digest)
	if known, ok := e.lookupDigest(memo); ok {
		return known, runs.Digest{}, nil
	}
	sum, err = e.hashColumn(ctx, d, c.name)
	return sum, memo, err
}

// hashColumn takes D(c) from the rows.
func (e *Engine) hashColumn(ctx context.Context, d *dataset, column string) (runs.Digest, error) {
	parts, err := e.partitions(d)
	if err != nil {
		return runs.Digest{}, err
	}
	h := newContentHash(d.columnType(column))
	told, seen := e.o.Now(), 0
	for p := range parts {
		ids, ds, err := e.rowDigests(ctx, d, p, column)
		if err != nil {
			return runs.Digest{}, err
		}
		addRows(ids, ds, h)
		seen += len(ids)
		if now := e.o.Now(); now.Sub(told) >= hashingTold && stages.IsImage(d.columnType(column)) {
			told = now
			e.emit(Event{Type: Note, Stage: d.level(column).maker.spec.Name, Message: fmt.Sprintf("the content of pictures that a stage will read: %d of %d known", seen, d.rows)})
		}
	}
	return h.sum(), nil
}

// idContent is D(id), which is known for every dataset when it is written.
func (e *Engine) idContent(ctx context.Context, d *dataset) (runs.Digest, error) {
	if c, ok := d.content.get(idColumn); ok {
		return c, nil
	}
	return runs.Digest{}, fmt.Errorf("dataset of %s has no content id", d.maker.spec.Name)
}

// known is D(c), if it is known.
func (d *dataset) known(column string) (id runs.Digest, ok bool) {
	if id, ok = d.content.get(column); ok {
		return id, true
	}
	l := d.learnt.Load()
	if l == nil {
		return id, false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.content.get(column)
}

func (d *dataset) remember(column string, c runs.Digest) {
	l := d.learn()
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.content.get(column); !ok {
		l.content = l.content.add(column, c)
	}
}

// outputLine tells one of several streamed outputs from the others.
func outputLine(d *dataset) []runs.Digest {
	if d.output == "" {
		return nil
	}
	return []runs.Digest{digestText(d.output)}
}

// columnVersion identifies a column at its own level without reading pixels:
// its content id where that is known, else the stats of the files behind it.
func (e *Engine) columnVersion(ctx context.Context, level *dataset, column string) (runs.Digest, error) {
	if known, ok := level.known(column); ok {
		return known, nil
	}
	if l := level.learnt.Load(); l != nil {
		l.mu.Lock()
		known, ok := l.version.get(column)
		l.mu.Unlock()
		if ok {
			return known, nil
		}
	}
	if level.streamed {
		return derive("recipe/1", append([]runs.Digest{level.maker.key.Digest}, outputLine(level)...)...), nil
	}
	version := e.statVersion
	if level.concat != nil {
		version = e.concatVersion
	}
	v, err := version(ctx, level, column)
	if err != nil {
		return v, err
	}
	l := level.learn()
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.version.get(column); !known {
		l.version = l.version.add(column, v)
	}
	return v, nil
}
