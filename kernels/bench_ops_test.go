//go:build linux || darwin

package kernels

import (
	"fmt"
	"slices"
	"testing"
)

// A sizeClass is the size of activations: those of a late layer of a small network, of an early one, and of an early layer
// at 224x224.
type sizeClass struct {
	name       string
	n, c, h, w int
}

var sizeClasses = []sizeClass{{"small", 8, 64, 8, 8}, {"medium", 16, 32, 32, 32}, {"large", 8, 64, 56, 56}}

// operations lists every operation on activations of a size class.
func (k sizeClass) operations() []Sample {
	var list []Sample
	add := func(name string, op Op) { list = append(list, Sample{Name: name, Op: op}) }
	size, plane := k.n*k.c*k.h*k.w, k.h*k.w
	for e := range elements {
		add(e.String(), ElementOp{Element: e, N: size, A: 0.25, B: 0.5})
	}
	conv := ConvShape{N: k.n, Ci: k.c, H: k.h, W: k.w, Co: k.c, KH: 3, KW: 3, PadH: 1, PadW: 1}
	half := conv
	half.StrideH, half.StrideW = 2, 2
	point := ConvShape{N: k.n, Ci: k.c, H: k.h, W: k.w, Co: 2 * k.c, KH: 1, KW: 1}
	deep := conv
	deep.Groups = k.c
	for name, s := range map[string]ConvShape{"3x3": conv, "3x3 by 2": half, "1x1": point, "depthwise": deep} {
		add("conv "+name, ConvOp{ConvShape: s, Bias: true})
		add("conv-data "+name, ConvBackDataOp{s, false})
		add("conv-weight "+name, ConvBackWeightOp{s})
	}
	add("conv-transposed", ConvBackDataOp{ConvShape{N: k.n, Ci: k.c, H: k.h, W: k.w, Co: k.c, KH: 2, KW: 2, StrideH: 2, StrideW: 2}, true})
	add("conv-ready", &ReadyConv{ConvShape: conv, Weights: testValues("w", k.c*k.c*9, false), Bias: testValues("b", k.c, false), Add: true, End: EndReLU})
	add("channel-sum", ChannelSumOp{k.n, k.c, plane})
	add("product", MatMulOp{M: 2 * k.c, N: plane, K: 4 * k.c})
	add("product, both turned", MatMulOp{M: 2 * k.c, N: plane, K: 4 * k.c, TransA: true, TransB: true})
	add("linear", LinearOp{16 * k.n, 8 * k.c, k.c, true})
	add("scale-planes", ScalePlanesOp{k.n * k.c, plane})
	add("plane-products", PlaneProductsOp{k.n * k.c, plane})
	add("scale-pixels", ScalePixelsOp{k.n, k.c, plane})
	add("pixel-products", PixelProductsOp{k.n, k.c, plane})
	add("channel-pool", ChannelPoolOp{k.n, k.c, plane})
	list = append(list, Sample{Name: "channel-pool-back", Op: ChannelPoolBackOp{k.n, k.c, plane}, fill: func(sources [][]float32) {
		channelPool(make([]float32, 2*k.n*plane), sources[1], testValues("x", size, false), k.n, k.c, plane, nil)
	}})
	classes := 16 * k.c
	for _, l := range []bool{false, true} {
		add(fmt.Sprintf("softmax (logarithm: %t)", l), SoftmaxOp{k.n, classes, l})
		add(fmt.Sprintf("softmax-back (logarithm: %t)", l), SoftmaxBackOp{k.n, classes, l})
	}
	list = append(list, Sample{Name: "cross-entropy", Op: CrossEntropyOp{k.n, classes}, probs: []int{0, classes}},
		Sample{Name: "cross-entropy-back", Op: CrossEntropyBackOp{k.n, classes}, probs: []int{0, classes}})
	add("binary", BinaryOp{k.n * classes})
	add("binary-back", BinaryBackOp{k.n * classes})
	add("jensen-shannon", JensenShannonOp{3, k.n, classes, 12})
	add("jensen-shannon-back", JensenShannonBackOp{3, k.n, classes, 12})
	add("sum", SumOp{size})
	add("norm", NormOp{k.n, k.c, plane, 1e-5})
	add("norm-back", NormBackOp{k.n, k.c, plane, 10})
	add("norm-eval", NormEvalOp{k.n, k.c, plane, 10})
	add("norm-eval-back", NormEvalBackOp{k.n, k.c, plane, 10})
	for name, groups := range map[string]int{"group-norm": 8, "instance-norm": k.c} {
		add(name, GroupNormOp{k.n, k.c, plane, groups, 1e-5})
		add(name+"-back", GroupNormBackOp{k.n, k.c, plane, groups, 10})
	}
	add("weight-standard", WeightStandardOp{k.c, 9 * k.c, 1e-5})
	add("weight-standard-back", WeightStandardBackOp{k.c, 9 * k.c, 1e-5})
	add("running", RunningOp{k.c, k.n * plane, 0.1})
	weights := 9 * k.c * k.c
	add("sgd", SGDOp{weights, 0.1, 0.9, 1e-4, false})
	add("sgd-nesterov", SGDOp{weights, 0.1, 0.9, 1e-4, true})
	add("adam", AdamOp{weights, 0.1, 0.9, 0.999, 1e-8, 1e-4, 7})
	pool := PoolShape{Planes: k.n * k.c, H: k.h, W: k.w, KH: 3, KW: 3, StrideH: 2, StrideW: 2, PadH: 1, PadW: 1}
	add("max-pool", MaxPoolOp{pool})
	add("max-values", MaxValuesOp{pool})
	list = append(list, Sample{Name: "max-pool-back", Op: MaxPoolBackOp{pool}, fill: func(sources [][]float32) {
		maxPool(make([]float32, len(sources[1])), sources[1], testValues("x", size, false), pool, nil)
	}})
	add("average-pool", AvgPoolOp{PoolShape: pool})
	add("average-pool-back", AvgPoolBackOp{PoolShape: pool})
	add("adaptive-pool", Adaptive(k.n*k.c, k.h, k.w, 4, 4))
	add("global-pool", GlobalPool(k.n*k.c, plane))
	draws := NewKey("bench", 1, 1, "draws", 0).Row("")
	add("uniform", RangesOp{draws, 0, size, -1, 1})
	add("normal", NormalsOp{draws, 0, size})
	add("dropout", DropoutOp{slices.Repeat([]Source{draws}, k.n), k.c * plane, 0.3})
	noise := Noise2NetOp{H: k.h, W: k.w, Structures: []Noise2NetStructure{DrawNoise2NetStructure(draws)}, Epsilon: []float32{0.5}}
	noise.Weights = slices.Repeat([]Source{draws}, k.n)
	add("noise2net", noise)
	add("slice", SliceOp(k.n, k.c, plane, 1, k.c-1))
	add("concat", ConcatOp{[]int{k.c / 2, k.c}, k.n, plane})
	for _, back := range []bool{false, true} {
		add(fmt.Sprintf("pixel-shuffle (back: %t)", back), ShuffleOp{k.n, k.c / 4, k.h, k.w, 2, back})
		add(fmt.Sprintf("upsample (back: %t)", back), UpsampleOp{k.n * k.c, k.h, k.w, 2, back})
		add(fmt.Sprintf("reflect (back: %t)", back), ReflectOp{k.n * k.c, k.h, k.w, Border{1, 1, 1, 1}, back})
	}
	slices.SortFunc(list, func(a, b Sample) int { return slices.Compare([]byte(a.Name), []byte(b.Name)) })
	return list
}

