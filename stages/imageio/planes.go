package imageio

import "math"

// ToPlanes stores a picture's levels, divided by a number, in dst [3, h, w]. A grey picture gives three equal planes.
func ToPlanes(dst []float32, p *Pixels, by float32) {
	area := p.H * p.W
	for i := range area {
		for c := range 3 {
			dst[c*area+i] = float32(p.Pix[i*p.C+c%p.C]) / by
		}
	}
}

// FromPlanes makes a picture of planes [3, h, w]: values times a number, rounded half up, as torchvision's save_image rounds,
// and clamped to 0..255; NaN becomes 0.
func FromPlanes(planes []float32, h, w int, by float32) *Pixels {
	p := NewPixels(h, w, 3)
	area := h * w
	for c := range 3 {
		for i, v := range planes[c*area : (c+1)*area] {
			switch level := float32(v*by) + 0.5; {
			case !(level >= 1):
			case level >= 255:
				p.Pix[i*3+c] = 255
			default:
				p.Pix[i*3+c] = byte(math.Floor(float64(level)))
			}
		}
	}
	return p
}
