package stages

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/pipeline"
)

// A Shape says how a kind's output follows from its input, and so how the
// engine keys, cuts and parallelises it.
type Shape uint8

const (
	// Source makes rows from files or from nothing; one task.
	Source Shape = iota
	// RowWise maps each row of its first port on its own (or drops it); other
	// ports are read whole. Run is called once for each partition, or for any
	// part of one, from several goroutines.
	RowWise
	// Index reads metadata columns only and picks rows of its inputs; one task.
	Index
	// Aggregate reads its inputs whole and makes something new; one task.
	Aggregate
)

func (s Shape) String() string {
	return [...]string{"source", "row-wise", "index", "aggregate"}[s]
}

// A Type is what flows through a port or an output.
type Type uint8

const (
	// Rows are a dataset.
	Rows Type = iota
	// Files are named byte strings, such as weights or a report.
	Files
)

// A Port is a named input.
type Port struct {
	Name     string
	Doc      string
	Type     Type
	Many     bool // gathers all instances and all outputs of a group
	Optional bool
	Any      bool // collects every name in "from" that is no other port's
}

// An Output is one named result of a stage.
type Output struct {
	Name   string // "" for a kind's only output
	Type   Type
	Base   string   // the port whose rows and columns it passes on; "" for fresh rows
	Member int      // which of the outputs behind that port, where a group stands there
	Groups []string // such as "tests" and "ood"
}

// A Schemas gives, for a port or an output, what is known of its columns; nil
// where the data would have to be read to know. Inputs under names of the
// user's choice all have an entry; the members of a group on one stand as
// NAME=MEMBER.
type Schemas map[string]*arrow.Schema

// An Origin says where an input stands: the stage and output that make it, and its
// coordinates in the matrix, sorted by axis.
type Origin struct {
	Stage, Output string
	Coords        []pipeline.Coord
	Chosen        Choice // who chose the rows, which row-wise stages hand on
}

// A Choice is an output of an instance that is not row-wise: its ids are its own.
type Choice struct{ Instance, Output string }

// String names a choice as a plan does.
func (c Choice) String() string { return strings.TrimSuffix(c.Instance+"."+c.Output, ".") }

// String names an origin as a plan does.
func (p Origin) String() string {
	s := p.Stage
	if p.Output != "" {
		s += "." + p.Output
	}
	for i, x := range p.Coords {
		s += [...]string{"[", ","}[min(i, 1)] + x.Axis + "=" + x.Value
	}
	if len(p.Coords) > 0 {
		s += "]"
	}
	return s
}

// A Def describes a kind whose parameters are of type C. Only Name, Doc,
// Version, Shape, Outputs and New are required.
type Def[C any] struct {
	Name    string
	Doc     string // one sentence
	Version int    // raised when the same input would give other output
	Shape   Shape
	In      []Port // the first is the row port of a row-wise kind
	Config  C      // defaults

	// Check reports what the tags of C cannot say.
	Check func(c *C) []pipeline.Problem
	// Advice says what is no mistake and yet may surprise; the verb check tells it.
	Advice func(c *C) []pipeline.Problem
	// Outputs lists the outputs for given parameters; OutputsFrom does so where
	// they depend on the inputs that the spec names as it likes (a port Any
	// without Many). A kind has one of the two.
	Outputs     func(c *C) []Output
	OutputsFrom func(c *C, from []pipeline.From) []Output
	// Columns gives, for each output of type Rows, the columns the stage
	// itself writes (without "id"); unknown schemas are left out. It reports
	// input columns that are missing or of a wrong type. Sources may look at
	// the header of their data, not at more.
	Columns func(c *C, in Schemas) (Schemas, []pipeline.Problem)
	// Sketch gives, for outputs whose columns Columns leaves out, those that the stage
	// will write, with a type that may do for each whose type only the data tell. It
	// serves to find mistakes behind the stage before anything runs.
	Sketch func(c *C, in Schemas) Schemas
	// Origins reports what is wrong with parameters that speak of gathered inputs by where
	// they stand in the matrix, such as the name of an axis or a value on it. in has an
	// entry for each name in "from" under which a port gathers.
	Origins func(c *C, in map[string][]Origin) []pipeline.Problem
	// Reads lists the columns read from a port of type Rows, "id" not
	// included; in may be nil when the columns are not known yet.
	Reads func(c *C, port string, in *arrow.Schema) []string

	// Rows says how many rows an output will have where the parameters alone tell,
	// -1 where they do not. Sources have Access.Count instead.
	Rows func(c *C, output string) int64
	// Passes says that each output has the rows of its base, but for a few.
	Passes bool
	// Pixels says about how many pixels a picture has that is written, given those of
	// one that goes in; nil where they are as many. Sizes of results are estimated by it.
	Pixels func(c *C, in float64) float64

	Gate    *pipeline.Gate    // what looks at the outputs and hands them on
	Presets []pipeline.Preset // ready-made parameters

	Random bool // the seed changes the result
	// External says that a program of the user's does the work, whose bits
	// nobody promises: the first result that is stored under a key stands, and
	// the stage has a folder that lasts until its work is done (Inputs.Folder).
	External bool
	// Through names a kind that the rows of the first port pass through first, as
	// a stage of its own: see pipeline.Prepared.
	Through string
	// Gather is for row-wise kinds whose start is dear: a call is handed the
	// missing rows of several partitions, and of several instances that do the same
	// to other datasets, as long as they are at most this many. Their stages are
	// Gatherers.
	Gather  int
	Streams bool // cheap pixels: recomputed on demand unless the spec says "cache: store"
	// Try shortens the work for a trial run, such as to one epoch; nil where
	// there is nothing to shorten but the rows.
	Try    func(c *C)
	Uses   []string // versions of shared code that reaches the result, such as "imageio/2"; they enter the key
	Source *Access[C]

	// New makes a stage that is ready to run; it is cheap and reads nothing.
	New func(c *C) (Stage, error)
}

