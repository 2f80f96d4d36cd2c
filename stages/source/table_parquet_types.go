package source

import (
	"fmt"
	"math/big"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

func describeParquet(c *parquet.Column) string {
	switch {
	case !c.Leaf():
		return "nested"
	case c.Repeated():
		return "repeated"
	case anyBytes(c):
		return "bytes that are no text"
	}
	if l, ok := logicalType(c).(*format.IntType); ok && !l.IsSigned {
		return "whole numbers of 64 bits without a sign"
	}
	return c.Type().String()
}

func logicalType(c *parquet.Column) format.LogicalTypeValue {
	if !c.Leaf() {
		return nil
	}
	if l := c.Type().LogicalType(); l != nil {
		return l.Value
	}
	return nil
}

// anyBytes says whether a column holds bytes of which the file does not say that they are text,
// as programs of old leave out and those of today say of bytes.
func anyBytes(c *parquet.Column) bool {
	return c.Leaf() && !c.Repeated() && c.Type().Kind() == parquet.ByteArray && logicalType(c) == nil
}

// allNull says whether the file says of a column that it holds nothing, as pandas and Polars write
// columns without any value.
func allNull(c *parquet.Column) bool {
	_, null := logicalType(c).(*format.NullType)
	return null
}

// isInstant says whether the times of a column are of UTC, and not of a clock on some wall.
func isInstant(c *parquet.Column) bool {
	t, ok := logicalType(c).(*format.TimestampType)
	return ok && t.IsAdjustedToUTC
}

// parquetType is the type of a source's column that holds a Parquet column. step is of
// times: units in a microsecond, or, negative, microseconds in a unit.
func parquetType(c *parquet.Column) (typ arrow.DataType, step int64, ok bool) {
	if !c.Leaf() || c.Repeated() {
		return nil, 0, false
	}
	kind := c.Type().Kind()
	switch l := logicalType(c).(type) {
	case *format.NullType:
		return arrow.BinaryTypes.String, 0, true
	case *format.UUIDType:
		return arrow.BinaryTypes.String, 0, true
	case *format.DecimalType:
		if l.Scale == 0 && l.Precision <= 18 {
			return arrow.PrimitiveTypes.Int64, 0, true
		}
		return arrow.PrimitiveTypes.Float64, 0, true
	case nil, *format.StringType, *format.EnumType, *format.JsonType:
		switch kind {
		case parquet.Boolean:
			return arrow.FixedWidthTypes.Boolean, 0, true
		case parquet.Float, parquet.Double:
			return arrow.PrimitiveTypes.Float64, 0, true
		case parquet.Int32, parquet.Int64:
			return arrow.PrimitiveTypes.Int64, 0, true
		case parquet.Int96:
			return timeType, 0, true
		case parquet.ByteArray:
			return arrow.BinaryTypes.String, 0, true
		}
	case *format.IntType:
		wide := kind == parquet.Int64 && !l.IsSigned
		return arrow.PrimitiveTypes.Int64, 0, !wide
	case *format.DateType:
		return timeType, -86_400_000_000, true
	case *format.TimestampType:
		if l.Unit.Value == nil {
			return nil, 0, false
		}
		d := l.Unit.Value.Duration()
		if d < time.Microsecond {
			return timeType, int64(time.Microsecond / d), true
		}
		return timeType, -int64(d / time.Microsecond), true
	}
	return nil, 0, false
}

// parquetValue appends the values of a column that need more than their bits; nil where they do not. It
// reports false of a value that the source's column cannot hold.
func parquetValue(c *parquet.Column) func(array.Builder, parquet.Value) bool {
	if !c.Leaf() {
		return nil
	}
	switch l := logicalType(c).(type) {
	case *format.UUIDType:
		return func(b array.Builder, v parquet.Value) bool {
			u := v.ByteArray()
			b.(*array.StringBuilder).Append(fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:]))
			return true
		}
	case *format.DecimalType:
		return func(b array.Builder, v parquet.Value) bool { return appendDecimal(b, unscaled(v), l.Scale) }
	case *format.IntType:
		if c.Type().Kind() == parquet.Int32 && !l.IsSigned {
			return func(b array.Builder, v parquet.Value) bool {
				b.(*array.Int64Builder).Append(int64(v.Uint32()))
				return true
			}
		}
	}
	if c.Type().Kind() == parquet.Int96 {
		return func(b array.Builder, v parquet.Value) bool {
			b.(*array.TimestampBuilder).Append(arrow.Timestamp(int96Micros(v)))
			return true
		}
	}
	return nil
}

// unscaled is the whole number that a decimal is before its point is set.
func unscaled(v parquet.Value) *big.Int {
	switch v.Kind() {
	case parquet.Int32, parquet.Int64:
		return big.NewInt(parquetWhole(v))
	}
	bytes := v.ByteArray() // of two's complement, the highest first
	n := new(big.Int).SetBytes(bytes)
	if len(bytes) > 0 && bytes[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(bytes))))
	}
	return n
}

// appendDecimal adds n / 10^scale: whole as it is, else the nearest float.
func appendDecimal(b array.Builder, n *big.Int, scale int32) bool {
	if b, ok := b.(*array.Int64Builder); ok {
		if n.IsInt64() {
			b.Append(n.Int64())
		}
		return n.IsInt64()
	}
	f, err := strconv.ParseFloat(fmt.Sprintf("%de%d", n, -scale), 64)
	if err == nil {
		b.(*array.Float64Builder).Append(f)
	}
	return err == nil
}

// int96Micros is a time as Impala and Spark used to write it: the nanoseconds of a day, and
// that day's Julian number.
func int96Micros(v parquet.Value) int64 {
	const epoch = 2_440_588 // the Julian day of 1970-01-01
	t := v.Int96()
	nanos := int64(uint64(t[0]) | uint64(t[1])<<32)
	return (int64(t[2])-epoch)*86_400_000_000 + nanos/1000
}

// holdsText says whether the first values of a column of bytes are text.
func holdsText(f *parquet.File, c *parquet.Column) (bool, error) {
	text := true
	err := firstValues(f, c, func(v []byte) bool {
		text = utf8.Valid(v)
		return text
	})
	return text, err
}
