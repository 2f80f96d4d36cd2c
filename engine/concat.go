package engine

import (
	"context"
	"fmt"
	"slices"
	"sort"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/runs"
)

// sourceIDColumn keeps, in a concatenation, the id that a row had before.
const sourceIDColumn = "source_id"

// A concat is what a list in "from" stands for: the rows of several datasets,
// their ids made distinct by the stage they come from. Nothing is copied.
type concat struct {
	children []*dataset
	suffixes *suffixes
}

// suffixes are those of the ids, "#stage", with their digests.
type suffixes struct {
	texts   []string
	digests []runs.Digest
}

// A pairConcat is a concatenation of two with its dataset: one piece of memory, since
// a plan may hold thousands of them.
type pairConcat struct {
	data     dataset
	concat   concat
	children [2]*dataset
	ids      [1 + len(idColumn) + len(runs.Digest{})]byte
	learnt   learnt
	first    [40]byte // of what is learnt
}

// A concatRow is a row of a child.
type concatRow struct {
	id, childID string
	child       int
}

// concatSchema holds the columns that all inputs have alike, and source_id.
func concatSchema(inputs []*arrow.Schema) *arrow.Schema {
	fields := []arrow.Field{idField}
	for _, f := range inputs[0].Fields()[1:] {
		common := f.Name != sourceIDColumn
		for _, s := range inputs[1:] {
			at := s.FieldIndices(f.Name)
			common = common && len(at) == 1 && arrow.TypeEqual(s.Field(at[0]).Type, f.Type)
		}
		if common {
			fields = append(fields, f)
		}
	}
	return arrow.NewSchema(append(fields, arrow.Field{Name: sourceIDColumn, Type: arrow.BinaryTypes.String}), nil)
}

// concatSuffixes tells the rows of inputs apart: by stage, where that is not
// enough by output, else by instance.
func concatSuffixes(refs []inputRef) []string {
	forms := []func(r inputRef) string{
		func(r inputRef) string { return "#" + r.node.spec.Stage },
		func(r inputRef) string { return "#" + r.node.spec.Stage + "." + r.Output },
		func(r inputRef) string { return "#" + r.node.spec.Name + "." + r.Output },
	}
	for _, form := range forms {
		names := make([]string, len(refs))
		seen := map[string]bool{}
		for i, r := range refs {
			names[i] = form(r)
			seen[names[i]] = true
		}
		if len(seen) == len(refs) {
			return names
		}
	}
	names := make([]string, len(refs)) // the same rows twice: count them
	for i, r := range refs {
		names[i] = fmt.Sprintf("#%d.%s", i, r.node.spec.Stage)
	}
	return names
}

// concatenate makes the dataset of a list input.
func (e *Engine) concatenate(ctx context.Context, by *shape, refs []inputRef) (*dataset, error) {
	room := new(pairConcat)
	d, c := &room.data, &room.concat
	c.suffixes, c.children = by.concatSuffixes(refs), room.children[:0]
	d.concat = c
	schemas, lines := make([]*arrow.Schema, 0, 4), make([]runs.Digest, 0, 8)
	for i, r := range refs {
		child := r.data()
		c.children = append(c.children, child)
		schemas = append(schemas, child.schema)
		ids, err := e.idContent(ctx, child)
		if err != nil {
			return nil, err
		}
		lines = append(lines, ids, c.suffixes.digests[i])
	}
	own := by.concat(&e.schemas, schemas)
	d.schema, d.own = own.schema, own.fields
	for _, child := range c.children {
		d.rows += child.rows
	}
	// The inputs decide the rows, and the other way round, so that they stand for
	// the content: rows are listed when they are asked for.
	d.content = contents(room.ids[:0]).add(idColumn, derive("concat ids/2", lines...))
	room.learnt.content = room.first[:0]
	d.learnt.Store(&room.learnt)
	return d, nil
}

// concatContent stands for D(c) of a concatenation.
func (e *Engine) concatContent(ctx context.Context, d *dataset, c *readColumn) (runs.Digest, error) {
	lines := make([]runs.Digest, 0, 8)
	for k, child := range d.concat.children {
		lines = append(lines, d.concat.suffixes.digests[k])
		if c.name == sourceIDColumn && child.level(sourceIDColumn) == nil {
			ids, err := e.idContent(ctx, child)
			if err != nil {
				return ids, err
			}
			lines = append(lines, ids)
			continue
		}
		id, err := e.contentID(ctx, child, c)
		if err != nil {
			return id, err
		}
		lines = append(lines, id)
	}
	return derive("concat content/1", lines...), nil
}

