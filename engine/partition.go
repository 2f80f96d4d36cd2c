package engine

import (
	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/runs"
)

// A part is a partition. Its rows lie in one object or, where they are large,
// in several of about batchBytes, so that none has to be held whole.
type part struct {
	Object  runs.Digest            `json:"object"` // the first one
	More    []chunk                `json:"more,omitempty"`
	Rows    int                    `json:"rows"`
	First   string                 `json:"first"`
	Last    string                 `json:"last"`
	Content map[string]runs.Digest `json:"content"` // P(c) of "id" and own columns, as far as known when written
}

// A chunk is an object of a partition after the first, with the id it begins
// with.
type chunk struct {
	Object runs.Digest `json:"object"`
	First  string      `json:"first"`
}

// objects lists all objects of a partition; a partition of no rows has none.
func (p part) objects() []runs.Digest {
	if p.Rows == 0 {
		return nil
	}
	ds := []runs.Digest{p.Object}
	for _, c := range p.More {
		ds = append(ds, c.Object)
	}
	return ds
}

// overlapping lists the objects that may hold some of the ids, which ascend;
// nil ids mean all rows.
func (p part) overlapping(ids []string) []runs.Digest {
	all := p.objects()
	if ids == nil || len(all) <= 1 {
		return all
	}
	var ds []runs.Digest
	for i, d := range all {
		if i < len(p.More) && ids[0] >= p.More[i].First {
			continue // ends before the first of them
		}
		if i > 0 && ids[len(ids)-1] < p.More[i-1].First {
			break
		}
		ds = append(ds, d)
	}
	return ds
}

// readObjects reads columns of the objects of a partition that may hold some of
// the ids; nil means all. "id" comes first.
func (e *Engine) readObjects(p part, ids, columns []string) (arrow.Record, error) {
	return e.joinObjects(p, ids, columns, e.objects.table)
}

// joinObjects is readObjects by a way to read an object.
func (e *Engine) joinObjects(p part, ids, columns []string, table func(d runs.Digest, columns []string) (arrow.Record, error)) (arrow.Record, error) {
	columns = append([]string{idColumn}, columns...)
	var recs []arrow.Record
	for _, d := range p.overlapping(ids) {
		rec, err := table(d, columns)
		if err != nil {
			return nil, err
		}
		recs = append(recs, rec)
	}
	if len(recs) == 1 {
		return recs[0], nil
	}
	return concatLike(recs[0].Schema(), recs)
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

// digestsIn reads a column that digestColumn made.
func digestsIn(col arrow.Array) ([]runs.Digest, bool) {
	b, ok := col.(*array.FixedSizeBinary)
	if !ok || b.DataType().(*arrow.FixedSizeBinaryType).ByteWidth != digestType.ByteWidth {
		return nil, false
	}
	ds := make([]runs.Digest, b.Len())
	for i := range ds {
		copy(ds[i][:], b.Value(i))
	}
	return ds, true
}
