package main

import "fmt"

// peak emits rounds of fused multiply-adds of registers, enough independent ones to cover the latency of two pipes.
// With each two of them, what a core makes in a cycle, go so many instructions that do nothing.
func (f *file) peak(name, method string, empty int) {
	arg := f.begin(name+f.isa.suffix, fmt.Sprintf("is the body of Backend.%s; n is positive.", method), num("n"))
	f.op("MOVQ %s, AX", arg("n"))
	for i := range peakChains + 2 {
		f.vop("VXORPS V%d, V%d, V%d", i, i, i)
	}
	f.op("PCALIGN $64")
	f.label("loop")
	for range peakTurns {
		for i := range peakChains {
			f.vop("VFMADD231PS V%d, V%d, V%d", peakChains, peakChains+1, i)
			if i%2 == 1 {
				for range empty {
					f.op("BYTE $0x90")
				}
			}
		}
	}
	f.op("DECQ AX")
	f.op("JNZ loop")
	f.end()
}

// A round is so many turns of so many chains; simd.peakVectors is their product.
const (
	peakChains = 12
	peakTurns  = 8
)
