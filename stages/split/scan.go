package split

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/stages"
)

// A scan reads the input once and finds each row's cell, stratum and place.
type scan struct {
	cfg    *Shift
	names  []string // of the outputs by role less one, without "unused"
	cells  []string // what the column of that name says of them
	column string   // "" writes none
	rules  *rules
	seed   uint64

	columns                map[string]int // of the records, by name
	binsOf                 map[string][]int
	bounds                 map[string]*quantiles // of the bins by quantiles
	id                     int
	stratify, group, match []int
	label                  int  // -1: not read
	multi                  bool // a stratify column holds lists
	items, itemLabel       int  // the column of items, -1 without one, and the field of their class

	strata, mixes, classes dictionary
	reasons                dictionary

	mu     sync.Mutex
	chunks []*chunk
	failed failure
	values []map[string]bool // met in each attribute, as texts
	placed []placement       // with items, all rows of outputs by ordinal

	seated     []role      // outputs with candidates beyond their sizes
	candidates []candidate // of these, by ordinal
}

// A chunk is one record of the input after the scan.
type chunk struct {
	start uint32
	ids   *array.String // retained
	rows  []row         // those in a cell, by ordinal
	out   []role        // of every row; 0 for those in a cell
	keys  [][]groupKey  // of each group column, beside rows; only for several
	w     [][]uint64
	alone int // rows in a cell without a group
}

// A failure is the first row, by id, that the split refuses.
type failure struct {
	err     error
	ordinal uint32
}

// A dictionary numbers texts in the order it meets them, which is not
// reproducible: codes are made anew by renumber.
type dictionary struct {
	mu    sync.Mutex
	codes map[string]uint32
	texts []string
}

func (d *dictionary) code(text string) uint32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	c, ok := d.codes[text]
	if !ok {
		if d.codes == nil {
			d.codes = map[string]uint32{}
		}
		c = uint32(len(d.texts))
		text = strings.Clone(text)
		d.texts = append(d.texts, text)
		d.codes[text] = c
	}
	return c
}

// renumber sorts the texts and returns the new code of each old one.
func (d *dictionary) renumber() []uint32 {
	sorted := slices.Sorted(slices.Values(d.texts))
	at := make(map[string]uint32, len(sorted))
	for i, t := range sorted {
		at[t] = uint32(i)
	}
	to := make([]uint32, len(d.texts))
	for i, t := range d.texts {
		to[i] = at[t]
	}
	d.texts, d.codes = sorted, at
	return to
}

func newScan(cfg *Shift, in stages.Input, seed uint64) (*scan, error) {
	if int64(in.Len()) > math.MaxUint32 {
		return nil, fmt.Errorf("%d rows are more than a split can number (%d)", in.Len(), uint32(math.MaxUint32))
	}
	schema := in.Schema()
	rules, problems := cfg.bind(schema)
	if len(problems) > 0 {
		p := problems[0]
		return nil, fmt.Errorf("%s: %s", p.Field, p.Msg)
	}
	s := &scan{cfg: cfg, rules: rules, seed: seed, columns: map[string]int{}, binsOf: map[string][]int{}, label: -1, items: -1}
	for i, f := range cfg.withBins(schema).Fields() {
		s.columns[f.Name] = i
	}
	for name, b := range cfg.Bins {
		for _, of := range b.Of {
			s.binsOf[name] = append(s.binsOf[name], s.columns[of])
		}
	}
	s.id = s.columns["id"]
	for _, p := range []struct {
		names []string
		at    *[]int
	}{{cfg.strata(), &s.stratify}, {cfg.Group, &s.group}, {cfg.Match, &s.match}} {
		for _, name := range p.names {
			*p.at = append(*p.at, s.columns[name])
		}
	}
	s.multi = cfg.multi(schema)
	if cfg.readsLabel(schema) {
		s.label = s.columns[cfg.Label]
	}
	if cfg.Items.on() {
		s.items, s.itemLabel = s.columns[cfg.Items.Column], cfg.Items.field(schema, cfg.Items.Label)
	}
	return s, nil
}

// run reads all rows with so many goroutines.
func (s *scan) run(ctx context.Context, in stages.Input, workers int) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type job struct {
		rec arrow.Record
		c   *chunk
	}
	jobs := make(chan job)
	var wg sync.WaitGroup
	for range max(workers, 1) {
		wg.Go(func() {
			w := s.newWorker()
			for j := range jobs {
				if ctx.Err() == nil {
					rec := s.binned(j.rec)
					w.read(rec, j.c)
					rec.Release()
				}
				j.rec.Release()
			}
			w.remember()
		})
	}
	start := 0
	err := in.Each(ctx, func(rec arrow.Record) error {
		c := &chunk{start: uint32(start), ids: rec.Column(s.id).(*array.String)}
		c.ids.Retain()
		s.chunks = append(s.chunks, c)
		start += int(rec.NumRows())
		rec.Retain()
		select {
		case jobs <- job{rec, c}:
			return nil
		case <-ctx.Done():
			rec.Release()
			return context.Cause(ctx)
		}
	})
	close(jobs)
	wg.Wait()
	return errors.Join(err, s.failed.err)
}

