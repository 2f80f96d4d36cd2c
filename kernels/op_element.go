package kernels

import "fmt"

// An Element is what an ElementOp does with each value.
type Element uint8

// The element-wise operations, with what A and B are to them.
const (
	ReLUElement           Element = iota // x
	LeakyElement                         // x; A: slope
	TanhElement                          // x
	SigmoidElement                       // x
	GELUElement                          // x
	ExpElement                           // x
	LogElement                           // x
	SinElement                           // x
	CosElement                           // x
	ErfElement                           // x
	SqrtElement                          // x
	ScaleElement                         // x; A: factor
	ClampElement                         // x; A, B: bounds
	ReLUBackElement                      // dy, y
	LeakyBackElement                     // dy, x; A: slope
	TanhBackElement                      // dy, y
	SigmoidBackElement                   // dy, y
	GELUBackElement                      // dy, x
	AddElement                           // x, y
	MulElement                           // x, y
	StochasticSignElement                // x, u: 1 where u < (1+x)/2, else -1
	elements
)

var elementNames = [elements]string{"relu", "leaky", "tanh", "sigmoid", "gelu", "exp", "log", "sin", "cos", "erf", "sqrt", "scale", "clamp",
	"relu_back", "leaky_back", "tanh_back", "sigmoid_back", "gelu_back", "add", "mul", "stochastic_sign"}

func (e Element) String() string { return elementNames[e] }

// Sources is the number of values that give one.
func (e Element) Sources() int {
	if e >= ReLUBackElement {
		return 2
	}
	return 1
}

// An ElementOp is one of the element-wise functions on N values. The result may be a source.
type ElementOp struct {
	Element Element
	N       int
	A, B    float32
}

// Operands is described at Op.
func (o ElementOp) Operands() (results, sources []int) {
	sources = make([]int, o.Element.Sources())
	for i := range sources {
		sources[i] = o.N
	}
	return []int{o.N}, sources
}

// Run is described at Op.
func (o ElementOp) Run(p *Pool, r, s [][]float32) {
	const piece = 1 << 16 // values that are worth a worker's while
	if o.N <= piece {
		o.part(r, s, 0, o.N)
		return
	}
	p.Run((o.N+piece-1)/piece, func(i int) { o.part(r, s, i*piece, min((i+1)*piece, o.N)) })
}

func (o ElementOp) part(r, s [][]float32, lo, hi int) {
	dst, x := r[0][lo:hi], s[0][lo:hi]
	var y []float32
	if len(s) > 1 {
		y = s[1][lo:hi]
	}
	switch o.Element {
	case ReLUElement:
		ReLU(dst, x)
	case LeakyElement:
		LeakyReLU(dst, x, o.A)
	case TanhElement:
		TanhSlice(dst, x)
	case SigmoidElement:
		SigmoidSlice(dst, x)
	case GELUElement:
		GELUSlice(dst, x)
	case ExpElement:
		ExpSlice(dst, x)
	case LogElement:
		LogSlice(dst, x)
	case SinElement:
		SinSlice(dst, x)
	case CosElement:
		CosSlice(dst, x)
	case ErfElement:
		ErfSlice(dst, x)
	case SqrtElement:
		SqrtSlice(dst, x)
	case ScaleElement:
		Scale(dst, x, o.A)
	case ClampElement:
		Clamp(dst, x, o.A, o.B)
	case ReLUBackElement:
		ReLUBack(dst, x, y)
	case LeakyBackElement:
		LeakyReLUBack(dst, x, y, o.A)
	case TanhBackElement:
		TanhBack(dst, x, y)
	case SigmoidBackElement:
		SigmoidBack(dst, x, y)
	case GELUBackElement:
		GELUBack(dst, x, y)
	case AddElement:
		Add(dst, x, y)
	case MulElement:
		Mul(dst, x, y)
	case StochasticSignElement:
		StochasticSign(dst, x, y)
	default:
		panic(fmt.Sprintf("kernels: no element-wise operation %d", o.Element))
	}
}
