package splitbench

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/pipeline"
	"shiftmill/runs/table"
	"shiftmill/stages"
	"shiftmill/stages/split"
)

var (
	rows = flag.Int("rows", 200_000, "rows of the table; the figures that count are those of 10000000")
	peer = flag.String("peer", "", "Python with duckdb, polars and pyarrow, to measure them too")
	dir  = flag.String("dir", "", "folder of the table, kept for the next run; a temporary one when left out")
)

// with is a split as of StreetView StoreFronts: three shifted attributes, a
// group key and twenty classes.
func with(n int) string {
	return fmt.Sprintf(`{base: {country: [US, MX, CA], year: 2019, camera: new},
  shifts: {year: [2017, 2018], country: [FR], camera: [old]},
  sizes: {train: %d, val: %d, iid: %d, ood: %d}, stratify: label, group: business_id}`, n/50, n/1000, n/1000, n/1000)
}

// TestSplit makes the split once and reports time and memory.
func TestSplit(t *testing.T) {
	folder := *dir
	if folder == "" {
		folder = t.TempDir()
	}
	file := filepath.Join(folder, fmt.Sprintf("shops-%d.parquet", *rows))
	if _, err := os.Stat(file); err != nil {
		generate(t, file, *rows)
	}
	runtime.GC()
	start, cpu := time.Now(), cpuTime()
	out := &sink{folder: folder, busy: make(chan struct{}, runtime.GOMAXPROCS(0)), idle: map[string][]*output{}}
	in := &input{file: file, columns: []string{"id", "business_id", "camera", "country", "label", "year"}}
	if err := in.open(); err != nil {
		t.Fatal(err)
	}
	kind := split.ShiftKind()
	v, err := pipeline.ParseValue("x.yaml", with(*rows))
	if err != nil {
		t.Fatal(err)
	}
	config := kind.NewConfig()
	if errs := pipeline.Decode(v, config); len(errs) > 0 {
		t.Fatal(errs)
	}
	if p := kind.Check(config); len(p) > 0 {
		t.Fatal(p)
	}
	stage, err := kind.New(config)
	if err != nil {
		t.Fatal(err)
	}
	err = stage.Run(context.Background(), &stages.Inputs{Seed: 7, Workers: runtime.GOMAXPROCS(0), Ports: map[string][]stages.Input{"rows": {in}}}, out)
	if err != nil {
		t.Fatal(err)
	}
	chosen := time.Since(start)
	if err := out.close(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d rows: %.2f s until the stage was done, %.2f s with files closed, %.1f CPU-s, peak memory %d MB",
		*rows, chosen.Seconds(), time.Since(start).Seconds(), (cpuTime() - cpu).Seconds(), peakMemory())
	for _, n := range out.notes {
		t.Log(n)
	}
	if *peer != "" {
		cmd := exec.Command(*peer, "peers.py", file, strconv.Itoa(*rows))
		text, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		t.Logf("peers:\n%s", text)
	}
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peakMemory is the most that this process has held, in MB; 0 where the system
// does not say.
func peakMemory() int {
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for _, line := range strings.Split(string(data), "\n") {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, _ := strconv.Atoi(strings.Fields(rest)[0])
			return kb / 1024
		}
	}
	return 0
}

var schema = arrow.NewSchema([]arrow.Field{
	{Name: "id", Type: arrow.BinaryTypes.String}, {Name: "country", Type: arrow.BinaryTypes.String},
	{Name: "year", Type: arrow.PrimitiveTypes.Int64}, {Name: "camera", Type: arrow.BinaryTypes.String},
	{Name: "label", Type: arrow.BinaryTypes.String}, {Name: "business_id", Type: arrow.BinaryTypes.String},
}, nil)

