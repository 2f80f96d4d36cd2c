package near

import "math"

// A vector is a look made comparable: centred, in units of the data's spread,
// of length 1. Entry 0 is unused.
type vector [64]float32

// A scale turns coefficients into vectors.
type scale struct{ mean, spread [64]float64 }

// measure finds centre and spread of the looks; few looks are helped out by
// what is usual.
func measure(looks Looks) (*scale, error) {
	var sum, square [64]int64
	n := int64(0)
	err := looks.Each(func(_ int, run []*Look) error {
		for _, l := range run {
			if l == nil || l.Flat() {
				continue
			}
			n++
			for i, c := range l.low() {
				sum[i] += int64(c)
				square[i] += int64(c) * int64(c)
			}
		}
		return nil
	})
	const prior = 64
	s := &scale{}
	for i := range s.mean {
		total := float64(n + prior)
		s.mean[i] = float64(sum[i]) / total
		second := float64(square[i]) + float64(prior*float64(usual[i]*usual[i]))
		s.spread[i] = math.Sqrt(second/total - float64(s.mean[i]*s.mean[i]))
	}
	return s, err
}

func (s *scale) vector(c *[64]int32) (v vector) {
	if length := s.raw(c, &v); length > 0 {
		for i := range v {
			v[i] /= length
		}
	}
	return v
}

// raw is the vector before it is divided by its length.
func (s *scale) raw(c *[64]int32, v *vector) float32 {
	length := float32(0)
	for i := 1; i < 64; i++ {
		v[i] = float32((float64(c[i]) - s.mean[i]) / s.spread[i])
		length += float32(v[i] * v[i])
	}
	if length > 0 {
		length = float32(math.Sqrt(float64(length)))
	}
	return length
}

func (v *vector) dot(w *vector) float32 {
	var a, b, c, d float32
	for i := 0; i < 64; i += 4 {
		a += float32(v[i] * w[i])
		b += float32(v[i+1] * w[i+1])
		c += float32(v[i+2] * w[i+2])
		d += float32(v[i+3] * w[i+3])
	}
	return (a + b) + (c + d)
}

// Kept is what is kept of every look to compare it: its lowest coefficients less
// the nearest integers to their means, which 16 bits hold, and the inverse of the
// length of its vector. A vector of floats would take twice the memory.
type kept struct {
	scale   *scale
	centre  [64]int32
	low     []int16   // 64 a look
	inverse []float32 // 0 for pictures that show nothing
}

func newKept(s *scale, n int) *kept {
	k := &kept{scale: s, low: make([]int16, 64*n), inverse: make([]float32, n)}
	for i, m := range s.mean {
		k.centre[i] = int32(math.RoundToEven(m))
	}
	return k
}

// put keeps a look. Coefficients lie within 64*255, and so do their means, so
// that the differences fit.
func (k *kept) put(i int, l *Look) {
	c := l.low()
	var v vector
	length := k.scale.raw(&c, &v)
	if length == 0 {
		return
	}
	k.inverse[i] = 1 / length
	for e := range c {
		k.low[64*i+e] = int16(c[e] - k.centre[e])
	}
}

// shows says whether a picture shows anything.
func (k *kept) shows(i int) bool { return k.inverse[i] != 0 }

// vector is that of a kept look, to the bit.
func (k *kept) vector(i int) vector {
	var c [64]int32
	for e, d := range k.low[64*i : 64*i+64] {
		c[e] = int32(d) + k.centre[e]
	}
	return k.scale.vector(&c)
}

// slack is far more than the cosines of near can be off: they are sums of 64
// products of 24 bits.
const slack = 1e-3

// A question is a vector made ready to be compared with kept looks.
type question struct {
	vector
	weight vector  // divided by the spread
	less   float32 // what the means' fractions take away
}

func (k *kept) question(v *vector) *question {
	q := &question{vector: *v}
	less := 0.0
	for i := 1; i < 64; i++ {
		w := float64(v[i]) / k.scale.spread[i]
		q.weight[i] = float32(w)
		less += float64(w * (k.scale.mean[i] - float64(k.centre[i])))
	}
	q.less = float32(less)
	return q
}

// near says whether a question's cosine with a kept look can be as large as
// this; it is wrong by less than slack.
func (k *kept) near(q *question, j int, cosine float32) bool {
	low, w := (*[64]int16)(k.low[64*j:]), &q.weight
	var a, b, c, d float32
	for i := 0; i < 64; i += 4 {
		a += float32(w[i] * float32(low[i]))
		b += float32(w[i+1] * float32(low[i+1]))
		c += float32(w[i+2] * float32(low[i+2]))
		d += float32(w[i+3] * float32(low[i+3]))
	}
	return ((a+b)+(c+d)-q.less)*k.inverse[j] >= cosine-slack
}
