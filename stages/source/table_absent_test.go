package source

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAbsentImages: what is said of an image that is not there is how it may be found.
func TestAbsentImages(t *testing.T) {
	root := files(t, map[string]string{"img/a.jpg": "png", "img/b.JPG": "png"})
	if err := os.Symlink("nowhere", filepath.Join(root, "img", "dead.jpg")); err != nil {
		t.Skip(err)
	}
	for _, tt := range []struct{ name, with, want string }{
		{"https://x.org/img/a.jpg", "", `the image's name "https://x.org/img/a.jpg" is an address on a network: download the images, and name them below the root`},
		{`img\a.jpg`, "", `column "file": there is no file "img\\a.jpg"; there is one named "img/a.jpg": write / where the table has \`},
		{"/data/old/img/a.jpg", "", `the image's name "/data/old/img/a.jpg" leads out of the root; strip: /data/old/ would make it "img/a.jpg", which is there`},
		{"/data/old/img/a.jpg", "strip: /data/old,", `the image's name "/img/a.jpg" leads out of the root; strip: /data/old/ would make it "img/a.jpg", which is there`},
		{"set/img/a.jpg", "", `column "file": there is no file "set/img/a.jpg"; strip: set/ would make it "img/a.jpg", which is there`},
		{"/elsewhere/c.jpg", "", `the image's name "/elsewhere/c.jpg" leads out of the root`},
		{"img/dead.jpg", "", `column "file": "img/dead.jpg" is a link that leads nowhere`},
		{"img/a.jpg ", "", `column "file": there is no file "img/a.jpg "; there is one named "img/a.jpg", without blanks around it`},
		{"img/a", "", `column "file": there is no file "img/a"; there is one named "img/a.jpg": a pattern such as image: "{column}.jpg" adds the ending`},
		{"img/b.jpg", "", `column "file": there is no file "img/b.jpg"; did you mean "img/b.JPG"?`},
	} {
		table := filepath.Join(root, "m.csv")
		if err := os.WriteFile(table, []byte("id,file\n1,"+tt.name+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		_, _, err := read(t, TableKind(), root, "{root: ., table: m.csv, id: id, image: file, "+tt.with+"}")
		if want := "m.csv:2: " + tt.want + "; on_error: skip would leave the row out"; err == nil || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", tt.name, err, want)
		}
	}
}

// TestManyAbsentImages: of many, the nearest names are looked for as often as they are shown, and all
// are named.
func TestManyAbsentImages(t *testing.T) {
	root := files(t, map[string]string{"img/0000.png": "png"})
	var b strings.Builder
	b.WriteString("file\n")
	for i := range 500 {
		fmt.Fprintf(&b, "img/%04d.png\n", i)
	}
	if err := os.WriteFile(filepath.Join(root, "m.csv"), []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	got, sink, err := read(t, TableKind(), root, "{root: ., table: m.csv, image: file, on_error: skip}")
	if err != nil {
		t.Fatal(err)
	}
	near := 0
	for _, why := range sink.Skipped {
		near += strings.Count(why, "did you mean")
	}
	if len(got) != 1 || len(sink.Skipped) != 499 || near != 3 {
		t.Errorf("%d rows, %d skipped, %d with a near name", len(got), len(sink.Skipped), near)
	}
}
