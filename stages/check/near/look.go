package near

import (
	"encoding/binary"
	"slices"

	"shiftmill/stages/imageio"
)

// side is that of a thumb.
const side = 64

// A Thumb is a picture as 64 x 64 grey levels, row-major.
type Thumb [side * side]uint8

// NewThumb makes the thumb of an RGB picture.
func NewThumb(p *imageio.Pixels) *Thumb {
	p = imageio.Resize(p, side, side, imageio.Bilinear)
	t := new(Thumb)
	for i := range t {
		c := p.Pix[3*i : 3*i+3]
		t[i] = uint8((77*uint32(c[0]) + 150*uint32(c[1]) + 29*uint32(c[2]) + 128) >> 8)
	}
	return t
}

// mirrored is the thumb with left and right exchanged.
func (t *Thumb) mirrored() *Thumb {
	m := new(Thumb)
	for y := range side {
		for x := range side {
			m[y*side+x] = t[y*side+side-1-x]
		}
	}
	return m
}

// A Look is the 16 x 16 lowest cosine coefficients of a thumb, [v][u] with u
// along a row: 64 times the mean of the grey levels times both cosines.
type Look [16 * 16]int16

// Look takes the coefficients.
func (t *Thumb) Look() *Look {
	var rows [16][side]int32
	for y := range side {
		line := t[y*side : (y+1)*side]
		for u := range 16 {
			sum := int32(0)
			c := &cosines[u]
			for x, g := range line {
				sum += int32(g) * c[x]
			}
			rows[u][y] = sum
		}
	}
	l := new(Look)
	for v := range 16 {
		c := &cosines[v]
		for u := range 16 {
			sum := int64(0)
			for y, r := range rows[u] {
				sum += int64(r) * int64(c[y])
			}
			l[v*16+u] = int16((sum + 1<<29) >> 30) // 2^24 of the cosines, 2^12 of the mean, less 2^6
		}
	}
	return l
}

// Bytes is the look as little-endian 16-bit numbers.
func (l *Look) Bytes() []byte {
	b := make([]byte, 0, 2*len(l))
	for _, c := range l {
		b = binary.LittleEndian.AppendUint16(b, uint16(c))
	}
	return b
}

// Read reads what Bytes wrote; false when it is no look.
func (l *Look) Read(b []byte) bool {
	if len(b) != 2*len(l) {
		return false
	}
	for i := range l {
		l[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))
	}
	return true
}

// PHash is the perceptual hash that other tools know: a bit for each of the 64
// lowest coefficients, set when it lies above their median, row by row from
// the highest bit.
func (l *Look) PHash() uint64 {
	var low [64]int16
	for v := range 8 {
		copy(low[v*8:], l[v*16:v*16+8])
	}
	sorted := low
	slices.Sort(sorted[:])
	twice := int32(sorted[31]) + int32(sorted[32])
	hash := uint64(0)
	for _, c := range low {
		hash <<= 1
		if 2*int32(c) > twice {
			hash |= 1
		}
	}
	return hash
}

// Flat says whether a picture shows next to nothing: all its coefficients but
// the constant are below the noise of an encoder.
func (l *Look) Flat() bool {
	sum := int64(0)
	for _, c := range l[1:] {
		sum += int64(c) * int64(c)
	}
	return sum < 64*64
}

// low are the 64 lowest coefficients, [v][u].
func (l *Look) low() (c [64]int32) {
	for v := range 8 {
		for u := range 8 {
			c[v*8+u] = int32(l[v*16+u])
		}
	}
	return c
}
