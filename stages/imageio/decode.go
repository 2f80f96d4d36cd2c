package imageio

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"io"

	"golang.org/x/image/bmp"
	"golang.org/x/image/webp"

	"shiftmill/stages/imageio/jpeg"
	"shiftmill/stages/imageio/png"
)

// DefaultMaxPixels is the limit of a decoder whose Limits say nothing: about 9,500 x 9,500 pixels, Pillow's own bound.
const DefaultMaxPixels = jpeg.DefaultMaxPixels

// Errors of Decode and Config that a caller may want to tell apart; the returned error wraps one and says more.
var (
	ErrFormat    = errors.New("not a JPEG, PNG, WebP, GIF or BMP image")
	ErrTooLarge  = errors.New("image is larger than the limit")
	ErrTruncated = errors.New("image data end early")
)

// Limits bound what a decoder allocates, whatever a file declares: at most about 16 bytes a pixel (a progressive JPEG; 6 for others).
// Zero fields take the defaults.
type Limits struct {
	MaxPixels int64 // height times width; DefaultMaxPixels if 0
}

func (l Limits) maxPixels() int64 {
	if l.MaxPixels == 0 {
		return DefaultMaxPixels
	}
	return l.MaxPixels
}

func (l Limits) check(h, w int) error {
	limit := l.maxPixels()
	if h < 1 || w < 1 {
		return fmt.Errorf("image of %d x %d pixels (height x width) is empty", h, w)
	}
	if int64(h) > limit/int64(w) {
		return fmt.Errorf("%w: %d x %d pixels (height x width) declared, at most %d accepted; raise MaxPixels if this is meant", ErrTooLarge, h, w, limit)
	}
	return nil
}

// DecodeOptions are the settings of Decode; the zero value is the usual choice.
type DecodeOptions struct {
	Limits
	// IgnoreOrientation leaves the pixels as they are stored. Otherwise the EXIF orientation of a JPEG, PNG or WebP
	// file is applied, as Pillow's ImageOps.exif_transpose does.
	IgnoreOrientation bool
	// Partial accepts data that end early or are damaged: what was decoded is kept, the rest is the format's empty value
	// (middle grey in a JPEG, black elsewhere). Without it such data are an error, ErrTruncated where they end early.
	Partial bool
	// Scale is 1, 2, 4 or 8 (0 is 1): a JPEG picture is made with its sides divided by Scale, rounded up, at a fraction of the cost, where only a small
	// picture is needed; the result is that of Pillow's draft. Other formats come in full size.
	Scale int
}

// Decode returns the RGB pixels of an image file. The content decides the format: JPEG, PNG, WebP, GIF or BMP;
// of an animation, the first frame.
//
// The pixels are those of Pillow's Image.open(...).convert("RGB"): grey is repeated, a palette looked up, alpha dropped
// without compositing (the colours under transparent pixels show), 16 bits cut to the upper 8, CMYK turned by
// 255 - C scaled with 255 - K. One departure: of 16-bit grey, too, the upper 8 bits are taken, where Pillow makes all values above
// 255 white.
// Errors: ErrFormat, ErrTooLarge, ErrTruncated, or another that says what is wrong.
func Decode(data []byte, o DecodeOptions) (*Pixels, error) {
	if s := o.Scale; s != 0 && s != 1 && s != 2 && s != 4 && s != 8 {
		return nil, fmt.Errorf("decode image: scale 1/%d; it must be 1/1, 1/2, 1/4 or 1/8", s)
	}
	format, h, w, err := Config(data)
	if err != nil {
		return nil, err
	}
	if err := o.check(h, w); err != nil {
		return nil, fmt.Errorf("decode %s: %w", format, err)
	}
	p := &Pixels{H: h, W: w, C: 3}
	switch r := bytes.NewReader(data); format {
	case "jpeg":
		p.Pix, p.H, p.W, err = jpeg.Decode(data, jpeg.Options{MaxPixels: o.maxPixels(), Partial: o.Partial, Scale: o.Scale})
	case "png":
		p.Pix, _, _, err = png.Decode(data, png.Options{MaxPixels: o.maxPixels(), Partial: o.Partial})
	case "webp":
		p, err = decodeWebP(data, h, w)
	case "gif":
		p, err = decodeOther(r, gif.Decode, h, w)
	case "bmp":
		p, err = decodeOther(r, bmp.Decode, h, w)
	}
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", format, wrapShared(err))
	}
	if !o.IgnoreOrientation {
		p = Orient(p, Orientation(data))
	}
	return p, nil
}

// decodeOther uses a decoder of another package; the size is checked already.
func decodeOther(r io.Reader, decode func(io.Reader) (image.Image, error), h, w int) (*Pixels, error) {
	img, err := decode(r)
	if err != nil {
		return nil, err
	}
	return fromImage(img, h, w)
}

// shared is an error of a subpackage that is at the same time one of this package's.
type shared struct {
	error
	as error
}

func (s shared) Unwrap() []error { return []error{s.error, s.as} }

// wrapShared makes errors.Is find this package's sentinel.
func wrapShared(err error) error {
	switch {
	case errors.Is(err, jpeg.ErrTooLarge), errors.Is(err, png.ErrTooLarge):
		return shared{err, ErrTooLarge}
	case errors.Is(err, jpeg.ErrTruncated), errors.Is(err, png.ErrTruncated), errors.Is(err, io.ErrUnexpectedEOF):
		return shared{err, ErrTruncated}
	}
	return err
}

// Config returns the format ("jpeg", "png", "webp", "gif" or "bmp") and the stored size of an image file, before any
// EXIF orientation, from its header alone. Errors: ErrFormat, or what is wrong with the header.
func Config(data []byte) (format string, h, w int, err error) {
	format = sniff(data)
	var c image.Config
	switch r := bytes.NewReader(data); format {
	case "jpeg":
		c.Height, c.Width, _, err = jpeg.Config(data)
	case "png":
		c.Height, c.Width, err = png.Config(data)
	case "webp":
		c, err = webp.DecodeConfig(r)
	case "gif":
		c, err = gif.DecodeConfig(r)
	case "bmp":
		c, err = bmp.DecodeConfig(r)
	default:
		return "", 0, 0, fmt.Errorf("%w: it begins with % x", ErrFormat, data[:min(len(data), 12)])
	}
	if err != nil {
		return "", 0, 0, fmt.Errorf("read %s header: %w", format, wrapShared(err))
	}
	return format, c.Height, c.Width, nil
}

// sniff tells the format by the signature, or returns "".
func sniff(data []byte) string {
	has := func(at int, s string) bool { return len(data) >= at+len(s) && string(data[at:at+len(s)]) == s }
	switch {
	case has(0, "\xff\xd8\xff"):
		return "jpeg"
	case has(0, "\x89PNG\r\n\x1a\n"):
		return "png"
	case has(0, "RIFF") && has(8, "WEBP"):
		return "webp"
	case has(0, "GIF87a"), has(0, "GIF89a"):
		return "gif"
	case has(0, "BM"):
		return "bmp"
	}
	return ""
}
