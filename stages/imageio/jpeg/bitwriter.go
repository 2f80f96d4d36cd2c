package jpeg

import (
	"encoding/binary"
	"math/bits"
)

// bitWriter gathers a file: plain bytes, and entropy-coded bits with a zero byte stuffed behind each 0xff.
type bitWriter struct {
	out []byte
	acc uint64 // bits not yet written, right-aligned
	n   uint
}

// codeTable holds for each symbol its code, and the code's length in the low 5 bits.
type codeTable [256]uint32

func newCodeTable(spec *huffmanSpec) (t codeTable) {
	code, at := uint32(0), 0
	for i, count := range spec.counts {
		for range count {
			t[spec.symbols[at]] = code<<5 | uint32(i+1)
			code++
			at++
		}
		code <<= 1
	}
	return t
}

func (w *bitWriter) bytes(b ...byte) { w.out = append(w.out, b...) }

// put adds a code and, behind it, the size low bits of value: at most 27 bits.
func (w *bitWriter) put(code uint32, value int32, size uint) {
	n := uint(code&31) + size
	w.acc = w.acc<<n | uint64(code>>5)<<size | uint64(uint32(value)&(1<<size-1))
	if w.n += n; w.n >= 32 {
		w.n -= 32
		w.word(uint32(w.acc >> w.n))
	}
}

// word writes 32 bits, stuffing where one of the bytes is 0xff.
func (w *bitWriter) word(v uint32) {
	if not := ^v; (not-0x01010101)&v&0x80808080 == 0 { // no byte of not is 0
		w.out = binary.BigEndian.AppendUint32(w.out, v)
		return
	}
	for shift := 24; shift >= 0; shift -= 8 {
		w.byte(byte(v >> shift))
	}
}

func (w *bitWriter) byte(b byte) {
	w.out = append(w.out, b)
	if b == 0xff {
		w.out = append(w.out, 0)
	}
}

// flush writes what is left, filled up with ones.
func (w *bitWriter) flush() {
	fill := (8 - w.n&7) & 7
	w.acc = w.acc<<fill | (1<<fill - 1)
	for w.n += fill; w.n > 0; {
		w.n -= 8
		w.byte(byte(w.acc >> w.n))
	}
}

// block writes a block of quantised coefficients in natural order; pred is the DC value of the block before. It returns this block's.
func (w *bitWriter) block(block *[64]int16, pred int32, dc, ac *codeTable) int32 {
	value, size := magnitude(int32(block[0]) - pred)
	w.put(dc[size], value, size)
	run := uint(0)
	for k := 1; k < 64; k++ {
		v := block[zigzag[k]&63]
		if v == 0 {
			run++
			continue
		}
		for run > 15 {
			w.put(ac[0xf0], 0, 0)
			run -= 16
		}
		value, size := magnitude(int32(v))
		w.put(ac[run<<4|size], value, size)
		run = 0
	}
	if run > 0 {
		w.put(ac[0], 0, 0)
	}
	return int32(block[0])
}

// magnitude is v's size in bits and the bits that stand for it: v itself, or v-1 where it is negative.
func magnitude(v int32) (value int32, size uint) {
	sign := v >> 31
	return v + sign, uint(bits.Len32(uint32((v ^ sign) - sign)))
}
