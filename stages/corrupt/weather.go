package corrupt

import "shiftmill/stages/imageio"

// snow whitens the picture and lays streaks of snow over it, and the same
// turned by 180 degrees. a is the mean and standard deviation of the layer,
// its zoom, the threshold of a flake, radius and sigma of the motion blur, and
// the share of the picture that is not whitened.
func snow(p *imageio.Pixels, a []float64, src Draws) *imageio.Pixels {
	z := newZoom(p.H, p.W, 1, a[2])
	// Only what the zoom reads need be drawn.
	layer := enlarge(normalLayer(p.H, p.W, z.rows[0], min(z.rows[p.H-1]+2, p.H), a[0], a[1], src), z)
	threshold := float32(a[3] * 255)
	for i, v := range layer.v {
		if v < threshold {
			layer.v[i] = 0
		}
	}
	flakes := motion(fromPixels(layer.pixels()), a[4], a[5], degrees(src, -135, -45)).Pix
	out := imageio.NewPixels(p.H, p.W, 3)
	share, rest, n := float32(a[6]), float32(1-a[6]), len(flakes)
	for i, flake := range flakes {
		v, to := p.Pix[3*i:3*i+3:3*i+3], out.Pix[3*i:3*i+3:3*i+3]
		x, y, z := float32(v[0]), float32(v[1]), float32(v[2])
		white := float32(0.4485*x) + float32(0.8805*y) + float32(0.171*z) + 127.5 // luminance times 1.5, and a half
		both := float32(int(flake)+int(flakes[n-1-i])) + whole
		to[0] = byte(int32(min(float32(share*x)+float32(rest*max(x, white))+both, 255)))
		to[1] = byte(int32(min(float32(share*y)+float32(rest*max(y, white))+both, 255)))
		to[2] = byte(int32(min(float32(share*z)+float32(rest*max(z, white))+both, 255)))
	}
	return out
}

// normalLayer draws rows from up to to of one channel of normal numbers, mean
// and standard deviation in units of 255; the others are 0.
func normalLayer(h, w, from, to int, mean, std float64, src Draws) *field {
	f := newField(h, w, 1)
	lo := from * w &^ 3 // draws come in fours
	z := make([]float32, to*w-lo)
	src.Normals(z, bulk(0)+uint32(lo/4))
	m, s := float32(mean*255), float32(std*255)
	for i, v := range z[from*w-lo:] {
		f.v[from*w+i] = m + float32(s*v)
	}
	return f
}

// fog adds a fractal of the given strength and scales the sum back.
func fog(p *imageio.Pixels, strength, decay float64, src Draws) *imageio.Pixels {
	side := 1
	for side < max(p.H, p.W) {
		side *= 2
	}
	heights := fractal(side, decay, src)
	most := byte(0)
	for _, v := range p.Pix {
		most = max(most, v)
	}
	scale := float32(float64(most) / (float64(most) + float64(255*strength)))
	thick := float32(255 * strength)
	out := imageio.NewPixels(p.H, p.W, 3)
	for y := range p.H {
		in, to := p.Row(y), out.Row(y)
		for x, m := range heights[y*side:][:p.W] {
			add := float32(thick * float32(m))
			v, w := in[3*x:3*x+3:3*x+3], to[3*x:3*x+3:3*x+3]
			w[0] = byte(int32(float32((float32(v[0])+add)*scale) + whole))
			w[1] = byte(int32(float32((float32(v[1])+add)*scale) + whole))
			w[2] = byte(int32(float32((float32(v[2])+add)*scale) + whole))
		}
	}
	return out
}

// fractal is a height map in 0..1 by the diamond-square method on a torus; side
// is a power of two. The noise of a step is scaled by its wibble twice, as the
// original has it and the decays were chosen for.
func fractal(side int, decay float64, src Draws) []float64 {
	f := make([]float64, side*side)
	u := make([]float32, side*side)
	src.Uniforms(u, bulk(0))
	next, wibble := 0, 100.0
	mask := side - 1
	// fill sets the points (y0 + i*step, x0 + j*step) from the four corners
	// around them, or from those above, below and to either side.
	fill := func(y0, x0, step int, cross bool) {
		low, span := -float64(wibble*wibble), 2*float64(wibble*wibble)
		for y := y0; y < side; y += step {
			above, below := f[(y-step/2)&mask*side:][:side], f[(y+step/2)&mask*side:][:side]
			row := f[y*side:][:side]
			h := step / 2
			for x := x0; x < side; x += step {
				var sum float64
				if !cross { // corners
					l, r := (x-h)&mask, (x+h)&mask
					sum = above[l] + above[r] + below[l] + below[r]
				} else {
					sum = above[x] + below[x] + row[(x-h)&mask] + row[(x+h)&mask]
				}
				row[x] = float64(sum*0.25) + float64(low+float64(span*float64(u[next])))
				next++
			}
		}
	}
	for step := side; step >= 2; step /= 2 {
		h := step / 2
		fill(h, h, step, false)
		fill(0, h, step, true)
		fill(h, 0, step, true)
		wibble /= decay
	}
	stretch(f)
	return f
}

// stretch brings values to 0..1; equal values become 0.
func stretch(v []float64) {
	lo, hi := v[0], v[0]
	for _, x := range v {
		lo, hi = min(lo, x), max(hi, x)
	}
	scale := 0.0
	if hi > lo {
		scale = 1 / (hi - lo)
	}
	for i := range v {
		v[i] = float64((v[i] - lo) * scale)
	}
}
