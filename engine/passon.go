package engine

import (
	"context"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/runs"
	"shiftmill/stages"
)

// passedContent is D(c) as the record of a dataset's maker tells it, if it does.
func (e *Engine) passedContent(ctx context.Context, d *dataset, column string) (id runs.Digest, ok bool, err error) {
	version, id, ok := d.passed.get(column)
	if !ok {
		return id, false, nil
	}
	now, err := e.columnVersion(ctx, d.level(column), column)
	return id, err == nil && now == version, err
}

// passOn adds to the record of a node that has run the content ids of columns
// that other nodes of the graph read there and that lie in its base. Their keys
// need these in any case, and a later plan then finds them where it looks first.
func (e *Engine) passOn(ctx context.Context, n *node, outs []outputRecord) (err error) {
	defer recoverPanic(&err) // kinds say here what they read
	readers := e.readers()[n]
	if len(readers) == 0 {
		return nil
	}
	for i := range outs {
		o := &outs[i]
		if o.Schema == nil {
			continue
		}
		own, err := n.class.shape.own(&e.schemas, o.Schema)
		if err != nil {
			return err
		}
		d := new(dataset)
		e.setDataset(d, n, o, own)
		for _, name := range columnsRead(readers, o.Name, d.schema) {
			if !passes(d, name) {
				continue
			}
			version, err := e.columnVersion(ctx, d.level(name), name)
			if err != nil {
				return err
			}
			id, _, err := e.takeContent(ctx, d, n.class.shape.reading(d.schema, name))
			if err != nil {
				return err
			}
			o.Passed = o.Passed.add(name, version, id)
		}
	}
	return nil
}

// passes says whether the content of a column lies in the base and follows from
// stored values alone, not from files or from what is recomputed.
func passes(d *dataset, column string) bool {
	level := d.level(column)
	if column == idColumn || level == nil || level == d {
		return false
	}
	return !level.streamed && !stages.IsImage(d.columnType(column))
}

// A reader is a port of a node that reads an output of another.
type reader struct {
	node   *node
	port   string
	output string
}

// findReaders lists the readers of rows by the node that they read.
func (e *Engine) findReaders() map[*node][]reader {
	all := make(map[*node][]reader, len(e.nodes))
	for _, n := range e.nodes {
		for i := range n.inputs {
			in := &n.inputs[i]
			if in.port.Type != stages.Rows || n.locked != nil {
				continue
			}
			for _, r := range in.refs {
				all[r.node] = append(all[r.node], reader{n, in.name, r.Output})
			}
		}
	}
	return all
}

// columnsRead are those of an output with a schema that some readers read, sorted.
func columnsRead(readers []reader, output string, schema *arrow.Schema) []string {
	var columns []string
	for _, r := range readers {
		if r.output == output {
			columns = append(columns, r.node.reads(r.port, schema)...)
		}
	}
	slices.Sort(columns)
	return slices.Compact(columns)
}
