package source

import (
	"context"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// A hiveTable is a table in folders such as year=2019/country=FR, which Hive, Spark, DuckDB and others name
// by what all rows of a file have: columns of text that the file itself lacks.
type hiveTable struct {
	tableReader
	columns []hiveColumn
}

type hiveColumn struct {
	name, value string
	null        bool
}

// withFolders adds the columns that the folders of a table's name say.
func withFolders(r tableReader, name string) tableReader {
	var columns []hiveColumn
	for _, folder := range strings.Split(path.Dir(name), "/") {
		key, value, ok := strings.Cut(folder, "=")
		has := slices.ContainsFunc(r.Fields(), func(f tableField) bool { return f.name == key }) ||
			slices.ContainsFunc(columns, func(c hiveColumn) bool { return c.name == key })
		if !ok || key == "" || has {
			continue
		}
		if plain, err := url.PathUnescape(value); err == nil {
			value = plain
		}
		columns = append(columns, hiveColumn{key, value, value == "__HIVE_DEFAULT_PARTITION__"})
	}
	if len(columns) == 0 {
		return r
	}
	return &hiveTable{r, columns}
}

// Fields are the columns of the file, and those of its folders.
func (t *hiveTable) Fields() []tableField {
	fields := slices.Clone(t.tableReader.Fields())
	for _, c := range t.columns {
		fields = append(fields, tableField{name: c.name, typ: arrow.BinaryTypes.String})
	}
	return fields
}

// Each adds the columns to the records of the file.
func (t *hiveTable) Each(ctx context.Context, bad func(int64, string) error, f func(arrow.Record, []int64) error) error {
	return t.tableReader.Each(ctx, bad, func(rec arrow.Record, lines []int64) error {
		fields, cols := slices.Clone(rec.Schema().Fields()), slices.Clone(rec.Columns())
		for _, c := range t.columns {
			b := array.NewStringBuilder(memory.DefaultAllocator)
			for range lines {
				if c.null {
					b.AppendNull()
				} else {
					b.Append(c.value)
				}
			}
			col := b.NewArray()
			b.Release()
			defer col.Release()
			fields, cols = append(fields, arrow.Field{Name: c.name, Type: arrow.BinaryTypes.String, Nullable: true}), append(cols, col)
		}
		wide := array.NewRecord(arrow.NewSchema(fields, nil), cols, rec.NumRows())
		defer wide.Release()
		return f(wide, lines)
	})
}
