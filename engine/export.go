package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/pipeline"
	"shiftmill/runs"
	"shiftmill/stages"
)

// exportedImage is the type of an exported image column: what pyarrow, DuckDB
// and Hugging Face datasets read as an image.
var exportedImage = arrow.StructOf(
	arrow.Field{Name: "bytes", Type: arrow.BinaryTypes.Binary, Nullable: true},
	arrow.Field{Name: "path", Type: arrow.BinaryTypes.String, Nullable: true},
)

// An Exported says what an export wrote.
type Exported struct {
	Rows  int
	Files []string // relative to the folder
}

// Export joins an output that exists into a folder: Parquet files with all
// columns and the pictures themselves, or the files of an output of type
// Files. The folder must not exist; it appears whole or not at all, and an
// export that was interrupted goes on behind the last whole file. progress is told
// how many rows are done, and resumed how many an earlier export has done; either
// may be nil, and so may dropped, which is told of an interrupted export of something else
// that gives way.
func (e *Engine) Export(ctx context.Context, instance, outputName, dir string, progress, resumed func(rows, all int), dropped func(text string)) (Exported, error) {
	var done Exported
	n, ok := e.named(instance)
	if !ok {
		return done, e.noSuchStage(instance)
	}
	out, err := e.outputNamed(n, outputName)
	if err != nil {
		return done, err
	}
	var recipe runs.Digest
	if out.data != nil {
		if recipe, err = e.version(ctx, out.data); err != nil {
			return done, err
		}
	}
	err = MakeFolder(dir, derive("export of parquet/1", recipe, digestText(fmt.Sprint(e.o.Shard))), dropped, func(d *Draft) error {
		if out.data == nil {
			done, err = e.exportFiles(out, d.Dir)
			return err
		}
		var s Shards
		begun, err := d.Resume(&s)
		if err != nil {
			return err
		}
		if begun && resumed != nil {
			resumed(s.Rows, out.data.rows)
		}
		done, err = e.exportRows(ctx, out.data, d.Dir, s, progress, func(s Shards) error { return d.Keep(s) })
		return err
	})
	if errors.Is(err, runs.ErrAbsent) {
		return done, fmt.Errorf("%w; run the spec again, which makes it anew, then export", err)
	}
	return done, err
}

// ExportShards is Export into a folder that a caller makes, going on behind
// shards that are there. keep is called after each one.
func (e *Engine) ExportShards(ctx context.Context, instance, outputName, dir string, behind Shards, progress func(rows, all int), keep func(Shards) error) (Exported, error) {
	n, ok := e.named(instance)
	if !ok {
		return Exported{}, e.noSuchStage(instance)
	}
	out, err := e.outputNamed(n, outputName)
	if err != nil {
		return Exported{}, err
	}
	if out.data == nil {
		return Exported{}, fmt.Errorf("%s.%s: %w", instance, outputName, ErrFiles)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return Exported{}, err
	}
	return e.exportRows(ctx, out.data, dir, behind, progress, keep)
}

func (e *Engine) outputNamed(n *node, name string) (*output, error) {
	if err := e.complete(n); err != nil {
		return nil, err
	}
	if n.outputs == nil {
		return nil, e.noResult(n)
	}
	if o := n.outputs.get(name); o != nil {
		return o, nil
	}
	return nil, NoSuchOutput(n.spec.Name, name, n.spec.Outputs.Names)
}

func (e *Engine) noResult(n *node) error {
	return fmt.Errorf("stage %s has no result yet; run %s first", n.spec.Name, e.graph.File)
}

// NoSuchOutput says that an instance has no output of that name, and which it may mean.
func NoSuchOutput(instance, name string, known []string) error {
	switch near := pipeline.Nearest(name, known); {
	case len(known) == 1 && known[0] == "":
		return fmt.Errorf("%s has one output, without a name, so there is no %q", instance, name)
	case near != "":
		return fmt.Errorf("%s has no output %q; did you mean %q?", instance, name, near)
	}
	if len(known) > 0 && known[0] == "" {
		return fmt.Errorf("%s has no output %q; beside the one without a name it has %s", instance, name, strings.Join(known[1:], ", "))
	}
	return fmt.Errorf("%s has no output %q; it has %s", instance, name, strings.Join(known, ", "))
}

func (e *Engine) exportFiles(out *output, dir string) (Exported, error) {
	var done Exported
	for _, f := range out.files {
		path, err := fileIn(dir, f.Name)
		if err != nil {
			return done, err
		}
		out, err := os.Create(path)
		if err != nil {
			return done, err
		}
		_, err = e.store.Copy(f.Object, out)
		if err := errors.Join(err, out.Close()); err != nil {
			return done, err
		}
		done.Files = append(done.Files, f.Name)
	}
	return done, nil
}

// fileIn is the path of a stage's file in a folder, whose subfolders are made.
func fileIn(dir, name string) (string, error) {
	local, err := filepath.Localize(name)
	if err != nil {
		return "", fmt.Errorf("a stage named its file %q, which does not lie in a folder: %w", name, err)
	}
	path := filepath.Join(dir, local)
	return path, os.MkdirAll(filepath.Dir(path), 0o777)
}

