package jpeg

import (
	"encoding/binary"
	"errors"
)

var (
	errCode   = errors.New("bits that are no Huffman code")
	errIndex  = errors.New("a block with more than 64 coefficients")
	errRefine = errors.New("a refinement that sets more than one bit")
)

// zigzag is the place of each coefficient, row by row, in the order of the file (ITU-T T.81, figure 5). A zero run past the end, in damaged data
// only, lands on the last one.
var zigzag = [80]uint8{
	0, 1, 8, 16, 9, 2, 3, 10,
	17, 24, 32, 25, 18, 11, 4, 5,
	12, 19, 26, 33, 40, 48, 41, 34,
	27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36,
	29, 22, 15, 23, 30, 37, 44, 51,
	58, 59, 52, 45, 38, 31, 39, 46,
	53, 60, 61, 54, 47, 55, 62, 63,
	63, 63, 63, 63, 63, 63, 63, 63,
	63, 63, 63, 63, 63, 63, 63, 63,
}

// sequentialBlock decodes a block and writes its samples to the plane.
func (d *decoder) sequentialBlock(c *component, row, col int) error {
	var block [64]int16
	last, err := d.entropy.block(&block, c)
	c.render(row, col, &block, last)
	return err
}

// render writes a block's samples to the plane; coefficients past zigzag index last are zero.
func (c *component) render(row, col int, block *[64]int16, last int) {
	out := c.plane[row*c.size*c.stride+col*c.size:]
	switch {
	case last == 0 || c.size == 1:
		fillDC(out, c.stride, c.size, block[0])
	case c.size == 2:
		inverse2(out, c.stride, block)
	case c.size == 4:
		inverse4(out, c.stride, block)
	default:
		inverse(out, c.stride, block)
	}
}

// block decodes the coefficients of one block, dequantised and in natural order; last is the highest zigzag index written.
func (r *bitReader) block(block *[64]int16, c *component) (last int, err error) {
	quant := c.quant
	r.refill()
	e := c.dcTable.look[r.acc>>(64-lookBits)]
	if e == 0 {
		var ok bool
		if e, ok = c.dcTable.long(r.acc); !ok {
			err = errCode
		}
	}
	n := uint(e & 31)
	r.acc <<= n
	r.n -= n
	if e&valueKnown != 0 {
		c.pred += int32(int16(e >> 16))
	} else if size := uint(e >> 8 & 15); size > 0 {
		c.pred += extend(r.acc, size)
		r.acc <<= size
		r.n -= size
	}
	block[0] = int16(c.pred * int32(quant[0]))

	look := &c.acTable.look
	acc, bits, pos, buf := r.acc, r.n, r.pos, r.buf
	k := 1
	for k < 64 {
		if bits < 32 {
			acc |= binary.BigEndian.Uint64(buf[pos:]) >> (bits & 63)
			pos += int(63-bits) >> 3
			bits |= 56
		}
		e := look[acc>>(64-lookBits)]
		if e == 0 {
			var ok bool
			if e, ok = c.acTable.long(acc); !ok {
				err = errCode
			}
		}
		acc <<= e & 31
		bits -= uint(e & 31)
		v := int32(int16(e >> 16))
		if e&valueKnown == 0 {
			size := uint(e >> 8 & 15)
			if size == 0 {
				if e>>12&15 < 15 {
					break // end of block
				}
				k += 16
				continue
			}
			v = extend(acc, size)
			acc <<= size
			bits -= size
		}
		k += int(e >> 12 & 15)
		last = k
		block[zigzag[k]] = int16(v * int32(quant[k&63]))
		k++
	}
	r.acc, r.n, r.pos = acc, bits, pos
	if last > 63 && err == nil {
		err = errIndex
	}
	if r.exhausted() {
		err = errExhausted
	}
	return last, err
}
