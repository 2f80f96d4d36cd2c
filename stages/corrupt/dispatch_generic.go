//go:build !amd64 || purego

package corrupt

func weighAny(dst, src []float32, offsets []int32, weights []float32) {
	weighGeneric(dst, src, offsets, weights)
}

func lerpAny(dst, src []float32, step int, base, lane []int32, from, to []float32) {
	lerpGeneric(dst, src, step, base, lane, from, to)
}

func quantizeAny(dst []byte, src []float32, add float32) { quantizeGeneric(dst, src, add) }
