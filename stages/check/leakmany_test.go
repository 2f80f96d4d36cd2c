package check

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/check/near"
	"shiftmill/stages/stagetest"
)

var (
	printed  = flag.Int("prints", 2000, "fingerprints in TestManyPrints; ImageNet has 1281167")
	printsIn = flag.Int64("prints-memory", 0, "bytes for TestManyPrints; 0: no limit")
)

// manyPrints are fingerprints of a set that are made whenever they are read, so
// that they take no memory. Each hundredth of the test set's pictures is one of train
// that was stored anew, each thousandth the same file; the others are like no other.
type manyPrints struct {
	name string
	from uint64 // number of the first
	n    int
}

func (p *manyPrints) Stage() string               { return "prints" }
func (p *manyPrints) Output() string              { return p.name }
func (p *manyPrints) Coords() []pipeline.Coord    { return nil }
func (p *manyPrints) Len() int                    { return p.n }
func (p *manyPrints) FileNames() []string         { return nil }
func (p *manyPrints) File(string) ([]byte, error) { return nil, os.ErrNotExist }

func (p *manyPrints) Schema() *arrow.Schema {
	return arrow.NewSchema([]arrow.Field{{Name: "id", Type: arrow.BinaryTypes.String}, {Name: shaColumn, Type: arrow.BinaryTypes.String},
		{Name: lookColumn, Type: arrow.BinaryTypes.Binary}, {Name: "image", Type: stages.ImageType}}, nil)
}

func (p *manyPrints) Each(ctx context.Context, f func(arrow.Record) error) error {
	for at := 0; at < p.n; at += 4096 {
		ordinals := make([]int, min(4096, p.n-at))
		for i := range ordinals {
			ordinals[i] = at + i
		}
		rec := p.record(ordinals, func(uint64) stages.ImageCell { return stages.ImageCell{Ref: "unopened"} })
		err := f(rec)
		rec.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

// planted says which picture a row of the test set shows: its own number if its
// own, and whether the file is the same.
func (p *manyPrints) planted(i int) (shows uint64, same bool) {
	switch own := p.from + uint64(i); {
	case p.from > 0 && i%1000 == 999:
		return uint64(i), true
	case p.from > 0 && i%100 == 99:
		return uint64(i), false
	default:
		return own, true
	}
}

func (p *manyPrints) Take(_ context.Context, ordinals []int) (arrow.Record, error) {
	return p.record(ordinals, func(shows uint64) stages.ImageCell { return cellOf(scene(shows)) }), nil
}

func (p *manyPrints) record(ordinals []int, cell func(shows uint64) stages.ImageCell) arrow.Record {
	ids, shas, looks := array.NewStringBuilder(memory.DefaultAllocator), array.NewStringBuilder(memory.DefaultAllocator), array.NewBinaryBuilder(memory.DefaultAllocator, arrow.BinaryTypes.Binary)
	images := stages.NewImageBuilder(memory.DefaultAllocator)
	for _, i := range ordinals {
		shows, same := p.planted(i)
		ids.Append(fmt.Sprintf("%s/n%08d/%s_%09d.JPEG", p.name, i/1300, p.name, i))
		sha := fmt.Sprintf("%064x", shows)
		if !same {
			sha = fmt.Sprintf("%064x", 1<<40+shows)
		}
		shas.Append(sha)
		looks.Append(lookOf(shows, same).Bytes())
		images.Append(cell(shows))
	}
	return array.NewRecord(p.Schema(), []arrow.Array{ids.NewArray(), shas.NewArray(), looks.NewArray(), images.NewArray()}, int64(len(ordinals)))
}

// lookOf is a look whose coefficients fall off as those of pictures do; of a
// picture that was stored anew with some noise.
func lookOf(number uint64, same bool) *near.Look {
	r, noise, l := rand.New(rand.NewPCG(number, 3)), rand.New(rand.NewPCG(number, 4)), new(near.Look)
	for i := range l {
		l[i] = int16(2000 * r.NormFloat64() / float64(2+i/16+i%16))
		if !same {
			l[i] += int16(8 * noise.NormFloat64())
		}
	}
	return l
}

// A lightSink hands on whole sets as the engine does.
type lightSink struct{ *stagetest.Sink }

func (lightSink) Pass(string) bool { return true }

// peakMB is the most that this process has held; 0 where the system does not say.
func peakMB() int {
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, _ := strconv.Atoi(strings.Fields(rest)[0])
			return kb / 1024
		}
	}
	return 0
}

// The gate over as many fingerprints as ImageNet has, of which 1 in 100 of the
// test set is a picture of train again: all are found, nothing else is, and what
// is remembered of a picture is small. Reading costs next to nothing here, so that the
// time is that of the gate but for the looks, which are drawn each time.
func TestManyPrints(t *testing.T) {
	train := &manyPrints{"train", 0, *printed * 9 / 10}
	iid := &manyPrints{"iid", uint64(train.n), *printed - train.n}
	config := &Leakage{Exact: "warn", Near: "warn", Groups: "off", Overlap: "fail", Limits: near.Usual()}
	stage, err := LeakageKind().New(config)
	if err != nil {
		t.Fatal(err)
	}
	in := &stages.Inputs{Workers: runtime.GOMAXPROCS(0), Memory: *printsIn, Images: stagetest.Pictures(nil), Ports: map[string][]stages.Input{
		"prints": {train, iid}, "rows": {train, iid}}}
	out := lightSink{stagetest.NewSink()}
	before, start, began := peakMB(), cpuTime(), time.Now()
	if err := stage.Run(context.Background(), in, out); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d fingerprints, %d bytes: %.1f CPU-s, %.1f s, peak memory %d MB, of which %d were there before",
		*printed, *printsIn, (cpuTime() - start).Seconds(), time.Since(began).Seconds(), peakMB(), before)
	want := fmt.Sprintf("%d pairs of equal pictures of train and iid\n%d pairs of near-duplicates of train and iid", iid.n/1000, iid.n/100-iid.n/1000)
	if iid.n < 1000 {
		want = fmt.Sprintf("%d pairs of near-duplicates of train and iid", iid.n/100)
	}
	if got := strings.Join(out.Notes, "\n"); got != want {
		t.Errorf("notes:\n got %s\nwant %s", got, want)
	}
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
