// Command jpeg writes the AVX2 twins of stages/imageio/jpeg's inner loops. Each computes in the same integers as the Go
// loop it stands for, so that the results are equal for every input.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

func main() {
	ConstraintExpr("amd64,!purego")
	inverse()
	yccToRGB()
	smoothBoth()
	smoothAcross()
	Generate()
}

// dwords is a constant of eight equal 32-bit lanes.
func dwords(name string, v int32) Mem {
	m := GLOBL(name, RODATA|NOPTR)
	for i := range 8 {
		DATA(4*i, I32(v))
	}
	return m
}

// words is a constant whose 16-bit lanes repeat the values given.
func words(name string, v ...int16) Mem {
	m := GLOBL(name, RODATA|NOPTR)
	for i := range 16 {
		DATA(2*i, I16(v[i%len(v)]))
	}
	return m
}

// bytes16 is a constant of 16 bytes, or the same 16 twice.
func bytes16(name string, b [16]byte, times int) Mem {
	m := GLOBL(name, RODATA|NOPTR)
	for i := range 16 * times {
		DATA(i, U8(b[i%16]))
	}
	return m
}
