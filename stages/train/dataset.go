package train

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/kernels"
	"shiftmill/stages"
	"shiftmill/stages/imageio"
	"shiftmill/stages/model"
	"shiftmill/stages/transform"
)

// A dataset gives the pictures and classes of an input's rows by their
// ordinals.
type dataset struct {
	input  stages.Input
	images stages.Images
	steps  transform.List
	prefix int // steps that every epoch shares

	ids    []string
	labels [][]string // of each row; one each unless they are lists
	class  [][]int    // their places in the list of classes, -1 for a label that is not there
	kept   []*imageio.Pixels
}

// newDataset reads ids and labels. Rows without a label are an error that
// counts them and names the first.
func newDataset(ctx context.Context, input stages.Input, images stages.Images, label string, steps transform.List) (*dataset, error) {
	s := input.Schema()
	for _, p := range append(model.ImageProblems(s, source(input)), model.LabelsProblems(s, source(input), label)...) {
		return nil, errors.New(p.Msg) // where the columns were unknown before the run
	}
	d := &dataset{input: input, images: images, steps: steps, prefix: steps.Prefix()}
	unlabelled, first := 0, ""
	err := input.Each(ctx, func(rec arrow.Record) error {
		ids, labels := column(rec, "id").(*array.String), column(rec, label)
		for i := range ids.Len() {
			// Values of a record lie in memory that goes with it.
			d.ids = append(d.ids, strings.Clone(ids.Value(i)))
			if labels.IsNull(i) {
				if unlabelled++; unlabelled == 1 {
					first = d.ids[len(d.ids)-1]
				}
				d.labels = append(d.labels, nil)
				continue
			}
			d.labels = append(d.labels, labelsOf(labels, i))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if unlabelled > 0 {
		return nil, fmt.Errorf("%d of %d rows of %s have no %q, the first is row %q; leave them out with a split or a filter, or name another column with label",
			unlabelled, len(d.ids), source(input), label, first)
	}
	d.kept = make([]*imageio.Pixels, len(d.ids))
	return d, nil
}

// labelsOf are the labels of a row, kept beyond the record.
func labelsOf(labels arrow.Array, i int) []string {
	names := model.LabelsAt(labels, i)
	for k, n := range names {
		names[k] = strings.Clone(n)
	}
	return names
}

// source names an input for people.
func source(in stages.Input) string {
	if in.Output() == "" {
		return in.Stage()
	}
	return in.Stage() + "." + in.Output()
}

func column(rec arrow.Record, name string) arrow.Array {
	return rec.Column(rec.Schema().FieldIndices(name)[0])
}

// classes are the distinct labels, ascending.
func (d *dataset) classes() []string {
	seen := map[string]bool{}
	var list []string
	for _, row := range d.labels {
		for _, l := range row {
			if !seen[l] {
				seen[l] = true
				list = append(list, l)
			}
		}
	}
	sort.Strings(list)
	return list
}

// assign sets the rows' classes and returns how many rows have unknown ones.
func (d *dataset) assign(classes []string) (unknown int) {
	at := map[string]int{}
	for i, c := range classes {
		at[c] = i
	}
	d.class = make([][]int, len(d.labels))
	for i, row := range d.labels {
		d.class[i] = make([]int, len(row))
		missing := false
		for k, l := range row {
			c, ok := at[l]
			if !ok {
				c, missing = -1, true
			}
			d.class[i][k] = c
		}
		if missing {
			unknown++
		}
	}
	return unknown
}

// load decodes pictures and applies the steps that every epoch shares, until
// budget bytes are kept; it returns what is left of the budget.
func (d *dataset) load(ctx context.Context, pool *kernels.Pool, budget int64, progress func(rows int)) (int64, error) {
	at := 0
	full := errors.New("no more is kept")
	err := d.input.Each(ctx, func(rec arrow.Record) error {
		// A record may hold thousands of rows: stop within it as well.
		const piece = 256
		n := int(rec.NumRows())
		for lo := 0; lo < n; lo += piece {
			if err := ctx.Err(); err != nil {
				return err
			}
			hi := min(lo+piece, n)
			pics := make([]*imageio.Pixels, hi-lo)
			if err := d.decode(ctx, pool, rec, lo, pics); err != nil {
				return err
			}
			for i, p := range pics {
				if budget -= int64(len(p.Pix)); budget < 0 {
					return full
				}
				d.kept[at+lo+i] = p
			}
			progress(at + hi)
		}
		at += n
		return nil
	})
	if err != nil && !errors.Is(err, full) {
		return 0, err
	}
	return max(budget, 0), nil
}

// decode fills pics with the prepared pictures of a record's rows from lo on.
// Of several errors the first row's is returned.
func (d *dataset) decode(ctx context.Context, pool *kernels.Pool, rec arrow.Record, lo int, pics []*imageio.Pixels) error {
	ids, cells := column(rec, "id").(*array.String), column(rec, model.ImageColumn)
	errs := make([]error, len(pics))
	pool.Run(len(pics), func(i int) {
		id := ids.Value(lo + i)
		p, err := transform.LoadFor(ctx, d.images, id, cells, lo+i, d.steps[:d.prefix])
		if err == nil {
			// What is kept must not share memory with the record.
			if p, err = d.steps.Apply(p, 0, d.prefix, kernels.Source{}); err != nil {
				err = &stages.RowError{ID: id, Err: err}
			} else if d.prefix == 0 {
				p = p.Clone()
			}
		}
		pics[i], errs[i] = p, err
	})
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// pictures gives rows' pictures after the shared steps, reading those that are
// not kept.
func (d *dataset) pictures(ctx context.Context, pool *kernels.Pool, rows []int) ([]*imageio.Pixels, error) {
	pics := make([]*imageio.Pixels, len(rows))
	var missing, places []int
	for i, r := range rows {
		if pics[i] = d.kept[r]; pics[i] == nil {
			missing, places = append(missing, r), append(places, i)
		}
	}
	if len(missing) == 0 {
		return pics, nil
	}
	rec, err := d.input.Take(ctx, missing)
	if err != nil {
		return nil, err
	}
	defer rec.Release()
	fresh := make([]*imageio.Pixels, len(missing))
	if err := d.decode(ctx, pool, rec, 0, fresh); err != nil {
		return nil, err
	}
	for i, at := range places {
		pics[at] = fresh[i]
	}
	return pics, nil
}
