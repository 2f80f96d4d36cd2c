package imageio

// A Tone maps the levels of each channel.
type Tone [3][256]byte

// Apply replaces every value of p, which has 3 channels.
func (t *Tone) Apply(p *Pixels) {
	pix := p.Pix
	for i := 0; i+2 < len(pix); i += 3 {
		v := pix[i : i+3 : i+3]
		v[0], v[1], v[2] = t[0][v[0]], t[1][v[1]], t[2][v[2]]
	}
}

// same makes a tone of one map for all channels.
func same(f func(v int) byte) *Tone {
	t := new(Tone)
	for v := range 256 {
		t[0][v] = f(v)
	}
	t[1], t[2] = t[0], t[0]
	return t
}

// Posterize keeps the upper bits (1 to 8) of every value, as Pillow's ImageOps.posterize.
func Posterize(bits int) *Tone {
	return same(func(v int) byte { return byte(v &^ (1<<(8-bits) - 1)) })
}

// Solarize inverts values from threshold on, as Pillow's ImageOps.solarize.
func Solarize(threshold int) *Tone {
	return same(func(v int) byte {
		if v < threshold {
			return byte(v)
		}
		return byte(255 - v)
	})
}

// AutoContrast spreads each channel of p, its lowest value to 0 and its highest to 255, as Pillow's ImageOps.autocontrast without
// a cutoff: the rest is cut off, not rounded.
func AutoContrast(p *Pixels) *Tone {
	t := new(Tone)
	for c, count := range histogram(p) {
		lo, hi := 0, 255
		for lo < 255 && count[lo] == 0 {
			lo++
		}
		for hi > 0 && count[hi] == 0 {
			hi--
		}
		if hi <= lo {
			t[c] = identity
			continue
		}
		scale := 255 / float64(hi-lo)
		offset := float64(-lo) * scale
		for v := range 256 {
			t[c][v] = byte(min(max(int(float64(float64(v)*scale)+offset), 0), 255))
		}
	}
	return t
}

// Equalize makes the values of each channel of p as equally frequent as a map of levels can, as Pillow's ImageOps.equalize.
func Equalize(p *Pixels) *Tone {
	t := new(Tone)
	for c, count := range histogram(p) {
		total, used, last := 0, 0, 0
		for _, n := range count {
			if n > 0 {
				total += n
				used++
				last = n
			}
		}
		step := (total - last) / 255
		if used <= 1 || step == 0 {
			t[c] = identity
			continue
		}
		n := step / 2
		for v := range 256 {
			t[c][v] = byte(min(n/step, 255))
			n += count[v]
		}
	}
	return t
}

var identity = same(func(v int) byte { return byte(v) })[0]

// histogram counts the values of each of p's 3 channels.
func histogram(p *Pixels) (count [3][256]int) {
	// Two tables in turn: neighbours are often equal, and a counter just written is slow to read.
	var even, odd [3][256]uint32
	pix := p.Pix
	i := 0
	for ; i+5 < len(pix); i += 6 {
		v := pix[i : i+6 : i+6]
		even[0][v[0]]++
		even[1][v[1]]++
		even[2][v[2]]++
		odd[0][v[3]]++
		odd[1][v[4]]++
		odd[2][v[5]]++
	}
	for ; i < len(pix); i++ {
		even[i%3][pix[i]]++
	}
	for c := range count {
		for v := range count[c] {
			count[c][v] = int(even[c][v]) + int(odd[c][v])
		}
	}
	return count
}
