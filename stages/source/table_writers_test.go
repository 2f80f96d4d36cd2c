package source

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWriters reads tables as pyarrow, DuckDB and Polars write them, and finds in them what pyarrow
// does (testdata/writers/make.py).
func TestWriters(t *testing.T) {
	for _, tt := range []struct{ table, want string }{
		{"pyarrow.parquet", "pyarrow"}, {"old.parquet", "pyarrow"}, {"pyarrow.arrow", "pyarrow"}, {"int96.parquet", "int96"}, {"duckdb.parquet", "duckdb"}, {"polars.parquet", "polars"},
	} {
		t.Run(tt.table, func(t *testing.T) {
			want, err := os.ReadFile("testdata/writers/want-" + tt.want + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			got, sink, err := read(t, TableKind(), ".", "{root: testdata/writers, id: id, table: "+tt.table+"}")
			if err != nil {
				t.Fatal(err)
			}
			check(t, got, strings.Split(strings.TrimSuffix(string(want), "\n"), "\n"))
			if tt.want == "pyarrow" {
				for _, name := range []string{"u64 (", "list (", "bytes ("} {
					if notes := strings.Join(sink.Notes, "\n"); !strings.Contains(notes, name) {
						t.Errorf("notes %q: want one that names %s", notes, name)
					}
				}
			}
		})
	}
}

// TestColumnWithoutValues: of tables, one that holds no value of a column takes its type from the others.
func TestColumnWithoutValues(t *testing.T) {
	want := []string{"a|year null|lux=1.5", "b|year=2019|lux null"}
	for _, order := range []string{"[part-1.parquet, part-2.parquet]", "[part-2.parquet, part-1.parquet]"} {
		got, _, err := read(t, TableKind(), ".", "{root: testdata/writers, id: id, table: "+order+"}")
		if err != nil {
			t.Fatal(err)
		}
		check(t, got, want)
	}
	got, _, err := read(t, TableKind(), ".", "{root: testdata/writers, id: id, table: part-1.parquet, types: {year: int}}")
	if err != nil {
		t.Fatal(err)
	}
	check(t, got, want[:1])
}

// TestZoneOfInstants: times of UTC are shown by the clock of a zone where types asks for it.
func TestZoneOfInstants(t *testing.T) {
	for _, table := range []string{"pyarrow.parquet", "pyarrow.arrow"} {
		with := "{root: testdata/writers, id: id, table: " + table + ", types: {%s: {zone: America/New_York}}}"
		got, _, err := read(t, TableKind(), ".", fmt.Sprintf(with, "utc"))
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []string{"utc=2019-03-01 18:30:15.123456Z", "utc null", "utc=1965-07-08 21:02:03.987654Z"} { // -5, and -4 in July
			if !strings.Contains(got[i], want) {
				t.Errorf("%s: row %s: want %s", table, got[i], want)
			}
		}
		_, _, err = read(t, TableKind(), ".", fmt.Sprintf(with, "us"))
		if err == nil || !strings.Contains(err.Error(), "types.us.zone: the table's times are of no zone") {
			t.Errorf("%s: times without a zone: %v", table, err)
		}
	}
}

// TestUncountedPictures: a picture is missing, though the file holds no counts that say so.
func TestUncountedPictures(t *testing.T) {
	with := "{root: testdata/writers, id: id, image: image, table: uncounted.parquet%s}"
	_, _, err := read(t, TableKind(), ".", fmt.Sprintf(with, ""))
	if want := `uncounted.parquet, row 2: column "image": the name of the image is missing; on_error: skip would leave the row out`; err == nil || err.Error() != want {
		t.Errorf("error:\n got %v\nwant %s", err, want)
	}
	got, sink, err := read(t, TableKind(), ".", fmt.Sprintf(with, ", on_error: skip"))
	if err != nil {
		t.Fatal(err)
	}
	if check(t, got, []string{"a|file:uncounted.parquet//0/image"}); len(sink.Skipped) != 1 {
		t.Errorf("skipped %q", sink.Skipped)
	}
}

// TestBytesAmongText: a row is bad, and not the table, when a text is none.
func TestBytesAmongText(t *testing.T) {
	with := "{root: testdata/writers, id: id, table: late.parquet%s}"
	_, _, err := read(t, TableKind(), ".", fmt.Sprintf(with, ""))
	if want := `late.parquet, row 1500: column "x": "\xff" is not UTF-8; on_error: skip would leave the row out`; err == nil || err.Error() != want {
		t.Errorf("error:\n got %v\nwant %s", err, want)
	}
	got, sink, err := read(t, TableKind(), ".", fmt.Sprintf(with, ", on_error: skip"))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1499 || got[1498] != "1498|x=x" || len(sink.Skipped) != 1 {
		t.Errorf("%d rows, the last %s, skipped %q", len(got), got[len(got)-1], sink.Skipped)
	}
}

// TestUnheldColumn: a column that a source cannot hold is named with what it holds.
func TestUnheldColumn(t *testing.T) {
	_, _, err := read(t, TableKind(), ".", "{root: testdata/writers, id: u64, table: pyarrow.parquet}")
	if want := `-: with.id: the column "u64" holds whole numbers of 64 bits without a sign, which a source cannot: cast it to text, numbers or times where the table is written`; err == nil || err.Error() != want {
		t.Errorf("error:\n got %v\nwant %s", err, want)
	}
}

// TestLists: labels that are lists in Parquet, Arrow and JSONL.
func TestLists(t *testing.T) {
	want, err := os.ReadFile("testdata/writers/want-lists.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"lists.parquet", "lists-v1.parquet", "lists-polars.parquet", "lists-duckdb.parquet", "lists-hf.parquet", "lists.arrow", "lists.jsonl"} {
		got, _, err := read(t, TableKind(), ".", "{root: testdata/writers, id: id, label: tags, table: "+table+"}")
		if err != nil {
			t.Errorf("%s: %v", table, err)
			continue
		}
		if text := strings.Join(got, "\n") + "\n"; text != string(want) {
			t.Errorf("%s: rows begin with\n%s\nwant\n%s", table, text[:200], want[:200])
		}
	}
	root := files(t, map[string]string{
		"twice.jsonl": `{"id": "a", "tags": ["x", "x"]}` + "\n" + `{"id": "b", "tags": ["x"]}`, "null.jsonl": `{"id": "a", "tags": ["x", null]}` + "\n" + `{"id": "b", "tags": ["x"]}`,
		"text.jsonl": `{"id": "a", "tags": ["x"]}` + "\n" + `{"id": "b", "tags": 1}`, "one.jsonl": `{"id": "c", "tags": "x"}`, "many.jsonl": `{"id": "d", "tags": ["x"]}`,
	})
	for _, tt := range []struct{ with, want string }{
		{"table: twice.jsonl, label: tags", `twice.jsonl:1: column "tags": ["x", "x"] names "x" twice; on_error: skip would leave the row out`},
		{"table: null.jsonl, label: tags", `null.jsonl:1: column "tags": a label of ["x", null] is missing; on_error: skip would leave the row out`},
		{"table: text.jsonl, label: tags", `text.jsonl:1: column "tags" holds a list or an object, which a column of text or numbers cannot; on_error: skip would leave the row out`},
		{"table: many.jsonl, label: {column: tags, separator: ','}", `-: with.label: the column "tags" holds lists of labels already: name it alone, without match, separator or classes`},
		{"table: [one.jsonl, many.jsonl], label: tags", `-: with.table: column "tags" holds lists in one of one.jsonl and many.jsonl, and none in the other`},
	} {
		_, _, err := read(t, TableKind(), root, "{root: ., id: id, "+tt.with+"}")
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s:\n got %v\nwant %s", tt.with, err, tt.want)
		}
	}
}

