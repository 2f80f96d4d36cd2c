package draw

import "image"

// Image is an 8-bit RGB picture: Pix holds H rows of W pixels of 3 bytes, without padding.
type Image struct {
	W, H int
	Pix  []uint8
}

// NewImage returns a black image of w by h pixels.
func NewImage(w, h int) *Image {
	return &Image{W: w, H: h, Pix: make([]uint8, 3*w*h)}
}

// RGBA copies the image into the standard library's form, for encoders.
func (m *Image) RGBA() *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, m.W, m.H))
	for i := 0; i < m.W*m.H; i++ {
		copy(out.Pix[4*i:4*i+3], m.Pix[3*i:3*i+3])
		out.Pix[4*i+3] = 255
	}
	return out
}

// Paste copies src with its upper left corner at (x, y); what lies outside is cut.
func (m *Image) Paste(src *Image, x, y int) {
	for sy := max(0, -y); sy < src.H && y+sy < m.H; sy++ {
		x0, x1 := max(0, -x), min(src.W, m.W-x)
		if x0 < x1 {
			copy(m.Pix[3*((y+sy)*m.W+x+x0):], src.Pix[3*(sy*src.W+x0):3*(sy*src.W+x1)])
		}
	}
}

// Shrink returns the image reduced by a whole factor, each pixel the rounded mean of
// factor by factor pixels. Width and height must be multiples of the factor.
func (m *Image) Shrink(factor int) *Image {
	if factor == 1 {
		return m
	}
	out := NewImage(m.W/factor, m.H/factor)
	area := int32(factor * factor)
	sums := make([]int32, 3*out.W)
	for y := 0; y < out.H; y++ {
		clear(sums)
		for sy := y * factor; sy < (y+1)*factor; sy++ {
			row := m.Pix[3*sy*m.W : 3*(sy+1)*m.W]
			for x := 0; x < out.W; x++ {
				var r, g, b int32
				for i := 3 * x * factor; i < 3*(x+1)*factor; i += 3 {
					r += int32(row[i])
					g += int32(row[i+1])
					b += int32(row[i+2])
				}
				sums[3*x] += r
				sums[3*x+1] += g
				sums[3*x+2] += b
			}
		}
		for i, s := range sums {
			out.Pix[3*y*out.W+i] = uint8((s + area/2) / area)
		}
	}
	return out
}

func clamp8(v int32) uint8 {
	if v < 0 {
		return 0
	}
	if v > 255 {
		return 255
	}
	return uint8(v)
}
