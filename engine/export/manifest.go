package export

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/engine"
	"shiftmill/runs/manifest"
	"shiftmill/stages"
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

// writeManifest takes fingerprints first, which reads the pictures where the
// gate has not; an interrupted export goes on with them. The twin files are then
// written from metadata alone, in one go.
func writeManifest(ctx context.Context, j *Job, d *engine.Draft) (string, error) {
	schema, err := j.manifestSchema()
	if err != nil {
		return "", err
	}
	prints, err := j.takePrints(ctx, d)
	if err != nil {
		return "", err
	}
	h, err := manifest.Write(d.Dir, j.Header, schema, func(write func(arrow.Record) error) error {
		r, err := prints.reader()
		if err != nil {
			return err
		}
		for i := range j.Sets {
			counted := func(rec arrow.Record) error {
				j.went(int(rec.NumRows()))
				return write(rec)
			}
			if err := j.Sets[i].manifestRows(ctx, schema, r, counted); err != nil {
				return fmt.Errorf("%s: %w", j.Sets[i].Name, err)
			}
		}
		return nil
	})
	if err = errors.Join(err, prints.remove()); err != nil {
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
			if stages.IsImage(f.Type) || slices.Contains([]string{"id", "sha256", "phash", "look"}, f.Name) {
				continue
			}
			column := f.Name
			if f.Name = manifestName(column); f.Name != column && len(s.Rows.Schema().FieldIndices(f.Name)) > 0 {
				return nil, fmt.Errorf("the rows have columns %q and %q, which would both be %[2]q of a manifest: rename one", column, f.Name)
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

// manifestName is what a column of metadata is called in a manifest: its name, unless
// the manifest uses that for itself.
func manifestName(column string) string {
	if slices.ContainsFunc(leading, func(l arrow.Field) bool { return l.Name == column }) {
		return "metadata_" + column
	}
	return column
}

// manifestRows turns a set's rows into those of the manifest.
func (s *Set) manifestRows(ctx context.Context, schema *arrow.Schema, prints *printReader, write func(arrow.Record) error) error {
	return s.Rows.Each(ctx, func(rec arrow.Record) error {
		n := int(rec.NumRows())
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
			print, err := prints.next()
			if err != nil {
				return err
			}
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
						if print.hashed && print.sha != [sha256.Size]byte(place.SHA256) {
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
			sha, phash := print.texts()
			text(5, sha)
			text(6, phash)
		}
		made := head.NewRecord()
		defer made.Release()
		cols := append([]arrow.Array{}, made.Columns()...)
		at := map[string]int{}
		for k, f := range rec.Schema().Fields() {
			at[manifestName(f.Name)] = k
		}
		for _, f := range schema.Fields()[len(leading):] {
			if k, ok := at[f.Name]; ok {
				cols = append(cols, rec.Column(k))
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
