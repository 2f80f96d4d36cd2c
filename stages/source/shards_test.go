package source

import (
	"archive/tar"
	"bytes"
	"image"
	"image/png"
	"strings"
	"testing"
)

// tarOf writes members (name, content, ...) into a tar file; "png" is a small picture.
func tarOf(t testing.TB, members ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(members); i += 2 {
		data := members[i+1]
		if data == "png" {
			var p bytes.Buffer
			m := image.NewGray(image.Rect(0, 0, 3, 2))
			m.Pix[0] = uint8(i) // no two alike
			if err := png.Encode(&p, m); err != nil {
				t.Fatal(err)
			}
			data = p.String()
		}
		if err := w.WriteHeader(&tar.Header{Name: members[i], Mode: 0o644, Size: int64(len(data)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestShards(t *testing.T) {
	long := strings.Repeat("deep/", 30) + "c" // a name that needs a second header
	root := files(t, map[string]string{
		"t-000.tar": tarOf(t, "a.png", "png", "a.cls", "0\n", "a.json", `{"country": "FR", "n": 3, "nested": [1]}`, "a.seg.png", "png",
			"x/b.cls", "2", "x/b.PNG", "png", "x/b.json", `{"n": 4}`),
		"t-001.tar": tarOf(t, long+".png", "png", long+".cls", "999"),
		"other.tar": "no shard",
	})
	with := `{root: ., shards: "t-{000..001}.tar", label: cls, classes: imagenet-1k}`
	got, _, err := read(t, ShardsKind(), root, with)
	if err != nil {
		t.Fatal(err)
	}
	ref := func(row string) string { return strings.Split(row, "|")[1] }
	config, err := parse(t, ShardsKind(), root, with)
	if err != nil {
		t.Fatal(err)
	}
	for i, id := range []string{"t-000.tar/a.png", "t-000.tar/x/b.PNG", "t-001.tar/" + long + ".png"} {
		if !strings.HasPrefix(got[i], id+"|file:") {
			t.Fatalf("row %d is %s, want %s", i, got[i], id)
		}
		r, err := ShardsKind().Source.File(config, ref(got[i]))
		if err != nil {
			t.Fatal(err)
		}
		data, err := readRange(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := png.Decode(bytes.NewReader(data)); err != nil || r.Size != int64(len(data)) {
			t.Errorf("%s: the member's bytes are no picture: %v", id, err)
		}
	}
	check(t, []string{strings.SplitN(got[0], "|", 3)[2], strings.SplitN(got[1], "|", 3)[2]}, []string{
		"key=a|cls=0|country=FR|n=3|label=n01440764|class=tench",
		"key=x/b|cls=2|country null|n=4|label=n01484850|class=great_white_shark",
	})
}

func TestBadShards(t *testing.T) {
	whole := tarOf(t, "a.png", "png", "a.cls", "0", "b.png", "png", "b.cls", "1", "c.png", "png", "c.cls", "2")
	tests := []struct{ name, shard, want string }{
		{"ends in a picture", whole[:512*9+20], `t.tar, row 3: the shard ends early, behind member c.png, and sample "c" may lack members`},
		{"ends in a header", whole[:512*8+100], `t.tar, row 2: the shard ends early, behind member b.cls, and sample "b" may lack members`},
		{"damaged header", whole[:512*8] + strings.Repeat("x", 512) + whole[512*9:], `t.tar, row 2: the shard is damaged behind member b.cls, and sample "b" may lack members`},
		{"ends between two members", whole[:512*10], `t.tar, row 3: the shard ends early, behind member c.png, and sample "c" may lack members`},
		{"has no end mark", whole[:512*12], `t.tar, row 3: the shard ends early, behind member c.cls, and sample "c" may lack members`},
		{"no picture", tarOf(t, "a.png", "png", "a.cls", "0", "b.cls", "1"), `t.tar, row 2: sample "b" has no member that ends in jpg, jpeg, png, webp`},
		{"empty picture", tarOf(t, "a.png", "png", "a.cls", "0", "b.png", "", "b.cls", "1"), `t.tar, row 2: member "b.png" is empty`},
		{"twice", tarOf(t, "a.png", "png", "a.cls", "0", "b.png", "png", "b.png", "png"), `t.tar, row 2: member "b.png" is there twice`},
		{"apart", tarOf(t, "a.png", "png", "a.cls", "0", "b.png", "png", "b.cls", "1", "a.png", "png"), `t.tar, row 3: its id "t.tar/a.png" is that of t.tar, row 1 too`},
		{"bad JSON", tarOf(t, "a.png", "png", "a.cls", "0", "b.png", "png", "b.json", "{"), `t.tar, row 2: member "b.json" cannot be read: it is no JSON object: it ends early`},
		{"Latin-1", tarOf(t, "a.png", "png", "a.cls", "0", "b.png", "png", "b.cls", "\xfc"), `t.tar, row 2: member "b.cls" is not UTF-8`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			root := files(t, map[string]string{"t.tar": tt.shard})
			_, _, err := read(t, ShardsKind(), root, "{root: .}")
			if want := tt.want + "; on_error: skip would leave the row out"; err == nil || err.Error() != want {
				t.Errorf("error:\n got %v\nwant %s", err, want)
			}
			got, sink, err := read(t, ShardsKind(), root, "{root: ., on_error: skip}")
			if err != nil {
				t.Fatal(err)
			}
			if len(got) == 0 || len(sink.Skipped) == 0 {
				t.Errorf("rows %q, skipped %q", got, sink.Skipped)
			}
		})
	}
	root := files(t, map[string]string{"t.tar": "\x1f\x8b\x08" + strings.Repeat("z", 2000)})
	if _, _, err := read(t, ShardsKind(), root, "{root: .}"); err == nil || !strings.Contains(err.Error(), "t.tar: the shard is damaged behind its beginning") {
		t.Errorf("compressed: %v", err)
	}
	for with, want := range map[string]string{
		"{root: ., shards: u.tar}":          "shard u.tar: no such file or directory",
		"{root: ., shards: 'u*.tar'}":       "the root holds no shard of the form u*.tar",
		"{root: ., shards: 't-{3..1}.tar'}": `with.shards.0: "t-{3..1}.tar" is no name below the root, such as train-{000000..000146}.tar`,
	} {
		if _, _, err := read(t, ShardsKind(), root, with); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n got %v\nwant %s", with, err, want)
		}
	}
}
