package corrupt

import "math"

// elastic jitters three points of the picture by up to jitter pixels, warps it
// affinely by their movement, then moves every pixel by smooth noise: uniform,
// blurred by sigma, times scale; all in pixels.
func elastic(x *field, scale, sigma, jitter float64, src Draws) *field {
	back, ok := affine(x.h, x.w, jitter, src)
	if ok {
		x = warp(x, back)
	}
	if scale == 0 {
		return x
	}
	dx := displacement(x.h, x.w, scale, sigma, bulk(0), src)
	dy := displacement(x.h, x.w, scale, sigma, bulk(1), src)
	out := newField(x.h, x.w, x.c)
	for i := 0; i < x.h; i++ {
		for j := 0; j < x.w; j++ {
			k := i*x.w + j
			x.sample((*[3]float32)(out.v[3*k:]), float64(i)+float64(dy[k]), float64(j)+float64(dx[k]), reflect)
		}
	}
	return out
}

// affine returns the map from points of the result to points of the picture:
// x' = m[0]x + m[1]y + m[2], y' = m[3]x + m[4]y + m[5]. ok is false where the
// picture is so small that the moved points lie on a line.
func affine(h, w int, jitter float64, src Draws) (m [6]float64, ok bool) {
	cx, cy, third := float64(w/2), float64(h/2), float64(min(h, w)/3)
	to := [3][2]float64{{cx + third, cy + third}, {cx + third, cy - third}, {cx - third, cy - third}}
	from := to
	for i := range from {
		for k := range from[i] {
			from[i][k] += float64(jitter * (float64(2*float64(src.Uniform(uint32(2*i+k)))) - 1))
		}
	}
	// Cramer's rule on the two edges that meet in the second point.
	ux, uy := from[0][0]-from[1][0], from[0][1]-from[1][1]
	vx, vy := from[2][0]-from[1][0], from[2][1]-from[1][1]
	det := float64(ux*vy) - float64(uy*vx)
	if math.Abs(det) < 1 {
		return m, false
	}
	for k := range 2 {
		du, dv := to[0][k]-to[1][k], to[2][k]-to[1][k]
		a := (float64(du*vy) - float64(dv*uy)) / det
		b := (float64(ux*dv) - float64(vx*du)) / det
		m[3*k], m[3*k+1] = a, b
		m[3*k+2] = to[1][k] - float64(a*from[1][0]) - float64(b*from[1][1])
	}
	return m, true
}

// warp reads every pixel of the result where m puts it, border reflect-101.
func warp(x *field, m [6]float64) *field {
	out := newField(x.h, x.w, x.c)
	for i := 0; i < x.h; i++ {
		cx, cy := float64(m[1]*float64(i)), float64(m[4]*float64(i))
		for j := 0; j < x.w; j++ {
			px := float64(j)
			sx := float64(m[0]*px) + cx + m[2]
			sy := float64(m[3]*px) + cy + m[5]
			x.sample((*[3]float32)(out.v[3*(i*x.w+j):]), sy, sx, reflect101)
		}
	}
	return out
}

// displacement is smooth noise in pixels.
func displacement(h, w int, scale, sigma float64, first uint32, src Draws) []float32 {
	f := newField(h, w, 1)
	src.Uniforms(f.v, first)
	for i, u := range f.v {
		f.v[i] = 2*u - 1 // exact
	}
	f = gaussian(f, sigma, 3, reflect)
	s := float32(scale)
	for i := range f.v {
		f.v[i] *= s
	}
	return f.v
}
