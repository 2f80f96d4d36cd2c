package export

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/runs/manifest"
	"shiftmill/stages"
	"shiftmill/stages/check"
)

// leading are the columns of every manifest.
var leading = []arrow.Field{
	{Name: "id", Type: arrow.BinaryTypes.String},
	{Name: "output", Type: arrow.BinaryTypes.String},
	{Name: "path", Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: "offset", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	{Name: "size", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	{Name: "sha256", Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: "phash", Type: arrow.BinaryTypes.String, Nullable: true},
}

// A fingerprint is what the manifest says of a picture beside its place. A set
// may hold millions: as bytes they take a third of what digits take.
type fingerprint struct {
	sha    [sha256.Size]byte
	phash  uint64
	hashed bool // sha is there
	looked bool // phash is
}

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

func writeManifest(ctx context.Context, j *Job, dir string) (string, error) {
	schema, err := j.manifestSchema()
	if err != nil {
		return "", err
	}
	prints := make([][]fingerprint, len(j.Sets))
	for i := range j.Sets {
		if prints[i], err = j.Sets[i].fingerprints(ctx); err != nil {
			return "", fmt.Errorf("%s: %w", j.Sets[i].Name, err)
		}
	}
	h, err := manifest.Write(dir, j.Header, schema, func(write func(arrow.Record) error) error {
		for i := range j.Sets {
			counted := func(rec arrow.Record) error {
				j.went(int(rec.NumRows()))
				return write(rec)
			}
			if err := j.Sets[i].manifestRows(ctx, schema, prints[i], counted); err != nil {
				return fmt.Errorf("%s: %w", j.Sets[i].Name, err)
			}
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d rows of %d sets in %s and %s, root %.16s", h.Rows, len(h.Sets), manifest.Parquet, manifest.JSONL, h.Root), nil
}

// manifestSchema is the leading columns and all columns of metadata of the
// sets, sorted: cell, label and labels first.
func (j *Job) manifestSchema() (*arrow.Schema, error) {
	of := map[string]arrow.Field{}
	for _, s := range j.Sets {
		for _, f := range s.Rows.Schema().Fields() {
			taken := slices.ContainsFunc(leading, func(l arrow.Field) bool { return l.Name == f.Name })
			if taken && f.Name != "id" && f.Name != "sha256" && f.Name != "phash" {
				return nil, fmt.Errorf("the rows have a column %q, which a manifest uses for itself: rename it", f.Name)
			}
			if taken || stages.IsImage(f.Type) || f.Name == "look" {
				continue
			}
			f.Metadata, f.Nullable = arrow.Metadata{}, true
			if had, ok := of[f.Name]; ok && !arrow.TypeEqual(had.Type, f.Type) {
				return nil, fmt.Errorf("the column %q holds %s in one set and %s in %s", f.Name, had.Type, f.Type, s.Name)
			}
			of[f.Name] = f
		}
	}
	names := make([]string, 0, len(of))
	for name := range of {
		names = append(names, name)
	}
	first := []string{"cell", "label", "labels"}
	rank := func(name string) int {
		if at := slices.Index(first, name); at >= 0 {
			return at
		}
		return len(first)
	}
	slices.SortFunc(names, func(a, b string) int {
		if n := rank(a) - rank(b); n != 0 {
			return n
		}
		return strings.Compare(a, b)
	})
	fields := slices.Clone(leading)
	for _, name := range names {
		fields = append(fields, of[name])
	}
	return arrow.NewSchema(fields, nil), nil
}

// fingerprints are those of a set's pictures, in the order of its rows: from
// check/fingerprint where that has run, else taken here.
func (s *Set) fingerprints(ctx context.Context) ([]fingerprint, error) {
	if s.Prints != nil {
		return s.taken(ctx)
	}
	prints := make([]fingerprint, 0, s.Rows.Len())
	err := s.Rows.Each(ctx, func(rec arrow.Record) error {
		at := rec.Schema().FieldIndices("image")
		if len(at) != 1 || !stages.IsImage(rec.Schema().Field(at[0]).Type) {
			prints = append(prints, make([]fingerprint, rec.NumRows())...)
			return nil
		}
		ids := rec.Column(0)
		for i := range ids.Len() {
			if rec.Column(at[0]).IsNull(i) {
				prints = append(prints, fingerprint{})
				continue
			}
			cell := stages.Image(rec.Column(at[0]), i)
			pic, err := s.Images.Open(ctx, cell)
			if err != nil {
				return &stages.RowError{ID: ids.ValueStr(i), File: cell.Name(), Err: err}
			}
			p := check.PrintOf(pic)
			f, err := fingerprintOf(p.SHA256, p.Phash)
			if err != nil {
				return err
			}
			prints = append(prints, f)
		}
		return nil
	})
	return prints, err
}

// taken finds the rows among those that fingerprints were taken of: both come
// by ascending id, and a gate may have dropped some since.
func (s *Set) taken(ctx context.Context) ([]fingerprint, error) {
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
	prints := make([]fingerprint, 0, s.Rows.Len())
	err := s.Rows.Each(ctx, func(rec arrow.Record) error {
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
				prints = append(prints, f)
				break
			}
		}
		return nil
	})
	return prints, err
}

// manifestRows turns a set's rows into those of the manifest.
func (s *Set) manifestRows(ctx context.Context, schema *arrow.Schema, prints []fingerprint, write func(arrow.Record) error) error {
	at := 0 // of the record's first row, among all
	return s.Rows.Each(ctx, func(rec arrow.Record) error {
		n := int(rec.NumRows())
		prints := prints[at : at+n]
		at += n
		head := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(leading, nil))
		defer head.Release()
		image := rec.Schema().FieldIndices("image")
		if len(image) == 1 && !stages.IsImage(rec.Schema().Field(image[0]).Type) {
			image = nil
		}
		text := func(k int, v string) {
			if b := head.Field(k).(*array.StringBuilder); v == "" {
				b.AppendNull()
			} else {
				b.Append(v)
			}
		}
		for i := range n {
			id := rec.Column(0).ValueStr(i)
			head.Field(0).(*array.StringBuilder).Append(id)
			head.Field(1).(*array.StringBuilder).Append(s.Name)
			path, offset, size := "", int64(0), int64(-1)
			if len(image) == 1 && rec.Column(image[0]).IsValid(i) {
				cell := stages.Image(rec.Column(image[0]), i)
				if strings.HasPrefix(cell.Ref, "file:") {
					path = cell.Name()
					place, ok, err := s.Images.Place(ctx, cell)
					if err != nil {
						return &stages.RowError{ID: id, File: cell.Name(), Err: err}
					}
					if ok {
						if offset, size = place.Offset, place.Size; size >= 0 {
							path = fileOf(path, place.Path)
						}
						if p := &prints[i]; p.hashed && p.sha != [sha256.Size]byte(place.SHA256) {
							return &stages.RowError{ID: id, File: cell.Name(), Err: fmt.Errorf("the file has changed since it was looked at; run the spec again")}
						}
					}
				}
			}
			text(2, path)
			for k, v := range []int64{offset, size} {
				if b := head.Field(3 + k).(*array.Int64Builder); size < 0 {
					b.AppendNull()
				} else {
					b.Append(v)
				}
			}
			sha, phash := prints[i].texts()
			text(5, sha)
			text(6, phash)
		}
		made := head.NewRecord()
		defer made.Release()
		cols := append([]arrow.Array{}, made.Columns()...)
		for _, f := range schema.Fields()[len(leading):] {
			if at := rec.Schema().FieldIndices(f.Name); len(at) == 1 {
				cols = append(cols, rec.Column(at[0]))
			} else {
				cols = append(cols, array.MakeArrayOfNull(memory.DefaultAllocator, f.Type, n))
			}
		}
		out := array.NewRecord(schema, cols, int64(n))
		defer out.Release()
		return write(out)
	})
}

// fileOf is the part of a picture's name that names the file it is in: the
// longest beginning with which the file's own path ends.
func fileOf(name, file string) string {
	file = "/" + filepath.ToSlash(file)
	for end := len(name); end > 0; end = strings.LastIndexAny(name[:end], "/#!?") {
		if strings.HasSuffix(file, "/"+name[:end]) {
			return name[:end]
		}
	}
	return name
}
