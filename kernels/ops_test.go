package kernels

import (
	"maps"
	"testing"
)

// torchCases computes every case of testdata/ops.txt; the names and inputs are those of testdata/ops.py.
func torchCases(p *Pool) map[string][]float32 {
	got := map[string][]float32{}
	v := func(name string, n int) []float32 { return testValues(name, n, false) }
	out := func(name string, n int) []float32 {
		got[name] = make([]float32, n)
		return got[name]
	}
	convCases(p, v, out)
	normCases(p, v, out)
	elementCases(v, out)
	poolCases(p, v, out)
	lossCases(p, v, out)
	optimizerCases(v, out)
	return got
}

type inputs func(name string, n int) []float32

func convCases(p *Pool, v, out inputs) {
	for name, s := range map[string]ConvShape{
		"conv":         {N: 2, Ci: 4, H: 9, W: 10, Co: 6, KH: 3, KW: 3, PadH: 1, PadW: 1},
		"conv-strided": {N: 2, Ci: 4, H: 9, W: 10, Co: 6, KH: 3, KW: 3, PadH: 1, PadW: 1, StrideH: 2, StrideW: 2, Groups: 2},
		"conv-dilated": {N: 1, Ci: 3, H: 12, W: 11, Co: 2, KH: 3, KW: 3, PadH: 2, PadW: 2, DilH: 2, DilW: 2},
	} {
		plane := s.OutH() * s.OutW()
		x, w, dy := v("x", s.N*s.Ci*s.H*s.W), v("w", s.Co*s.Ci/s.filled().Groups*9), v("dy", s.N*s.Co*plane)
		Conv2D(out(name, len(dy)), x, w, v("b", s.Co), s, p)
		Conv2DBackData(out(name+"/0", len(x)), dy, w, s, p)
		Conv2DBackWeight(out(name+"/1", len(w)), dy, x, s, p)
		Conv2DBackBias(out(name+"/2", s.Co), dy, s.N, s.Co, plane, p)
	}
	s := ConvShape{N: 2, Ci: 6, H: 10, W: 12, Co: 4, KH: 3, KW: 3, PadH: 1, PadW: 1, StrideH: 2, StrideW: 2, Groups: 2}
	x, w, dy := v("x", 2*4*5*6), v("w", 4*3*9), v("dy", 2*6*10*12)
	ConvTranspose2D(out("conv-transposed", len(dy)), x, w, v("b", 6), s, p)
	ConvTranspose2DBackData(out("conv-transposed/0", len(x)), dy, w, s, p)
	ConvTranspose2DBackWeight(out("conv-transposed/1", len(w)), dy, x, s, p)
	Conv2DBackBias(out("conv-transposed/2", 6), dy, 2, 6, 120, p)
	x, w, dy = v("x", 35), v("w", 21), v("dy", 15)
	Linear(out("linear", 15), x, w, v("b", 3), 5, 7, 3, p)
	LinearBackData(out("linear/0", 35), dy, w, 5, 7, 3, p)
	LinearBackWeight(out("linear/1", 21), dy, x, 5, 7, 3, p)
	LinearBackBias(out("linear/2", 3), dy, 5, 3, p)
}

