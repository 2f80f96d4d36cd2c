package table

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"
)

// A collector gathers one Parquet column over one or more row groups: levels for
// every slot, values only for those that hold one.
type collector struct {
	kind           parquet.Kind
	width          int // bytes of a value; 0 for booleans and byte arrays
	maxRep, maxDef int
	rows           int

	reps, defs []byte // empty when maxRep or maxDef is 0
	slots      int
	values     []byte  // fixed width: values; byte arrays: all bytes
	bits       []bool  // booleans
	ends       []int64 // byte arrays: end of each value in values
}

// mostReserved bounds the memory that is taken on the word of a file alone.
const mostReserved = 1 << 20

func newCollector(c *parquet.Column) *collector {
	k := &collector{kind: c.Type().Kind(), maxRep: c.MaxRepetitionLevel(), maxDef: c.MaxDefinitionLevel()}
	switch k.kind {
	case parquet.Int32, parquet.Float:
		k.width = 4
	case parquet.Int64, parquet.Double:
		k.width = 8
	case parquet.FixedLenByteArray:
		k.width = c.Type().Length()
	}
	return k
}

// count is the number of values gathered.
func (k *collector) count() int {
	switch {
	case k.kind == parquet.Boolean:
		return len(k.bits)
	case k.kind == parquet.ByteArray:
		return len(k.ends)
	}
	return len(k.values) / k.width
}

// full says whether every slot holds a value.
func (k *collector) full() bool { return k.maxDef == 0 || k.count() == k.slots }

// add reads all pages of a column chunk, which holds about so many bytes of
// values.
func (k *collector) add(chunk parquet.ColumnChunk, rows, size int64) (err error) {
	if k.kind == parquet.ByteArray {
		k.ends = slices.Grow(k.ends, int(max(0, min(rows, mostReserved))))
		size -= 4 * rows // lengths
	}
	if k.kind != parquet.Boolean {
		k.values = slices.Grow(k.values, int(max(0, min(size, mostReserved))))
	}
	pages := chunk.Pages()
	defer func() { err = errors.Join(err, pages.Close()) }()
	before := k.slots
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		err = k.addPage(page)
		parquet.Release(page)
		if err != nil {
			return err
		}
	}
	k.rows += int(rows)
	got := k.slots - before
	if k.maxRep > 0 {
		got = bytes.Count(k.reps[before:], []byte{0})
	}
	if int64(got) != rows {
		return fmt.Errorf("the column holds %d rows, the row group %d", got, rows)
	}
	return nil
}

func (k *collector) addPage(page parquet.Page) error {
	n := int(page.NumValues())
	defined := n
	if k.maxDef > 0 {
		defs := page.DefinitionLevels()
		if len(defs) != n {
			return fmt.Errorf("a page of %d values has %d definition levels", n, len(defs))
		}
		k.defs = append(k.defs, defs...)
		defined = bytes.Count(defs, []byte{byte(k.maxDef)})
	}
	if k.maxRep > 0 {
		reps := page.RepetitionLevels()
		if len(reps) != n {
			return fmt.Errorf("a page of %d values has %d repetition levels", n, len(reps))
		}
		k.reps = append(k.reps, reps...)
	}
	k.slots += n
	before := k.count()
	if d := page.Dictionary(); d != nil {
		indexes := page.Data()
		if err := k.addIndexed(d.Page().Data(), indexes.Int32()[:defined]); err != nil {
			return err
		}
	} else {
		k.addPlain(page.Data(), defined)
	}
	if got := k.count() - before; got != defined {
		return fmt.Errorf("a page holds %d values, its levels ask for %d", got, defined)
	}
	return nil
}

func (k *collector) addPlain(v encoding.Values, n int) {
	switch k.kind {
	case parquet.Boolean:
		data := v.Boolean()
		for i := range n {
			k.bits = append(k.bits, data[i/8]>>(i%8)&1 == 1)
		}
	case parquet.ByteArray:
		data, offsets := v.ByteArray()
		if n == 0 {
			return
		}
		base := int64(len(k.values)) - int64(offsets[0])
		k.values = append(k.values, data[offsets[0]:offsets[n]]...)
		for _, end := range offsets[1 : n+1] {
			k.ends = append(k.ends, base+int64(end))
		}
	default:
		data, _ := v.Data()
		k.values = append(k.values, data[:n*k.width]...)
	}
}

// addIndexed looks values up in a dictionary.
func (k *collector) addIndexed(dictionary encoding.Values, indexes []int32) error {
	data, offsets := dictionary.Data()
	switch k.kind {
	case parquet.Boolean:
		return errors.New("a dictionary of booleans")
	case parquet.ByteArray:
		size := 0
		for _, i := range indexes {
			if i < 0 || int(i) >= len(offsets)-1 {
				return fmt.Errorf("index %d lies outside of the dictionary", i)
			}
			size += int(offsets[i+1] - offsets[i])
		}
		k.values = slices.Grow(k.values, min(size, mostReserved))
		for _, i := range indexes {
			k.values = append(k.values, data[offsets[i]:offsets[i+1]]...)
			k.ends = append(k.ends, int64(len(k.values)))
		}
	default:
		for _, i := range indexes {
			if i < 0 || (int(i)+1)*k.width > len(data) {
				return fmt.Errorf("index %d lies outside of the dictionary", i)
			}
			k.values = append(k.values, data[int(i)*k.width:][:k.width]...)
		}
	}
	return nil
}
