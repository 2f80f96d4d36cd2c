package corrupt

import "fmt"

// lanes is how many values the vectorised loops take at a time.
const lanes = 8

// weigh stores in dst[i] the sum of weights[k]*src[offsets[k]+i], k ascending,
// each product and each sum rounded to float32. dst and src must not overlap;
// there must be at least one weight. It is what all blurs are made of: an
// offset is a neighbour.
func weigh(dst, src []float32, offsets []int32, weights []float32) {
	if len(offsets) != len(weights) || len(weights) == 0 {
		panic(fmt.Sprintf("corrupt: %d offsets and %d weights", len(offsets), len(weights)))
	}
	for _, o := range offsets {
		_ = src[o:][:len(dst)]
	}
	if len(dst) > 0 {
		weighAny(dst, src, offsets, weights)
	}
}

// weighGeneric defines weigh.
func weighGeneric(dst, src []float32, offsets []int32, weights []float32) {
	clear(dst)
	for k, w := range weights {
		in := src[offsets[k]:][:len(dst)]
		for i := range dst {
			dst[i] += float32(w * in[i])
		}
	}
}

// lerp makes eight values of dst for each of base: with b the base and l a
// lane (0 to 7), src[b+l]*from + src[b+step+l]*to. src reaches 8+step past
// every base.
func lerp(dst, src []float32, step int, base, lane []int32, from, to []float32) {
	n := lanes * len(base)
	_, _, _, _ = dst[:n], lane[:n], from[:n], to[:n]
	for _, b := range base {
		_ = src[b:][:lanes+step]
	}
	if n > 0 {
		lerpAny(dst, src, step, base, lane, from, to)
	}
}

// lerpGeneric defines lerp.
func lerpGeneric(dst, src []float32, step int, base, lane []int32, from, to []float32) {
	for i, b := range base {
		a, c := src[b:][:lanes], src[int(b)+step:][:lanes]
		for j := lanes * i; j < lanes*(i+1); j++ {
			l := lane[j] & (lanes - 1)
			dst[j] = float32(a[l]*from[j]) + float32(c[l]*to[j])
		}
	}
}

// quantize clamps values to 0..255, adds a number below 1 and cuts the fraction
// off.
func quantize(dst []byte, src []float32, add float32) {
	if len(dst) != len(src) {
		panic(fmt.Sprintf("corrupt: %d bytes of %d values", len(dst), len(src)))
	}
	quantizeAny(dst, src, add)
}

// quantizeGeneric defines quantize.
func quantizeGeneric(dst []byte, src []float32, add float32) {
	for i, v := range src {
		dst[i] = byte(int32(min(max(v, 0), 255) + add))
	}
}