// An Access is what only sources have: how the engine sees whether data
// changed, and how it opens the image cells that the source made.
type Access[C any] struct {
	// Listing writes what decides the source's rows: names of files in a fixed
	// order, digests of tables (from digest, which the engine caches by stat).
	// Nothing machine-specific goes in. nil for generators.
	Listing func(ctx context.Context, c *C, digest func(path string) (string, error), w io.Writer) error
	// File says where the encoded bytes of a "file:" reference lie.
	File func(c *C, ref string) (FileRange, error)
	// Draw makes the picture of a "recipe:" reference. It must be a pure
	// function of the reference, which therefore holds every parameter and the
	// kind's version.
	Draw func(ctx context.Context, ref string) (Picture, error)
	// Count says, without reading the data, what the source will give: it is how a run
	// that would not fit on the disk is refused before it begins. nil where nothing
	// cheap tells.
	Count func(ctx context.Context, c *C) (Count, error)
	// Frozen says that the source is to be taken as it was when it was last
	// scanned. The parameter behind it is named FrozenField and enters no key.
	Frozen func(c *C) bool
}

// A Count is what a source is about to give. It need not be exact.
type Count struct {
	Rows   int64
	Pixels int64 // of a picture, on average; 0 where that is not known
}

// FrozenField is the name of the parameter that freezes a source.
const FrozenField = "frozen"

// A SourceAccess is an Access with the type of the parameters hidden. Listing,
// File, Count and Frozen are nil where the Def left them out.
type SourceAccess struct {
	Listing func(ctx context.Context, config any, digest func(path string) (string, error), w io.Writer) error
	File    func(config any, ref string) (FileRange, error)
	Draw    func(ctx context.Context, ref string) (Picture, error)
	Count   func(ctx context.Context, config any) (Count, error)
	Frozen  func(config any) bool
}

// A FileRange says where the bytes of a picture lie: in a stretch of a file; Size < 0
// means to its end. The bytes are an encoded file, unless Height is set: then they are
// pixels, Height * Width * Channels bytes, row-major, of grey (1) or RGB (3).
type FileRange struct {
	Path         string
	Offset, Size int64

	Height, Width, Channels int

	// Unpack, if set, reads the bytes where they do not lie in the file as they are,
	// such as in a page of a Parquet file; Part then names them within the file, and
	// Offset and Size say nothing. It must be safe for concurrent use.
	Unpack func(f *os.File) ([]byte, error)
	Part   string
}

// Whole says whether the range is a file of its own.
func (r FileRange) Whole() bool { return r.Unpack == nil && r.Offset == 0 && r.Size < 0 }

// Plain says whether the range holds the encoded file itself, so that others can read
// it by offset and size.
func (r FileRange) Plain() bool { return r.Unpack == nil && r.Height == 0 }

// A Stage runs. For a row-wise kind Run is called concurrently, each time with
// some rows of the first port; otherwise once.
type Stage interface {
	Run(ctx context.Context, in *Inputs, out Sink) error
}

// A Gatherer is the stage of a kind with Gather. It is handed rows of several
// datasets at once, so that its dear start serves them all: the first port has an
// input for each, with rows of its own and ids that may stand in others too, and
// out a sink for each, in the same order. What the other ports have is the same
// for all of them.
type Gatherer interface {
	Stage
	Gather(ctx context.Context, in *Inputs, out []Sink) error
}

