package train

import (
	"shiftmill/kernels"
	"shiftmill/kernels/nn"
	"shiftmill/stages"
	"shiftmill/stages/imageio"
)

// Superresolution is train/superresolution: it trains an EDSR (nn.EDSR) to
// enlarge pictures by four that were made smaller by the bicubic filter. It
// starts as an interpolation (nn.EDSR.InitInterpolating).
//
// Output: weights.safetensors, named as the published ones, for
// augment/deepaugment-edsr, and history.csv. With rows at the port val its
// PSNR stands beside that of bicubic enlargement, in centre crops.
func Superresolution() *stages.Kind {
	return reconstructing("train/superresolution", "Trains the network EDSR to enlarge pictures by four.", "bicubic enlargement", usualPace,
		Reconstruction{Steps: 400, BatchSize: 8, Size: 24, LR: 4e-4},
		func(c *Reconstruction, weights kernels.Key) (reconstructor, error) {
			e := &enlarger{net: nn.NewEDSR(), size: c.Size}
			e.net.InitInterpolating(weights)
			var err error
			e.trainer, err = nn.NewEDSRTrainer(e.net, c.Size, nn.Settings{Batch: c.BatchSize, Optimizer: nn.Adam})
			return e, err
		})
}

// An enlarger is an EDSR in training.
type enlarger struct {
	net     *nn.EDSR
	size    int
	trainer *nn.ImageTrainer
}

func (e *enlarger) patch() int { return nn.EDSRScale * e.size }

func (e *enlarger) fill(i int, p *imageio.Pixels, _ kernels.Source) {
	small := imageio.Resize(p, e.size, e.size, imageio.Bicubic)
	imageio.ToPlanes(e.trainer.Images[i*3*e.size*e.size:], small, 1)
	imageio.ToPlanes(e.trainer.Targets[i*len(p.Pix):], p, -1)
}

func (e *enlarger) step(pool *kernels.Pool, rate float32) float32 { return e.trainer.Step(pool, rate) }
func (e *enlarger) sync()                                         { e.trainer.Sync() }
func (e *enlarger) state() []nn.Tensor                            { return e.net.State }
func (e *enlarger) kept() []nn.Tensor                             { return e.trainer.Velocities() }
func (e *enlarger) resume(step int)                               { e.trainer.Resume(step) }

// judged is the side of the crop that a picture is judged by, at most.
const judged = 256

// judgedCrop is the middle of a picture, of sides that divide by four.
func judgedCrop(p *imageio.Pixels) *imageio.Pixels {
	return imageio.CenterCrop(p, max(min(p.H, judged)/4*4, 16), max(min(p.W, judged)/4*4, 16))
}

func (e *enlarger) judge(p *imageio.Pixels, _ kernels.Source, pool *kernels.Pool) (own, other float64) {
	p = judgedCrop(p)
	small := imageio.Resize(p, p.H/4, p.W/4, imageio.Bicubic)
	x := nn.Signal{C: 3, H: small.H, W: small.W, Data: make([]float32, len(small.Pix))}
	imageio.ToPlanes(x.Data, small, 1)
	var y nn.Signal
	e.net.Forward(&y, x, pool)
	return meanSquare(p, imageio.FromPlanes(y.Data, y.H, y.W, 1)), meanSquare(p, imageio.Resize(small, p.H, p.W, imageio.Bicubic))
}
