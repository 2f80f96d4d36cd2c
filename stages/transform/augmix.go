package transform

import (
	"fmt"

	"shiftmill/kernels"
	"shiftmill/stages/imageio"
)

// AugMix mixes a picture with chains of random operations on it.
//
// Source: Hendrycks et al., "AugMix: A Simple Data Processing Method to
// Improve Robustness and Uncertainty", ICLR 2020 (arXiv:1912.02781), with the
// parameters of the released code; operations as Pillow does them, within one
// level.
type AugMix struct {
	Severity float64 // each operation draws its level from 0.1 to this, 0.1 to 10
	Width    int     // number of chains, 1 to MaxWidth
	Depth    int     // operations of a chain, 1 to MaxDepth; 0 draws 1 to 3
	Alpha    float64 // of the Dirichlet and Beta distributions of the weights
	All      bool    // also colour, contrast, brightness and sharpness, which overlap with ImageNet-C
	Fill     int     // level of what an operation brings in from outside the picture, 0 to 255
	Red      bool    // repeat an accident of the released code: a fill other than 0 reaches the red channel alone
}

// Limits of AugMix.
const (
	MaxWidth = 16
	MaxDepth = 16
)

// AugMixVariant returns the settings of published experiments: "imagenet",
// "cifar" or "deepfashion-remixed"; ok is false for other names.
func AugMixVariant(name string) (a AugMix, ok bool) {
	a = AugMix{Severity: 1, Width: 3, Alpha: 1}
	switch name {
	case "imagenet":
	case "cifar":
		a.Severity = 3
	case "deepfashion-remixed":
		a.Severity, a.Width, a.All, a.Fill = 10, 5, true, 128
	default:
		return AugMix{}, false
	}
	return a, true
}

// augMixWord is the call {augmix: {variant, ...}}.
var augMixWord = Word{"augmix", "variant", []string{"variant", "severity", "width", "depth", "alpha", "operations", "fill", "reference"}, "mixes the picture with chains of random operations on it"}

// AugMixWord is the name and the arguments of AugMix, for lists that mix it
// with steps; [NewAugMix] reads its calls.
func AugMixWord() Word { return augMixWord }

// NewAugMix reads a call of [AugMixWord]; what is wrong with its arguments is
// recorded in the call. Arguments that are absent are the variant's, the
// variant is imagenet.
func NewAugMix(c *Call) AugMix {
	a, _ := AugMixVariant(c.Text("variant", "imagenet", []string{"imagenet", "cifar", "deepfashion-remixed"}))
	a.Severity = c.Float("severity", a.Severity, 0.1, 10)
	a.Width = c.Int("width", a.Width, 1, MaxWidth)
	a.Depth = c.Int("depth", a.Depth, 0, MaxDepth)
	a.Alpha = c.Float("alpha", a.Alpha, 0x1p-10, 1024)
	operations := "nine"
	if a.All {
		operations = "thirteen"
	}
	a.All = c.Text("operations", operations, []string{"nine", "thirteen"}) == "thirteen"
	a.Fill = c.Int("fill", a.Fill, 0, 255)
	a.Red = c.Text("reference", "false", []string{"true", "false"}) == "true"
	return a
}

// Args are the arguments with which NewAugMix reads a back.
func (a AugMix) Args() map[string]any {
	operations := "nine"
	if a.All {
		operations = "thirteen"
	}
	return map[string]any{
		"severity": a.Severity, "width": a.Width, "depth": a.Depth, "alpha": a.Alpha, "operations": operations, "fill": a.Fill, "reference": a.Red,
	}
}

// An AugMixer holds the memory of one worker's mixing; its zero value is ready.
type AugMixer struct {
	chains [MaxWidth]*imageio.Pixels
	spare  *imageio.Pixels
	coef   [MaxWidth + 1]uint32
	row    []uint32
}

// The fraction of coefficients: sums of 8 bits stay within 31.
const coefBits = 22

// Elements of a source: single draws, then those of each chain's operations.
const (
	elementWeights, elementShare, elementDepth = 0, 1, 2 // one depth a chain
	elementChains                              = 64
	perOperation                               = 4
)

// Pixels returns p mixed, of p's size, each value rounded half up. The draws
// are the row's for one copy, or for one epoch and view.
func (m *AugMixer) Pixels(a AugMix, p *imageio.Pixels, draw kernels.Source) *imageio.Pixels {
	m.run(a, p, draw)
	out := imageio.NewPixels(p.H, p.W, 3)
	for y := range p.H {
		row := out.Row(y)
		for i, sum := range m.sums(p, y, a.Width) {
			row[i] = byte((sum + 1<<(coefBits-1)) >> coefBits)
		}
	}
	return out
}

