package transform

import (
	"bytes"
	"context"
	"testing"

	"shiftmill/kernels"
	"shiftmill/stages"
	"shiftmill/stages/imageio"
	"shiftmill/stages/stagetest"
)

// files opens cells that hold their file.
type files struct{ stages.Images }

func (files) Open(_ context.Context, c stages.ImageCell) (stages.Picture, error) {
	return stages.Picture{Encoded: c.Data}, nil
}

// TestDraft loads a JPEG file for lists with and without draft, and compares
// with its decoding at that scale.
func TestDraft(t *testing.T) {
	p := imageio.NewPixels(161, 200, 3)
	for i := range p.Pix {
		p.Pix[i] = byte(i/3%200 + i/600*2 + i%3*40)
	}
	file := imageio.EncodeJPEG(p, 90)
	rows := stagetest.Rows([]string{"a"}, stagetest.Column{Name: "image", Values: []stages.ImageCell{{Ref: "jpeg", Data: file}}})
	column := rows.Record().Column(rows.Schema().FieldIndices("image")[0])
	for text, scale := range map[string]int{
		"[{resize: 20}]":                                 1,
		"[{resize: {size: 41, draft: true}}]":            1,
		"[{resize: {size: 40, draft: true}}]":            2,
		"[{resize: {size: 20, draft: true}}]":            4,
		"[{resize: {size: [10, 20], draft: true}}]":      4,
		"[{resize: {size: 10, draft: true}}]":            8,
		"[{resize: {size: 2, draft: true}}]":             8,
		"[hflip, {resize: {size: 10, draft: true}}]":     1,
		"[{resize: {size: [10, 10], draft: \"false\"}}]": 1,
	} {
		steps, problems := parse(t, text)
		if problems != "" {
			t.Fatal(problems)
		}
		got, err := LoadFor(t.Context(), files{}, "a", column, 0, steps)
		if err != nil {
			t.Fatal(err)
		}
		want, err := imageio.Decode(file, imageio.DecodeOptions{Scale: scale})
		if err != nil {
			t.Fatal(err)
		}
		if got.H != want.H || !bytes.Equal(got.Pix, want.Pix) {
			t.Errorf("%s: %d x %d pixels, want those at 1/%d, %d x %d", text, got.H, got.W, scale, want.H, want.W)
		}
		if _, err := steps.Apply(got, 0, len(steps), kernels.Source{}); err != nil {
			t.Error(err)
		}
	}
}
