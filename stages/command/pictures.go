package command

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/kernels"
	"shiftmill/stages"
	"shiftmill/stages/imageio"
	"shiftmill/stages/model"
	"shiftmill/stages/transform"
)

// A picture is an encoded file.
type picture struct {
	data []byte
	name string // of its file, for people; "" where it is none
}

// extension is the usual ending of a file that holds such bytes, ".bin" for
// none that we know.
func extension(data []byte) string {
	switch http.DetectContentType(data) {
	case "image/jpeg":
		return ".jpg"
	case "image/png":
		return ".png"
	case "image/webp":
		return ".webp"
	case "image/gif":
		return ".gif"
	case "image/bmp":
		return ".bmp"
	}
	if bytes.HasPrefix(data, []byte("II*\x00")) || bytes.HasPrefix(data, []byte("MM\x00*")) {
		return ".tif"
	}
	return ".bin"
}

// encoded reads the files of rows, and makes PNG files of pictures that are
// none. Of several errors the first row's is returned.
func (h *handover) encoded(ctx context.Context, rec arrow.Record, rows []int) ([]picture, error) {
	out := make([]picture, len(rows))
	return out, h.parallel(ctx, rec, rows, func(k int, id string, cells arrow.Array, i int) error {
		if cells.IsNull(i) {
			return &stages.RowError{ID: id, Err: errors.New("it has no image")}
		}
		cell := stages.Image(cells, i)
		if _, isFile, err := h.images.Place(ctx, cell); err == nil && isFile {
			out[k].name = cell.Name()
		}
		if cell.Data == nil || cell.Ref != "rgb8" {
			pic, err := h.images.Open(ctx, cell)
			if err != nil {
				return &stages.RowError{ID: id, File: out[k].name, Err: err}
			}
			if pic.Encoded != nil {
				out[k].data = bytes.Clone(pic.Encoded)
				return nil
			}
		}
		p, err := transform.Load(ctx, h.images, id, cells, i)
		if err == nil {
			out[k].data = imageio.EncodePNG(p)
		}
		return err
	})
}

// places says where the files of rows lie; pictures that are none are written
// as files, numbered from first.
func (h *handover) places(ctx context.Context, rec arrow.Record, rows []int, first int) ([]stages.Place, error) {
	out := make([]stages.Place, len(rows))
	var loose []int
	isLoose := make([]bool, len(rows))
	err := h.parallel(ctx, rec, rows, func(k int, id string, cells arrow.Array, i int) error {
		if cells.IsNull(i) {
			return &stages.RowError{ID: id, Err: errors.New("it has no image")}
		}
		place, ok, err := h.images.Place(ctx, stages.Image(cells, i))
		if err != nil {
			return &stages.RowError{ID: id, Err: err}
		}
		out[k], isLoose[k] = place, !ok
		return nil
	})
	if err != nil {
		return nil, err
	}
	var where []int
	for k, i := range rows {
		if isLoose[k] {
			loose, where = append(loose, i), append(where, k)
		}
	}
	if len(loose) == 0 {
		return out, nil
	}
	pictures, err := h.encoded(ctx, rec, loose)
	if err != nil {
		return nil, err
	}
	for l, p := range pictures {
		k := where[l]
		path := filepath.Join(h.dir, "images", fmt.Sprintf("%05d", (first+k)/1000), fmt.Sprintf("%08d%s", first+k, extension(p.data)))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return nil, err
		}
		if err := os.WriteFile(path, p.data, 0o666); err != nil {
			return nil, err
		}
		out[k] = stages.Place{FileRange: stages.FileRange{Path: path, Size: -1}, SHA256: sha256.Sum256(p.data)}
	}
	return out, nil
}

// parallel calls f for rows of a record, k counting them.
func (h *handover) parallel(ctx context.Context, rec arrow.Record, rows []int, f func(k int, id string, cells arrow.Array, i int) error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	ids, cells := column(rec, "id").(*array.String), column(rec, model.ImageColumn)
	errs := make([]error, len(rows))
	kernels.NewPool(h.workers).Run(len(rows), func(k int) { errs[k] = f(k, ids.Value(rows[k]), cells, rows[k]) })
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
