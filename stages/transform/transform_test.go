package transform

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"shiftmill/kernels"
	"shiftmill/pipeline"
	"shiftmill/stages/imageio"
	"shiftmill/stages/stagetest"
)

func parse(t *testing.T, text string) (List, string) {
	t.Helper()
	v, err := pipeline.ParseValue("x.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	var l List
	var problems string
	for _, p := range l.DecodeSpec(v) {
		problems += p.Pos.String() + ": " + p.Field + ": " + p.Msg + "\n"
	}
	return l, problems
}

func TestDecodeSpec(t *testing.T) {
	for _, tt := range []struct{ text, want, problems string }{
		{"hflip", `[{"hflip":{"p":0.5}}]`, ""},
		{"[{resize: {size: 72, draft: true}}, hflip]", `[{"resize":{"draft":true,"filter":"bilinear","size":72}},{"hflip":{"p":0.5}}]`, ""},
		{"[{resize: 72}, {center-crop: [64, 48]}]", `[{"resize":{"filter":"bilinear","size":72}},{"center-crop":{"size":[64,48]}}]`, ""},
		{"[hflip, {random-crop: {size: 32, padding: 4}}]", `[{"hflip":{"p":0.5}},{"random-crop":{"padding":4,"size":[32,32]}}]`, ""},
		{"{random-resized-crop: {size: 24, scale: [0.5, 1], filter: bicubic}}",
			`[{"random-resized-crop":{"filter":"bicubic","ratio":[0.75,1.3333333333333333],"scale":[0.5,1],"size":[24,24]}}]`, ""},
		{"[]", "[]", ""},
		{"[speckle, {speckle: {std: 0.2, per: channel}}, {random-erasing: 1}]", `[{"speckle":{"p":0.5,"per":"image","std":[0.15,0.2,0.35,0.45,0.6]}},{"speckle":{"p":0.5,"per":"channel","std":[0.2]}},` +
			`{"random-erasing":{"area":[0.02,0.33],"fill":[124,116,104],"p":1,"ratio":[0.3,3.3]}}]`, ""},
		{"[{random-erasing: {fill: [1, 2]}}]", `[{"random-erasing":{"area":[0.02,0.33],"fill":[0,0,0],"p":0.5,"ratio":[0.3,3.3]}}]`, "x.yaml:1:26: 0.random-erasing.fill: must be three levels [red, green, blue], got 2\n"},
		{"[hflop]", "[]", "x.yaml:1:2: 0: no \"hflop\" here (did you mean \"hflip\"?); there are resize, center-crop, random-crop, random-resized-crop, hflip, speckle, random-erasing\n"},
		{"[hflip, {resize: {filtre: box}}]", `[{"hflip":{"p":0.5}}]`, "x.yaml:1:19: 1.resize.filtre: resize has no \"filtre\" (did you mean \"filter\"?); it has size, filter, draft\n"},
		{"[{hflip: 1.5}]", `[{"hflip":{"p":0}}]`, "x.yaml:1:10: 0.hflip.p: must be a number from 0 to 1, got 1.5\n"},
		{"[center-crop]", `[{"center-crop":{"size":[1,1]}}]`, "x.yaml:1:2: 0.center-crop: needs a size in pixels: {center-crop: 64} or {center-crop: [64, 48]} (height, width)\n"},
		{"{random-resized-crop: {size: 24, scale: [1, 0.5]}}",
			`[{"random-resized-crop":{"filter":"bilinear","ratio":[0.75,1.3333333333333333],"scale":[0.08,1],"size":[24,24]}}]`,
			"x.yaml:1:41: random-resized-crop.scale: must be two ascending numbers [from, to], got [1, 0.5]\n"},
		{"[{hflip: {}, speckle: {}}]", "[]", "x.yaml:1:2: 0: each step is an item of its own: write [{hflip: ...}, {speckle: ...}]\n"},
		{"[[hflip]]", "[]", "x.yaml:1:2: 0: want a name or {name: arguments}, got a list\n"},
	} {
		l, problems := parse(t, tt.text)
		if problems != tt.problems {
			t.Errorf("%s: problems\n got %swant %s", tt.text, problems, tt.problems)
		}
		if got := l.SpecText(); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.text, got, tt.want)
		}
		if again, problems := parse(t, l.SpecText()); problems != "" || again.SpecText() != l.SpecText() {
			t.Errorf("%s: its text reads back as %s, %s", tt.text, again.SpecText(), problems)
		}
	}
}