// listedIDs is D(id), of a concatenation as if its rows were stored.
func (e *Engine) listedIDs(ctx context.Context, d *dataset) (runs.Digest, error) {
	ids, err := e.idContent(ctx, d)
	if err != nil || d.concat == nil {
		return ids, err
	}
	memo := derive("listed ids/1", ids)
	if known, ok := e.lookupDigest(memo); ok {
		return known, nil
	}
	rows, err := e.concatRows(d)
	if err != nil {
		return ids, err
	}
	all := newContentHash(idField.Type)
	for _, r := range rows {
		all.add(r.id, digestText(r.id))
	}
	sum := all.sum()
	return sum, e.appendDigest(memo, sum)
}

// concatParts cuts a concatenation into partitions.
func (e *Engine) concatParts(d *dataset) ([]part, error) {
	rows, err := e.concatRows(d)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.id
	}
	var parts []part
	start := 0
	for _, end := range e.o.Cut.ends(ids) {
		p := part{Rows: end - start, First: ids[start], Last: ids[end-1], Content: map[string]runs.Digest{}}
		h := newContentHash(idField.Type)
		for _, id := range ids[start:end] {
			h.add(id, digestText(id))
		}
		p.Content[idColumn] = h.sum()
		parts = append(parts, p)
		start = end
	}
	return parts, nil
}

// concatRows lists the rows of a concatenation, read on first use.
func (e *Engine) concatRows(d *dataset) ([]concatRow, error) {
	u := d.unfold()
	u.listing.Do(func() { u.listed, u.listErr = e.listConcat(d.concat) })
	return u.listed, u.listErr
}

func (e *Engine) listConcat(c *concat) ([]concatRow, error) {
	var rows []concatRow // in ascending id
	for k, child := range c.children {
		parts, err := e.partitions(child)
		if err != nil {
			return nil, err
		}
		for p := range parts {
			rec, err := e.readPart(context.Background(), child, p, nil)
			if err != nil {
				return nil, err
			}
			ids, err := idsOf(rec)
			if err != nil {
				return nil, err
			}
			for _, id := range ids {
				rows = append(rows, concatRow{id + c.suffixes.texts[k], id, k})
			}
		}
	}
	sort.Slice(rows, func(i, j int) bool { return rows[i].id < rows[j].id })
	for i := 1; i < len(rows); i++ {
		if rows[i].id == rows[i-1].id {
			return nil, fmt.Errorf("id %q stands twice in a list of inputs", rows[i].id)
		}
	}
	return rows, nil
}

// concatPart returns the rows of a partition, or those that some names, and by
// child their old ids.
func (e *Engine) concatPart(d *dataset, p int, some []string) ([]concatRow, [][]string, error) {
	rows, err := e.concatRows(d)
	if err != nil {
		return nil, nil, err
	}
	parts, err := e.partitions(d)
	if err != nil {
		return nil, nil, err
	}
	first := sort.Search(len(rows), func(i int) bool { return rows[i].id >= parts[p].First })
	rows = rows[first : first+parts[p].Rows]
	if some != nil {
		var named []concatRow
		for _, r := range rows {
			if _, ok := slices.BinarySearch(some, r.id); ok {
				named = append(named, r)
			}
		}
		rows = named
	}
	ids := make([][]string, len(d.concat.children))
	for _, r := range rows {
		ids[r.child] = append(ids[r.child], r.childID)
	}
	for _, list := range ids {
		sort.Strings(list)
	}
	return rows, ids, nil
}

