package engine

import (
	"context"
	"hash/maphash"
	"slices"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/stages"
)

// A table that is read as a whole by one stage is read by several goroutines, in
// order, and partition by partition instead of batch by batch.
const (
	aheadParts = 8       // partitions from which that is worth it
	scanRows   = 1 << 16 // most rows handed over at once, unless the options say otherwise
	scanCells  = 1 << 24 // values from which a table is not kept for rereading: it would drive out all else
)

// readsAhead says whether all columns are stored and small.
func (in *rowsInput) readsAhead(parts []part) (bool, error) {
	if in.workers < 2 || len(parts) < aheadParts {
		return false, nil
	}
	for _, c := range append([]string{idColumn}, in.columns...) {
		if l := in.data.level(c); l == nil || l.streamed || l.concat != nil {
			return false, nil
		}
	}
	large, err := in.data.anyLarge(in.columns)
	return !large, err
}

// A partRead is a partition that is being read.
type partRead struct {
	rec    arrow.Record
	hashes []uint64
	err    error
	done   chan struct{}
}

// eachAhead is Each for such a table.
func (in *rowsInput) eachAhead(ctx context.Context, parts []part, f func(arrow.Record) error) error {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	begin := func(p int) *partRead {
		r := &partRead{done: make(chan struct{})}
		wg.Go(func() {
			defer close(r.done)
			defer recoverPanic(&r.err)
			if r.rec, r.err = in.readOnce(ctx, parts, p); r.err == nil && in.checked {
				r.hashes, r.err = idHashes(r.rec)
			}
		})
		return r
	}
	var hashes [][]uint64
	var reads []*partRead
	for p := range parts {
		for next := p + len(reads); len(reads) < in.workers+1 && next < len(parts); next++ {
			reads = append(reads, begin(next))
		}
		r := reads[0]
		reads = reads[1:]
		<-r.done
		if r.err != nil {
			return r.err
		}
		hashes = append(hashes, r.hashes)
		err := eachBatch(ctx, r.rec, in.e.scan, func(rec arrow.Record) error {
			rec, err := in.e.handOver(in.data, rec, in.schema)
			if err != nil {
				return err
			}
			return f(rec)
		})
		if err != nil {
			return err
		}
	}
	if in.checked {
		u := in.data.unfold()
		u.mu.Lock()
		defer u.mu.Unlock()
		u.hashes = hashes
	}
	return nil
}

// readOnce is readPart; of a large table it keeps nothing.
func (in *rowsInput) readOnce(ctx context.Context, parts []part, p int) (arrow.Record, error) {
	if in.data.rows*(1+len(in.columns)) < scanCells || slices.ContainsFunc(in.columns, func(c string) bool { return !in.data.holds(c) }) {
		return in.e.readPart(ctx, in.data, p, in.columns)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return in.e.joinObjects(parts[p], nil, in.columns, in.e.objects.once)
}

// hashesShare is what part of the memory the hashes of a base's ids may take.
const hashesShare = 16

// checksIDs says whether what a stage writes is checked against ids that it has
// read anyway: of an index, whose outputs are rows of its inputs.
func (e *Engine) checksIDs(n *node, d *dataset) bool {
	return n.kind.Shape == stages.Index && int64(d.rows)*8 <= e.o.Memory/hashesShare
}

// idSeed makes hashes of ids; they never leave the process.
var idSeed = maphash.MakeSeed()

func idHashes(rec arrow.Record) ([]uint64, error) {
	ids, err := idsOf(rec)
	if err != nil {
		return nil, err
	}
	hs := make([]uint64, len(ids))
	for i, id := range ids {
		hs[i] = maphash.String(idSeed, id)
	}
	return hs, nil
}

// has says whether all ids, which ascend, are of this dataset, as far as the
// hashes of its rows are known: 64 bits each, compared in the order of the rows.
// False means that they have to be looked up.
func (d *dataset) has(parts []part, ids []string) bool {
	u := d.unfold()
	u.mu.Lock()
	hashes := u.hashes
	u.mu.Unlock()
	if hashes == nil {
		return false
	}
	for len(ids) > 0 {
		p, n := d.find(parts, ids)
		if p == len(parts) {
			return false
		}
		row, have := 0, hashes[p]
		for _, id := range ids[:n] {
			h := maphash.String(idSeed, id)
			for row < len(have) && have[row] != h {
				row++
			}
			if row == len(have) {
				return false
			}
			row++
		}
		ids = ids[n:]
	}
	return true
}
