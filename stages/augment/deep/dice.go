package deep

import "shiftmill/kernels"

// A Dice draws one number after another from a source.
type Dice struct {
	source numbers
	next   uint32
}

// numbers are what a kernels.Source draws by the number of the element; tests
// have their own.
type numbers interface {
	Uniform(element uint32) float32
	IntN(element uint32, n int) int
	Ranges(dst []float32, first uint32, lo, hi float32)
	Dirichlet(dst []float64, element uint32, alpha float64)
}

// NewDice returns a dice that begins at a source's element 0.
func NewDice(s kernels.Source) *Dice { return &Dice{source: s} }

// Uniform is a number in [0, 1).
func (d *Dice) Uniform() float32 {
	d.next++
	return d.source.Uniform(d.next - 1)
}

// IntN is a whole number from 0 to n-1.
func (d *Dice) IntN(n int) int {
	d.next++
	return d.source.IntN(d.next-1, n)
}

// Of is one of some choices.
func (d *Dice) Of(choices ...int) int { return choices[d.IntN(len(choices))] }

// Chance is true with probability p.
func (d *Dice) Chance(p float32) bool { return d.Uniform() < p }

// Fill fills dst with numbers from lo to hi.
func (d *Dice) Fill(dst []float32, lo, hi float32) {
	d.source.Ranges(dst, d.next, lo, hi)
	d.next += uint32(len(dst)+3) / 4
}

// Dirichlet fills dst with shares of 1.
func (d *Dice) Dirichlet(dst []float64, alpha float64) {
	d.source.Dirichlet(dst, d.next, alpha)
	d.next++
}

// Order is a random order of the numbers 0 to n-1 (Fisher and Yates).
func (d *Dice) Order(n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	for i := n - 1; i > 0; i-- {
		j := d.IntN(i + 1)
		order[i], order[j] = order[j], order[i]
	}
	return order
}
