package stagetest

import (
	"context"
	"fmt"
	"sort"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/pipeline"
	"shiftmill/stages"
)

// Files are named byte strings in memory. It is a stages.Input.
type Files struct {
	StageName, OutputName string
	Axes                  []pipeline.Coord
	Data                  map[string][]byte
}

// Stage is the name of the stage that the files stand for.
func (f *Files) Stage() string { return f.StageName }

// Output is the name of the output that the files stand for.
func (f *Files) Output() string { return f.OutputName }

// Coords are the files' axes.
func (f *Files) Coords() []pipeline.Coord { return f.Axes }

// Schema is nil: files have no columns.
func (f *Files) Schema() *arrow.Schema { return nil }

// Len is 0: files have no rows.
func (f *Files) Len() int { return 0 }

// Each calls nothing: files have no rows.
func (f *Files) Each(context.Context, func(arrow.Record) error) error { return nil }

// Take fails: files have no rows.
func (f *Files) Take(context.Context, []int) (arrow.Record, error) {
	return nil, fmt.Errorf("take rows of files")
}

// FileNames lists the files, sorted.
func (f *Files) FileNames() []string {
	names := make([]string, 0, len(f.Data))
	for n := range f.Data {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

// File returns one file.
func (f *Files) File(name string) ([]byte, error) {
	data, ok := f.Data[name]
	if !ok {
		return nil, fmt.Errorf("no file %q; there are %q", name, f.FileNames())
	}
	return data, nil
}

// Place finds nothing: these pictures are no files.
func (p Pictures) Place(context.Context, stages.ImageCell) (stages.Place, bool, error) {
	return stages.Place{}, false, nil
}

// Pictures opens image cells: those that hold their data themselves, and
// references by a function.
type Pictures func(ref string) (stages.Picture, error)

// Open opens a cell.
func (p Pictures) Open(ctx context.Context, c stages.ImageCell) (stages.Picture, error) {
	if err := ctx.Err(); err != nil {
		return stages.Picture{}, err
	}
	switch {
	case c.Ref == "rgb8":
		return stages.Picture{Pix: c.Data, Height: c.Height, Width: c.Width}, nil
	case c.Data != nil:
		return stages.Picture{Encoded: c.Data}, nil
	case p == nil:
		return stages.Picture{}, fmt.Errorf("no picture %q", c.Ref)
	}
	return p(c.Ref)
}
