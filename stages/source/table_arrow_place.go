package source

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	flatbuffers "github.com/google/flatbuffers/go"
)

// An arrowPicture is a column of pictures in an Arrow file: of bytes, or of structs of
// bytes and mostly a path, as Hugging Face datasets keeps them.
type arrowPicture struct {
	column int // of the record
	child  int // of the struct, or -1
	path   int // of the struct, or -1
	buffer int // among those of a record batch, the one that holds the bytes
}

// pictureIn says whether a field holds pictures; before is how many buffers of a record batch are
// those of earlier fields. A column of bytes does where the parameters name it.
func pictureIn(f arrow.Field, before int, named bool) (p arrowPicture, ok bool) {
	isBytes := func(t arrow.DataType) bool { return t.ID() == arrow.BINARY || t.ID() == arrow.LARGE_BINARY }
	p = arrowPicture{child: -1, path: -1}
	if isBytes(f.Type) {
		p.buffer = before + 2
		return p, named
	}
	s, ok := f.Type.(*arrow.StructType)
	if !ok {
		return p, false
	}
	before++
	for i, child := range s.Fields() {
		switch {
		case child.Name == "bytes" && isBytes(child.Type):
			p.child, p.buffer = i, before+2
		case child.Name == "path" && child.Type.ID() == arrow.STRING:
			p.path = i
		}
		n, known := arrowBuffers(child.Type)
		if !known {
			return p, false
		}
		before += n
	}
	return p, p.child >= 0
}

// arrowBuffers counts the buffers that a record batch has for a column (Arrow Columnar Format 1.4, "Buffer
// Listing for Each Layout"); false for layouts whose number it does not fix.
func arrowBuffers(t arrow.DataType) (n int, ok bool) {
	children := func(own int, types ...arrow.DataType) (int, bool) {
		for _, c := range types {
			k, ok := arrowBuffers(c)
			if !ok {
				return 0, false
			}
			own += k
		}
		return own, true
	}
	switch t := t.(type) {
	case *arrow.NullType:
		return 0, true
	case *arrow.StringType, *arrow.LargeStringType, *arrow.BinaryType, *arrow.LargeBinaryType:
		return 3, true
	case *arrow.DictionaryType:
		return 2, true
	case *arrow.ListType:
		return children(2, t.Elem())
	case *arrow.LargeListType:
		return children(2, t.Elem())
	case *arrow.MapType:
		return children(2, t.Elem())
	case *arrow.FixedSizeListType:
		return children(1, t.Elem())
	case *arrow.StructType:
		var types []arrow.DataType
		for _, f := range t.Fields() {
			types = append(types, f.Type)
		}
		return children(1, types...)
	case arrow.FixedWidthDataType:
		return 2, true
	}
	return 0, false
}

// arrowPlaces finds where in an Arrow file or stream the buffers of its record batches
// lie, one batch after the other.
type arrowPlaces struct {
	file io.ReaderAt
	at   int64
}

// An arrowBatch is a record batch in a file.
type arrowBatch struct {
	rows       int64
	compressed bool
	buffers    []int64 // where each begins
}

// recordMessage is the kind of message that a record batch is.
const recordMessage = 3

// next passes over the messages up to the next record batch.
func (p *arrowPlaces) next() (b *arrowBatch, err error) {
	defer func() {
		if recover() != nil { // the flatbuffers library checks no bounds
			err = errors.New("a message of the Arrow file is damaged")
		}
	}()
	for {
		var head [8]byte
		if _, err := p.file.ReadAt(head[:], p.at); err != nil {
			return nil, err
		}
		p.at += 8
		size := int64(int32(binary.LittleEndian.Uint32(head[4:])))
		if binary.LittleEndian.Uint32(head[:]) != 0xffffffff { // before format 0.15 nothing marks a message
			p.at -= 4
			size = int64(int32(binary.LittleEndian.Uint32(head[:])))
		}
		if size <= 0 {
			return nil, io.EOF
		}
		if size > 1<<28 {
			return nil, errors.New("a message of the Arrow file is damaged")
		}
		meta := make([]byte, size)
		if _, err := p.file.ReadAt(meta, p.at); err != nil {
			return nil, err
		}
		body := p.at + size
		m := flatbuffers.Table{Bytes: meta, Pos: flatbuffers.GetUOffsetT(meta)}
		if o := m.Offset(10); o > 0 {
			p.at = body + m.GetInt64(m.Pos+flatbuffers.UOffsetT(o))
		} else {
			p.at = body
		}
		kind, header := m.Offset(6), m.Offset(8)
		if kind == 0 || header == 0 || m.GetByte(m.Pos+flatbuffers.UOffsetT(kind)) != recordMessage {
			continue
		}
		var r flatbuffers.Table
		m.Union(&r, flatbuffers.UOffsetT(header))
		b := &arrowBatch{compressed: r.Offset(10) > 0}
		if o := r.Offset(4); o > 0 {
			b.rows = r.GetInt64(r.Pos + flatbuffers.UOffsetT(o))
		}
		if o := flatbuffers.UOffsetT(r.Offset(8)); o > 0 {
			first := r.Vector(o)
			for i := range r.VectorLen(o) {
				b.buffers = append(b.buffers, body+r.GetInt64(first+flatbuffers.UOffsetT(16*i)))
			}
		}
		return b, nil
	}
}

// pictures are references to the pictures of a record: by where their bytes lie. row
// counts the table's rows from 0.
func (p *arrowPicture) pictures(b *array.StringBuilder, col arrow.Array, batch *arrowBatch, table, name string, row int64) error {
	if batch.compressed {
		return fmt.Errorf("column %q: the file is compressed, so that no picture can be read in place: write it without compression, or as Parquet", name)
	}
	if p.buffer >= len(batch.buffers) {
		return fmt.Errorf("column %q: a message of the Arrow file is damaged", name)
	}
	values := col
	if p.child >= 0 {
		values = col.(*array.Struct).Field(p.child)
	}
	for i := range col.Len() {
		if col.IsNull(i) || values.IsNull(i) {
			b.AppendNull()
			continue
		}
		var from, size int64
		switch v := values.(type) {
		case *array.Binary:
			from, size = v.ValueOffset64(i), int64(v.ValueLen(i))
		case *array.LargeBinary:
			from, size = v.ValueOffset64(i), int64(len(v.Value(i)))
		}
		b.Append(fmt.Sprintf("%s//@%d+%d/%d/%s", table, batch.buffers[p.buffer]+from, size, row+int64(i), name))
	}
	return nil
}
