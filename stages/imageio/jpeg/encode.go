package jpeg

import "fmt"

// Subsampling is how much coarser than luminance the chroma planes are stored.
type Subsampling int

// The usual subsamplings; the zero value is the library's default.
const (
	S420 Subsampling = iota // halved both ways
	S422                    // halved across
	S444                    // full
	S440                    // halved down
	S411                    // a quarter across
)

// factors are luminance samples for each of chroma, across and down.
func (s Subsampling) factors() (h, v int) {
	switch s {
	case S420:
		return 2, 2
	case S422:
		return 2, 1
	case S440:
		return 1, 2
	case S411:
		return 4, 1
	}
	return 1, 1
}

// Encode returns height*width pixels of 3 channels (RGB) or 1 (grey), row by row, as a baseline JPEG file. quality is 1 to 100.
// The bytes are those of Pillow's save(format="JPEG", quality=quality) with the subsampling given (S420 is its default).
// Sides are 1 to 65,500, the bound of the JPEG group's library.
func Encode(pix []byte, height, width, channels, quality int, sub Subsampling) ([]byte, error) {
	if height < 1 || width < 1 || height > 65500 || width > 65500 {
		return nil, fmt.Errorf("encode jpeg: image of %d x %d pixels (height x width); each side must be 1 to 65500", height, width)
	}
	if quality < 1 || quality > 100 {
		return nil, fmt.Errorf("encode jpeg: quality %d; it must be 1 to 100", quality)
	}
	if channels != 1 && channels != 3 || len(pix) != height*width*channels {
		return nil, fmt.Errorf("encode jpeg: %d bytes for %d x %d pixels (height x width) of %d channels; channels must be 1 or 3", len(pix), height, width, channels)
	}
	e := newEncoder(pix, height, width, channels, quality, sub)
	e.writeHeaders()
	e.writeScan()
	return append(e.bits.out, 0xff, markerEOI), nil
}

// RoundTrip returns the pixels that Decode makes of what Encode makes of pix with 3 channels and S420, without the
// entropy coding between them, which loses nothing. Its errors are Encode's.
func RoundTrip(pix []byte, height, width, quality int) ([]byte, error) {
	if quality < 1 || quality > 100 || height < 1 || width < 1 || len(pix) != 3*height*width {
		return nil, fmt.Errorf("jpeg round trip: %d bytes for %d x %d RGB pixels (height x width) at quality %d; qualities are 1 to 100", len(pix), height, width, quality)
	}
	e := newEncoder(pix, height, width, 3, quality, S420)
	d := &decoder{scale: 1, height: height, width: width, sawJFIF: true, comps: make([]component, 3), hMax: e.h, vMax: e.v}
	for i := range d.comps {
		c, p := &d.comps[i], &e.planes[i]
		c.h, c.v = p.h, p.v
	}
	d.layOut()
	for i := range d.comps {
		c, p := &d.comps[i], &e.planes[i]
		for row := range p.high {
			for col := range p.wide {
				p.roundTripBlock(c.plane[row*8*c.stride+col*8:], c.stride, row, col)
			}
		}
	}
	return d.assemble(), nil
}

// encoder holds the planes of one picture and what was written so far.
type encoder struct {
	height, width int
	h, v          int // sampling factors of luminance
	planes        []plane
	bits          bitWriter
}

// plane is a component to be written: samples padded to whole blocks.
type plane struct {
	h, v       int
	wide, high int // blocks
	stride     int
	samples    []byte
	quant      *[64]uint16 // zigzag order
	steps      [64]int16   // the same in natural order
	divisors   *divisors
	tables     int // 0 luminance, 1 chrominance
	pred       int32
}

func newEncoder(pix []byte, height, width, channels, quality int, sub Subsampling) *encoder {
	e := &encoder{height: height, width: width, h: 1, v: 1, planes: make([]plane, channels)}
	if channels == 3 {
		e.h, e.v = sub.factors()
	}
	for i := range e.planes {
		p := &e.planes[i]
		p.h, p.v, p.tables = 1, 1, 1
		if i == 0 {
			p.h, p.v, p.tables = e.h, e.v, 0
		}
		p.wide, p.high = ceilDiv(width*p.h, 8*e.h), ceilDiv(height*p.v, 8*e.v)
		p.stride = 8 * p.wide
		p.samples = make([]byte, p.stride*8*p.high)
		p.quant = scaledQuant(p.tables, quality)
		p.divisors = newDivisors(p.quant)
		for k, q := range p.quant {
			p.steps[zigzag[k]] = int16(q)
		}
	}
	if channels == 1 {
		for y := range height {
			copy(e.planes[0].samples[y*e.planes[0].stride:], pix[y*width:(y+1)*width])
		}
		e.planes[0].extend(width, height)
	} else {
		e.separate(pix)
	}
	return e
}

func (e *encoder) writeHeaders() {
	b := &e.bits
	b.bytes(0xff, markerSOI)
	b.bytes(0xff, markerAPP0, 0, 16, 'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0) // version 1.1, square pixels, no thumbnail
	tables := min(len(e.planes), 2)
	for i := range tables {
		b.bytes(0xff, markerDQT, 0, 67, byte(i))
		for _, q := range e.planes[i].quant {
			b.bytes(byte(q))
		}
	}
	b.bytes(0xff, markerSOF0, 0, byte(8+3*len(e.planes)), 8, byte(e.height>>8), byte(e.height), byte(e.width>>8), byte(e.width), byte(len(e.planes)))
	for i, p := range e.planes {
		b.bytes(byte(i+1), byte(p.h<<4|p.v), byte(p.tables))
	}
	for i := range 2 * tables {
		t := &exampleHuffman[i]
		b.bytes(0xff, markerDHT, 0, byte(19+len(t.symbols)), t.class<<4|byte(i/2))
		b.bytes(t.counts[:]...)
		b.bytes(t.symbols...)
	}
	b.bytes(0xff, markerSOS, 0, byte(6+2*len(e.planes)), byte(len(e.planes)))
	for i, p := range e.planes {
		b.bytes(byte(i+1), byte(p.tables<<4|p.tables))
	}
	b.bytes(0, 63, 0)
}

// writeScan writes all blocks, interleaved. Blocks that fill up an MCU outside the picture repeat the DC value before them,
// which costs the fewest bits.
func (e *encoder) writeScan() {
	var codes [4]codeTable
	for i := range codes[:2*min(len(e.planes), 2)] {
		codes[i] = newCodeTable(&exampleHuffman[i])
	}
	var block [64]int16
	for row := range ceilDiv(e.height, 8*e.v) {
		for col := range ceilDiv(e.width, 8*e.h) {
			for i := range e.planes {
				p := &e.planes[i]
				dc, ac := &codes[2*p.tables], &codes[2*p.tables+1]
				for n := range p.h * p.v {
					y, x := row*p.v+n/p.h, col*p.h+n%p.h
					if y < p.high && x < p.wide {
						p.block(&block, y, x)
					} else {
						block = [64]int16{int16(p.pred)}
					}
					p.pred = e.bits.block(&block, p.pred, dc, ac)
				}
			}
		}
	}
	e.bits.flush()
}
