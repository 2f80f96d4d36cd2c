package manifest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// root is the tree's root by recursion over all lines at once.
func root(lines [][]byte) [32]byte {
	switch len(lines) {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return sha256.Sum256(append([]byte{0}, lines[0]...))
	}
	half := 1
	for 2*half < len(lines) {
		half *= 2
	}
	return join(root(lines[:half]), root(lines[half:]))
}

func TestTree(t *testing.T) {
	var lines [][]byte
	var tree Tree
	for n := range 40 {
		want := root(lines)
		if got := tree.Root(); got != hex.EncodeToString(want[:]) {
			t.Errorf("root of %d lines is %s, want %x", n, got, want)
		}
		lines = append(lines, []byte(fmt.Sprint("line ", n)))
		tree.Add(lines[n])
	}
}

func TestWriteRead(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.BinaryTypes.String}, {Name: "output", Type: arrow.BinaryTypes.String},
		{Name: "path", Type: arrow.BinaryTypes.String, Nullable: true}, {Name: "offset", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
		{Name: "size", Type: arrow.PrimitiveTypes.Int64, Nullable: true}, {Name: "sha256", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "labels", Type: arrow.ListOf(arrow.BinaryTypes.String), Nullable: true}, {Name: "lux", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	}, nil)
	rows := func(write func(arrow.Record) error) error {
		rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(`[{"id": "a<b", "output": "train", "path": "a.tar", "offset": 512, "size": 9, "sha256": "00ff", "labels": ["x", "y"], "lux": 0.1},
			{"id": "c", "output": "train"}, {"id": "a<b", "output": "iid", "path": "c.png", "lux": 3}]`))
		if err != nil {
			return err
		}
		defer rec.Release()
		return write(rec)
	}
	dir := t.TempDir()
	h, err := Write(dir, Header{Name: "test", Seed: 7}, schema, rows)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"id":"a<b","output":"train","path":"a.tar","offset":512,"size":9,"sha256":"00ff","labels":["x","y"],"lux":0.1}
{"id":"c","output":"train"}
{"id":"a<b","output":"iid","path":"c.png","lux":3}
`
	for _, name := range []string{JSONL, Parquet} {
		var tree Tree
		var text bytes.Buffer
		got, err := Read(filepath.Join(dir, name), func(r Row) error {
			tree.Add(r.Line)
			fmt.Fprintf(&text, "%s\n", r.Line)
			if r.ID == "c" && (r.Path != "" || r.Offset != nil) || r.Output == "train" && r.ID != "c" && (*r.Offset != 512 || r.SHA256 != "00ff") {
				t.Errorf("%s: row %+v", name, r)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if text.String() != want || fmt.Sprint(got) != fmt.Sprint(h) || tree.Root() != h.Root || got.Rows != 3 || len(got.Sets) != 2 {
			t.Errorf("%s: header %+v, rows\n%swant header %+v, rows\n%s", name, got, text.String(), h, want)
		}
	}
	// A manifest that was cut off, or is something else, is said to be so.
	data, err := os.ReadFile(filepath.Join(dir, JSONL))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		string(data[:len(data)-5]): "line 4 is cut off",
		"":                         "is no manifest",
		"{\"manifest\":2}\n":       "its format is 2, and this program reads 1",
	} {
		path := filepath.Join(dir, "bad")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(path, func(Row) error { return nil }); err == nil || !bytes.Contains([]byte(err.Error()), []byte(want)) {
			t.Errorf("Read: %v, want %s", err, want)
		}
	}
}
