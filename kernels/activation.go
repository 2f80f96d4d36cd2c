package kernels

import "math"

// Element-wise operations. All slices of a call have one length, and dst may be one of the sources.

// ReLU stores x < 0 ? +0 : x in dst; NaN and -0 pass.
func ReLU(dst, x []float32) {
	sameLength("ReLU", len(dst), len(x))
	backend().ReLU(dst, x)
}

// ReLUBack stores y <= 0 ? +0 : dy in dx. y is the output of ReLU or its input, which give the same.
func ReLUBack(dx, dy, y []float32) {
	sameLength("ReLUBack", len(dx), len(dy), len(y))
	backend().ReLUBack(dx, dy, y)
}

// LeakyReLU stores x < 0 ? slope*x : x in dst.
func LeakyReLU(dst, x []float32, slope float32) {
	sameLength("LeakyReLU", len(dst), len(x))
	backend().Leaky(slope, dst, x)
}

// LeakyReLUBack stores x <= 0 ? slope*dy : dy in dx, given the input x.
func LeakyReLUBack(dx, dy, x []float32, slope float32) {
	sameLength("LeakyReLUBack", len(dx), len(dy), len(x))
	backend().LeakyBack(slope, dx, dy, x)
}

// TanhSlice stores Tanh of every element of x in dst.
func TanhSlice(dst, x []float32) {
	sameLength("TanhSlice", len(dst), len(x))
	backend().TanhSlice(dst, x)
}

// TanhBack stores dy*(1-y*y) in dx, given the output y.
func TanhBack(dx, dy, y []float32) {
	sameLength("TanhBack", len(dx), len(dy), len(y))
	backend().TanhBack(dx, dy, y)
}

// SigmoidSlice stores Sigmoid of every element of x in dst.
func SigmoidSlice(dst, x []float32) {
	sameLength("SigmoidSlice", len(dst), len(x))
	backend().SigmoidSlice(dst, x)
}

// SigmoidBack stores dy*(y*(1-y)) in dx, given the output y.
func SigmoidBack(dx, dy, y []float32) {
	sameLength("SigmoidBack", len(dx), len(dy), len(y))
	backend().SigmoidBack(dx, dy, y)
}

// GELUSlice stores GELU of every element of x in dst.
func GELUSlice(dst, x []float32) {
	sameLength("GELUSlice", len(dst), len(x))
	backend().GELUSlice(dst, x)
}

// GELUBack stores dy times the slope of GELU at the input x in dx.
func GELUBack(dx, dy, x []float32) {
	sameLength("GELUBack", len(dx), len(dy), len(x))
	backend().GELUBack(dx, dy, x)
}

// ExpSlice, LogSlice, SinSlice, CosSlice, ErfSlice and SqrtSlice store the function of every element of x in dst.
func ExpSlice(dst, x []float32) {
	sameLength("ExpSlice", len(dst), len(x))
	backend().ExpSlice(dst, x)
}

// LogSlice is described at ExpSlice.
func LogSlice(dst, x []float32) {
	sameLength("LogSlice", len(dst), len(x))
	backend().LogSlice(dst, x)
}

// SinSlice is described at ExpSlice.
func SinSlice(dst, x []float32) {
	sameLength("SinSlice", len(dst), len(x))
	turns(dst, x, false)
}

// CosSlice is described at ExpSlice.
func CosSlice(dst, x []float32) {
	sameLength("CosSlice", len(dst), len(x))
	turns(dst, x, true)
}

// turns computes sines or cosines in vectors, and one by one those that are too large for them.
func turns(dst, x []float32, cosine bool) {
	be := backend()
	const piece = 256
	var from [piece]float32 // dst may be x
	for len(x) > 0 {
		n := copy(from[:], x)
		f, done := Sin, 0
		if cosine {
			f, done = Cos, be.SmallCos(dst[:n], from[:n])
		} else {
			done = be.SmallSin(dst[:n], from[:n])
		}
		for i, v := range from[:n] {
			if i >= done || !(abs(v) < 0x1p16) {
				dst[i] = f(v)
			}
		}
		dst, x = dst[n:], x[n:]
	}
}

// ErfSlice is described at ExpSlice.
func ErfSlice(dst, x []float32) {
	sameLength("ErfSlice", len(dst), len(x))
	backend().ErfSlice(dst, x)
}

// SqrtSlice is described at ExpSlice.
func SqrtSlice(dst, x []float32) {
	sameLength("SqrtSlice", len(dst), len(x))
	backend().SqrtSlice(dst, x)
}

// Add stores x + y in dst.
func Add(dst, x, y []float32) {
	sameLength("Add", len(dst), len(x), len(y))
	backend().Add(dst, x, y)
}

// Mul stores x * y in dst.
func Mul(dst, x, y []float32) {
	sameLength("Mul", len(dst), len(x), len(y))
	backend().Mul(dst, x, y)
}

// Scale stores x * w in dst.
func Scale(dst, x []float32, w float32) {
	sameLength("Scale", len(dst), len(x))
	backend().Scale(w, dst, x)
}

// Clamp stores x < lo ? lo : x > hi ? hi : x in dst; NaN passes.
func Clamp(dst, x []float32, lo, hi float32) {
	sameLength("Clamp", len(dst), len(x))
	backend().Clamp(lo, hi, dst, x)
}

// StochasticSign stores 1 in dst where u, uniform in [0, 1), is less than (1 + x) / 2, else -1, so that the mean over u is x
// for x from -1 to 1. dst may be x.
func StochasticSign(dst, x, u []float32) {
	sameLength("StochasticSign", len(dst), len(x), len(u))
	for i, v := range x {
		d := u[i] - float32(1+v)*0.5 // below zero where u is less; a branch on it would be guessed wrong half of the time
		if d != d {
			dst[i] = -1
			continue
		}
		dst[i] = math.Float32frombits(math.Float32bits(-1) ^ math.Float32bits(d)&(1<<31))
	}
}
