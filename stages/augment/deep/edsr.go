package deep

import (
	"fmt"

	"shiftmill/kernels"
	"shiftmill/kernels/nn"
)

// An EDSRWeights is a distortion of EDSR's weights.
type EDSRWeights struct {
	Name  string
	apply func(e *nn.EDSR, d *Dice, p *kernels.Pool)
}

// convA and convB are the first and the second convolution of a residual block.
func convA(e *nn.EDSR, block int) layer {
	return layerOf(&e.Weights, fmt.Sprintf("body.%d.body.0", block))
}
func convB(e *nn.EDSR, block int) layer {
	return layerOf(&e.Weights, fmt.Sprintf("body.%d.body.2", block))
}

// anyBlock is one of the first 15 residual blocks; the last is never changed.
func anyBlock(d *Dice) int { return d.IntN(15) }

func eitherConv(e *nn.EDSR, d *Dice) layer {
	block := anyBlock(d)
	if d.IntN(2) == 0 {
		return convA(e, block)
	}
	return convB(e, block)
}

// EDSRWeightDistortions are the 17 of the release, in its order.
func EDSRWeightDistortions() []EDSRWeights {
	return []EDSRWeights{
		{"flip-filters", func(e *nn.EDSR, d *Dice, _ *kernels.Pool) {
			block := d.Of(0, 3, 6, 9)
			convA(e, block).flip()
			convB(e, block).flip()
		}},
		{"negate", func(e *nn.EDSR, d *Dice, _ *kernels.Pool) {
			l := convA(e, d.Of(1, 4, 7))
			negate(l.weight.Data)
			negate(l.bias.Data)
		}},
		{"zero", func(e *nn.EDSR, d *Dice, _ *kernels.Pool) {
			l := convA(e, d.Of(0, 3, 6, 9))
			clear(l.weight.Data)
			clear(l.bias.Data)
		}},
		{"gelu", func(e *nn.EDSR, d *Dice, _ *kernels.Pool) {
			block := d.Of(0, 3, 6, 9)
			bend(convA(e, block).weight.Data)
			bend(convB(e, block).weight.Data)
		}},
		{"laplacian-4", func(e *nn.EDSR, d *Dice, _ *kernels.Pool) {
			stencil(convA(e, d.Of(0, 3, 6, 9)).weight.Data, []float32{0, 1, 0, 1, -4, 1, 0, 1, 0})
		}},
		{"laplacian-8", func(e *nn.EDSR, d *Dice, _ *kernels.Pool) {
			stencil(convA(e, d.Of(0, 3, 6, 9)).weight.Data, []float32{-1, -1, -1, -1, 8, -1, -1, -1, -1})
		}},
		{"grow", func(e *nn.EDSR, d *Dice, _ *kernels.Pool) {
			grow(convB(e, d.Of(0, 3, 6, 9)).weight.Data, 4, d)
		}},
		{"mirror", func(e *nn.EDSR, d *Dice, _ *kernels.Pool) {
			block := d.Of(0, 3, 6, 9)
			mirror(convA(e, block).weight.Data, 3)
			negate(convB(e, block).weight.Data)
		}},
		{"convolve-taps", func(e *nn.EDSR, d *Dice, p *kernels.Pool) {
			l := convA(e, d.Of(1, 5, 9))
			kernel := make([]float32, 64*64*9)
			for in := range 64 {
				tap, sign := d.IntN(9), float32(1)
				if d.IntN(2) == 0 {
					sign = -1
				}
				for out := range 64 { // alike for all output channels
					kernel[(out*64+in)*9+tap] = sign
				}
			}
			convolve(l, kernel, p)
		}},
		{"convolve-noise", func(e *nn.EDSR, d *Dice, p *kernels.Pool) {
			l := convA(e, d.Of(0, 3, 6, 9))
			u := float32(2 * d.Uniform())
			kernel := make([]float32, 64*64*9)
			d.Fill(kernel, 0, 1)
			for i, r := range kernel {
				kernel[i] = kernels.FMA32(u, r, -1) / 6
			}
			convolve(l, kernel, p)
		}},
		{"convolve-dirichlet", func(e *nn.EDSR, d *Dice, p *kernels.Pool) {
			l := convB(e, d.Of(1, 5, 9))
			kernel := make([]float32, 64*64*9)
			shares := make([]float64, 9)
			for k := 0; k < len(kernel); k += 9 {
				d.Dirichlet(shares, 0.1)
				for i, s := range shares {
					kernel[k+i] = float32(s)
				}
			}
			convolve(l, kernel, p)
		}},
		{"noise", func(e *nn.EDSR, d *Dice, _ *kernels.Pool) {
			v := convB(e, anyBlock(d)).weight.Data
			noise := make([]float32, len(v))
			d.Fill(noise, -0.5, 0.5)
			for i := range v {
				v[i] += noise[i]
			}
		}},
		{"rotate", func(e *nn.EDSR, d *Dice, _ *kernels.Pool) {
			for range 5 {
				l, k := eitherConv(e, d), 1+d.IntN(3)
				if d.IntN(2) == 0 {
					rotate(l.weight.Data, 3, 1, k)
				} else { // of output and input channels
					rotate(l.weight.Data, 64, 9, k)
				}
			}
		}},
		{"signs", func(e *nn.EDSR, d *Dice, _ *kernels.Pool) {
			for range 5 {
				sign(convA(e, anyBlock(d)).weight.Data, d)
			}
		}},
		{"mask", func(e *nn.EDSR, d *Dice, _ *kernels.Pool) {
			for range 5 {
				keep(convA(e, anyBlock(d)).weight.Data, d)
			}
		}},
		{"negate-filters", func(e *nn.EDSR, d *Dice, _ *kernels.Pool) {
			for range 5 {
				l := convA(e, anyBlock(d))
				var chosen [64]bool
				for range 32 {
					chosen[d.IntN(64)] = true
				}
				for i, c := range chosen {
					if c {
						negate(l.filter(i))
					}
				}
			}
		}},
		{"largest", func(e *nn.EDSR, d *Dice, _ *kernels.Pool) {
			for range 5 {
				largest(eitherConv(e, d).weight.Data, 9)
			}
		}},
	}
}

