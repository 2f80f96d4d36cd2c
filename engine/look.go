package engine

import (
	"context"
	"fmt"
	"math"
	"sort"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/stages"
)

// maxDistinct bounds how many different values of a column are counted.
const maxDistinct = 1000

// A Look is what an output holds, for people.
type Look struct {
	Instance string       `json:"instance"`
	Output   string       `json:"output,omitempty"`
	Rows     int          `json:"rows"`
	Columns  []ColumnLook `json:"columns,omitempty"`
	Head     [][]string   `json:"head,omitempty"`  // the first rows, "id" and the columns as text
	Files    []NamedSize  `json:"files,omitempty"` // of an output of type Files
}

// A NamedSize is a file with its size in bytes.
type NamedSize struct {
	Name string `json:"name"`
	Size int64  `json:"bytes"`
}

// A ColumnLook says what a column holds.
type ColumnLook struct {
	Name     string  `json:"name"`
	Type     string  `json:"type"`
	Made     bool    `json:"made"` // written by the stage itself, not passed through
	Missing  int     `json:"missing"`
	Distinct int     `json:"distinct"`         // different values, as far as they were counted
	Many     bool    `json:"more,omitempty"`   // there are more than were counted
	Common   []Value `json:"common,omitempty"` // the most frequent values
	Numbers  *Spread `json:"numbers,omitempty"`
}

// A Spread is how the finite numbers of a column spread.
type Spread struct {
	Min  float64 `json:"min"`
	Max  float64 `json:"max"`
	Mean float64 `json:"mean"`
}

// A Value is a value as text with the number of rows that hold it.
type Value struct {
	Text string `json:"text"`
	Rows int    `json:"rows"`
}

// Look reads an output that exists: its columns with statistics, and its first
// rows. Pictures are not opened.
func (e *Engine) Look(ctx context.Context, instance, outputName string, head int) (Look, error) {
	look := Look{Instance: instance, Output: outputName}
	n, ok := e.named(instance)
	if !ok {
		return look, e.noSuchStage(instance)
	}
	out, err := e.outputNamed(n, outputName)
	if err != nil {
		return look, err
	}
	if out.data == nil {
		for _, f := range out.files {
			look.Files = append(look.Files, NamedSize{f.Name, f.Size})
		}
		return look, nil
	}
	d := out.data
	look.Rows = d.rows
	columns := []string{}
	counts := []*columnCount{}
	for _, f := range d.schema.Fields()[1:] {
		_, made := d.own[f.Name]
		columns = append(columns, f.Name)
		counts = append(counts, &columnCount{look: ColumnLook{Name: f.Name, Type: shortType(f.Type), Made: made}, seen: map[string]int{}})
	}
	parts, err := e.partitions(d)
	if err != nil {
		return look, err
	}
	for p := range parts {
		if err := ctx.Err(); err != nil {
			return look, context.Cause(ctx)
		}
		err := e.batches(ctx, d, p, nil, columns, func(rec arrow.Record) error {
			for i, c := range counts {
				c.add(rec.Column(i + 1))
			}
			for i := 0; i < int(rec.NumRows()) && len(look.Head) < head; i++ {
				row := make([]string, rec.NumCols())
				for c := range row {
					row[c] = cellText(rec.Column(c), i)
				}
				look.Head = append(look.Head, row)
			}
			return nil
		})
		if err != nil {
			return look, err
		}
	}
	for _, c := range counts {
		look.Columns = append(look.Columns, c.result())
	}
	return look, nil
}

// OutputsOf lists the outputs of an instance that a name means: one, those of
// a group, or with "" all of them, in the order of the kind. None when it has
// no such output.
func (e *Engine) OutputsOf(instance, name string) []string {
	n, ok := e.named(instance)
	switch {
	case !ok:
		return nil
	case name == "":
		return n.spec.Outputs.Names
	}
	names, _ := outputsNamed(n.spec.Outputs, name)
	return names
}

