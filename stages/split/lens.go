package split

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/pipeline"
)

// A lens sees a column as small codes: one for each way in which a value can
// meet the attribute's tests, 0 for null. It remembers the values it has met,
// and is for one goroutine.
type lens struct {
	*attribute
	met     [][]bool // by code; met[0] is null
	byMet   map[string]uint32
	byText  map[string]uint32
	few     known
	byInt   map[int64]uint32
	lastInt int64
	last    uint32 // code of the last value, 0: none yet
}

func newLens(a *attribute) *lens {
	l := &lens{attribute: a, byMet: map[string]uint32{}, byText: map[string]uint32{}, byInt: map[int64]uint32{}}
	null := make([]bool, len(a.tests))
	for i, t := range a.tests {
		null[i] = t.Null()
	}
	l.met = [][]bool{null}
	return l
}

// code returns the code of a value whose results meet gives.
func (l *lens) code(meets func(*pipeline.Matcher) bool) uint32 {
	key := make([]byte, len(l.tests))
	met := make([]bool, len(l.tests))
	for i, t := range l.tests {
		if met[i] = meets(t); met[i] {
			key[i] = 1
		}
	}
	c, ok := l.byMet[string(key)]
	if !ok {
		c = uint32(len(l.met))
		l.met = append(l.met, met)
		l.byMet[string(key)] = c
	}
	return c
}

// remembered bounds what a lens keeps of a column with many values.
const remembered = 1 << 16

func (l *lens) text(v string) uint32 {
	if c, ok := l.few.get(v); ok {
		return c
	}
	c, ok := l.byText[v]
	if !ok {
		c = l.code(func(m *pipeline.Matcher) bool { return m.Text(v) })
		if len(l.byText) < remembered {
			l.byText[strings.Clone(v)] = c // the record is not ours to keep
		}
	}
	l.few.put(v, c)
	return c
}

func (l *lens) whole(v int64) uint32 {
	if l.last != 0 && v == l.lastInt {
		return l.last
	}
	c, ok := l.byInt[v]
	if !ok {
		c = l.code(func(m *pipeline.Matcher) bool {
			switch l.typ {
			case pipeline.BoolColumn:
				return m.Bool(v == 1)
			case pipeline.TimeColumn:
				return m.Time(v)
			}
			return m.Int(v)
		})
		if len(l.byInt) < remembered {
			l.byInt[v] = c
		}
	}
	l.lastInt, l.last = v, c
	return c
}

// codes fills out with the codes of a column.
func (l *lens) codes(col arrow.Array, out []uint32) {
	for i := range out {
		switch {
		case missing(col, i):
			out[i] = 0
		case l.typ == pipeline.TextColumn:
			out[i] = l.text(text(col, i))
		case l.typ == pipeline.FloatColumn:
			v := float(col, i)
			out[i] = l.code(func(m *pipeline.Matcher) bool { return m.Float(v) })
		default:
			out[i] = l.whole(whole(col, i))
		}
	}
}

// texts are the values that the lens has met, as a spec would write them; more
// than it remembers are left out.
func (l *lens) texts() []string {
	var out []string
	for v := range l.byText {
		out = append(out, v)
	}
	for v := range l.byInt {
		switch l.typ {
		case pipeline.BoolColumn:
			out = append(out, strconv.FormatBool(v == 1))
		case pipeline.IntColumn:
			out = append(out, strconv.FormatInt(v, 10))
		}
	}
	return out
}

// missing says whether a value is: a number that is none is not known either.
func missing(col arrow.Array, i int) bool {
	if col.IsNull(i) {
		return true
	}
	switch col := col.(type) {
	case *array.Float64:
		return math.IsNaN(col.Value(i))
	case *array.Float32:
		return math.IsNaN(float64(col.Value(i)))
	}
	return false
}

func text(col arrow.Array, i int) string {
	if s, ok := col.(*array.LargeString); ok {
		return s.Value(i)
	}
	return col.(*array.String).Value(i)
}

func float(col arrow.Array, i int) float64 {
	if f, ok := col.(*array.Float32); ok {
		return float64(f.Value(i))
	}
	return col.(*array.Float64).Value(i)
}

// whole reads a whole number, a boolean as 0 or 1, a time in microseconds.
func whole(col arrow.Array, i int) int64 {
	switch c := col.(type) {
	case *array.Int64:
		return c.Value(i)
	case *array.Int32:
		return int64(c.Value(i))
	case *array.Int16:
		return int64(c.Value(i))
	case *array.Int8:
		return int64(c.Value(i))
	case *array.Uint32:
		return int64(c.Value(i))
	case *array.Uint16:
		return int64(c.Value(i))
	case *array.Uint8:
		return int64(c.Value(i))
	case *array.Boolean:
		if c.Value(i) {
			return 1
		}
		return 0
	case *array.Timestamp:
		unit := c.DataType().(*arrow.TimestampType).Unit
		v, step := int64(c.Value(i)), int64(time.Microsecond)
		if m := int64(unit.Multiplier()); m >= step {
			return v * (m / step)
		}
		return (v - (v%1000+1000)%1000) / 1000
	case *array.Date32:
		return int64(c.Value(i)) * 24 * 3600 * 1e6
	}
	panic("split: column of " + col.DataType().String())
}

// appendValue appends the canonical text of a value that is not null.
func appendValue(b []byte, col arrow.Array, i int) []byte {
	switch typ, _ := columnType(col.DataType()); typ {
	case pipeline.TextColumn:
		return append(b, text(col, i)...)
	case pipeline.FloatColumn:
		return strconv.AppendFloat(b, float(col, i), 'g', -1, 64)
	case pipeline.BoolColumn:
		return strconv.AppendBool(b, whole(col, i) == 1)
	case pipeline.TimeColumn:
		return time.UnixMicro(whole(col, i)).UTC().AppendFormat(b, "2006-01-02T15:04:05.999999")
	}
	return strconv.AppendInt(b, whole(col, i), 10)
}

// appendKey appends values of several columns so that no two lists of values
// have one key; it reports false when one is missing.
func appendKey(b []byte, cols []arrow.Array, i int) ([]byte, bool) {
	full := true
	for _, col := range cols {
		if missing(col, i) {
			full = false
			b = binary.LittleEndian.AppendUint32(b, 0)
			continue
		}
		at := len(b)
		b = binary.LittleEndian.AppendUint32(b, 0)
		b = appendValue(b, col, i)
		binary.LittleEndian.PutUint32(b[at:], uint32(len(b)-at-4)+1)
	}
	return b, full
}

// keyName is a key as people read it.
func keyName(key string) string {
	name := ""
	for at := 0; at < len(key); {
		n := int(binary.LittleEndian.Uint32([]byte(key[at : at+4])))
		at += 4
		part := "(missing)"
		if n > 0 {
			part = key[at : at+n-1]
			at += n - 1
		}
		if name != "" {
			name += " / "
		}
		name += part
	}
	return name
}