// Float writes p mixed, not rounded, to dst as planes of (v/255 - mean)/std:
// what [imageio.ToFloat] makes of pixels. Mixing before normalising equals
// mixing after it, since the weights add up to 1. The draws are the row's for
// one epoch and view: views of a row are independent if their sources have
// keys of their own, such as kernels.NewKey(..., "augmix view 2", epoch).
func (m *AugMixer) Float(a AugMix, dst []float32, p *imageio.Pixels, mean, std [3]float32, draw kernels.Source) {
	n := p.H * p.W
	if len(dst) != 3*n {
		panic(fmt.Sprintf("transform: %d x %d pixels to %d floats", p.H, p.W, len(dst)))
	}
	m.run(a, p, draw)
	const scale = 1.0 / (255 << coefBits)
	for y := range p.H {
		r, g, b := dst[y*p.W:][:p.W], dst[n+y*p.W:][:p.W], dst[2*n+y*p.W:][:p.W]
		sums := m.sums(p, y, a.Width)
		for x := range r {
			v := sums[3*x : 3*x+3 : 3*x+3]
			r[x] = (float32(float32(v[0])*scale) - mean[0]) / std[0]
			g[x] = (float32(float32(v[1])*scale) - mean[1]) / std[1]
			b[x] = (float32(float32(v[2])*scale) - mean[2]) / std[2]
		}
	}
}

// run makes the chains and their coefficients, that of p itself first.
func (m *AugMixer) run(a AugMix, p *imageio.Pixels, draw kernels.Source) {
	var weights [MaxWidth]float64
	draw.Dirichlet(weights[:a.Width], elementWeights, a.Alpha)
	share := draw.Beta(elementShare, a.Alpha, a.Alpha)
	left := uint32(1 << coefBits)
	for k := range a.Width {
		c := min(uint32(float64(float64(share*weights[k])*(1<<coefBits))+0.5), left)
		m.coef[k+1] = c
		left -= c
		m.chain(a, k, p, draw)
	}
	m.coef[0] = left
}

// chain applies the k-th chain of operations to a copy of p.
func (m *AugMixer) chain(a AugMix, k int, p *imageio.Pixels, draw kernels.Source) {
	m.fit(&m.chains[k], p)
	copy(m.chains[k].Pix, p.Pix)
	m.fit(&m.spare, p)
	depth := a.Depth
	if depth == 0 {
		depth = 1 + draw.IntN(uint32(elementDepth+k), 3)
	}
	for j := range depth {
		first := uint32(elementChains + (k*MaxDepth+j)*perOperation)
		if a.operate(m.spare, m.chains[k], draw, first) {
			m.chains[k], m.spare = m.spare, m.chains[k]
		}
	}
}

// fit makes *to a picture of p's size, its pixels whatever they were.
func (m *AugMixer) fit(to **imageio.Pixels, p *imageio.Pixels) {
	if *to == nil || cap((*to).Pix) < len(p.Pix) {
		*to = imageio.NewPixels(p.H, p.W, 3)
	}
	t := *to
	t.H, t.W, t.C, t.Pix = p.H, p.W, 3, t.Pix[:len(p.Pix)]
}

// sums returns the mixed values of row y, scaled by 2^coefBits.
func (m *AugMixer) sums(p *imageio.Pixels, y, width int) []uint32 {
	first := p.Row(y)
	if cap(m.row) < len(first) {
		m.row = make([]uint32, len(first))
	}
	row := m.row[:len(first)]
	if width == 3 {
		a, b, c := m.chains[0].Row(y)[:len(row)], m.chains[1].Row(y)[:len(row)], m.chains[2].Row(y)[:len(row)]
		c0, c1, c2, c3 := m.coef[0], m.coef[1], m.coef[2], m.coef[3]
		for i, v := range first {
			row[i] = uint32(v)*c0 + uint32(a[i])*c1 + uint32(b[i])*c2 + uint32(c[i])*c3
		}
		return row
	}
	for i, v := range first {
		row[i] = uint32(v) * m.coef[0]
	}
	for k := range width {
		c := m.coef[k+1]
		for i, v := range m.chains[k].Row(y) {
			row[i] += uint32(v) * c
		}
	}
	return row
}
