package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/pipeline"
	"shiftmill/runs"
	"shiftmill/stages"
)

// Options are the settings of an engine; the zero value works. None of them
// can change a result.
type Options struct {
	Workers   int      // goroutines that compute; 0 = all processors this process may use
	Batch     int      // most rows in a record batch; 0 = 256
	Cut       Cut      // how fresh datasets are cut; zero = about 1,024 rows
	Memory    int64    // bytes that rows in flight and tables kept for rereading may take; 0 = half of what this process may use
	Shard     int      // bytes that a file of exported Parquet holds, or a little more; 0 = 256 MiB
	StoreMax  int64    // bytes that the store may hold; 0 = as many as there is room for
	Rescan    []string // stages or instances whose frozen sources are looked at anew
	ReadOnly  bool     // only plan: content ids learnt on the way are not remembered
	KeepGoing bool     // after a failure, finish what does not depend on it
	Encoder   Encoder
	Retry     time.Duration // pause before work is tried again that failed for a temporary cause; it grows fourfold each time; 0 = 1 s
	Reports   string        // folder for the files of a stage that rejects its input, as Publish names them; empty: they are not kept
	Listen    func(Event)
	Now       func() time.Time

	// Granularity is how coarse the clock of the file systems is that hold data;
	// 0 = 2 s. A finer one spares hashing files anew that were just written.
	Granularity time.Duration
}

// An Engine plans and runs one graph over one store. It is made for one plan
// or run; its methods are not safe for concurrent use.
type Engine struct {
	graph   *pipeline.Graph
	store   *runs.Store
	o       Options
	nodes   []*node
	newest  []int                   // for each node the index of the last of those that it reads, -1 for none
	names   func() map[string]*node // see named
	readers func() map[*node][]reader
	stats   *statCache
	objects *objectCache
	schemas schemaCache
	scan    int                    // most rows of a table that are handed over at once, see eachAhead
	checked bool                   // types and columns, see Check
	spooled atomic.Int64           // bytes of rows that nodes hold until they end, see wholeOutput
	keeping sync.Mutex             // of what operations have made, see keepParts
	counts  map[*node]stages.Count // what sources said that have not run, see Estimate
	allKeys runs.Digest            // see keysDigest
	emit    func(Event)
}

// A node is an instance of a stage with what is known of it. What its readers ask stands
// first, close together: a plan looks at thousands of nodes, mostly waiting for memory.
type node struct {
	spec    *pipeline.Node
	kind    *stages.Kind
	class   *class
	outputs outputs
	index   int
	growing *dataset // of a row-wise node: its rows as far as they were ready when they began to flow on
	inputs  []input  // in the order of the graph's node
	key     Key
	state   State
	whole   bool // front is all of the record
	partly  bool // outputs are only those that other nodes read, see complete
	doubt   bool // the schemas are those for parameters of which some hold mistakes
	reason  string
	front   []byte      // of the stored record: its outputs at least
	told    *nodeRecord // of a run, or what details has read
	rows    int64       // of all outputs
	op      runs.Digest // of the operation alone, for row-wise kinds

	locked   *locked                  // of another spec, so that it never runs here; nil for the own
	own      map[string][]arrow.Field // columns it writes, by output, where known
	schemas  stages.Schemas           // full schemas, by output, where known
	sketches stages.Schemas           // schemas that are known but for some types
}

// An input is what one port of a node reads.
type input struct {
	name string // as the spec says it
	port *stages.Port
	refs []inputRef
	list bool     // the refs are one dataset, row after row
	data *dataset // what the stage reads, once it exists; nil for ports that gather and for files
}

// An inputRef is one output of another node.
type inputRef struct {
	node *node
	*pipeline.Ref
}

// An output is a result that exists.
type output struct {
	name  string
	data  *dataset     // of type Rows
	files []storedFile // of type Files
}

// outputs are those of a node; nil when it has no result yet.
type outputs []output

func (os outputs) get(name string) *output {
	for i := range os {
		if os[i].name == name {
			return &os[i]
		}
	}
	return nil
}

