package draw

// Blur softens the image by a Gaussian of the given variance, in 1/1000 pixel squared; edge pixels
// are repeated. Large variances are taken off by three running means of 2r+1 pixels, whose variance is
// r(r+1) together, the rest by the kernel (a, 1-2a, a), whose variance is 2a; each along rows and columns.
func (m *Image) Blur(variance int64) {
	for variance >= 2000 {
		r := (Sqrt(4*variance/1000+1) - 1) / 2
		for range 3 {
			m.lines(func(line, to []uint8) { mean(line, to, int(r)) })
		}
		variance -= 1000 * r * (r + 1)
	}
	if variance <= 0 {
		return
	}
	passes := (variance + 499) / 500
	side := int32(variance * 65536 / (2000 * passes)) // a in 1/65536, at most a quarter
	for range passes {
		m.lines(func(line, to []uint8) { soften(line, to, side) })
	}
}

// lines replaces every row, then every column, by what filter makes of it.
func (m *Image) lines(filter func(line, to []uint8)) {
	from, to := make([]uint8, 3*max(m.W, m.H)), make([]uint8, 3*max(m.W, m.H))
	for y := range m.H {
		row := m.Pix[3*y*m.W : 3*(y+1)*m.W]
		copy(from, row)
		filter(from[:3*m.W], row)
	}
	for x := range m.W {
		for y := range m.H {
			copy(from[3*y:3*y+3], m.Pix[3*(y*m.W+x):])
		}
		filter(from[:3*m.H], to[:3*m.H])
		for y := range m.H {
			copy(m.Pix[3*(y*m.W+x):3*(y*m.W+x)+3], to[3*y:])
		}
	}
}

// soften applies the kernel (side, 1-2 side, side) to a line of pixels.
func soften(line, to []uint8, side int32) {
	mid := 65536 - 2*side
	last := len(line) - 3
	for i := range line {
		before, after := i-3, i+3
		if before < 0 {
			before = i
		}
		if i >= last {
			after = i
		}
		to[i] = uint8((mid*int32(line[i]) + side*(int32(line[before])+int32(line[after])) + 32768) >> 16)
	}
}

// mean replaces every pixel of a line by the mean of the 2r+1 around it.
func mean(line, to []uint8, r int) {
	n, width := len(line)/3, int32(2*r+1)
	for k := range 3 {
		at := func(i int) int32 { return int32(line[3*min(max(i, 0), n-1)+k]) }
		sum := int32(0)
		for i := -r; i <= r; i++ {
			sum += at(i)
		}
		for i := range n {
			to[3*i+k] = uint8((sum + width/2) / width)
			sum += at(i+r+1) - at(i-r)
		}
	}
}

// Sharpen adds amount/1000 of what a blur of half a pixel squared would take away.
func (m *Image) Sharpen(amount int64) {
	if amount <= 0 {
		return
	}
	soft := &Image{W: m.W, H: m.H, Pix: append([]uint8(nil), m.Pix...)}
	soft.Blur(500)
	for i, s := range soft.Pix {
		v := int64(m.Pix[i])
		m.Pix[i] = clamp8(int32(v + (v-int64(s))*amount/1000))
	}
}

// Noise adds zero-mean grain with a standard deviation of about luma/100 levels common to a
// pixel's channels and chroma/100 levels in each alone. random(i) gives 64 random bits for pixel i.
func (m *Image) Noise(luma, chroma int64, random func(i uint64) uint64) {
	for i := 0; i < m.W*m.H; i++ {
		bits := random(uint64(i))
		// The sum of two bytes less its mean has a standard deviation of 104.5.
		draw := func(shift uint) int64 { return int64(bits>>shift&255) + int64(bits>>(shift+8)&255) - 255 }
		shared := luma * draw(0)
		for k := range 3 {
			v := (shared + chroma*draw(uint(16+16*k)))
			m.Pix[3*i+k] = clamp8(int32(m.Pix[3*i+k]) + int32(floorDiv(v+5225, 10450)))
		}
	}
}

