package imageio

import "fmt"

// Pixels is an 8-bit image: H*W*C bytes, row-major from the top, channels interleaved. C is 3 (red, green, blue)
// unless a function says otherwise. The zero value is an empty image.
type Pixels struct {
	H, W, C int
	Pix     []byte
}

// NewPixels returns a black image of h rows and w columns with c channels; h, w and c must not be negative.
func NewPixels(h, w, c int) *Pixels {
	if h < 0 || w < 0 || c < 0 {
		panic(fmt.Sprintf("imageio: image of %d x %d x %d", h, w, c))
	}
	return &Pixels{H: h, W: w, C: c, Pix: make([]byte, h*w*c)}
}

// Row returns the W*C bytes of row y, which share memory with p.
func (p *Pixels) Row(y int) []byte {
	n := p.W * p.C
	return p.Pix[y*n : (y+1)*n : (y+1)*n]
}

// Clone returns a copy of p that shares no memory with it.
func (p *Pixels) Clone() *Pixels {
	return &Pixels{H: p.H, W: p.W, C: p.C, Pix: append([]byte(nil), p.Pix...)}
}

// Check says whether p's fields fit each other; functions of this package expect that they do.
func (p *Pixels) Check() error {
	switch {
	case p.H < 0 || p.W < 0 || p.C < 1:
		return fmt.Errorf("image of %d x %d with %d channels", p.H, p.W, p.C)
	case len(p.Pix) != p.H*p.W*p.C:
		return fmt.Errorf("image of %d x %d with %d channels holds %d bytes, not %d", p.H, p.W, p.C, len(p.Pix), p.H*p.W*p.C)
	}
	return nil
}
