package check

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/stages"
)

// A binning makes few values of a column that holds numbers or times, so that
// it can be counted like names. Parts of numbers come from train alone, and what
// lies outside of train's range has bins of its own: a shift of a number shows as
// rows that share no bin with train.
type binning struct {
	said  string // how the bins are made, for the report
	edges []float64
	names []string // of the parts, len(edges)+1: below, between the edges, above
	unit  string   // of times
}

// surveyed is how many rows of train bounds are taken from, at most: those whose
// ids hash lowest.
const surveyed = 1 << 17

// A survey is what bins are made of.
type survey struct {
	columns []string
	floats  [][]float64 // of the sampled rows of train, by column; NaN where missing
	hashes  []uint64    // of these rows
	limit   uint64      // rows with a hash above it are not sampled
	low     []float64   // train's range
	high    []float64
	first   []time.Time // range of times over all sets
	until   []time.Time
	values  []*tally // of whole numbers over all sets
}

// numeric says whether bins of a column are parts of numbers, and whether it
// needs them whatever it holds: whole numbers are counted one by one when they
// are few.
func numeric(t arrow.DataType) (ok, always bool) {
	switch t.ID() {
	case arrow.FLOAT32, arrow.FLOAT64, arrow.UINT64:
		return true, true
	case arrow.INT8, arrow.INT16, arrow.INT32, arrow.INT64, arrow.UINT8, arrow.UINT16, arrow.UINT32:
		return true, false
	}
	return false, false
}

// calendar says whether bins of a column are parts of the calendar.
func calendar(t arrow.DataType) bool {
	switch t.ID() {
	case arrow.TIMESTAMP, arrow.DATE32, arrow.DATE64:
		return true
	}
	return false
}

// bin chooses the bins of all columns that need some, by name.
func (c *Sanity) bin(ctx context.Context, sets []*set, names []string) (map[string]*binning, error) {
	schema := sets[0].input.Schema()
	s := &survey{limit: math.MaxUint64}
	for _, n := range names {
		at := schema.FieldIndices(n)
		if n == c.Label || len(at) != 1 {
			continue
		}
		if ok, _ := numeric(schema.Field(at[0]).Type); ok || calendar(schema.Field(at[0]).Type) {
			s.columns = append(s.columns, n)
		}
	}
	k := len(s.columns)
	if k == 0 {
		return nil, nil
	}
	s.floats, s.low, s.high = make([][]float64, k), make([]float64, k), make([]float64, k)
	s.first, s.until, s.values = make([]time.Time, k), make([]time.Time, k), make([]*tally, k)
	for i := range k {
		s.low[i], s.high[i], s.values[i] = math.Inf(1), math.Inf(-1), newTally()
	}
	for i, one := range sets {
		if err := s.read(ctx, one.input, i == 0, c.Values); err != nil {
			return nil, fmt.Errorf("%s: %w", one.name, err)
		}
	}
	bins := map[string]*binning{}
	for i, n := range s.columns {
		t := schema.Field(schema.FieldIndices(n)[0]).Type
		switch _, always := numeric(t); {
		case calendar(t) && !s.first[i].IsZero():
			bins[n] = timesBetween(s.first[i], s.until[i])
		case (always || s.values[i].full) && s.low[i] <= s.high[i]:
			bins[n] = partsOf(s.floats[i], c.Bins, s.low[i], s.high[i])
		}
	}
	return bins, nil
}

func (s *survey) read(ctx context.Context, in stages.Input, train bool, most int) error {
	at := make([]int, len(s.columns))
	for i, n := range s.columns {
		at[i] = -1
		if f := in.Schema().FieldIndices(n); len(f) == 1 {
			at[i] = f[0]
		}
	}
	return in.Each(ctx, func(rec arrow.Record) error {
		for i, k := range at {
			if k < 0 {
				continue
			}
			if col := rec.Column(k); calendar(col.DataType()) {
				s.times(i, col)
			} else {
				s.numbers(i, col, train, most)
			}
		}
		if train {
			s.sample(rec, at)
		}
		return nil
	})
}