func normCases(p *Pool, v, out inputs) {
	const n, c, plane, eps = 3, 4, 30, 1e-5
	x, dy, gamma, beta := v("x", n*c*plane), v("dy", n*c*plane), v("w", c), v("b", c)
	mean, variance := make([]float32, c), make([]float32, c)
	BatchNorm(out("batchnorm", len(x)), x, gamma, beta, mean, variance, n, c, plane, eps, p)
	BatchNormBack(out("batchnorm/0", len(x)), out("batchnorm/1", c), out("batchnorm/2", c), dy, x, gamma, mean, variance, n, c, plane, eps, p)
	rm, rv := out("running-mean", c), out("running-var", c)
	for i := range rv {
		rv[i] = 1
	}
	Running(rm, rv, mean, variance, n*plane, 0.1)
	mean, variance = v("m", c), v("v", c)
	for i, s := range variance {
		variance[i] = s*s + 0.5
	}
	BatchNormEval(out("batchnorm-eval", len(x)), x, gamma, beta, mean, variance, n, c, plane, eps, p)
	BatchNormEvalBack(out("batchnorm-eval/0", len(x)), out("batchnorm-eval/1", c), out("batchnorm-eval/2", c), dy, x, gamma, mean, variance, n, c, plane, eps, p)
	mean, variance = make([]float32, n*c), make([]float32, n*c)
	InstanceNorm(out("instancenorm", len(x)), x, gamma, beta, mean, variance, n, c, plane, eps, p)
	InstanceNormBack(out("instancenorm/0", len(x)), out("instancenorm/1", c), out("instancenorm/2", c), dy, x, gamma, mean, variance, n, c, plane, eps, p)
	mean, variance = mean[:n*2], variance[:n*2]
	GroupNorm(out("groupnorm", len(x)), x, gamma, beta, mean, variance, n, c, plane, 2, eps, p)
	GroupNormBack(out("groupnorm/0", len(x)), out("groupnorm/1", c), out("groupnorm/2", c), dy, x, gamma, mean, variance, n, c, plane, 2, eps, p)
	w := v("w", 6*18)
	WeightStandard(out("weight-standard", len(w)), w, 6, 18, eps)
	WeightStandardBack(out("weight-standard/0", len(w)), v("dy", len(w)), w, 6, 18, eps)
}

func elementCases(v, out inputs) {
	const n = 40
	x, dy := v("x", n), v("dy", n)
	x3, dy3 := make([]float32, n), make([]float32, n)
	Scale(x3, x, 3)
	Scale(dy3, dy, 3)
	ReLU(out("relu", n), x)
	ReLUBack(out("relu/0", n), dy, x)
	LeakyReLU(out("leaky", n), x, 0.1)
	LeakyReLUBack(out("leaky/0", n), dy, x, 0.1)
	y := out("tanh", n)
	TanhSlice(y, x3)
	TanhBack(out("tanh/0", n), dy3, y)
	y = out("sigmoid", n)
	SigmoidSlice(y, x3)
	SigmoidBack(out("sigmoid/0", n), dy3, y)
	GELUSlice(out("gelu", n), x3)
	GELUBack(out("gelu/0", n), dy3, x3)
}

func poolCases(p *Pool, v, out inputs) {
	x := v("x", 4*7*9)
	s := PoolShape{Planes: 4, H: 7, W: 9, KH: 3, KW: 3, StrideH: 2, StrideW: 2, PadH: 1, PadW: 1}
	dy := v("dy", 4*4*5)
	index := make([]int32, len(dy))
	MaxPool(out("maxpool", len(dy)), index, x, s, p)
	MaxPoolBack(out("maxpool/0", len(x)), dy, index, s, p)
	AvgPool(out("avgpool", len(dy)), x, s, p)
	AvgPoolBack(out("avgpool/0", len(x)), dy, s, p)
	s.ExcludePad = true
	AvgPool(out("avgpool-inside", len(dy)), x, s, p)
	AvgPoolBack(out("avgpool-inside/0", len(x)), dy, s, p)
	AdaptiveAvgPool(out("adaptive", 48), x, 4, 7, 9, 3, 4, p)
	AdaptiveAvgPoolBack(out("adaptive/0", len(x)), v("dy", 48), 4, 7, 9, 3, 4, p)
	GlobalAvgPool(out("global", 4), x, 4, 63, p)
	GlobalAvgPoolBack(out("global/0", len(x)), v("dy", 4), 4, 63, p)
	Upsample(out("upsample", 9*len(x)), x, 4, 7, 9, 3)
	UpsampleBack(out("upsample/0", len(x)), v("dy", 9*len(x)), 4, 7, 9, 3)
	x = v("x", 240)
	PixelShuffle(out("shuffle", 240), x, 2, 2, 3, 5, 2)
	PixelShuffleBack(out("shuffle/0", 240), v("dy", 240), 2, 2, 3, 5, 2)
	b := Border{Top: 1, Bottom: 2, Left: 2, Right: 1}
	PadReflect(out("reflect", 16*6*8), x, 16, 3, 5, b)
	PadReflectBack(out("reflect/0", 240), v("dy", 16*6*8), 16, 3, 5, b)
}

