package command_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/command"
	"shiftmill/stages/npy"
	"shiftmill/stages/stagetest"
)

func configure[C any](t *testing.T, kind *stages.Kind, text string) *C {
	t.Helper()
	c := kind.NewConfig().(*C)
	v, err := pipeline.ParseValue("with.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	if errs := pipeline.Decode(v, c); len(errs) > 0 {
		t.Fatal(errs)
	}
	return c
}

// matrix is one of float64 in the NPY format.
func matrix(rows, columns int64, values ...float64) string {
	b := npy.Header("<f8", rows, columns)
	for _, v := range values {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	return string(b)
}

func TestImportGolden(t *testing.T) {
	file := filepath.Join(t.TempDir(), "p.csv")
	if err := os.WriteFile(file, []byte("id,cat,dog\nb,0.25,2\na,-1,1\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	stagetest.Golden(t, "", stagetest.Case{Kind: command.Import(),
		Config: configure[command.Imported](t, command.Import(), fmt.Sprintf("{file: %q, classes: [cat, dog], activation: softmax}", file)),
		Ports:  map[string][]stages.Input{"data": {stagetest.Rows([]string{"a", "b"})}}})
}

func TestImport(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct{ file, text, ids, with, want string }{
		{file: "p.csv", text: "cat,note,id,dog\n0.25,x,b,0.75\n1,,a,0\n", want: "a [1 0] b [0.25 0.75]"},
		{file: "p.csv", text: "\ufeffid,cat,dog\nb,0,0\na,1,1\n", with: "activation: softmax", want: "a [0.5 0.5] b [0.5 0.5]"},
		{file: "p.csv", text: "id,cat,dog\nb,0,0\na,0,0\n", with: "activation: sigmoid", want: "a [0.5 0.5] b [0.5 0.5]"},
		{file: "p.csv", text: "id,cat\na,1\n", want: `p.csv: it has no column for class "dog"`},
		{file: "p.csv", text: "id,cat,dog\na,1,one\n", want: `p.csv: line 2, column "dog": "one" is no number`},
		{file: "p.csv", text: "id,cat,dog\na,1,0\nc,0,1\nc,0,1\n", want: `the predictions are not those of the rows: 1 of 2 rows have none, the first is "b"; 2 are of rows that were not asked for, the first is "c"`},
		{file: "p.csv", text: "id,cat,dog\na,1,0\nc,0,1\n", with: "missing: drop, unknown: ignore", want: "a [1 0]"},
		{file: "p.npy", text: matrix(2, 2, 0.25, 0.75, 1, 0), ids: "b\na\n", want: "a [1 0] b [0.25 0.75]"},
		{file: "p.npy", text: matrix(2, 2, 0.25, 0.75, 1, 0), ids: "b\n", want: "p.npy: it has 2 rows, the file of ids 1 lines"},
		{file: "p.npy", text: matrix(2, 2, 0.25, 0.75, 1, 0), ids: "b\na\nc\n", want: "p.npy: it has 2 rows, the file of ids more lines"},
		{file: "p.npy", text: matrix(1<<40, 1<<20), ids: "b\n", want: "p.npy: it ends early: 0 bytes of values, its header tells of 1099511627776 x 1048576 values of 8 bytes"},
		{file: "p.npy", text: matrix(2, 2, 0.25)[:60], ids: "b\n", want: "p.npy: its header is cut short"},
		{file: "p.npy", text: string(npy.Header("<i8", 2, 2)) + strings.Repeat("\x00", 32), ids: "a\nb\n", want: `p.npy: it must be a matrix (rows by classes) of floats; its shape is [2 2] and its values are "<i8"`},
		{file: "p.npy", text: string(npy.Header("<f4", 2)) + strings.Repeat("\x00", 8), ids: "a\nb\n", want: `p.npy: it must be a matrix (rows by classes) of floats; its shape is [2] and its values are "<f4"`},
		{file: "p.npy", text: string(npy.Header(">f2", 2, 2)) + "\x34\x00\x3a\x00\x3c\x00\x00\x00", ids: "b\na\n", want: "a [1 0] b [0.25 0.75]"},
		{file: "p.parquet", text: "PAR1 but no more", want: "p.parquet: read a table: "},
		{file: "p.arrow", text: "ARROW1 but no more", want: "p.arrow: "},
	} {
		with := fmt.Sprintf("{file: %q, classes: [cat, dog], %s}", filepath.Join(dir, tt.file), tt.with)
		if err := os.WriteFile(filepath.Join(dir, tt.file), []byte(tt.text), 0o666); err != nil {
			t.Fatal(err)
		}
		if tt.ids != "" {
			if err := os.WriteFile(filepath.Join(dir, "ids.txt"), []byte(tt.ids), 0o666); err != nil {
				t.Fatal(err)
			}
			with = strings.TrimSuffix(with, "}") + fmt.Sprintf("ids: %q}", filepath.Join(dir, "ids.txt"))
		}
		c := stagetest.Case{Kind: command.Import(), Config: configure[command.Imported](t, command.Import(), with),
			Ports: map[string][]stages.Input{"data": {stagetest.Rows([]string{"a", "b"})}}}
		out, err := c.Run(t.Context())
		got := fmt.Sprint(err)
		if err == nil {
			rows, err := out.Rows("")
			if err != nil {
				t.Fatal(err)
			}
			var lines []string
			scores := rows.Record().Column(1).(*array.FixedSizeList).ListValues().(*array.Float32)
			for i := range rows.Len() {
				lines = append(lines, fmt.Sprintf("%s [%v %v]", rows.Record().Column(0).ValueStr(i), scores.Value(2*i), scores.Value(2*i+1)))
			}
			got = strings.Join(lines, " ")
		}
		if got != tt.want && !(err != nil && strings.HasSuffix(tt.want, ": ") && strings.HasPrefix(got, tt.want)) {
			t.Errorf("%s %q:\n got %s\nwant %s", tt.file, tt.text, got, tt.want)
		}
	}
}
