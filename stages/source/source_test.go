package source

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/stagetest"
)

// parse reads the parameters of a kind as they stand under "with" of a spec in
// the folder dir.
func parse(t testing.TB, kind *stages.Kind, dir, with string) (any, error) {
	t.Helper()
	v, err := pipeline.ParseValue(filepath.Join(dir, "x.yaml"), with)
	if err != nil {
		t.Fatal(err)
	}
	config := kind.NewConfig()
	if errs := pipeline.Decode(v, config); len(errs) > 0 {
		return nil, errs
	}
	return config, nil
}

// read runs a source and returns its rows as text: "id|column=value|..." in
// the order of the schema.
func read(t testing.TB, kind *stages.Kind, dir, with string) ([]string, *stagetest.Sink, error) {
	t.Helper()
	config, err := parse(t, kind, dir, with)
	if err != nil {
		return nil, nil, err
	}
	sink, err := stagetest.Case{Kind: kind, Config: config, Workers: 2}.Run(context.Background())
	if err != nil {
		return nil, sink, err
	}
	table, err := sink.Rows("")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	rec := table.Record()
	for i := range int(rec.NumRows()) {
		var parts []string
		for c, f := range rec.Schema().Fields() {
			col := rec.Column(c)
			switch {
			case col.IsNull(i):
				parts = append(parts, f.Name+" null")
			case f.Name == "id":
				parts = append(parts, col.(*array.String).Value(i))
			case stages.IsImage(f.Type):
				parts = append(parts, stages.Image(col, i).Ref)
			default:
				parts = append(parts, f.Name+"="+col.ValueStr(i))
			}
		}
		out = append(out, strings.Join(parts, "|"))
	}
	return out, sink, nil
}

