package check

import (
	"context"
	"slices"
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
	values := make([][]string, len(have)) // none where it is missing; several of a list
	return s.input.Each(ctx, func(rec arrow.Record) error {
		cols := make([]arrow.Array, len(have))
		for i, n := range have {
			cols[i] = rec.Column(rec.Schema().FieldIndices(n)[0])
		}
		for row := range int(rec.NumRows()) {
			s.rows++
			for i, col := range cols {
				values[i] = appendValues(values[i][:0], col, row)
				t := s.columns[have[i]]
				if len(values[i]) == 0 {
					t.missing++
				}
				for _, v := range values[i] {
					t.add(v, c.Values)
				}
			}
			if s.name == "train" {
				s.pair(have, values)
			}
		}
		return nil
	})
}

// appendValues appends a cell's value, or those of a list, each once.
func appendValues(to []string, col arrow.Array, i int) []string {
	if col.IsNull(i) {
		return to
	}
	switch col := col.(type) {
	case *array.String:
		return append(to, col.Value(i))
	case *array.List:
		elements := col.ListValues()
		for lo, hi := col.ValueOffsets(i); lo < hi; lo++ {
			if elements.IsValid(int(lo)) {
				to = append(to, elements.ValueStr(int(lo)))
			}
		}
		slices.Sort(to)
		return slices.Compact(to)
	}
	return append(to, col.ValueStr(i))
}

func (t *tally) add(v string, limit int) {
	if t.full {
		return
	}
	if _, ok := t.counts[v]; !ok {
		if len(t.counts) == limit {
			t.full, t.counts = true, nil
			return
		}
		v = strings.Clone(v)
	}
	t.counts[v]++
}

func (s *set) pair(names []string, values [][]string) {
	for i := range names {
		for j := i + 1; j < len(names); j++ {
			if len(values[i]) == 0 || len(values[j]) == 0 || s.columns[names[i]].full || s.columns[names[j]].full {
				continue
			}
			key := [2]string{names[i], names[j]}
			table := s.pairs[key]
			if table == nil {
				table = map[[2]string]int{}
				s.pairs[key] = table
			}
			for _, v := range values[i] {
				for _, w := range values[j] {
					cell := [2]string{v, w}
					if _, ok := table[cell]; !ok {
						cell = [2]string{strings.Clone(v), strings.Clone(w)}
					}
					table[cell]++
				}
			}
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
