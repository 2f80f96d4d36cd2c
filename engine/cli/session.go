package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"shiftmill/engine"
	"shiftmill/pipeline"
	"shiftmill/runs"
	"shiftmill/specs"
	"shiftmill/stages"
	"shiftmill/stages/all"
	"shiftmill/stages/imageio"
	"shiftmill/stages/model/onnxruntime"
)

// quickstart is the spec that is used when none is named.
const quickstart = "specs/quickstart.yaml"

// A session is one command: its flags, and what it has opened.
type session struct {
	stdout, stderr *output

	set       []string
	storeDir  string
	workers   int
	batch     int
	shard     int // bytes of the files of an export; 0 for the default
	partition int
	memory    string
	storeMax  string
	rescan    []string
	device    string
	jsonOut   bool
	keepGoing bool
	only      string
	from      string
	try       int
	lock      bool
	locked    bool
}

func (s *session) specFlags(c *cobra.Command) {
	c.Flags().StringArrayVar(&s.set, "set", nil, "override a parameter, such as params.epochs=3 (may be repeated)")
	c.Flags().StringVar(&s.storeDir, "store", "", "folder of the store (default: .shiftmill beside the spec's repository)")
}

func (s *session) partFlags(c *cobra.Command) {
	c.Flags().Var((*stageValue)(&s.only), "only", "only this stage, or stage[axis=value,...], and what it needs")
	c.Flags().Var((*stageValue)(&s.from), "from", "only this stage and what follows it; what it reads must be in the store")
}

func (s *session) tryFlag(c *cobra.Command) {
	c.Flags().Var((*rowsValue)(&s.try), "try", "a trial: the whole graph on about `N` rows a source, one epoch; under its own keys, never in the lock file")
}

func (s *session) runFlags(c *cobra.Command) {
	c.Flags().IntVarP(&s.workers, "workers", "w", 0, "goroutines that compute (default: all processors); never changes a result")
	c.Flags().IntVar(&s.batch, "batch", 0, "most rows in a record batch (default 256); never changes a result")
	c.Flags().IntVar(&s.partition, "partition", 0, "rows in a fresh partition, about (default 1024); never changes a result")
	c.Flags().StringVar(&s.memory, "memory", "", "memory to use, such as 512MiB: rows in flight and tables kept to be read again are bounded by it (default: half of the machine's, or of its control group's limit); never changes a result")
	c.Flags().StringVar(&s.storeMax, "store-max", "", "largest size that the store may reach, such as 200GB (default: what fits on its disk)")
	c.Flags().StringVar(&s.device, "device", "", "what does the arithmetic: cpu (default), cpu:generic, cpu:avx2, cpu:avx512 or opencl:N as shiftmill kernels lists them; never changes a result")
	c.Flags().Func("onnxruntime", "library of ONNX Runtime, for models with runtime: onnxruntime (default: the active Python environment's, the system's)", func(path string) error {
		return os.Setenv(onnxruntime.PathVariable, path)
	})
	c.Flags().BoolVar(&s.keepGoing, "keep-going", false, "after a failure, finish what does not depend on it")
}

// An experiment is a spec that was read, with its store.
type experiment struct {
	file   string
	text   []byte
	onDisk bool // else it ships with the program
	graph  *pipeline.Graph
	part   bool            // --only or --from left stages out
	given  map[string]bool // instances that --from takes from the store
	local  *pipeline.Local
	kinds  *stages.Registry
	store  *runs.Store
	temp   string // folder that goes when the command ends
}

// close closes what open has opened.
func (x *experiment) close() error {
	err := x.store.Close()
	if x.temp != "" {
		err = errors.Join(err, os.RemoveAll(x.temp))
	}
	return err
}

// readSpec reads a spec from disk, or one that ships with the program.
func readSpec(name string) ([]byte, error) {
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		if shipped, ok := specs.Read(name); ok {
			return shipped, nil
		}
	}
	return data, err
}

