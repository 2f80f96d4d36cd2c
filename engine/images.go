package engine

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"golang.org/x/sync/errgroup"

	"shiftmill/runs"
	"shiftmill/stages"
)

// lookups is how many files are stat-ed and hashed at once: enough to hide the
// latency of a network file system.
const lookups = 64

// cellDigests returns d(v) of image cells as a maker wrote them: of a file by
// its bytes (hashed once, then by stat), of a recipe by its text, of a picture
// by itself.
func (e *Engine) cellDigests(ctx context.Context, maker *node, col arrow.Array) ([]runs.Digest, error) {
	ds := make([]runs.Digest, col.Len())
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(lookups)
	for i := range ds {
		if col.IsNull(i) {
			b, _ := appendValue(nil, col, i)
			ds[i] = sha256.Sum256(b)
			continue
		}
		cell := stages.Image(col, i)
		switch {
		case strings.HasPrefix(cell.Ref, "file:"):
			g.Go(func() (err error) {
				defer recoverPanic(&err)
				if err := ctx.Err(); err != nil {
					return err
				}
				path, err := wholeFile(maker, cell.Ref)
				if err != nil {
					return err
				}
				d, err := e.stats.digest(path)
				if err != nil {
					return fmt.Errorf("image of stage %s: %s", maker.spec.Name, fileMessage(err))
				}
				ds[i] = digestFile(d)
				return nil
			})
		case strings.HasPrefix(cell.Ref, "recipe:"):
			ds[i] = sha256.Sum256(appendBytes(nil, tagRecipe, []byte(cell.Ref)))
		case cell.Ref == "rgb8":
			ds[i] = digestPixels(cell.Height, cell.Width, cell.Data)
		default:
			ds[i] = digestFile(sha256.Sum256(cell.Data))
		}
	}
	return ds, g.Wait()
}

// wholeFile is the path of the file behind a "file:" reference.
func wholeFile(maker *node, ref string) (string, error) {
	if maker == nil || maker.kind.Source == nil || maker.kind.Source.File == nil {
		return "", fmt.Errorf("%s: its source is not known", ref)
	}
	r, err := maker.kind.Source.File(maker.spec.Config, ref)
	if err != nil {
		return "", err
	}
	if r.Offset != 0 || r.Size >= 0 {
		return "", fmt.Errorf("%s: stretches of files are not supported by this source", ref)
	}
	return r.Path, nil
}

// statVersion identifies the image column of a source by the stats of all its
// files, without reading one.
func (e *Engine) statVersion(ctx context.Context, level *dataset, column string) (runs.Digest, error) {
	parts, err := e.partitions(level)
	if err != nil {
		return runs.Digest{}, err
	}
	h := sha256.New()
	for p := range parts {
		rec, err := e.readObject(ctx, level, p, []string{column})
		if err != nil {
			return runs.Digest{}, err
		}
		col := rec.Column(1)
		lines := make([]string, col.Len())
		g, ctx := errgroup.WithContext(ctx)
		g.SetLimit(lookups)
		for i := range lines {
			if col.IsNull(i) {
				continue
			}
			cell := stages.Image(col, i)
			if !strings.HasPrefix(cell.Ref, "file:") {
				lines[i] = cell.Ref
				continue
			}
			g.Go(func() (err error) {
				defer recoverPanic(&err)
				if err := ctx.Err(); err != nil {
					return err
				}
				path, err := wholeFile(level.maker, cell.Ref)
				if err != nil {
					return err
				}
				s, err := lookAt(path)
				if err != nil {
					return fmt.Errorf("image of stage %s: %s", level.maker.spec.Name, fileMessage(err))
				}
				lines[i] = fmt.Sprintf("%s %d %d %d %d %s", path, s.Size, s.Mtime, s.Ctime, s.Inode, s.Link)
				if max(s.Mtime, s.Ctime) > time.Now().Add(-granularity).UnixNano() {
					// Too fresh to be told from a later change: content decides.
					d, err := e.stats.digest(path)
					if err != nil {
						return err
					}
					lines[i] += " " + d.String()
				}
				return nil
			})
		}
		if err := g.Wait(); err != nil {
			return runs.Digest{}, err
		}
		for _, l := range lines {
			h.Write(appendBytes(nil, tagText, []byte(l)))
		}
	}
	return runs.Digest(h.Sum(nil)), nil
}

