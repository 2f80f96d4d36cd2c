package split

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/stages"
)

// batchRows bounds the records that a split writes.
const batchRows = 1 << 16

// A writer gathers rows of one output.
type writer struct {
	output string
	schema *arrow.Schema
	ids    *array.StringBuilder
	second *array.StringBuilder // cell or reason
	labels *array.ListBuilder   // nil without items
	seats  *array.StringBuilder // nil without candidates beyond the size
	sink   stages.Sink

	rows, idBytes, valueBytes int // of the last record
}

// newWriter writes ids and one more column, or ids alone when it has no name.
func newWriter(output, column string, sink stages.Sink) *writer {
	fields := []arrow.Field{{Name: "id", Type: arrow.BinaryTypes.String}}
	if column != "" {
		fields = append(fields, arrow.Field{Name: column, Type: arrow.BinaryTypes.String})
	}
	return &writer{
		output: output, sink: sink, schema: arrow.NewSchema(fields, nil),
		ids: array.NewStringBuilder(memory.DefaultAllocator), second: array.NewStringBuilder(memory.DefaultAllocator),
	}
}

// keeps says in the metadata of the second column which classes the rows are of,
// as a JSON list under "classes": what evaluation with restrict: common masks to.
func (w *writer) keeps(classes []string) {
	list, err := json.Marshal(classes)
	if err != nil {
		panic("split: " + err.Error()) // strings always marshal
	}
	fields := slices.Clone(w.schema.Fields())
	fields[1].Metadata = arrow.NewMetadata([]string{"classes"}, []string{string(list)})
	w.schema = arrow.NewSchema(fields, nil)
}

// withLabels adds the column labels.
func (w *writer) withLabels() {
	w.schema = arrow.NewSchema(append(w.schema.Fields(), itemColumns.Field(1)), nil)
	w.labels = array.NewListBuilder(memory.DefaultAllocator, arrow.BinaryTypes.String)
}

// withSeats adds the column seat.
func (w *writer) withSeats() {
	w.schema = arrow.NewSchema(append(w.schema.Fields(), seatField), nil)
	w.seats = array.NewStringBuilder(memory.DefaultAllocator)
}

func (w *writer) add(id, value string) error {
	if w.ids.Len() == 0 && w.rows > 0 { // as large as the last record, since growing step by step copies
		w.ids.Reserve(w.rows)
		w.second.Reserve(w.rows)
		w.ids.ReserveData(w.idBytes)
		w.second.ReserveData(w.valueBytes)
	}
	w.ids.Append(id)
	if w.schema.NumFields() > 1 {
		w.second.Append(value)
	}
	if w.ids.Len() < batchRows || w.labels != nil || w.seats != nil {
		return nil
	}
	return w.flush()
}

// addSeated adds a row with its seat, and its classes where there are items.
func (w *writer) addSeated(id, value, seat string, labels []string) error {
	if err := w.add(id, value); err != nil {
		return err
	}
	if w.labels != nil {
		w.appendLabels(labels)
	}
	w.seats.Append(seat)
	if w.ids.Len() < batchRows {
		return nil
	}
	return w.flush()
}

func (w *writer) appendLabels(labels []string) {
	w.labels.Append(true)
	for _, l := range labels {
		w.labels.ValueBuilder().(*array.StringBuilder).Append(l)
	}
}

// addLabelled adds a row with its classes.
func (w *writer) addLabelled(id, value string, labels []string) error {
	if err := w.add(id, value); err != nil {
		return err
	}
	w.appendLabels(labels)
	if w.ids.Len() < batchRows {
		return nil
	}
	return w.flush()
}

func (w *writer) flush() error {
	n := w.ids.Len()
	if n == 0 {
		return nil
	}
	w.rows, w.idBytes, w.valueBytes = n+n/16, w.ids.DataLen()+w.ids.DataLen()/16, w.second.DataLen()+w.second.DataLen()/16
	cols := []arrow.Array{w.ids.NewArray(), w.second.NewArray()}
	if w.labels != nil {
		cols = append(cols, w.labels.NewArray())
	}
	if w.seats != nil {
		cols = append(cols, w.seats.NewArray())
	}
	rec := array.NewRecord(w.schema, cols[:w.schema.NumFields()], int64(n))
	for _, c := range cols {
		c.Release()
	}
	defer rec.Release()
	return w.sink.Write(w.output, rec)
}