func (e *Engine) exportRows(ctx context.Context, d *dataset, dir string, behind Shards, progress func(rows, all int), keep func(Shards) error) (Exported, error) {
	done := Exported{Rows: d.rows}
	var columns []string
	for _, f := range d.schema.Fields()[1:] {
		columns = append(columns, f.Name)
	}
	schema, err := e.exportSchema(ctx, d)
	if err != nil {
		return done, err
	}
	w := &shardWriter{dir: dir, schema: schema, limit: e.o.Shard, done: behind, keep: keep}
	at := behind.Rows
	err = e.batchesFrom(ctx, d, at, columns, func(b arrow.Record) (err error) {
		cols := append([]arrow.Array{}, b.Columns()...)
		for i, c := range cols {
			if stages.IsImage(c.DataType()) {
				if cols[i], err = e.exportImages(ctx, d, b.ColumnName(i), c); err != nil {
					return err
				}
			}
		}
		if err := w.write(array.NewRecord(schema, cols, b.NumRows())); err != nil {
			return err
		}
		if at += int(b.NumRows()); progress != nil {
			progress(at, d.rows)
		}
		return nil
	})
	if err != nil {
		return done, errors.Join(err, w.abandon())
	}
	if err := w.close(); err != nil {
		return done, err
	}
	done.Files, err = w.rename()
	return done, err
}

// exportSchema is the schema of the files: images as bytes and path, and
// metadata that tells Hugging Face datasets which columns are images and all
// readers which classes there are.
func (e *Engine) exportSchema(ctx context.Context, d *dataset) (*arrow.Schema, error) {
	fields := make([]arrow.Field, 0, d.schema.NumFields())
	features := map[string]any{}
	for _, f := range d.schema.Fields() {
		f.Metadata = arrow.Metadata{}
		f.Nullable = f.Name != idColumn
		if stages.IsImage(f.Type) {
			f.Type = exportedImage
			features[f.Name] = map[string]string{"_type": "Image"}
		} else if feature := featureOf(f.Type); feature != nil {
			features[f.Name] = feature
		}
		fields = append(fields, f)
	}
	meta := map[string]string{}
	if len(features) == len(fields) { // all or nothing: a partial list is refused by readers
		info, err := json.Marshal(map[string]any{"info": map[string]any{"features": features}})
		if err != nil {
			return nil, err
		}
		meta["huggingface"] = string(info)
	}
	classes, err := e.classes(ctx, d)
	if err != nil {
		return nil, err
	}
	if classes != nil {
		list, err := json.Marshal(classes)
		if err != nil {
			return nil, err
		}
		meta["shiftmill.classes"] = string(list)
	}
	m := arrow.MetadataFrom(meta)
	return arrow.NewSchema(fields, &m), nil
}

// featureOf describes a column type as Hugging Face datasets does, or is nil
// where it has no word of its own for it.
func featureOf(t arrow.DataType) any {
	value := func(dtype string) any { return map[string]string{"_type": "Value", "dtype": dtype} }
	switch t := t.(type) {
	case *arrow.StringType:
		return value("string")
	case *arrow.BooleanType:
		return value("bool")
	case *arrow.TimestampType:
		return value("timestamp[us, tz=UTC]")
	case *arrow.Date32Type:
		return value("date32")
	case *arrow.FixedSizeListType:
		if inner := featureOf(t.Elem()); inner != nil {
			return map[string]any{"_type": "Sequence", "feature": inner, "length": t.Len()}
		}
	case *arrow.ListType:
		if inner := featureOf(t.Elem()); inner != nil {
			return map[string]any{"_type": "Sequence", "feature": inner, "length": -1}
		}
	default:
		switch t.ID() {
		case arrow.INT8, arrow.INT16, arrow.INT32, arrow.INT64, arrow.UINT8, arrow.UINT16, arrow.UINT32, arrow.UINT64,
			arrow.FLOAT32, arrow.FLOAT64:
			return value(t.Name())
		}
	}
	return nil
}

// classes lists the distinct labels of a dataset, sorted, or nil when it has
// no column "label" of text.
func (e *Engine) classes(ctx context.Context, d *dataset) ([]string, error) {
	at := d.schema.FieldIndices("label")
	if len(at) == 0 || d.schema.Field(at[0]).Type.ID() != arrow.STRING {
		return nil, nil
	}
	parts, err := e.partitions(d)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for p := range parts {
		rec, err := e.readPart(ctx, d, p, []string{"label"})
		if err != nil {
			return nil, err
		}
		col := rec.Column(1).(*array.String)
		for i := range col.Len() {
			if col.IsValid(i) {
				seen[col.Value(i)] = true
			}
		}
	}
	names := make([]string, 0, len(seen))
	for s := range seen {
		names = append(names, s)
	}
	sort.Strings(names)
	return names, nil
}

// exportImages turns cells into encoded bytes and a name.
func (e *Engine) exportImages(ctx context.Context, d *dataset, column string, col arrow.Array) (arrow.Array, error) {
	col = mark(col, d.level(column).maker)
	b := array.NewStructBuilder(memory.DefaultAllocator, exportedImage)
	defer b.Release()
	for i := range col.Len() {
		if col.IsNull(i) {
			b.AppendNull()
			continue
		}
		c := stages.Image(col, i)
		pic, err := opener{e}.Open(ctx, c)
		if err != nil {
			return nil, err
		}
		if pic.Encoded == nil {
			if pic.Encoded, err = encodePNG(stages.ImageCell{Data: pic.Pix, Height: pic.Height, Width: pic.Width}); err != nil {
				return nil, err
			}
		}
		b.Append(true)
		b.FieldBuilder(0).(*array.BinaryBuilder).Append(pic.Encoded)
		path := b.FieldBuilder(1).(*array.StringBuilder)
		if strings.HasPrefix(c.Ref, "file:") {
			path.Append(c.Name())
		} else {
			path.AppendNull()
		}
	}
	return b.NewArray(), nil
}
