package png

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/zlib"
)

// Errors that a caller may want to tell apart; the returned error wraps one of them and says more.
var (
	ErrTruncated = errors.New("image data end early")
	ErrTooLarge  = errors.New("image is larger than the limit")
)

// Signature begins every PNG file.
const Signature = "\x89PNG\r\n\x1a\n"

// Options are the settings of Decode. MaxPixels, the largest height times width that is accepted, must be positive.
// Partial accepts data that end early or are damaged; rows that did not arrive are black.
type Options struct {
	MaxPixels int64
	Partial   bool
}

// header is the IHDR chunk.
type header struct {
	height, width int
	depth         int // bits a sample
	samples       int // samples a pixel
	palette       bool
	interlaced    bool
}

// bitsPerPixel is at least 1 and at most 64.
func (h *header) bitsPerPixel() int { return h.depth * h.samples }

// Config returns the height and width that the file declares.
func Config(data []byte) (height, width int, err error) {
	h, err := readHeader(data)
	return h.height, h.width, err
}

func readHeader(data []byte) (h header, err error) {
	const size = len(Signature) + 8 + 13 + 4
	if len(data) < size {
		return h, fmt.Errorf("at byte %d: the header has %d bytes: %w", len(data), size, ErrTruncated)
	}
	body := data[len(Signature)+8:]
	if binary.BigEndian.Uint32(data[8:]) != 13 || string(data[12:16]) != "IHDR" {
		return h, errors.New("at byte 8: chunk IHDR of 13 bytes expected")
	}
	if crc32.ChecksumIEEE(data[12:29]) != binary.BigEndian.Uint32(data[29:]) {
		return h, errors.New("at byte 29: the checksum of chunk IHDR is wrong")
	}
	width, height := binary.BigEndian.Uint32(body), binary.BigEndian.Uint32(body[4:])
	if width == 0 || height == 0 || width > 1<<31-1 || height > 1<<31-1 {
		return h, fmt.Errorf("at byte 16: image of %d x %d pixels (height x width)", height, width)
	}
	depth, colour := int(body[8]), body[9]
	depths := map[byte]string{0: "\x01\x02\x04\x08\x10", 2: "\x08\x10", 3: "\x01\x02\x04\x08", 4: "\x08\x10", 6: "\x08\x10"}[colour]
	found := false
	for i := range depths {
		found = found || int(depths[i]) == depth
	}
	if !found {
		return h, fmt.Errorf("at byte 24: colour type %d with %d bits a sample does not exist", colour, depth)
	}
	if body[10] != 0 || body[11] != 0 || body[12] > 1 {
		return h, fmt.Errorf("at byte 26: compression %d, filter %d, interlace %d; 0, 0 and 0 or 1 expected", body[10], body[11], body[12])
	}
	h = header{height: int(height), width: int(width), depth: depth, samples: 1, palette: colour == 3, interlaced: body[12] == 1}
	switch colour {
	case 2:
		h.samples = 3
	case 4:
		h.samples = 2
	case 6:
		h.samples = 4
	}
	return h, nil
}

// Decode returns the RGB pixels of a PNG file, height*width*3 bytes from the top row.
// Errors: ErrTruncated, ErrTooLarge, or what is wrong with the file and where.
func Decode(data []byte, o Options) (pix []byte, height, width int, err error) {
	if len(data) < len(Signature) || string(data[:len(Signature)]) != Signature {
		return nil, 0, 0, errors.New("at byte 0: not a PNG file: its signature is missing")
	}
	h, err := readHeader(data)
	if err != nil {
		return nil, 0, 0, err
	}
	pixels := int64(h.height) * int64(h.width)
	if int64(h.height) > o.MaxPixels/int64(h.width) {
		return nil, 0, 0, fmt.Errorf("at byte 16: %w: %d x %d pixels (height x width) declared, at most %d accepted", ErrTooLarge, h.height, h.width, o.MaxPixels)
	}
	// Deflate makes at most 1032 bytes of one.
	if bytes := pixels / 8 * int64(h.bitsPerPixel()); !o.Partial && bytes/1032 > int64(len(data)) {
		return nil, 0, 0, fmt.Errorf("at byte 16: %d x %d pixels (height x width) declared, %d bytes cannot hold them: %w", h.height, h.width, len(data), ErrTruncated)
	}
	c := &chunks{data: data, at: len(Signature)}
	d := &decoder{header: h, pix: make([]byte, 3*pixels)}
	if err = c.toImage(d); err == nil {
		err = d.read(c)
	}
	if err != nil && !o.Partial {
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
			err = ErrTruncated
		}
		return nil, 0, 0, fmt.Errorf("at byte %d: %w", c.at, err)
	}
	return d.pix, h.height, h.width, nil
}

