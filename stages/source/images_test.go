package source

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestImageNetValidation: a flat folder whose labels stand in a table, as the example specs have it.
func TestImageNetValidation(t *testing.T) {
	root := files(t, map[string]string{
		"val/ILSVRC2012_val_00000001.JPEG": "png", "val/ILSVRC2012_val_00000002.JPEG": "png", "val/ILSVRC2012_val_00000003.JPEG": "png",
		"LOC_val_solution.csv": "ImageId,PredictionString\nILSVRC2012_val_00000002,n02129604 1 2 3 4 n02129604 5 6 7 8 \nILSVRC2012_val_00000001,n01440764 0 0 9 9 \nILSVRC2012_val_00000009,n01440764 1 1 2 2 \n",
	})
	with := `{root: val, pattern: "{file}", join: {table: LOC_val_solution.csv, key: ImageId, on: stem}, label: {column: PredictionString, match: "^(n[0-9]{8})"}, classes: imagenet-1k}`
	got, sink, err := read(t, ImagesKind(), root, with)
	if err != nil {
		t.Fatal(err)
	}
	check(t, got, []string{
		"ILSVRC2012_val_00000001.JPEG|file:ILSVRC2012_val_00000001.JPEG|file=ILSVRC2012_val_00000001.JPEG|PredictionString=n01440764 0 0 9 9 |label=n01440764|class=tench",
		"ILSVRC2012_val_00000002.JPEG|file:ILSVRC2012_val_00000002.JPEG|file=ILSVRC2012_val_00000002.JPEG|PredictionString=n02129604 1 2 3 4 n02129604 5 6 7 8 |label=n02129604|class=tiger",
	})
	check(t, sink.Notes, []string{
		"1 rows of the joined table belong to no file: LOC_val_solution.csv:4 (ILSVRC2012_val_00000009)",
		"1 of 3 files have no row in the joined table and are left out",
		"1 of 3 images cannot be used and are left out: ILSVRC2012_val_00000003.JPEG",
	})
	if got := sink.Skipped["LOC_val_solution.csv:4"]; got != "no file's stem is the row's ImageId" {
		t.Errorf("the row without a file: %q", got)
	}
	if got := sink.Skipped["ILSVRC2012_val_00000003.JPEG"]; got != "the joined table has no row whose ImageId is the file's stem" {
		t.Errorf("the file without a row: %q", got)
	}
	for change, want := range map[string]string{
		"unmatched: fail":    `ILSVRC2012_val_00000003.JPEG: the joined table has no row whose ImageId is the file's stem, "ILSVRC2012_val_00000003"; unmatched: skip would leave it out`,
		"types: {Size: int}": `with.join.types.Size: the table has no column "Size"; it has ImageId, PredictionString`,
	} {
		_, _, err := read(t, ImagesKind(), root, strings.Replace(with, "on: stem", "on: stem, "+change, 1))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n got %v\nwant %s", change, err, want)
		}
	}
}

func TestImagesLabels(t *testing.T) {
	root := files(t, map[string]string{"n01440764/1.png": "png", "3/1.png": "png", "Great White Shark/1.png": "png", "nothing/1.png": "png", "crane/1.png": "png"})
	got, sink, err := read(t, ImagesKind(), root, "{root: ., classes: imagenet-1k, on_error: skip}")
	if err != nil {
		t.Fatal(err)
	}
	check(t, got, []string{
		"3/1.png|file:3/1.png|label=n01491361|file=1.png|class=tiger_shark",
		"Great White Shark/1.png|file:Great White Shark/1.png|label=n01484850|file=1.png|class=great_white_shark",
		"n01440764/1.png|file:n01440764/1.png|label=n01440764|file=1.png|class=tench",
	})
	for id, want := range map[string]string{
		"nothing/1.png": `column "label": "nothing" is no class of imagenet-1k: expected a synset such as n01440764, an index from 0, or a name`,
		"crane/1.png":   `column "label": two classes of imagenet-1k are named "crane": use the synset or the index`,
	} {
		if sink.Skipped[id] != want {
			t.Errorf("%s:\n got %s\nwant %s", id, sink.Skipped[id], want)
		}
	}
	root = files(t, map[string]string{"x/a.png": "png", "x/b.png": "png", "tags.tsv": "name\ttags\nx/a.png\tdog; cat;\nx/b.png\t\n"})
	got, _, err = read(t, ImagesKind(), root, `{root: ., pattern: "{kind}/{file}", join: {table: tags.tsv, key: name, on: name}, label: {column: tags, separator: ";"}}`)
	if err != nil {
		t.Fatal(err)
	}
	check(t, got, []string{
		`x/a.png|file:x/a.png|kind=x|file=a.png|tags=dog; cat;|labels=["dog","cat"]`,
		"x/b.png|file:x/b.png|kind=x|file=b.png|tags null|labels null",
	})
}

