package kernels

import (
	"fmt"
	"math"
	"slices"
)

// A Sample is an operation on fixed operands, by which a device is compared with the plain Go functions.
type Sample struct {
	Name string
	Op   Op

	// Special values (±0, ±Inf, NaN, subnormals) stand among the sources.
	Special bool

	probs []int                     // sources that are rows of probabilities, by the length of a row
	fill  func(sources [][]float32) // makes sources that depend on each other
}

// A Mismatch says that a device computes other bits than plain Go does.
type Mismatch struct {
	Device, Op string
	Result, At int
	Got, Want  float32
}

func (m *Mismatch) Error() string {
	return fmt.Sprintf("%s computes %s wrongly: value %d of result %d is %v (%#08x), should be %v (%#08x)", m.Device, m.Op, m.At, m.Result,
		m.Got, math.Float32bits(m.Got), m.Want, math.Float32bits(m.Want))
}

// operands makes a sample's sources, and results whose content operations that change them start from.
func (s Sample) operands() (results, sources [][]float32) {
	r, src := s.Op.Operands()
	key := NewKey("self-test", 1, 1, s.Name, 0)
	fill := func(name string, n int) []float32 {
		v := make([]float32, n)
		key.Row(name).Ranges(v, 0, -2, 2)
		return v
	}
	for i, n := range src {
		v := fill(fmt.Sprint("source ", i), n)
		switch {
		case i < len(s.probs) && s.probs[i] > 0:
			for at := 0; at < n; at += s.probs[i] {
				Softmax(v[at:at+s.probs[i]], v[at:at+s.probs[i]], 1, s.probs[i], nil)
			}
		case s.Special:
			for j, x := range specialValues {
				if n > 0 {
					v[j*7919%n] = x
				}
			}
		}
		sources = append(sources, v)
	}
	if s.fill != nil {
		s.fill(sources)
	}
	for i, n := range r {
		v := fill(fmt.Sprint("result ", i), n)
		for j := range v { // a second moment is not negative
			v[j] = abs(v[j])
		}
		results = append(results, v)
	}
	return results, sources
}

var specialValues = []float32{0, float32(math.Copysign(0, -1)), inf32, -inf32, nan32, 0x1p-149, -0x1p-127, 0x1.fffffep127, 1, -1}

// Compare runs a sample on a device and, in plain Go, here. A *Mismatch is the error of a device that computes other
// bits.
func (s Sample) Compare(d Device) error {
	results, sources := s.operands()
	var memories []Memory
	defer func() {
		for _, m := range memories {
			m.Free()
		}
	}()
	const guard = 64 // values before and behind that nothing may touch
	place := func(v []float32) (Span, error) {
		m, err := d.Alloc(len(v) + 2*guard)
		if err != nil {
			return Span{}, err
		}
		memories = append(memories, m)
		whole := make([]float32, len(v)+2*guard)
		for i := range whole {
			whole[i] = guardValue
		}
		copy(whole[guard:], v)
		return Span{m, guard, len(v)}, d.Write(Span{m, 0, len(whole)}, whole)
	}
	spans := func(list [][]float32) (out []Span, err error) {
		for _, v := range list {
			at, err := place(v)
			if err != nil {
				return nil, err
			}
			out = append(out, at)
		}
		return out, nil
	}
	r, err := spans(results)
	if err != nil {
		return err
	}
	src, err := spans(sources)
	if err != nil {
		return err
	}
	if err := d.Do(s.Op, r, src); err != nil {
		return fmt.Errorf("%s: %w", s.Name, err)
	}
	s.Op.Run(nil, results, sources)
	for i, want := range append(results, sources...) {
		at := append(slices.Clone(r), src...)[i]
		got := make([]float32, len(want)+2*guard)
		if err := d.Read(got, Span{at.Memory, 0, len(got)}); err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		for j := range got {
			w := float32(guardValue)
			if j >= guard && j < guard+len(want) {
				w = want[j-guard]
			}
			if g := got[j]; math.Float32bits(g) != math.Float32bits(w) && (g == g || w == w) {
				return &Mismatch{d.String(), s.Name, i, j - guard, g, w}
			}
		}
	}
	return nil
}

