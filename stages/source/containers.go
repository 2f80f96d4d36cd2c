package source

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/pipeline"
	"shiftmill/stages"
)

// A container is a file that holds many images: a shard, an array, a Parquet file. Its rows are made as
// those of a table with the columns id and image, so that types, labels and policies are one thing.

// containerColumns reads the columns from the first container; field is the parameter to blame.
func containerColumns(c *Table, open opener, field string) (stages.Schemas, []pipeline.Problem) {
	first := *c
	first.Table = c.Table[:1]
	l, _, problems, err := first.layout(open)
	if err != nil {
		return nil, []pipeline.Problem{{Field: field, Msg: err.Error()}}
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return stages.Schemas{"": arrow.NewSchema(l.schema.Fields()[1:], nil)}, nil
}

// listContainers writes the digests of containers.
func listContainers(root string, names []string, digest func(string) (string, error), w io.Writer) error {
	for _, name := range names {
		d, err := digest(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			return fmt.Errorf("%s: %w", name, bare(err))
		}
		if _, err := fmt.Fprintf(w, "container %q %s\n", name, d); err != nil {
			return err
		}
	}
	return nil
}

// runContainers makes the rows.
func runContainers(ctx context.Context, c *Table, open opener, ranges func(string) (stages.FileRange, error), in *stages.Inputs, out stages.Sink) error {
	t, err := newTableRun(c, open, out)
	if err != nil {
		return err
	}
	t.ranges = ranges
	return t.all(ctx, in, out)
}
