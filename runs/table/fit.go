package table

import (
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
)

// fitRows is how many rows of a record Fit looks at.
const fitRows = 256

func isText(t arrow.DataType) bool {
	return t.ID() == arrow.STRING || t.ID() == arrow.LARGE_STRING
}

// Fit chooses the encoding of each column of text by rows of records of one
// schema that are spread evenly over all of them. Any choice stores the same
// values; it does not depend on how the rows are cut into records.
func Fit(recs ...arrow.Record) map[string]Encoding {
	fit := map[string]Encoding{}
	rows := 0
	for _, rec := range recs {
		rows += int(rec.NumRows())
	}
	n := min(rows, fitRows)
	if n < 2 {
		return fit
	}
	for c, field := range recs[0].Schema().Fields() {
		if !isText(field.Type) {
			continue
		}
		seen, ok := sample(recs, c, rows, n)
		if !ok {
			continue
		}
		ascending := slices.IsSortedFunc(seen, strings.Compare)
		slices.Sort(seen)
		switch distinct := len(slices.Compact(seen)); {
		case distinct > 0 && distinct <= n/8:
			fit[field.Name] = Dictionary
		case ascending && distinct > n/2:
			fit[field.Name] = Front
		}
	}
	return fit
}

// sample takes n values of a column, those that are null aside.
func sample(recs []arrow.Record, column, rows, n int) ([]string, bool) {
	seen := make([]string, 0, n)
	i, first := 0, 0
	for _, rec := range recs {
		col := rec.Column(column)
		value, err := bytesOf(col)
		if err != nil {
			return nil, false
		}
		for ; i < n && i*rows/n < first+col.Len(); i++ {
			if at := i*rows/n - first; col.IsValid(at) {
				seen = append(seen, string(value(at)))
			}
		}
		first += col.Len()
	}
	return seen, true
}
