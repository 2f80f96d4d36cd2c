package transform

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/stages"
	"shiftmill/stages/imageio"
)

// Load opens and decodes the picture of row i of an image column. Its pixels may
// be shared with other stages and must not be changed. Every error is a
// *stages.RowError that names the row and, where there is one, the file.
func Load(ctx context.Context, images stages.Images, id string, column arrow.Array, i int) (*imageio.Pixels, error) {
	return LoadFor(ctx, images, id, column, i, nil)
}

// LoadFor is Load of a picture to which steps are applied from the first on:
// where that is a resize with draft, a JPEG file is decoded at a half, a quarter
// or an eighth of its size as long as both its sides stay at least twice those
// of the result. The pixels are those of Pillow's draft.
func LoadFor(ctx context.Context, images stages.Images, id string, column arrow.Array, i int, steps List) (*imageio.Pixels, error) {
	if column.IsNull(i) {
		return nil, &stages.RowError{ID: id, Err: errors.New("it has no image")}
	}
	cell := stages.Image(column, i)
	fail := func(err error) (*imageio.Pixels, error) {
		file := ""
		if strings.HasPrefix(cell.Ref, "file:") {
			file = cell.Name()
		}
		return nil, &stages.RowError{ID: id, File: file, Err: err}
	}
	decode := func(pic stages.Picture) (stages.Picture, error) {
		if pic.Pix != nil {
			return pic, nil
		}
		p, err := imageio.Decode(pic.Encoded, imageio.DecodeOptions{Scale: steps.draft(pic.Encoded)})
		if err != nil {
			return pic, err
		}
		return stages.Picture{Pix: p.Pix, Height: p.H, Width: p.W}, nil
	}
	var pic stages.Picture
	var err error
	if sharer, ok := images.(stages.Sharer); ok {
		pic, err = sharer.Share(ctx, cell, steps.form(), decode)
	} else if pic, err = images.Open(ctx, cell); err == nil {
		pic, err = decode(pic)
	}
	if err != nil {
		return fail(err)
	}
	p := &imageio.Pixels{H: pic.Height, W: pic.Width, C: 3, Pix: pic.Pix}
	if err := p.Check(); err != nil {
		return fail(err)
	}
	if p.H == 0 || p.W == 0 {
		return fail(errors.New("the image is empty"))
	}
	return p, nil
}

// draftMargin is how many times larger than the result a draft is at least, as
// Pillow's thumbnail has it (reducing_gap): the resize then does the fine part.
const draftMargin = 2

// form says how pictures are decoded for a list: all alike, but for drafts.
func (l List) form() string {
	if len(l) == 0 || !l[0].draft {
		return ""
	}
	return fmt.Sprintf("draft for %d x %d", l[0].h, l[0].w)
}

// draft is by how much a file may be made smaller while it is decoded; 1 where
// the list does not say so, or for what is no image.
func (l List) draft(file []byte) int {
	if len(l) == 0 || !l[0].draft {
		return 1
	}
	_, h, w, err := imageio.Config(file)
	if err != nil {
		return 1 // decoding will say what is wrong
	}
	scale := 8
	for scale > 1 && min(h, w) < draftMargin*scale*max(l[0].h, l[0].w) {
		scale /= 2
	}
	return scale
}
