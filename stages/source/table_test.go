package source

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/parquet-go/parquet-go"
)

func TestTableTypes(t *testing.T) {
	root := files(t, map[string]string{
		"m.csv":         "\xef\xbb\xbfshot;device;defect;lux;n;ok;taken\r\n7;C01;scratch;12.5;3;TRUE;31.03.2026 01:30\r\n8;C02;\"a;b\"\"c\";;;0;\r\n",
		"img/C01/7.png": "png", "img/C02/8.png": "png",
	})
	got, _, err := read(t, TableKind(), root, `{root: ., table: m.csv, delimiter: ";", id: shot, image: "img/{device}/{shot}.png", label: defect,
	  types: {lux: float, n: int, ok: bool, taken: {time: "02.01.2006 15:04", zone: Europe/Berlin}}}`)
	if err != nil {
		t.Fatal(err)
	}
	check(t, got, []string{
		"7|file:img/C01/7.png|shot=7|device=C01|defect=scratch|lux=12.5|n=3|ok=true|taken=2026-03-31 01:30:00Z|label=scratch",
		`8|file:img/C02/8.png|shot=8|device=C02|defect=a;b"c|lux null|n null|ok=false|taken null|label=a;b"c`,
	})
}

func TestTableErrors(t *testing.T) {
	utf16le := func(s string) string {
		b := []byte("\xff\xfe")
		for _, u := range utf16.Encode([]rune(s)) {
			b = binary.LittleEndian.AppendUint16(b, u)
		}
		return string(b)
	}
	for _, tt := range []struct{ name, csv, with, want string }{
		{"ragged", "file,x\na.png,1\na.png\n", "image: file", `m.csv:3: it has 1 fields, the header 2; on_error: skip would leave the row out`},
		{"duplicate id", "file,x\na.png,1\na.png,2\n", "image: file", `m.csv:3: its id "a.png" is that of m.csv:2 too; on_error: skip would leave the row out`},
		{"missing id", "file,x\na.png,\n", "image: file, id: x", `m.csv:2: column "x": the id is missing; on_error: skip would leave the row out`},
		{"unknown column", "file,maker\na.png,1\n", "image: file, label: make", `-: with.label: the table has no column "make"; did you mean "maker"?`},
		{"not UTF-8", "file,x\na.png,caf\xe9\n", "image: file", `m.csv:2: column "x": "caf\xe9" is not UTF-8: say which encoding the table has, such as encoding: windows-1252; on_error: skip would leave the row out`},
		{"UTF-16", utf16le("file,x\na.png,1\n"), "image: file", "-: with.table: m.csv: it is UTF-16: set encoding: utf-16"},
		{"bad int", "file,x\na.png,2019.5\n", "image: file, types: {x: int}", `m.csv:2: column "x": "2019.5" is no whole number; on_error: skip would leave the row out`},
		{"bad time", "file,x\na.png,2019\n", "image: file, types: {x: {time: '2006-01-02'}}", `m.csv:2: column "x": "2019" is no time of the form "2006-01-02"; on_error: skip would leave the row out`},
		{"NaN", "file,x\na.png,NaN\n", "image: file, types: {x: float}", `m.csv:2: column "x": "NaN" is no number; nulls: ["", "NaN"] would make it missing; on_error: skip would leave the row out`},
		{"absent image", "file,x\nA.png,1\n", "image: file", `m.csv:2: column "file": there is no file "A.png"; did you mean "a.png"?; on_error: skip would leave the row out`},
		{"outside", "file,x\n../a.png,1\n", "image: file", `m.csv:2: the image's name "../a.png" leads out of the root; on_error: skip would leave the row out`},
		{"open quote", "file,x\na.png,\"1\n", "image: file", `m.csv:2: character 10 of the line: extraneous or missing " in quoted-field; a quote within a quoted field is written twice, and quotes: none takes quotes as they stand; on_error: skip would leave the row out`},
		{"empty", "", "image: file", "-: with.table: m.csv: it is empty: a table begins with a line of column names"},
		{"twin columns", "file,file\n", "image: file", `-: with.table: m.csv: columns 1 and 2 of the header are both named "file"`},
		{"own id", "file,id\na.png,1\n", "image: file", `-: with.id: the table has a column "id" of its own: use it with id: id, or rename it`},
		{"own label", "file,label,kind\na.png,1,2\n", "image: file, label: kind", `-: with.label: there is a column "label" besides "kind", which it would hide: rename one`},
		{"no table", "", "table: n.csv, image: file", "-: with.table: the root holds no file n.csv; did you mean \"m.csv\"?"},
		{"bad type", "file,x\n", "image: file, types: {x: integer}", `x.yaml:1:49: types.x: must be string, int, float, bool, {float: ','}, {int: {thousands: ','}}, {time: layout, zone: name}, or {one_of: {US: [USA], FR: []}}, got "integer"`},
		{"no id", "file,x\n", "label: x", "-: with.id: a table without images needs a column for the row's id"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root := files(t, map[string]string{"m.csv": tt.csv, "a.png": "png"})
			with := "{root: ., " + tt.with + "}"
			if !strings.Contains(tt.with, "table:") {
				with = "{root: ., table: m.csv, " + tt.with + "}"
			}
			_, _, err := read(t, TableKind(), root, with)
			if got := strings.ReplaceAll(fmt.Sprint(err), root+string(filepath.Separator), ""); got != tt.want {
				t.Errorf("error:\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestTableSkips(t *testing.T) {
	root := files(t, map[string]string{
		"m.csv": "file,x\na.png,1\nb.png,two\nc.png,3\nd.png,4\na.png,5\ne.png\nf.png,6\n",
		"a.png": "png", "b.png": "png", "c.png": "no picture", "f.png": "png",
	})
	with := "{root: ., table: m.csv, image: file, types: {x: int}, on_error: skip}"
	got, sink, err := read(t, TableKind(), root, with)
	if err != nil {
		t.Fatal(err)
	}
	check(t, got, []string{"a.png|file:a.png|file=a.png|x=1", "f.png|file:f.png|file=f.png|x=6"})
	if len(sink.Skipped) != 5 {
		t.Errorf("skipped %q", sink.Skipped)
	}
	if len(sink.Notes) != 1 || !strings.HasPrefix(sink.Notes[0], "5 of 7 rows cannot be used and are left out: ") {
		t.Errorf("notes %q", sink.Notes)
	}
	list := listing(t, TableKind(), root, with)
	if !strings.Contains(list, "image \"d.png\" absent\n") || strings.Count(list, "image ") != 4 {
		t.Errorf("listing:\n%s", list)
	}
}

func TestSeveralTables(t *testing.T) {
	root := files(t, map[string]string{"1.csv": "id,x\na,1\n", "2.csv": "x,id\n2,b\n", "3.csv": "id\nc\n"})
	got, _, err := read(t, TableKind(), root, "{root: ., table: [1.csv, 2.csv], id: id}")
	if err != nil {
		t.Fatal(err)
	}
	check(t, got, []string{"a|x=1", "b|x=2"})
	_, _, err = read(t, TableKind(), root, "{root: ., table: [1.csv, 3.csv], id: id}")
	if got, want := fmt.Sprint(err), `-: with.table: 3.csv lacks the column "x" that 1.csv has`; got != want {
		t.Errorf("error:\n got %s\nwant %s", got, want)
	}
}

func TestJSONL(t *testing.T) {
	root := files(t, map[string]string{"m.jsonl": `{"id": "a", "year": 2019, "lux": 1, "ok": true, "s": "x"}

{"id": "b", "lux": 2.5, "year": null, "s": "08"}
`})
	got, _, err := read(t, TableKind(), root, "{root: ., table: m.jsonl, id: id}")
	if err != nil {
		t.Fatal(err)
	}
	check(t, got, []string{"a|year=2019|lux=1|ok=true|s=x", "b|year null|lux=2.5|ok null|s=08"})

	root = files(t, map[string]string{"m.jsonl": `{"id": "a", "objects": {"bbox": [1]}, "year": 1}
{"id": "b", "objects": null, "year": 2, "tags": ["x"]}
`})
	got, sink, err := read(t, TableKind(), root, "{root: ., table: m.jsonl, id: id}")
	if err != nil {
		t.Fatal(err)
	}
	check(t, got, []string{"a|year=1", "b|year=2"})
	check(t, sink.Notes, []string{"m.jsonl: columns that hold neither text, numbers, booleans nor times are not read: objects (lists or objects), tags (lists or objects)"})
	for text, want := range map[string]string{
		`{"id": "a"`:             `m.jsonl:2: it is no JSON object: it ends early; on_error: skip would leave the row out`,
		`[1]`:                    `m.jsonl:2: it is no JSON object: a list of objects must become one object a line, as jq -c '.[]' writes them; on_error: skip would leave the row out`,
		`{"id": [1]}`:            `m.jsonl:2: column "id" holds a list or an object, which a column of text or numbers cannot; on_error: skip would leave the row out`,
		`{"id": "a", "id": "b"}`: `m.jsonl:2: the key "id" stands twice; on_error: skip would leave the row out`,
	} {
		root := files(t, map[string]string{"m.jsonl": `{"id": "z"}` + "\n" + text + "\n"})
		_, _, err := read(t, TableKind(), root, "{root: ., table: m.jsonl, id: id}")
		if got := fmt.Sprint(err); got != want {
			t.Errorf("%s:\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestParquetTable(t *testing.T) {
	type row struct {
		ID    string   `parquet:"id"`
		Year  int32    `parquet:"year,optional"`
		Lux   float32  `parquet:"lux"`
		OK    bool     `parquet:"ok"`
		Taken int64    `parquet:"taken,timestamp(millisecond)"`
		Day   int32    `parquet:"day,date"`
		Tags  []string `parquet:"tags,list"`
	}
	root := t.TempDir()
	f, err := os.Create(filepath.Join(root, "m.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	w := parquet.NewGenericWriter[row](f, parquet.MaxRowsPerRowGroup(7000))
	const n = 20000
	for i := range n {
		r := row{fmt.Sprintf("%05d", i), 2019, 0.5, i%2 == 0, 1000, 1, []string{"x"}}
		if i == 1 {
			r.Year = 0
		}
		if _, err := w.Write([]row{r}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f.Close()
	got, sink, err := read(t, TableKind(), root, "{root: ., table: m.parquet, id: id}")
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != n {
		t.Fatalf("%d rows, want %d", len(got), n)
	}
	check(t, got[:2], []string{
		"00000|year=2019|lux=0.5|ok=true|taken=1970-01-01 00:00:01Z|day=1970-01-02 00:00:00Z",
		"00001|year null|lux=0.5|ok=false|taken=1970-01-01 00:00:01Z|day=1970-01-02 00:00:00Z",
	})
	check(t, sink.Notes, []string{"m.parquet: columns that hold neither text, numbers, booleans nor times are not read: tags (nested)"})
}

func TestArrowTable(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{{Name: "id", Type: arrow.BinaryTypes.String}, {Name: "n", Type: arrow.PrimitiveTypes.Int16, Nullable: true}, {Name: "when", Type: &arrow.TimestampType{Unit: arrow.Nanosecond}}}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	b.Field(0).(*array.StringBuilder).AppendValues([]string{"a", "b"}, nil)
	b.Field(1).(*array.Int16Builder).AppendValues([]int16{-3, 0}, []bool{true, false})
	b.Field(2).(*array.TimestampBuilder).AppendValues([]arrow.Timestamp{-1, 1999}, nil)
	rec := b.NewRecord()
	defer rec.Release()
	root := t.TempDir()
	for name, open := range map[string]func(f *os.File) (interface {
		Write(arrow.Record) error
		Close() error
	}, error){
		"file.arrow": func(f *os.File) (interface {
			Write(arrow.Record) error
			Close() error
		}, error) {
			return ipc.NewFileWriter(f, ipc.WithSchema(schema))
		},
		"stream.arrow": func(f *os.File) (interface {
			Write(arrow.Record) error
			Close() error
		}, error) {
			return ipc.NewWriter(f, ipc.WithSchema(schema)), nil
		},
	} {
		f, err := os.Create(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		w, err := open(f)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(rec); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		f.Close()
		got, _, err := read(t, TableKind(), root, "{root: ., table: "+name+", id: id}")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		check(t, got, []string{"a|n=-3|when=1969-12-31 23:59:59.999999Z", "b|n null|when=1970-01-01 00:00:00.000001Z"})
	}
}