// chunks walks the chunks of a file and reads as the concatenation of its IDAT chunks.
type chunks struct {
	data []byte
	at   int    // offset of the next chunk
	body []byte // what is left of the current IDAT
}

// next returns the next chunk. Checksums of critical chunks are checked; ancillary ones may be damaged.
func (c *chunks) next() (kind string, body []byte, err error) {
	rest := c.data[c.at:]
	if len(rest) < 12 {
		return "", nil, ErrTruncated
	}
	n := uint64(binary.BigEndian.Uint32(rest))
	kind = string(rest[4:8])
	if n > uint64(len(rest)-12) {
		if kind == "IDAT" { // what there is may do, if data that end early are accepted
			body = rest[8:]
			c.at = len(c.data)
			return kind, body, nil
		}
		return "", nil, fmt.Errorf("chunk %q declares %d bytes, %d are left: %w", kind, n, len(rest)-12, ErrTruncated)
	}
	body = rest[8 : 8+n]
	if kind[0]&0x20 == 0 && crc32.ChecksumIEEE(rest[4:8+n]) != binary.BigEndian.Uint32(rest[8+n:]) {
		return "", nil, fmt.Errorf("the checksum of chunk %q is wrong", kind)
	}
	c.at += int(n) + 12
	return kind, body, nil
}

// toImage reads up to the first IDAT chunk and keeps the palette.
func (c *chunks) toImage(d *decoder) error {
	for {
		kind, body, err := c.next()
		if err != nil {
			return err
		}
		switch kind {
		case "PLTE":
			if len(body) > 3*256 || len(body)%3 != 0 {
				return fmt.Errorf("palette of %d bytes", len(body))
			}
			copy(d.palette[:], body)
			d.hasPalette = true
		case "IDAT":
			if d.header.palette && !d.hasPalette {
				return errors.New("an image of palette indices without a palette")
			}
			c.body = body
			return nil
		case "IEND":
			return errors.New("a file without image data")
		}
	}
}

// Read is io.Reader over the image data.
func (c *chunks) Read(p []byte) (int, error) {
	for len(c.body) == 0 {
		kind, body, err := c.next()
		if err != nil {
			return 0, err
		}
		if kind != "IDAT" {
			return 0, io.EOF
		}
		c.body = body
	}
	n := copy(p, c.body)
	c.body = c.body[n:]
	return n, nil
}

// decoder turns inflated rows into RGB.
type decoder struct {
	header     header
	palette    [3 * 256]byte // entries that the file leaves out are black
	hasPalette bool
	pix        []byte
}

// pass is one of Adam7's seven reduced images, or the whole.
type pass struct{ x, y, dx, dy int }

var (
	whole = []pass{{0, 0, 1, 1}}
	adam7 = []pass{{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}}
)

func (d *decoder) read(c *chunks) error {
	z, err := zlib.NewReader(c)
	if err != nil {
		return err
	}
	passes := whole
	if d.header.interlaced {
		passes = adam7
	}
	for _, p := range passes {
		w, h := (d.header.width-p.x+p.dx-1)/p.dx, (d.header.height-p.y+p.dy-1)/p.dy
		if w <= 0 || h <= 0 {
			continue
		}
		if err := d.readPass(z, p, w, h); err != nil {
			return err
		}
	}
	// The checksum of the whole stream comes behind the last row.
	if n, err := io.ReadFull(z, make([]byte, 1)); n == 0 && err != io.EOF {
		return err
	}
	return nil
}

func (d *decoder) readPass(z io.Reader, p pass, w, h int) error {
	size := (w*d.header.bitsPerPixel() + 7) / 8
	unit := max(d.header.bitsPerPixel()/8, 1)
	row, above := make([]byte, 1+size), make([]byte, 1+size)
	for y := range h {
		if _, err := io.ReadFull(z, row); err != nil {
			return err
		}
		if err := unfilter(row[0], row[1:], above[1:], unit); err != nil {
			return err
		}
		out := d.pix[3*((p.y+y*p.dy)*d.header.width+p.x):]
		d.store(out, row[1:], w, 3*p.dx)
		row, above = above, row
	}
	return nil
}
