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
	pairs   map[[2]string]map[uint64]int // of train: rows by the codes of two columns' values
	shown   map[string]exhibit           // of each class
}

// mostClasses is up to how many classes are counted; ImageNet-21k has 21,841.
const mostClasses = 50_000

// An exhibit is the row of a class whose id hashes lowest.
type exhibit struct {
	hash    uint64
	ordinal int
}

// A tally counts the values of a column.
type tally struct {
	codes   map[string]uint32
	counts  []int // by code
	missing int
	full    bool // more values than are counted one by one
}

func newTally() *tally { return &tally{codes: map[string]uint32{}} }

// of is how often a value was counted.
func (t *tally) of(v string) int {
	if k, ok := t.codes[v]; ok {
		return t.counts[k]
	}
	return 0
}

// count reads a set once. Pairs are counted in train only, where associations
// are what a model could learn.
func (s *set) count(ctx context.Context, c *Sanity, names []string, bins map[string]*binning) error {
	s.columns, s.pairs = map[string]*tally{}, map[[2]string]map[uint64]int{}
	var have []string
	for _, n := range names {
		if len(s.input.Schema().FieldIndices(n)) == 1 {
			have = append(have, n)
			s.columns[n] = newTally()
		}
	}
	tallies, used, limits := make([]*tally, len(have)), make([]*binning, len(have)), make([]int, len(have))
	for i, n := range have {
		tallies[i], used[i], limits[i] = s.columns[n], bins[n], c.Values
		if n == c.Label {
			limits[i] = max(c.Values, mostClasses)
		}
	}
	tables := make([]map[uint64]int, len(have)*len(have))
	if s.name == "train" {
		for i := range have {
			for j := i + 1; j < len(have); j++ {
				tables[i*len(have)+j] = map[uint64]int{}
				s.pairs[[2]string{have[i], have[j]}] = tables[i*len(have)+j]
			}
		}
	}
	s.shown = map[string]exhibit{}
	label := slices.Index(have, c.Label)
	codes := make([][]uint32, len(have)) // of a row's values: none where it is missing, several of a list
	var values []string
	return s.input.Each(ctx, func(rec arrow.Record) error {
		cols := make([]arrow.Array, len(have))
		for i, n := range have {
			cols[i] = rec.Column(rec.Schema().FieldIndices(n)[0])
		}
		for row := range int(rec.NumRows()) {
			s.rows++
			for i, col := range cols {
				values, codes[i] = appendValues(values[:0], col, row, used[i]), codes[i][:0]
				if len(values) == 0 {
					tallies[i].missing++
				}
				if i == label && c.Pictures > 0 && !tallies[i].full {
					s.show(values, rec.Column(0).ValueStr(row))
				}
				for _, v := range values {
					if k, ok := tallies[i].add(v, limits[i]); ok {
						codes[i] = append(codes[i], k)
					}
				}
			}
			if s.name != "train" {
				continue
			}
			for i, a := range codes {
				for j, b := range codes[i+1:] {
					for _, v := range a {
						for _, w := range b {
							tables[i*len(have)+i+1+j][uint64(v)<<32|uint64(w)]++
						}
					}
				}
			}
		}
		return nil
	})
}

// show takes the row that was counted last as the exhibit of its classes, if its
// id hashes lowest.
func (s *set) show(classes []string, id string) {
	h := hashOf(id)
	for _, v := range classes {
		if had, ok := s.shown[v]; !ok {
			s.shown[strings.Clone(v)] = exhibit{h, s.rows - 1}
		} else if h < had.hash {
			s.shown[v] = exhibit{h, s.rows - 1}
		}
	}
}

// appendValues appends a cell's value or bin, or the values of a list, each once.
func appendValues(to []string, col arrow.Array, i int, b *binning) []string {
	if col.IsNull(i) {
		return to
	}
	if b != nil {
		if v, ok := b.name(col, i); ok {
			to = append(to, v)
		}
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

// add counts a value and returns its code, unless there are too many values.
func (t *tally) add(v string, limit int) (uint32, bool) {
	if t.full {
		return 0, false
	}
	k, ok := t.codes[v]
	if !ok {
		if len(t.counts) == limit {
			t.full, t.codes, t.counts = true, nil, nil
			return 0, false
		}
		k = uint32(len(t.counts))
		t.codes[strings.Clone(v)] = k
		t.counts = append(t.counts, 0)
	}
	t.counts[k]++
	return k, true
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