func TestImagesRoots(t *testing.T) {
	root := files(t, map[string]string{"a/dog/1.png": "png", "b/dog/1.png": "png", "b/cat/2.png": "png", "b/cat/thumbs/2.png": "png"})
	with := `{roots: {old: a, new: b}, pattern: "{batch}/{label}/{file}", glob: ["*/dog/**", "new/c?t/*.png"]}`
	got, _, err := read(t, ImagesKind(), root, with)
	if err != nil {
		t.Fatal(err)
	}
	check(t, got, []string{
		"new/cat/2.png|file:new/cat/2.png|batch=new|label=cat|file=2.png",
		"new/dog/1.png|file:new/dog/1.png|batch=new|label=dog|file=1.png",
		"old/dog/1.png|file:old/dog/1.png|batch=old|label=dog|file=1.png",
	})
	config, err := parse(t, ImagesKind(), root, with)
	if err != nil {
		t.Fatal(err)
	}
	r, err := ImagesKind().Source.File(config, "file:new/cat/2.png\x003")
	if err != nil || r.Path != filepath.Join(root, "b", "cat", "2.png") {
		t.Errorf("the file lies at %s, %v", r.Path, err)
	}
	for _, ref := range []string{"file:new/../../x.png", "file:other/1.png", "file:new"} {
		if r, err := ImagesKind().Source.File(config, ref); err == nil && !strings.HasPrefix(r.Path, filepath.Join(root, "b")) {
			t.Errorf("%s leads to %s", ref, r.Path)
		}
	}
}

func TestGlob(t *testing.T) {
	for _, tt := range []struct {
		glob, name string
		want       bool
	}{
		{"*.jpg", "a.jpg", true}, {"*.jpg", "x/a.jpg", false}, {"**/*.jpg", "a.jpg", true}, {"**/*.jpg", "x/y/a.jpg", true},
		{"train/**", "train/a/b.jpg", true}, {"train/**", "val/a.jpg", false}, {"a/**/b/*.png", "a/b/c.png", true}, {"a/**/b/*.png", "a/x/y/b/c.png", true},
		{"[ab]/?.png", "a/1.png", true}, {"[ab]/?.png", "c/1.png", false}, {"a", "a/b", false},
	} {
		if got := matchGlob(tt.glob, tt.name); got != tt.want {
			t.Errorf("matchGlob(%q, %q) = %t", tt.glob, tt.name, got)
		}
	}
}

func TestImagesParameters(t *testing.T) {
	root := files(t, map[string]string{"dog/1.png": "png", "m.csv": "file,label\n1,x\n"})
	for with, want := range map[string]string{
		"{}":                       "root: it is missing: the folder of the images, or several as roots",
		"{root: ., roots: {a: .}}": "with.roots: there is a root already: give one or the other",
		`{root: ., glob: "a[/*"}`:  `with.glob.0: in "a[/*" a bracket is not closed`,
		"{root: ., exif: [makes]}": `with.exif.0: EXIF has no "makes"; did you mean "make"?`,
		"{root: ., label: kind}":   `with.label: there is no column "kind"; there are label, file`,
		`{root: ., label: {column: label, match: "("}}`:                           "label.match: missing closing ): `(`",
		`{root: ., label: {column: label, match: "(a)(b)"}}`:                      `label.match: "(a)(b)" has 2 groups; the label is what one group matches, or all: write others as (?:...)`,
		`{root: ., label: {column: label}}`:                                       "label: must be a column,",
		`{root: ., join: {table: m.csv, key: file, on: number}}`:                  `with.join.on: "number" is neither stem, file or name nor a column of the pattern; it has label, file`,
		`{root: ., join: {table: m.csv, key: name}}`:                              `with.join.key: the table has no column "name"; it has file, label`,
		`{root: ., join: {table: m.csv, key: file}}`:                              `with.join: the column "label" is there already: rename one`,
		`{root: ., label: {column: label, separator: ","}, classes: imagenet-1k}`: "with.classes: a list of known classes goes with one label a row, not with a separator",
	} {
		_, _, err := read(t, ImagesKind(), root, with)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n got %v\nwant %s", with, err, want)
		}
	}
}

// TestEXIF compares what the files say with the table that was made of them by another program.
func TestEXIF(t *testing.T) {
	root := realData(t, "camera-photos")
	got, _, err := read(t, ImagesKind(), root, "{root: ., exif: [make, model, taken, lat, lon, iso, focal_length, orientation]}")
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(root, "metadata.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(data), "\n") - 1; len(got) != n {
		t.Fatalf("%d rows, the table has %d", len(got), n)
	}
	want, _, err := read(t, TableKind(), root, "{root: ., table: metadata.csv, image: file, types: {lat: float, lon: float, orientation: int, datetime: {time: \"2006-01-02T15:04:05\"}}}")
	if err != nil {
		t.Fatal(err)
	}
	cell := func(row, column string) string {
		for _, c := range strings.Split(row, "|") {
			if v, ok := strings.CutPrefix(c, column+"="); ok {
				return v
			}
		}
		return ""
	}
	for i := range got {
		for _, pair := range [][2]string{{"make", "make_raw"}, {"model", "model"}, {"orientation", "orientation"}, {"taken", "datetime"}} {
			a, b := cell(got[i], pair[0]), cell(want[i], pair[1])
			if pair[0] == "orientation" && b == "" {
				b = "1"
			}
			if a != b {
				t.Errorf("%s: %s is %q, the table's %s %q", strings.SplitN(got[i], "|", 2)[0], pair[0], a, pair[1], b)
			}
		}
	}
}

