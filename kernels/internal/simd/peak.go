package simd

// peakVectors is the number of vectors that a round of Peak multiplies and adds.
const peakVectors = 96

// Peak makes rounds of fused multiply-adds of registers alone and returns how many single ones these were: over the time
// that they took, the most that a core can do. Plain Go, whose rate depends on the values, makes none.
func (b Backend) Peak(rounds int) int {
	lanes := 16
	switch b {
	case Generic:
		return 0
	case AVX2:
		lanes = 8
	}
	for i := 0; i < rounds; i += peakPiece {
		b.peakLoop(min(peakPiece, rounds-i))
	}
	return rounds * peakVectors * lanes
}

// peakPiece bounds the rounds of one call, which nobody can interrupt.
const peakPiece = 2000
