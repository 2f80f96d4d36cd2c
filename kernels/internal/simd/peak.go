package simd

// peakVectors is the number of vectors that a round of Peak multiplies and adds.
const peakVectors = 96

// Peak makes rounds of fused multiply-adds of registers alone and returns how many single ones these were: over the time
// that they took, the most that a core can do. Plain Go, whose rate depends on the values, makes none.
func (b Backend) Peak(rounds int) int {
	for i := 0; b > Generic && i < rounds; i += peakPiece {
		b.peakLoop(min(peakPiece, rounds-i))
	}
	return b.peakFMAs(rounds)
}

// Issue is Peak with three instructions that do nothing to each two that multiply. A core of which we are the only thread issues
// five in a cycle and is hardly slower for it; one that is shared gives each thread its turns at the front alone, and half of
// them are too few.
func (b Backend) Issue(rounds int) int {
	for i := 0; b > Generic && i < rounds; i += peakPiece {
		b.issueLoop(min(peakPiece, rounds-i))
	}
	return b.peakFMAs(rounds)
}

// peakFMAs is the number of single multiply-adds of so many rounds.
func (b Backend) peakFMAs(rounds int) int {
	return rounds * peakVectors * [...]int{Generic: 0, AVX2: 8, AVX512: 16}[b]
}

// peakPiece bounds the rounds of one call, which nobody can interrupt.
const peakPiece = 2000
