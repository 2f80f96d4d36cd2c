package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/runs/table"
)

// readScores calls add for every row of a Parquet file, an Arrow IPC file or a
// stream: columns id and scores, or id and a column for each class. The slice
// is used again after add returns.
func readScores(ctx context.Context, path string, classes []string, add func(id string, scores []float32)) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	magic := make([]byte, 6)
	if _, err := io.ReadFull(f, magic); err != nil {
		return errors.New("it is neither a Parquet nor an Arrow file")
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	each := func(rec arrow.Record) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return scoresOf(rec, classes, add)
	}
	switch {
	case bytes.HasPrefix(magic, []byte("PAR1")):
		return eachOfParquet(f, each)
	case bytes.Equal(magic, []byte("ARROW1")):
		return eachOfArrowFile(f, each)
	}
	return eachOfArrowStream(f, each)
}

func eachOfParquet(f *os.File, each func(arrow.Record) error) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	t, err := table.Open(f, info.Size(), nil, memory.DefaultAllocator)
	if err != nil {
		return err
	}
	for {
		rec, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		err = each(rec)
		rec.Release()
		if err != nil {
			return err
		}
	}
}

func eachOfArrowFile(f *os.File, each func(arrow.Record) error) (err error) {
	defer caught(&err)
	r, err := ipc.NewFileReader(f)
	if err != nil {
		return err
	}
	defer r.Close()
	for i := range r.NumRecords() {
		rec, err := r.RecordAt(i)
		if err != nil {
			return err
		}
		err = each(rec)
		rec.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

func eachOfArrowStream(f *os.File, each func(arrow.Record) error) (err error) {
	defer caught(&err)
	r, err := ipc.NewReader(f)
	if err != nil {
		return fmt.Errorf("it is neither a Parquet nor an Arrow file: %w", err)
	}
	defer r.Release()
	for r.Next() {
		if err := each(r.Record()); err != nil {
			return err
		}
	}
	return r.Err()
}

// caught makes an error of a panic, since Arrow's readers panic on damaged
// files.
func caught(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("it is damaged: %v", p)
	}
}

// scoresOf reads the rows of a record.
func scoresOf(rec arrow.Record, classes []string, add func(id string, scores []float32)) error {
	s := rec.Schema()
	at := s.FieldIndices("id")
	if len(at) == 0 {
		return fmt.Errorf(`it has no column "id"; it has %s`, names(s))
	}
	ids := rec.Column(at[0])
	values, err := scoreReader(rec, classes)
	if err != nil {
		return err
	}
	var buf []float32
	for i := range ids.Len() {
		if ids.IsNull(i) {
			return fmt.Errorf("row %d of it has no id", i)
		}
		if buf, err = values(i, buf[:0]); err != nil {
			return fmt.Errorf("row %q: %w", ids.ValueStr(i), err)
		}
		add(ids.ValueStr(i), buf)
	}
	return nil
}

// scoreReader reads row i's scores from a list column, or from one column for
// each class.
func scoreReader(rec arrow.Record, classes []string) (func(i int, buf []float32) ([]float32, error), error) {
	s := rec.Schema()
	if at := s.FieldIndices(scoresColumn); len(at) > 0 {
		list, ok := rec.Column(at[0]).(array.ListLike)
		if !ok {
			return nil, fmt.Errorf("column %q holds %s, want lists of numbers", scoresColumn, s.Field(at[0]).Type)
		}
		number, err := numbers(list.ListValues(), scoresColumn)
		if err != nil {
			return nil, err
		}
		return func(i int, buf []float32) ([]float32, error) {
			if list.IsNull(i) {
				return nil, errors.New("its scores are null")
			}
			lo, hi := list.ValueOffsets(i)
			for j := lo; j < hi; j++ {
				v, err := number(int(j))
				if err != nil {
					return nil, err
				}
				buf = append(buf, v)
			}
			return buf, nil
		}, nil
	}
	columns := make([]func(int) (float32, error), len(classes))
	for k, class := range classes {
		at := s.FieldIndices(class)
		if len(at) == 0 {
			return nil, fmt.Errorf("it has neither a column %q nor one for class %q; it has %s", scoresColumn, class, names(s))
		}
		number, err := numbers(rec.Column(at[0]), class)
		if err != nil {
			return nil, err
		}
		columns[k] = number
	}
	return func(i int, buf []float32) ([]float32, error) {
		for _, number := range columns {
			v, err := number(i)
			if err != nil {
				return nil, err
			}
			buf = append(buf, v)
		}
		return buf, nil
	}, nil
}

// numbers reads single values of a column of floats or whole numbers.
func numbers(col arrow.Array, name string) (func(i int) (float32, error), error) {
	var value func(i int) float32
	switch c := col.(type) {
	case *array.Float32:
		value = c.Value
	case *array.Float64:
		value = func(i int) float32 { return float32(c.Value(i)) }
	case *array.Float16:
		value = func(i int) float32 { return c.Value(i).Float32() }
	case *array.Int64:
		value = func(i int) float32 { return float32(c.Value(i)) }
	default:
		return nil, fmt.Errorf("column %q holds %s, want numbers", name, col.DataType())
	}
	return func(i int) (float32, error) {
		if col.IsNull(i) {
			return 0, fmt.Errorf("column %q has a null in it", name)
		}
		return value(i), nil
	}, nil
}

func names(s *arrow.Schema) string {
	text := ""
	for i, f := range s.Fields() {
		if i == 20 {
			return text + ", ..."
		}
		if i > 0 {
			text += ", "
		}
		text += f.Name
	}
	return text
}
