// Command jpeg writes the AVX2 twins of stages/imageio/jpeg's inner loops. Each computes in the same integers as the Go
// loop it stands for, so that the results are equal for every input.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

func main() {
	ConstraintExpr("amd64,!purego")
	for _, c := range []struct {
		name string
		v    int32
	}{{"f0298", 2446}, {"f0390", 3196}, {"f0541", 4433}, {"f0765", 6270}, {"f0899", 7373}, {"f1175", 9633},
		{"f1501", 12299}, {"f1847", 15137}, {"f1961", 16069}, {"f2053", 16819}, {"f2562", 20995}, {"f3072", 25172}} {
		factors[c.v] = dwords(c.name, c.v)
	}
	inverse()
	forward()
	rgbToYCC()
	average22()
	yccToRGB()
	smoothBoth()
	smoothAcross()
	Generate()
}

// factors are the multipliers of the transforms, cosines and their sums times 2^13.
var factors = map[int32]Mem{}

// constants are the data made so far, so that functions share them.
var constants = map[string]Mem{}

// dwords is a constant of eight equal 32-bit lanes.
func dwords(name string, v int32) Mem {
	if m, ok := constants[name]; ok {
		return m
	}
	m := GLOBL(name, RODATA|NOPTR)
	constants[name] = m
	for i := range 8 {
		DATA(4*i, I32(v))
	}
	return m
}

// words is a constant whose 16-bit lanes repeat the values given.
func words(name string, v ...int16) Mem {
	if m, ok := constants[name]; ok {
		return m
	}
	m := GLOBL(name, RODATA|NOPTR)
	constants[name] = m
	for i := range 16 {
		DATA(2*i, I16(v[i%len(v)]))
	}
	return m
}

// bytes16 is a constant of 16 bytes, or the same 16 twice.
func bytes16(name string, b [16]byte, times int) Mem {
	if m, ok := constants[name]; ok {
		return m
	}
	m := GLOBL(name, RODATA|NOPTR)
	constants[name] = m
	for i := range 16 * times {
		DATA(i, U8(b[i%16]))
	}
	return m
}