func (w *writer) release() {
	w.ids.Release()
	w.second.Release()
	if w.labels != nil {
		w.labels.Release()
	}
	if w.seats != nil {
		w.seats.Release()
	}
}

// write hands every row to its output, and returns how many rows each role has.
// Records are made by several goroutines and handed over in the order of the
// rows, so that whoever stores them need not sort.
func (s *scan) write(ctx context.Context, workers int, out stages.Sink) (map[role]int, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	segments := s.segments()
	turns := make([]chan struct{}, len(segments)+1) // closed when it is the segment's turn
	for i := range turns {
		turns[i] = make(chan struct{})
	}
	close(turns[0])
	var next atomic.Int64
	var wg sync.WaitGroup
	var mu sync.Mutex
	total := map[role]int{}
	for range max(1, min(workers, len(segments))) {
		wg.Go(func() {
			w := s.newSegmentWriter()
			defer w.release()
			for {
				i := int(next.Add(1)) - 1
				if i >= len(segments) {
					break
				}
				err := w.write(ctx, segments[i])
				if err == nil {
					select {
					case <-turns[i]:
						err = w.handOver(out)
					case <-ctx.Done():
						err = context.Cause(ctx)
					}
				}
				if err != nil {
					cancel(err)
					return
				}
				close(turns[i+1])
			}
			mu.Lock()
			defer mu.Unlock()
			w.count(total)
		})
	}
	wg.Wait()
	return total, context.Cause(ctx)
}

// segments cuts the chunks into runs of about as many rows as a record has.
func (s *scan) segments() [][]*chunk {
	var segments [][]*chunk
	from, rows := 0, 0
	for i, c := range s.chunks {
		if rows += len(c.out); rows >= batchRows || i == len(s.chunks)-1 {
			segments = append(segments, s.chunks[from:i+1])
			from, rows = i+1, 0
		}
	}
	return segments
}

// A segmentWriter makes the records of segments, one after the other; it is for
// one goroutine.
type segmentWriter struct {
	*scan
	stages.Sink // takes what the writers have made; only Write is called
	writers     []*writer
	unused      *writer
	made        []madeRecord

	tally   []int // rows by role
	reasons []int
}

// A madeRecord waits for the turn of its segment.
type madeRecord struct {
	output string
	rec    arrow.Record
}

func (s *scan) newSegmentWriter() *segmentWriter {
	w := &segmentWriter{scan: s, tally: make([]int, len(s.names)+1), reasons: make([]int, int(choiceReasons-firstReason)+len(s.reasons.texts))}
	for i, name := range s.names {
		one := newWriter(name, s.column, w)
		if s.items >= 0 {
			one.withLabels()
		}
		if slices.Contains(s.seated, role(i+1)) {
			one.withSeats()
		}
		w.writers = append(w.writers, one)
	}
	w.unused = newWriter("unused", "reason", w)
	w.writers = append(w.writers, w.unused)
	return w
}

// Write keeps a record for handOver.
func (w *segmentWriter) Write(output string, rec arrow.Record) error {
	rec.Retain()
	w.made = append(w.made, madeRecord{output, rec})
	return nil
}

func (w *segmentWriter) handOver(out stages.Sink) error {
	for _, m := range w.made {
		if err := out.Write(m.output, m.rec); err != nil {
			return err
		}
		m.rec.Release()
	}
	w.made = w.made[:0]
	return nil
}

func (w *segmentWriter) count(total map[role]int) {
	for r, n := range w.tally {
		total[role(r)] += n
	}
	for r, n := range w.reasons {
		total[firstReason+role(r)] += n
	}
}

func (w *segmentWriter) release() {
	for _, one := range w.writers {
		one.release()
	}
}

func (w *segmentWriter) write(ctx context.Context, segment []*chunk) error {
	for _, c := range segment {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		if err := w.chunk(c); err != nil {
			return err
		}
	}
	for _, one := range w.writers {
		if err := one.flush(); err != nil {
			return err
		}
	}
	return nil
}

