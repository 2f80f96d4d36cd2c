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
	"shiftmill/stages/imageio"
)

// picture says whether a Parquet column can be one of pictures: a group of bytes and, mostly, a path, as Hugging
// Face datasets write it, or bytes that are not said to be text.
func picture(c *parquet.Column) (bytes, path *parquet.Column) {
	if c.Repeated() {
		return nil, nil
	}
	if c.Leaf() {
		if c.Type().Kind() == parquet.ByteArray && c.Type().LogicalType() == nil {
			return c, nil
		}
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

// classNames are the names that a file's own description, which Hugging Face datasets keeps under the key
// "huggingface", gives to numbers, by column.
func classNames(text string) map[string][]string {
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
		type labels struct {
			Type  string `json:"_type"`
			Names []string
		}
		var feature struct {
			labels
			Feature labels // of the elements of a list
		}
		if json.Unmarshal(data, &feature) != nil {
			continue
		}
		for _, l := range []labels{feature.labels, feature.Feature} {
			if l.Type == "ClassLabel" && len(l.Names) > 0 {
				out[column] = l.Names
			}
		}
	}
	return out
}

// pictureRef names the picture of a row, counted from 0, in a table.
func pictureRef(table string, row int64, column string) string {
	return fmt.Sprintf("%s//%d/%s", table, row, column)
}

// holdsPictures says whether the first value of a column of bytes begins as a picture does. Old programs leave out
// that a column is text, and a picture's name is text.
func holdsPictures(f *parquet.File, c *parquet.Column) (bool, error) {
	pictures := false
	err := firstValues(f, c, func(v []byte) bool {
		_, _, _, err := imageio.Config(v)
		pictures = !errors.Is(err, imageio.ErrFormat)
		return false
	})
	return pictures, err
}

// firstValues hands over the first values that are not missing, about a thousand at most, until more is false.
func firstValues(f *parquet.File, c *parquet.Column, more func(v []byte) bool) error {
	for _, g := range f.RowGroups() {
		pages := g.ColumnChunks()[c.Index()].Pages()
		met, err := (&parquetCursor{pages: pages}).first(g.NumRows(), more)
		if err = errors.Join(err, pages.Close()); err != nil || met {
			return err
		}
	}
	return nil
}

// first hands over the values of the first stretch that holds one; met says whether any did.
func (c *parquetCursor) first(rows int64, more func(v []byte) bool) (met bool, err error) {
	for rows > 0 && !met {
		if err := c.fill(); err != nil {
			return false, err
		}
		for _, v := range c.rest {
			if v.IsNull() {
				continue
			}
			if met = true; !more(v.ByteArray()) {
				break
			}
		}
		rows -= int64(len(c.rest))
	}
	return met, nil
}

// tableImage finds the bytes of an image of a table: a file of its own, "file:TABLE//ROW/COLUMN" or, where they lie there as
// they are, "file:TABLE//@OFFSET+SIZE/ROW/COLUMN".
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
	if strings.HasPrefix(cell, "@") {
		if _, err := fmt.Sscanf(cell, "@%d+%d/", &r.Offset, &r.Size); err != nil || r.Offset < 0 || r.Size < 0 {
			return r, fmt.Errorf("%q names no picture of a table", text)
		}
		return r, nil
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
func unpackPicture(f *os.File, row int64, column string) (data []byte, err error) {
	defer panics(&err)
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
