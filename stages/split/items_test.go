package split

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/stages/stagetest"
)

// A garment is an item of the tests: a class and two attributes, 0 for missing.
type garment struct {
	category    string
	scale, zoom int64
}

// wardrobe makes a table of rows with items; a nil list is a missing one.
func wardrobe(parts []string, items [][]garment) *stagetest.Table {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.BinaryTypes.String}, {Name: "part", Type: arrow.BinaryTypes.String},
		{Name: "items", Nullable: true, Type: arrow.ListOf(arrow.StructOf(
			arrow.Field{Name: "category", Type: arrow.BinaryTypes.String},
			arrow.Field{Name: "scale", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
			arrow.Field{Name: "zoom", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
		))},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	for i := range items {
		b.Field(0).(*array.StringBuilder).Append(fmt.Sprintf("%04d", i))
		b.Field(1).(*array.StringBuilder).Append(parts[i])
		list := b.Field(2).(*array.ListBuilder)
		if items[i] == nil {
			list.AppendNull()
			continue
		}
		list.Append(true)
		s := list.ValueBuilder().(*array.StructBuilder)
		for _, g := range items[i] {
			s.Append(true)
			s.FieldBuilder(0).(*array.StringBuilder).Append(g.category)
			for k, v := range []int64{g.scale, g.zoom} {
				if f := s.FieldBuilder(1 + k).(*array.Int64Builder); v == 0 {
					f.AppendNull()
				} else {
					f.Append(v)
				}
			}
		}
	}
	return stagetest.FromRecord(b.NewRecord())
}

// placed runs a split and returns, for each output, its ids with their labels.
func placed(t *testing.T, c stagetest.Case) map[string]string {
	t.Helper()
	sink, err := c.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, o := range c.Kind.Results(c.Config, nil) {
		rows, err := sink.Rows(o.Name)
		if err != nil {
			t.Fatal(err)
		}
		if rows == nil || o.Name == "unused" {
			continue
		}
		labels := rows.Record().Column(rows.Schema().FieldIndices("labels")[0]).(*array.List)
		names := labels.ListValues().(*array.String)
		var parts []string
		for i, id := range column(rows, "id") {
			lo, hi := labels.ValueOffsets(i)
			var own []string
			for k := lo; k < hi; k++ {
				own = append(own, names.Value(int(k)))
			}
			parts = append(parts, id+":"+strings.Join(own, "+"))
		}
		got[o.Name] = strings.Join(parts, " ")
	}
	return got
}

// TestItems compares splits by items with looking at every item of every row.
func TestItems(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 60 {
		n := 300 + r.IntN(300)
		parts, items := make([]string, n), make([][]garment, n)
		for i := range n {
			parts[i] = pick(r, "train", "validation")
			if r.IntN(12) > 0 {
				items[i] = []garment{}
				for range r.IntN(4) {
					items[i] = append(items[i], garment{pick(r, "skirt", "vest", "sling"), int64(r.IntN(4)), int64(1 + r.IntN(2))})
				}
			}
		}
		image, labels := pick(r, "any", "all"), pick(r, "matching", "all")
		with := fmt.Sprintf(`{where: {train: {part: train}, tests: {part: validation}}, items: {column: items, image: %s, labels: %s},
		  base: {scale: 2, zoom: 1}, shifts: {scale: [1, 3], zoom: 2}, sizes: {train: all, iid: all, ood: all}, classes: all}`, image, labels)
		c := shiftCase(t, with, wardrobe(parts, items))
		c.Cut, c.Workers = r, 1+r.IntN(4)
		got := placed(t, c)
		want := map[string]string{}
		for _, set := range []struct {
			name, part  string
			scale, zoom int64
		}{{"train", "train", 2, 1}, {"iid", "validation", 2, 1}, {"scale=1", "validation", 1, 1}, {"scale=3", "validation", 3, 1}, {"zoom=2", "validation", 2, 2}} {
			var rows []string
			for i := range n {
				var match, every []string
				for _, g := range items[i] {
					every = append(every, g.category)
					if g.scale == set.scale && g.zoom == set.zoom {
						match = append(match, g.category)
					}
				}
				if parts[i] != set.part || len(match) == 0 || image == "all" && len(match) < len(every) {
					continue
				}
				if labels == "all" {
					match = every
				}
				slices.Sort(match)
				rows = append(rows, fmt.Sprintf("%04d:%s", i, strings.Join(slices.Compact(match), "+")))
			}
			want[set.name] = strings.Join(rows, " ")
			if got[set.name] != want[set.name] {
				t.Fatalf("round %d, %s, %s:\n got %s\nwant %s", round, with, set.name, got[set.name], want[set.name])
			}
		}
	}
}

func TestItemsNotes(t *testing.T) {
	table := wardrobe([]string{"train", "validation", "validation", "validation", "train"}, [][]garment{
		{{"vest", 2, 1}}, {{"vest", 2, 1}, {"skirt", 1, 1}}, {{"sling", 1, 1}}, nil, {},
	})
	const with = `{where: {train: {part: train}, tests: {part: validation}}, items: {column: items}, base: {scale: 2, zoom: 1}, shifts: {scale: 1}, sizes: {train: all, iid: all, ood: all}}`
	got, err := outputs(t, shiftCase(t, with, table))
	if err != nil {
		t.Fatal(err)
	}
	const want = `train: 0000
iid: 0001
scale=1: 0001 0002
unused: 0003 (it has no item) 0004 (it has no item)
rows: train 1, iid 1, scale=1 2
items: 1 rows stand in several sets, each with the classes of its own items there: iid and scale=1 1
unused: 2 of 5 rows: it has no item`
	if got != want {
		t.Errorf("split:\n got %s\nwant %s", got, want)
	}
	for _, tt := range []struct{ with, want string }{
		{`{items: {column: item}, base: {scale: 2}, sizes: {train: 1, iid: 1}}`, `-: with.items.column: the rows have no column "item"; did you mean "items"?`},
		{`{items: {column: part}, base: {part: train}, sizes: {train: 1, iid: 1}}`, `-: with.items.column: column "part" holds utf8; items are a list of structs`},
		{`{items: {column: items, label: kind}, base: {scale: 2}, sizes: {train: 1, iid: 1}}`, `-: with.items.label: an item has no field "kind"; it has category, scale, zoom`},
	} {
		_, err := outputs(t, shiftCase(t, tt.with, table))
		if got := fmt.Sprint(err); !strings.HasPrefix(got, tt.want) {
			t.Errorf("error:\n got %s\nwant %s", got, tt.want)
		}
	}
}
