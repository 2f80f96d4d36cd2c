package nn

import (
	"fmt"
	"math"
	"testing"

	"gorgonia.org/gorgonia"

	"shiftmill/kernels"
)

// A layerTest is a piece of a graph between an input and a loss, or values
// [n, k] of which the cross-entropy is taken.
type layerTest struct {
	name  string
	shape []int
	build func(b *builder, x *gorgonia.Node) *gorgonia.Node
}

// TestNumericalGradients compares the gradient of each operation with the
// slope of the loss along that gradient, by central differences.
func TestNumericalGradients(t *testing.T) {
	conv := func(s kernels.ConvShape) layerTest {
		return layerTest{fmt.Sprintf("conv %+v", s), []int{s.N, s.Ci, s.H, s.W}, func(b *builder, x *gorgonia.Node) *gorgonia.Node {
			w, _ := b.state("w", ConvWeight, s.Co, s.Ci/s.Groups, s.KH, s.KW)
			return b.globalPool(b.relu(b.conv2D(x, w, s)))
		}}
	}
	tests := []layerTest{
		conv(kernels.ConvShape{N: 2, Ci: 3, H: 6, W: 5, Co: 4, KH: 3, KW: 3, StrideH: 1, StrideW: 1, PadH: 1, PadW: 1, DilH: 1, DilW: 1, Groups: 1}),
		conv(kernels.ConvShape{N: 2, Ci: 4, H: 7, W: 7, Co: 6, KH: 3, KW: 3, StrideH: 2, StrideW: 2, PadH: 1, PadW: 1, DilH: 1, DilW: 1, Groups: 2}),
		conv(kernels.ConvShape{N: 2, Ci: 3, H: 9, W: 8, Co: 3, KH: 3, KW: 2, StrideH: 1, StrideW: 2, PadH: 2, PadW: 1, DilH: 2, DilW: 3, Groups: 3}),
		conv(kernels.ConvShape{N: 3, Ci: 3, H: 5, W: 5, Co: 4, KH: 1, KW: 1, StrideH: 2, StrideW: 2, DilH: 1, DilW: 1, Groups: 1}),
		{"linear", []int{3, 5}, func(b *builder, x *gorgonia.Node) *gorgonia.Node { return b.linear(x, "fc", 4) }},
		{"norm", []int{3, 4, 3, 3}, func(b *builder, x *gorgonia.Node) *gorgonia.Node {
			return b.globalPool(b.relu(b.norm(x, "bn")))
		}},
		{"max pool", []int{2, 3, 6, 6}, func(b *builder, x *gorgonia.Node) *gorgonia.Node { return b.globalPool(b.maxPool(x, 2, 2, 0)) }},
		{"max pool with padding", []int{2, 3, 7, 7}, func(b *builder, x *gorgonia.Node) *gorgonia.Node {
			return b.globalPool(b.maxPool(x, 3, 2, 1))
		}},
		{"value used three times", []int{2, 3, 4, 4}, func(b *builder, x *gorgonia.Node) *gorgonia.Node {
			y := b.relu(x)
			return b.globalPool(b.add(b.add(y, b.maxPool(y, 3, 1, 1)), y))
		}},
		{"block", []int{4, 4, 6, 6}, func(b *builder, x *gorgonia.Node) *gorgonia.Node {
			return b.globalPool(b.residual(x, residual{name: "block", width: 6, stride: 2}))
		}},
		{"squeeze and excite", []int{4, 4, 6, 6}, func(b *builder, x *gorgonia.Node) *gorgonia.Node {
			return b.globalPool(b.squeezeExcite(x, "se"))
		}},
		{"cbam", []int{6, 4, 8, 8}, func(b *builder, x *gorgonia.Node) *gorgonia.Node {
			return b.globalPool(b.cbam(x, "cbam"))
		}},
		{"group norm", []int{2, 6, 3, 4}, func(b *builder, x *gorgonia.Node) *gorgonia.Node {
			return b.globalPool(b.relu(b.groupNorm(x, "gn", 3)))
		}},
		{"instance norm", []int{2, 4, 5, 3}, func(b *builder, x *gorgonia.Node) *gorgonia.Node {
			return b.globalPool(b.relu(b.groupNorm(x, "in", 4)))
		}},
		{"standardised weights", []int{2, 3, 5, 5}, func(b *builder, x *gorgonia.Node) *gorgonia.Node {
			w, _ := b.state("w", ConvWeight, 4, 3, 3, 3)
			s := kernels.ConvShape{N: 2, Ci: 3, H: 5, W: 5, Co: 4, KH: 3, KW: 3, StrideH: 1, StrideW: 1, PadH: 1, PadW: 1, DilH: 1, DilW: 1, Groups: 1}
			return b.globalPool(b.relu(b.conv2D(x, b.standardised(w), s)))
		}},
		{"gelu", []int{3, 4, 3, 3}, func(b *builder, x *gorgonia.Node) *gorgonia.Node { return b.globalPool(b.gelu(x)) }},
		{"average pool", []int{2, 3, 7, 6}, func(b *builder, x *gorgonia.Node) *gorgonia.Node {
			return b.globalPool(b.relu(b.averagePool(x, 3, 2, 1)))
		}},
		{"adaptive pool", []int{2, 3, 7, 5}, func(b *builder, x *gorgonia.Node) *gorgonia.Node {
			return b.globalPool(b.relu(b.adaptivePool(x, 3, 2)))
		}},
		{"upsample", []int{2, 3, 3, 4}, func(b *builder, x *gorgonia.Node) *gorgonia.Node {
			return b.globalPool(b.maxPool(b.upsample(x, 3), 4, 3, 1))
		}},
		{"concat", []int{2, 3, 4, 4}, func(b *builder, x *gorgonia.Node) *gorgonia.Node {
			return b.globalPool(b.relu(b.concat(x, b.gelu(x), b.maxPool(x, 3, 1, 1))))
		}},
		{"dropout", []int{4, 3, 5, 5}, func(b *builder, x *gorgonia.Node) *gorgonia.Node {
			rows := make([]kernels.Source, 4)
			for i := range rows {
				rows[i] = testKey("dropout").Row(fmt.Sprint(i))
			}
			return b.globalPool(b.relu(b.dropout(x, rows, 0.4)))
		}},
	}
	for _, tt := range append(tests, lossSlopes()...) {
		t.Run(tt.name, func(t *testing.T) { checkSlopes(t, tt) })
	}
}