func (s *survey) times(i int, col arrow.Array) {
	for row := range col.Len() {
		if col.IsNull(row) {
			continue
		}
		t := timeAt(col, row)
		if s.first[i].IsZero() || t.Before(s.first[i]) {
			s.first[i] = t
		}
		if s.until[i].IsZero() || t.After(s.until[i]) {
			s.until[i] = t
		}
	}
}

func (s *survey) numbers(i int, col arrow.Array, train bool, most int) {
	_, always := numeric(col.DataType())
	for row := range col.Len() {
		v, ok := numberAt(col, row)
		if !ok {
			continue
		}
		if train {
			s.low[i], s.high[i] = math.Min(s.low[i], v), math.Max(s.high[i], v)
		}
		if !always && !s.values[i].full {
			s.values[i].add(col.ValueStr(row), most)
		}
	}
}

// sample keeps rows whose ids hash low enough, whatever their order.
func (s *survey) sample(rec arrow.Record, at []int) {
	ids := rec.Column(0)
	for row := range ids.Len() {
		h := hashOf(ids.ValueStr(row))
		if h > s.limit {
			continue
		}
		s.hashes = append(s.hashes, h)
		for i, k := range at {
			v := math.NaN()
			if k >= 0 && !calendar(rec.Column(k).DataType()) {
				if x, ok := numberAt(rec.Column(k), row); ok {
					v = x
				}
			}
			s.floats[i] = append(s.floats[i], v)
		}
		for len(s.hashes) > surveyed {
			s.halve()
		}
	}
}

// halve leaves out the rows with the higher half of the hashes.
func (s *survey) halve() {
	s.limit /= 2
	to := 0
	for from, h := range s.hashes {
		if h > s.limit {
			continue
		}
		s.hashes[to] = h
		for i := range s.floats {
			s.floats[i][to] = s.floats[i][from]
		}
		to++
	}
	s.hashes = s.hashes[:to]
	for i := range s.floats {
		s.floats[i] = s.floats[i][:to]
	}
}