// drawnEDSR is how many weight distortions follow each other.
const drawnEDSR = 3

// DistortEDSR applies three of some weight distortions, each equally likely,
// to an EDSR.
func DistortEDSR(e *nn.EDSR, among []EDSRWeights, d *Dice, p *kernels.Pool) {
	for range drawnEDSR {
		among[d.IntN(len(among))].apply(e, d, p)
	}
}

// An EDSRSignal is a distortion of the signals inside EDSR, before its body or
// in it.
type EDSRSignal struct {
	Name   string
	before func(x nn.Signal, d *Dice, reference bool)                                                 // of the head's output, in place
	body   func(e *nn.EDSR, dst *nn.Signal, head nn.Signal, d *Dice, reference bool, p *kernels.Pool) // instead of the body
}

// EDSRSignals are those of the release: four before the body, five in it.
func EDSRSignals() (before, body []EDSRSignal) {
	// half runs the body with a change after the fifth module.
	half := func(change func(x nn.Signal, d *Dice)) func(*nn.EDSR, *nn.Signal, nn.Signal, *Dice, bool, *kernels.Pool) {
		return func(e *nn.EDSR, dst *nn.Signal, head nn.Signal, d *Dice, _ bool, p *kernels.Pool) {
			var middle nn.Signal
			e.Body(&middle, head, 0, 5, p)
			change(middle, d)
			e.Body(dst, middle, 5, nn.EDSRModules, p)
		}
	}
	before = []EDSRSignal{
		{Name: "swap-channels", before: func(x nn.Signal, d *Dice, reference bool) {
			for range 5 {
				a, b := plane(x, d.IntN(x.C)), plane(x, d.IntN(x.C))
				for i := range a {
					if reference { // the swap aliases: one channel is copied over the other
						a[i] = b[i]
					} else {
						a[i], b[i] = b[i], a[i]
					}
				}
			}
		}},
		{Name: "mask-head", before: func(x nn.Signal, d *Dice, _ bool) { mask(x.Data, 0.05, 0, d) }},
		{Name: "signs-head", before: func(x nn.Signal, d *Dice, _ bool) { mask(x.Data, 0.025, -1, d) }},
		{Name: "plain-head", before: func(nn.Signal, *Dice, bool) {}},
	}
	body = []EDSRSignal{
		{Name: "negate-body", body: half(func(x nn.Signal, _ *Dice) { negate(x.Data) })},
		{Name: "rectify-body", body: half(func(x nn.Signal, d *Dice) {
			if d.IntN(3) == 0 {
				kernels.ReLU(x.Data, x.Data)
			} else {
				kernels.GELUSlice(x.Data, x.Data)
			}
		})},
		{Name: "flip-body", body: half(func(x nn.Signal, d *Dice) { flipSignal(x, d.IntN(3) == 0) })},
		{Name: "skip-blocks", body: skipBlocks},
		{Name: "plain-body", body: func(e *nn.EDSR, dst *nn.Signal, head nn.Signal, _ *Dice, _ bool, p *kernels.Pool) {
			e.Body(dst, head, 0, nn.EDSRModules, p)
		}},
	}
	return before, body
}

