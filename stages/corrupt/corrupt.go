package corrupt

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"shiftmill/stages/imageio"
)

// Draws are the random numbers of one picture: what kernels.Source offers, by
// element, so that equal elements give equal numbers.
type Draws interface {
	Uniform(element uint32) float32
	Uniforms(dst []float32, first uint32)
	Normals(dst []float32, first uint32)
	IntN(element uint32, n int) int
}

// bulk is the first element of the k-th of a corruption's arrays of draws, k
// from 0; the elements below bulk(0) are for single draws. The room between
// two holds one draw for every value of the largest picture.
func bulk(k int) uint32 { return uint32(k+1) << 26 }

// maxPixels keeps three values a pixel within the room of bulk.
const maxPixels = 1 << 24

// A Corruption is one corruption at one severity. It is safe for concurrent use.
type Corruption struct {
	name      string
	severity  int
	family    int // 0 follows the size of each picture
	reference bool
	tables    [4]func() *lottery // of the noises, for each family
}

// New returns a corruption: one of [Names], severity 1 to 5, a family (224,
// 64, 32, 299, or 0 for the one that suits each picture, see [Family]), and
// whether the accidents of the original code are wanted (see the package's
// doc). Errors say which argument is wrong.
func New(name string, severity, family int, reference bool) (*Corruption, error) {
	if !slices.Contains(names, name) {
		return nil, fmt.Errorf("no corruption %q; there are %s", name, strings.Join(names, ", "))
	}
	if severity < 1 || severity > 5 {
		return nil, fmt.Errorf("severity must be 1 to 5, got %d", severity)
	}
	if family != 0 && !slices.Contains(families, family) {
		return nil, fmt.Errorf("no family %d; there are 224, 64, 32, 299, and 0 for the one that suits the picture", family)
	}
	c := &Corruption{name: name, severity: severity, family: family, reference: reference}
	for i, f := range families {
		c.tables[i] = sync.OnceValue(func() *lottery {
			a := parametersOf(name, severity, f)[0]
			switch name {
			case "gaussian_noise":
				return gaussianNoise(a)
			case "speckle_noise":
				return speckleNoise(a)
			}
			return shotNoise(a)
		})
	}
	return c, nil
}

// Apply corrupts one picture; see [New] for the arguments and the errors and
// [Corruption.Apply] for p. Who corrupts many makes a Corruption once.
func Apply(name string, severity int, p *imageio.Pixels, family int, src Draws) (*imageio.Pixels, error) {
	c, err := New(name, severity, family, false)
	if err != nil {
		return nil, err
	}
	return c.Apply(p, src)
}

// Apply returns p corrupted, of p's size; p is left as it is. p has 3
// channels, sides of at least 1 and at most 2^24 pixels; other sizes are an
// error.
func (c *Corruption) Apply(p *imageio.Pixels, src Draws) (*imageio.Pixels, error) {
	o, err := NewOriginal(p)
	if err != nil {
		return nil, err
	}
	return c.Of(o, src), nil
}

// An Original is a picture that is corrupted several times; what the
// corruptions need of it is made once. It belongs to one goroutine.
type Original struct {
	p *imageio.Pixels
	x *field
}

// NewOriginal wraps a picture, which must not change any more. It fails as
// [Corruption.Apply] does.
func NewOriginal(p *imageio.Pixels) (*Original, error) {
	if p.H < 1 || p.W < 1 || p.C != 3 || p.H > maxPixels/p.W || max(p.H, p.W) > 65500 {
		return nil, fmt.Errorf("a picture of %d x %d pixels with %d channels; corruptions take 3 channels, sides of 1 to 65500 and at most %d pixels: resize it first", p.H, p.W, p.C, maxPixels)
	}
	return &Original{p: p}, nil
}

// field is the picture in float32; nobody changes it.
func (o *Original) field() *field {
	if o.x == nil {
		o.x = fromPixels(o.p)
	}
	return o.x
}

// Of returns the picture corrupted; see [Corruption.Apply].
func (c *Corruption) Of(o *Original, src Draws) *imageio.Pixels {
	p := o.p
	family := c.family
	if family == 0 {
		family = Family(p.H, p.W)
	}
	a := parametersOf(c.name, c.severity, family)
	switch c.name {
	case "gaussian_noise", "shot_noise", "speckle_noise":
		return c.tables[slices.Index(families, family)]().draw(p, src)
	case "impulse_noise":
		return impulseNoise(p, a[0], src)
	case "gaussian_blur":
		return gaussian(o.field(), a[0], 4, nearest).pixels()
	case "defocus_blur":
		return defocus(o.field(), a[0], a[1], c.reference).pixels()
	case "glass_blur":
		return glass(o.field(), a[0], int(a[1]), int(a[2]), c.reference, src).pixels()
	case "motion_blur":
		return motion(o.field(), a[0], a[1], degrees(src, -45, 45))
	case "zoom_blur":
		count := a[1]
		if c.reference {
			count = a[2]
		}
		return zoomBlur(o.field(), zoomsOf(p, a[0], int(count))).pixels()
	case "snow":
		return snow(p, a, src)
	case "frost":
		return frost(p, a[0], a[1], shelf.pick(src, a[2], c.reference), src)
	case "fog":
		return fog(p, a[0], a[1], src)
	case "brightness":
		return brightness(p, a[0])
	case "contrast":
		return contrast(p, a[0])
	case "elastic_transform":
		side := a[3]
		if c.reference {
			side = a[4]
		}
		return elastic(o.field(), a[0]*side, a[1]*side, a[2]*side, src).pixels()
	case "pixelate":
		return pixelate(p, a[0])
	case "jpeg_compression":
		return imageio.JPEGRoundTrip(p, int(a[0]))
	case "spatter":
		return spatter(p, a, src)
	case "saturate":
		return saturate(p, a[0], a[1])
	}
	panic("corrupt: no function for " + c.name)
}

// zoomsOf are count zooms from 1 on in steps.
func zoomsOf(p *imageio.Pixels, step float64, count int) []*zoom {
	delta := (1 + step) - 1 // as numpy's arange spaces them, which decides where a crop's side is a whole number
	zooms := make([]*zoom, count)
	for i := range zooms {
		zooms[i] = newZoom(p.H, p.W, 3, 1+float64(float64(i)*delta))
	}
	return zooms
}

// degrees draws an angle.
func degrees(src Draws, lo, hi float64) float64 {
	return lo + float64((hi-lo)*float64(src.Uniform(0)))
}
