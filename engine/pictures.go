package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/pipeline"
	"shiftmill/runs"
	"shiftmill/stages"
)

// A PictureGroup are some pictures of rows with one value of a column.
type PictureGroup struct {
	Value string
	Rows  int // of the whole group
	Shown []PictureRow
}

// A PictureRow is a row's picture, and what it was before the stage.
type PictureRow struct {
	ID     string
	After  stages.Picture
	Before stages.Picture // zero unless asked for
}

// PictureOptions choose what Pictures opens.
type PictureOptions struct {
	Image  string // column of the pictures; "" is the only one, or "image"
	By     string // column that makes groups; "" for one group of all rows
	Each   int    // most pictures of a group
	Groups int    // most groups; the largest are taken
	Before bool   // also what each picture was before this stage
}

// Pictures opens some pictures of an output by groups, the largest group
// first. Which rows are shown is a fixed draw by id, so that the same rows come
// again.
func (e *Engine) Pictures(ctx context.Context, instance, outputName string, o PictureOptions) ([]PictureGroup, error) {
	n, ok := e.named(instance)
	if !ok {
		return nil, e.noSuchStage(instance)
	}
	out, err := e.outputNamed(n, outputName)
	if err != nil {
		return nil, err
	}
	if out.data == nil {
		return nil, n.noPictures(outputName)
	}
	d := out.data
	if o.Image, err = imageColumn(d, o.Image); err != nil {
		return nil, err
	}
	if o.Before {
		if _, made := d.own[o.Image]; !made || d.base == nil || d.base.level(o.Image) == nil {
			return nil, refuse("%s does not change column %q; --before is for stages that do", instance, o.Image)
		}
	}
	groups, err := e.pictureGroups(ctx, d, o)
	if err != nil {
		return nil, err
	}
	all := make([]PictureGroup, 0, len(groups))
	for _, g := range groups {
		pg := PictureGroup{Value: g.value, Rows: g.rows}
		ids := make([]string, len(g.drawn))
		for i, x := range g.drawn {
			ids[i] = x.id
		}
		slices.Sort(ids)
		after, err := e.openPictures(ctx, d, ids, o.Image)
		if err != nil {
			return nil, err
		}
		var before []stages.Picture
		if o.Before {
			if before, err = e.openPictures(ctx, d.base, ids, o.Image); err != nil {
				return nil, err
			}
		}
		for i, id := range ids {
			row := PictureRow{ID: id, After: after[i]}
			if before != nil {
				row.Before = before[i]
			}
			pg.Shown = append(pg.Shown, row)
		}
		all = append(all, pg)
	}
	return all, nil
}

// imageColumn finds the column of pictures.
func imageColumn(d *dataset, name string) (string, error) {
	var images []string
	for _, f := range d.schema.Fields() {
		if stages.IsImage(f.Type) {
			images = append(images, f.Name)
		}
	}
	switch {
	case len(images) == 0:
		return "", refuse("no column holds pictures")
	case slices.Contains(images, name):
		return name, nil
	case name != "":
		return "", refuse("no column %q holds pictures; there is %q", name, images)
	case slices.Contains(images, "image"):
		return "image", nil
	}
	return images[0], nil
}

// A drawnGroup collects the ids of a group with the smallest digests.
type drawnGroup struct {
	value string
	rows  int
	drawn []drawnRow
}

type drawnRow struct {
	id   string
	rank runs.Digest
}

func (e *Engine) pictureGroups(ctx context.Context, d *dataset, o PictureOptions) ([]*drawnGroup, error) {
	columns := []string{}
	if o.By != "" {
		if len(d.schema.FieldIndices(o.By)) == 0 {
			return nil, noColumn(o.By, d.schema)
		}
		columns = append(columns, o.By)
	}
	parts, err := e.partitions(d)
	if err != nil {
		return nil, err
	}
	known := map[string]*drawnGroup{}
	var groups []*drawnGroup
	for p := range parts {
		rec, err := e.readPart(ctx, d, p, columns)
		if err != nil {
			return nil, err
		}
		ids, err := idsOf(rec)
		if err != nil {
			return nil, err
		}
		for i, id := range ids {
			value := ""
			if o.By != "" {
				value = cellText(rec.Column(1), i)
			}
			g := known[value]
			if g == nil {
				g = &drawnGroup{value: value}
				known[value] = g
				groups = append(groups, g)
			}
			g.add(id, o.Each)
		}
	}
	slices.SortFunc(groups, func(a, b *drawnGroup) int {
		if a.rows != b.rows {
			return b.rows - a.rows
		}
		return compareText(a.value, b.value)
	})
	return groups[:min(len(groups), o.Groups)], nil
}

func (g *drawnGroup) add(id string, most int) {
	g.rows++
	row := drawnRow{id, digestText(id)}
	at, _ := slices.BinarySearchFunc(g.drawn, row, func(a, b drawnRow) int { return a.rank.Compare(b.rank) })
	if at < most {
		g.drawn = slices.Insert(g.drawn, at, row)
		g.drawn = g.drawn[:min(len(g.drawn), most)]
	}
}

// openPictures opens the pictures of rows; ids ascend.
func (e *Engine) openPictures(ctx context.Context, d *dataset, ids []string, column string) ([]stages.Picture, error) {
	rec, err := e.readIDs(ctx, d, ids, []string{column})
	if err != nil {
		return nil, err
	}
	col := mark(rec.Column(1), d.level(column).maker)
	out := make([]stages.Picture, len(ids))
	for i, id := range ids {
		if col.IsNull(i) {
			continue
		}
		if out[i], err = (opener{e}).Open(ctx, stages.Image(col, i)); err != nil {
			return nil, fmt.Errorf("row %q: %w", id, err)
		}
	}
	return out, nil
}

// noPictures says that an output has files, and which of the node have rows.
func (n *node) noPictures(output string) error {
	var rows []string
	for _, o := range n.spec.Outputs.Names {
		if out := n.outputs.get(o); out != nil && out.data != nil {
			rows = append(rows, strings.TrimSuffix(n.spec.Name+"."+o, "."))
		}
	}
	name, more := strings.TrimSuffix(n.spec.Name+"."+output, "."), ""
	if len(rows) > 0 {
		more = "; there may be in " + firstNames(rows)
	}
	return refuse("%s has files, no pictures%s", name, more)
}

func noColumn(name string, s *arrow.Schema) error {
	var known []string
	for _, f := range s.Fields() {
		if _, nested := f.Type.(*arrow.StructType); !nested {
			known = append(known, f.Name)
		}
	}
	if near := pipeline.Nearest(name, known); near != "" {
		return refuse("no column %q; did you mean %q?", name, near)
	}
	return refuse("no column %q; there are %s", name, strings.Join(known, ", "))
}
