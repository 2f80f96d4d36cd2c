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
				r, err := rangeOf(maker, cell.Ref)
				if err != nil {
					return err
				}
				d, err := e.digestOf(maker, r)
				if err != nil {
					return fmt.Errorf("image of stage %s: %s", maker.spec.Name, fileMessage(err))
				}
				if ds[i] = digestFile(d); r.Height > 0 {
					ds[i] = digestRaw(r, d)
				}
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

// rangeOf is where the bytes behind a "file:" reference lie.
func rangeOf(maker *node, ref string) (stages.FileRange, error) {
	if maker == nil || maker.kind.Source == nil || maker.kind.Source.File == nil {
		return stages.FileRange{}, fmt.Errorf("%s: its source is not known", ref)
	}
	return maker.kind.Source.File(maker.spec.Config, ref)
}

// statVersion identifies the image column of a source by the stats of all its
// files, without reading one.
func (e *Engine) statVersion(ctx context.Context, level *dataset, column string) (runs.Digest, error) {
	return e.remembered(level.maker, "images "+column, func() (runs.Digest, error) { return e.statFiles(ctx, level, column) })
}

func (e *Engine) statFiles(ctx context.Context, level *dataset, column string) (runs.Digest, error) {
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
				r, err := rangeOf(level.maker, cell.Ref)
				if err != nil {
					return err
				}
				s, err := lookAt(r.Path)
				if err != nil {
					return fmt.Errorf("image of stage %s: %s", level.maker.spec.Name, fileMessage(err))
				}
				lines[i] = fmt.Sprintf("%s %d %d %d %d %s%s", r.Path, s.Size, s.Mtime, s.Ctime, s.Inode, s.Link, partOf(r))
				if max(s.Mtime, s.Ctime) > time.Now().Add(-e.o.Granularity).UnixNano() {
					// Too fresh to be told from a later change: content decides.
					d, err := e.stats.digestRange(r)
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
	ref, _, _ := strings.Cut(c.Ref, "\x00")
	switch {
	case ref == "rgb8":
		return stages.Picture{Pix: c.Data, Height: c.Height, Width: c.Width}, nil
	case c.Data != nil:
		return stages.Picture{Encoded: c.Data}, nil
	case strings.HasPrefix(ref, "recipe:"):
		maker, err := o.maker(c)
		if err != nil {
			return stages.Picture{}, err
		}
		if maker.kind.Source == nil || maker.kind.Source.Draw == nil {
			return stages.Picture{}, fmt.Errorf("image %q has no generator", c.Name())
		}
		return maker.kind.Source.Draw(ctx, ref)
	}
	maker, r, err := o.file(c)
	if err != nil {
		return stages.Picture{}, err
	}
	return o.e.readVerified(maker, r)
}

// maker is the node that can open a reference.
func (o opener) maker(c stages.ImageCell) (*node, error) {
	_, number, _ := strings.Cut(c.Ref, "\x00")
	i, err := strconv.Atoi(number)
	if err != nil || i < 0 || i >= len(o.e.nodes) {
		return nil, fmt.Errorf("image %q has no source", c.Name())
	}
	return o.e.nodes[i], nil
}

// file is where the file behind a reference lies, and whose it is.
func (o opener) file(c stages.ImageCell) (*node, stages.FileRange, error) {
	maker, err := o.maker(c)
	if err != nil {
		return nil, stages.FileRange{}, err
	}
	ref, _, _ := strings.Cut(c.Ref, "\x00")
	r, err := rangeOf(maker, ref)
	return maker, r, err
}

// Place says where the file behind a cell lies.
func (o opener) Place(_ context.Context, c stages.ImageCell) (stages.Place, bool, error) {
	maker, r, ok, err := o.locate(c)
	if err != nil || !ok {
		return stages.Place{}, false, err
	}
	d, err := o.e.digestOf(maker, r)
	if err != nil {
		return stages.Place{}, false, errors.New(fileMessage(err))
	}
	return stages.Place{FileRange: r, SHA256: d}, true, nil
}

// Locate says where a cell's file lies, and reads none of it.
func (o opener) Locate(c stages.ImageCell) (stages.FileRange, bool, error) {
	_, r, ok, err := o.locate(c)
	return r, ok, err
}

// locate finds the file of a cell; false where it is no part of one as it is stored.
func (o opener) locate(c stages.ImageCell) (maker *node, r stages.FileRange, ok bool, err error) {
	if !strings.Contains(c.Ref, "\x00") || c.Data != nil || !strings.HasPrefix(c.Ref, "file:") {
		return nil, r, false, nil
	}
	if maker, r, err = o.file(c); err != nil || !r.Plain() {
		return nil, r, false, err
	}
	return maker, r, true, nil
}

// readVerified reads a picture whose digest is known by its file's stat and refuses
// other bytes.
func (e *Engine) readVerified(maker *node, r stages.FileRange) (stages.Picture, error) {
	want, err := e.digestOf(maker, r)
	if err != nil {
		return stages.Picture{}, errors.New(fileMessage(err))
	}
	data, err := readRange(r)
	if err != nil {
		return stages.Picture{}, errors.New(fileMessage(err))
	}
	if got := runs.Digest(sha256.Sum256(data)); got != want {
		if e.trusts(maker) {
			return stages.Picture{}, fmt.Errorf("%s is not what the frozen source %s held when it was last scanned; run --rescan %s", r.Path, maker.spec.Name, maker.spec.Stage)
		}
		return stages.Picture{}, fmt.Errorf("%s changed while it was read; run again", r.Path)
	}
	if r.Height == 0 {
		return stages.Picture{Encoded: data}, nil
	}
	return stages.Picture{Pix: rgb(data, r.Channels), Height: r.Height, Width: r.Width}, nil
}

// readRange reads all bytes of a picture.
func readRange(r stages.FileRange) ([]byte, error) {
	f, err := os.Open(r.Path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	switch {
	case r.Unpack != nil:
		return r.Unpack(f)
	case r.Whole():
		return io.ReadAll(f)
	}
	size := r.Size
	if size < 0 {
		info, err := f.Stat()
		if err != nil {
			return nil, err
		}
		size = max(0, info.Size()-r.Offset)
	}
	data := make([]byte, size)
	if n, err := f.ReadAt(data, r.Offset); err != nil && (err != io.EOF || int64(n) < size) {
		return nil, fmt.Errorf("%s ends before the %d bytes from %d on", r.Path, size, r.Offset)
	}
	return data, nil
}

// rgb repeats grey pixels.
func rgb(pix []byte, channels int) []byte {
	if channels != 1 {
		return pix
	}
	out := make([]byte, 3*len(pix))
	for i, v := range pix {
		out[3*i], out[3*i+1], out[3*i+2] = v, v, v
	}
	return out
}

// partOf names a stretch within its file; "" is the whole of it.
func partOf(r stages.FileRange) string {
	switch {
	case r.Whole():
		return ""
	case r.Unpack != nil:
		return "\x00" + r.Part
	}
	return fmt.Sprintf("\x00%d+%d", r.Offset, r.Size)
}
