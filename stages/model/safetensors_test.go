package model

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
)

func TestSafetensorsRoundTrip(t *testing.T) {
	meta := map[string]string{"arch": "convnet", "classes": `["a","<b>","é"]`}
	in := []Tensor{
		F32("fc.weight", []int{2, 3}, []float32{1, -2, 3.5, float32(math.Inf(1)), float32(math.NaN()), 0}),
		F32("bn.bias", []int{0}, nil),
		F32("step", nil, []float32{7}),
	}
	data, err := Encode(meta, in)
	if err != nil {
		t.Fatal(err)
	}
	if n := binary.LittleEndian.Uint64(data); (8+n)%8 != 0 {
		t.Errorf("header of %d bytes: data not aligned", n)
	}
	gotMeta, got, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(gotMeta, meta) {
		t.Errorf("metadata %v, want %v", gotMeta, meta)
	}
	if names := []string{got[0].Name, got[1].Name, got[2].Name}; !reflect.DeepEqual(names, []string{"bn.bias", "fc.weight", "step"}) {
		t.Errorf("names %q", names)
	}
	again, err := Encode(gotMeta, got)
	if err != nil || !bytes.Equal(again, data) {
		t.Errorf("encoding what was decoded gives other bytes (%v)", err)
	}
	v, err := got[1].Float32s()
	if err != nil || v[2] != 3.5 || math.Float32bits(v[4]) != 0x7fc00000 {
		t.Errorf("values %v, %v", v, err)
	}
}

func TestHalf(t *testing.T) {
	for _, tt := range []struct {
		bits uint16
		want float32
	}{{0x3c00, 1}, {0xc000, -2}, {0x7bff, 65504}, {0x0001, 0x1p-24}, {0x8400, -0x1p-14}, {0x3555, 0.33325195}} {
		if got := half(tt.bits); got != tt.want {
			t.Errorf("half(%#x) = %v, want %v", tt.bits, got, tt.want)
		}
	}
	if v := half(0x8000); v != 0 || !math.Signbit(float64(v)) {
		t.Errorf("half(-0) = %v", v)
	}
}

func file(header string, body int) []byte {
	out := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(out, header...), make([]byte, body)...)
}

func TestDecodeRefuses(t *testing.T) {
	for _, tt := range []struct {
		data []byte
		want string
	}{
		{[]byte("abc"), "it has 3 bytes"},
		{file(`{}`, 0)[:9], "the header is said to have 2 bytes; the file has 9"},
		{file(`[]`, 0), "want an object"},
		{file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}} x`, 4), "stand after it"},
		{file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{}}`, 4), `"a" stands twice`},
		{file(`{"a":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}}`, 4), `unknown type "F33"`},
		{file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}`, 4), "has 4 bytes"},
		{file(`{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}`, 4), "has 4 bytes"},
		{file(`{"a":{"dtype":"F32","shape":[4611686018427387904,16],"data_offsets":[0,0]}}`, 0), "has 0 bytes"},
		{file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, 8), "gap or overlap at byte 4"},
		{file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 8), "4 bytes stand after the last tensor"},
		{file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}`, 4), "bytes 0 to 8 of 4"},
		{file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}`, 4), "unknown field"},
	} {
		_, _, err := Decode(tt.data)
		if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Decode: %v, want %q", err, tt.want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	data, err := Encode(map[string]string{"k": "v"}, []Tensor{F32("a", []int{2}, []float32{1, 2})})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4))
	f.Fuzz(func(t *testing.T, data []byte) {
		meta, ts, err := Decode(data)
		if err != nil {
			return
		}
		if _, err := Encode(meta, ts); err != nil {
			t.Errorf("decoded but not encodable: %v", err)
		}
	})
}
