package jpeg

import (
	"bytes"
	"encoding/binary"
)

// slack is the zero bytes after the data of an interval: a block takes at most 64 symbols of 31 bits, so that one
// check for the end a block is enough.
const slack = 64*4 + 16

// bitReader reads the entropy-coded data of one restart interval, whose stuffed zero bytes were taken out beforehand:
// that costs a copy and saves a test for 0xff in every refill.
type bitReader struct {
	buf  []byte // data and slack
	end  int    // bytes of data in buf
	pos  int    // next byte of buf
	acc  uint64 // next bits, left-aligned
	n    uint   // valid bits of acc
	from int    // offset in the file of the interval's first byte
}

// load takes the interval that begins at offset from: the bytes up to the next marker. It returns that marker's offset,
// or len(data) if there is none.
func (r *bitReader) load(data []byte, from int) int {
	buf, at := r.buf[:0], from
	for {
		i := bytes.IndexByte(data[at:], 0xff)
		if i < 0 {
			buf, at = append(buf, data[at:]...), len(data)
			break
		}
		next := at + i + 1
		for next < len(data) && data[next] == 0xff { // fill bytes
			next++
		}
		if next < len(data) && data[next] == 0 {
			buf, at = append(buf, data[at:at+i+1]...), next+1
			continue
		}
		buf, at = append(buf, data[at:at+i]...), at+i
		break
	}
	r.end = len(buf)
	r.buf = append(buf, make([]byte, slack)...)
	r.pos, r.acc, r.n, r.from = 0, 0, 0, from
	return at
}

// exhausted says whether more bits were taken than there are.
func (r *bitReader) exhausted() bool { return 8*r.pos-int(r.n) > 8*r.end }

// offset is the place in the file of the next unread byte, for errors: stuffed bytes are counted anew.
func (r *bitReader) offset() int {
	used := min(r.pos-int(r.n>>3), r.end)
	return r.from + used + bytes.Count(r.buf[:max(used, 0)], []byte{0xff})
}

// refill makes at least 56 bits valid. Bits of acc below n already are those of the next byte, so that or-ing them again is harmless.
func (r *bitReader) refill() {
	r.acc |= binary.BigEndian.Uint64(r.buf[r.pos:]) >> r.n
	r.pos += int(63-r.n) >> 3
	r.n |= 56
}

// take returns the next n bits, 1 to 16; refill must have been called within 56 bits.
func (r *bitReader) take(n uint) uint32 {
	v := uint32(r.acc >> (64 - n))
	r.acc <<= n
	r.n -= n
	return v
}

// extend is the value of size bits at the head of acc, 1 to 16, in the code of ITU-T T.81, F.2.2.1.
func extend(acc uint64, size uint) int32 {
	v := int32(acc >> (64 - size))
	negative := ^int32(int64(acc) >> 63)
	return v - (int32(1)<<size-1)&negative
}