// files writes files into a new folder; a text "png" is a small picture.
func files(t testing.TB, content map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range content {
		if text == "png" {
			var b bytes.Buffer
			if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 2, 2))); err != nil {
				t.Fatal(err)
			}
			text = b.String()
		}
		file := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func check(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("rows:\n got %s\nwant %s", strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}

// listing is what a source's access lists.
func listing(t testing.TB, kind *stages.Kind, dir, with string) string {
	t.Helper()
	config, err := parse(t, kind, dir, with)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	err = kind.Source.Listing(context.Background(), config, func(path string) (string, error) {
		data, err := os.ReadFile(path)
		return fmt.Sprintf("%x", sha256.Sum256(data))[:8], err
	}, &b)
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestImages(t *testing.T) {
	root := files(t, map[string]string{
		"photo/dog/1.png": "png", "photo/dog/2.PNG": "png", "sketch/cat/1.png": "png", "sketch/cat/.hidden.png": "png",
		".git/dog/3.png": "png", "README.md": "text", "photo/stray.png": "png", "photo/dog/deep/4.png": "png",
	})
	got, sink, err := read(t, ImagesKind(), root, `{root: ., pattern: "{domain}/{label}/{file}"}`)
	if err != nil {
		t.Fatal(err)
	}
	check(t, got, []string{
		"photo/dog/1.png|file:photo/dog/1.png|domain=photo|label=dog|file=1.png",
		"photo/dog/2.PNG|file:photo/dog/2.PNG|domain=photo|label=dog|file=2.PNG",
		"sketch/cat/1.png|file:sketch/cat/1.png|domain=sketch|label=cat|file=1.png",
	})
	check(t, sink.Notes, []string{"2 image files do not match the pattern {domain}/{label}/{file} and are left out: photo/dog/deep/4.png, photo/stray.png"})
	want := `"photo/dog/1.png" false
"photo/dog/2.PNG" false
"sketch/cat/1.png" false
other "photo/dog/deep/4.png"
other "photo/stray.png"
`
	if got := listing(t, ImagesKind(), root, `{root: ., pattern: "{domain}/{label}/{file}"}`); got != want {
		t.Errorf("listing:\n got %s\nwant %s", got, want)
	}
}

func TestImagesOnError(t *testing.T) {
	root := files(t, map[string]string{"a/1.png": "png", "a/2.png": "no picture", "a/3.png": ""})
	_, _, err := read(t, ImagesKind(), root, "{root: .}")
	if got, want := fmt.Sprint(err), `"a/3.png": the file is empty; on_error: skip would leave it out`; got != want {
		t.Errorf("error:\n got %s\nwant %s", got, want)
	}
	got, sink, err := read(t, ImagesKind(), root, "{root: ., on_error: skip}")
	if err != nil {
		t.Fatal(err)
	}
	check(t, got, []string{"a/1.png|file:a/1.png|label=a|file=1.png"})
	if len(sink.Skipped) != 2 || sink.Skipped["a/3.png"] != "the file is empty" {
		t.Errorf("skipped %q", sink.Skipped)
	}
	check(t, sink.Notes, []string{"2 of 3 images cannot be used and are left out: a/2.png, a/3.png"})
}

func TestImagesErrors(t *testing.T) {
	root := files(t, map[string]string{"x/1.png": "png", "empty/readme.txt": "text"})
	for _, tt := range []struct{ name, with, want string }{
		{"no match", `{root: ., pattern: "{a}/{b}/{file}"}`, "none of the 1 image files below the root matches the pattern {a}/{b}/{file}; one is named x/1.png"},
		{"no image of a form", `{root: empty, glob: ["*.png", "a/**"]}`, "the root holds no file that ends in jpg, jpeg, png, webp, gif, bmp and is of the form *.png or a/**"},
		{"no image", `{root: empty}`, "the root holds no file that ends in jpg, jpeg, png, webp, gif, bmp"},
		{"no folder", `{root: nowhere}`, "list images: the root folder: no such file or directory"},
		{"joined names", `{root: ., pattern: "{a}{b}/{file}"}`, `-: with.pattern: in "{a}{b}/{file}" nothing says where {a} ends and {b} begins`},
		{"open brace", `{root: ., pattern: "{a/{file}"}`, `-: with.pattern: in "{a/{file}" a brace is not closed`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := read(t, ImagesKind(), root, tt.with)
			if got := fmt.Sprint(err); got != tt.want {
				t.Errorf("error:\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestFileStaysBelowRoot(t *testing.T) {
	for _, ref := range []string{"file:../x.png", "file:/etc/passwd", "recipe:x", "file:a/../../x"} {
		if got, err := fileOf("/data", ref); err == nil {
			t.Errorf("fileOf(%q) = %v, want an error", ref, got)
		}
	}
	got, err := fileOf("/data", "file:a/b.png")
	if want := filepath.Join("/data", "a", "b.png"); err != nil || got.Path != want || got.Size != -1 {
		t.Errorf("fileOf = %v, %v; want %s", got, err, want)
	}
}

func TestStorefronts(t *testing.T) {
	got, _, err := read(t, StorefrontsKind(), ".", "{count: 5, size: 32, strength: {country: 0.5, camera: 0}}")
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 5 {
		t.Fatalf("%d rows, want 5", len(got))
	}
	ref := strings.Split(got[0], "|")[1]
	pic, err := StorefrontsKind().Source.Draw(context.Background(), ref)
	if err != nil {
		t.Fatal(err)
	}
	if pic.Height != 32 || pic.Width != 32 || len(pic.Pix) != 32*32*3 {
		t.Errorf("picture of %d x %d, %d bytes", pic.Height, pic.Width, len(pic.Pix))
	}
	if strings.Contains(ref, "camera") || !strings.Contains(ref, "country-strength=500") {
		t.Errorf("recipe %s: want country at half strength, and no camera, whose strength is 0", ref)
	}
	if _, err := StorefrontsKind().Source.Draw(context.Background(), strings.Replace(ref, "/1?", "/0?", 1)); err == nil {
		t.Error("a recipe of another version was drawn")
	}
}

func TestGolden(t *testing.T) {
	kind := StorefrontsKind()
	config, err := parse(t, kind, ".", "{count: 500, size: 32}")
	if err != nil {
		t.Fatal(err)
	}
	stagetest.Golden(t, "", stagetest.Case{Kind: kind, Config: config, Seed: 7})

	kind = GarmentsKind()
	if config, err = parse(t, kind, ".", "{count: 300, size: 32}"); err != nil {
		t.Fatal(err)
	}
	stagetest.Golden(t, "", stagetest.Case{Kind: kind, Config: config, Seed: 7})

	root := files(t, map[string]string{"a/1.png": "png", "b/2.png": "png", "c.png": "png"})
	kind = ImagesKind()
	if config, err = parse(t, kind, root, "{root: .}"); err != nil {
		t.Fatal(err)
	}
	stagetest.Golden(t, "", stagetest.Case{Kind: kind, Config: config})

	root = files(t, map[string]string{"m.csv": "file,year,taken,ok\na.png,2019,31.12.2019 23:30,true\nb.png,,,\n", "a.png": "png", "b.png": "png"})
	kind = TableKind()
	if config, err = parse(t, kind, root, `{root: ., table: m.csv, image: file, types: {year: int, ok: bool, taken: {time: "02.01.2006 15:04", zone: Europe/Berlin}}}`); err != nil {
		t.Fatal(err)
	}
	stagetest.Golden(t, "", stagetest.Case{Kind: kind, Config: config})
}

// TestGoldenContainers holds what is read of the formats that others write.
func TestGoldenContainers(t *testing.T) {
	anno := `{"source": "shop", "pair_id": 7, "item1": ` + shirt + `}`
	for _, tt := range []struct {
		kind  *stages.Kind
		files map[string]string
		with  string
	}{
		{ArraysKind(), nil, "{root: testdata/arrays, arrays: [fog.npy, snow.npy], blocks: 2, names: [cat, dog, fox]}"},
		{COCOKind(), map[string]string{"1.jpg": "a", "2.jpg": "b", "a.json": `{"images": [{"id": 1, "file_name": "1.jpg", "width": 3, "height": 2}, {"id": 2, "file_name": "2.jpg", "width": 3, "height": 2}],
			"categories": [{"id": 5, "name": "cat"}, {"id": 7, "name": "dog"}],
			"annotations": [{"id": 1, "image_id": 1, "category_id": 7, "bbox": [0, 0, 2, 1], "area": 2}, {"id": 2, "image_id": 1, "category_id": 5, "bbox": [1, 0, 1, 1], "area": 1}]}`}, "{root: ., annotations: a.json}"},
		{DeepFashion2Kind(), map[string]string{"train/image/000001.jpg": "a", "train/annos/000001.json": anno, "validation/image/000001.jpg": "b",
			"validation/annos/000001.json": `{"source": "user", "pair_id": 8, "item1": ` + skirt + `}`}, "{root: .}"},
		{ShardsKind(), map[string]string{"t-000.tar": tarOf(t, "a.png", "one", "a.cls", "0", "a.json", `{"country": "FR", "n": 3}`, "x/b.png", "two", "x/b.cls", "2", "x/b.json", `{"n": 4}`)},
			`{root: ., shards: "t-{000..000}.tar", label: cls, classes: imagenet-1k}`},
	} {
		root := "."
		if tt.files != nil {
			root = files(t, tt.files)
		}
		config, err := parse(t, tt.kind, root, tt.with)
		if err != nil {
			t.Fatal(err)
		}
		stagetest.Golden(t, "", stagetest.Case{Kind: tt.kind, Config: config})
	}
}

// realData is a folder of real images beside the project; the test is skipped
// where it is absent, and fails there when CI says that it must run.
func realData(t testing.TB, name string) string {
	t.Helper()
	dir := filepath.Join("..", "..", "..", "shared", "data", name)
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is absent, and CI=true says that this test must run", dir)
		}
		t.Skipf("%s is absent", dir)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestRealFolders(t *testing.T) {
	got, _, err := read(t, ImagesKind(), realData(t, "pacs"), `{root: ., pattern: "{domain}/{label}/{file}"}`)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1440 || !strings.HasPrefix(got[0], "art_painting/dog/") {
		t.Errorf("%d rows, first %s", len(got), got[0])
	}
}

func TestRealTables(t *testing.T) {
	for _, tt := range []struct {
		set, with string
		rows      int
	}{
		{"camera-photos", "{root: ., table: metadata.csv, image: file, label: label, types: {year: int, width: int, lat: float, datetime: {time: '2006-01-02T15:04:05'}}}", 81},
		{"photo-doodle", "{root: ., table: metadata.csv, image: file, types: {year: int, recognized: bool}}", 1665},
		{"cifar10", "{root: ., table: metadata.csv, image: file}", 5000},
	} {
		got, _, err := read(t, TableKind(), realData(t, tt.set), tt.with)
		if err != nil {
			t.Fatalf("%s: %v", tt.set, err)
		}
		if len(got) != tt.rows {
			t.Errorf("%s: %d rows, want %d", tt.set, len(got), tt.rows)
		}
		t.Log(got[0])
	}
}
