package source

import (
	"bytes"
	"image/png"
	"strings"
	"testing"

	"shiftmill/stages"
)

// TestPicturesInPlace reads pictures out of Arrow files and streams and out of plain columns of
// bytes (testdata/hf/arrow.py): structs as Hugging Face datasets keeps them, binary and large binary.
func TestPicturesInPlace(t *testing.T) {
	for _, with := range []string{
		"table: t.arrow, image: photo", "table: s.arrow, image: photo", "table: t.arrow, image: raw", "table: s.arrow, image: large",
		"table: raw.parquet, image: raw",
	} {
		with = "{root: testdata/hf, id: id, on_error: skip, " + with + "}"
		got, sink, err := read(t, TableKind(), ".", with)
		if err != nil {
			t.Fatalf("%s: %v", with, err)
		}
		if len(got) != 6 || len(sink.Skipped) != 1 {
			t.Fatalf("%s: rows %q, skipped %v; want 6 rows, and that of no picture left out", with, got, sink.Skipped)
		}
		if strings.Contains(with, ".arrow") && (!strings.Contains(got[1], "|nothing null|kind=y|ok=true|animal=cat|") || !strings.Contains(got[5], "|animal null|")) {
			t.Errorf("%s: rows are %q", with, got)
		}
		config, err := parse(t, TableKind(), ".", with)
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range got {
			if i > 2 {
				i++
			}
			r, err := TableKind().Source.File(config, strings.Split(row, "|")[1])
			if err != nil {
				t.Fatal(err)
			}
			checkRed(t, with, r, i)
		}
	}
	_, _, err := read(t, TableKind(), ".", "{root: testdata/hf, table: packed.arrow, image: photo, id: id}")
	if want := `packed.arrow: column "photo": the file is compressed, so that no picture can be read in place: write it without compression, or as Parquet`; err == nil || err.Error() != want {
		t.Errorf("compressed:\n got %v\nwant %s", err, want)
	}
}

// checkRed reads a picture whose red is the number of its row.
func checkRed(t *testing.T, with string, r stages.FileRange, row int) {
	t.Helper()
	data, err := readRange(r)
	if err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if red, _, _, _ := m.At(0, 0).RGBA(); int(red>>8) != row {
		t.Errorf("%s: row %d holds another row's picture, of red %d", with, row, red>>8)
	}
}