// TestLostLinks: a link that leads nowhere is a bad file as others are, and none where glob leaves it out;
// pictures of other endings are counted.
func TestLostLinks(t *testing.T) {
	root := files(t, map[string]string{"cat/1.png": "png", "dog/1.png": "png", "dog/2.TIFF": "x", "dog/3.heic": "x", "dog/notes.txt": "x", "cat/4.tiff": "x"})
	for _, name := range []string{"cat/2.png", "cat/notes.txt"} {
		if err := os.Symlink("nowhere", filepath.Join(root, name)); err != nil {
			t.Skip(err)
		}
	}
	_, _, err := read(t, ImagesKind(), root, "{root: .}")
	if want := `"cat/2.png": the link leads nowhere; on_error: skip would leave it out`; err == nil || err.Error() != want {
		t.Errorf("error:\n got %v\nwant %s", err, want)
	}
	for _, tt := range []struct {
		with    string
		rows    []string
		skipped int
		note    string
	}{
		{"{root: ., on_error: skip}", []string{"cat/1.png", "dog/1.png"}, 1, "3 pictures have endings that extensions does not list, and are no part of the source: .heic (1), .tiff (2)"},
		{"{root: ., glob: 'dog/**'}", []string{"dog/1.png"}, 0, "2 pictures have endings that extensions does not list, and are no part of the source: .heic (1), .tiff (1)"},
	} {
		got, sink, err := read(t, ImagesKind(), root, tt.with)
		if err != nil {
			t.Fatal(err)
		}
		for i := range got {
			got[i], _, _ = strings.Cut(got[i], "|")
		}
		check(t, got, tt.rows)
		if len(sink.Skipped) != tt.skipped || len(sink.Notes) == 0 || sink.Notes[0] != tt.note {
			t.Errorf("skipped %q, notes %q: want %s", sink.Skipped, sink.Notes, tt.note)
		}
	}
	if list := listing(t, ImagesKind(), root, "{root: ., on_error: skip}"); !strings.Contains(list, `lost "cat/2.png"`) {
		t.Errorf("listing:\n%s", list)
	}
}

// TestJoinMistakes: what is wrong with a table that is joined is told as what mends it.
func TestJoinMistakes(t *testing.T) {
	for _, tt := range []struct{ table, with, want string }{
		{"file,year\n1,2019\n1,2018\n", "", `join: m.csv:3: its id "1" is that of m.csv:2 too`},
		{"file,year\n1,x\n", "types: {year: int}", `join: m.csv:2: column "year": "x" is no whole number`},
		{"file,year\n1.png,2019\n", "", `none of 2 images can be used: cat/1.png: the joined table has no row whose file is the file's stem; on: file would find the rows of 1`},
		{"file,year\ncat/1.png,2019\ndog/2.png,2018\n", "", `none of 2 images can be used: cat/1.png: the joined table has no row whose file is the file's stem; on: name would find the rows of 2`},
		{"file,year\nM\xfc,2019\n1,2018\n", "encoding: latin-1", ""},
		{"file\tyear\n\"1\t2018\n", "delimiter: \"\\t\", quotes: none, on: stem", `none of 2 images can be used: cat/1.png: the joined table has no row whose file is the file's stem`},
	} {
		root := files(t, map[string]string{"cat/1.png": "png", "dog/2.png": "png", "m.csv": tt.table})
		_, _, err := read(t, ImagesKind(), root, "{root: ., join: {table: m.csv, key: file, "+tt.with+"}}")
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%q:\n got %s\nwant %s", tt.table, got, tt.want)
		}
	}
	root := files(t, map[string]string{"cat/1.png": "png", "m.csv": "file,taken,\n1,03/04/2019,\n"})
	_, sink, err := read(t, ImagesKind(), root, "{root: ., join: {table: m.csv, key: file, types: {taken: {time: ['01/02/2006', '02/01/2006']}}}}")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"join: m.csv: columns without a name are not read: column 3", `join: column "taken": 1 times can be read by several layouts`} {
		if notes := strings.Join(sink.Notes, "\n"); !strings.Contains(notes, want) {
			t.Errorf("notes %q: want %s", notes, want)
		}
	}
}
