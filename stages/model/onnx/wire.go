package onnx

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// errWire is wrapped by what is wrong with a protobuf message.
var errWire = errors.New("not a sound ONNX file")

// A field is one field of a protobuf message.
type field struct {
	number int
	varint uint64 // of wire types 0, 1 and 5
	bytes  []byte // of wire type 2
	wire   int
}

// fields calls f with every field of a message in order.
//
// Source: the encoding guide of Protocol Buffers.
func fields(message []byte, f func(field) error) error {
	for len(message) > 0 {
		key, n := binary.Uvarint(message)
		if n <= 0 || key>>3 == 0 || key>>3 > 1<<29 {
			return fmt.Errorf("%w: a field's key cannot be read", errWire)
		}
		message = message[n:]
		x := field{number: int(key >> 3), wire: int(key & 7)}
		switch x.wire {
		case 0:
			if x.varint, n = binary.Uvarint(message); n <= 0 {
				return fmt.Errorf("%w: field %d ends early", errWire, x.number)
			}
		case 1, 5:
			if n = 8; x.wire == 5 {
				n = 4
			}
			if len(message) < n {
				return fmt.Errorf("%w: field %d ends early", errWire, x.number)
			}
			if x.wire == 1 {
				x.varint = binary.LittleEndian.Uint64(message)
			} else {
				x.varint = uint64(binary.LittleEndian.Uint32(message))
			}
		case 2:
			size, m := binary.Uvarint(message)
			if m <= 0 || size > uint64(len(message)-m) {
				return fmt.Errorf("%w: field %d is longer than the message", errWire, x.number)
			}
			x.bytes = message[m : m+int(size)]
			n = m + int(size)
		default:
			return fmt.Errorf("%w: field %d has the wire type %d", errWire, x.number, x.wire)
		}
		message = message[n:]
		if err := f(x); err != nil {
			return err
		}
	}
	return nil
}

// ints adds the whole numbers of a field, packed or not.
func (x field) ints(to []int64) ([]int64, error) {
	if x.wire != 2 {
		return append(to, int64(x.varint)), nil
	}
	for b := x.bytes; len(b) > 0; {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			return nil, fmt.Errorf("%w: field %d ends early", errWire, x.number)
		}
		to, b = append(to, int64(v)), b[n:]
	}
	return to, nil
}

// fixed32 adds the 32-bit words of a field, packed or not.
func (x field) fixed32(to []uint32) ([]uint32, error) {
	if x.wire != 2 {
		return append(to, uint32(x.varint)), nil
	}
	if len(x.bytes)%4 != 0 {
		return nil, fmt.Errorf("%w: field %d ends early", errWire, x.number)
	}
	for b := x.bytes; len(b) > 0; b = b[4:] {
		to = append(to, binary.LittleEndian.Uint32(b))
	}
	return to, nil
}
