package source

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"shiftmill/stages/stagetest"
)

func TestRenditions(t *testing.T) {
	kind := RenditionsKind()
	config, err := parse(t, kind, ".", "{count: 300, size: 32}")
	if err != nil {
		t.Fatal(err)
	}
	stagetest.Golden(t, "", stagetest.Case{Kind: kind, Config: config, Seed: 7})
	got, _, err := read(t, kind, ".", "{count: 48, size: 32, strength: 0.5, mix: {photo: 0, sketch: 1}}")
	if err != nil {
		t.Fatal(err)
	}
	classes := map[string]int{}
	for _, row := range got {
		cells := strings.Split(row, "|")
		classes[cells[2]]++
		if cells[3] != "rendition=sketch" || !strings.Contains(cells[1], "strength=500") {
			t.Errorf("row %s", row)
		}
	}
	if len(classes) != 24 || classes["label=duck"] != 2 {
		t.Errorf("classes %v, want each twice", classes)
	}
	pic, err := kind.Source.Draw(context.Background(), strings.Split(got[0], "|")[1])
	if err != nil || len(pic.Pix) != 3*32*32 {
		t.Errorf("picture of %d bytes, %v", len(pic.Pix), err)
	}
	for with, want := range map[string]string{
		"{mix: {sketched: 1}}": `with.mix: there is no rendition "sketched"; did you mean "sketch"?`,
		"{mix: {photo: 0, cartoon: 0, embroidery: 0, graphic: 0, mosaic: 0, origami: 0, painting: 0, sculpture: 0, sketch: 0, video game: 0}}": "with.mix: no rendition has a weight, so none can occur",
	} {
		if _, _, err := read(t, kind, ".", with); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n got %v\nwant %s", with, err, want)
		}
	}
}

// TestRenditionsWithoutStrength: at strength 0 every rendition is the photo, to
// the bit, and at full strength none is.
func TestRenditionsWithoutStrength(t *testing.T) {
	kind := RenditionsKind()
	rows := func(rendition, strength string) (ids, refs []string) {
		t.Helper()
		mix := ""
		for _, name := range []string{"photo", "cartoon", "embroidery", "graphic", "mosaic", "origami", "painting", "sculpture", "sketch", "video game"} {
			weight := 0
			if name == rendition {
				weight = 1
			}
			mix += fmt.Sprintf("%s: %d, ", name, weight)
		}
		got, _, err := read(t, kind, ".", "{count: 24, size: 32, strength: "+strength+", mix: {"+mix+"}}")
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range got {
			cells := strings.Split(row, "|")
			ids, refs = append(ids, cells[0]), append(refs, cells[1])
		}
		return ids, refs
	}
	pixels := func(ref string) []byte {
		t.Helper()
		pic, err := kind.Source.Draw(t.Context(), ref)
		if err != nil {
			t.Fatal(err)
		}
		return pic.Pix
	}
	ids, photos := rows("photo", "1")
	for _, name := range []string{"cartoon", "embroidery", "graphic", "mosaic", "origami", "painting", "sculpture", "sketch", "video game"} {
		same, off := rows(name, "0")
		_, on := rows(name, "1")
		if !slices.Equal(same, ids) {
			t.Fatalf("%s: other ids than the photos: %q", name, same)
		}
		for i := range ids {
			photo := pixels(photos[i])
			if !bytes.Equal(pixels(off[i]), photo) {
				t.Errorf("%s: %s at strength 0 is not the photo", ids[i], name)
			}
			if bytes.Equal(pixels(on[i]), photo) {
				t.Errorf("%s: %s at full strength is the photo", ids[i], name)
			}
		}
	}
}
