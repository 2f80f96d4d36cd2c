package table

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/bitutil"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// builder makes Arrow arrays out of collected columns.
type builder struct {
	mem     memory.Allocator
	columns map[int]*collector
}

// first returns the collector of the first leaf below n; its levels hold for n too.
func (b *builder) first(n *node) *collector {
	for len(n.children) > 0 {
		n = n.children[0]
	}
	return b.columns[n.column]
}

// slots calls f for every slot of n with the definition level reached there.
func (n *node) slots(k *collector, f func(def int)) {
	switch {
	case k.maxDef == 0:
		for range k.slots {
			f(0)
		}
	case k.maxRep == 0:
		for _, def := range k.defs {
			f(int(def))
		}
	default:
		for i, def := range k.defs {
			if int(k.reps[i]) <= n.rep && int(def) >= n.slotDef {
				f(int(def))
			}
		}
	}
}

// build returns the array of n. The caller releases it.
func (b *builder) build(n *node) (arrow.ArrayData, error) {
	switch t := n.field.Type.(type) {
	case *arrow.StructType:
		return b.buildStruct(n, t)
	case *arrow.FixedSizeListType:
		return b.buildFixedList(n, t)
	case arrow.ListLikeType:
		return b.buildList(n)
	}
	k := b.columns[n.column]
	if k.maxRep == 0 && k.full() {
		return b.buildLeaf(n, k, k.slots, nil)
	}
	valid := make([]bool, 0, k.slots)
	n.slots(k, func(def int) { valid = append(valid, def >= n.def) })
	return b.buildLeaf(n, k, len(valid), valid)
}

// validity returns the null bitmap of the slots and the number of nulls. The slots
// under a null struct are null too, even in a field whose type rules nulls out, as
// Arrow's own builders have it: what the struct masks does not count.
func (b *builder) validity(valid []bool) (*memory.Buffer, int) {
	nulls := 0
	for _, v := range valid {
		if !v {
			nulls++
		}
	}
	if nulls == 0 {
		return nil, 0
	}
	buf := b.buffer(int(bitutil.BytesForBits(int64(len(valid)))))
	for i, v := range valid {
		bitutil.SetBitTo(buf.Bytes(), i, v)
	}
	return buf, nulls
}

// buffer returns size zero bytes.
func (b *builder) buffer(size int) *memory.Buffer {
	buf := memory.NewResizableBuffer(b.mem)
	buf.Resize(size)
	clear(buf.Bytes())
	return buf
}

// data wraps buffers and children up and gives them away.
func data(t arrow.DataType, length int, buffers []*memory.Buffer, children []arrow.ArrayData, nulls int) arrow.ArrayData {
	d := array.NewData(t, length, buffers, children, nulls, 0)
	for _, buf := range buffers {
		if buf != nil {
			buf.Release()
		}
	}
	for _, c := range children {
		c.Release()
	}
	return d
}

func (b *builder) buildStruct(n *node, t *arrow.StructType) (arrow.ArrayData, error) {
	var valid []bool
	n.slots(b.first(n), func(def int) { valid = append(valid, def >= n.def) })
	var children []arrow.ArrayData
	for _, c := range n.children {
		d, err := b.build(c)
		if err == nil && d.Len() != len(valid) {
			d.Release()
			err = fmt.Errorf("column %s: %d values beside %d", c.field.Name, d.Len(), len(valid))
		}
		if err != nil {
			for _, done := range children {
				done.Release()
			}
			return nil, err
		}
		children = append(children, d)
	}
	bitmap, nulls := b.validity(valid)
	return data(t, len(valid), []*memory.Buffer{bitmap}, children, nulls), nil
}

func (b *builder) buildList(n *node) (arrow.ArrayData, error) {
	k, elem := b.first(n), n.children[0]
	var valid []bool
	ends := []int64{0}
	elements := int64(0)
	// A slot of the list begins at its own repetition level or below; elements
	// follow at the element's.
	for i := range k.slots {
		def, rep := int(k.defs[i]), int(k.reps[i])
		if def < n.slotDef {
			continue
		}
		if rep <= n.rep {
			valid = append(valid, def >= n.def)
			ends = append(ends, elements)
		}
		if rep <= elem.rep && def >= elem.slotDef {
			elements++
			ends[len(ends)-1] = elements
		}
	}
	child, err := b.build(elem)
	if err != nil {
		return nil, err
	}
	var offsets *memory.Buffer
	if n.field.Type.ID() == arrow.LARGE_LIST {
		offsets = b.buffer(8 * len(ends))
		copy(arrow.Int64Traits.CastFromBytes(offsets.Bytes()), ends)
	} else {
		if elements > math.MaxInt32 {
			child.Release()
			return nil, fmt.Errorf("column %s: %d elements are too many for one record; read it by row groups", n.field.Name, elements)
		}
		offsets = b.offsets32(ends)
	}
	bitmap, nulls := b.validity(valid)
	return data(n.field.Type, len(valid), []*memory.Buffer{bitmap, offsets}, []arrow.ArrayData{child}, nulls), nil
}

func (b *builder) offsets32(ends []int64) *memory.Buffer {
	buf := b.buffer(4 * len(ends))
	out := arrow.Int32Traits.CastFromBytes(buf.Bytes())
	for i, e := range ends {
		out[i] = int32(e)
	}
	return buf
}

