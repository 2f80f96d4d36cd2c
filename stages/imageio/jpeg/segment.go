package jpeg

import (
	"encoding/binary"
)

// Markers of ITU-T T.81, table B.1: the second byte after 0xff.
const (
	markerSOF0  = 0xc0 // baseline
	markerSOF1  = 0xc1 // extended sequential
	markerSOF2  = 0xc2 // progressive
	markerDHT   = 0xc4
	markerJPG   = 0xc8
	markerDAC   = 0xcc
	markerSOF15 = 0xcf
	markerRST0  = 0xd0
	markerRST7  = 0xd7
	markerSOI   = 0xd8
	markerEOI   = 0xd9
	markerSOS   = 0xda
	markerDQT   = 0xdb
	markerDNL   = 0xdc
	markerDRI   = 0xdd
	markerAPP0  = 0xe0
	markerAPP14 = 0xee
	markerTEM   = 0x01
)

// readFile reads segments and scans up to the end of the image, or up to the frame header if that is all that is wanted.
func (d *decoder) readFile() error {
	d.adobe = -1
	if len(d.data) < 2 || d.data[0] != 0xff || d.data[1] != markerSOI {
		return d.errorf(0, "not a JPEG file: it must begin with ff d8")
	}
	d.at = 2
	for {
		marker, at, err := d.nextMarker()
		if err != nil {
			if d.complete() { // all pixels are there: a missing EOI does no harm
				return nil
			}
			return err
		}
		switch {
		case marker == markerEOI:
			if d.comps == nil || !d.allScanned() {
				return d.errorf(at, "the image ends before every component had a scan: %w", ErrTruncated)
			}
			return nil
		case marker >= markerRST0 && marker <= markerRST7, marker == markerTEM:
			continue // left over from damaged data; no length follows
		case marker == markerSOI:
			return d.errorf(at, "a second image begins inside the first")
		}
		body, err := d.segment(at)
		if err != nil {
			return err
		}
		if err := d.readSegment(marker, body, at); err != nil {
			return err
		}
		if d.headerOnly && d.comps != nil {
			return nil
		}
	}
}

// complete says whether a sequential image has all its scans.
func (d *decoder) complete() bool { return d.comps != nil && !d.progressive && d.allScanned() }

func (d *decoder) allScanned() bool {
	for i := range d.comps {
		if !d.comps[i].scanned {
			return false
		}
	}
	return true
}

// nextMarker finds the next marker and its offset; bytes before it are skipped, as the JPEG group's library does.
func (d *decoder) nextMarker() (marker byte, at int, err error) {
	for ; d.at+1 < len(d.data); d.at++ {
		if d.data[d.at] == 0xff && d.data[d.at+1] != 0 && d.data[d.at+1] != 0xff {
			d.at += 2
			return d.data[d.at-1], d.at - 2, nil
		}
	}
	return 0, 0, d.errorf(len(d.data), "no end of image: %w", ErrTruncated)
}

// segment returns the body of the segment whose marker stands at that offset and moves past it.
func (d *decoder) segment(at int) ([]byte, error) {
	if d.at+2 > len(d.data) {
		return nil, d.errorf(at, "segment %02x has no length: %w", d.data[at+1], ErrTruncated)
	}
	n := int(binary.BigEndian.Uint16(d.data[d.at:]))
	if n < 2 {
		return nil, d.errorf(at, "segment %02x declares %d bytes, at least 2 expected", d.data[at+1], n)
	}
	if d.at+n > len(d.data) {
		return nil, d.errorf(at, "segment %02x declares %d bytes, %d are left: %w", d.data[at+1], n, len(d.data)-d.at, ErrTruncated)
	}
	body := d.data[d.at+2 : d.at+n]
	d.at += n
	return body, nil
}

func (d *decoder) readSegment(marker byte, body []byte, at int) error {
	switch marker {
	case markerSOF0, markerSOF1, markerSOF2:
		return d.readFrame(body, at, marker == markerSOF2)
	case markerDHT:
		return d.readHuffman(body, at)
	case markerDQT:
		return d.readQuant(body, at)
	case markerDRI:
		if len(body) != 2 {
			return d.errorf(at, "restart interval of %d bytes, 2 expected", len(body))
		}
		d.restartInterval = int(binary.BigEndian.Uint16(body))
	case markerSOS:
		return d.readScan(body, at)
	case markerAPP0:
		d.sawJFIF = d.sawJFIF || len(body) >= 5 && string(body[:5]) == "JFIF\x00"
	case markerAPP14:
		if len(body) >= 12 && string(body[:5]) == "Adobe" {
			d.adobe = int(body[11])
		}
	case markerDNL:
		return d.errorf(at, "number of lines given after the frame header: %w", ErrUnsupported)
	case markerDAC:
		return d.errorf(at, "arithmetic coding: %w", ErrUnsupported)
	default:
		if marker > markerSOF2 && marker <= markerSOF15 && marker != markerJPG {
			return d.errorf(at, "%s: %w", frameKind(marker), ErrUnsupported)
		}
	}
	return nil
}

// frameKind names the frame headers that this package refuses.
func frameKind(marker byte) string {
	switch {
	case marker == 0xc3:
		return "lossless coding"
	case marker < 0xc8:
		return "hierarchical coding"
	}
	return "arithmetic coding"
}

func (d *decoder) readQuant(body []byte, at int) error {
	for len(body) > 0 {
		wide, id := body[0]>>4, body[0]&15
		n := 64 << (wide & 1)
		if wide > 1 || id > 3 {
			return d.errorf(at, "quantisation table %d with precision %d; tables are 0 to 3, precisions 0 and 1", id, wide)
		}
		if len(body) < 1+n {
			return d.errorf(at, "quantisation table %d has %d bytes, %d expected", id, len(body)-1, n)
		}
		q := new([64]uint16)
		for i := range q {
			if wide == 1 {
				q[i] = binary.BigEndian.Uint16(body[1+2*i:])
			} else {
				q[i] = uint16(body[1+i])
			}
		}
		d.quant[id] = q
		body = body[1+n:]
	}
	return nil
}

func (d *decoder) readHuffman(body []byte, at int) error {
	for len(body) > 0 {
		if len(body) < 17 {
			return d.errorf(at, "Huffman table of %d bytes, at least 17 expected", len(body))
		}
		class, id := body[0]>>4, body[0]&15
		if class > 1 || id > 3 {
			return d.errorf(at, "Huffman table %d of class %d; tables are 0 to 3, classes 0 (DC) and 1 (AC)", id, class)
		}
		n := 0
		for _, c := range body[1:17] {
			n += int(c)
		}
		if n > 256 || len(body) < 17+n {
			return d.errorf(at, "Huffman table declares %d codes; at most 256, and %d bytes follow", n, len(body)-17)
		}
		t, err := newHuffman(class == 1, body[1:17], body[17:17+n])
		if err != nil {
			return d.errorf(at, "Huffman table %d of class %d: %w", id, class, err)
		}
		if class == 0 {
			d.dc[id] = t
		} else {
			d.ac[id] = t
		}
		body = body[17+n:]
	}
	return nil
}