// CompareBackend runs a sample with the instructions of a backend and in plain Go. A *Mismatch is the error of a backend
// that computes other bits. The backend in use stays as it was, but nothing else may compute meanwhile.
func (s Sample) CompareBackend(name string) error {
	before := Active()
	defer func() { _ = Use(before) }() // it was in use
	run := func(backend string) ([][]float32, error) {
		if err := Use(backend); err != nil {
			return nil, err
		}
		results, sources := s.operands()
		s.Op.Run(nil, results, sources)
		return results, nil
	}
	want, err := run(Backends()[0])
	if err != nil {
		return err
	}
	got, err := run(name)
	if err != nil {
		return err
	}
	for i := range want {
		for j, w := range want[i] {
			if g := got[i][j]; math.Float32bits(g) != math.Float32bits(w) && (g == g || w == w) {
				return &Mismatch{"cpu:" + name, s.Name, i, j, g, w}
			}
		}
	}
	return nil
}

// guardValue stands around operands.
const guardValue = -12345.5

// Samples lists operations of every kind: ordinary and awkward sizes, ordinary and special values.
func Samples() []Sample {
	var list []Sample
	add := func(name string, op Op, special bool) {
		list = append(list, Sample{Name: name, Op: op, Special: special})
	}
	for e := range elements {
		for _, n := range []int{0, 1, 65, 1023} {
			add(fmt.Sprintf("%s of %d", e, n), ElementOp{Element: e, N: n, A: -0.75, B: 0.5}, true)
		}
	}
	for _, s := range sampleShapes {
		special := s.N == 1
		add(fmt.Sprintf("convolution %+v", s), ConvOp{ConvShape: s, Bias: true}, special)
		add(fmt.Sprintf("convolution without bias %+v", s), ConvOp{ConvShape: s}, special)
		add(fmt.Sprintf("convolution's data gradient %+v", s), ConvBackDataOp{s, false}, special)
		add(fmt.Sprintf("transposed convolution %+v", s), ConvBackDataOp{s, true}, special)
		add(fmt.Sprintf("convolution's weight gradient %+v", s), ConvBackWeightOp{s}, special)
	}
	for _, s := range winogradShapes {
		add(fmt.Sprintf("convolution by Winograd %+v", s), ConvOp{ConvShape: s, Bias: true, Winograd: true}, s.N == 1)
		add(fmt.Sprintf("convolution by Winograd without bias %+v", s), ConvOp{ConvShape: s, Winograd: true}, s.N == 1)
	}
	for _, m := range [][3]int{{1, 1, 1}, {3, 5, 7}, {13, 29, 37}, {17, 65, 130}, {64, 1, 3}} {
		for t := range 4 {
			op := MatMulOp{m[0], m[1], m[2], t&1 != 0, t&2 != 0}
			add(fmt.Sprintf("matrix product %+v", op), op, t == 3)
		}
		add(fmt.Sprintf("linear layer %v", m), LinearOp{m[0], m[2], m[1], true}, false)
		add(fmt.Sprintf("linear layer's data gradient %v", m), LinearBackDataOp(m[0], m[2], m[1]), false)
		add(fmt.Sprintf("linear layer's weight gradient %v", m), LinearBackWeightOp(m[0], m[2], m[1]), false)
	}
	for _, s := range [][3]int{{2, 3, 1}, {5, 4, 63}, {3, 2, 1025}, {1100, 2, 1}, {2, 1, 2100}} {
		n, c, plane := s[0], s[1], s[2]
		add(fmt.Sprintf("sum of channels %v", s), ChannelSumOp{n, c, plane}, false)
		add(fmt.Sprintf("batch norm %v", s), NormOp{n, c, plane, 1e-5}, n == 3)
		add(fmt.Sprintf("batch norm's gradient %v", s), NormBackOp{n, c, plane, 10}, false)
		add(fmt.Sprintf("batch norm in evaluation %v", s), NormEvalOp{n, c, plane, 10}, true)
		add(fmt.Sprintf("gradient of batch norm in evaluation %v", s), NormEvalBackOp{n, c, plane, 10}, false)
		for _, groups := range []int{1, c} {
			add(fmt.Sprintf("group norm %v in %d", s, groups), GroupNormOp{n, c, plane, groups, 1e-5}, false)
			add(fmt.Sprintf("group norm's gradient %v in %d", s, groups), GroupNormBackOp{n, c, plane, groups, 10}, false)
		}
		add(fmt.Sprintf("weight standardisation %v", s), WeightStandardOp{n, plane, 1e-5}, false)
		add(fmt.Sprintf("weight standardisation's gradient %v", s), WeightStandardBackOp{n, plane, 1e-5}, false)
		add(fmt.Sprintf("running statistics %v", s), RunningOp{c, n, 0.1}, false)
	}
	for _, s := range [][3]int{{2, 3, 65}, {1, 5, 1300}} {
		n, c, plane := s[0], s[1], s[2]
		add(fmt.Sprintf("scaling of planes %v", s), ScalePlanesOp{n * c, plane}, true)
		add(fmt.Sprintf("products over planes %v", s), PlaneProductsOp{n * c, plane}, n == 2)
		add(fmt.Sprintf("scaling of pixels %v", s), ScalePixelsOp{n, c, plane}, true)
		add(fmt.Sprintf("products over channels %v", s), PixelProductsOp{n, c, plane}, n == 2)
		add(fmt.Sprintf("pooling over channels %v", s), ChannelPoolOp{n, c, plane}, true)
		list = append(list, Sample{Name: fmt.Sprintf("gradient of pooling over channels %v", s), Op: ChannelPoolBackOp{n, c, plane}, fill: func(sources [][]float32) {
			x := make([]float32, n*c*plane)
			NewKey("self-test", 1, 1, "pooled", 0).Row("").Ranges(x, 0, -2, 2)
			channelPool(make([]float32, 2*n*plane), sources[1], x, n, c, plane, nil)
		}})
	}
	for _, s := range []PoolShape{
		{Planes: 3, H: 6, W: 7, KH: 2, KW: 2}, {Planes: 2, H: 9, W: 5, KH: 3, KW: 3, StrideH: 2, StrideW: 1, PadH: 1, PadW: 1},
		{Planes: 2, H: 8, W: 8, KH: 3, KW: 2, StrideH: 1, StrideW: 3, PadH: 1, ExcludePad: true}, {Planes: 1, H: 1, W: 1, KH: 1, KW: 1},
	} {
		add(fmt.Sprintf("max pooling %+v", s), MaxPoolOp{s}, true)
		list = append(list, Sample{Name: fmt.Sprintf("max pooling's gradient %+v", s), Op: MaxPoolBackOp{s}, fill: func(sources [][]float32) {
			x := make([]float32, s.Planes*s.H*s.W)
			NewKey("self-test", 1, 1, "pooled", 0).Row("").Ranges(x, 0, -2, 2)
			maxPool(make([]float32, len(sources[1])), sources[1], x, s, nil)
		}})
		add(fmt.Sprintf("average pooling %+v", s), AvgPoolOp{PoolShape: s}, true)
		add(fmt.Sprintf("average pooling's gradient %+v", s), AvgPoolBackOp{PoolShape: s}, false)
	}
	for _, s := range [][5]int{{3, 7, 5, 3, 2}, {2, 4, 4, 6, 5}, {2, 1, 64, 1, 1}} {
		o := Adaptive(s[0], s[1], s[2], s[3], s[4])
		add(fmt.Sprintf("adaptive pooling %v", s), o, true)
		add(fmt.Sprintf("adaptive pooling's gradient %v", s), AvgPoolBackOp(o), false)
	}
	for _, s := range [][2]int{{1, 1}, {5, 3}, {3, 65}, {2, 1300}} {
		n, c := s[0], s[1]
		for _, l := range []bool{false, true} {
			add(fmt.Sprintf("softmax %v (logarithm: %v)", s, l), SoftmaxOp{n, c, l}, c == 65)
			add(fmt.Sprintf("softmax's gradient %v (logarithm: %v)", s, l), SoftmaxBackOp{n, c, l}, false)
		}
		list = append(list,
			Sample{Name: fmt.Sprintf("cross-entropy %v", s), Op: CrossEntropyOp{n, c}, probs: []int{0, c}},
			Sample{Name: fmt.Sprintf("cross-entropy's gradient %v", s), Op: CrossEntropyBackOp{n, c}, probs: []int{0, c}})
		add(fmt.Sprintf("binary cross-entropy %v", s), BinaryOp{n * c}, c == 65)
		add(fmt.Sprintf("binary cross-entropy's gradient %v", s), BinaryBackOp{n * c}, c == 65)
		add(fmt.Sprintf("Jensen-Shannon divergence %v", s), JensenShannonOp{3, n, c, 12}, false)
		add(fmt.Sprintf("Jensen-Shannon divergence's gradient %v", s), JensenShannonBackOp{3, n, c, 12}, false)
	}
	for _, n := range []int{0, 1, 63, 64, 65, 1023, 1024, 1025, 50176} {
		add(fmt.Sprintf("sum of %d", n), SumOp{n}, false)
	}
	add("slice", SliceOp(3, 5, 7, 1, 4), true)
	add("slice's gradient", SliceBackOp(3, 5, 7, 1, 4), true)
	add("concatenation", ConcatOp{[]int{2, 1, 3}, 3, 5}, true)
	for _, back := range []bool{false, true} {
		add(fmt.Sprintf("pixel shuffle (back: %v)", back), ShuffleOp{2, 3, 4, 5, 2, back}, true)
		add(fmt.Sprintf("upsampling (back: %v)", back), UpsampleOp{3, 4, 5, 3, back}, false)
		add(fmt.Sprintf("reflected border (back: %v)", back), ReflectOp{2, 5, 4, Border{4, 2, 3, 1}, back}, false)
		add(fmt.Sprintf("SGD (Nesterov: %v)", back), SGDOp{131, 0.1, 0.9, 1e-4, back}, true)
	}
	add("Adam", AdamOp{131, 0.1, 0.9, 0.999, 1e-8, 1e-4, 7}, true)
	source := func(row string) Source { return NewKey("self-test", 1, 2, "draws", 0).Row(row) }
	for _, n := range []int{1, 4, 1027} {
		add(fmt.Sprintf("uniform numbers, %d", n), RangesOp{source("a"), 3, n, -0.3, 0.7}, false)
		add(fmt.Sprintf("normal numbers, %d", n), NormalsOp{source("b"), 5, n}, false)
	}
	add("dropout", DropoutOp{[]Source{source("x"), source("y"), source("z")}, 45, 0.3}, true)
	for i, s := range [][2]int{{1, 1}, {7, 5}, {33, 41}} {
		var o Noise2NetOp
		o.H, o.W = s[0], s[1]
		for j := range 3 {
			o.Structures = append(o.Structures, DrawNoise2NetStructure(source(fmt.Sprint("structure", i, j))))
			o.Weights = append(o.Weights, source(fmt.Sprint("weights", i, j)))
			o.Epsilon = append(o.Epsilon, float32(j)*0.25)
		}
		add(fmt.Sprintf("Noise2Net %v", s), o, false)
	}
	return list
}

