package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sort"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/runs"
	"shiftmill/stages"
)

// A wholeOutput keeps what a node that is one task makes, until it ends well: rows in
// the store as long as they come in order, else in spools; files in the store. It is safe for concurrent use.
type wholeOutput struct {
	e       *Engine
	n       *node
	workers int
	limit   int // bytes of rows held in memory, of all outputs together

	mu      sync.Mutex
	held    int
	ordered map[string]*ordered
	spools  map[string]*spool
	passed  map[string]bool // outputs that are their base, row for row
	files   map[string]map[string]storedFile
}

// What part of the memory rows may take before they are sorted aside: those of one node,
// and those of all nodes at work together, of which each may keep a little.
const (
	spoolShare  = 16
	spoolsShare = 4
	spoolLeast  = 1 << 20
)

func (e *Engine) newWholeOutput(n *node, workers int) *wholeOutput {
	return &wholeOutput{e: e, n: n, workers: workers, limit: int(max(64<<10, e.o.Memory/spoolShare)),
		ordered: map[string]*ordered{}, spools: map[string]*spool{}, passed: map[string]bool{}, files: map[string]map[string]storedFile{}}
}

// rows adds rows to an output.
func (o *wholeOutput) rows(ctx context.Context, output string, rec arrow.Record) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.passed[output] {
		return fmt.Errorf("output %q: rows beside those that were handed on", output)
	}
	if r := o.n.result(output); r != nil && o.spools[output] == nil {
		if done, err := o.ahead(ctx, *r, rec); done || err != nil {
			return err
		}
	}
	return o.aside(output, rec)
}

// aside adds rows to the spool of an output.
func (o *wholeOutput) aside(output string, rec arrow.Record) error {
	s := o.spools[output]
	if s == nil {
		s = &spool{store: o.e.store, schema: rec.Schema()}
		o.spools[output] = s
	}
	for o.hold(s.add(rec)); o.full(); {
		most := s
		for _, other := range o.spools {
			if other.bytes > most.bytes {
				most = other
			}
		}
		o.hold(-most.bytes)
		if err := most.spill(); err != nil {
			return err
		}
	}
	return nil
}

// pass marks an output that is its base, unless there are rows of it, columns of
// its own, or a base that is not stored.
func (o *wholeOutput) pass(output string) bool {
	base := o.n.baseOf(output)
	own, known := o.n.own[output]
	if base == nil || base.streamed || base.concat != nil || !known || len(own) > 0 {
		return false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.spools[output] != nil || o.ordered[output] != nil {
		return false
	}
	o.passed[output] = true
	return true
}

// endPassed lists the partitions of the base as those of the output, of which it
// has the ids alone.
func (o *wholeOutput) endPassed(ctx context.Context, base *dataset) (out outputRecord, err error) {
	parts, err := o.e.partitions(base)
	if err != nil {
		return out, err
	}
	id, err := o.e.idContent(ctx, base)
	if err != nil {
		return out, err
	}
	out.Rows, out.Content = base.rows, contents{}.add(idColumn, id)
	own := make([]part, len(parts))
	for i, p := range parts {
		own[i] = p
		own[i].Content = map[string]runs.Digest{idColumn: p.Content[idColumn]}
		out.Objects = append(out.Objects, p.objects()...)
	}
	if out.Schema, err = encodeSchema(schemaWithID(nil)); err != nil {
		return out, err
	}
	if out.Manifest, err = o.e.putJSON(ctx, own); err != nil {
		return out, err
	}
	out.Objects = append(out.Objects, out.Manifest)
	return out, nil
}

// hold counts bytes of rows in memory.
func (o *wholeOutput) hold(n int) {
	o.held += n
	o.e.spooled.Add(int64(n))
}

func (o *wholeOutput) full() bool {
	return o.held > o.limit || o.held > spoolLeast && o.e.spooled.Load() > o.e.o.Memory/spoolsShare
}

// endRows stores the rows of an output.
func (o *wholeOutput) endRows(ctx context.Context, r stages.Output, fields []arrow.Field) (outputRecord, error) {
	if o.passed[r.Name] {
		return o.endPassed(ctx, o.n.baseOf(r.Name))
	}
	if x := o.ordered[r.Name]; x != nil {
		return x.w.close(ctx)
	}
	w := o.e.newOutputWriter(o.n, r, fields, o.workers)
	defer w.wg.Wait() // on every way out: nothing is stored after the stage has ended
	if s := o.spools[r.Name]; s != nil {
		s.schema = w.schema
		o.hold(-s.bytes) // what is left of them goes as it is written
		err := s.each(ctx, func(rec arrow.Record, ids []string) error { return w.write(ctx, rec, ids) })
		if err != nil {
			return outputRecord{}, err
		}
	}
	return w.close(ctx)
}

// file stores a file at once, so that a stage of many holds one at a time.
func (o *wholeOutput) file(ctx context.Context, output, name string, data []byte) error {
	o.mu.Lock()
	if o.files[output] == nil {
		o.files[output] = map[string]storedFile{}
	}
	_, had := o.files[output][name]
	o.files[output][name] = storedFile{Name: name}
	o.mu.Unlock()
	if had {
		return fmt.Errorf("kind %s wrote file %q twice", o.n.kind.Name, name)
	}
	d, size, err := o.e.store.Put(ctx, func(w io.Writer) error { _, err := w.Write(data); return err })
	if err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.files[output][name] = storedFile{name, d, size}
	return nil
}

// filesOf lists the files of an output by name.
func (o *wholeOutput) filesOf(output string) []storedFile {
	var list []storedFile
	for _, f := range o.files[output] {
		list = append(list, f)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	return list
}

// close lets go of scratch files; nothing is stored any more after it.
func (o *wholeOutput) close() error {
	var errs []error
	for _, x := range o.ordered {
		x.w.wg.Wait()
	}
	o.hold(-o.held)
	for _, s := range o.spools {
		errs = append(errs, s.close())
	}
	return errors.Join(errs...)
}
