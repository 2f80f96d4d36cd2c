package npy

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"github.com/apache/arrow/go/v15/arrow/float16"
)

// Width is the size of a value in bytes.
func (a Array) Width() int64 { return int64(a.Type[2] - '0') }

// Whole says whether the values are whole numbers.
func (a Array) Whole() bool { return a.Type[1] != 'f' }

func (a Array) order() binary.ByteOrder {
	if a.Type[0] == '>' {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// stretch reads the bytes of values from..to.
func (a Array) stretch(f io.ReaderAt, from, to int64) ([]byte, error) {
	data := make([]byte, (to-from)*a.Width())
	if _, err := f.ReadAt(data, a.Offset+from*a.Width()); err != nil {
		return nil, err
	}
	return data, nil
}

// Integers reads values from..to, without the last, of an array of whole numbers. Those of 64 bits without a
// sign must be below 2^63.
func (a Array) Integers(f io.ReaderAt, from, to int64) ([]int64, error) {
	data, err := a.stretch(f, from, to)
	if err != nil {
		return nil, err
	}
	order, w := a.order(), a.Width()
	out := make([]int64, to-from)
	for i := range out {
		b := data[int64(i)*w:][:w]
		switch a.Type[1:] {
		case "u1":
			out[i] = int64(b[0])
		case "i1":
			out[i] = int64(int8(b[0]))
		case "u2":
			out[i] = int64(order.Uint16(b))
		case "i2":
			out[i] = int64(int16(order.Uint16(b)))
		case "u4":
			out[i] = int64(order.Uint32(b))
		case "i4":
			out[i] = int64(int32(order.Uint32(b)))
		default:
			if out[i] = int64(order.Uint64(b)); out[i] < 0 && a.Type[1] == 'u' {
				return nil, fmt.Errorf("value %d is %d, beyond 2^63", from+int64(i), uint64(out[i]))
			}
		}
	}
	return out, nil
}

// Floats reads values from..to, without the last, of an array of floats; those of 64 bits are rounded.
func (a Array) Floats(f io.ReaderAt, from, to int64) ([]float32, error) {
	data, err := a.stretch(f, from, to)
	if err != nil {
		return nil, err
	}
	order, w := a.order(), a.Width()
	out := make([]float32, to-from)
	for i := range out {
		switch b := data[int64(i)*w:][:w]; w {
		case 2:
			out[i] = float16.FromBits(order.Uint16(b)).Float32()
		case 4:
			out[i] = math.Float32frombits(order.Uint32(b))
		default:
			out[i] = float32(math.Float64frombits(order.Uint64(b)))
		}
	}
	return out, nil
}
