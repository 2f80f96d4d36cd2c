//go:build amd64 && !purego

package corrupt

import "golang.org/x/sys/cpu"

//go:generate go -C _gen run . -out ../simd_amd64.s -stubs ../simd_amd64.go -pkg corrupt

func weighAny(dst, src []float32, offsets []int32, weights []float32) {
	if len(dst) < lanes || !cpu.X86.HasAVX2 {
		weighGeneric(dst, src, offsets, weights)
		return
	}
	weighAVX2(&dst[0], &src[0], &offsets[0], &weights[0], len(weights), len(dst))
}

func lerpAny(dst, src []float32, step int, base, lane []int32, from, to []float32) {
	if !cpu.X86.HasAVX2 {
		lerpGeneric(dst, src, step, base, lane, from, to)
		return
	}
	lerpAVX2(&dst[0], &src[0], step, &base[0], &lane[0], &from[0], &to[0], len(base))
}

func quantizeAny(dst []byte, src []float32, add float32) {
	n := 0
	if cpu.X86.HasAVX2 {
		if n = len(src) &^ 31; n > 0 {
			quantizeAVX2(&dst[0], &src[0], n, add)
		}
	}
	quantizeGeneric(dst[n:], src[n:], add)
}