// generate writes a table: about four photos a business, attributes drawn by
// a small counter-based mixer.
func generate(t testing.TB, file string, n int) {
	f, err := os.Create(file + ".part")
	if err != nil {
		t.Fatal(err)
	}
	var w *table.Writer
	mix := func(x uint64) uint64 {
		x ^= x >> 30
		x *= 0xbf58476d1ce4e5b9
		x ^= x >> 27
		x *= 0x94d049bb133111eb
		return x ^ x>>31
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for i := range n {
		h := mix(uint64(i) + 1)
		shop := mix(h^77) % uint64(n/4+1)
		s := mix(shop + 12345)
		b.Field(0).(*array.StringBuilder).Append(fmt.Sprintf("p%09d", i))
		b.Field(1).(*array.StringBuilder).Append([]string{"US", "US", "MX", "CA", "FR", "DE", "AT"}[s%7])
		b.Field(2).(*array.Int64Builder).Append(2016 + int64(h>>20%4))
		b.Field(3).(*array.StringBuilder).Append([]string{"new", "new", "old"}[h>>40%3])
		b.Field(4).(*array.StringBuilder).Append(fmt.Sprintf("class-%02d", s>>8%20))
		b.Field(5).(*array.StringBuilder).Append(fmt.Sprintf("shop-%07d", shop))
		if i%(1<<16) == 1<<16-1 || i == n-1 {
			rec := b.NewRecord()
			if w == nil { // as the engine stores what a source makes
				if w, err = table.NewWriter(f, schema, table.Options{Encoding: table.Fit(rec)}); err != nil {
					t.Fatal(err)
				}
			}
			err := w.Write(rec)
			rec.Release()
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+".part", file); err != nil {
		t.Fatal(err)
	}
}

// An input reads the table from its file, as the engine does from its store.
type input struct {
	stages.Input
	file    string
	columns []string
	schema  *arrow.Schema
	n       int64
}

func (in *input) open() error {
	r, f, err := in.reader()
	if err != nil {
		return err
	}
	in.schema, in.n = r.Schema(), r.NumRows()
	return f.Close()
}

func (in *input) reader() (*table.Reader, *os.File, error) {
	f, err := os.Open(in.file)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	r, err := table.Open(f, info.Size(), in.columns, memory.DefaultAllocator)
	return r, f, err
}

func (in *input) Schema() *arrow.Schema { return in.schema }
func (in *input) Len() int              { return int(in.n) }
func (in *input) Each(ctx context.Context, f func(arrow.Record) error) error {
	r, file, err := in.reader()
	if err != nil {
		return err
	}
	defer file.Close()
	for {
		rec, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		err = f(rec)
		rec.Release()
		if err != nil {
			return err
		}
	}
}

// A sink writes each output to Parquet files, as many as there are encoders at
// work for it, as partitions of a store would be: what is written is encoded
// beside the stage.
type sink struct {
	stages.Sink
	folder string
	busy   chan struct{} // a place for each encoder
	wg     sync.WaitGroup

	mu     sync.Mutex
	idle   map[string][]*output
	all    []*output
	failed error
	notes  []string
}

type output struct {
	file *os.File
	w    *table.Writer
}

func (s *sink) take(name string, rec arrow.Record) (*output, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if free := s.idle[name]; len(free) > 0 {
		s.idle[name] = free[:len(free)-1]
		return free[len(free)-1], nil
	}
	f, err := os.Create(filepath.Join(s.folder, fmt.Sprintf("out-%s-%d.parquet", name, len(s.all))))
	if err != nil {
		return nil, err
	}
	w, err := table.NewWriter(f, rec.Schema(), table.Options{Encoding: table.Fit(rec)})
	if err != nil {
		return nil, err
	}
	o := &output{f, w}
	s.all = append(s.all, o)
	return o, nil
}

func (s *sink) Write(name string, rec arrow.Record) error {
	o, err := s.take(name, rec)
	if err != nil {
		return err
	}
	rec.Retain()
	s.busy <- struct{}{}
	s.wg.Go(func() {
		err := o.w.Write(rec)
		rec.Release()
		<-s.busy
		s.mu.Lock()
		defer s.mu.Unlock()
		s.failed = errors.Join(s.failed, err)
		s.idle[name] = append(s.idle[name], o)
	})
	return nil
}

func (s *sink) close() error {
	s.wg.Wait()
	errs := make([]error, len(s.all))
	for i, o := range s.all {
		s.wg.Go(func() { errs[i] = errors.Join(o.w.Close(), o.file.Close()) })
	}
	s.wg.Wait()
	return errors.Join(append(errs, s.failed)...)
}

func (s *sink) Note(format string, args ...any) {
	s.notes = append(s.notes, fmt.Sprintf(format, args...))
}
func (s *sink) Skip(id, reason string) { panic("splitbench: the split skips a row") }
