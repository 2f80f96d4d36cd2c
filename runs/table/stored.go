package table

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	flatbuffers "github.com/google/flatbuffers/go"
)

// decodeArrowSchema reads the value of ARROW:schema. Arrow's own decoder trusts the
// lengths it finds and would ask for any amount of memory, so they are checked before.
func decodeArrowSchema(text string) (schema *arrow.Schema, err error) {
	defer catch(&err, "stored Arrow schema")
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, err
	}
	if err := checkSchemaMessage(data); err != nil {
		return nil, err
	}
	r, err := ipc.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	defer r.Release()
	return r.Schema(), nil
}

var errStoredSchema = errors.New("not an Arrow schema, or one with unions")

// Slots of the tables in Arrow's Message.fbs and Schema.fbs, as offsets in a vtable.
const (
	messageHeaderType = 6
	messageHeader     = 8
	schemaFields      = 6
	schemaMetadata    = 8
	fieldTypeType     = 8
	fieldChildren     = 14
	fieldMetadata     = 16

	headerIsSchema = 1
	typeIsUnion    = 14
	maxFieldDepth  = 64
)

// checkSchemaMessage walks an encapsulated schema message. Offsets outside of data
// panic, which the caller catches.
func checkSchemaMessage(data []byte) error {
	if len(data) < 8 || binary.LittleEndian.Uint32(data) != 0xFFFFFFFF {
		return errStoredSchema
	}
	length := int64(binary.LittleEndian.Uint32(data[4:]))
	if length < 8 || length > int64(len(data)-8) {
		return errStoredSchema
	}
	buf := data[8 : 8+length]
	message := flatbuffers.Table{Bytes: buf, Pos: flatbuffers.GetUOffsetT(buf)}
	kind := message.Offset(messageHeaderType)
	if kind == 0 || message.GetByte(message.Pos+flatbuffers.UOffsetT(kind)) != headerIsSchema {
		return errStoredSchema
	}
	header := message.Offset(messageHeader)
	if header == 0 {
		return errStoredSchema
	}
	var schema flatbuffers.Table
	message.Union(&schema, flatbuffers.UOffsetT(header))
	left := len(buf) // no sound schema has more tables than bytes
	if err := checkVector(schema, schemaMetadata, func(flatbuffers.Table) error { return nil }, &left); err != nil {
		return err
	}
	return checkFields(schema, schemaFields, maxFieldDepth, &left)
}

func checkFields(t flatbuffers.Table, slot flatbuffers.VOffsetT, depth int, left *int) error {
	return checkVector(t, slot, func(f flatbuffers.Table) error {
		if o := f.Offset(fieldTypeType); o == 0 || depth == 0 || f.GetByte(f.Pos+flatbuffers.UOffsetT(o)) == typeIsUnion {
			return errStoredSchema
		}
		if err := checkVector(f, fieldMetadata, func(flatbuffers.Table) error { return nil }, left); err != nil {
			return err
		}
		return checkFields(f, fieldChildren, depth-1, left)
	}, left)
}

// checkVector calls check for the tables of a vector that may be missing.
func checkVector(t flatbuffers.Table, slot flatbuffers.VOffsetT, check func(flatbuffers.Table) error, left *int) error {
	o := flatbuffers.UOffsetT(t.Offset(slot))
	if o == 0 {
		return nil
	}
	n, start := t.VectorLen(o), t.Vector(o)
	if n < 0 || n > *left || n > (len(t.Bytes)-int(start))/4 {
		return errStoredSchema
	}
	*left -= n
	for i := range n {
		at := start + flatbuffers.UOffsetT(4*i)
		if err := check(flatbuffers.Table{Bytes: t.Bytes, Pos: t.Indirect(at)}); err != nil {
			return err
		}
	}
	return nil
}
