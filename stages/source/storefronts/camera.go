package storefronts

import (
	"shiftmill/stages/source/draw"
	"shiftmill/stages/source/random"
)

// develop turns the drawn scene, factor times as large, into the photo: lens, light, the look of the
// year's imagery, sensor. Both cameras share what the reference has; old, 0 to 1000, is how much of
// the old one's optics, noise and colours comes on top.
func (s *scene) develop(m *draw.Image, factor int, old int64) *draw.Image {
	if old > 0 {
		m = m.Barrel(26 * old / 1000)
		sigma := 26 * int64(m.W) * old / 10000 // in 1/1000 pixel; 0.26 % of the side at full strength
		m.Blur(sigma * sigma / 1000)
	}
	m = m.Shrink(factor)

	r := s.shot("light")
	gain := r.Between(860, 1110)
	warm := r.Between(-35, 35)
	if s.sunny {
		gain, warm = gain+40, warm+25
	}
	// Earlier imagery was a little paler and cooler.
	flat := s.age * 30 / 1000
	cool := s.age * 11 / 1000
	m.Matrix(saturate(1000-flat, [3]int64{gain + warm - cool, gain, gain - warm + cool}, flat*110))
	if old > 0 {
		m.Matrix(saturate(1000-old*90/1000, [3]int64{1000 + old*30/1000, 1000 + old*8/1000, 1000 - old*45/1000}, old*4))
		contrast(m, old)
		m.Vignette(150 * old / 1000)
	}
	m.Sharpen(180)
	key := r.Next()
	// Grain is that of a picture of 224 pixels a side; a reduction averages it, to a quarter at the least.
	grainy := min(max(int64(m.W)*1000/224, 250), 1000)
	m.Noise((130+old*300/1000)*grainy/1000, (40+old*220/1000)*grainy/1000, func(i uint64) uint64 { return random.Mix(key + i*random.Golden) })
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

// contrast mixes in the old sensor's steeper response: a quarter of the way to x^(4/3).
func contrast(m *draw.Image, old int64) {
	steep := draw.Gamma(4, 3)
	var table [256]uint8
	for i := range table {
		v := int64(i)
		table[i] = uint8((v*(1000-old) + (v*3+int64(steep[i]))/4*old + 500) / 1000)
	}
	m.Curve(&table)
}
