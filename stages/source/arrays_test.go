package source

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestArrays reads arrays that NumPy wrote (testdata/arrays/make.py).
func TestArrays(t *testing.T) {
	with := "{root: testdata/arrays, arrays: [fog.npy, snow.npy], blocks: 2, names: [cat, dog, fox]}"
	got, _, err := read(t, ArraysKind(), ".", with)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 12 {
		t.Fatalf("%d rows, want 12", len(got))
	}
	check(t, []string{got[0], got[4], got[11]}, []string{
		"fog/00000000|file:fog.npy@128+18:2x3x3|array=fog|block=1|label=cat",
		"fog/00000004|file:fog.npy@200+18:2x3x3|array=fog|block=2|label=dog",
		"snow/00000005|file:snow.npy@218+18:2x3x3|array=snow|block=2|label=fox",
	})
	config, err := parse(t, ArraysKind(), ".", with)
	if err != nil {
		t.Fatal(err)
	}
	pixels := func(ref string) string {
		r, err := ArraysKind().Source.File(config, ref)
		if err != nil {
			t.Fatal(err)
		}
		data, err := readRange(r)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(r.Height, r.Width, r.Channels, data[:3])
	}
	if got, want := pixels(strings.Split(got[11], "|")[1]), "2 3 3 [165 164 163]"; got != want {
		t.Errorf("pixels %s, want %s", got, want)
	}
	got, _, err = read(t, ArraysKind(), ".", "{root: testdata/arrays, arrays: both.npz/x, labels: both.npz/y}")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(got[1], "both.npz/x/00000001|file:both.npz@") || !strings.HasSuffix(got[1], "+6:2x3x1|array=both.npz/x|label=1") {
		t.Errorf("row %s", got[1])
	}
	if got, want := pixels(strings.Split(got[1], "|")[1]), "2 3 1 [18 21 24]"; got != want {
		t.Errorf("pixels %s, want %s", got, want)
	}
	for with, want := range map[string]string{
		"arrays: packed.npz/x":               `packed.npz/x: the array "x" is compressed, so that nothing can be read in place: save it with numpy.savez, or as .npy`,
		"arrays: both.npz/z":                 `both.npz/z: it holds no array "z"; it has x, y`,
		"arrays: fortran.npy":                "fortran.npy: it is in Fortran order: save numpy.ascontiguousarray of it",
		"arrays: float.npy":                  `float.npy: its values are "<f4"; pictures are bytes, |u1`,
		"arrays: make.py":                    "make.py: it is no NumPy array",
		"arrays: fogg.npy":                   `the root holds no array fogg.npy; did you mean "fog.npy"?`,
		"arrays: fog.npy, names: [a, b]":     "fog.npy: labels.npy: label 2 is 2; there are 2 names",
		"arrays: fog.npy, blocks: 4":         "fog.npy: 6 pictures are no 4 equal blocks",
		"arrays: fog.npy, labels: snow.npy":  "snow.npy: its shape is [6 2 3 3]; one number a picture is expected",
		"arrays: fog.npy, labels: float.npy": `float.npy: its values are "<f4"; whole numbers are expected`,
		"arrays: labels.npy, labels: ''":     `labels.npy: its values are "<i8"; pictures are bytes, |u1`,
	} {
		_, _, err := read(t, ArraysKind(), ".", "{root: testdata/arrays, "+with+"}")
		if err == nil || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", with, err, want)
		}
	}
	data, err := os.ReadFile("testdata/arrays/fog.npy")
	if err != nil {
		t.Fatal(err)
	}
	root := files(t, map[string]string{"cut.npy": string(data[:200])})
	if _, _, err := read(t, ArraysKind(), root, "{root: ., labels: '', arrays: cut.npy}"); err == nil || err.Error() != "cut.npy: it ends early: 72 bytes of values, its header tells of 6 x 2 x 3 x 3 values of 1 bytes" {
		t.Errorf("cut short: %v", err)
	}
}

func TestCOCO(t *testing.T) {
	good := `{"info": {"year": 2017}, "annotations": [
{"id": 5, "image_id": 2, "category_id": 3, "bbox": [1, 2, 10.5, 20], "area": 7.5, "iscrowd": 0, "segmentation": [[1, 2]]},
{"id": 6, "image_id": 2, "category_id": 1, "bbox": [0, 0, 1, 1], "area": 1, "iscrowd": 1},
{"id": 7, "image_id": 2, "category_id": 3, "bbox": [0, 0, 1, 1], "area": 1}],
"images": [{"id": 2, "file_name": "b.png", "height": 2, "width": 2}, {"id": 1, "file_name": "a.png", "height": 2, "width": 2}],
"categories": [{"id": 1, "name": "person"}, {"id": 3, "name": "car"}]}`
	root := files(t, map[string]string{"a.png": "png", "b.png": "png", "a.json": good})
	got, _, err := read(t, COCOKind(), root, "{root: ., annotations: a.json}")
	if err != nil {
		t.Fatal(err)
	}
	check(t, got, []string{
		"a.png|file:a.png|image_id=1|labels=[]|items=[]",
		`b.png|file:b.png|image_id=2|labels=["car","person"]|items=[{"area":7.5,"bounding_box":[1,2,11.5,22],"category":"car","category_id":3,"iscrowd":0},{"area":1,"bounding_box":[0,0,1,1],"category":"person","category_id":1,"iscrowd":1},{"area":1,"bounding_box":[0,0,1,1],"category":"car","category_id":3,"iscrowd":0}]`,
	})
	change := func(from, to string) string { return strings.Replace(good, from, to, 1) }
	for _, tt := range []struct{ name, json, want string }{
		{"cut", good[:200], "annotations: near byte 164: the file ends early"},
		{"no object", "[]", "annotations: it is no JSON object with images, annotations and categories"},
		{"no images", change(`"images"`, `"pictures"`), `annotations: there is no list "images"`},
		{"same id", change(`{"id": 1, "file`, `{"id": 2, "file`), `annotations: near byte 459: images "b.png" and "a.png" have the same id 2`},
		{"no image", change(`"image_id": 2`, `"image_id": 9`), "a.json: annotation 5: there is no image 9; on_error: skip would leave it out"},
		{"no category", change(`"category_id": 3`, `"category_id": 4`), "a.json: annotation 5: there is no category 4; on_error: skip would leave it out"},
		{"box", change(`[1, 2, 10.5, 20]`, `[1, 2, -10.5, 20]`), "a.json: annotation 5: its bbox is no x, y, width, height; on_error: skip would leave it out"},
		{"absent", change(`"a.png"`, `"c.png"`), `c.png: there is no such file; did you mean "a.png"?; on_error: skip would leave it out`},
		{"way out", change(`"a.png"`, `"../a.png"`), `annotations: near byte 462: image 1: file_name "../a.png" names no file below the root`},
	} {
		if err := os.WriteFile(filepath.Join(root, "a.json"), []byte(tt.json), 0o644); err != nil {
			t.Fatal(err)
		}
		_, _, err := read(t, COCOKind(), root, "{root: ., annotations: a.json}")
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s:\n got %v\nwant %s", tt.name, err, tt.want)
		}
		if !strings.Contains(tt.want, "on_error") {
			continue
		}
		got, sink, err := read(t, COCOKind(), root, "{root: ., annotations: a.json, on_error: skip}")
		if err != nil || len(sink.Skipped) != 1 || len(got) < 1 {
			t.Errorf("%s: %v, rows %q, skipped %q", tt.name, err, got, sink.Skipped)
		}
	}
}