// readConcat is readPart for a concatenation. Image cells come marked with
// their source, since rows of one partition may have several.
func (e *Engine) readConcat(ctx context.Context, d *dataset, p int, some, columns []string) (arrow.Record, error) {
	rows, ids, err := e.concatPart(d, p, some)
	if err != nil {
		return nil, err
	}
	var passed []string
	for _, c := range columns {
		if c != sourceIDColumn {
			passed = append(passed, c)
		}
	}
	fields, err := d.fields(passed)
	if err != nil {
		return nil, err
	}
	schema := schemaWithID(fields)
	recs := make([]arrow.Record, len(ids))
	for k, child := range d.concat.children {
		rec, err := e.readIDs(ctx, child, ids[k], passed)
		if err != nil {
			return nil, err
		}
		if recs[k], err = e.handOver(child, rec, schema); err != nil {
			return nil, err
		}
	}
	picks := make([]pick, len(rows))
	for i, r := range rows {
		picks[i] = pick{r.child, sort.SearchStrings(ids[r.child], r.childID)}
	}
	rec, err := takeRows(schema, recs, picks)
	if err != nil {
		return nil, err
	}
	before, err := e.sourceIDs(ctx, d.concat, ids)
	if err != nil {
		return nil, err
	}
	newIDs, sources := array.NewStringBuilder(memory.DefaultAllocator), array.NewStringBuilder(memory.DefaultAllocator)
	for i, r := range rows {
		newIDs.Append(r.id)
		sources.Append(before[r.child][picks[i].row])
	}
	outFields, cols := []arrow.Field{idField}, []arrow.Array{newIDs.NewArray()}
	for _, c := range columns {
		if c == sourceIDColumn {
			outFields = append(outFields, arrow.Field{Name: c, Type: arrow.BinaryTypes.String})
			cols = append(cols, sources.NewArray())
			continue
		}
		at := rec.Schema().FieldIndices(c)[0]
		outFields, cols = append(outFields, rec.Schema().Field(at)), append(cols, rec.Column(at))
	}
	return array.NewRecord(arrow.NewSchema(outFields, nil), cols, int64(len(rows))), nil
}

// concatDigests is rowDigests for a concatenation.
func (e *Engine) concatDigests(ctx context.Context, d *dataset, p int, column string) ([]string, []runs.Digest, error) {
	rows, ids, err := e.concatPart(d, p, nil)
	if err != nil {
		return nil, nil, err
	}
	byChild := make([][]runs.Digest, len(ids))
	if column != idColumn && column != sourceIDColumn {
		for k, child := range d.concat.children {
			if byChild[k], err = e.digestsByID(ctx, child, ids[k], column); err != nil {
				return nil, nil, err
			}
		}
	}
	before, err := e.sourceIDs(ctx, d.concat, ids)
	if err != nil {
		return nil, nil, err
	}
	out, ds := make([]string, len(rows)), make([]runs.Digest, len(rows))
	for i, r := range rows {
		out[i] = r.id
		switch column {
		case idColumn:
			ds[i] = digestText(r.id)
		case sourceIDColumn:
			ds[i] = digestText(before[r.child][sort.SearchStrings(ids[r.child], r.childID)])
		default:
			ds[i] = byChild[r.child][sort.SearchStrings(ids[r.child], r.childID)]
		}
	}
	return out, ds, nil
}

// sourceIDs gives, for rows of the children by id, the ids they had at first.
func (e *Engine) sourceIDs(ctx context.Context, c *concat, ids [][]string) ([][]string, error) {
	out := make([][]string, len(ids))
	for k, child := range c.children {
		out[k] = ids[k]
		if child.level(sourceIDColumn) == nil {
			continue
		}
		rec, err := e.readIDs(ctx, child, ids[k], []string{sourceIDColumn})
		if err != nil {
			return nil, err
		}
		col, ok := rec.Column(1).(*array.String)
		if !ok {
			return nil, fmt.Errorf("column %q is %s, wants text", sourceIDColumn, rec.Column(1).DataType())
		}
		out[k] = make([]string, col.Len())
		for i := range out[k] {
			out[k][i] = col.Value(i)
		}
	}
	return out, nil
}

// concatVersion is columnVersion for a concatenation.
func (e *Engine) concatVersion(ctx context.Context, d *dataset, column string) (runs.Digest, error) {
	lines := make([]runs.Digest, 0, 8)
	for k, child := range d.concat.children {
		lines = append(lines, d.concat.suffixes.digests[k])
		if column == sourceIDColumn {
			continue // follows from the ids
		}
		v, err := e.columnVersion(ctx, child.level(column), column)
		if err != nil {
			return v, err
		}
		lines = append(lines, v)
	}
	return derive("concat column/1", lines...), nil
}
