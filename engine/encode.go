package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/runs"
	"shiftmill/stages"
)

// An Encoder makes the image files of stages that say "encode: jpeg:Q". The
// engine has none of its own, since its bytes are content: whoever makes the
// engine hands one in, and its version enters the keys of those stages.
type Encoder struct {
	Version string // such as "imageio/1"
	JPEG    func(pix []byte, height, width, quality int) ([]byte, error)
}

// jpegQuality is the quality of "jpeg:Q", 0 for stages that store no JPEG.
func jpegQuality(n *node) (int, error) {
	text, ok := strings.CutPrefix(n.spec.Encode, "jpeg:")
	if !ok {
		return 0, nil
	}
	q, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("encode %q: %w", n.spec.Encode, err)
	}
	return q, nil
}

// storeImages turns cells into what is stored: pixels become PNG, or JPEG where
// the spec says so, all else stays. It returns d(v) of the cells, or nil where
// files stand behind them.
func (e *Engine) storeImages(ctx context.Context, maker *node, col arrow.Array) (arrow.Array, []runs.Digest, error) {
	quality, err := jpegQuality(maker)
	if err != nil {
		return nil, nil, err
	}
	files := false
	b := stages.NewImageBuilder(memory.DefaultAllocator)
	defer b.Release()
	for i := range col.Len() {
		if err := ctx.Err(); err != nil {
			return nil, nil, context.Cause(ctx)
		}
		if col.IsNull(i) {
			b.AppendNull()
			continue
		}
		c := stages.Image(col, i)
		switch {
		case isReference(c):
			if maker.kind.Shape != stages.Source {
				return nil, nil, fmt.Errorf("kind %s wrote the reference %q; only sources do", maker.kind.Name, c.Name())
			}
			files = files || strings.HasPrefix(c.Ref, "file:")
		case c.Ref == "rgb8":
			if c, err = e.encodePixels(c, quality); err != nil {
				return nil, nil, err
			}
		}
		b.Append(c)
	}
	stored := b.NewArray()
	switch {
	case files:
		return stored, nil, nil
	case quality > 0:
		col = stored // what was lost in the encoding is no part of the content
	}
	ds, err := e.cellDigests(ctx, maker, col)
	return stored, ds, err
}

func isReference(c stages.ImageCell) bool {
	return strings.HasPrefix(c.Ref, "file:") || strings.HasPrefix(c.Ref, "recipe:")
}

// encodePixels makes a file of pixels: JPEG of a quality, or with 0 PNG.
func (e *Engine) encodePixels(c stages.ImageCell, quality int) (stages.ImageCell, error) {
	if len(c.Data) != c.Height*c.Width*3 {
		return c, fmt.Errorf("%d bytes of pixels for %dx%d", len(c.Data), c.Height, c.Width)
	}
	ref, data, err := "png", []byte(nil), error(nil)
	switch {
	case quality == 0:
		data, err = encodePNG(c)
	case e.o.Encoder.JPEG == nil:
		err = errors.New("this engine was given no JPEG encoder")
	default:
		ref = "jpeg"
		data, err = e.o.Encoder.JPEG(c.Data, c.Height, c.Width, quality)
	}
	return stages.ImageCell{Ref: ref, Data: data, Height: c.Height, Width: c.Width}, err
}

// encodePNG packs pixels without loss. Its bytes name an object and are no
// content, so any encoder will do.
func encodePNG(c stages.ImageCell) ([]byte, error) {
	img := image.NewNRGBA(image.Rect(0, 0, c.Width, c.Height))
	for i, j := 0, 0; i < len(c.Data); i, j = i+3, j+4 {
		img.Pix[j], img.Pix[j+1], img.Pix[j+2], img.Pix[j+3] = c.Data[i], c.Data[i+1], c.Data[i+2], 255
	}
	var buf bytes.Buffer
	enc := png.Encoder{CompressionLevel: png.BestSpeed}
	err := enc.Encode(&buf, img)
	return buf.Bytes(), err
}
