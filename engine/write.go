package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/runs"
	"shiftmill/stages"
)

// An outputWriter stores a whole output from rows in ascending id: cut into partitions,
// with the content ids of its columns.
type outputWriter struct {
	e      *Engine
	maker  *node
	base   *dataset // nil for fresh rows
	schema *arrow.Schema
	cut    cutter
	w      *partWriter // of the partition at work; nil between two
	ids    []string    // of its rows
	parts  []*part
	whole  []*contentHash // of each column, over all rows so far

	busy  chan struct{} // a place for each partition that is stored beside the next ones' digests
	wg    sync.WaitGroup
	mu    sync.Mutex
	ended error
}

// newOutputWriter starts an output that so many workers store.
func (e *Engine) newOutputWriter(maker *node, r stages.Output, fields []arrow.Field, workers int) *outputWriter {
	o := &outputWriter{e: e, maker: maker, base: maker.baseOf(r.Name), schema: schemaWithID(fields), cut: cutter{Cut: e.o.Cut}}
	o.busy = make(chan struct{}, max(1, workers-1))
	if workers < 2 {
		o.busy = nil
	}
	for _, f := range o.schema.Fields() {
		o.whole = append(o.whole, newContentHash(f.Type))
	}
	return o
}

// write adds rows.
func (o *outputWriter) write(ctx context.Context, rec arrow.Record, ids []string) error {
	for start := 0; start < len(ids); {
		end, full := start, false
		for end < len(ids) && !full {
			full = o.cut.after(ids[end])
			end++
		}
		if o.w == nil {
			o.w = o.e.newPartWriter(o.maker, o.schema.Fields()[1:])
			o.w.whole = o.whole
		}
		some := ids[start:end]
		o.ids = append(o.ids, some...)
		err := eachBatch(ctx, rec.NewSlice(int64(start), int64(end)), len(some), func(b arrow.Record) error {
			now := some[:b.NumRows()]
			some = some[len(now):]
			return o.w.write(ctx, b, now, nil, nil)
		})
		if err != nil {
			return err
		}
		if full {
			if err := o.endPart(ctx); err != nil {
				return err
			}
		}
		start = end
	}
	return nil
}

// endPart ends the partition at work.
func (o *outputWriter) endPart(ctx context.Context) error {
	if o.w == nil {
		return nil
	}
	w, ids, p := o.w, o.ids, &part{}
	o.parts, o.w, o.ids = append(o.parts, p), nil, nil
	if o.busy == nil {
		return o.store(ctx, w, ids, p)
	}
	o.busy <- struct{}{}
	o.wg.Go(func() {
		defer recoverInto(&o.mu, &o.ended)
		defer func() { <-o.busy }()
		if err := o.store(ctx, w, ids, p); err != nil {
			o.mu.Lock()
			defer o.mu.Unlock()
			if o.ended == nil {
				o.ended = err
			}
		}
	})
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.ended
}

// recoverInto keeps a panic as the error of what began it.
func recoverInto(mu *sync.Mutex, err *error) {
	if p := recover(); p != nil {
		mu.Lock()
		defer mu.Unlock()
		*err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
	}
}

// store stores a partition whose rows are all there.
func (o *outputWriter) store(ctx context.Context, w *partWriter, ids []string, p *part) (err error) {
	if o.base != nil {
		if err := o.e.inBase(ctx, o.base, ids); err != nil {
			return err
		}
	}
	*p, err = w.close(ctx)
	return err
}

// wait returns when nothing is being stored any more.
func (o *outputWriter) wait() error {
	o.wg.Wait()
	return o.ended
}

// close stores what is left.
func (o *outputWriter) close(ctx context.Context) (outputRecord, error) {
	if err := errors.Join(o.endPart(ctx), o.wait()); err != nil {
		return outputRecord{}, err
	}
	parts := make([]part, len(o.parts))
	for i, p := range o.parts {
		parts[i] = *p
	}
	whole := make([]runs.Digest, len(o.whole))
	for i, h := range o.whole {
		whole[i] = h.sum()
	}
	return o.e.finishRows(ctx, o.maker, o.schema, parts, whole)
}

// inBase makes sure that rows over a base are in it: what a later reader joins
// by id must be there.
func (e *Engine) inBase(ctx context.Context, base *dataset, ids []string) error {
	parts, err := e.partitions(base)
	if err == nil && !base.has(parts, ids) {
		_, err = e.readIDs(ctx, base, ids, nil)
	}
	return err
}

// finishRows lists the partitions of an output in the store. whole are the content ids
// of its columns over all rows; nil when they have to be taken from what is stored.
func (e *Engine) finishRows(ctx context.Context, maker *node, schema *arrow.Schema, parts []part, whole []runs.Digest) (outputRecord, error) {
	var out outputRecord
	d := &dataset{schema: schema, own: map[string]arrow.Field{}, maker: maker}
	d.growing(&unfolded{parts: parts})
	for _, f := range schema.Fields()[1:] {
		d.own[f.Name] = f
	}
	for _, p := range parts {
		out.Rows += p.Rows
		out.Objects = append(out.Objects, p.objects()...)
	}
	for i, f := range schema.Fields() {
		if known := knownContent(parts, f.Name); !known && len(parts) > 0 {
			continue // files: on demand
		}
		switch {
		case len(parts) == 1:
			out.Content = out.Content.add(f.Name, parts[0].Content[f.Name])
			continue
		case whole != nil:
			out.Content = out.Content.add(f.Name, whole[i])
			continue
		}
		h := newContentHash(f.Type)
		for p := range parts {
			ids, ds, err := e.rowDigests(ctx, d, p, f.Name)
			if err != nil {
				return out, err
			}
			addRows(ids, ds, h)
		}
		out.Content = out.Content.add(f.Name, h.sum())
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
