package opencl

import (
	"errors"
	"fmt"
	"math"

	"shiftmill/kernels"
)

// errTooLarge is for operations whose places do not fit 32 bits.
var errTooLarge = fmt.Errorf("larger than 2^31 values: %w", errors.ErrUnsupported)

// Do is described at kernels.Device.
func (d *Device) Do(op kernels.Op, results, sources []kernels.Span) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	wantResults, wantSources := op.Operands()
	for _, part := range []struct {
		spans []kernels.Span
		sizes []int
		what  string
	}{{results, wantResults, "result"}, {sources, wantSources, "source"}} {
		if len(part.spans) != len(part.sizes) {
			panic(fmt.Sprintf("opencl: %T has %d %ss, not %d", op, len(part.sizes), part.what, len(part.spans)))
		}
		for i, s := range part.spans {
			if s.Size != part.sizes[i] {
				panic(fmt.Sprintf("opencl: %T: %s %d has %d values, the shape asks for %d", op, part.what, i, s.Size, part.sizes[i]))
			}
			if s.Size > math.MaxInt32 {
				return fmt.Errorf("%T: %w", op, errTooLarge)
			}
		}
	}
	d.scratch.begin()
	return d.do(op, results, sources)
}

func (d *Device) do(op kernels.Op, r, s []kernels.Span) error {
	switch o := op.(type) {
	case kernels.ElementOp:
		return d.element(o, r, s)
	case kernels.ConvOp:
		return d.conv(o, r, s)
	case kernels.ConvBackDataOp:
		return d.convBackData(o, r, s)
	case kernels.ConvBackWeightOp:
		return d.convBackWeight(o, r, s)
	case kernels.ChannelSumOp:
		return d.channelSum(o, r, s)
	case kernels.MatMulOp:
		return d.matMul(o, r, s, nil)
	case kernels.LinearOp:
		return d.linear(o, r, s)
	case kernels.NormOp:
		return d.norm(o, r, s)
	case kernels.NormBackOp:
		return d.normBack(o, r, s)
	case kernels.NormEvalOp:
		return d.normEval(o, r, s)
	case kernels.NormEvalBackOp:
		return d.normEvalBack(o, r, s)
	case kernels.GroupNormOp:
		return d.groupNorm(o, r, s)
	case kernels.GroupNormBackOp:
		return d.groupNormBack(o, r, s)
	case kernels.WeightStandardOp:
		return d.weightStandard(o, r, s)
	case kernels.WeightStandardBackOp:
		return d.weightStandardBack(o, r, s)
	case kernels.RunningOp:
		return d.launch("running", groups(o.C), 1, 1, r[0], r[1], s[0], o.C, o.Unbias(), o.Momentum)
	case kernels.MaxPoolOp:
		return d.maxPool(o, r, s)
	case kernels.MaxPoolBackOp:
		return d.maxPoolBack(o, r, s)
	case kernels.AvgPoolOp:
		return d.avgPool(o, r, s)
	case kernels.AvgPoolBackOp:
		return d.avgPoolBack(o, r, s)
	case kernels.SoftmaxOp:
		return d.softmax(o, r, s)
	case kernels.SoftmaxBackOp:
		return d.softmaxBack(o, r, s)
	case kernels.CrossEntropyOp:
		return d.crossEntropy(o, r, s)
	case kernels.CrossEntropyBackOp:
		return d.crossEntropyBack(o, r, s)
	case kernels.BinaryOp:
		return d.binaryLoss(o, r, s)
	case kernels.BinaryBackOp:
		return d.launch("binary_back", groups(o.N), 1, 1, r[0], s[0], s[1], s[2], o.N, float32(o.N))
	case kernels.JensenShannonOp:
		return d.jensenShannon(o, r, s)
	case kernels.JensenShannonBackOp:
		return d.jensenShannonBack(o, r, s)
	case kernels.SumOp:
		return d.mean(r[0], s[0], o.N, 1, 0)
	case kernels.CopyOp:
		return d.copy(o, r[0], s[0])
	case kernels.ConcatOp:
		return d.concat(o, r, s)
	case kernels.ShuffleOp:
		return d.launch("shuffle_pixels", groups(r[0].Size), 1, 1, r[0], s[0], r[0].Size, o.H, o.W, o.R, o.Back)
	case kernels.UpsampleOp:
		return d.upsample(o, r, s)
	case kernels.ReflectOp:
		return d.reflect(o, r, s)
	case kernels.ScalePlanesOp:
		return d.launch("scale_planes", groups(r[0].Size), 1, 1, r[0], s[0], s[1], r[0].Size, o.Plane)
	case kernels.PlaneProductsOp:
		return d.planeProducts(o, r, s)
	case kernels.ScalePixelsOp:
		return d.launch("scale_pixels", groups(r[0].Size), 1, 1, r[0], s[0], s[1], r[0].Size, o.C, o.Plane)
	case kernels.PixelProductsOp:
		return d.launch("pixel_products", groups(r[0].Size), 1, 1, r[0], s[0], s[1], r[0].Size, o.C, o.Plane)
	case kernels.ChannelPoolOp:
		return d.launch("channel_pool", groups(r[1].Size), 1, 1, r[0], r[1], s[0], r[1].Size, o.C, o.Plane)
	case kernels.ChannelPoolBackOp:
		return d.launch("channel_pool_back", groups(r[0].Size), 1, 1, r[0], s[0], s[1], r[0].Size, o.C, o.Plane)
	case kernels.SGDOp:
		return d.launch("sgd", groups(o.N), 1, 1, r[0], r[1], s[0], o.N, -o.Rate, o.Momentum, o.Decay, o.Nesterov)
	case kernels.AdamOp:
		rate, root := o.Corrected()
		return d.launch("adam", groups(o.N), 1, 1, r[0], r[1], r[2], s[0], o.N, rate, root, o.Beta1, o.Beta2, o.Eps, o.Decay)
	case kernels.RangesOp:
		return d.ranges(o, r[0])
	case kernels.NormalsOp:
		return d.normals(o, r[0])
	case kernels.DropoutOp:
		return d.dropout(o, r, s)
	case kernels.Noise2NetOp:
		return d.noise2Net(o, r[0], s[0])
	}
	return fmt.Errorf("%s has no %T: %w", d, op, errors.ErrUnsupported)
}
