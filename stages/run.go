package stages

import (
	"context"
	"fmt"
	"sort"
	"time"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/pipeline"
)

// Inputs are what a running stage is handed.
type Inputs struct {
	Seed    uint64
	Workers int    // how many goroutines it may keep busy; never changes a result
	Memory  int64  // bytes that a stage which keeps something of every row may hold, where it can do with less; 0: no limit; never changes a result
	Images  Images // opens image cells
	Resume  []byte // the last checkpoint of this very work, or nil
	Ports   map[string][]Input
	Outputs []string // of a row-wise kind with several: those wanted; nil for all

	// For external kinds alone.
	Home   string        // folder of the spec, where the user's program starts
	Folder string        // exists, and is kept until this very work is done, over failures and kills
	Limit  time.Duration // resources.time of the stage; 0 for none
}

// Names lists the ports that were given, sorted; with an Any port these are
// the user's names.
func (in *Inputs) Names() []string {
	names := make([]string, 0, len(in.Ports))
	for n := range in.Ports {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

// One returns the single input of a port, or nil when an optional port was
// not given.
func (in *Inputs) One(port string) Input {
	if p := in.Ports[port]; len(p) > 0 {
		return p[0]
	}
	return nil
}

// An Input is a dataset or a set of files. It is safe for concurrent use.
type Input interface {
	// Stage is the name of the stage that made it; Output which of its
	// outputs; Coords where it stands in the matrix, sorted by axis.
	Stage() string
	Output() string
	Coords() []pipeline.Coord

	// Schema holds "id" and the columns that the kind declared to read.
	Schema() *arrow.Schema
	// Len is the number of rows.
	Len() int
	// Each calls f with records of consecutive rows in ascending id. f retains
	// what it keeps; the record is released after it returns.
	Each(ctx context.Context, f func(arrow.Record) error) error
	// Take returns the rows of the given ordinals (0 <= ordinal < Len) in that
	// order, duplicates kept. The caller releases the record.
	Take(ctx context.Context, ordinals []int) (arrow.Record, error)

	// FileNames lists the files of an input of type Files, sorted, and File
	// returns one whole, verified.
	FileNames() []string
	File(name string) ([]byte, error)
}

// A Sink takes what a stage makes. It is safe for concurrent use.
type Sink interface {
	// Write adds rows to an output: the columns "id" and those the kind
	// declared for it, by name. Rows may come in any order; ids are unique.
	// The sink retains what it keeps.
	Write(output string, rec arrow.Record) error
	// WriteFile adds a named file to an output of type Files.
	WriteFile(output, name string, data []byte) error

	// Skip says that a row was left out and why; rows are counted by reason and
	// named in the run record.
	Skip(id, reason string)
	// Note is a line that people should see.
	Note(format string, args ...any)
	// Metric records a headline figure, such as "top-1 error" in [0, 1]; what is
	// not finite is told and not kept.
	Metric(name string, value float64)
	// Progress says how far the work is.
	Progress(done, total int64, unit string)
	// Checkpoint keeps state from which Run can go on (Inputs.Resume) to the
	// same bits; the last one counts, and it goes when the stage is done.
	Checkpoint(state []byte) error
}

// A Passer is a sink that can hand on all rows of an output's base as they are,
// without being told each. It reports false where it cannot; then they have to
// be written.
type Passer interface{ Pass(output string) bool }

// A RowError is a row that could not be processed.
type RowError struct {
	ID   string
	File string // of its image, if any; relative as the source names it
	Err  error
}

func (e *RowError) Error() string {
	if e.File == "" {
		return fmt.Sprintf("row %q: %v", e.ID, e.Err)
	}
	return fmt.Sprintf("row %q (%s): %v", e.ID, e.File, e.Err)
}

func (e *RowError) Unwrap() error { return e.Err }

// A Rejection is the error of a stage that does not let its input pass, with
// files that show why. They are put beside the reports, where those of the
// stage's output Output would lie, and the message then says where that is.
type Rejection struct {
	Err    error
	Output string
	Files  []File
}

// A File is a named result.
type File struct {
	Name string // relative, with "/"
	Data []byte
}

func (r *Rejection) Error() string { return r.Err.Error() }
func (r *Rejection) Unwrap() error { return r.Err }
