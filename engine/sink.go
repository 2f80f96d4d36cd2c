package engine

import (
	"fmt"
	"math"
	"sort"
	"strings"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/runs"
	"shiftmill/stages"
)

// maxNamedSkips bounds how many left-out rows a record names per reason; all
// are counted.
const maxNamedSkips = 1000

// A Skip is a reason for which rows were left out.
type Skip struct {
	Reason string   `json:"reason"`
	Rows   int      `json:"rows"`
	IDs    []string `json:"ids"` // the first ones, ascending
}

// A collector is the sink of one call of a stage: it checks what is written
// and keeps it until the call ends well.
type collector struct {
	n          *node
	progress   func(done, total int64, unit string)
	note       func(string)
	checkpoint func([]byte) error
	take       func(arrow.Record) error                     // takes the rows of row-wise stages as they come; nil: they are kept
	keep       func(output string, rec arrow.Record) error  // takes those of stages that are one task
	pass       func(output string) bool                     // hands on the rows of its base
	keepFile   func(output, name string, data []byte) error // takes their files

	mu      sync.Mutex
	own     map[string][]arrow.Field // of outputs whose columns the kind does not declare
	written map[string][]arrow.Field // as the first rows had them
	rows    map[string][]arrow.Record
	skips   map[string]*skipped
	notes   []string
	metrics []Metric
}

func newCollector(n *node) *collector {
	return &collector{n: n, own: map[string][]arrow.Field{}, written: map[string][]arrow.Field{}, rows: map[string][]arrow.Record{}, skips: map[string]*skipped{}}
}

func (c *collector) result(output string, t stages.Type) error {
	for _, r := range c.n.class.results {
		if r.Name != output {
			continue
		}
		if r.Type != t {
			return fmt.Errorf("output %q of kind %s is of another type", output, c.n.kind.Name)
		}
		return nil
	}
	return fmt.Errorf("kind %s has no output %q", c.n.kind.Name, output)
}

func (c *collector) Write(output string, rec arrow.Record) error {
	if err := c.result(output, stages.Rows); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	fields, known := c.n.own[output]
	if !known {
		fields, known = c.own[output]
	}
	if !known {
		for _, f := range rec.Schema().Fields() {
			if f.Name != idColumn {
				fields = append(fields, f)
			}
		}
		c.own[output] = fields
	}
	for _, f := range fields {
		if f.Name == inputColumn || strings.HasPrefix(f.Name, hiddenPrefix) {
			return fmt.Errorf("kind %s writes a column %q; the name %q and names that begin with %q are the store's own: rename it",
				c.n.kind.Name, f.Name, inputColumn, hiddenPrefix)
		}
	}
	rec, err := project(rec, schemaWithID(fields))
	if err != nil {
		return fmt.Errorf("kind %s, output %q: %w", c.n.kind.Name, output, err)
	}
	if c.written[output] == nil {
		c.written[output] = rec.Schema().Fields()[1:]
	}
	if c.take != nil {
		return c.take(rec)
	}
	if c.keep != nil {
		return c.keep(output, rec)
	}
	c.rows[output] = append(c.rows[output], rec)
	return nil
}

// fields are the own columns of an output as they were written, with the
// metadata that only a running stage knows (such as class names).
func (c *collector) fields(output string) []arrow.Field {
	if fields := c.written[output]; fields != nil {
		return fields
	}
	if fields, known := c.n.own[output]; known {
		return fields
	}
	return c.own[output]
}

// Pass hands on all rows of an output's base; see stages.Passer.
func (c *collector) Pass(output string) bool {
	return c.pass != nil && c.result(output, stages.Rows) == nil && c.pass(output)
}

func (c *collector) WriteFile(output, name string, data []byte) error {
	if err := c.result(output, stages.Files); err != nil {
		return err
	}
	return c.keepFile(output, name, data)
}

func (c *collector) Skip(id, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.skips[reason] == nil {
		c.skips[reason] = &skipped{}
	}
	c.skips[reason].add(id)
}

// A skipped are the rows left out for one reason: how many, and the first ids.
type skipped struct {
	rows int
	ids  []string
}

func (s *skipped) add(id string) {
	s.rows++
	if s.ids = append(s.ids, id); len(s.ids) >= 8*maxNamedSkips {
		s.ids = s.first()
	}
}

func (s *skipped) first() []string {
	sort.Strings(s.ids)
	return s.ids[:min(len(s.ids), maxNamedSkips)]
}

func (c *collector) Note(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	c.mu.Lock()
	c.notes = append(c.notes, line)
	c.mu.Unlock()
	c.note(line)
}

func (c *collector) Metric(name string, value float64) {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		c.Note("%s is %v: it is not kept", name, value)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.metrics = append(c.metrics, Metric{name, value})
}

func (c *collector) Progress(done, total int64, unit string) { c.progress(done, total, unit) }

func (c *collector) Checkpoint(state []byte) error { return c.checkpoint(state) }

// skipped summarises left-out rows by reason, reasons sorted.
func (c *collector) skipped() []Skip {
	reasons := make([]string, 0, len(c.skips))
	for r := range c.skips {
		reasons = append(reasons, r)
	}
	sort.Strings(reasons)
	out := make([]Skip, 0, len(reasons))
	for _, r := range reasons {
		out = append(out, Skip{Reason: r, Rows: c.skips[r].rows, IDs: c.skips[r].first()})
	}
	return out
}

// A storedFile is a named file of an output.
type storedFile struct {
	Name   string      `json:"name"`
	Object runs.Digest `json:"object"`
	Size   int64       `json:"size"`
}
