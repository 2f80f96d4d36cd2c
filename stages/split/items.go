package split

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/pipeline"
)

// Items makes the elements of a list column what base and shifts speak of: an
// image then stands in a cell because of the clothing in it, and carries the
// classes of that clothing.
type Items struct {
	Column string `yaml:"column" doc:"list column whose elements have the attributes as fields; empty: the rows themselves have them"`
	Image  string `yaml:"image" enum:"any|all" doc:"any: an image is in a cell when one of its items is, and may be in several; all: when every item is"`
	Labels string `yaml:"labels" enum:"matching|all" doc:"classes of an image in a set: those of the items that put it there, or of all its items"`
	Label  string `yaml:"label" doc:"field of an item that holds its class"`
}

func (c *Items) on() bool { return c.Column != "" }

// fields are those of an item, nil when the column is not there or holds no
// structs.
func (c *Items) fields(in *arrow.Schema) []arrow.Field {
	if !c.on() || in == nil {
		return nil
	}
	at := in.FieldIndices(c.Column)
	if len(at) != 1 {
		return nil
	}
	list, ok := in.Field(at[0]).Type.(*arrow.ListType)
	if !ok {
		return nil
	}
	s, ok := list.Elem().(*arrow.StructType)
	if !ok {
		return nil
	}
	return s.Fields()
}

// field finds a field of the items by its name; -1 when they have none.
func (c *Items) field(in *arrow.Schema, name string) int {
	return slices.IndexFunc(c.fields(in), func(f arrow.Field) bool { return f.Name == name })
}

// checkItems reports an items column that is missing or of another type.
func (b *binder) checkItems(c *Shift) {
	if !c.Items.on() {
		return
	}
	at := b.schema.FieldIndices(c.Items.Column)
	switch {
	case len(at) == 0:
		b.report("items.column", "%s", unknownColumn(c.Items.Column, b.schema))
	case c.Items.fields(b.schema) == nil:
		b.report("items.column", "column %q holds %s; items are a list of structs", c.Items.Column, b.schema.Field(at[0]).Type)
	default:
		names := make([]string, 0, 8)
		for _, f := range c.Items.fields(b.schema) {
			names = append(names, f.Name)
		}
		if k := c.Items.field(b.schema, c.Items.Label); k < 0 {
			b.report("items.label", "an item has no field %q; it has %s", c.Items.Label, strings.Join(names, ", "))
		} else if typ, ok := columnType(c.Items.fields(b.schema)[k].Type); !ok || typ == pipeline.FloatColumn || typ == pipeline.TimeColumn {
			b.report("items.label", "the field %q holds %s; a class is text, a whole number or a boolean", c.Items.Label, c.Items.fields(b.schema)[k].Type)
		}
	}
}

// A standing is one cell that a row is in because of its items.
type standing struct {
	judgement
	labels []string
}

// readItems is read for rows whose items have the attributes.
func (w *worker) readItems(rec arrow.Record, c *chunk) {
	n := int(rec.NumRows())
	c.out = make([]role, n)
	list := rec.Column(w.items).(*array.List)
	ends := make([]int, n) // of each row's items, from the first one of the record
	starts := make([]int, n)
	first, last := 0, 0
	for i := range n {
		if list.IsValid(i) {
			lo, hi := list.ValueOffsets(i)
			if last == 0 {
				first = int(lo)
			}
			starts[i], ends[i] = int(lo), int(hi)
			last = max(last, int(hi))
		}
	}
	items := array.NewSlice(list.ListValues(), int64(first), int64(max(first, last))).(*array.Struct)
	defer items.Release()
	for a, l := range w.lenses {
		w.codes[a] = slices.Grow(w.codes[a][:0], items.Len())[:items.Len()]
		if l.field >= 0 {
			l.codes(items.Field(l.field), w.codes[a])
			continue
		}
		ofRow := make([]uint32, n)
		l.codes(rec.Column(w.columns[l.name]), ofRow)
		for i := range n {
			for k := starts[i]; k < ends[i]; k++ {
				w.codes[a][k-first] = ofRow[i]
			}
		}
	}
	label := items.Field(w.itemLabel)
	strata, group, match := columns(rec, w.stratify), columns(rec, w.group), columns(rec, w.match)
	if len(group) > 1 {
		c.keys, c.w = make([][]groupKey, len(group)), make([][]uint64, len(group))
	}
	for i := range n {
		found := w.stand(c, i, items, label, starts[i]-first, ends[i]-first)
		for _, s := range found {
			before := len(c.rows)
			w.place(rec, c, i, &s.judgement, strata, group, match)
			if len(c.rows) > before {
				c.rows[before].class = w.labelSet(s.labels)
			}
		}
	}
}

