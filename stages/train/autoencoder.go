package train

import (
	"math"

	"shiftmill/kernels"
	"shiftmill/kernels/nn"
	"shiftmill/stages"
	"shiftmill/stages/imageio"
)

// Autoencoder is train/autoencoder: it trains a CAE (nn.CAE) to give pictures
// back that pass through a code of bits. It starts as a code of thresholds
// (nn.CAE.InitCoding).
//
// Output: weights.safetensors, named as the published ones, for
// augment/deepaugment-cae, and history.csv. With rows at the port val its PSNR
// is told, in centre crops.
func Autoencoder() *stages.Kind { return autoencoder(usualPace) }

func autoencoder(at pace) *stages.Kind {
	return reconstructing("train/autoencoder", "Trains the compressive autoencoder CAE.", "", at,
		Reconstruction{Steps: 1000, BatchSize: 4, Size: 48, LR: 2e-4},
		func(c *Reconstruction, weights kernels.Key) (reconstructor, error) {
			e := &coder{net: nn.NewCAE(), size: c.Size}
			e.net.InitCoding(weights)
			var err error
			e.trainer, err = nn.NewCAETrainer(e.net, c.Size, nn.Settings{Batch: c.BatchSize, Optimizer: nn.Adam})
			return e, err
		})
}

// A coder is a CAE in training.
type coder struct {
	net     *nn.CAE
	size    int
	trainer *nn.ImageTrainer
}

func (e *coder) patch() int { return e.size }

func (e *coder) fill(i int, p *imageio.Pixels, bits kernels.Source) {
	at := i * len(p.Pix)
	imageio.ToPlanes(e.trainer.Images[at:], p, 255)
	imageio.ToPlanes(e.trainer.Targets[at:], p, -255)
	n := nn.CAEChannels * (e.size / 4) * (e.size / 4)
	bits.Uniforms(e.trainer.Uniform[i*n:(i+1)*n], 0)
}

func (e *coder) step(pool *kernels.Pool, rate float32) float32 { return e.trainer.Step(pool, rate) }
func (e *coder) sync()                                         { e.trainer.Sync() }
func (e *coder) state() []nn.Tensor                            { return e.net.State }
func (e *coder) kept() []nn.Tensor                             { return e.trainer.Velocities() }
func (e *coder) resume(step int)                               { e.trainer.Resume(step) }

func (e *coder) judge(p *imageio.Pixels, bits kernels.Source, pool *kernels.Pool) (own, other float64) {
	p = judgedCrop(p)
	x := nn.Signal{C: 3, H: p.H, W: p.W, Data: make([]float32, len(p.Pix))}
	imageio.ToPlanes(x.Data, p, 255)
	var code, y nn.Signal
	e.net.Encode(&code, x, pool)
	uniform := make([]float32, len(code.Data))
	bits.Uniforms(uniform, 0)
	kernels.StochasticSign(code.Data, code.Data, uniform)
	e.net.Decode(&y, code, pool)
	return meanSquare(p, imageio.FromPlanes(y.Data, y.H, y.W, 255)), math.NaN()
}
