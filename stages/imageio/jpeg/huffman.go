package jpeg

import "fmt"

const (
	lookBits = 10 // bits that one look-up resolves; 4 KiB a table, four tables stay in a 32 KiB cache
	lookSize = 1 << lookBits
)

// An entry of a look-up table says what the next bits mean:
//
//	bits 0-4    bits to drop: the code's, and the value's where valueKnown
//	bit 5       valueKnown: the value's bits fitted too, and bits 16-31 hold the value itself
//	bits 8-15   the symbol: zero run and value size (AC), value size (DC)
//
// Zero means that the code is longer than lookBits.
const valueKnown = 1 << 5

// huffman is a table of ITU-T T.81, annex C, ready for decoding.
type huffman struct {
	look    [lookSize]uint32
	maxCode [18]uint32 // left-aligned in 16 bits: the first code longer than i bits; a sentinel at 17
	offset  [17]int32  // index of a symbol = offset[i] + code of i bits
	symbols []byte
}

// newHuffman builds a table from the number of codes of each length 1 to 16 and their symbols in order.
func newHuffman(ac bool, counts, symbols []byte) (*huffman, error) {
	t := &huffman{symbols: symbols}
	code, at := uint32(0), 0
	for i := 1; i <= 16; i++ {
		t.offset[i] = int32(at) - int32(code)
		for range counts[i-1] {
			s := symbols[at]
			if !ac && s > 15 {
				return nil, fmt.Errorf("symbol %d, a DC difference has at most 15 bits", s)
			}
			if code >= 1<<i {
				return nil, fmt.Errorf("more codes of %d bits than there can be", i)
			}
			if i <= lookBits {
				t.fill(code, i, s)
			}
			code++
			at++
		}
		t.maxCode[i] = code << (16 - i)
		code <<= 1
	}
	t.maxCode[17] = 1<<32 - 1
	return t, nil
}

// fill sets the entries of all look-ups that begin with a code of n bits.
func (t *huffman) fill(code uint32, n int, symbol byte) {
	first := code << (lookBits - n)
	size := int(symbol & 15)
	base := uint32(n) | uint32(symbol)<<8
	rest := lookBits - n
	for i := range uint32(1) << rest {
		e := base
		if size > 0 && size <= rest {
			v := int32(i >> (rest - size))
			if v < 1<<(size-1) {
				v += -1<<size + 1
			}
			e = uint32(n+size) | valueKnown | uint32(symbol)<<8 | uint32(v)<<16
		}
		t.look[first+i] = e
	}
}

// long finds the symbol of a code longer than lookBits at the head of acc, as an entry; bits that are no code give symbol 0
// with 16 bits, as in the JPEG group's library.
func (t *huffman) long(acc uint64) (entry uint32, ok bool) {
	head := uint32(acc >> 48)
	for n := lookBits + 1; n <= 16; n++ {
		if head < t.maxCode[n] {
			return uint32(n) | uint32(t.symbols[t.offset[n]+int32(head>>(16-n))])<<8, true
		}
	}
	return 16, false
}
