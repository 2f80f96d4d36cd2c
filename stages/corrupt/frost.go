package corrupt

import (
	"math"
	"sync"

	"shiftmill/stages/imageio"
)

// A frostShelf holds the frost pictures at their full size and made smaller,
// each drawn when it is first needed.
type frostShelf struct {
	full, third, fifth [textures]func() *imageio.Pixels
}

// shelf is a constant: no picture on it depends on who asks first.
var shelf = newFrostShelf()

func newFrostShelf() *frostShelf {
	s := &frostShelf{}
	for i := range textures {
		s.full[i] = sync.OnceValue(func() *imageio.Pixels { return texture(i) })
		smaller := func(factor float64) func() *imageio.Pixels {
			return sync.OnceValue(func() *imageio.Pixels {
				p := s.full[i]()
				return imageio.Resize(p, int(float64(p.H)*factor), int(float64(p.W)*factor), imageio.Bilinear)
			})
		}
		s.third[i], s.fifth[i] = smaller(.3), smaller(.2)
	}
	return s
}

// pick draws one of the six pictures; for the original the first five, whose
// second and third are one.
func (s *frostShelf) pick(src Draws, factor float64, reference bool) *imageio.Pixels {
	i := 0
	if reference {
		i = src.IntN(0, textures-1)
		if i == 2 {
			i = 1
		}
	} else {
		i = src.IntN(0, textures)
	}
	switch factor {
	case .3:
		return s.third[i]()
	case .2:
		return s.fifth[i]()
	}
	return s.full[i]()
}

// frost mixes a window of a frost picture in. A frost picture that doesn't
// cover p is enlarged until it does, and by a further tenth so that there is a
// window to choose.
func frost(p *imageio.Pixels, share, ice float64, frosted *imageio.Pixels, src Draws) *imageio.Pixels {
	if frosted.H <= p.H || frosted.W <= p.W {
		scale := 1.1 * max(float64(p.H)/float64(frosted.H), float64(p.W)/float64(frosted.W))
		larger := func(side, least int) int { return max(least+1, int(math.Ceil(float64(side)*scale))) }
		frosted = imageio.Resize(frosted, larger(frosted.H, p.H), larger(frosted.W, p.W), imageio.Bicubic)
	}
	var a, b [256]float32
	for v := range a {
		a[v], b[v] = float32(share*float64(v)), float32(ice*float64(v))
	}
	y0, x0 := src.IntN(1, frosted.H-p.H), src.IntN(2, frosted.W-p.W)
	out := imageio.NewPixels(p.H, p.W, 3)
	for y := range p.H {
		in := p.Row(y)
		dst, over := out.Row(y)[:len(in)], frosted.Row(y0 + y)[3*x0:][:len(in)]
		for i, v := range in {
			dst[i] = byte(int32(min(a[v]+b[over[i]]+whole, 255)))
		}
	}
	return out
}
