package imageio

import (
	"bytes"
	"image"

	"golang.org/x/image/webp"
)

// decodeWebP decodes a WebP file. x/image leaves a lossy picture as planes; libwebp's own upsampling and colour conversion follow here, since
// those of the standard library give other colours. Of an animation, which x/image does not read, the first frame is a picture like any other.
func decodeWebP(data []byte, h, w int) (*Pixels, error) {
	if frame, err := firstFrame(data); err != nil {
		return nil, err
	} else if frame != nil {
		return frame.onCanvas(h, w)
	}
	img, err := webp.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return webpPixels(img, h, w)
}

func webpPixels(img image.Image, h, w int) (*Pixels, error) {
	switch img := img.(type) {
	case *image.YCbCr:
		return fromVP8(img), nil
	case *image.NYCbCrA:
		return fromVP8(&img.YCbCr), nil
	}
	return fromImage(img, h, w)
}

// fromVP8 converts a picture of 4:2:0 as libwebp's "fancy upsampling" does: chroma samples are weighed 9, 3, 3, 1 with two roundings,
// rows and columns repeated beyond the edge.
func fromVP8(img *image.YCbCr) *Pixels {
	b := img.Rect
	dst := NewPixels(b.Dy(), b.Dx(), 3)
	rows := (dst.H + 1) / 2
	half := (dst.W + 1) / 2
	chroma := func(plane []byte, y int) []byte {
		return plane[min(max(y, 0), rows-1)*img.CStride:][:half]
	}
	u, v := make([]byte, 2*half), make([]byte, 2*half)
	for y := range dst.H {
		near := y/2 - 1 + 2*(y&1)
		fancyRow(u, chroma(img.Cb, y/2), chroma(img.Cb, near))
		fancyRow(v, chroma(img.Cr, y/2), chroma(img.Cr, near))
		vp8ToRGB(dst.Row(y), img.Y[y*img.YStride:][:dst.W], u, v)
	}
	return dst
}

// fancyRow doubles a row of chroma; this is the nearer of two rows.
func fancyRow(out, this, near []byte) {
	n := len(this)
	out[0] = byte((3*int(this[0]) + int(near[0]) + 2) >> 2)
	for i := 1; i < n; i++ {
		a, b, c, d := int(this[i-1]), int(this[i]), int(near[i-1]), int(near[i])
		sum := a + b + c + d + 8
		out[2*i-1] = byte((((sum + 2*(b+c)) >> 3) + a) >> 1)
		out[2*i] = byte((((sum + 2*(a+d)) >> 3) + b) >> 1)
	}
	out[2*n-1] = byte((3*int(this[n-1]) + int(near[n-1]) + 2) >> 2)
}

// vp8ToRGB is libwebp's conversion of studio-range YUV in 14-bit fixed point, each product cut to 6 bits of fraction.
func vp8ToRGB(dst, y, u, v []byte) {
	clip := func(x int) byte { return byte(min(max(x>>6, 0), 255)) }
	for i := range y {
		l, u, v := int(y[i])*19077>>8, int(u[i]), int(v[i])
		o := dst[3*i:][:3]
		o[0] = clip(l + v*26149>>8 - 14234)
		o[1] = clip(l - u*6419>>8 - v*13320>>8 + 8708)
		o[2] = clip(l + u*33050>>8 - 17685)
	}
}
