package source

import (
	"bytes"
	"context"
	"errors"
	"image"
	_ "image/gif" // sizes of pictures
	_ "image/jpeg"
	_ "image/png"
	"io"
	"os"
	"path/filepath"

	"shiftmill/stages"
)

// What a source will give, from what is cheap to look at: names of files, the footer of a
// Parquet table, the first lines of a text table, and the headers of a few pictures.

// countedPictures is how many pictures are looked into for their size.
const countedPictures = 4

// countImages counts the files that a folder's rows are made of.
func countImages(ctx context.Context, c *Images) (stages.Count, error) {
	_, taken, _, _, err := c.listing(ctx)
	if err != nil || len(taken) == 0 {
		return stages.Count{}, err
	}
	var pixels meanPixels
	for i := range min(countedPictures, len(taken)) {
		// Spread over the list: what lies in one folder is often of one size.
		name := taken[i*(len(taken)-1)/max(1, countedPictures-1)].name
		pixels.add(func() ([]byte, error) { return os.ReadFile(c.path(name)) })
	}
	return stages.Count{Rows: int64(len(taken)), Pixels: pixels.mean()}, nil
}

// meanPixels is the mean size of pictures.
type meanPixels struct{ total, n int64 }

// add looks at a picture; one that cannot be read counts for nothing.
func (m *meanPixels) add(read func() ([]byte, error)) {
	data, err := read()
	if err != nil {
		return
	}
	if c, _, err := image.DecodeConfig(bytes.NewReader(data)); err == nil {
		m.total += int64(c.Width) * int64(c.Height)
		m.n++
	}
}

func (m *meanPixels) mean() int64 {
	if m.n == 0 {
		return 0
	}
	return m.total / m.n
}

// countTable counts the rows of tables, or estimates them by the length of their first
// ones, and looks at the first pictures they name.
func countTable(ctx context.Context, c *Table) (stages.Count, error) {
	var all stages.Count
	c, err := c.expanded()
	if err != nil {
		return all, err
	}
	for _, name := range c.Table {
		n, err := c.rowsOf(name)
		if err != nil || n == 0 {
			return stages.Count{}, err
		}
		all.Rows += n
	}
	if c.Image == "" {
		return all, nil
	}
	t, err := newTableRun(c, c.tables, nil)
	if err != nil {
		return stages.Count{}, err
	}
	t.onlyNames, t.enough = true, countedPictures
	if err := t.run(ctx, 1); err != nil && !errors.Is(err, errEnough) {
		return stages.Count{}, err
	}
	var pixels meanPixels
	for _, name := range t.names[:min(len(t.names), countedPictures)] {
		pixels.add(func() ([]byte, error) {
			if t.ranges == nil {
				return os.ReadFile(filepath.Join(string(c.Root), filepath.FromSlash(name)))
			}
			r, err := t.ranges("file:" + name)
			if err != nil {
				return nil, err
			}
			return readRange(r)
		})
	}
	all.Pixels = pixels.mean()
	return all, nil
}

// rowsOf is how many rows a table has, about; 0 where nothing cheap tells.
func (c *Table) rowsOf(name string) (int64, error) {
	format := c.Format
	if format == "" {
		format, _ = formatOf(name)
	}
	path := filepath.Join(string(c.Root), filepath.FromSlash(name))
	if packed(name) {
		return 0, nil
	}
	switch format {
	case "parquet":
		f, err := os.Open(path)
		if err != nil {
			return 0, err
		}
		t, err := newParquet(f, name, "", "")
		if err != nil {
			return 0, errors.Join(err, f.Close())
		}
		return t.pf.NumRows(), t.Close()
	case "csv", "tsv":
		n, err := linesOf(path)
		return max(0, n-1), err // but for the header
	case "jsonl":
		return linesOf(path)
	}
	return 0, nil
}

// sampledBytes of a text table say how long its lines are.
const sampledBytes = 256 << 10

// linesOf is about how many lines a text file has.
func linesOf(path string) (int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	head, err := io.ReadAll(io.LimitReader(f, sampledBytes))
	if err != nil {
		return 0, err
	}
	lines := int64(bytes.Count(head, []byte{'\n'}))
	if int64(len(head)) == info.Size() {
		if len(head) > 0 && head[len(head)-1] != '\n' {
			lines++
		}
		return lines, nil
	}
	if lines == 0 {
		return 0, nil
	}
	return info.Size() * lines / int64(bytes.LastIndexByte(head, '\n')+1), nil
}
