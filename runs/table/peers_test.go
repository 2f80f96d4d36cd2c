package table_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/runs/table"
)

// TestPeers hands files to pyarrow and DuckDB and takes files from them. It needs
// SHIFTMILL_PEERS, the name of a Python with both.
func TestPeers(t *testing.T) {
	python := os.Getenv("SHIFTMILL_PEERS")
	if python == "" {
		t.Skip("SHIFTMILL_PEERS names no Python")
	}
	dir := t.TempDir()
	rec := randomRecord(everyType(), 700, 11, memory.DefaultAllocator)
	defer rec.Release()
	data := write(t, rec, table.Options{RowGroupRows: 300, PageBytes: 5000}, 100)
	writeFile(t, filepath.Join(dir, "ours.parquet"), data)
	var stream bytes.Buffer
	w := ipc.NewWriter(&stream, ipc.WithSchema(rec.Schema()))
	if err := w.Write(rec); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "ours.arrows"), stream.Bytes())
	encoded := texts(5000)
	defer encoded.Release()
	writeFile(t, filepath.Join(dir, "encoded.parquet"), write(t, encoded, table.Options{RowGroupRows: 2000, PageBytes: 5000, Encoding: table.Fit(encoded)}, 700))
	writeFile(t, filepath.Join(dir, "unencoded.parquet"), write(t, encoded, table.Options{}, 700))
	cmd := exec.Command(python, "testdata/peers.py", dir)
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"plain", "dictionary", "v1", "snappy", "gzip", "duckdb", "foreign"} {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(dir, name+".parquet"))
			if err != nil {
				t.Fatal(err)
			}
			r, err := table.Open(bytes.NewReader(data), int64(len(data)), nil, memory.DefaultAllocator)
			if err != nil {
				t.Fatal(err)
			}
			for _, err := range r.Skipped() {
				if name != "foreign" {
					t.Errorf("left out: %v", err)
				}
			}
			got, err := table.Read(data, nil, memory.DefaultAllocator)
			if err != nil {
				t.Fatal(err)
			}
			defer got.Release()
			want := readStream(t, filepath.Join(dir, name+".arrows"))
			defer want.Release()
			sameRecord(t, got, want)
		})
	}
}

func writeFile(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o666); err != nil {
		t.Fatal(err)
	}
}

// readStream returns the one record of an Arrow IPC stream.
func readStream(t *testing.T, name string) arrow.Record {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	r, err := ipc.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	rec, err := r.Read()
	if err != nil {
		t.Fatal(err)
	}
	rec.Retain()
	if _, err := r.Read(); err != io.EOF {
		t.Fatalf("%s holds more than one record: %v", name, err)
	}
	return rec
}
