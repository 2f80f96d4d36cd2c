package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/runs"
	"shiftmill/runs/table"
	"shiftmill/stages"
)

// shardBytes is about how large an exported Parquet file grows.
const shardBytes = 256 << 20

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
// Files. The folder must not exist; it appears whole or not at all.
func (e *Engine) Export(ctx context.Context, instance, outputName, dir string) (Exported, error) {
	var done Exported
	n, ok := e.byName[instance]
	if !ok {
		return done, e.noSuchStage(instance)
	}
	out, err := n.outputNamed(outputName)
	if err != nil {
		return done, err
	}
	if _, err := os.Lstat(dir); err == nil {
		return done, fmt.Errorf("%s exists already; name a new folder", dir)
	}
	parent, base := filepath.Split(filepath.Clean(dir))
	if parent == "" {
		parent = "."
	}
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return done, err
	}
	tmp, err := os.MkdirTemp(parent, "."+base+"-")
	if err != nil {
		return done, err
	}
	defer os.RemoveAll(tmp)
	if out.data == nil {
		done, err = e.exportFiles(out, tmp)
	} else {
		done, err = e.exportRows(ctx, out.data, tmp)
	}
	if errors.Is(err, runs.ErrAbsent) {
		return done, fmt.Errorf("%w; run the spec again, which makes it anew, then export", err)
	}
	if err != nil {
		return done, err
	}
	if err := os.Chmod(tmp, 0o755); err != nil {
		return done, err
	}
	return done, os.Rename(tmp, dir)
}

func (n *node) outputNamed(name string) (*output, error) {
	if n.outputs == nil {
		return nil, fmt.Errorf("stage %s has no result yet; run the spec first", n.spec.Name)
	}
	if o, ok := n.outputs[name]; ok {
		return o, nil
	}
	var names []string
	for _, r := range n.results {
		names = append(names, fmt.Sprintf("%q", r.Name))
	}
	return nil, fmt.Errorf("stage %s has no output %q; it has %s", n.spec.Name, name, strings.Join(names, ", "))
}

func (e *Engine) exportFiles(out *output, dir string) (Exported, error) {
	var done Exported
	for _, f := range out.record.Files {
		data, err := e.store.Get(f.Object)
		if err != nil {
			return done, err
		}
		path, err := fileIn(dir, f.Name)
		if err != nil {
			return done, err
		}
		if err := os.WriteFile(path, data, 0o666); err != nil {
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

func (e *Engine) exportRows(ctx context.Context, d *dataset, dir string) (Exported, error) {
	done := Exported{Rows: d.rows}
	var columns []string
	for _, f := range d.schema.Fields()[1:] {
		columns = append(columns, f.Name)
	}
	schema, err := e.exportSchema(ctx, d)
	if err != nil {
		return done, err
	}
	parts, err := e.partitions(d)
	if err != nil {
		return done, err
	}
	w := &shardWriter{dir: dir, schema: schema}
	for p := range parts {
		rec, err := e.readPart(ctx, d, p, columns)
		if err != nil {
			return done, errors.Join(err, w.close())
		}
		err = eachBatch(ctx, rec, e.o.Batch, func(b arrow.Record) error {
			cols := append([]arrow.Array{}, b.Columns()...)
			for i, c := range cols {
				if stages.IsImage(c.DataType()) {
					if cols[i], err = e.exportImages(ctx, d, b.ColumnName(i), c); err != nil {
						return err
					}
				}
			}
			return w.write(array.NewRecord(schema, cols, b.NumRows()))
		})
		if err != nil {
			return done, errors.Join(err, w.close())
		}
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

// A shardWriter writes records to files of about shardBytes.
type shardWriter struct {
	dir    string
	schema *arrow.Schema
	n      int
	file   *os.File
	table  *table.Writer
	size   int
}

func (w *shardWriter) name(i int) string {
	return filepath.Join(w.dir, fmt.Sprintf("part-%05d.parquet", i))
}

func (w *shardWriter) write(rec arrow.Record) error {
	if w.table == nil {
		f, err := os.Create(w.name(w.n))
		if err != nil {
			return err
		}
		w.file, w.size = f, 0
		if w.table, err = table.NewWriter(io.Writer(f), w.schema, table.Options{}); err != nil {
			return err
		}
		w.n++
	}
	w.size += recordBytes(rec)
	if err := w.table.Write(rec); err != nil {
		return err
	}
	if w.size >= shardBytes {
		return w.close()
	}
	return nil
}

func (w *shardWriter) close() error {
	if w.table == nil {
		return nil
	}
	err := errors.Join(w.table.Close(), w.file.Close())
	w.table, w.file = nil, nil
	return err
}

// rename gives the files their final names, which say how many there are.
func (w *shardWriter) rename() ([]string, error) {
	if w.n == 0 { // no rows: one empty table, so that the schema is there
		if err := w.write(array.NewRecord(w.schema, emptyColumns(w.schema), 0)); err != nil {
			return nil, err
		}
		if err := w.close(); err != nil {
			return nil, err
		}
	}
	var names []string
	for i := range w.n {
		name := fmt.Sprintf("data-%05d-of-%05d.parquet", i, w.n)
		if err := os.Rename(w.name(i), filepath.Join(w.dir, name)); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}

func emptyColumns(s *arrow.Schema) []arrow.Array {
	cols := make([]arrow.Array, s.NumFields())
	for i, f := range s.Fields() {
		b := array.NewBuilder(memory.DefaultAllocator, f.Type)
		cols[i] = b.NewArray()
		b.Release()
	}
	return cols
}

// A Published is a set of files that a stage made for people.
type Published struct {
	Stage string
	Dir   string
	Files []string
}

// Publish copies the files of final stages (those no other stage reads) to a
// folder per stage, and says where. An unchanged folder is left alone.
func (e *Engine) Publish(dir string) ([]Published, error) {
	read := map[*node]bool{}
	for _, n := range e.nodes {
		for _, in := range n.inputs {
			for _, r := range in.refs {
				read[r.node] = true
			}
		}
	}
	var out []Published
	for _, n := range e.nodes {
		if read[n] || n.outputs == nil {
			continue
		}
		for _, o := range n.record.Outputs {
			if len(o.Files) == 0 {
				continue
			}
			p := Published{Stage: n.spec.Name, Dir: filepath.Join(dir, n.spec.Name, o.Name)}
			if err := os.MkdirAll(p.Dir, 0o777); err != nil {
				return nil, err
			}
			for _, f := range o.Files {
				path, err := fileIn(p.Dir, f.Name)
				if err != nil {
					return nil, err
				}
				if err := e.publishFile(f, path); err != nil {
					return nil, err
				}
				p.Files = append(p.Files, f.Name)
			}
			out = append(out, p)
		}
	}
	return out, nil
}

func (e *Engine) publishFile(f storedFile, path string) error {
	data, err := e.store.Get(f.Object)
	if err != nil {
		return err
	}
	if old, err := os.ReadFile(path); err == nil && string(old) == string(data) {
		return nil
	}
	// A name of its own: another process may be publishing the same file.
	tmp, err := os.CreateTemp(filepath.Dir(path), ".tmp-")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Chmod(0o644), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// ReadFile returns a file of an output that exists.
func (e *Engine) ReadFile(instance, outputName, name string) ([]byte, error) {
	n, ok := e.byName[instance]
	if !ok {
		return nil, e.noSuchStage(instance)
	}
	out, err := n.outputNamed(outputName)
	if err != nil {
		return nil, err
	}
	return (&filesInput{origin{node: n}, e, out.record.Files}).File(name)
}
