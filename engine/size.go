package engine

import (
	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/stages"
)

// recordBytes is about what the rows of a record take, whatever larger record
// they are a slice of.
func recordBytes(rec arrow.Record) int {
	total := 0
	for _, c := range rec.Columns() {
		total += arrayBytes(c, 0, c.Len())
	}
	return total
}

// arrayBytes is about what the values i to j-1 take.
func arrayBytes(a arrow.Array, i, j int) int {
	if i >= j {
		return 0
	}
	switch a := a.(type) {
	case *array.String:
		return a.ValueOffset(j-1) + len(a.Value(j-1)) - a.ValueOffset(i) + 4*(j-i)
	case *array.LargeString:
		return int(a.ValueOffset(j-1)) + len(a.Value(j-1)) - int(a.ValueOffset(i)) + 8*(j-i)
	case *array.Binary:
		return int(a.ValueOffset64(j-1)) + a.ValueLen(j-1) - int(a.ValueOffset64(i)) + 4*(j-i)
	case *array.LargeBinary:
		return int(a.ValueOffset64(j-1)) + a.ValueLen(j-1) - int(a.ValueOffset64(i)) + 8*(j-i)
	case *array.Struct:
		total := 0
		for f := range a.NumField() {
			total += arrayBytes(a.Field(f), i, j)
		}
		return total
	case *array.FixedSizeList:
		n := int(a.DataType().(*arrow.FixedSizeListType).Len())
		from := a.Data().Offset() * n
		return arrayBytes(a.ListValues(), from+i*n, from+j*n)
	case array.ListLike:
		from, _ := a.ValueOffsets(i)
		_, to := a.ValueOffsets(j - 1)
		return arrayBytes(a.ListValues(), int(from), int(to)) + 4*(j-i)
	}
	if w, ok := a.DataType().(arrow.FixedWidthDataType); ok {
		return (w.BitWidth()*(j-i) + 7) / 8
	}
	return 16 * (j - i)
}

// openedBytes is what the picture behind a reference of unknown size is taken
// to need once it is decoded: 256 x 256 pixels and their file.
const openedBytes = 256 << 10

// handedBytes is recordBytes with pictures at the size that a stage will decode
// them to.
func handedBytes(rec arrow.Record) int {
	total := recordBytes(rec)
	for _, c := range rec.Columns() {
		if !stages.IsImage(c.DataType()) {
			continue
		}
		for i := range c.Len() {
			if c.IsNull(i) {
				continue
			}
			cell := stages.Image(c, i)
			switch {
			case cell.Ref == "rgb8":
			case cell.Height > 0:
				total += 3 * cell.Height * cell.Width
			default:
				total += openedBytes
			}
		}
	}
	return total
}

// isLarge says whether values of a type may take much memory: whoever reads
// them takes few rows at a time.
func isLarge(t arrow.DataType) bool {
	switch t.ID() {
	case arrow.BINARY, arrow.LARGE_BINARY, arrow.LIST, arrow.LARGE_LIST, arrow.FIXED_SIZE_LIST, arrow.STRUCT:
		return true
	}
	return false
}
