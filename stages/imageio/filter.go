package imageio

import (
	"fmt"
	"math"
)

// Filter is a resampling kernel of Resize, with Pillow's shapes.
type Filter int

// The filters, from the narrowest to the widest.
const (
	Nearest  Filter = iota // the pixel under the centre, never antialiased
	Box                    // equal weights over half a pixel either side
	Bilinear               // a triangle over one pixel either side
	Hamming                // a windowed sinc over one pixel either side
	Bicubic                // Keys' cubic, a = -0.5, over two pixels either side
	Lanczos                // a sinc windowed by a sinc, over three pixels either side
)

var filterNames = [...]string{"nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"}

// String returns the filter's name in lower case.
func (f Filter) String() string {
	if f < 0 || int(f) >= len(filterNames) {
		return fmt.Sprintf("Filter(%d)", int(f))
	}
	return filterNames[f]
}

// ParseFilter returns the filter of that name; its error lists the names there are.
func ParseFilter(name string) (Filter, error) {
	for i, n := range filterNames {
		if n == name {
			return Filter(i), nil
		}
	}
	return 0, fmt.Errorf("no resize filter %q; there are %s", name, filterNames)
}

// support is the radius outside which the filter is zero, in pixels of the coarser grid.
func (f Filter) support() float64 {
	switch f {
	case Box:
		return 0.5
	case Bilinear, Hamming:
		return 1
	case Bicubic:
		return 2
	case Lanczos:
		return 3
	}
	panic("imageio: filter " + f.String() + " has no support")
}

// weight is the filter's value at x. Explicit conversions keep a compiler from fusing products and sums.
func (f Filter) weight(x float64) float64 {
	switch f {
	case Box:
		if x > -0.5 && x <= 0.5 {
			return 1
		}
	case Bilinear:
		if x = math.Abs(x); x < 1 {
			return 1 - x
		}
	case Hamming:
		x = math.Abs(x)
		if x == 0 {
			return 1
		}
		if x < 1 {
			return sinc(x) * (0.54 + float64(0.46*sinPi(x+0.5)))
		}
	case Bicubic:
		const a = -0.5
		x = math.Abs(x)
		if x < 1 {
			return float64((float64((a+2)*x)-(a+3))*x*x) + 1
		}
		if x < 2 {
			return (float64((float64((x-5)*x)+8)*x) - 4) * a
		}
	case Lanczos:
		if -3 <= x && x < 3 {
			return sinc(x) * sinc(x/3)
		}
	}
	return 0
}

// sinc is sin(pi x) / (pi x).
func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return sinPi(x) / (x * math.Pi)
}

// sinPi is sin(pi x) to within two units in the last place for |x| < 2^31, from correctly rounded operations alone:
// math.Sin differs between processors. The reduction is exact; the Taylor terms past the 21st power are under 2^-53.
func sinPi(x float64) float64 {
	n := math.RoundToEven(x)
	r := float64((x - n) * math.Pi)
	z := float64(r * r)
	s := 0.0
	for k := 21; k >= 3; k -= 2 {
		s = float64(z / float64(k*(k-1)) * (1 - s))
	}
	s = r - float64(r*s)
	if int64(n)&1 != 0 {
		return -s
	}
	return s
}
