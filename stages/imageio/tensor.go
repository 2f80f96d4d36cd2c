package imageio

import (
	"fmt"
	"math"
)

// ToFloat writes src, which has 3 channels, to dst as planes: dst[c*H*W + y*W + x] = (v/255 - mean[c]) / std[c], each
// operation rounded to float32, as torchvision's ToTensor and Normalize do. dst must hold 3*H*W values; std must not be 0.
func ToFloat(src *Pixels, mean, std [3]float32, dst []float32) {
	n := src.H * src.W
	if src.C != 3 || len(dst) != 3*n {
		panic(fmt.Sprintf("imageio: %d x %d x %d pixels to %d floats", src.H, src.W, src.C, len(dst)))
	}
	var table [3][256]float32
	for c := range table {
		for v := range table[c] {
			table[c][v] = (float32(v)/255 - mean[c]) / std[c]
		}
	}
	r, g, b := dst[:n], dst[n:2*n], dst[2*n:]
	pix := src.Pix[:3*n]
	for i := range r {
		r[i] = table[0][pix[3*i]]
		g[i] = table[1][pix[3*i+1]]
		b[i] = table[2][pix[3*i+2]]
	}
}

// FromFloat undoes ToFloat: it returns the h x w image of the three planes of src, each value times std plus mean, times 255,
// clamped to 0..255 and rounded half to even. NaN becomes 0. src must hold 3*h*w values.
func FromFloat(src []float32, h, w int, mean, std [3]float32) *Pixels {
	n := h * w
	if len(src) != 3*n {
		panic(fmt.Sprintf("imageio: %d floats to %d x %d x 3 pixels", len(src), h, w))
	}
	dst := NewPixels(h, w, 3)
	for c := range 3 {
		for i, v := range src[c*n : (c+1)*n] {
			v = (float32(v*std[c]) + mean[c]) * 255
			switch {
			case !(v > 0): // NaN too
				v = 0
			case v > 255:
				v = 255
			}
			dst.Pix[3*i+c] = byte(math.RoundToEven(float64(v)))
		}
	}
	return dst
}
