package source

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shiftmill/stages"
	"shiftmill/stages/imageio"
	"shiftmill/stages/stagetest"
)

// drawer opens recipes by the kind that wrote them.
type drawer struct{ kind *stages.Kind }

func (d drawer) Open(ctx context.Context, c stages.ImageCell) (stages.Picture, error) {
	return d.kind.Source.Draw(ctx, c.Ref)
}

func (d drawer) Place(context.Context, stages.ImageCell) (stages.Place, bool, error) {
	return stages.Place{}, false, nil
}

// TestGarmentsRoundTrip: what the generator makes, written as DeepFashion2's own files, is read back
// with the same ids, attributes and boxes, and the pictures are those that were drawn.
func TestGarmentsRoundTrip(t *testing.T) {
	with := "{count: 60, size: 48, strength: {scale: 0.5, viewpoint: 0}}"
	want, sink, err := read(t, GarmentsKind(), ".", with)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := sink.Rows("")
	if err != nil {
		t.Fatal(err)
	}
	write := stagetest.Case{Kind: WriteDeepFashion2Kind(), Ports: map[string][]stages.Input{"images": {rows}}, Images: drawer{GarmentsKind()}, Workers: 2}
	stagetest.Golden(t, "", write)
	written, err := write.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	all := written.Files("")
	for _, name := range all.FileNames() {
		data, err := all.File(name)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, _, err := read(t, DeepFashion2Kind(), root, "{root: .}")
	if err != nil {
		t.Fatal(err)
	}
	plain := func(rows []string) (out []string) {
		for _, r := range rows {
			cells := strings.Split(r, "|")
			out = append(out, strings.Join(append(cells[:1], cells[2:]...), "|")) // the image cell is a file, not a recipe
		}
		return out
	}
	first := strings.Split(want[0], "|")
	picture, err := GarmentsKind().Source.Draw(context.Background(), first[1])
	if err != nil {
		t.Fatal(err)
	}
	check(t, plain(got), plain(want))
	data, err := os.ReadFile(filepath.Join(root, first[0]))
	if err != nil {
		t.Fatal(err)
	}
	pixels := &imageio.Pixels{Pix: picture.Pix, H: picture.Height, W: picture.Width, C: 3}
	if !bytes.Equal(data, imageio.EncodeJPEG(pixels, 95)) {
		t.Errorf("%s holds another picture than was drawn", first[0])
	}
	if ref := first[1]; strings.Contains(ref, "viewpoint-strength") || !strings.Contains(ref, "viewpoint=2") || !strings.Contains(ref, "scale-strength=500") {
		t.Errorf("recipe %s: want scale at half strength, and viewpoint, whose strength is 0, at its reference", ref)
	}
}

func TestGarmentsErrors(t *testing.T) {
	for with, want := range map[string]string{
		"{mix: {scale: {4: 1}}}":                           "with.mix: scale: must be 1, 2 or 3, got 4",
		"{mix: {occlusion: {1: 0, 2: 0, 3: 0}}}":           "with.mix: occlusion: no value has a weight, so none can occur",
		`{parts: {"a/b": 1, train: 0}}`:                    `with.mix: parts: "a/b" cannot be the name of a folder`,
		"{mix: {viewpoint: {front: 1, 1: 0, 2: 0, 3: 0}}}": `with.mix: viewpoint: must be 1, 2 or 3, got "front"`,
	} {
		_, _, err := read(t, GarmentsKind(), ".", with)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n got %v\nwant %s", with, err, want)
		}
	}
	if _, err := GarmentsKind().Source.Draw(context.Background(), "recipe:source/garments/0?size=32"); err == nil {
		t.Error("a recipe of another version was drawn")
	}
}