// remember adds the values that a worker has met to those of the scan.
func (w *worker) remember() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.values == nil {
		w.values = make([]map[string]bool, len(w.lenses))
	}
	for a, l := range w.lenses {
		if w.values[a] == nil {
			w.values[a] = map[string]bool{}
		}
		for _, v := range l.texts() {
			w.values[a][v] = true
		}
	}
}

func (s *scan) release() {
	for _, c := range s.chunks {
		c.ids.Release()
	}
}

func (s *scan) fail(ordinal uint32, id, message string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed.err == nil || ordinal < s.failed.ordinal {
		s.failed = failure{&stages.RowError{ID: strings.Clone(id), Err: errors.New(message)}, ordinal}
	}
}

// A worker scans records; it is for one goroutine.
type worker struct {
	*scan
	hash                   *hasher
	lenses                 []*lens
	codes                  [][]uint32
	next                   [][][]uint32 // by attribute and the state before it: the state for each code; 0 is unknown
	states                 int
	judged                 []judgement // by the last state
	state                  []uint32    // of each row of the record
	met                    [][]bool
	null                   []bool
	strata, mixes, classes local
	key                    []byte
}

// A judgement is a verdict with its reason as a role.
type judgement struct {
	known bool
	verdict
	role role
}

// A local is a goroutine's own view of a dictionary.
type local struct {
	d     *dictionary
	codes map[string]uint32
	texts known
	key   []byte
}

// of returns the code of the values of some columns in a row.
func (l *local) of(cols []arrow.Array, i int) uint32 {
	if len(cols) != 1 || cols[0].IsNull(i) || !isText(cols[0]) {
		l.key, _ = appendKey(l.key[:0], cols, i)
		return l.code(l.key)
	}
	v := text(cols[0], i)
	c, ok := l.texts.get(v)
	if !ok {
		l.key, _ = appendKey(l.key[:0], cols, i)
		c = l.code(l.key)
		l.texts.put(v, c)
	}
	return c
}

func (l *local) code(key []byte) uint32 {
	c, ok := l.codes[string(key)]
	if !ok {
		c = l.d.code(string(key))
		l.codes[string(key)] = c
	}
	return c
}

func (s *scan) newWorker() *worker {
	n := len(s.rules.attributes)
	w := &worker{
		scan: s, hash: newHasher(s.seed), codes: make([][]uint32, n), next: make([][][]uint32, n),
		states: 1, judged: make([]judgement, 1), met: make([][]bool, n), null: make([]bool, n),
		strata:  local{d: &s.strata, codes: map[string]uint32{}},
		mixes:   local{d: &s.mixes, codes: map[string]uint32{}},
		classes: local{d: &s.classes, codes: map[string]uint32{}},
	}
	for _, a := range s.rules.attributes {
		w.lenses = append(w.lenses, newLens(a))
	}
	return w
}

// verdict looks a row up by its codes and returns the index of its judgement:
// a walk through one small table for each
// attribute, since ten million rows meet a handful of combinations.
func (w *worker) verdict(i int) uint32 {
	state := uint32(0)
	for a := range w.lenses {
		for uint32(len(w.next[a])) <= state {
			w.next[a] = append(w.next[a], nil)
		}
		row, c := w.next[a][state], w.codes[a][i]
		for uint32(len(row)) <= c {
			row = append(row, 0)
			w.next[a][state] = row
		}
		if row[c] == 0 {
			row[c] = uint32(w.states)
			w.states++
			w.judged = append(w.judged, judgement{})
		}
		state = row[c]
	}
	j := &w.judged[state]
	if !j.known {
		for a, l := range w.lenses {
			c := w.codes[a][i]
			w.met[a] = slices.Clone(l.met[c])
			w.null[a] = c == 0
		}
		*j = judgement{known: true, verdict: w.rules.judge(w.met, w.null)}
		if j.cell < 0 && j.fails == "" {
			j.role = w.reason(j.reason)
		}
	}
	return state
}

// reason returns the role of a reason of the scan.
func (s *scan) reason(text string) role { return choiceReasons + role(s.reasons.code(text)) }

func columns(rec arrow.Record, at []int) []arrow.Array {
	cols := make([]arrow.Array, len(at))
	for i, c := range at {
		cols[i] = rec.Column(c)
	}
	return cols
}