// ColumnsOf lists the columns of an output that exists, "id" included; none of
// an output of files.
func (e *Engine) ColumnsOf(instance, outputName string) []string {
	n, ok := e.named(instance)
	if !ok {
		return nil
	}
	out, err := e.outputNamed(n, outputName)
	if err != nil || out.data == nil {
		return nil
	}
	var names []string
	for _, f := range out.data.schema.Fields() {
		names = append(names, f.Name)
	}
	return names
}

// A columnCount takes the statistics of one column.
type columnCount struct {
	look ColumnLook
	seen map[string]int
	rows int
	sum  float64
}

func (c *columnCount) add(col arrow.Array) {
	image := stages.IsImage(col.DataType())
	for i := range col.Len() {
		if col.IsNull(i) {
			c.look.Missing++
			continue
		}
		if v, ok := number(col, i); ok && !math.IsNaN(v) && !math.IsInf(v, 0) {
			if c.rows == 0 {
				c.look.Numbers = &Spread{Min: v, Max: v}
			}
			c.look.Numbers.Min, c.look.Numbers.Max = min(c.look.Numbers.Min, v), max(c.look.Numbers.Max, v)
			c.sum += v
			c.rows++
		}
		text := cellText(col, i)
		switch l := col.(type) {
		case *array.FixedSizeList:
			text = fmt.Sprintf("lists of %d", l.DataType().(*arrow.FixedSizeListType).Len())
		case *array.List:
			from, to := l.ValueOffsets(i)
			text = fmt.Sprintf("lists of %d", to-from)
		}
		if image {
			cell := stages.Image(col, i)
			if text = "size not known before decoding"; cell.Height > 0 {
				text = fmt.Sprintf("%dx%d", cell.Width, cell.Height)
			}
		}
		if _, ok := c.seen[text]; ok || len(c.seen) < maxDistinct {
			c.seen[text]++
		} else {
			c.look.Many = true
		}
	}
}

func (c *columnCount) result() ColumnLook {
	c.look.Distinct = len(c.seen)
	if c.rows > 0 {
		c.look.Numbers.Mean = c.sum / float64(c.rows)
	}
	for text, rows := range c.seen {
		c.look.Common = append(c.look.Common, Value{text, rows})
	}
	sort.Slice(c.look.Common, func(i, j int) bool {
		a, b := c.look.Common[i], c.look.Common[j]
		if a.Rows != b.Rows {
			return a.Rows > b.Rows
		}
		return a.Text < b.Text
	})
	return c.look
}

// number is a value of a numeric column.
func number(col arrow.Array, i int) (float64, bool) {
	switch a := col.(type) {
	case *array.Int8:
		return float64(a.Value(i)), true
	case *array.Int16:
		return float64(a.Value(i)), true
	case *array.Int32:
		return float64(a.Value(i)), true
	case *array.Int64:
		return float64(a.Value(i)), true
	case *array.Uint8:
		return float64(a.Value(i)), true
	case *array.Uint16:
		return float64(a.Value(i)), true
	case *array.Uint32:
		return float64(a.Value(i)), true
	case *array.Uint64:
		return float64(a.Value(i)), true
	case *array.Float32:
		return float64(a.Value(i)), true
	case *array.Float64:
		return a.Value(i), true
	}
	return 0, false
}

// shortType is a type for people.
func shortType(t arrow.DataType) string {
	if l, ok := t.(*arrow.FixedSizeListType); ok {
		return fmt.Sprintf("%s[%d]", shortType(l.Elem()), l.Len())
	}
	return typeName(t)
}

// cellText is a value in a form for people; a picture is its name or size.
func cellText(col arrow.Array, i int) string {
	if col.IsNull(i) {
		return "-"
	}
	if stages.IsImage(col.DataType()) {
		c := stages.Image(col, i)
		if c.Data != nil {
			return fmt.Sprintf("(%s %dx%d)", c.Ref, c.Width, c.Height)
		}
		return c.Name()
	}
	return col.ValueStr(i)
}
