package stagetest

import (
	"fmt"
	"sort"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// A Sink keeps what a stage makes. It is a stages.Sink, safe for concurrent
// use; read its fields once the stage has returned.
type Sink struct {
	Skipped     map[string]string // reason by id
	Notes       []string
	Metrics     map[string]float64
	Checkpoints [][]byte
	Done, Total int64 // of the last Progress
	Unit        string
	// OnCheckpoint, if set, is called with each checkpoint; its error is what
	// Checkpoint returns, so a test can end a stage there.
	OnCheckpoint func(state []byte) error
	// OnProgress, if set, is called with each progress.
	OnProgress func(done, total int64, unit string)

	declared map[string]*arrow.Schema // by output; nil checks nothing

	mu      sync.Mutex
	records map[string][]arrow.Record
	files   map[string]map[string][]byte
}

// NewSink returns an empty sink.
func NewSink() *Sink {
	return &Sink{
		Skipped: map[string]string{}, Metrics: map[string]float64{},
		records: map[string][]arrow.Record{}, files: map[string]map[string][]byte{},
	}
}

// Write keeps a record.
func (s *Sink) Write(output string, rec arrow.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.declared != nil {
		want, ok := s.declared[output]
		if !ok {
			return fmt.Errorf("write to output %q, which the kind did not declare", output)
		}
		if err := sameColumns(rec.Schema(), want); err != nil {
			return fmt.Errorf("output %q: %w", output, err)
		}
	}
	if had := s.records[output]; len(had) > 0 && !had[0].Schema().Equal(rec.Schema()) {
		return fmt.Errorf("output %q: schema %v, before it was %v", output, rec.Schema(), had[0].Schema())
	}
	rec.Retain()
	s.records[output] = append(s.records[output], rec)
	return nil
}

func sameColumns(got, want *arrow.Schema) error {
	if len(got.FieldIndices("id")) != 1 || got.NumFields() != want.NumFields()+1 {
		return fmt.Errorf("columns %v, declared are id and %v", got, want)
	}
	for _, f := range want.Fields() {
		at := got.FieldIndices(f.Name)
		if len(at) != 1 || !arrow.TypeEqual(got.Field(at[0]).Type, f.Type) {
			return fmt.Errorf("columns %v, declared are id and %v", got, want)
		}
	}
	return nil
}

// WriteFile keeps a file.
func (s *Sink) WriteFile(output, name string, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.files[output] == nil {
		s.files[output] = map[string][]byte{}
	}
	if _, ok := s.files[output][name]; ok {
		return fmt.Errorf("output %q: file %q written twice", output, name)
	}
	s.files[output][name] = append([]byte(nil), data...)
	return nil
}

// Skip keeps the reason.
func (s *Sink) Skip(id, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Skipped[id] = reason
}

// Note keeps the line.
func (s *Sink) Note(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Notes = append(s.Notes, fmt.Sprintf(format, args...))
}

// Metric keeps the figure.
func (s *Sink) Metric(name string, value float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Metrics[name] = value
}

// Progress keeps the last figures.
func (s *Sink) Progress(done, total int64, unit string) {
	s.mu.Lock()
	s.Done, s.Total, s.Unit = done, total, unit
	s.mu.Unlock()
	if s.OnProgress != nil {
		s.OnProgress(done, total, unit)
	}
}

// Checkpoint keeps the state.
func (s *Sink) Checkpoint(state []byte) error {
	s.mu.Lock()
	s.Checkpoints = append(s.Checkpoints, append([]byte(nil), state...))
	s.mu.Unlock()
	if s.OnCheckpoint != nil {
		return s.OnCheckpoint(state)
	}
	return nil
}

// File is a file of an output, or nil.
func (s *Sink) File(output, name string) []byte { return s.files[output][name] }

// Files are an output's files as an input of another stage.
func (s *Sink) Files(output string) *Files {
	return &Files{StageName: "files", OutputName: output, Data: s.files[output]}
}

// Rows are an output's rows, sorted by id, as an input of another stage; nil
// when nothing was written. Duplicate ids are an error.
func (s *Sink) Rows(output string) (*Table, error) {
	recs := s.records[output]
	if len(recs) == 0 {
		return nil, nil
	}
	schema := recs[0].Schema()
	id := schema.FieldIndices("id")[0]
	type place struct {
		id       string
		rec, row int
	}
	var places []place
	for r, rec := range recs {
		ids := rec.Column(id).(*array.String)
		for i := range ids.Len() {
			places = append(places, place{ids.Value(i), r, i})
		}
	}
	sort.Slice(places, func(i, j int) bool { return places[i].id < places[j].id })
	columns := make([]arrow.Array, schema.NumFields())
	for c := range columns {
		parts := make([]arrow.Array, 0, len(places)+1)
		for i, p := range places {
			if i > 0 && p.id == places[i-1].id {
				return nil, fmt.Errorf("output %q: id %q written twice", output, p.id)
			}
			parts = append(parts, array.NewSlice(recs[p.rec].Column(c), int64(p.row), int64(p.row+1)))
		}
		if len(parts) == 0 {
			parts = append(parts, recs[0].Column(c))
		}
		a, err := array.Concatenate(parts, memory.DefaultAllocator)
		if err != nil {
			return nil, err
		}
		columns[c] = a
	}
	t := FromRecord(array.NewRecord(schema, columns, int64(len(places))))
	t.OutputName = output
	return t, nil
}
