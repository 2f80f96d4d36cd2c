package engine

import (
	"context"
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/runs"
	"shiftmill/stages"
)

// A PictureSet is an output whose pictures are wanted.
type PictureSet struct {
	Instance, Output string

	// Filled in by PictureSets: what tells its pictures from those of others,
	// such as its place in a matrix, and what they follow from.
	Groups  []string
	Axes    []string // values, sorted by axis
	Recipe  runs.Digest
	dataset *dataset
	node    *node
}

// name is the output as it is asked for.
func (s *PictureSet) name() string {
	if s.Output == "" {
		return s.Instance
	}
	return s.Instance + "." + s.Output
}

// A PictureBatch is a run of rows with a picture for each set.
type PictureBatch struct {
	First    int // ordinal of the first row
	IDs      []string
	Labels   []string           // "" where the rows have none
	Pictures [][]stages.Picture // by set, then by row
}

// batchOfPictures is how many rows are held at a time.
const batchOfPictures = 16

// PictureSets completes sets of outputs of pictures that exist and have the same rows, and
// says how many.
func (e *Engine) PictureSets(ctx context.Context, sets []PictureSet) (rows int, err error) {
	for i := range sets {
		s := &sets[i]
		n, ok := e.byName()[s.Instance]
		if !ok {
			return 0, e.noSuchStage(s.Instance)
		}
		out, err := e.outputNamed(n, s.Output)
		if err != nil {
			return 0, err
		}
		if out.data == nil {
			return 0, n.noPictures(s.Output)
		}
		if _, err := imageColumn(out.data, ""); err != nil {
			return 0, fmt.Errorf("%s: %w", s.Instance, err)
		}
		s.node, s.dataset = n, out.data
		if r := n.result(s.Output); r != nil {
			s.Groups = r.Groups
		}
		for _, c := range n.spec.Coords {
			s.Axes = append(s.Axes, c.Value)
		}
		s.Recipe = derive("pictures/1", n.key.Digest, digestText(s.Output))
		a, err := e.idContent(ctx, sets[0].dataset)
		if err != nil {
			return 0, err
		}
		b, err := e.idContent(ctx, s.dataset)
		if err != nil {
			return 0, err
		}
		if a != b {
			return 0, refuse("%s and %s have different rows; export them apart", sets[0].name(), s.name())
		}
	}
	return sets[0].dataset.rows, nil
}

// EachPicture hands on the rows of sets that PictureSets filled in from an ordinal on, a few at a time.
// Sets that one streamed stage makes are made together, of pictures that are
// decoded once.
func (e *Engine) EachPicture(ctx context.Context, sets []PictureSet, label string, from int, f func(*PictureBatch) error) error {
	first := sets[0].dataset
	parts, err := e.partitions(first)
	if err != nil {
		return err
	}
	progress := e.progressOf(sets[0].node)
	tasks := map[*node]*rowTask{}
	at := 0
	for p := range parts {
		if at+parts[p].Rows <= from {
			at += parts[p].Rows
			continue
		}
		rec, err := e.readPart(ctx, first, p, nil)
		if err != nil {
			return err
		}
		all, err := idsOf(rec)
		if err != nil {
			return err
		}
		for lo := max(from-at, 0); lo < len(all); lo += batchOfPictures {
			if err := ctx.Err(); err != nil {
				return context.Cause(ctx)
			}
			ids := all[lo:min(lo+batchOfPictures, len(all))]
			b := &PictureBatch{First: at + lo, IDs: ids, Pictures: make([][]stages.Picture, len(sets))}
			if b.Labels, err = e.labelsOf(ctx, first, ids, label); err != nil {
				return err
			}
			if err := e.picturesOf(ctx, sets, tasks, p, ids, b.Pictures); err != nil {
				return err
			}
			if err := f(b); err != nil {
				return err
			}
			progress(int64(b.First+len(ids)), int64(first.rows), "rows")
		}
		at += parts[p].Rows
	}
	return nil
}

// labelsOf are the rows' values of a column, "" where there is none.
func (e *Engine) labelsOf(ctx context.Context, d *dataset, ids []string, label string) ([]string, error) {
	labels := make([]string, len(ids))
	if len(d.schema.FieldIndices(label)) == 0 {
		return labels, nil
	}
	rec, err := e.readIDs(ctx, d, ids, []string{label})
	if err != nil {
		return nil, err
	}
	for i := range ids {
		labels[i] = cellText(rec.Column(1), i)
	}
	return labels, nil
}

// picturesOf opens the rows' pictures in every set.
func (e *Engine) picturesOf(ctx context.Context, sets []PictureSet, tasks map[*node]*rowTask, p int, ids []string, pics [][]stages.Picture) error {
	for i := range sets {
		if pics[i] != nil {
			continue
		}
		d := sets[i].dataset
		column, err := imageColumn(d, "")
		if err != nil {
			return err
		}
		if _, own := d.own[column]; !d.streamed || !own {
			if pics[i], err = e.openPictures(ctx, d, ids, column); err != nil {
				return err
			}
			continue
		}
		var together []int
		var outputs []string
		for j := i; j < len(sets); j++ {
			if sets[j].dataset.maker == d.maker {
				together, outputs = append(together, j), append(outputs, sets[j].Output)
			}
		}
		t := tasks[d.maker]
		if t == nil {
			if t, err = e.newRowTask(d.maker, d.output, d.base); err != nil {
				return err
			}
			t.outputs = outputs
			tasks[d.maker] = t
		}
		c := t.collector()
		if err := t.run(ctx, []stages.Input{t.input(&making{p: p, todo: ids})}, *t.side, c); err != nil {
			return fmt.Errorf("stage %s: %w", d.maker.spec.Name, err)
		}
		for _, j := range together {
			rec, err := concatRecords(schemaWithID(c.fields(sets[j].Output)), c.rows[sets[j].Output])
			if err != nil {
				return err
			}
			rec, had, err := sortByID(rec)
			if err != nil {
				return err
			}
			if strings.Join(had, "\x00") != strings.Join(ids, "\x00") {
				return fmt.Errorf("stage %s gave other rows than it was given", d.maker.spec.Name)
			}
			if pics[j], err = e.openCells(ctx, d.maker, rec, column); err != nil {
				return err
			}
		}
	}
	return nil
}

// openCells opens the pictures of a record that a stage made.
func (e *Engine) openCells(ctx context.Context, maker *node, rec arrow.Record, column string) ([]stages.Picture, error) {
	at := rec.Schema().FieldIndices(column)
	if len(at) == 0 {
		return nil, fmt.Errorf("stage %s did not write %q", maker.spec.Name, column)
	}
	col := mark(rec.Column(at[0]), maker)
	pics := make([]stages.Picture, col.Len())
	for i := range pics {
		if col.IsNull(i) {
			continue
		}
		var err error
		if pics[i], err = (opener{e}).Open(ctx, stages.Image(col, i)); err != nil {
			return nil, err
		}
	}
	return pics, nil
}
