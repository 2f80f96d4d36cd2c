package jpeg

import "encoding/binary"

// readFrame reads the frame header and lays out the planes.
func (d *decoder) readFrame(body []byte, at int, progressive bool) error {
	if d.comps != nil {
		return d.errorf(at, "a second frame header")
	}
	d.progressive = progressive
	if len(body) < 6 || len(body) != 6+3*int(body[5]) {
		return d.errorf(at, "frame header of %d bytes does not fit its components", len(body))
	}
	if body[0] != 8 {
		return d.errorf(at, "%d bits a sample: %w", body[0], ErrUnsupported)
	}
	d.height, d.width = int(binary.BigEndian.Uint16(body[1:])), int(binary.BigEndian.Uint16(body[3:]))
	n := int(body[5])
	if d.width == 0 || d.height == 0 {
		return d.errorf(at, "image of %d x %d pixels (height x width): %w", d.height, d.width, ErrUnsupported)
	}
	if n != 1 && n != 3 && n != 4 {
		return d.errorf(at, "%d components, 1, 3 or 4 expected: %w", n, ErrUnsupported)
	}
	comps := make([]component, n)
	for i := range comps {
		b := body[6+3*i:]
		c := &comps[i]
		c.id, c.h, c.v, c.tq = b[0], int(b[1]>>4), int(b[1]&15), b[2]
		if c.h < 1 || c.h > 4 || c.v < 1 || c.v > 4 {
			return d.errorf(at, "component %d is sampled %d x %d, factors are 1 to 4", i, c.h, c.v)
		}
		if c.tq > 3 {
			return d.errorf(at, "component %d uses quantisation table %d, tables are 0 to 3", i, c.tq)
		}
		for _, other := range comps[:i] {
			if other.id == c.id {
				return d.errorf(at, "two components are called %d", c.id)
			}
		}
		d.hMax, d.vMax = max(d.hMax, c.h), max(d.vMax, c.v)
	}
	for i := range comps {
		if c := &comps[i]; d.hMax%c.h != 0 || d.vMax%c.v != 0 {
			return d.errorf(at, "component %d is sampled %d x %d of %d x %d, a fraction: %w", i, c.h, c.v, d.hMax, d.vMax, ErrUnsupported)
		}
	}
	if d.headerOnly {
		d.comps = comps
		return nil
	}
	if err := d.checkSize(comps, at); err != nil {
		return err
	}
	d.comps = comps
	d.layOut()
	return nil
}

// checkSize refuses pictures above the limit, and such as the rest of the file cannot hold: each block takes at least one bit,
// so that a short file declaring a huge picture allocates nothing.
func (d *decoder) checkSize(comps []component, at int) error {
	pixels := int64(d.height) * int64(d.width)
	if pixels > d.maxPixels {
		return d.errorf(at, "%w: %d x %d pixels (height x width) declared, at most %d accepted", ErrTooLarge, d.height, d.width, d.maxPixels)
	}
	bits := int64(0)
	for i := range comps {
		bits += pixels / 64 * int64(comps[i].h*comps[i].v) / int64(d.hMax*d.vMax)
	}
	if !d.partial && bits/8 > int64(len(d.data)) {
		return d.errorf(at, "%d x %d pixels (height x width) declared, %d bytes cannot hold them: %w", d.height, d.width, len(d.data), ErrTruncated)
	}
	return nil
}

// layOut sizes and allocates the planes and, for a progressive file, the coefficients.
func (d *decoder) layOut() {
	d.mcusWide = ceilDiv(d.width, 8*d.hMax)
	d.mcusHigh = ceilDiv(d.height, 8*d.vMax)
	for i := range d.comps {
		c := &d.comps[i]
		c.size = d.blockSize(c)
		c.width = ceilDiv(d.width*c.h*c.size, 8*d.hMax)
		c.height = ceilDiv(d.height*c.v*c.size, 8*d.vMax)
		c.wide, c.high = ceilDiv(d.width*c.h, 8*d.hMax), ceilDiv(d.height*c.v, 8*d.vMax)
		c.blocksWide, c.blocksHigh = d.mcusWide*c.h, d.mcusHigh*c.v
		c.stride = c.size * c.blocksWide
		c.plane = make([]byte, c.stride*c.size*c.blocksHigh)
		if d.progressive {
			c.coef = make([]int16, 64*c.blocksWide*c.blocksHigh)
			c.last = make([]uint8, c.blocksWide*c.blocksHigh)
		} else if d.partial {
			for j := range c.plane {
				c.plane[j] = 128
			}
		}
	}
}

// blockSize is how many samples a side of a block gives: 8 over the scale, doubled for coarser components as long as
// both directions stay within the picture's resolution, which saves their upsampling.
func (d *decoder) blockSize(c *component) int {
	least := 8 / d.scale
	size := least
	for size < 8 && d.hMax*least%(2*size*c.h) == 0 && d.vMax*least%(2*size*c.v) == 0 {
		size *= 2
	}
	return size
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }
