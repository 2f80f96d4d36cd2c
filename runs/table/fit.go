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

// Fit chooses the encoding of each column of text by rows of a record that are
// spread evenly over it. Any choice stores the same values.
func Fit(rec arrow.Record) map[string]Encoding {
	fit := map[string]Encoding{}
	rows := int(rec.NumRows())
	n := min(rows, fitRows)
	for c, col := range rec.Columns() {
		if !isText(col.DataType()) || n < 2 {
			continue
		}
		value, err := bytesOf(col)
		if err != nil {
			continue
		}
		seen := make([]string, 0, n)
		for i := range n {
			if at := i * rows / n; col.IsValid(at) {
				seen = append(seen, string(value(at)))
			}
		}
		ascending := slices.IsSortedFunc(seen, strings.Compare)
		slices.Sort(seen)
		switch distinct := len(slices.Compact(seen)); {
		case distinct > 0 && distinct <= n/8:
			fit[rec.ColumnName(c)] = Dictionary
		case ascending && distinct > n/2:
			fit[rec.ColumnName(c)] = Front
		}
	}
	return fit
}
