package near

// keys are sign hashes of a vector for some tables: it is turned at random, and
// the signs of 64 coordinates give bits, of which each table takes its own.
func (x *index) keys(v *vector, first, count int, keys *[tables]uint32) {
	round := first * x.bits / 64
	spent := first * x.bits % 64
	word := x.turns[round].of(v) >> spent
	left := 64 - spent
	for t := range count {
		key := uint32(0)
		for need := x.bits; need > 0; {
			if left == 0 {
				round++
				word, left = x.turns[round].of(v), 64
			}
			n := min(need, left)
			key = key<<n | uint32(word&(1<<n-1))
			word >>= n
			left -= n
			need -= n
		}
		keys[t] = key
	}
}

// A turn is a random rotation: two rounds of sign flips and a Hadamard transform.
type turn [2]vector // the signs, as 1 and -1

// turns are as many as the tables' keys of some bits need.
func turns(bits int) []turn {
	all := make([]turn, (tables*bits+63)/64)
	for round := range all {
		for half := range all[round] {
			signs := mix(uint64(2*round + half))
			for i := range all[round][half] {
				all[round][half][i] = 1 - 2*float32(signs>>i&1)
			}
		}
	}
	return all
}

// of rotates a vector and returns the signs of its coordinates.
func (t *turn) of(v *vector) uint64 {
	w := *v
	for half := range t {
		flip := &t[half]
		for i := 0; i < 64; i += 4 {
			f, p := (*[4]float32)(flip[i:]), (*[4]float32)(w[i:])
			p[0], p[1], p[2], p[3] = butterflies(float32(p[0]*f[0]), float32(p[1]*f[1]), float32(p[2]*f[2]), float32(p[3]*f[3]))
		}
		for i := 0; i < 64; i += 16 {
			p := (*[16]float32)(w[i:])
			for k := range 4 {
				p[k], p[k+4], p[k+8], p[k+12] = butterflies(p[k], p[k+4], p[k+8], p[k+12])
			}
		}
		for k := range 16 {
			w[k], w[k+16], w[k+32], w[k+48] = butterflies(w[k], w[k+16], w[k+32], w[k+48])
		}
	}
	signs := uint64(0)
	for i, c := range w {
		if c > 0 {
			signs |= 1 << i
		}
	}
	return signs
}

// butterflies are two steps of the transform, of four values that lie equally far
// apart.
func butterflies(a, b, c, d float32) (float32, float32, float32, float32) {
	a, b, c, d = a+b, a-b, c+d, c-d
	return a + c, b + d, a - c, b - d
}

// mix is splitmix64 (Steele, Lea and Flood 2014): signs that are no secret and
// must only not follow a pattern.
func mix(n uint64) uint64 {
	n = (n + 1) * 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}