// stand finds the cells of a row from those of its items [from, to).
func (w *worker) stand(c *chunk, i int, items *array.Struct, label arrow.Array, from, to int) []standing {
	var found []standing
	var every []string
	outside, why := 0, ""
	for k := from; k < to; k++ {
		if items.IsNull(k) {
			continue
		}
		state := w.verdict(k)
		j := &w.judged[state]
		class := ""
		if !missing(label, k) {
			class = string(appendValue(nil, label, k))
			every = append(every, class)
		}
		switch {
		case j.fails != "":
			w.fail(c.start+uint32(i), c.ids.Value(i), j.fails)
			return nil
		case j.cell < 0:
			outside++
			why = j.reason
			continue
		}
		at := slices.IndexFunc(found, func(s standing) bool { return s.cell == j.cell })
		if at < 0 {
			at = len(found)
			found = append(found, standing{judgement: *j})
		}
		found[at].pool |= j.pool
		if !missing(label, k) {
			found[at].labels = append(found[at].labels, class)
		}
	}
	switch {
	case from == to:
		why = "it has no item"
	case len(found) == 0 && outside == 1:
	case len(found) == 0:
		why = "none of its items is in a cell"
	case w.cfg.Items.Image == "all" && (outside > 0 || len(found) > 1):
		why, found = "its items are not all in one cell", nil
	}
	if len(found) == 0 {
		c.out[i] = w.reason(why)
		return nil
	}
	slices.SortFunc(found, func(a, b standing) int { return a.cell - b.cell })
	for k := range found {
		if w.cfg.Items.Labels == "all" {
			found[k].labels = slices.Clone(every)
		}
		slices.Sort(found[k].labels)
		found[k].labels = slices.Compact(found[k].labels)
	}
	return found
}

// labelSet numbers a set of classes.
func (w *worker) labelSet(labels []string) uint32 {
	w.key = appendSet(w.key[:0], labels)
	return w.classes.code(w.key)
}

// appendSet appends a set of classes so that no two sets are one.
func appendSet(b []byte, labels []string) []byte {
	for _, l := range labels {
		b = append(binary.LittleEndian.AppendUint32(b, uint32(len(l))), l...)
	}
	return b
}

// labelsOf reads the classes of a set.
func labelsOf(key string) []string {
	labels := []string{}
	for len(key) > 0 {
		n := 4 + int(binary.LittleEndian.Uint32([]byte(key[:4])))
		labels = append(labels, key[4:n])
		key = key[n:]
	}
	return labels
}

// A placement is a row in one of the outputs that it is in, with its classes.
type placement struct {
	ordinal uint32
	role    role
	labels  uint32
}

// overlap says how many rows stand in several sets, and which pairs share them.
func (s *scan) overlap() string {
	pairs := map[[2]role]int{}
	rows := 0
	for i := 0; i < len(s.placed); {
		k := i + 1
		for k < len(s.placed) && s.placed[k].ordinal == s.placed[i].ordinal {
			k++
		}
		if k > i+1 {
			rows++
		}
		for a := i; a < k; a++ {
			for b := a + 1; b < k; b++ {
				pairs[[2]role{s.placed[a].role, s.placed[b].role}]++
			}
		}
		i = k
	}
	if rows == 0 {
		return ""
	}
	var parts []string
	for _, p := range sortedPairs(pairs) {
		parts = append(parts, fmt.Sprintf("%s and %s %d", s.names[p[0]-1], s.names[p[1]-1], pairs[p]))
	}
	classes := "each with the classes of its own items there"
	if s.cfg.Items.Labels == "all" {
		classes = "in each with the classes of all its items"
	}
	return fmt.Sprintf("items: %d rows stand in several sets, %s: %s", rows, classes, some(parts))
}

func sortedPairs(pairs map[[2]role]int) [][2]role {
	var list [][2]role
	for p := range pairs {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b [2]role) int {
		if a[0] != b[0] {
			return int(a[0]) - int(b[0])
		}
		return int(a[1]) - int(b[1])
	})
	return list
}
