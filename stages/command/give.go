package command

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/runs/table"
	"shiftmill/stages"
	"shiftmill/stages/model"
)

// A handover gives rows to a program.
type handover struct {
	images  stages.Images
	workers int
	label   string   // "" when labels are not handed over
	also    []string // further columns
	dir     string   // for what this input needs, not there yet
	skip    map[string]bool
	report  func(rows int)
}

// give hands the rows of an input over in one of the forms and says where they
// are.
func (h *handover) give(ctx context.Context, input stages.Input, form string, classes []string) (Given, error) {
	if err := os.MkdirAll(h.dir, 0o777); err != nil {
		return Given{}, err
	}
	switch form {
	case "manifest":
		return h.manifest(ctx, input, filepath.Join(h.dir, "rows.jsonl"))
	case "parquet":
		return h.parquet(ctx, input)
	case "imagefolder":
		return h.imageFolder(ctx, input)
	case "webdataset":
		return h.webDataset(ctx, input, classes)
	}
	panic("command: form " + form)
}

// each calls f for every row that is not to be skipped, pieces of them at a
// time, so that pictures can be read side by side.
func (h *handover) each(ctx context.Context, input stages.Input, f func(rec arrow.Record, rows []int) error) (rows int, err error) {
	const piece = 256
	err = input.Each(ctx, func(rec arrow.Record) error {
		ids := column(rec, "id").(*array.String)
		var wanted []int
		flush := func() error {
			if len(wanted) == 0 {
				return nil
			}
			err := f(rec, wanted)
			rows += len(wanted)
			h.report(rows)
			wanted = wanted[:0]
			return err
		}
		for i := range ids.Len() {
			if h.skip[ids.Value(i)] {
				continue
			}
			if wanted = append(wanted, i); len(wanted) == piece {
				if err := flush(); err != nil {
					return err
				}
			}
		}
		return flush()
	})
	return rows, err
}

// manifest writes a line of JSON for each row: id, path (with offset and size
// where the picture is a part of a file), sha256 of its bytes, label, further
// columns. Pictures that are no files are written beside it.
func (h *handover) manifest(ctx context.Context, input stages.Input, path string) (Given, error) {
	f, err := os.Create(path)
	if err != nil {
		return Given{}, err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false)
	n := 0
	rows, err := h.each(ctx, input, func(rec arrow.Record, rows []int) error {
		places, err := h.places(ctx, rec, rows, n)
		if err != nil {
			return err
		}
		for k, i := range rows {
			line := h.values(rec, i)
			line["path"], line["sha256"] = places[k].Path, fmt.Sprintf("%x", places[k].SHA256)
			if p := places[k]; p.Size >= 0 {
				line["offset"], line["size"] = p.Offset, p.Size
			}
			if err := lines.Encode(line); err != nil {
				return err
			}
		}
		n += len(rows)
		return nil
	})
	return Given{Rows: rows, Path: path}, errors.Join(err, w.Flush(), f.Close())
}

// values are a row's id, label and further columns as JSON has them.
func (h *handover) values(rec arrow.Record, i int) map[string]any {
	line := map[string]any{"id": column(rec, "id").(*array.String).Value(i)}
	if h.label != "" {
		line["label"] = labelOf(rec, h.label, i)
	}
	for _, name := range h.also {
		line[name] = column(rec, name).GetOneForMarshal(i)
	}
	return line
}

// labelOf is the class name of a row, or the list of its labels; nil when it has
// none.
func labelOf(rec arrow.Record, label string, i int) any {
	col := column(rec, label)
	if col.IsNull(i) {
		return nil
	}
	if several(col.DataType()) {
		return model.LabelsAt(col, i)
	}
	return col.ValueStr(i)
}

// several says whether a column of labels holds lists.
func several(t arrow.DataType) bool {
	_, ok := t.(arrow.ListLikeType)
	return ok
}

