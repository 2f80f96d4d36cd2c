package transform

import (
	"context"
	"errors"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/stages"
	"shiftmill/stages/imageio"
)

// Load opens and decodes the picture of row i of an image column. Every error
// is a *stages.RowError that names the row and, where there is one, the file.
func Load(ctx context.Context, images stages.Images, id string, column arrow.Array, i int) (*imageio.Pixels, error) {
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
	pic, err := images.Open(ctx, cell)
	if err != nil {
		return fail(err)
	}
	if pic.Pix == nil {
		p, err := imageio.Decode(pic.Encoded, imageio.DecodeOptions{})
		if err != nil {
			return fail(err)
		}
		return p, nil
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