// buildFixedList puts zero values under null lists, since Arrow wants all lists of
// one length and Parquet stores none for nulls.
func (b *builder) buildFixedList(n *node, t *arrow.FixedSizeListType) (arrow.ArrayData, error) {
	elem := n.children[0]
	k := b.columns[elem.column]
	var valid, elemValid []bool
	size, count := int(t.Len()), int(t.Len())
	pad := func(v bool) {
		for range size {
			elemValid = append(elemValid, v)
		}
	}
	for i := range k.slots {
		def, rep := int(k.defs[i]), int(k.reps[i])
		if def < n.slotDef {
			continue
		}
		if rep <= n.rep {
			if count != size {
				break
			}
			valid = append(valid, def >= n.def)
			count = 0
			if def < n.def {
				pad(false)
				count = size
				continue
			}
		}
		if def >= elem.slotDef {
			elemValid = append(elemValid, def >= elem.def)
			count++
		}
	}
	if count != size {
		return nil, fmt.Errorf("column %s: row %d has %d elements, its type %s", n.field.Name, len(valid)-1, count, t)
	}
	child, err := b.buildLeaf(elem, k, len(elemValid), elemValid)
	if err != nil {
		return nil, err
	}
	bitmap, nulls := b.validity(valid)
	return data(t, len(valid), []*memory.Buffer{bitmap}, []arrow.ArrayData{child}, nulls), nil
}

// buildLeaf spreads the values over the slots that hold one; valid is nil when
// all of them do.
func (b *builder) buildLeaf(n *node, k *collector, slots int, valid []bool) (arrow.ArrayData, error) {
	held := 0
	for _, v := range valid {
		if v {
			held++
		}
	}
	if valid == nil {
		held = slots
	}
	if held != k.count() {
		return nil, fmt.Errorf("column %s: %d values for %d slots", n.field.Name, k.count(), held)
	}
	bitmap, nulls := b.validity(valid)
	buffers := []*memory.Buffer{bitmap}
	switch t := n.field.Type.(type) {
	case *arrow.BooleanType:
		buf := b.buffer(int(bitutil.BytesForBits(int64(slots))))
		next := 0
		for i := range slots {
			if valid == nil || valid[i] {
				bitutil.SetBitTo(buf.Bytes(), i, k.bits[next])
				next++
			}
		}
		buffers = append(buffers, buf)
	case arrow.BinaryDataType:
		more, err := b.byteArrays(t, k, slots, valid)
		if err != nil {
			if bitmap != nil {
				bitmap.Release()
			}
			return nil, fmt.Errorf("column %s: %w", n.field.Name, err)
		}
		buffers = append(buffers, more...)
	default:
		width := t.(arrow.FixedWidthDataType).BitWidth() / 8
		buffers = append(buffers, b.fixed(k, slots, valid, width))
	}
	return data(n.field.Type, slots, buffers, nil, nulls), nil
}

// fixed lays out values of width bytes. Parquet stores integers of 8 and 16 bits in
// 32, the low bytes first.
func (b *builder) fixed(k *collector, slots int, valid []bool, width int) *memory.Buffer {
	if k.count() == slots && width == k.width {
		return b.taken(k)
	}
	buf := b.buffer(width * slots)
	out := buf.Bytes()
	next := 0
	for i := range slots {
		if valid == nil || valid[i] {
			value := k.values[next*k.width:]
			switch {
			case width == k.width:
				copy(out[i*width:][:width], value)
			case width == 1:
				out[i] = byte(nativeUint32(value))
			default:
				binary.NativeEndian.PutUint16(out[2*i:], uint16(nativeUint32(value)))
			}
			next++
		}
	}
	return buf
}

func nativeUint32(b []byte) uint32 { return binary.NativeEndian.Uint32(b) }

// taken hands over the values of a collector, which is done with them.
func (b *builder) taken(k *collector) *memory.Buffer {
	values := k.values
	if cap(values) > len(values)+len(values)/4+64 { // records are kept
		values = slices.Clone(values)
	}
	k.values = nil
	return memory.NewBufferBytes(values)
}

func (b *builder) byteArrays(t arrow.BinaryDataType, k *collector, slots int, valid []bool) ([]*memory.Buffer, error) {
	end := int64(len(k.values))
	var offsets *memory.Buffer
	switch t.(type) {
	case *arrow.LargeStringType, *arrow.LargeBinaryType:
		offsets = b.buffer(8 * (slots + 1))
		spreadEnds(arrow.Int64Traits.CastFromBytes(offsets.Bytes()), k.ends, valid)
	default:
		if end > math.MaxInt32 {
			return nil, fmt.Errorf("%d bytes are too many for one record; read it by row groups", end)
		}
		offsets = b.buffer(4 * (slots + 1))
		spreadEnds(arrow.Int32Traits.CastFromBytes(offsets.Bytes()), k.ends, valid)
	}
	return []*memory.Buffer{offsets, b.taken(k)}, nil
}

// spreadEnds fills in offsets, of which the first is 0: a slot without a value
// ends where it begins.
func spreadEnds[T int32 | int64](offsets []T, ends []int64, valid []bool) {
	if valid == nil {
		for i, e := range ends {
			offsets[i+1] = T(e)
		}
		return
	}
	next, end := 0, T(0)
	for i, v := range valid {
		if v {
			end = T(ends[next])
			next++
		}
		offsets[i+1] = end
	}
}