func (w *segmentWriter) chunk(c *chunk) error {
	cells, writers := w.cells, w.writers
	placed := w.placed[sort.Search(len(w.placed), func(i int) bool { return w.placed[i].ordinal >= c.start }):]
	candidates := w.candidates[sort.Search(len(w.candidates), func(i int) bool { return w.candidates[i].ordinal >= c.start }):]
	for i, r := range c.out {
		for ; len(candidates) > 0 && candidates[0].ordinal == c.start+uint32(i); candidates = candidates[1:] {
			k := &candidates[0]
			var labels []string
			if w.items >= 0 {
				labels = labelsOf(w.classes.texts[k.class])
			}
			if err := writers[k.to-1].addSeated(c.ids.Value(i), cells[k.to-1], k.seat(), labels); err != nil {
				return err
			}
		}
		var err error
		if w.items >= 0 && r < firstReason {
			for len(placed) > 0 && placed[0].ordinal == c.start+uint32(i) {
				p := placed[0]
				placed = placed[1:]
				w.tally[p.role]++
				if writers[p.role-1].seats != nil {
					continue
				}
				if err := writers[p.role-1].addLabelled(c.ids.Value(i), cells[p.role-1], labelsOf(w.classes.texts[p.labels])); err != nil {
					return err
				}
			}
		} else if r < firstReason {
			at, cell := w.output(r)
			w.tally[at+1]++
			if writers[at].seats == nil {
				err = writers[at].add(c.ids.Value(i), cell)
			}
		} else {
			w.reasons[r-firstReason]++
			err = w.unused.add(c.ids.Value(i), w.reasonText(r))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *scan) reasonText(r role) string {
	if r < choiceReasons {
		return reasonText[r-firstReason]
	}
	return s.reasons.texts[r-choiceReasons]
}

// report says what became of the rows.
func (s *scan) report(ch *choice, counts map[role]int, out stages.Sink) {
	names := s.names
	var parts []string
	sizes := slices.DeleteFunc(append([]size{ch.train, ch.val, ch.iid}, ch.ood...), func(s size) bool { return s.kind == 0 })
	for i, name := range names {
		if name == "" {
			name = "kept"
		}
		part := fmt.Sprintf("%s %d", name, counts[role(i+1)])
		if i < len(sizes) && sizes[i].kind == share {
			cell := len(ch.cells[0])
			if k := i - (len(sizes) - len(ch.ood)); k >= 0 {
				cell = len(ch.cells[k+1])
			}
			part += fmt.Sprintf(" (%s of %d)", sizes[i], cell)
		}
		parts = append(parts, part)
	}
	out.Note("rows: %s", strings.Join(parts, ", "))
	if s.cfg.Reserve.kind != 0 {
		beyond := 0
		for _, k := range s.candidates {
			beyond += b2i(k.rank > k.places)
		}
		out.Note("reserve: %d candidates stand by for rows that the gate drops", beyond)
	}
	if text := s.overlap(); text != "" {
		out.Note("%s", text)
	}
	type line struct {
		text string
		n    int
	}
	var lines []line
	unused := 0
	for r, n := range counts {
		if r >= firstReason && n > 0 {
			lines = append(lines, line{s.reasonText(r), n})
			unused += n
		}
	}
	slices.SortFunc(lines, func(a, b line) int {
		if a.n != b.n {
			return b.n - a.n
		}
		return strings.Compare(a.text, b.text)
	})
	for i, l := range lines {
		if i == 12 && len(lines) > 13 {
			out.Note("unused: %d reasons more, see the column reason of the output unused", len(lines)-i)
			break
		}
		out.Note("unused: %d of %d rows: %s", l.n, s.total(), l.text)
	}
	if text := s.unlearnt(ch); text != "" {
		out.Note("%s", text)
	}
	for _, text := range s.spellings() {
		out.Note("%s", text)
	}
	alone := 0
	for _, c := range s.chunks {
		alone += c.alone
	}
	if alone > 0 {
		out.Note("group: %d rows have no value in %s and count as groups of their own", alone, strings.Join(s.cfg.Group, ", "))
	}
}
