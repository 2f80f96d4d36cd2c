package engine

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// plainTypes are the types that most columns have, in the order of their codes
// in a plain schema.
var plainTypes = [...]arrow.DataType{arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Float64,
	arrow.FixedWidthTypes.Boolean, arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Float32}

// plainSchema opens a schema of plain columns. An IPC message begins with a
// byte of ones.
const plainSchema = 1

// encodeSchema writes names, types and metadata of a schema: where all columns
// are plain in a few bytes, since every record has one, else as an Arrow IPC
// message.
func encodeSchema(s *arrow.Schema) ([]byte, error) {
	b := []byte{plainSchema}
	plain := s.Metadata().Len() == 0
	for _, f := range s.Fields() {
		code := slices.IndexFunc(plainTypes[:], func(t arrow.DataType) bool { return arrow.TypeEqual(t, f.Type) })
		if plain = plain && code >= 0 && f.Metadata.Len() == 0; !plain {
			break
		}
		if code *= 2; f.Nullable {
			code++
		}
		b = append(b, byte(code))
		b = binary.AppendUvarint(b, uint64(len(f.Name)))
		b = append(b, f.Name...)
	}
	if plain {
		return b, nil
	}
	var buf bytes.Buffer
	w := ipc.NewWriter(&buf, ipc.WithSchema(s))
	if err := w.Close(); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

var errSchema = errors.New("a stored schema does not decode")

func decodeSchema(b []byte) (*arrow.Schema, error) {
	if len(b) == 0 || b[0] != plainSchema {
		r, err := ipc.NewReader(bytes.NewReader(b), ipc.WithAllocator(memory.DefaultAllocator))
		if err != nil {
			return nil, err
		}
		defer r.Release()
		return r.Schema(), nil
	}
	var fields []arrow.Field
	for r := (recordDecoder{b: b[1:]}); len(r.b) > 0; {
		code := r.take(1)[0]
		f := arrow.Field{Name: string(r.take(r.number())), Nullable: code%2 == 1}
		if r.bad || int(code/2) >= len(plainTypes) {
			return nil, errSchema
		}
		f.Type = plainTypes[code/2]
		fields = append(fields, f)
	}
	if len(fields) == 0 {
		return nil, errSchema
	}
	return arrow.NewSchema(fields, nil), nil
}
