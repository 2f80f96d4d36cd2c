package kernels

// Noise2Net is a random image-to-image network of four residual blocks whose convolutions are drawn anew and never
// trained; images pass through it as data augmentation.
//
// Source: Hendrycks et al., "The Many Faces of Robustness", ICCV 2021, and its released code; the block is that of
// Res2Net (Gao et al., 2019) with four slices of 16 channels and without shortcut and last activation.
const (
	noiseBlocks   = 4
	noiseSlices   = 3  // with a convolution; the fourth passes through
	noiseWidth    = 16 // channels of a slice
	noiseChannels = 64
	noiseEps      = 1e-5
)

// A SliceConv is the kernel size K, 1 or 3, and the dilation D, 1 to 3, of one slice convolution. With K = 1, D has no effect.
type SliceConv struct{ K, D int }

// A Noise2NetStructure is the slice convolutions of the four blocks; it is drawn once an epoch.
type Noise2NetStructure [noiseBlocks][noiseSlices]SliceConv

// DrawNoise2NetStructure draws K uniformly from {1, 3} and D from {1, 2, 3}, block by block, slice by slice, K from even and
// D from odd elements of s.
func DrawNoise2NetStructure(s Source) Noise2NetStructure {
	var st Noise2NetStructure
	element := uint32(0)
	for b := range st {
		for i := range st[b] {
			st[b][i] = SliceConv{K: 1 + 2*s.IntN(element, 2), D: 1 + s.IntN(element+1, 3)}
			element += 2
		}
	}
	return st
}

// A Noise2NetBlock is the weights of one block for one image.
type Noise2NetBlock struct {
	Conv  [noiseSlices]SliceConv
	Entry []float32              // [64, 3]
	Slice [noiseSlices][]float32 // [16, 16, K, K]
	Bias  [noiseSlices][]float32 // [16]; drawn as the method says, without effect, since a norm follows
	Exit  []float32              // [3, 64]
}

// A Noise2NetNet is the weights of the whole network for one image.
type Noise2NetNet struct {
	Blocks [noiseBlocks]Noise2NetBlock
}

// DrawNoise2Net draws the weights for one image.
func DrawNoise2Net(st Noise2NetStructure, weights Source) *Noise2NetNet {
	net := new(Noise2NetNet)
	net.Draw(st, weights)
	return net
}

// Draw replaces the network by a fresh draw and keeps its buffers: weights and biases are uniform within 1/sqrt(fan in),
// tensor by tensor in the order entry, then each slice's weights and bias, then exit, block by block. Every tensor is one
// Source.Ranges from the first element that no tensor before it used.
func (net *Noise2NetNet) Draw(st Noise2NetStructure, weights Source) {
	element := uint32(0)
	draw := func(v []float32, n, fanIn int) []float32 {
		if cap(v) < n {
			v = make([]float32, n)
		}
		v = v[:n]
		bound := 1 / Sqrt(float32(fanIn))
		weights.Ranges(v, element, -bound, bound)
		element += uint32((n + 3) / 4)
		return v
	}
	for i := range net.Blocks {
		b := &net.Blocks[i]
		b.Conv = st[i]
		b.Entry = draw(b.Entry, noiseChannels*3, 3)
		for j, c := range b.Conv {
			fanIn := noiseWidth * c.K * c.K
			b.Slice[j] = draw(b.Slice[j], noiseWidth*fanIn, fanIn)
			b.Bias[j] = draw(b.Bias[j], noiseWidth, fanIn)
		}
		b.Exit = draw(b.Exit, 3*noiseChannels, noiseChannels)
	}
}

// Noise2Net stores in dst the image x after four times x <- x + epsilon*block(x). Both are [3, h, w], normalised pixels, and
// may be the same slice. Each norm takes its mean and variance over the image's own plane. epsilon = 0 returns x bit for
// bit. Nothing is clamped. scratch is reused between calls, by one goroutine at a time; images are independent and run in
// parallel on scratches of their own. h*w is at most 2^24.
func Noise2Net(dst, x []float32, h, w int, net *Noise2NetNet, epsilon float32, scratch *Scratch) {
	sameLength("Noise2Net", 3*h*w, len(dst), len(x))
	copy(dst, x)
	if epsilon == 0 || h*w == 0 {
		return
	}
	scratch.size(h, w)
	for i := range net.Blocks {
		scratch.block(dst, &net.Blocks[i], epsilon)
	}
}
