package cli

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// layers is a spec whose matrix expands to 4n+1 instances in layers of one or
// two inputs each, beside the table that they read. Every instance has a key of
// its own.
func layers(tb testing.TB, n int) (spec string) {
	tb.Helper()
	dir := tb.TempDir()
	var table, at strings.Builder
	table.WriteString("id,n\n")
	for i := range n {
		fmt.Fprintf(&table, "r%05d,%d\n", i, i)
		fmt.Fprintf(&at, "%d, ", i)
	}
	spec = filepath.Join(dir, "layers.yaml")
	text := `shiftmill: v1
name: layers
stages:
  t: {kind: source/table, with: {root: ., table: t.csv, id: id, types: {n: int}}}
  a:
    kind: split/select
    matrix: {at: [` + strings.TrimSuffix(at.String(), ", ") + `]}
    from: t
    with: {where: {n: $matrix.at}}
  b: {kind: split/select, from: a, with: {where: {n: 0..}}}
  c: {kind: split/select, from: [a, b], with: {where: {n: 0..}}}
  d: {kind: split/select, from: c, with: {where: {n: 0..9999}}}
`
	for file, content := range map[string]string{spec: text, filepath.Join(dir, "t.csv"): table.String()} {
		if err := os.WriteFile(file, []byte(content), 0o666); err != nil {
			tb.Fatal(err)
		}
	}
	return spec
}

// BenchmarkNoop is a whole command that finds nothing to do, but for the start
// of the process; engine/peers times it beside other tools, start included.
func BenchmarkNoop(b *testing.B) {
	for _, n := range []int{250, 2500} {
		b.Run(fmt.Sprintf("instances=%d", 4*n+1), func(b *testing.B) {
			args := []string{"run", "--store", b.TempDir(), layers(b, n)}
			run := func() string {
				var out bytes.Buffer
				if code := Main(args, nil, &out, io.Discard); code != 0 {
					b.Fatalf("exit code %d", code)
				}
				return out.String()
			}
			run()
			b.ResetTimer()
			for b.Loop() {
				if out := run(); !strings.Contains(out, "ran 0, ") {
					b.Fatal(out)
				}
			}
		})
	}
}