// RunFunc makes a Stage of a function.
type RunFunc func(ctx context.Context, in *Inputs, out Sink) error

// Run calls f.
func (f RunFunc) Run(ctx context.Context, in *Inputs, out Sink) error { return f(ctx, in, out) }

// A Kind is a Def with the type of its parameters hidden: what the registry
// holds and what the language and the engine work with.
type Kind struct {
	Name    string
	Version int
	Shape   Shape
	In      []Port
	Uses    []string
	Source  *SourceAccess // nil unless Shape is Source

	External bool
	Gather   int
	through  string

	doc             string
	random, streams bool
	gate            pipeline.Gate
	presets         []pipeline.Preset
	newConfig       func() any
	check           func(any) []pipeline.Problem
	advice          func(any) []pipeline.Problem
	outputs         func(any, []pipeline.From) []Output
	listed          atomic.Pointer[listedOutputs]
	columns         func(any, Schemas) (Schemas, []pipeline.Problem)
	sketch          func(any, Schemas) Schemas
	origins         func(any, map[string][]Origin) []pipeline.Problem // nil where nothing speaks of them
	reads           func(any, string, *arrow.Schema) []string
	build           func(any) (Stage, error)
	try             func(any)
	rows            func(any, string) int64
	pixels          func(any, float64) float64
	passes          bool
}

// Define makes a Kind of a Def; it panics when a required part is missing.
func Define[C any](d Def[C]) *Kind {
	if d.Name == "" || d.Doc == "" || d.Version == 0 || (d.Outputs == nil) == (d.OutputsFrom == nil) || d.New == nil {
		panic(fmt.Sprintf("stages: kind %q lacks a name, doc, version, outputs or New", d.Name))
	}
	if (d.Shape == Source) != (d.Source != nil) {
		panic(fmt.Sprintf("stages: kind %q: Access goes with sources, and only with them", d.Name))
	}
	k := &Kind{
		Name: d.Name, Version: d.Version, Shape: d.Shape, In: d.In, Uses: d.Uses,
		External: d.External, Gather: d.Gather, through: d.Through,
		doc: d.Doc, random: d.Random, streams: d.Streams, presets: d.Presets,
		newConfig: func() any { c := d.Config; return &c },
		check:     func(any) []pipeline.Problem { return nil },
		advice:    func(any) []pipeline.Problem { return nil },
		columns:   func(any, Schemas) (Schemas, []pipeline.Problem) { return nil, nil },
		sketch:    func(any, Schemas) Schemas { return nil },
		reads:     func(any, string, *arrow.Schema) []string { return nil },
		outputs: func(c any, from []pipeline.From) []Output {
			if d.OutputsFrom != nil {
				return d.OutputsFrom(c.(*C), from)
			}
			return d.Outputs(c.(*C))
		},
		build: func(c any) (Stage, error) { return d.New(c.(*C)) },
		try:   func(any) {},
		rows:  func(any, string) int64 { return -1 },

		pixels: func(_ any, in float64) float64 { return in },
	}
	if d.Gate != nil {
		k.gate = *d.Gate
	}
	if d.Check != nil {
		k.check = func(c any) []pipeline.Problem { return d.Check(c.(*C)) }
	}
	if d.Advice != nil {
		k.advice = func(c any) []pipeline.Problem { return d.Advice(c.(*C)) }
	}
	if d.Columns != nil {
		k.columns = func(c any, in Schemas) (Schemas, []pipeline.Problem) { return d.Columns(c.(*C), in) }
	}
	if d.Sketch != nil {
		k.sketch = func(c any, in Schemas) Schemas { return d.Sketch(c.(*C), in) }
	}
	if d.Origins != nil {
		k.origins = func(c any, in map[string][]Origin) []pipeline.Problem { return d.Origins(c.(*C), in) }
	}
	if d.Reads != nil {
		k.reads = func(c any, port string, in *arrow.Schema) []string { return d.Reads(c.(*C), port, in) }
	}
	k.passes = d.Passes
	if d.Rows != nil {
		k.rows = func(c any, output string) int64 { return d.Rows(c.(*C), output) }
	}
	if d.Pixels != nil {
		k.pixels = func(c any, in float64) float64 { return d.Pixels(c.(*C), in) }
	}
	if d.Try != nil {
		k.try = func(c any) { d.Try(c.(*C)) }
	}
	if a := d.Source; a != nil {
		k.Source = &SourceAccess{Draw: a.Draw}
		if a.Listing != nil {
			k.Source.Listing = func(ctx context.Context, c any, digest func(string) (string, error), w io.Writer) error {
				return a.Listing(ctx, c.(*C), digest, w)
			}
		}
		if a.File != nil {
			k.Source.File = func(c any, ref string) (FileRange, error) { return a.File(c.(*C), ref) }
		}
		if a.Count != nil {
			k.Source.Count = func(ctx context.Context, c any) (Count, error) { return a.Count(ctx, c.(*C)) }
		}
		if a.Frozen != nil {
			k.Source.Frozen = func(c any) bool { return a.Frozen(c.(*C)) }
		}
	}
	return k
}

