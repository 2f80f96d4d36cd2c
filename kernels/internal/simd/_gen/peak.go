package main

// peak emits rounds of fused multiply-adds of registers, enough independent ones to cover the latency of two pipes.
func (f *file) peak() {
	arg := f.begin("peak"+f.isa.suffix, "is the body of Backend.Peak; n is positive.", num("n"))
	f.op("MOVQ %s, AX", arg("n"))
	for i := range peakChains + 2 {
		f.vop("VXORPS V%d, V%d, V%d", i, i, i)
	}
	f.op("PCALIGN $64")
	f.label("loop")
	for range peakTurns {
		for i := range peakChains {
			f.vop("VFMADD231PS V%d, V%d, V%d", peakChains, peakChains+1, i)
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
