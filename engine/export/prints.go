package export

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"golang.org/x/sync/errgroup"

	"shiftmill/engine"
	"shiftmill/stages"
	"shiftmill/stages/check"
)

// A fingerprint is what the manifest says of a picture beside its place.
type fingerprint struct {
	sha    [sha256.Size]byte
	phash  uint64
	hashed bool // sha is there
	looked bool // phash is
}

// printBytes is the length of a fingerprint in a file: which halves are there,
// then both.
const printBytes = 1 + sha256.Size + 8

func fingerprintOf(sha, phash string) (f fingerprint, err error) {
	if sha != "" {
		d, err := hex.DecodeString(sha)
		if err != nil || len(d) != len(f.sha) {
			return f, fmt.Errorf("%q is no sha256", sha)
		}
		f.hashed = true
		copy(f.sha[:], d)
	}
	if phash != "" {
		f.looked = true
		if f.phash, err = strconv.ParseUint(phash, 16, 64); err != nil {
			return f, err
		}
	}
	return f, nil
}

func (f *fingerprint) texts() (sha, phash string) {
	if f.hashed {
		sha = hex.EncodeToString(f.sha[:])
	}
	if f.looked {
		phash = fmt.Sprintf("%016x", f.phash)
	}
	return sha, phash
}

// prints is a file of fingerprints of all rows of all sets in order, since
// there may be more than memory takes.
type prints struct {
	file *os.File
	w    *bufio.Writer
	n    int
}