func column(rec arrow.Record, name string) arrow.Array {
	return rec.Column(rec.Schema().FieldIndices(name)[0])
}

// imageType is a picture in tables for programs: what Hugging Face datasets
// takes for one.
var imageType = arrow.StructOf(
	arrow.Field{Name: "bytes", Type: arrow.BinaryTypes.Binary, Nullable: true},
	arrow.Field{Name: "path", Type: arrow.BinaryTypes.String, Nullable: true},
)

// schema is that of tables for programs.
func (h *handover) schema(in *arrow.Schema) *arrow.Schema {
	fields := []arrow.Field{{Name: "id", Type: arrow.BinaryTypes.String}, {Name: model.ImageColumn, Type: imageType, Nullable: true}}
	if h.label != "" {
		var t arrow.DataType = arrow.BinaryTypes.String
		if several(in.Field(in.FieldIndices(h.label)[0]).Type) {
			t = arrow.ListOf(arrow.BinaryTypes.String)
		}
		fields = append(fields, arrow.Field{Name: "label", Type: t, Nullable: true})
	}
	for _, name := range h.also {
		f := in.Field(in.FieldIndices(name)[0])
		fields = append(fields, arrow.Field{Name: name, Type: f.Type, Nullable: true})
	}
	return arrow.NewSchema(fields, nil)
}

// records makes records of the encoded pictures and writes them.
func (h *handover) records(ctx context.Context, input stages.Input, schema *arrow.Schema, write func(arrow.Record) error) (int, error) {
	return h.each(ctx, input, func(rec arrow.Record, rows []int) error {
		pictures, err := h.encoded(ctx, rec, rows)
		if err != nil {
			return err
		}
		b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
		defer b.Release()
		ids := column(rec, "id").(*array.String)
		images := b.Field(1).(*array.StructBuilder)
		for k, i := range rows {
			b.Field(0).(*array.StringBuilder).Append(ids.Value(i))
			images.Append(true)
			images.FieldBuilder(0).(*array.BinaryBuilder).Append(pictures[k].data)
			images.FieldBuilder(1).(*array.StringBuilder).Append(pictures[k].name)
			if h.label != "" {
				switch l := labelOf(rec, h.label, i).(type) {
				case string:
					b.Field(2).(*array.StringBuilder).Append(l)
				case []string:
					list := b.Field(2).(*array.ListBuilder)
					list.Append(true)
					list.ValueBuilder().(*array.StringBuilder).AppendValues(l, nil)
				default:
					b.Field(2).AppendNull()
				}
			}
			for a, name := range h.also {
				text := column(rec, name).ValueStr(i)
				to := b.Field(schema.NumFields() - len(h.also) + a)
				if column(rec, name).IsNull(i) {
					to.AppendNull()
				} else if err := to.AppendValueFromString(text); err != nil {
					return fmt.Errorf("column %q: %w", name, err)
				}
			}
		}
		out := b.NewRecord()
		defer out.Release()
		return write(out)
	})
}

// parquet writes one Parquet file; its row groups hold 64 MiB at most.
func (h *handover) parquet(ctx context.Context, input stages.Input) (Given, error) {
	path := filepath.Join(h.dir, "rows.parquet")
	f, err := os.Create(path)
	if err != nil {
		return Given{}, err
	}
	defer f.Close()
	schema := h.schema(input.Schema())
	w, err := table.NewWriter(f, schema, table.Options{})
	if err != nil {
		return Given{}, err
	}
	rows, err := h.records(ctx, input, schema, w.Write)
	return Given{Rows: rows, Path: path}, errors.Join(err, w.Close(), f.Close())
}

// stream writes an Arrow IPC stream.
func (h *handover) stream(ctx context.Context, input stages.Input, to io.Writer) error {
	schema := h.schema(input.Schema())
	w := ipc.NewWriter(to, ipc.WithSchema(schema))
	_, err := h.records(ctx, input, schema, w.Write)
	return errors.Join(err, w.Close())
}
