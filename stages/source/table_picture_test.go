package source

import (
	"bytes"
	"image/png"
	"strings"
	"testing"
)

// TestHuggingFace reads a file that Hugging Face datasets wrote (testdata/hf/make.py): pictures stay in
// it, class numbers become names, and a missing label (-1) is missing.
func TestHuggingFace(t *testing.T) {
	for _, with := range []string{
		"{root: testdata/hf, table: hf.parquet, image: image, label: label}",
		"{root: testdata/hf, table: hf.parquet, image: image, label: label, on_error: skip}",
	} {
		got, _, err := read(t, TableKind(), ".", with)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != 25 {
			t.Fatalf("%d rows, want 25", len(got))
		}
		check(t, []string{got[0], got[7], got[24]}, []string{
			"p00.png|file:hf.parquet//0/image|image_path=p00.png|label=cat|year=2000",
			"p07.png|file:hf.parquet//7/image|image_path=p07.png|label null|year=2007",
			"p24.png|file:hf.parquet//24/image|image_path=p24.png|label=cat|year=2024",
		})
		config, err := parse(t, TableKind(), ".", with)
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range got {
			r, err := TableKind().Source.File(config, strings.Split(row, "|")[1])
			if err != nil {
				t.Fatal(err)
			}
			data, err := readRange(r)
			if err != nil {
				t.Fatal(err)
			}
			m, err := png.Decode(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			if red, _, blue, _ := m.At(0, 0).RGBA(); int(red>>8) != i || int(blue>>8) != 255-i {
				t.Errorf("row %d holds another row's picture: red %d, blue %d", i, red>>8, blue>>8)
			}
		}
	}
}
