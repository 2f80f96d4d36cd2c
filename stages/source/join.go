package source

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/pipeline"
	"shiftmill/stages"
)

// A Join says which table holds more about the files.
type Join struct {
	Table     pipeline.File        `yaml:"table" doc:"CSV, TSV, JSONL, Parquet or Arrow file"`
	Key       string               `yaml:"key" doc:"the table's column that names a file"`
	On        string               `yaml:"on" doc:"what of the file it holds: stem (without folders and ending), file (without folders), name (below the root), or a column of the pattern"`
	Types     map[string]TableType `yaml:"types" doc:"what the texts of a column mean, as in source/table"`
	Format    string               `yaml:"format" enum:"csv|tsv|jsonl|parquet|arrow" doc:"of the table; its ending says it when left out"`
	Delimiter string               `yaml:"delimiter" doc:"character between the fields of a CSV table; a comma when left out"`
	Quotes    string               `yaml:"quotes" enum:"standard|none" doc:"of a CSV table, as in source/table"`
	Encoding  string               `yaml:"encoding" enum:"utf-8|utf-16|windows-1252|latin-1|latin-9" doc:"of the characters of a CSV table; UTF-8 when left out"`
	Nulls     []string             `yaml:"nulls" doc:"texts of a CSV table that mean a missing value"`
	Unmatched string               `yaml:"unmatched" enum:"skip|fail" doc:"a file without a row, or a row without a file: skip leaves it out, counted and named"`
}

// given says whether there is anything to join.
func (j *Join) given() bool { return j.Table != "" || j.Key != "" }

func (j *Join) check(p *pattern) []pipeline.Problem {
	if !j.given() {
		return nil
	}
	var problems []pipeline.Problem
	report := func(field, format string, args ...any) {
		problems = append(problems, pipeline.Problem{Field: "join." + field, Msg: fmt.Sprintf(format, args...)})
	}
	if j.Table == "" {
		report("table", "it is missing: the file to join")
	}
	if j.Key == "" {
		report("key", "it is missing: the table's column that names a file")
	}
	if known := append([]string{"stem", "file", "name"}, names(p)...); !slices.Contains(known, j.On) {
		report("on", "%q is neither stem, file or name nor a column of the pattern; it has %s", j.On, strings.Join(names(p), ", "))
	}
	return problems
}

func names(p *pattern) []string {
	if p == nil {
		return nil
	}
	return p.names
}

// source is the table as source/table would read it.
func (j *Join) source() *Table {
	root, base := filepath.Split(string(j.Table))
	return &Table{
		Root: pipeline.Dir(root), Table: []string{base}, Format: j.Format, Delimiter: j.Delimiter, Quotes: j.Quotes, Encoding: j.Encoding, Nulls: j.Nulls, ID: j.Key, Types: j.Types, OnError: "fail",
	}
}

// fields are the columns that the join adds, from the table's header: all but the key, which is the
// file's name again.
func (j *Join) fields() ([]arrow.Field, []pipeline.Problem) {
	c := j.source()
	l, _, problems, err := c.layout(c.tables)
	if err != nil {
		return nil, []pipeline.Problem{{Field: "join.table", Msg: err.Error()}}
	}
	for i, p := range problems {
		if p.Field == "id" {
			p.Field = "key"
		}
		problems[i].Field = "join." + p.Field
	}
	if len(problems) > 0 {
		return nil, problems
	}
	var fields []arrow.Field
	for _, f := range l.schema.Fields()[1:] {
		if f.Name != j.Key {
			fields = append(fields, f)
		}
	}
	return fields, nil
}

// keyOf is what a row of the table must name to belong to a file.
func (j *Join) keyOf(name string, p *pattern, values []string) string {
	if i := slices.Index(names(p), j.On); i >= 0 {
		return values[i]
	}
	base := path.Base(name)
	switch j.On {
	case "name":
		return name
	case "file":
		return base
	}
	return strings.TrimSuffix(base, path.Ext(base))
}

