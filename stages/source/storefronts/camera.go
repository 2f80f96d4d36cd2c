package storefronts

import "shiftmill/stages/source/draw"

// develop turns the drawn scene into the photo: light, the look of the year's imagery, then the
// camera. Both cameras share what the reference has; old, 0 to 1000, is how much of the old one's
// optics, sensor and colours comes on top.
func (s *scene) develop(m *draw.Image, old int64) *draw.Image {
	r := s.shot("light")
	gain := r.between(930, 1090)
	warm := r.between(-35, 35)
	if s.sunny {
		gain, warm = gain+40, warm+25
	}
	// Earlier imagery was a little paler and cooler.
	flat := s.age * 26 / 1000
	cool := s.age * 10 / 1000
	m.Matrix(saturate(1000-flat, [3]int64{gain + warm - cool, gain, gain - warm + cool}, flat*110))
	if old > 0 {
		m = m.Barrel(70 * old / 1000)
		side := int64(m.W)
		// The lens and the smaller sensor: sigma is 0.24 % of the side, and at least 0.45 pixel at full strength.
		sigma := max(24*side/10, 450) * old / 1000
		m.Blur(sigma * sigma / 1000)
		m.Matrix(saturate(1000-old*150/1000, [3]int64{1000 + old*45/1000, 1000 + old*12/1000, 1000 - old*75/1000}, old*6))
		contrast(m, old)
		m.Vignette(260 * old / 1000)
	}
	m.Sharpen(180)
	key := r.next()
	m.Noise(130+old*330/1000, 40+old*260/1000, func(i uint64) uint64 { return mix64(key + i*golden) })
	return m
}

// saturate is the colour matrix that scales the distance from grey by share/1000, then each channel
// by its gain/1000, and lifts the blacks by lift/1000 levels.
func saturate(share int64, gain [3]int64, lift int64) (k [3][4]int64) {
	luma := [3]int64{299, 587, 114}
	for i := range 3 {
		for j := range 3 {
			v := luma[j] * (1000 - share) / 1000
			if i == j {
				v += share
			}
			k[i][j] = v * gain[i] / 1000
		}
		k[i][3] = lift
	}
	return k
}

// contrast mixes in the old sensor's steeper response, x^(3/2) lifted by its square root's shadow detail.
func contrast(m *draw.Image, old int64) {
	steep := draw.Gamma(4, 3)
	var table [256]uint8
	for i := range table {
		v := int64(i)
		table[i] = uint8((v*(1000-old) + (v*3+int64(steep[i])*7)/10*old + 500) / 1000)
	}
	m.Curve(&table)
}
