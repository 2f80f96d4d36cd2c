package corrupt

import (
	"math"

	"shiftmill/kernels"
)

// defocus blurs with a disk of the given radius whose edge is smoothed by a
// Gaussian. The original's kernel is not brought back to a sum of 1 after
// smoothing, which reflects the disk where it touches the kernel's edge and so
// brightens pictures by 1 % at radii of 8 and 10.
func defocus(x *field, radius, smooth float64, reference bool) *field {
	kernel, side := disk(radius, smooth)
	if !reference {
		sum := 0.0
		for _, v := range kernel {
			sum += v
		}
		for i := range kernel {
			kernel[i] /= sum
		}
	}
	return correlate(x, kernel, side)
}

// disk returns a square kernel of odd side, at least 17.
func disk(radius, smooth float64) (kernel []float64, side int) {
	r, taps := 8, 1
	if radius > 8 {
		r, taps = int(radius), 2
	}
	side = 2*r + 1
	f := newField(side, side, 1)
	lit := 0.0
	for y := -r; y <= r; y++ {
		for x := -r; x <= r; x++ {
			if float64(x*x+y*y) <= radius*radius {
				f.v[(y+r)*side+x+r] = 1
				lit++
			}
		}
	}
	for i := range f.v {
		f.v[i] /= lit
	}
	w := bell(smooth, taps)
	return blurColumns(blurRows(f, w, reflect101), w, reflect101).v, side
}

// glass blurs, exchanges pixels with neighbours at most shift away, pass after
// pass, and blurs again. The original's exchange is a copy: a pixel takes its
// neighbour's colour and the neighbour keeps it.
func glass(x *field, sigma float64, shift, passes int, reference bool, src Draws) *field {
	x = gaussian(x, sigma, 4, nearest).truncated()
	u := make([]float32, 2*x.h*x.w)
	for pass := range passes {
		src.Uniforms(u, bulk(pass))
		for y := x.h - shift; y > shift; y-- {
			for xx := x.w - shift; xx > shift; xx-- {
				i := y*x.w + xx
				dx := int(float64(u[2*i])*float64(2*shift)) - shift
				dy := int(float64(u[2*i+1])*float64(2*shift)) - shift
				here, there := x.v[3*i:][:3], x.v[3*(i+dy*x.w+dx):][:3]
				for k := range here {
					here[k], there[k] = there[k], here[k]
				}
				if reference {
					copy(there, here)
				}
			}
		}
	}
	return gaussian(x, sigma, 4, nearest)
}

// motion blurs along a direction, one-sided, with Gaussian weights: sample i
// lies i pixels away. It follows ImageMagick's motion blur.
func motion(x *field, radius, sigma, angle float64) *field {
	width := 2*int(radius) + 1
	weights := bell(sigma, width-1)[width-1:] // one side
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	rad := angle * (math.Pi / 180)
	sin, cos := kernels.Sin64(rad), kernels.Cos64(rad)
	out := newField(x.h, x.w, x.c)
	wide := make([]float64, (x.w+2*width)*x.c)
	for i, w := range weights {
		dy := int(math.Ceil(float64(float64(i)*sin) - 0.5))
		dx := int(math.Ceil(float64(float64(i)*cos) - 0.5))
		for y := range x.h {
			widen(wide, x.row(nearest.at(y+dy, x.h)), width, x.w, x.c, nearest)
			axpy(out.row(y), w/sum, wide[(width+dx)*x.c:])
		}
	}
	return out
}

// zoomBlur averages the picture and its enlargements by count factors, from 1
// on in steps.
func zoomBlur(x *field, step float64, count int) *field {
	sum := newField(x.h, x.w, x.c)
	copy(sum.v, x.v)
	delta := (1 + step) - 1 // as numpy's arange spaces them, which decides where a crop's side is a whole number
	for i := range count {
		axpy(sum.v, 1, zoom(x, 1+float64(float64(i)*delta)).v)
	}
	for i := range sum.v {
		sum.v[i] /= float64(count + 1)
	}
	return sum
}

// zoom enlarges the middle of x by a factor of at least 1, linearly and corner
// to corner, and cuts the surplus off evenly.
func zoom(x *field, factor float64) *field {
	ys, yt := zoomAxis(x.h, factor)
	xs, xt := zoomAxis(x.w, factor)
	out := newField(x.h, x.w, x.c)
	across := newField(x.h, x.w, x.c)
	for y := ys[0]; y <= min(ys[x.h-1]+1, x.h-1); y++ {
		src, dst := x.row(y), across.row(y)
		for j, at := range xs {
			next := min(at+1, x.w-1)
			for k := range x.c {
				dst[j*x.c+k] = float64(src[at*x.c+k]*(1-xt[j])) + float64(src[next*x.c+k]*xt[j])
			}
		}
	}
	for y, at := range ys {
		a, b, dst := across.row(at), across.row(min(at+1, x.h-1)), out.row(y)
		for i := range dst {
			dst[i] = float64(a[i]*(1-yt[y])) + float64(b[i]*yt[y])
		}
	}
	return out
}

// zoomAxis gives for each of n outputs the input to its left and how far it
// lies towards the next.
func zoomAxis(n int, factor float64) (at []int, toward []float64) {
	crop := int(math.Ceil(float64(n) / factor))
	first := (n - crop) / 2
	large := int(math.RoundToEven(float64(crop) * factor))
	trim := (large - n) / 2
	at, toward = make([]int, n), make([]float64, n)
	for i := range n {
		pos := 0.0
		if large > 1 {
			pos = float64(i+trim) * float64(crop-1) / float64(large-1)
		}
		left := math.Floor(pos)
		at[i], toward[i] = first+int(left), pos-left
	}
	return at, toward
}