// Through names the kind that rows pass through first, "" for none.
func (k *Kind) Through() string { return k.through }

// Doc is one sentence about the kind.
func (k *Kind) Doc() string { return k.doc }

// Presets are ready-made parameters under names.
func (k *Kind) Presets() []pipeline.Preset { return k.presets }

// Gate says what stands behind each stage of the kind; the zero Gate is none.
func (k *Kind) Gate() pipeline.Gate { return k.gate }

// Random says whether the seed changes the result.
func (k *Kind) Random() bool { return k.random }

// Streams says whether outputs are recomputed on demand by default.
func (k *Kind) Streams() bool { return k.streams }

// NewConfig returns a pointer to a configuration that holds the defaults.
func (k *Kind) NewConfig() any { return k.newConfig() }

// Check reports what tags cannot say about a decoded configuration.
func (k *Kind) Check(config any) []pipeline.Problem { return k.check(config) }

// Advice says what is no mistake and yet may surprise.
func (k *Kind) Advice(config any) []pipeline.Problem { return k.advice(config) }

// Results lists the outputs with their types and bases.
func (k *Kind) Results(config any, from []pipeline.From) []Output { return k.outputs(config, from) }

// Columns gives the columns that each output adds or replaces.
func (k *Kind) Columns(config any, in Schemas) (Schemas, []pipeline.Problem) {
	return k.columns(config, in)
}

// Sketch gives the columns of outputs where only their types are not all known.
func (k *Kind) Sketch(config any, in Schemas) Schemas { return k.sketch(config, in) }

// Origins reports what is wrong with parameters that speak of gathered inputs by where they
// stand; in is asked for only where some do.
func (k *Kind) Origins(config any, in func() map[string][]Origin) []pipeline.Problem {
	if k.origins == nil {
		return nil
	}
	return k.origins(config, in())
}

// Reads lists the columns read from a port.
func (k *Kind) Reads(config any, port string, in *arrow.Schema) []string {
	return k.reads(config, port, in)
}

// Rows is how many rows an output will have where the parameters alone tell, else -1.
func (k *Kind) Rows(config any, output string) int64 { return k.rows(config, output) }

// Pixels is about how many pixels a written picture has, given those of one that goes in.
func (k *Kind) Pixels(config any, in float64) float64 { return k.pixels(config, in) }

// Passes says that each output has the rows of its base, but for a few.
func (k *Kind) Passes() bool { return k.passes }

// Try shortens a configuration for a trial run.
func (k *Kind) Try(config any) { k.try(config) }

// New makes a stage that is ready to run.
func (k *Kind) New(config any) (Stage, error) { return k.build(config) }

// Port returns the port of that name: one of In, else the port that collects
// names of the user's choice.
func (k *Kind) Port(name string) (Port, bool) {
	for _, p := range k.In {
		if p.Name == name && !p.Any {
			return p, true
		}
	}
	for _, p := range k.In {
		if p.Any {
			return p, true
		}
	}
	return Port{}, false
}

// Ports lists the inputs for the language.
func (k *Kind) Ports() []pipeline.Port {
	ps := make([]pipeline.Port, len(k.In))
	for i, p := range k.In {
		ps[i] = pipeline.Port{Name: p.Name, Doc: p.Doc, Many: p.Many, Optional: p.Optional, Any: p.Any}
	}
	return ps
}

// Outputs lists names and groups of outputs for the language.
func (k *Kind) Outputs(config any, from []pipeline.From) pipeline.Outputs {
	list := k.outputs(config, from)
	first := k.listed.Load()
	if first != nil && len(list) == len(first.Names) && &list[0] == first.list {
		return first.Outputs
	}
	o := pipeline.Outputs{Groups: map[string][]string{}}
	for _, out := range list {
		o.Names = append(o.Names, out.Name)
		for _, g := range out.Groups {
			o.Groups[g] = append(o.Groups[g], out.Name)
		}
	}
	if first == nil && len(list) > 0 {
		k.listed.Store(&listedOutputs{&list[0], o})
	}
	return o
}

// listedOutputs are what Outputs made of the first list that a kind gave: most give the
// same one whatever the parameters.
type listedOutputs struct {
	list *Output
	pipeline.Outputs
}
