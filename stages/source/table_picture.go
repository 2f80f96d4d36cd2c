package source

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"

	"shiftmill/stages"
)

// picture says whether a Parquet column is one of pictures as Hugging Face datasets write it: a group
// of bytes and, mostly, a path.
func picture(c *parquet.Column) (bytes, path *parquet.Column) {
	if c.Leaf() || c.Repeated() {
		return nil, nil
	}
	for _, child := range c.Columns() {
		if !child.Leaf() || child.Repeated() || child.Type().Kind() != parquet.ByteArray {
			continue
		}
		switch child.Name() {
		case "bytes":
			bytes = child
		case "path":
			path = child
		}
	}
	return bytes, path
}

// classNames are the names that the file's own description gives to numbers, by column.
func classNames(f *parquet.File) map[string][]string {
	text, ok := f.Lookup("huggingface")
	if !ok {
		return nil
	}
	var v struct {
		Info struct {
			Features map[string]json.RawMessage
		}
	}
	if json.Unmarshal([]byte(text), &v) != nil {
		return nil
	}
	out := map[string][]string{}
	for column, data := range v.Info.Features {
		var feature struct {
			Type  string `json:"_type"`
			Names []string
		}
		if json.Unmarshal(data, &feature) == nil && feature.Type == "ClassLabel" && len(feature.Names) > 0 {
			out[column] = feature.Names
		}
	}
	return out
}

// pictureRef names the picture of a row, counted from 0, in a table.
func pictureRef(table string, row int64, column string) string {
	return fmt.Sprintf("%s//%d/%s", table, row, column)
}

// tableImage finds the bytes of an image of a table: a file of its own, or "file:TABLE//ROW/COLUMN".
func tableImage(root, ref string) (stages.FileRange, error) {
	text, _, _ := strings.Cut(ref, "\x00")
	table, cell, ok := strings.Cut(text, "//")
	if !ok {
		return fileOf(root, ref)
	}
	r, err := fileOf(root, table)
	if err != nil {
		return r, err
	}
	number, column, _ := strings.Cut(cell, "/")
	row, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return r, fmt.Errorf("%q names no picture of a table", text)
	}
	r.Part = cell
	r.Unpack = func(f *os.File) ([]byte, error) { return unpackPicture(f, row, column) }
	return r, nil
}

// unpackPicture reads one value out of a Parquet file: the page that holds it and no other.
func unpackPicture(f *os.File, row int64, column string) ([]byte, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	pf, err := parquet.OpenFile(f, info.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, fmt.Errorf("it is no Parquet file any more: %w", err)
	}
	c := pf.Root().Column(column)
	if c == nil {
		return nil, fmt.Errorf("it has no column %q any more", column)
	}
	leaf, _ := picture(c)
	if leaf == nil {
		return nil, fmt.Errorf("its column %q holds no pictures any more", column)
	}
	for _, g := range pf.RowGroups() {
		if row >= g.NumRows() {
			row -= g.NumRows()
			continue
		}
		pages := g.ColumnChunks()[leaf.Index()].Pages()
		defer pages.Close()
		if err := pages.SeekToRow(row); err != nil {
			return nil, err
		}
		page, err := pages.ReadPage()
		if err != nil {
			return nil, err
		}
		defer parquet.Release(page)
		var v [1]parquet.Value
		if n, err := page.Values().ReadValues(v[:]); n != 1 && err != nil && err != io.EOF {
			return nil, err
		}
		if v[0].IsNull() {
			return nil, errors.New("the row has no picture")
		}
		return append([]byte(nil), v[0].ByteArray()...), nil
	}
	return nil, errors.New("it has fewer rows than before")
}
