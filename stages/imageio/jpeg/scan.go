package jpeg

import "errors"

// maxScans bounds the scans of a file, as the limit that libjpeg-turbo's tools offer does.
const maxScans = 500

// scan is the header of a scan: its components and, in a progressive file, the band of coefficients and the bit positions.
type scan struct {
	at           int // offset of its marker
	comps        []*component
	first, last  int // spectral selection, zigzag indices
	high, low    int // successive approximation
	blocksAtOnce int
}

// readScan reads a scan header and the entropy-coded data behind it.
func (d *decoder) readScan(body []byte, at int) error {
	if d.comps == nil {
		return d.errorf(at, "a scan before the frame header")
	}
	s, err := d.scanHeader(body, at)
	if err != nil {
		return err
	}
	// Encoders write some dozens at most; thousands of nearly empty scans over a large picture are an attack on our time.
	if d.scans++; d.scans > maxScans {
		return d.errorf(at, "more than %d scans", maxScans)
	}
	for _, c := range s.comps {
		if c.quant == nil { // the table as it stands at the component's first scan, as in the JPEG group's library
			if d.quant[c.tq] == nil {
				return d.errorf(at, "component %d uses quantisation table %d, which is not defined", c.id, c.tq)
			}
			c.quant = d.quant[c.tq]
		}
		c.scanned = true
	}
	return d.decodeScan(s)
}

func (d *decoder) scanHeader(body []byte, at int) (*scan, error) {
	if len(body) < 1 || len(body) != 4+2*int(body[0]) {
		return nil, d.errorf(at, "scan header of %d bytes does not fit its components", len(body))
	}
	n := int(body[0])
	if n < 1 || n > len(d.comps) {
		return nil, d.errorf(at, "scan of %d components, the frame has %d", n, len(d.comps))
	}
	tail := body[1+2*n:]
	s := &scan{at: at, first: int(tail[0]), last: int(tail[1]), high: int(tail[2] >> 4), low: int(tail[2] & 15)}
	if !d.progressive {
		s.first, s.last, s.high, s.low = 0, 63, 0, 0
	} else if err := d.checkBand(s, n); err != nil {
		return nil, err
	}
	for i := range n {
		id, tables := body[1+2*i], body[2+2*i]
		c := d.component(id)
		if c == nil {
			return nil, d.errorf(at, "scan of a component %d, which the frame does not have", id)
		}
		for _, other := range s.comps {
			if other == c {
				return nil, d.errorf(at, "component %d stands twice in a scan", id)
			}
		}
		td, ta := tables>>4, tables&15
		if td > 3 || ta > 3 {
			return nil, d.errorf(at, "component %d uses Huffman tables %d and %d, tables are 0 to 3", id, td, ta)
		}
		c.dcTable, c.acTable = d.dc[td], d.ac[ta]
		if s.first == 0 && s.high == 0 && c.dcTable == nil {
			return nil, d.errorf(at, "component %d uses DC table %d, which is not defined", id, td)
		}
		if s.last > 0 && c.acTable == nil {
			return nil, d.errorf(at, "component %d uses AC table %d, which is not defined", id, ta)
		}
		s.comps = append(s.comps, c)
		s.blocksAtOnce += c.h * c.v
	}
	if n > 1 && s.blocksAtOnce > 10 {
		return nil, d.errorf(at, "an MCU of %d blocks, at most 10 allowed", s.blocksAtOnce)
	}
	return s, nil
}

// checkBand checks the progressive parameters of a scan of n components (ITU-T T.81, G.1.1.1).
func (d *decoder) checkBand(s *scan, n int) error {
	switch {
	case s.first > s.last || s.last > 63 || s.first == 0 && s.last != 0:
		return d.errorf(s.at, "scan of coefficients %d to %d; 0 to 0, or a range within 1 to 63 expected", s.first, s.last)
	case s.first > 0 && n != 1:
		return d.errorf(s.at, "scan of AC coefficients of %d components, one expected", n)
	case s.low > 13 || s.high > 0 && s.high != s.low+1:
		return d.errorf(s.at, "scan from bit %d to bit %d; each refinement adds one bit, at most 13", s.high, s.low)
	}
	return nil
}

func (d *decoder) component(id byte) *component {
	for i := range d.comps {
		if d.comps[i].id == id {
			return &d.comps[i]
		}
	}
	return nil
}

// errExhausted says that an interval's data ran out; decodeScan adds where and why.
var errExhausted = errors.New("entropy-coded data end early")

// decodeScan walks the scan's MCUs, interval by interval.
func (d *decoder) decodeScan(s *scan) error {
	wide, high := d.mcusWide, d.mcusHigh
	if len(s.comps) == 1 {
		wide, high = s.comps[0].wide, s.comps[0].high
	}
	decode := d.sequentialBlock
	if d.progressive {
		decode = d.progressiveBlock(s)
	}
	total := wide * high
	for done, n := 0, 0; done < total; done += n {
		n = total - done
		if d.restartInterval > 0 {
			n = min(n, d.restartInterval)
		}
		d.at = d.entropy.load(d.data, d.at)
		d.eobRun = 0
		for _, c := range s.comps {
			c.pred = 0
		}
		if err := d.decodeInterval(s, wide, done, n, decode); err != nil {
			return d.scanError(s, err)
		}
		if done+n < total {
			if err := d.restart(done / max(n, 1)); err != nil {
				return err
			}
		}
	}
	return nil
}

// decodeInterval decodes n MCUs from number first on.
func (d *decoder) decodeInterval(s *scan, wide, first, n int, decode func(*component, int, int) error) error {
	row, col := first/wide, first%wide
	for range n {
		if len(s.comps) == 1 {
			if err := decode(s.comps[0], row, col); err != nil {
				return err
			}
		} else {
			for _, c := range s.comps {
				for y := range c.v {
					for x := range c.h {
						if err := decode(c, row*c.v+y, col*c.h+x); err != nil {
							return err
						}
					}
				}
			}
		}
		if col++; col == wide {
			row, col = row+1, 0
		}
	}
	return nil
}

// restart moves past the marker that ends interval number i.
func (d *decoder) restart(i int) error {
	at := d.at
	for at+1 < len(d.data) && d.data[at+1] == 0xff {
		at++
	}
	if at+1 >= len(d.data) {
		return d.errorf(at, "no marker after restart interval %d: %w", i, ErrTruncated)
	}
	if want := markerRST0 + byte(i&7); d.data[at+1] != want {
		return d.errorf(at, "marker %02x after restart interval %d, %02x expected", d.data[at+1], i, want)
	}
	d.at = at + 2
	return nil
}

// scanError says where an interval's data broke off, and whether the file or a marker ended them.
func (d *decoder) scanError(s *scan, err error) error {
	at := d.entropy.offset()
	switch {
	case !errors.Is(err, errExhausted):
		return d.errorf(at, "in the scan from byte %d on: %w", s.at, err)
	case d.at+1 < len(d.data):
		return d.errorf(at, "in the scan from byte %d on: marker %02x stands where data should: %w", s.at, d.data[d.at+1], ErrTruncated)
	}
	return d.errorf(at, "in the scan from byte %d on: %w", s.at, ErrTruncated)
}
