package corrupt

// snow whitens the picture and lays streaks of snow over it, and the same
// turned by 180 degrees. a is the mean and standard deviation of the layer,
// its zoom, the threshold of a flake, radius and sigma of the motion blur, and
// the share of the picture that is not whitened.
func snow(x *field, a []float64, src Draws) *field {
	layer := zoom(normalLayer(x.h, x.w, a[0], a[1], src), a[2])
	for i, v := range layer.v {
		if v < a[3] {
			layer.v[i] = 0
		}
	}
	layer = motion(layer.truncated(), a[4], a[5], degrees(src, -135, -45)).rounded()
	share, n := a[6], len(layer.v)
	for i := range n {
		p := x.v[3*i:][:3]
		white := float64(grey(p)*1.5) + 0.5
		flake := layer.v[i] + layer.v[n-1-i]
		for k, v := range p {
			p[k] = float64(share*v) + float64((1-share)*max(v, white)) + flake
		}
	}
	return x
}

// normalLayer draws one channel of normal numbers.
func normalLayer(h, w int, mean, std float64, src Draws) *field {
	f := newField(h, w, 1)
	z := make([]float32, h*w)
	src.Normals(z, bulk(0))
	for i := range f.v {
		f.v[i] = mean + float64(std*float64(z[i]))
	}
	return f
}

// grey is the luminance of one pixel.
func grey(p []float64) float64 {
	return float64(0.299*p[0]) + float64(0.587*p[1]) + float64(0.114*p[2])
}

// fog adds a fractal of the given strength and scales the sum back.
func fog(x *field, strength, decay float64, src Draws) *field {
	side := 1
	for side < max(x.h, x.w) {
		side *= 2
	}
	heights := fractal(side, decay, src)
	most := 0.0
	for _, v := range x.v {
		most = max(most, v)
	}
	scale := most / (most + strength)
	for y := range x.h {
		row := x.row(y)
		for i := range row {
			row[i] = (row[i] + float64(strength*heights.v[y*side+i/3])) * scale
		}
	}
	return x
}

// fractal is a height map in 0..1 by the diamond-square method on a torus; side
// is a power of two. The noise of a step is scaled by its wibble twice, as the
// original has it and the decays were chosen for.
func fractal(side int, decay float64, src Draws) *field {
	f := newField(side, side, 1)
	u := make([]float32, side*side)
	src.Uniforms(u, bulk(0))
	next, wibble := 0, 100.0
	at := func(y, x int) float64 { return f.v[(y&(side-1))*side+x&(side-1)] }
	// fill sets the points (y0 + i*step, x0 + j*step) from the four points at
	// the given offsets.
	fill := func(y0, x0, step int, around [4][2]int) {
		for y := y0; y < side; y += step {
			for x := x0; x < side; x += step {
				sum := 0.0
				for _, o := range around {
					sum += at(y+o[0], x+o[1])
				}
				f.v[y*side+x] = sum/4 + float64(wibble*(float64(2*wibble*float64(u[next]))-wibble))
				next++
			}
		}
	}
	for step := side; step >= 2; step /= 2 {
		h := step / 2
		fill(h, h, step, [4][2]int{{-h, -h}, {-h, h}, {h, -h}, {h, h}})
		cross := [4][2]int{{-h, 0}, {h, 0}, {0, -h}, {0, h}}
		fill(0, h, step, cross)
		fill(h, 0, step, cross)
		wibble /= decay
	}
	stretch(f.v)
	return f
}

// stretch brings values to 0..1; equal values become 0.
func stretch(v []float64) {
	lo, hi := v[0], v[0]
	for _, x := range v {
		lo, hi = min(lo, x), max(hi, x)
	}
	for i := range v {
		v[i] -= lo
		if hi > lo {
			v[i] /= hi - lo
		}
	}
}

// brightness adds c to the V of HSV.
func brightness(x *field, c float64) *field {
	for i := 0; i < len(x.v); i += 3 {
		p := x.v[i:][:3]
		h, s, v := toHSV(p)
		fromHSV(p, h, s, clip(v+c))
	}
	return x
}