// takePrints completes the file of fingerprints in a draft. What it keeps is
// the number of those that are there.
func (j *Job) takePrints(ctx context.Context, d *engine.Draft) (*prints, error) {
	begun := 0
	if _, err := d.Resume(&begun); err != nil {
		return nil, err
	}
	j.resume(begun)
	f, err := behind(filepath.Join(d.Dir, ".prints"), int64(begun)*printBytes)
	if err != nil {
		return nil, err
	}
	p := &prints{file: f, w: bufio.NewWriterSize(f, 1<<20), n: begun}
	kept, pace := begun, j.pace()
	keep := func() error {
		defer pace.kept(time.Now())
		if err := p.w.Flush(); err != nil {
			return err
		}
		kept = p.n
		return d.Keep(p.n)
	}
	add := func(f fingerprint) error {
		if err := p.add(f); err != nil {
			return err
		}
		if pace.due(p.n-kept, p.n) {
			return keep()
		}
		return nil
	}
	first := 0
	for i := range j.Sets {
		s := &j.Sets[i]
		from := max(0, p.n-first)
		if first += s.Rows.Len(); p.n >= first {
			continue
		}
		take := j.openPrints
		if s.Prints != nil {
			take = j.takenPrints
		}
		if err := take(ctx, i, from, add); err != nil {
			if ctx.Err() != nil && p.n > kept { // stopped between two rows
				err = errors.Join(err, keep())
			}
			return nil, errors.Join(fmt.Errorf("%s: %w", s.Name, err), f.Close())
		}
	}
	if err := p.w.Flush(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if p.n > kept {
		err = keep()
	}
	return p, err
}

func (p *prints) add(f fingerprint) error {
	var b [printBytes]byte
	if f.hashed {
		b[0] |= 1
	}
	if f.looked {
		b[0] |= 2
	}
	copy(b[1:], f.sha[:])
	binary.LittleEndian.PutUint64(b[1+len(f.sha):], f.phash)
	p.n++
	_, err := p.w.Write(b[:])
	return err
}

func (p *prints) remove() error { return errors.Join(p.file.Close(), os.Remove(p.file.Name())) }

// A printReader reads fingerprints from the first on.
type printReader struct{ r *bufio.Reader }

func (p *prints) reader() (*printReader, error) {
	_, err := p.file.Seek(0, io.SeekStart)
	return &printReader{bufio.NewReaderSize(p.file, 1<<20)}, err
}

func (r *printReader) next() (f fingerprint, err error) {
	var b [printBytes]byte
	if _, err := io.ReadFull(r.r, b[:]); err != nil {
		return f, err
	}
	f.hashed, f.looked = b[0]&1 != 0, b[0]&2 != 0
	copy(f.sha[:], b[1:])
	f.phash = binary.LittleEndian.Uint64(b[1+len(f.sha):])
	return f, nil
}

// printsAtOnce is how many pictures are opened for their fingerprints by one
// processor before they are written down.
const printsAtOnce = 16

// openPrints takes fingerprints of a set's pictures, which it opens, from the
// row of an ordinal on.
func (j *Job) openPrints(ctx context.Context, set, from int, add func(fingerprint) error) error {
	s := &j.Sets[set]
	step := printsAtOnce * runtime.GOMAXPROCS(0)
	return s.Rows.From(ctx, from, func(rec arrow.Record) error {
		at := rec.Schema().FieldIndices("image")
		image := len(at) == 1 && stages.IsImage(rec.Schema().Field(at[0]).Type)
		ids := rec.Column(0)
		for lo := 0; lo < ids.Len(); lo += step {
			hi := min(lo+step, ids.Len())
			found := make([]fingerprint, hi-lo)
			g, within := errgroup.WithContext(ctx)
			g.SetLimit(runtime.GOMAXPROCS(0))
			for i := lo; image && i < hi; i++ {
				if rec.Column(at[0]).IsNull(i) {
					continue
				}
				g.Go(func() (err error) {
					found[i-lo], err = s.open(within, ids.ValueStr(i), stages.Image(rec.Column(at[0]), i))
					return err
				})
			}
			if err := g.Wait(); err != nil {
				return err
			}
			for _, f := range found {
				if err := add(f); err != nil {
					return err
				}
			}
			j.went(hi - lo)
		}
		return nil
	})
}

// open takes the fingerprint of one picture.
func (s *Set) open(ctx context.Context, id string, cell stages.ImageCell) (fingerprint, error) {
	if err := ctx.Err(); err != nil {
		return fingerprint{}, context.Cause(ctx)
	}
	pic, err := s.Images.Open(ctx, cell)
	if err != nil {
		return fingerprint{}, &stages.RowError{ID: id, File: cell.Name(), Err: err}
	}
	p := check.PrintOf(pic)
	return fingerprintOf(p.SHA256, p.Phash)
}

// takenPrints finds a set's rows among those that fingerprints were taken of:
// both come by ascending id, and a gate may have dropped some since.
func (j *Job) takenPrints(ctx context.Context, set, from int, add func(fingerprint) error) error {
	s := &j.Sets[set]
	type printed struct{ id, sha, phash string }
	var failed error
	next, stop := iter.Pull(func(yield func(printed) bool) {
		done := errors.New("done")
		err := s.Prints.Each(ctx, func(rec arrow.Record) error {
			at := func(name string) *array.String { return rec.Column(rec.Schema().FieldIndices(name)[0]).(*array.String) }
			ids, shas, hashes := at("id"), at("sha256"), at("phash")
			for i := range ids.Len() {
				if !yield(printed{ids.Value(i), shas.Value(i), hashes.Value(i)}) {
					return done
				}
			}
			return nil
		})
		if !errors.Is(err, done) {
			failed = err
		}
	})
	defer stop()
	rows, err := s.Rows.Only()
	if err != nil {
		return err
	}
	return rows.From(ctx, from, func(rec arrow.Record) error {
		ids := rec.Column(0)
		for i := range ids.Len() {
			for {
				p, ok := next()
				if !ok {
					return errors.Join(failed, fmt.Errorf("row %q has no fingerprint", ids.ValueStr(i)))
				}
				if p.id != ids.ValueStr(i) {
					continue
				}
				f, err := fingerprintOf(p.sha, p.phash)
				if err != nil {
					return fmt.Errorf("row %q: %w", p.id, err)
				}
				if err := add(f); err != nil {
					return err
				}
				break
			}
		}
		return nil
	})
}
