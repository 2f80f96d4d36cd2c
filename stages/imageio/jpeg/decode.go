package jpeg

import (
	"errors"
	"fmt"
)

// Errors that a caller may want to tell apart; the returned error wraps one of them and says more.
var (
	ErrTruncated   = errors.New("image data end early")
	ErrTooLarge    = errors.New("image is larger than the limit")
	ErrUnsupported = errors.New("unsupported kind of JPEG")
)

// DefaultMaxPixels is the limit where Options give none: Pillow's bound against decompression bombs.
const DefaultMaxPixels = 89_478_485

// Options are the settings of Decode; the zero value is the usual choice.
type Options struct {
	// MaxPixels is the largest height times width that is accepted; DefaultMaxPixels if 0.
	MaxPixels int64
	// Partial accepts damaged and truncated data: what was decoded before the damage is kept, blocks never reached are
	// middle grey, and a progressive picture is as fine as the scans that arrived (no smoothing between blocks).
	Partial bool
	// Scale is 1, 2, 4 or 8: the picture is made with sides divided by it, rounded up, straight from the lower frequencies, as
	// the JPEG group's library does for scale_num/scale_denom = 1/Scale (Pillow's draft). 0 is 1.
	Scale int
}

// Decode returns the RGB pixels of a JPEG file, height*width*3 bytes from the top row, and their height and width.
// Grey is repeated; CMYK and YCCK, taken to be inverted as Adobe writes them, become RGB as Pillow's
// convert("RGB") has it. EXIF orientation is not applied.
// Errors: ErrTruncated, ErrTooLarge, ErrUnsupported, or what is wrong with the file and where.
func Decode(data []byte, o Options) (pix []byte, height, width int, err error) {
	d := &decoder{data: data, partial: o.Partial, maxPixels: o.MaxPixels, scale: max(o.Scale, 1)}
	if d.scale > 8 || 8%d.scale != 0 {
		return nil, 0, 0, fmt.Errorf("decode jpeg: scale 1/%d; it must be 1/1, 1/2, 1/4 or 1/8", d.scale)
	}
	if d.maxPixels == 0 {
		d.maxPixels = DefaultMaxPixels
	}
	if err := d.readFile(); err != nil {
		// Without a frame there is nothing to keep.
		if !d.partial || d.comps == nil || errors.Is(err, ErrTooLarge) || errors.Is(err, ErrUnsupported) {
			return nil, 0, 0, err
		}
	}
	if d.progressive {
		d.reconstruct()
	}
	return d.assemble(), d.outHeight(), d.outWidth(), nil
}

// Config returns the height, width and number of components (1 grey, 3 colour, 4 CMYK) that the file's frame header declares.
func Config(data []byte) (height, width, components int, err error) {
	d := &decoder{data: data, headerOnly: true}
	if err := d.readFile(); err != nil {
		return 0, 0, 0, err
	}
	return d.height, d.width, len(d.comps), nil
}

func (d *decoder) outHeight() int { return ceilDiv(d.height, d.scale) }
func (d *decoder) outWidth() int  { return ceilDiv(d.width, d.scale) }

// decoder holds the state of one file. Tables are numbered as in the file.
type decoder struct {
	data       []byte
	at         int // offset of the next byte
	maxPixels  int64
	partial    bool
	headerOnly bool
	scale      int

	height, width   int
	progressive     bool
	comps           []component
	hMax, vMax      int // largest sampling factors
	mcusWide        int // of a scan that interleaves all components
	mcusHigh        int
	quant           [4]*[64]uint16 // zigzag order
	dc, ac          [4]*huffman
	restartInterval int
	sawJFIF         bool
	adobe           int // colour transform of the Adobe segment, -1 without one
	scans           int
	entropy         bitReader
	eobRun          int // blocks of the current band still known to be empty
}

// component is one colour plane.
type component struct {
	id            byte
	h, v          int // sampling factors
	tq            byte
	size          int // samples of a block across and down: 8, or fewer when scaled
	width, height int // samples that the picture needs
	wide, high    int // blocks that the picture needs, as scans of this component alone count them
	stride        int // samples to the next row of plane
	blocksWide    int // blocks in a row of coef, padded to whole MCUs
	blocksHigh    int
	plane         []byte
	coef          []int16 // progressive: coefficients in natural order, 64 a block
	last          []uint8 // progressive: highest zigzag index written in each block
	quant         *[64]uint16
	scanned       bool

	dcTable, acTable *huffman // of the current scan
	pred             int32    // DC predictor
}

func (d *decoder) errorf(at int, format string, args ...any) error {
	return fmt.Errorf("at byte %d: %w", at, fmt.Errorf(format, args...))
}
