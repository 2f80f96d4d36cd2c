package split

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/pipeline"
	"shiftmill/stages"
)

// Quantiles bound the parts of a bin: the k-th bound is the least value that at
// least k/n of the rows do not exceed (Hyndman and Fan 1996, type 1), so that it
// is a value of the column and needs no arithmetic of floats.
type quantiles struct {
	typ    pipeline.ColumnType
	whole  []int64 // of whole numbers and times
	floats []float64
	rows   int // with a value
}

func quantileName(part int) string { return fmt.Sprintf("q%d", part) }

// measure reads the columns of all bins by quantiles.
func (s *scan) measure(ctx context.Context, in stages.Input, out stages.Sink) error {
	s.bounds = map[string]*quantiles{}
	for _, name := range keys(s.cfg.Bins) {
		if s.cfg.Bins[name].Parts > 0 {
			typ, _ := columnType(in.Schema().Field(s.binsOf[name][0]).Type)
			s.bounds[name] = &quantiles{typ: typ}
		}
	}
	if len(s.bounds) == 0 {
		return nil
	}
	err := in.Each(ctx, func(rec arrow.Record) error {
		for name, q := range s.bounds {
			q.add(rec.Column(s.binsOf[name][0]))
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, name := range keys(s.bounds) {
		q := s.bounds[name]
		if q.cut(s.cfg.Bins[name].Parts); q.rows == 0 {
			return fmt.Errorf("bins.%s: no row has a value of %s", name, s.cfg.Bins[name].Of[0])
		}
		out.Note("bins: %s: %s", name, q)
	}
	return nil
}

func (q *quantiles) add(col arrow.Array) {
	for i := range col.Len() {
		switch {
		case col.IsNull(i):
		case q.typ != pipeline.FloatColumn:
			q.whole = append(q.whole, whole(col, i))
		default:
			if v := float(col, i); !math.IsNaN(v) {
				q.floats = append(q.floats, v)
			}
		}
	}
}

// cut puts the bounds of n parts in the place of the values.
func (q *quantiles) cut(n int) {
	q.rows = len(q.whole) + len(q.floats)
	q.whole, q.floats = bounds(q.whole, n), bounds(q.floats, n)
}

// bounds are the inner bounds of n parts, ascending; values are sorted.
func bounds[T cmp.Ordered](values []T, n int) []T {
	if len(values) == 0 {
		return nil
	}
	slices.Sort(values)
	made := make([]T, 0, n-1)
	for k := 1; k < n; k++ {
		made = append(made, values[max(0, (k*len(values)+n-1)/n-1)])
	}
	return made
}

// part is the part of a value that is not null, from 1; 0 for NaN.
func (q *quantiles) part(col arrow.Array, i int) int {
	if q.typ != pipeline.FloatColumn {
		at, _ := slices.BinarySearch(q.whole, whole(col, i))
		return at + 1
	}
	v := float(col, i)
	if math.IsNaN(v) {
		return 0
	}
	at, _ := slices.BinarySearch(q.floats, v)
	return at + 1
}

// String names the parts with their bounds.
func (q *quantiles) String() string {
	var texts []string
	for _, v := range q.floats {
		texts = append(texts, plainNumber(v))
	}
	for _, v := range q.whole {
		if q.typ == pipeline.TimeColumn {
			texts = append(texts, time.UnixMicro(v).UTC().Format("2006-01-02T15:04:05"))
		} else {
			texts = append(texts, fmt.Sprint(v))
		}
	}
	var parts []string
	for i, t := range texts {
		parts = append(parts, quantileName(i+1)+" to "+t)
	}
	return fmt.Sprintf("%d rows: %s, %s beyond", q.rows, strings.Join(parts, ", "), quantileName(len(texts)+1))
}

// checkQuantiles reports values that no part is called.
func (c *Shift) checkQuantiles() []pipeline.Problem {
	var problems []pipeline.Problem
	look := func(field, name string, cond pipeline.Condition) {
		b, ok := c.Bins[name]
		values, known := cond.Values()
		if !ok || b.Parts < 2 || !known {
			return
		}
		for _, v := range values {
			n := 0
			if _, err := fmt.Sscanf(v, "q%d", &n); err != nil || n < 1 || n > b.Parts || v != quantileName(n) {
				problems = append(problems, pipeline.Problem{Field: field, Msg: fmt.Sprintf("the bin %s has the parts q1 to %s, no %q", name, quantileName(b.Parts), v)})
			}
		}
	}
	for _, b := range c.Base {
		look("base."+b.Column, b.Column, b.Condition)
	}
	for _, s := range c.Shifts.sets {
		for _, a := range s.alters {
			look("shifts."+a.path, a.attribute, a.to)
		}
	}
	return problems
}