func lossCases(p *Pool, v, out inputs) {
	const n, c = 6, 5
	x, dy := v("x", n*c), v("dy", n*c)
	x3 := make([]float32, n*c)
	Scale(x3, x, 3)
	y := out("softmax", n*c)
	Softmax(y, x3, n, c, p)
	d := out("softmax/0", n*c)
	SoftmaxBack(d, dy, y, n, c, p)
	Scale(d, d, 3)
	y = out("log-softmax", n*c)
	LogSoftmax(y, x, n, c, p)
	LogSoftmaxBack(out("log-softmax/0", n*c), dy, y, n, c, p)
	labels := []int{0, 4, 2, 2, 1, 3}
	SoftmaxCrossEntropy(out("cross-entropy", n), out("cross-entropy/0", n*c), x3, labels, n, c, 1.0/n, p)
	t := make([]float32, n*c)
	Softmax(t, v("t", n*c), n, c, p)
	SoftCrossEntropy(out("soft-cross-entropy", n), out("soft-cross-entropy/0", n*c), x, t, n, c, 1.0/n, p)
	for i, u := range v("t", n*c) {
		t[i] = (u + 1) / 2
	}
	BCEWithLogits(out("bce", n*c), out("bce/0", n*c), x, t, 1.0/(n*c))
	grads := [][]float32{out("jensen-shannon/0", n*c), out("jensen-shannon/1", n*c), out("jensen-shannon/2", n*c)}
	JensenShannon(out("jensen-shannon", n), grads, [][]float32{x, v("y", n*c), v("z", n*c)}, n, c, 1.0/n, p)
}

func optimizerCases(v, out inputs) {
	const n = 21
	for name, step := range map[string]func(w, m, s, g []float32, i int){
		"sgd":      func(w, m, _, g []float32, _ int) { SGD(w, m, g, 0.1, 0.9, 5e-4, false) },
		"nesterov": func(w, m, _, g []float32, _ int) { SGD(w, m, g, 0.1, 0.9, 5e-4, true) },
		"adam":     func(w, m, s, g []float32, i int) { Adam(w, m, s, g, 0.01, 0.9, 0.99, 1e-8, 1e-3, i) },
	} {
		w, m, s := out(name, n), make([]float32, n), make([]float32, n)
		copy(w, v("w", n))
		for i, g := range []string{"g0", "g1", "g2"} {
			step(w, m, s, v(g, n), i+1)
		}
	}
}

// TestTorch compares every operation and gradient with PyTorch's, computed in float64; see testdata/ops.py.
func TestTorch(t *testing.T) {
	eachBackend(t, func(t *testing.T, p *Pool) {
		got := torchCases(p)
		left := maps.Clone(got)
		for _, f := range torchLines(t, "testdata/ops.txt") {
			closeTo(t, f[0], got[f[0]], floatsOf(t, f[1:]), 2e-5)
			delete(left, f[0])
		}
		for name := range left {
			t.Errorf("%s is in no line of ops.txt", name)
		}
	})
}

// TestBackendsAgree compares every operation's bits over backends and workers.
func TestBackendsAgree(t *testing.T) {
	var want map[string][]float32
	eachBackend(t, func(t *testing.T, p *Pool) {
		got := torchCases(p)
		if want == nil {
			want = got
		}
		for name, v := range got {
			sameBits(t, name, v, want[name])
		}
	})
}
