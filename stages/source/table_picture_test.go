package source

import (
	"bytes"
	"image/png"
	"os"
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

// TestHuggingFacePaths: pictures without bytes in the table are the files that
// their paths name, in a whole row group or in some rows of one; a row with
// neither is bad (testdata/hf/paths.py).
func TestHuggingFacePaths(t *testing.T) {
	table, err := os.ReadFile("testdata/hf/paths.parquet")
	if err != nil {
		t.Fatal(err)
	}
	content := map[string]string{"t.parquet": string(table)}
	for _, i := range []string{"0", "1", "2", "3", "5"} {
		content["f"+i+".png"] = "png"
	}
	root := files(t, content)
	with := "{root: ., table: t.parquet, id: id, image: image, label: label, strip: /data/, on_error: skip}"
	got, sink, err := read(t, TableKind(), root, with)
	if err != nil {
		t.Fatal(err)
	}
	check(t, got, []string{
		"r0|file:f0.png|image_path=/data/f0.png|label=cat", "r1|file:f1.png|image_path=/data/f1.png|label=dog",
		"r2|file:f2.png|image_path=/data/f2.png|label=cat", "r3|file:f3.png|image_path=/data/f3.png|label=dog",
		"r4|file:t.parquet//4/image|image_path=p4.png|label=cat", "r5|file:f5.png|image_path=/data/f5.png|label=dog",
		"r7|file:t.parquet//7/image|image_path=p7.png|label=dog",
	})
	if want := `column "image": the name of the image is missing`; len(sink.Skipped) != 1 || sink.Skipped["r6"] != want {
		t.Errorf("left out %q, want r6: %s", sink.Skipped, want)
	}
	config, err := parse(t, TableKind(), root, with)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range got {
		ref := strings.Split(row, "|")[1]
		r, err := TableKind().Source.File(config, ref)
		if err != nil {
			t.Fatal(err)
		}
		if r.Unpack == nil {
			if _, err := os.Stat(r.Path); err != nil {
				t.Error(err)
			}
			continue
		}
		data, err := readRange(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := png.Decode(bytes.NewReader(data)); err != nil {
			t.Errorf("%s: %v", ref, err)
		}
	}
	// What is in such files is read, so a change of one is seen.
	if l := listing(t, TableKind(), root, with); !strings.Contains(l, `image "f5.png" `) || strings.Contains(l, "//") {
		t.Errorf("listing:\n%s", l)
	}
	content["f5.png"] = ""
	if _, _, err := read(t, TableKind(), files(t, content), strings.Replace(with, ", on_error: skip", "", 1)); err == nil || err.Error() != `t.parquet, row 6: column "image": the file "f5.png" is empty; on_error: skip would leave the row out` {
		t.Errorf("empty file: %v", err)
	}
}
