package source

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/parquet-go/parquet-go"
)

// Lists of texts are read where they are the label: readers hand them on as texts, JSON lists,
// of which the labeler makes the column labels.

// textsOf reads such a text; each label must be one, and stand there once.
func textsOf(column, text string) (labels []string, why string) {
	var items []*string
	if err := json.Unmarshal([]byte(text), &items); err != nil {
		return nil, fmt.Sprintf("column %q: %s is no list of texts", column, text)
	}
	seen := map[string]bool{}
	for _, item := range items {
		switch {
		case item == nil || *item == "":
			return nil, fmt.Sprintf("column %q: a label of %s is missing", column, text)
		case seen[*item]:
			return nil, fmt.Sprintf("column %q: %s names %q twice", column, text, *item)
		}
		seen[*item] = true
		labels = append(labels, *item)
	}
	return labels, ""
}

// parquetList finds the elements of a list of texts, or of numbers that stand for classes, as most
// programs write one: optional group tags (LIST) { repeated group list { optional binary element; } },
// or without one of the groups. slots are repeated once for each element.
func parquetList(c *parquet.Column, classes bool) (elements, slots *parquet.Column) {
	slots = c
	if !c.Leaf() && !c.Repeated() {
		if len(c.Columns()) != 1 {
			return nil, nil
		}
		slots = c.Columns()[0]
	}
	if !slots.Repeated() {
		return nil, nil
	}
	elements = slots
	if !slots.Leaf() {
		if len(slots.Columns()) != 1 {
			return nil, nil
		}
		elements = slots.Columns()[0]
	}
	if !elements.Leaf() || elements != slots && elements.Repeated() {
		return nil, nil
	}
	kind := elements.Type().Kind()
	if kind == parquet.ByteArray || classes && (kind == parquet.Int32 || kind == parquet.Int64) {
		return elements, slots
	}
	return nil, nil
}

// A listLevels tells rows without a list, and lists without an element, by their definition levels.
type listLevels struct {
	there, filled int
	left          int64 // values to come in the column chunk
}

func newListLevels(c, slots *parquet.Column) *listLevels {
	l := &listLevels{there: c.MaxDefinitionLevel(), filled: slots.MaxDefinitionLevel()}
	if c == slots {
		l.there = 0
	}
	return l
}

// readLists appends the lists of n rows.
func (c *parquetCursor) readLists(to array.Builder, n int, wrong map[int]string) error {
	b := to.(*array.StringBuilder)
	one := array.NewStringBuilder(memory.DefaultAllocator)
	defer one.Release()
	rows := 0
	var items []*string
	null := false
	end := func() {
		switch {
		case rows == 0:
		case null:
			b.AppendNull()
		default:
			text, _ := json.Marshal(items) // texts always marshal
			b.Append(string(text))
		}
		items, null = []*string{}, false
	}
	for c.lists.left > 0 {
		for len(c.rest) == 0 {
			if err := c.fill(); err != nil {
				return err
			}
		}
		v := c.rest[0]
		if v.RepetitionLevel() == 0 {
			if rows == n {
				break
			}
			end()
			rows++
		}
		c.rest, c.lists.left = c.rest[1:], c.lists.left-1
		switch level := v.DefinitionLevel(); {
		case level < c.lists.there:
			null = true
		case level < c.lists.filled:
		default:
			if why := c.append(one, v); why != "" && wrong[rows-1] == "" {
				wrong[rows-1] = fmt.Sprintf("column %q: %s", c.name, why)
			}
			col := one.NewStringArray()
			var item *string
			if col.IsValid(0) {
				text := col.Value(0)
				item = &text
			}
			items = append(items, item)
			col.Release()
		}
	}
	end()
	if rows < n {
		return errors.New("it ends before its row group does")
	}
	return nil
}

// arrowList says whether a column holds lists of texts, or of numbers that stand for classes.
func arrowList(t arrow.DataType, classes bool) bool {
	list, ok := t.(arrow.ListLikeType)
	if !ok || t.ID() == arrow.MAP {
		return false
	}
	typ, ok := plainType(list.Elem())
	return ok && (typ.ID() == arrow.STRING || classes && typ.ID() == arrow.INT64)
}

// arrowLists is the column of lists as texts.
func arrowLists(col arrow.Array, classes []string) arrow.Array {
	list := col.(array.ListLike)
	first, last := int64(0), int64(0)
	if n := col.Len(); n > 0 {
		first, _ = list.ValueOffsets(0)
		_, last = list.ValueOffsets(n - 1)
	}
	values := array.NewSlice(list.ListValues(), first, max(first, last))
	defer values.Release()
	var texts arrow.Array
	if classes != nil {
		texts = named(values, classes)
	} else {
		texts = plain(values, arrow.BinaryTypes.String)
	}
	defer texts.Release()
	b := array.NewStringBuilder(memory.DefaultAllocator)
	defer b.Release()
	for i := range col.Len() {
		if col.IsNull(i) {
			b.AppendNull()
			continue
		}
		items := []*string{}
		from, to := list.ValueOffsets(i)
		for ; from < to; from++ {
			var item *string
			if at := int(from - first); texts.IsValid(at) {
				text := texts.(*array.String).Value(at)
				item = &text
			}
			items = append(items, item)
		}
		text, _ := json.Marshal(items)
		b.Append(string(text))
	}
	return b.NewArray()
}