// plane is one channel of a signal.
func plane(x nn.Signal, c int) []float32 { return x.Data[c*x.H*x.W : (c+1)*x.H*x.W] }

// flipSignal reverses channels and rows, or channels and columns.
func flipSignal(x nn.Signal, rows bool) {
	out := make([]float32, len(x.Data))
	for c := range x.C {
		from, to := plane(x, x.C-1-c), out[c*x.H*x.W:]
		for y := range x.H {
			line := to[y*x.W : (y+1)*x.W]
			if rows {
				copy(line, from[(x.H-1-y)*x.W:(x.H-y)*x.W])
				continue
			}
			for i := range line {
				line[i] = from[y*x.W+x.W-1-i]
			}
		}
	}
	copy(x.Data, out)
}

// skipBlocks leaves out three modules of the body, drawn with replacement from
// number 2 on. In the release every module is fed the head's output, so that
// the last module that is not left out is all that remains of the body.
func skipBlocks(e *nn.EDSR, dst *nn.Signal, head nn.Signal, d *Dice, reference bool, p *kernels.Pool) {
	var skip [nn.EDSRModules]bool
	for range 3 {
		skip[2+d.IntN(nn.EDSRModules-2)] = true
	}
	if reference {
		last := nn.EDSRModules - 1
		for skip[last] {
			last--
		}
		e.Body(dst, head, last, last+1, p)
		return
	}
	var signals [2]nn.Signal
	x, next := head, 0
	for from := 0; from < nn.EDSRModules; {
		if skip[from] {
			from++
			continue
		}
		to := from + 1
		for to < nn.EDSRModules && !skip[to] {
			to++
		}
		e.Body(&signals[next], x, from, to, p)
		x, next, from = signals[next], 1-next, to
	}
	dst.Resize(x.C, x.H, x.W)
	copy(dst.Data, x.Data)
}

// RunEDSR sends an image [3, h, w] of values 0 to 255 through an EDSR, with one
// of some signal distortions before the body and one of some in it.
func RunEDSR(e *nn.EDSR, dst *nn.Signal, x nn.Signal, before, body []EDSRSignal, reference bool, d *Dice, p *kernels.Pool) {
	var head, middle nn.Signal
	e.Head(&head, x, p)
	before[d.IntN(len(before))].before(head, d, reference)
	body[d.IntN(len(body))].body(e, &middle, head, d, reference, p)
	e.Tail(dst, middle, head, p)
}