func TestSize(t *testing.T) {
	for _, tt := range []struct {
		text string
		h, w int
		ok   bool
	}{
		{"[{resize: 72}, {center-crop: [64, 48]}, hflip]", 64, 48, true},
		{"[{resize: 72}]", 0, 0, false},
		{"[{resize: [72, 60]}]", 72, 60, true},
		{"[{center-crop: 80}, {resize: 64}]", 64, 64, true},
		{"[{center-crop: [80, 60]}, {resize: 64}]", 0, 0, false},
		{"hflip", 0, 0, false},
	} {
		l, _ := parse(t, tt.text)
		if h, w, ok := l.Size(); h != tt.h || w != tt.w || ok != tt.ok {
			t.Errorf("%s: %d x %d, %v", tt.text, h, w, ok)
		}
	}
}

func gradient(h, w int) *imageio.Pixels {
	p := imageio.NewPixels(h, w, 3)
	for i := range p.Pix {
		p.Pix[i] = byte(i * 7 % 251)
	}
	return p
}

func TestApplyGivesTheStatedSize(t *testing.T) {
	l, _ := parse(t, "[{resize: 20}, {random-crop: {size: [18, 22], padding: 3}}, hflip, {random-resized-crop: 16}]")
	key := kernels.NewKey("test", 1, 7, "transform", 0)
	seen := map[string]bool{}
	for _, id := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		whole, err := l.Apply(gradient(40, 50), 0, len(l), key.Row(id))
		if err != nil {
			t.Fatal(err)
		}
		if whole.H != 16 || whole.W != 16 || whole.Check() != nil {
			t.Errorf("row %s: %d x %d", id, whole.H, whole.W)
		}
		// Cutting the list anywhere must change no draw.
		first, err := l.Apply(gradient(40, 50), 0, l.Prefix(), key.Row(id))
		if err != nil {
			t.Fatal(err)
		}
		rest, err := l.Apply(first, l.Prefix(), len(l), key.Row(id))
		if err != nil {
			t.Fatal(err)
		}
		if string(rest.Pix) != string(whole.Pix) {
			t.Errorf("row %s: applying the list in two parts gives another picture", id)
		}
		seen[string(whole.Pix)] = true
	}
	if len(seen) != 8 {
		t.Errorf("8 rows gave %d pictures", len(seen))
	}
}

func TestRandomCropCovers(t *testing.T) {
	l, _ := parse(t, "[{random-crop: {size: 4, padding: 1}}, hflip]")
	key := kernels.NewKey("test", 1, 7, "transform", 0)
	p := imageio.NewPixels(4, 4, 3)
	p.Pix[0] = 255 // the corner moves with the crop
	at := map[int]int{}
	for i := range 900 {
		q, err := l.Apply(p, 0, len(l), key.Row(string(rune('a'+i))))
		if err != nil {
			t.Fatal(err)
		}
		place := -1
		for j, v := range q.Pix {
			if v == 255 {
				place = j / 3
			}
		}
		at[place]++
	}
	// Nine crops: five lose the corner's row or column, four keep it, each in two mirrorings.
	if len(at) != 9 || at[-1] < 420 || at[-1] > 580 {
		t.Errorf("places of the corner: %v", at)
	}
}

// TestGolden holds the results of every step.
func TestGolden(t *testing.T) {
	key := kernels.NewKey("test", 1, 7, "transform", 0)
	for _, text := range []string{
		"{resize: 20}", "{resize: {size: [17, 31], filter: lanczos}}", "{center-crop: [50, 21]}",
		"{random-crop: {size: 30, padding: 2}}", "{random-resized-crop: 24}", "hflip",
		"[hflip, {speckle: {p: 0.9, std: [0.1, 0.3], per: channel}}]", "{random-erasing: {p: 1, fill: [1, 2, 3]}}",
	} {
		l, problems := parse(t, text)
		if problems != "" {
			t.Fatal(problems)
		}
		h := sha256.New()
		for _, id := range []string{"a", "b", "c", "d"} {
			p, err := l.Apply(gradient(40, 33), 0, len(l), key.Row(id))
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintln(h, p.H, p.W)
			h.Write(p.Pix)
		}
		stagetest.Pin(t, text, Version, fmt.Sprintf("%x", h.Sum(nil)[:16]))
	}
}

func TestRandomCropTooLarge(t *testing.T) {
	l, _ := parse(t, "[{random-crop: 32}]")
	_, err := l.Apply(gradient(16, 40), 0, 1, kernels.NewKey("test", 1, 7, "transform", 0).Row("a"))
	want := "random-crop of 32 x 32 from a picture of 16 x 40 (height x width, with padding): resize it first, or pad more"
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}