func (w *worker) read(rec arrow.Record, c *chunk) {
	if w.items >= 0 {
		w.readItems(rec, c)
		return
	}
	n := int(rec.NumRows())
	c.out = make([]role, n)
	for a, l := range w.lenses {
		if cap(w.codes[a]) < n {
			w.codes[a] = make([]uint32, n)
		}
		w.codes[a] = w.codes[a][:n]
		l.codes(rec.Column(w.columns[l.name]), w.codes[a])
	}
	inCell := 0
	w.state = w.state[:0]
	for i := range n {
		state := w.verdict(i)
		w.state = append(w.state, state)
		j := &w.judged[state]
		switch {
		case j.fails != "":
			w.fail(c.start+uint32(i), c.ids.Value(i), j.fails)
		case j.cell >= 0:
			inCell++
		}
		c.out[i] = j.role
	}
	c.rows = make([]row, 0, inCell)
	strata, group, match := columns(rec, w.stratify), columns(rec, w.group), columns(rec, w.match)
	if len(group) > 1 {
		c.keys, c.w = make([][]groupKey, len(group)), make([][]uint64, len(group))
	}
	for i := range n {
		if j := &w.judged[w.state[i]]; j.cell >= 0 && j.fails == "" {
			w.place(rec, c, i, j, strata, group, match)
		}
	}
}

// place adds a row of a cell, unless a column it needs is missing.
func (w *worker) place(rec arrow.Record, c *chunk, i int, j *judgement, strata, group, match []arrow.Array) {
	if !j.held && w.lacks(rec, c, i, strata, group, match) {
		return
	}
	id := c.ids.Value(i)
	r := row{ordinal: c.start + uint32(i), cell: uint16(j.cell), pool: j.pool, held: j.held}
	w.code(&r, rec, i, strata, match)
	w.addTo(c, &r, i, id, group)
}

// lacks says whether a missing value keeps a row out.
func (w *worker) lacks(rec arrow.Record, c *chunk, i int, strata, group, match []arrow.Array) bool {
	for k, col := range strata {
		if w.drops(c, i, col, w.cfg.strata()[k], "drop") {
			return true
		}
	}
	for k, col := range match {
		if w.drops(c, i, col, w.cfg.Match[k], "drop") {
			return true
		}
	}
	for k, col := range group {
		if w.drops(c, i, col, w.cfg.Group[k], "keep") {
			return true
		}
	}
	return w.label >= 0 && w.drops(c, i, rec.Column(w.label), w.cfg.Label, "drop")
}

// code numbers the values of a row that quotas and checks go by.
func (w *worker) code(r *row, rec arrow.Record, i int, strata, match []arrow.Array) {
	if w.multi {
		w.key = appendLabels(w.key[:0], w.cfg.Stratify, strata, i)
		r.stratum = w.strata.code(w.key)
	} else {
		r.stratum = w.strata.of(strata, i)
	}
	if len(match) > 0 {
		r.mix = w.mixes.of(match, i)
	}
	if w.label >= 0 {
		r.class = w.classes.of(rec.Columns()[w.label:w.label+1], i)
	}
}

// addTo gives a row its place and adds it to those in a cell.
func (w *worker) addTo(c *chunk, r *row, i int, id string, group []arrow.Array) {
	switch {
	case len(group) == 1 && !missing(group[0], i):
		w.key = appendValue(append(w.key[:0], 'g'), group[0], i)
		r.u, r.g, r.w = w.hash.ofGroup(w.key)
	case len(group) > 1:
		for k, col := range group {
			key, side := groupKey{}, uint64(0)
			if !missing(col, i) {
				w.key = binary.LittleEndian.AppendUint32(append(w.key[:0], 'k'), uint32(k))
				w.key = appendValue(w.key, col, i)
				key.u, key.g, side = w.hash.ofGroup(w.key)
			}
			c.keys[k], c.w[k] = append(c.keys[k], key), append(c.w[k], side)
		}
		fallthrough
	default:
		w.key = append(append(w.key[:0], 'i'), id...)
		r.u, r.g, r.w = w.hash.ofGroup(w.key)
		if len(group) == 1 {
			c.alone++
		}
	}
	c.rows = append(c.rows, *r)
}

// drops says whether the missing value of one column does.
func (w *worker) drops(c *chunk, i int, col arrow.Array, name, standard string) bool {
	if !missing(col, i) {
		return false
	}
	policy := w.cfg.Missing[name]
	if policy == "" {
		policy = standard
	}
	switch policy {
	case "keep":
		return false
	case "error":
		w.fail(c.start+uint32(i), c.ids.Value(i), fmt.Sprintf("%s is missing: fill it in, or set missing: {%s: drop}", name, name))
	}
	c.out[i] = w.reason("missing " + name)
	return true
}