// A joined holds the rows of a table that belong to files.
type joined struct {
	fields  []arrow.Field
	records []arrow.Record
	at      map[string][2]int32 // record and row by key
	unused  []string            // places of rows without a file
	keys    []string            // and their keys
	notes   []string            // of the table
}

// read reads the rows of the wanted keys and names the others.
func (j *Join) read(ctx context.Context, wanted map[string]bool) (*joined, error) {
	c := j.source()
	fields, problems := j.fields()
	if len(problems) > 0 {
		return nil, fmt.Errorf("%s: %s", problems[0].Field, problems[0].Msg)
	}
	t, err := newTableRun(c, c.tables, nil)
	if err != nil {
		return nil, err
	}
	out := &joined{fields: fields, at: map[string][2]int32{}}
	sink := &joinSink{joined: out, wanted: wanted, run: t}
	t.out, t.joined = sink, true
	t.taken = func(p place) { sink.places = append(sink.places, p) }
	if err := t.run(ctx, 1); err != nil {
		out.release()
		return nil, err
	}
	out.notes = append(t.notes, t.unclearNotes()...)
	return out, nil
}

// other says which other part of their names the files share with rows of the table that belong to none, or "".
func (j *Join) other(files []found, keys []string) string {
	free := make(map[string]bool, len(keys))
	for _, key := range keys {
		free[key] = true
	}
	for _, on := range []string{"stem", "file", "name"} {
		n := 0
		by := Join{On: on}
		for _, f := range files {
			if free[by.keyOf(f.name, nil, nil)] {
				n++
			}
		}
		if n > 0 {
			return fmt.Sprintf("; on: %s would find the rows of %d", on, n)
		}
	}
	return ""
}

func (j *joined) release() {
	for _, r := range j.records {
		r.Release()
	}
}

// appendTo appends the row of a key to builders, one for each field.
func (j *joined) appendTo(builders []array.Builder, key string) {
	at := j.at[key]
	rec := j.records[at[0]]
	for i, f := range j.fields {
		appendFrom(builders[i], rec.Column(rec.Schema().FieldIndices(f.Name)[0]), int(at[1]))
	}
}

// appendFrom copies a value of a table's column.
func appendFrom(b array.Builder, col arrow.Array, i int) {
	if col.IsNull(i) {
		b.AppendNull()
		return
	}
	switch b := b.(type) {
	case *array.StringBuilder:
		b.Append(col.(*array.String).Value(i))
	case *array.Int64Builder:
		b.Append(col.(*array.Int64).Value(i))
	case *array.Float64Builder:
		b.Append(col.(*array.Float64).Value(i))
	case *array.BooleanBuilder:
		b.Append(col.(*array.Boolean).Value(i))
	case *array.TimestampBuilder:
		b.Append(col.(*array.Timestamp).Value(i))
	default:
		panic(fmt.Sprintf("source: no copy of a column of %s", col.DataType()))
	}
}

// A joinSink keeps of a table's rows those whose key is wanted.
type joinSink struct {
	stages.Sink // only Write is called: a table that is joined fails on bad rows
	*joined
	wanted map[string]bool
	run    *tableRun
	places []place // of the rows of the record to come
}

// Write keeps the wanted rows of a record.
func (s *joinSink) Write(_ string, rec arrow.Record) error {
	ids := rec.Column(0).(*array.String)
	good := make([]bool, rec.NumRows())
	n := int64(0)
	for i := range good {
		key := ids.Value(i)
		if !s.wanted[key] {
			s.unused = append(s.unused, s.run.where(s.places[i]))
			s.keys = append(s.keys, key)
			continue
		}
		good[i] = true
		s.at[key] = [2]int32{int32(len(s.records)), int32(n)}
		n++
	}
	s.places = s.places[:0]
	if n == 0 {
		return nil
	}
	cols := make([]arrow.Array, rec.NumCols())
	for i := range cols {
		col, err := kept(rec.Column(i), good, n)
		if err != nil {
			return err
		}
		defer col.Release()
		cols[i] = col
	}
	s.records = append(s.records, array.NewRecord(rec.Schema(), cols, n))
	return nil
}