// BenchmarkOps measures every operation in every size class; B/s counts all operands once.
func BenchmarkOps(b *testing.B) {
	for _, k := range sizeClasses {
		for _, s := range k.operations() {
			b.Run(fmt.Sprintf("%s/%s", s.Name, k.name), func(b *testing.B) {
				results, sources := s.operands()
				bytes := 0
				for _, v := range append(slices.Clone(results), sources...) {
					bytes += 4 * len(v)
				}
				b.SetBytes(int64(bytes))
				s.Op.Run(nil, results, sources) // fills the buffers that later calls reuse
				b.ReportAllocs()
				start := cpuSeconds()
				for b.Loop() {
					s.Op.Run(nil, results, sources)
				}
				b.ReportMetric((cpuSeconds()-start)*1e6/float64(b.N), "cpu-us/op")
			})
		}
	}
}

// TestBenchmarksAreComplete checks that every operation that devices are tested by has a benchmark, and runs those of the
// least size once.
func TestBenchmarksAreComplete(t *testing.T) {
	measured := map[string]bool{}
	for _, s := range sizeClasses[0].operations() {
		measured[fmt.Sprintf("%T", s.Op)] = true
		results, sources := s.operands()
		s.Op.Run(nil, results, sources)
	}
	for _, s := range Samples() {
		if !measured[fmt.Sprintf("%T", s.Op)] {
			t.Errorf("%T has no benchmark", s.Op)
		}
	}
}
