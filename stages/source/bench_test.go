package source

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/stages"
	"shiftmill/stages/stagetest"
)

// A counter is a sink that keeps nothing but how many rows there were.
type counter struct {
	*stagetest.Sink
	rows int64
}

func (c *counter) Write(_ string, rec arrow.Record) error {
	c.rows += rec.NumRows()
	return nil
}

// benchRows is how many rows the benchmarks read: SHIFTMILL_ROWS, or a few.
func benchRows(b *testing.B) int {
	if text := os.Getenv("SHIFTMILL_ROWS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			b.Fatal(err)
		}
		return n
	}
	return 2000
}

// BenchmarkSources reads SHIFTMILL_ROWS rows from each kind of source; ns/row and the peak of the
// process (with /usr/bin/time -v) are the figures.
func BenchmarkSources(b *testing.B) {
	n := benchRows(b)
	root := b.TempDir()
	write := func(name string, f func(w *bufio.Writer)) {
		b.Helper()
		file, err := os.Create(filepath.Join(root, name))
		if err != nil {
			b.Fatal(err)
		}
		w := bufio.NewWriter(file)
		f(w)
		if err := w.Flush(); err != nil {
			b.Fatal(err)
		}
		if err := file.Close(); err != nil {
			b.Fatal(err)
		}
	}
	run := func(name string, kind *stages.Kind, with string) {
		b.Run(name, func(b *testing.B) {
			config, err := parse(b, kind, root, with)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				stage, err := kind.New(config)
				if err != nil {
					b.Fatal(err)
				}
				out := &counter{Sink: stagetest.NewSink()}
				if err := stage.Run(context.Background(), &stages.Inputs{Workers: 2}, out); err != nil {
					b.Fatal(err)
				}
				if out.rows != int64(n) {
					b.Fatalf("%d rows, want %d", out.rows, n)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/row")
		})
	}
	write("t.csv", func(w *bufio.Writer) {
		fmt.Fprintln(w, "id,country,year,label,group")
		for i := range n {
			fmt.Fprintf(w, "r%08d,%s,%d,class%02d,g%d\n", i, []string{"US", "FR", "DE"}[i%3], 2000+i%20, i%20, i/4)
		}
	})
	run("kind=table/csv", TableKind(), "{root: ., table: t.csv, id: id, label: label, types: {year: int}}")
	member := 0
	write("s.tar", func(w *bufio.Writer) {
		var members []string
		for ; member < n; member++ {
			members = append(members, fmt.Sprintf("%08d.jpg", member), "x", fmt.Sprintf("%08d.cls", member), strconv.Itoa(member%1000))
			if len(members) == 4000 || member == n-1 {
				shard := tarOf(b, members...)
				if member < n-1 {
					shard = shard[:len(shard)-1024] // the end comes later
				}
				w.WriteString(shard)
				members = members[:0]
			}
		}
	})
	run("kind=shards", ShardsKind(), "{root: ., shards: s.tar, label: cls, classes: imagenet-1k}")
	for i := range n {
		folder := filepath.Join(root, "f", strconv.Itoa(i%1000))
		if i < 1000 {
			if err := os.MkdirAll(folder, 0o755); err != nil {
				b.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%08d.jpg", i)), []byte("x"), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	run("kind=images", ImagesKind(), "{root: f, classes: imagenet-1k}")
	run("kind=garments", GarmentsKind(), fmt.Sprintf("{count: %d}", n))
	run("kind=renditions", RenditionsKind(), fmt.Sprintf("{count: %d}", n))
}