// sampleShapes are convolutions of every sort.
var sampleShapes = []ConvShape{
	{N: 1, Ci: 1, H: 1, W: 1, Co: 1, KH: 1, KW: 1},
	{N: 2, Ci: 5, H: 11, W: 17, Co: 9, KH: 3, KW: 3, PadH: 1, PadW: 1},
	{N: 1, Ci: 4, H: 9, W: 8, Co: 20, KH: 3, KW: 2, StrideH: 2, StrideW: 3, PadH: 2, PadW: 1, DilH: 2, DilW: 1},
	{N: 3, Ci: 8, H: 10, W: 10, Co: 32, KH: 1, KW: 1, StrideH: 2, StrideW: 2},
	{N: 2, Ci: 12, H: 7, W: 7, Co: 24, KH: 3, KW: 3, PadH: 1, PadW: 1, Groups: 3},
	{N: 2, Ci: 6, H: 8, W: 9, Co: 6, KH: 5, KW: 5, StrideH: 1, StrideW: 2, PadH: 2, PadW: 2, Groups: 6},
	{N: 5, Ci: 3, H: 16, W: 16, Co: 17, KH: 7, KW: 7, StrideH: 2, StrideW: 2, PadH: 3, PadW: 3},
	{N: 1, Ci: 2, H: 3, W: 3, Co: 10, KH: 2, KW: 2, StrideH: 4, StrideW: 4},
	{N: 9, Ci: 3, H: 16, W: 16, Co: 18, KH: 3, KW: 3, PadH: 1, PadW: 1},
	{N: 1, Ci: 40, H: 12, W: 30, Co: 19, KH: 3, KW: 3, PadH: 1, PadW: 1},
	{N: 2, Ci: 350, H: 9, W: 13, Co: 27, KH: 1, KW: 1},
}

// winogradShapes are those of Conv2DWinograd: odd and even sizes, edges of every sort.
var winogradShapes = []ConvShape{
	{N: 1, Ci: 1, H: 1, W: 1, Co: 1, KH: 3, KW: 3, PadH: 1, PadW: 1},
	{N: 1, Ci: 5, H: 2, W: 2, Co: 3, KH: 3, KW: 3, PadH: 1, PadW: 1},
	{N: 2, Ci: 17, H: 9, W: 11, Co: 33, KH: 3, KW: 3, PadH: 1, PadW: 1},
	{N: 1, Ci: 40, H: 8, W: 14, Co: 9, KH: 3, KW: 3},
	{N: 3, Ci: 64, H: 6, W: 31, Co: 70, KH: 3, KW: 3, PadH: 2, PadW: 0},
}
