package check

import (
	"context"
	"sort"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/stages"
)

// A set is one set of the split with its counts.
type set struct {
	name    string
	input   stages.Input
	rows    int
	columns map[string]*tally
	pairs   map[[2]string]map[[2]string]int // of train: rows by the values of two columns
}

// A tally counts the values of a column.
type tally struct {
	counts  map[string]int
	missing int
	full    bool // more values than are counted one by one
}

// count reads a set once. Pairs are counted in train only, where associations
// are what a model could learn.
func (s *set) count(ctx context.Context, c *Sanity, names []string) error {
	s.columns, s.pairs = map[string]*tally{}, map[[2]string]map[[2]string]int{}
	var have []string
	for _, n := range names {
		if len(s.input.Schema().FieldIndices(n)) == 1 {
			have = append(have, n)
			s.columns[n] = &tally{counts: map[string]int{}}
		}
	}
	values := make([]string, len(have))
	known := make([]bool, len(have))
	return s.input.Each(ctx, func(rec arrow.Record) error {
		cols := make([]arrow.Array, len(have))
		for i, n := range have {
			cols[i] = rec.Column(rec.Schema().FieldIndices(n)[0])
		}
		for row := range int(rec.NumRows()) {
			s.rows++
			for i, col := range cols {
				if known[i] = col.IsValid(row); known[i] {
					values[i] = value(col, row)
				}
				s.columns[have[i]].add(values[i], known[i], c.Values)
			}
			if s.name == "train" {
				s.pair(have, values, known)
			}
		}
		return nil
	})
}

func value(col arrow.Array, i int) string {
	if s, ok := col.(*array.String); ok {
		return s.Value(i)
	}
	return col.ValueStr(i)
}

func (t *tally) add(v string, known bool, limit int) {
	switch {
	case !known:
		t.missing++
	case t.full:
	default:
		if _, ok := t.counts[v]; !ok {
			if len(t.counts) == limit {
				t.full, t.counts = true, nil
				return
			}
			v = strings.Clone(v)
		}
		t.counts[v]++
	}
}

func (s *set) pair(names, values []string, known []bool) {
	for i := range names {
		for j := i + 1; j < len(names); j++ {
			if !known[i] || !known[j] || s.columns[names[i]].full || s.columns[names[j]].full {
				continue
			}
			key := [2]string{names[i], names[j]}
			table := s.pairs[key]
			if table == nil {
				table = map[[2]string]int{}
				s.pairs[key] = table
			}
			cell := [2]string{values[i], values[j]}
			if _, ok := table[cell]; !ok {
				cell = [2]string{strings.Clone(cell[0]), strings.Clone(cell[1])}
			}
			table[cell]++
		}
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