// New makes an engine for a graph whose spec was checked.
func New(g *pipeline.Graph, registry *stages.Registry, store *runs.Store, o Options) (*Engine, error) {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	scan := o.Batch
	if o.Batch <= 0 {
		o.Batch, scan = 256, scanRows
	}
	if o.Cut == (Cut{}) {
		o.Cut = defaultCut
	}
	if o.Memory <= 0 {
		o.Memory = usableMemory() / 2
	}
	if o.Shard <= 0 {
		o.Shard = shardBytes
	}
	if o.Retry <= 0 {
		o.Retry = time.Second
	}
	if o.Granularity <= 0 {
		o.Granularity = granularity
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Listen == nil {
		o.Listen = func(Event) {}
	}
	e := &Engine{graph: g, store: store, o: o, scan: scan}
	e.emit = serialise(o.Listen, o.Now)
	if store != nil {
		e.stats = newStatCache(store, o.Granularity)
		e.objects = newObjectCache(store, int(o.Memory/4))
	}
	e.names, e.readers = sync.OnceValue(e.byName), sync.OnceValue(e.findReaders)
	b := &graphBuilder{e: e, registry: registry, specs: map[string]*foreignSpec{}, classes: make(map[*pipeline.Setup]*class), shapes: map[string]*shape{}, sample: newSampleKind()}
	if err := b.add(g, nil); err != nil {
		return nil, err
	}
	if len(b.wrong) > 0 {
		var more pipeline.Errors // of what does not depend on them
		errors.As(e.Check(), &more)
		return nil, append(b.wrong, more...).Sorted()
	}
	return e, nil
}

func (e *Engine) byName() map[string]*node {
	names := make(map[string]*node, len(e.nodes))
	for _, n := range e.nodes {
		names[n.spec.Name] = n
	}
	return names
}

// named finds a node by its instance's name.
func (e *Engine) named(instance string) (*node, bool) {
	n, ok := e.names()[instance]
	return n, ok
}

// Check compares the types of outputs and ports, and follows columns through
// all stages as far as they are known without reading data. Mistakes come as
// pipeline.Errors, all at once. Plan and Run check on their own, before
// anything runs; where every result exists there is nothing to check.
func (e *Engine) Check() error {
	if e.checked {
		return nil
	}
	var errs pipeline.Errors
	if e.store != nil { // a check without data leaves locations alone
		errs = append(errs, e.checkLocations()...)
	}
	for _, n := range e.nodes {
		if wrong := n.checkTypes(); len(wrong) > 0 {
			errs = append(errs, wrong...) // its columns stay unknown, and with them what follows
			continue
		}
		errs = append(errs, n.deriveColumns()...)
	}
	if len(errs) > 0 {
		return errs.Sorted()
	}
	e.checked = true
	return nil
}

// CheckPart looks for further mistakes in the part of a graph that Parse has left of a
// spec with mistakes.
func CheckPart(g *pipeline.Graph, registry *stages.Registry) (errs pipeline.Errors) {
	e, err := New(g, registry, nil, Options{})
	if err == nil {
		err = e.Check()
	}
	errors.As(err, &errs)
	return errs
}

// Unchecked lists the stages whose columns are not known without running
// something, in graph order.
func (e *Engine) Unchecked() []string {
	var names []string
	for _, n := range e.nodes {
		for _, r := range n.class.results {
			if r.Type == stages.Rows && n.schemas[r.Name] == nil && !slices.Contains(names, n.spec.Stage) {
				names = append(names, n.spec.Stage)
			}
		}
	}
	return names
}

// result is what the kind says of an output; nil when there is none of this name.
func (n *node) result(output string) *stages.Output {
	for i := range n.class.results {
		if r := &n.class.results[i]; r.Name == output {
			return r
		}
	}
	return nil
}

// baseOf is the dataset whose rows an output passes on, or nil.
func (n *node) baseOf(output string) *dataset {
	r := n.result(output)
	if r == nil {
		return nil
	}
	in := n.input(r.Base)
	switch {
	case in == nil || len(in.refs) == 0:
		return nil
	case in.gathers():
		return in.refs[r.Member].data()
	}
	return in.data
}

// gathers says whether an input is several datasets side by side.
func (in *input) gathers() bool { return in.port.Many || !in.list && len(in.refs) > 1 }

// schemaName is what a kind calls the schema behind a reference: the port's
// name, and for a group under a name of the user's choice NAME=MEMBER.
func (in *input) schemaName(r inputRef) string {
	if in.port.Any && in.gathers() && !in.port.Many {
		return in.name + "=" + r.Output
	}
	return in.name
}

func (n *node) input(name string) *input {
	if name == "" {
		return nil
	}
	for i := range n.inputs {
		if n.inputs[i].name == name {
			return &n.inputs[i]
		}
	}
	return nil
}

// data is the dataset behind a reference, or nil when it is not there yet or
// of another type.
func (r inputRef) data() *dataset {
	if o := r.node.outputs.get(r.Output); o != nil {
		return o.data
	}
	return nil
}

// schema is what is known of the columns behind a reference, or nil.
func (r inputRef) schema() *arrow.Schema {
	if r.node.growing != nil { // its outputs may be made this very moment
		return r.node.growing.schema
	}
	if d := r.data(); d != nil {
		return d.schema
	}
	return r.node.schemas[r.Output]
}

// checkTypes compares the types of outputs and ports.
func (n *node) checkTypes() pipeline.Errors {
	var errs pipeline.Errors
	for _, in := range n.inputs {
		for _, r := range in.refs {
			if out := r.node.result(r.Output); out != nil && out.Type != in.port.Type {
				want, got := "rows", "files"
				if in.port.Type == stages.Files {
					want, got = got, want
				}
				errs = append(errs, &pipeline.Error{Pos: r.Pos, Path: n.spec.Path + ".from." + in.name,
					Msg: fmt.Sprintf("kind %s reads %s here, but %s gives %s", n.kind.Name, want, r.node.spec.Name, got)})
			}
		}
	}
	return errs
}

// Close keeps what was learnt about files.
func (e *Engine) Close(ctx context.Context) error {
	if e.stats == nil || e.o.ReadOnly {
		return nil
	}
	return e.stats.save(ctx)
}
