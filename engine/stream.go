package engine

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/runs"
	"shiftmill/stages"
)

// streams says whether a node's output is recomputed on demand instead of
// stored.
func (n *node) streams() bool {
	if n.kind.Shape != stages.RowWise || n.spec.Cache == "store" {
		return false
	}
	return n.kind.Streams() || n.spec.Cache == "stream"
}

// streamNode makes the record of a streamed node: the promise of its columns
// over the rows of its input. Consumers are keyed by the recipe.
func (e *Engine) streamNode(ctx context.Context, n *node) (nodeRecord, error) {
	t, err := e.newRowTask(n, "", n.input(n.kind.In[0].Name).data)
	if err != nil {
		return nodeRecord{}, err
	}
	ids, err := e.listedIDs(ctx, t.data)
	if err != nil {
		return nodeRecord{}, err
	}
	var rec nodeRecord
	for _, r := range n.class.results {
		own, ok := n.own[r.Name]
		if !ok {
			return nodeRecord{}, fmt.Errorf("kind %s cannot stream: it does not declare its columns", n.kind.Name)
		}
		out := outputRecord{Name: r.Name, Rows: t.data.rows, Streamed: true, Content: contents{}.add(idColumn, ids)}
		if out.Schema, err = encodeSchema(schemaWithID(own)); err != nil {
			return nodeRecord{}, err
		}
		rec.Outputs = append(rec.Outputs, out)
	}
	return rec, nil
}

// taskOf is what recomputes the rows of a streamed dataset.
func (e *Engine) taskOf(d *dataset) (*rowTask, error) {
	u := d.unfold()
	u.recipe.Do(func() {
		if u.task == nil {
			u.task, u.taskErr = e.newRowTask(d.maker, d.output, d.base)
		}
	})
	return u.task, u.taskErr
}

// recompute runs a streamed stage for one partition, or for those of its rows
// that some names.
func (e *Engine) recompute(ctx context.Context, d *dataset, p int, some, own []string) (arrow.Record, error) {
	t, err := e.taskOf(d)
	if err != nil {
		return nil, err
	}
	had, all := some, some == nil
	if all {
		rec, err := e.readPart(ctx, t.data, p, nil)
		if err != nil {
			return nil, err
		}
		if had, err = idsOf(rec); err != nil {
			return nil, err
		}
	}
	c := t.collector()
	if len(had) > 0 {
		if err := t.run(ctx, []stages.Input{t.input(&making{p: p, todo: had, all: all})}, *t.side, c); err != nil {
			return nil, fmt.Errorf("stage %s: %w", d.maker.spec.Name, err)
		}
	}
	rec, err := concatRecords(schemaWithID(c.fields(t.output)), c.rows[t.output])
	if err != nil {
		return nil, err
	}
	rec, ids, err := sortByID(rec)
	if err != nil {
		return nil, err
	}
	if len(ids) == len(had) && !slices.Equal(ids, had) {
		return nil, fmt.Errorf("stage %s gave other rows than it was given", d.maker.spec.Name)
	}
	if len(ids) != len(had) {
		return nil, fmt.Errorf("stage %s left out %d rows; a streamed stage must keep all (use cache: store)", d.maker.spec.Name, len(had)-len(ids))
	}
	var fields []arrow.Field
	for _, c := range own {
		fields = append(fields, d.own[c])
	}
	return project(rec, schemaWithID(fields))
}

// recipeDigests is d(v) of a streamed column: the operation and the row's
// inputs, without computing the value.
func (e *Engine) recipeDigests(ctx context.Context, d *dataset, p int, column string) ([]string, []runs.Digest, error) {
	t, err := e.taskOf(d)
	if err != nil {
		return nil, nil, err
	}
	ids, ds, err := e.rowDigests(ctx, t.data, p, idColumn)
	if err != nil {
		return nil, nil, err
	}
	inputs, err := t.inputDigests(ctx, p, len(ids))
	if err != nil {
		return nil, nil, err
	}
	for i := range ds {
		var b []byte
		b = append(b, t.op[:]...)
		b = append(b, ds[i][:]...)
		b = append(b, inputs[i][:]...)
		if d.output != "" { // one of several
			b = appendBytes(b, tagRecipe, []byte(d.output))
		}
		b = appendBytes(b, tagRecipe, []byte(column))
		ds[i] = sha256.Sum256(b)
	}
	return ids, ds, nil
}