// instead names a spec that may have been meant, else those that ship.
func instead(file string) string {
	if near := pipeline.NearSpec(file, file); near != "" {
		return near
	}
	names := specs.Names()
	if near := pipeline.Nearest(filepath.Base(file), names); near != "" {
		return fmt.Sprintf("; did you mean %q, which ships?", "specs/"+near)
	}
	return "; those that ship: " + strings.ReplaceAll(strings.Join(names, ", "), ".yaml", "")
}

// load reads and checks a spec.
func (s *session) load(args []string, partial bool) (*experiment, error) {
	x, err := s.read(args)
	if err != nil {
		return nil, err
	}
	return x, s.parse(x, partial)
}

// read finds a spec and the settings of this machine.
func (s *session) read(args []string) (*experiment, error) {
	x := &experiment{file: quickstart, kinds: all.Registry()}
	for _, o := range [][2]string{{"--memory", s.memory}, {"--store-max", s.storeMax}} {
		if _, err := bytesOf(o[0], o[1]); err != nil {
			return nil, err
		}
	}
	if len(args) > 0 {
		x.file = args[0]
	}
	var err error
	if x.text, err = readSpec(x.file); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, usage("no such spec: %s%s", x.file, instead(x.file))
		}
		if info, statErr := os.Stat(x.file); statErr == nil && info.IsDir() {
			return nil, usage("%s is a folder; name a spec in it", x.file)
		}
		return nil, err
	}
	x.onDisk = onDisk(x.file)
	x.local, err = pipeline.FindLocal(filepath.Dir(x.file))
	return x, err
}

// parse checks the text of a spec.
func (s *session) parse(x *experiment, partial bool) (err error) {
	x.graph, err = pipeline.Parse(x.file, x.text, pipeline.Options{
		Vocabulary: x.kinds, Set: s.set, Local: x.local, ReadFile: readSpec, Partial: partial, Only: s.only, From: s.from,
	})
	if err != nil {
		return withColumns(err, x)
	}
	if s.try > 0 {
		if x.graph, err = engine.Try(x.graph, x.kinds, s.try); err != nil {
			return err
		}
	}
	return s.restrict(x)
}

// withColumns adds, to the mistakes that the text of a spec holds, those about columns as
// far as they do not depend on them, so that all can be mended at once.
func withColumns(err error, x *experiment) error {
	var wrong pipeline.Errors
	if x.graph == nil || !errors.As(err, &wrong) {
		return err
	}
	wrong = append(wrong, engine.CheckPart(x.graph, x.kinds)...)
	x.graph = nil
	return wrong.Sorted()
}

// restrict leaves out the stages that --only and --from do not ask for. What
// --from begins with reads stands before it and is taken from the store.
func (s *session) restrict(x *experiment) error {
	nodes, err := x.graph.Select(s.only, s.from)
	if err != nil || len(nodes) == len(x.graph.Nodes) {
		return err
	}
	x.graph, x.part, x.given = engine.Part(x.graph, nodes), true, map[string]bool{}
	if s.from == "" {
		return nil
	}
	asked := map[*pipeline.Node]bool{}
	for _, n := range nodes {
		asked[n] = true
	}
	for _, n := range x.graph.Nodes {
		if !asked[n] {
			x.given[n.Name] = true
		}
	}
	return nil
}

// open loads a spec and opens its store; closing is the caller's. To look at a
// store that is not there yet an empty one stands in, so that looking leaves no
// trace.
func (s *session) open(args []string, readOnly bool) (*experiment, error) {
	x, err := s.read(args)
	if err != nil {
		return nil, err
	}
	dir := s.store(x)
	_, err = os.Stat(filepath.Join(dir, "VERSION"))
	if err == nil {
		return x, s.openBeside(x, dir, readOnly)
	}
	missing := errors.Is(err, fs.ErrNotExist)
	if err := s.parse(x, false); err != nil { // a bad spec makes no store
		return nil, err
	}
	if missing && readOnly {
		if x.temp, err = tempFolder(); err != nil {
			return nil, err
		}
		dir, readOnly = x.temp, false
	}
	x.store, err = runs.Open(dir, runs.Options{ReadOnly: readOnly, Front: engine.Front})
	return x, err
}