// hashOf is FNV-1a with the last steps of MurmurHash3, which spread its bits.
func hashOf(id string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(id) {
		h = (h ^ uint64(id[i])) * 1099511628211
	}
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// numberAt is a cell as a number; NaN counts as missing, as it does in splits.
func numberAt(col arrow.Array, i int) (float64, bool) {
	if col.IsNull(i) {
		return 0, false
	}
	v := 0.0
	switch c := col.(type) {
	case *array.Float32:
		v = float64(c.Value(i))
	case *array.Float64:
		v = c.Value(i)
	case *array.Uint64:
		v = float64(c.Value(i))
	default:
		n, err := strconv.ParseInt(col.ValueStr(i), 10, 64)
		if err != nil {
			return 0, false
		}
		v = float64(n)
	}
	return v, !math.IsNaN(v)
}

func timeAt(col arrow.Array, i int) time.Time {
	switch c := col.(type) {
	case *array.Date32:
		return c.Value(i).ToTime()
	case *array.Date64:
		return c.Value(i).ToTime()
	case *array.Timestamp:
		return c.Value(i).ToTime(c.DataType().(*arrow.TimestampType).Unit)
	}
	return time.Time{}
}

// partsOf cuts the range of train's values into parts of about equally many
// rows. A few different values are parts of their own.
func partsOf(sample []float64, parts int, low, high float64) *binning {
	sample = slices.DeleteFunc(slices.Clone(sample), math.IsNaN)
	slices.Sort(sample)
	b := &binning{}
	distinct := slices.Compact(slices.Clone(sample))
	var inner []float64
	if len(distinct) <= parts {
		inner = distinct
		b.said = "each value of train"
	} else {
		for k := 1; k < parts; k++ {
			inner = append(inner, sample[k*len(sample)/parts])
		}
		b.said = fmt.Sprintf("%d parts of train with about equally many rows", parts)
		inner = rounded(inner, low, high)
	}
	b.said += ", and what lies outside of its range"
	b.edges = append(append([]float64{low}, inner...), high)
	slices.Sort(b.edges)
	b.edges = slices.Compact(slices.DeleteFunc(b.edges, func(v float64) bool { return v < low || v > high }))
	b.names = append(b.names, "<"+numeral(low))
	for k, from := range b.edges[:len(b.edges)-1] {
		if to := b.edges[k+1]; to < high {
			b.names = append(b.names, numeral(from)+"..<"+numeral(to))
		} else {
			b.names = append(b.names, numeral(from)+".."+numeral(to))
		}
	}
	if len(b.edges) == 1 {
		b.names = append(b.names, numeral(low))
	}
	b.names = append(b.names, ">"+numeral(high))
	return b
}

// rounded writes bounds with about three digits of their spread, so that people
// can read them.
func rounded(bounds []float64, low, high float64) []float64 {
	spread := bounds[len(bounds)-1] - bounds[0]
	if spread == 0 {
		spread = high - low
	}
	if !(spread > 0) || math.IsInf(spread, 0) {
		return bounds
	}
	text := strconv.FormatFloat(spread, 'e', 0, 64)
	exponent, err := strconv.Atoi(text[len("1e"):])
	if err != nil || exponent < -15 || exponent > 15 {
		return bounds
	}
	out := make([]float64, 0, len(bounds))
	for _, v := range bounds {
		r, err := strconv.ParseFloat(strconv.FormatFloat(v, 'f', max(0, 2-exponent), 64), 64)
		if err != nil {
			return bounds
		}
		out = append(out, r)
	}
	return out
}

// numeral writes a number as people do where that is short, without what
// rounding leaves in its last digits.
func numeral(v float64) string {
	if short, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 12, 64), 64); err == nil {
		v = short
	}
	if a := math.Abs(v); a == 0 || a >= 1e-4 && a < 1e15 {
		return strconv.FormatFloat(v+0, 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// mostTimes is into how many parts of the calendar a column is divided at most.
const mostTimes = 40

// timesBetween chooses the finest parts of the calendar that are few enough.
func timesBetween(first, last time.Time) *binning {
	months := func(t time.Time) int { return 12*t.UTC().Year() + int(t.UTC().Month()) }
	hours, apart := int(last.Sub(first)/time.Hour), months(last)-months(first)
	switch {
	case hours < mostTimes:
		return &binning{unit: "hour", said: "hours (UTC)"}
	case hours < 24*(mostTimes-1):
		return &binning{unit: "day", said: "days (UTC)"}
	case apart < mostTimes:
		return &binning{unit: "month", said: "months (UTC)"}
	case apart < 3*(mostTimes-1):
		return &binning{unit: "quarter", said: "quarters (UTC)"}
	}
	return &binning{unit: "year", said: "years (UTC)"}
}

// name is the bin of a cell, which is not missing; false for NaN.
func (b *binning) name(col arrow.Array, i int) (string, bool) {
	if b.unit != "" {
		t := timeAt(col, i).UTC()
		switch b.unit {
		case "hour":
			return t.Format("2006-01-02 15h"), true
		case "day":
			return t.Format("2006-01-02"), true
		case "month":
			return t.Format("2006-01"), true
		case "quarter":
			return fmt.Sprintf("%s-Q%d", t.Format("2006"), (int(t.Month())+2)/3), true
		}
		return t.Format("2006"), true
	}
	v, ok := numberAt(col, i)
	if !ok {
		return "", false
	}
	k, found := slices.BinarySearch(b.edges, v)
	switch top := len(b.edges) - 1; {
	case top == 0: // below, equal, above
		k += number(found || k > 0)
	case found && k < top:
		k++ // an edge belongs to what is above it, but train's greatest value
	}
	return b.names[k], true
}

// order sorts the values of a column: bins from low to high, whole numbers by
// their value, all else by its bytes.
func (b *binning) order(values []string, numbers bool) {
	switch {
	case b != nil && b.unit == "":
		slices.SortFunc(values, func(x, y string) int { return slices.Index(b.names, x) - slices.Index(b.names, y) })
	case numbers:
		slices.SortFunc(values, func(x, y string) int {
			m, _ := strconv.ParseInt(x, 10, 64)
			n, _ := strconv.ParseInt(y, 10, 64)
			return cmp.Compare(m, n)
		})
	default:
		slices.Sort(values)
	}
}