func checkSlopes(t *testing.T, tt layerTest) {
	t.Helper()
	net := &Network{Arch: Arch{Name: tt.name}, index: map[string]int{}}
	size := 1
	for _, d := range tt.shape {
		size *= d
	}
	x := make([]float32, size)
	testKey("x").Row(tt.name).Normals(x, 0)
	var p *program
	var loss *gorgonia.Node
	values, gradients := map[string][]float32{"x": x}, map[string][]float32{}
	err := build(net, true, func(b *builder) {
		in := b.input("x", x, tt.shape...)
		out := tt.build(b, in)
		if loss = out; out.Shape().Dims() > 0 {
			n, k := out.Shape()[0], out.Shape()[1]
			targets := make([]float32, n*k)
			for i := range n {
				targets[i*k+i%k], targets[i*k+(i+1)%k] = 0.75, 0.25
			}
			loss = b.crossEntropy(out, b.input("targets", targets, n, k))
		}
		nodes, names := gorgonia.Nodes{in}, []string{"x"}
		for _, s := range net.State {
			if s.Role.Parameter() {
				testKey("w").Row(tt.name+s.Name).Normals(s.Data, 0)
				values[s.Name] = s.Data
				nodes, names = append(nodes, b.nodes[s.Name]), append(names, s.Name)
			}
		}
		grads := must(gorgonia.Grad(loss, nodes...))
		p = must(compile(b.g, b.bound, append(gorgonia.Nodes{loss}, grads...)...))
		for i, g := range grads {
			gradients[names[i]] = p.value[g]
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	at := func() float64 {
		p.run(nil, nil)
		return float64(p.value[loss][0])
	}
	at()
	for name, v := range values {
		g := append([]float32(nil), gradients[name]...)
		norm := 0.0
		for _, d := range g {
			norm += float64(d) * float64(d)
		}
		norm = math.Sqrt(norm)
		if norm < 1e-4 {
			t.Fatalf("%s: gradient vanishes", name)
		}
		was := append([]float32(nil), v...)
		const h = 2e-3
		move := func(by float64) float64 {
			for i := range v {
				v[i] = was[i] + float32(by*float64(g[i])/norm)
			}
			return at()
		}
		slope := (move(h) - move(-h)) / (2 * h)
		copy(v, was)
		if math.Abs(slope-norm) > 0.01*norm+2e-5 {
			t.Errorf("%s: the loss rises by %.6f along the gradient, whose length is %.6f", name, slope, norm)
		}
	}
}