// tempFolder makes a folder for what goes when the command ends.
func tempFolder() (string, error) {
	dir, err := os.MkdirTemp("", "shiftmill-")
	if err != nil {
		return "", fmt.Errorf("a temporary folder in %s, which the system or TMPDIR names: %w", os.TempDir(), err)
	}
	return dir, nil
}

// openBeside opens a store that is there while the spec is parsed, and reads on
// in its index as long as that takes: large specs look much up.
func (s *session) openBeside(x *experiment, dir string, readOnly bool) error {
	parsed := make(chan struct{})
	opened := make(chan error)
	go func() {
		var err error
		x.store, err = runs.Open(dir, runs.Options{ReadOnly: readOnly, Front: engine.Front})
		if err == nil {
			x.store.ReadAhead(parsed)
		}
		opened <- err
	}()
	err := s.parse(x, false)
	close(parsed)
	openErr := <-opened
	switch {
	case err == nil:
		return openErr
	case openErr == nil:
		return errors.Join(err, x.store.Close())
	}
	return err
}

// store chooses the folder of the store: the flag, the machine's settings,
// else .shiftmill in the nearest parent of the spec that is a repository or
// has one, else in the working folder.
func (s *session) store(x *experiment) string {
	if s.storeDir != "" {
		return s.storeDir
	}
	if x.local != nil && x.local.Store != "" {
		return string(x.local.Store)
	}
	if abs, err := filepath.Abs(x.file); err == nil {
		for dir := filepath.Dir(abs); ; dir = filepath.Dir(dir) {
			for _, mark := range []string{".shiftmill", ".git"} {
				if _, err := os.Stat(filepath.Join(dir, mark)); err == nil {
					return filepath.Join(dir, ".shiftmill")
				}
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	return ".shiftmill"
}

// options are the engine's settings from flags and the machine's settings.
func (s *session) options(x *experiment, listen func(engine.Event)) engine.Options {
	o := engine.Options{Workers: s.workers, Batch: s.batch, Shard: s.shard, KeepGoing: s.keepGoing, Rescan: s.rescan, Listen: listen,
		Encoder: engine.Encoder{Version: imageio.Version, JPEG: func(pix []byte, height, width, quality int) ([]byte, error) {
			return imageio.EncodeJPEG(&imageio.Pixels{H: height, W: width, C: 3, Pix: pix}, quality), nil
		}}}
	if x.store != nil {
		o.Reports = shortPath(s.reports(x))
	}
	if x.local != nil {
		if o.Workers == 0 {
			o.Workers = x.local.Workers
		}
		o.Memory = x.local.Memory
	}
	if n, err := bytesOf("--memory", s.memory); err == nil && n > 0 { // load has refused other text
		o.Memory = n
	}
	o.StoreMax, _ = bytesOf("--store-max", s.storeMax)
	if s.partition > 0 {
		o.Cut = engine.CutAround(s.partition)
	}
	return o
}

// bytesOf reads the size that an option gives; "" is 0.
func bytesOf(option, text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	var b pipeline.Bytes
	v, err := pipeline.ParseValue(option, text)
	if err != nil || len(b.DecodeSpec(v)) > 0 {
		return 0, usage("%s must be a number of bytes such as 512MiB or 16GB, got %q", option, text)
	}
	return int64(b), nil
}

// planned opens a spec and plans it on a store that is only read.
func (s *session) planned(ctx context.Context, args []string) (*experiment, *engine.Engine, error) {
	x, err := s.open(args, true)
	if err != nil {
		return nil, nil, err
	}
	o := s.options(x, nil)
	o.ReadOnly = true
	e, err := engine.New(x.graph, x.kinds, x.store, o)
	if err == nil {
		err = e.Plan(ctx)
	}
	collectAgain()
	if err != nil {
		return nil, nil, errors.Join(err, x.close())
	}
	return x, e, nil
}

func (s *session) printf(format string, args ...any) { fmt.Fprintf(s.stdout, format, args...) }