// TestDamagedParquet spoils bits and cuts files off: the reader never panics, whatever it says.
func TestDamagedParquet(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	refused := 0
	for _, name := range []string{"pyarrow.parquet", "lists.parquet", "uncounted.parquet"} {
		whole, err := os.ReadFile("testdata/writers/" + name)
		if err != nil {
			t.Fatal(err)
		}
		root := t.TempDir()
		for k := range 80 {
			data := bytes.Clone(whole)
			if k%4 == 0 {
				data = data[:r.IntN(len(data))]
			} else {
				for range 1 + r.IntN(4) {
					data[len(data)/2+r.IntN(len(data)/2)] ^= 1 << r.IntN(8)
				}
			}
			table := "m" + filepath.Ext(name)
			if err := os.WriteFile(filepath.Join(root, table), data, 0o644); err != nil {
				t.Fatal(err)
			}
			more := map[string]string{"lists.parquet": "label: tags", "uncounted.parquet": "image: image, on_error: skip"}[name]
			if _, _, err := read(t, TableKind(), root, "{root: ., table: "+table+", id: id, "+more+"}"); err != nil {
				refused++
			}
		}
	}
	if refused < 100 {
		t.Errorf("%d of 240 damaged files are refused", refused)
	}
}

// TestArrowText: text that is none is named with its row.
func TestArrowText(t *testing.T) {
	whole, err := os.ReadFile("testdata/writers/lists.arrow")
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(whole, []byte("000001002"))
	root := t.TempDir()
	whole[at+4] = 0xff
	if err := os.WriteFile(filepath.Join(root, "m.arrow"), whole, 0o644); err != nil {
		t.Fatal(err)
	}
	_, _, err = read(t, TableKind(), root, "{root: ., table: m.arrow, id: id, label: tags}")
	if want := `m.arrow: column "id", row 2: "0\xff1" is not UTF-8`; err == nil || err.Error() != want {
		t.Errorf("error:\n got %v\nwant %s", err, want)
	}
}