// mark adds to every reference of an image column the number of the node that
// can open it.
func mark(col arrow.Array, maker *node) arrow.Array {
	b := stages.NewImageBuilder(memory.DefaultAllocator)
	defer b.Release()
	for i := range col.Len() {
		if col.IsNull(i) {
			b.AppendNull()
			continue
		}
		c := stages.Image(col, i)
		reference := strings.HasPrefix(c.Ref, "file:") || strings.HasPrefix(c.Ref, "recipe:")
		if reference && !strings.Contains(c.Ref, "\x00") {
			c.Ref += "\x00" + strconv.Itoa(maker.index)
		}
		b.Append(c)
	}
	return b.NewArray()
}

// An opener opens image cells for stages; the bytes of a file are checked
// against the digest that the keys of this run were made of.
type opener struct{ e *Engine }

func (o opener) Open(ctx context.Context, c stages.ImageCell) (stages.Picture, error) {
	ref, number, marked := strings.Cut(c.Ref, "\x00")
	switch {
	case ref == "rgb8":
		return stages.Picture{Pix: c.Data, Height: c.Height, Width: c.Width}, nil
	case c.Data != nil:
		return stages.Picture{Encoded: c.Data}, nil
	case !marked:
		return stages.Picture{}, fmt.Errorf("image %q has no source", c.Name())
	}
	i, err := strconv.Atoi(number)
	if err != nil || i < 0 || i >= len(o.e.nodes) {
		return stages.Picture{}, fmt.Errorf("image %q has no source", c.Name())
	}
	maker := o.e.nodes[i]
	if strings.HasPrefix(ref, "recipe:") {
		if maker.kind.Source == nil || maker.kind.Source.Draw == nil {
			return stages.Picture{}, fmt.Errorf("image %q has no generator", c.Name())
		}
		return maker.kind.Source.Draw(ctx, ref)
	}
	path, err := wholeFile(maker, ref)
	if err != nil {
		return stages.Picture{}, err
	}
	return o.e.readVerified(path)
}

// Place says where the file behind a cell lies.
func (o opener) Place(_ context.Context, c stages.ImageCell) (stages.Place, bool, error) {
	ref, number, marked := strings.Cut(c.Ref, "\x00")
	if !marked || c.Data != nil || !strings.HasPrefix(ref, "file:") {
		return stages.Place{}, false, nil
	}
	i, err := strconv.Atoi(number)
	if err != nil || i < 0 || i >= len(o.e.nodes) {
		return stages.Place{}, false, fmt.Errorf("image %q has no source", c.Name())
	}
	path, err := wholeFile(o.e.nodes[i], ref)
	if err != nil {
		return stages.Place{}, false, err
	}
	d, err := o.e.stats.digest(path)
	if err != nil {
		return stages.Place{}, false, errors.New(fileMessage(err))
	}
	return stages.Place{FileRange: stages.FileRange{Path: path, Size: -1}, SHA256: d}, true, nil
}

// readVerified reads a file whose digest is known by its stat and refuses
// other bytes.
func (e *Engine) readVerified(path string) (stages.Picture, error) {
	want, err := e.stats.digest(path)
	if err != nil {
		return stages.Picture{}, errors.New(fileMessage(err))
	}
	f, err := os.Open(path)
	if err != nil {
		return stages.Picture{}, errors.New(fileMessage(err))
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		return stages.Picture{}, err
	}
	if got := runs.Digest(sha256.Sum256(data)); got != want {
		return stages.Picture{}, fmt.Errorf("%s changed while it was read; run again", path)
	}
	return stages.Picture{Encoded: data}, nil
}