// Matrix applies a colour matrix: output channel i is the sum over j of M[i][j] times input
// channel j, in 1/1000, plus M[i][3] in 1/1000 level; rounded and clamped.
func (m *Image) Matrix(k [3][4]int64) {
	for i := 0; i < len(m.Pix); i += 3 {
		r, g, b := int64(m.Pix[i]), int64(m.Pix[i+1]), int64(m.Pix[i+2])
		for c := range 3 {
			m.Pix[i+c] = clamp8(int32(floorDiv(k[c][0]*r+k[c][1]*g+k[c][2]*b+k[c][3]+500, 1000)))
		}
	}
}

// Curve replaces every value of every channel by its entry in the table.
func (m *Image) Curve(table *[256]uint8) {
	for i, v := range m.Pix {
		m.Pix[i] = table[v]
	}
}

// Gamma returns the table of x^(num/den) on 0..1, rounded down to 8 bits, by exact comparison
// of integer powers. num and den are 1 to 4.
func Gamma(num, den int) (table [256]uint8) {
	power := func(v uint64, n int) uint64 {
		p := uint64(1)
		for range n {
			p *= v
		}
		return p
	}
	y := uint64(0)
	for x := range table {
		// y/255 <= (x/255)^(num/den), that is y^den 255^num <= x^num 255^den.
		up, down := power(255, max(0, num-den)), power(255, max(0, den-num))
		for y < 255 && power(y+1, den)*up <= power(uint64(x), num)*down {
			y++
		}
		table[x] = uint8(y)
	}
	return table
}

// Vignette darkens towards the corners, where a pixel keeps 1 - amount/1000 of its value; the
// loss grows with the square of the distance from the centre.
func (m *Image) Vignette(amount int64) {
	if amount <= 0 {
		return
	}
	w, h := int64(m.W), int64(m.H)
	full := w*w + h*h
	for y := range h {
		for x := range w {
			dx, dy := 2*x+1-w, 2*y+1-h
			keep := 65536 - (dx*dx+dy*dy)*amount*65536/(1000*full)
			p := m.Pix[3*(y*w+x) : 3*(y*w+x)+3]
			for k := range p {
				p[k] = uint8((int64(p[k])*keep + 32768) >> 16)
			}
		}
	}
}

// Barrel returns the image as a lens with barrel distortion shows it: a corner's content moves
// inwards by about amount/1000 of its distance from the centre, less further in, and what came from
// outside the image repeats its edge. Sampling is bilinear in 1/256 pixel.
func (m *Image) Barrel(amount int64) *Image {
	if amount <= 0 {
		return m
	}
	out := NewImage(m.W, m.H)
	w, h := int64(m.W), int64(m.H)
	full := w*w + h*h
	for y := range h {
		for x := range w {
			dx, dy := 2*x+1-w, 2*y+1-h
			grow := 65536 + (dx*dx+dy*dy)*amount*65536/(1000*full)
			sx, sy := (dx*grow/512+w*128)-128, (dy*grow/512+h*128)-128 // 1/256 pixel, from the first pixel's middle
			m.sample(out.Pix[3*(y*w+x):3*(y*w+x)+3], sx, sy)
		}
	}
	return out
}

func (m *Image) sample(dst []uint8, x, y int64) {
	x, y = min(max(x, 0), int64(m.W-1)<<8), min(max(y, 0), int64(m.H-1)<<8)
	x0, y0 := x>>8, y>>8
	x1, y1 := min(x0+1, int64(m.W-1)), min(y0+1, int64(m.H-1))
	fx, fy := x&255, y&255
	a, b := m.Pix[3*(y0*int64(m.W)+x0):], m.Pix[3*(y0*int64(m.W)+x1):]
	c, d := m.Pix[3*(y1*int64(m.W)+x0):], m.Pix[3*(y1*int64(m.W)+x1):]
	for k := range dst {
		top := int64(a[k])*(256-fx) + int64(b[k])*fx
		low := int64(c[k])*(256-fx) + int64(d[k])*fx
		dst[k] = uint8((top*(256-fy) + low*fy + 32768) >> 16)
	}
}
