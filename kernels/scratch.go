package kernels

import (
	"math/bits"
	"sync"
)

// floats and offsets keep temporary buffers between operations, by capacity in powers of two, because fresh pages cost
// more than the arithmetic on them. Contents are undefined when handed out.
var (
	floats  [48]sync.Pool
	offsets [48]sync.Pool
)

type floatBuffer struct{ v []float32 }
type offsetBuffer struct{ v []int }

func getFloats(n int) *floatBuffer {
	class := bits.Len(uint(max(n, 64) - 1))
	if b, ok := floats[class].Get().(*floatBuffer); ok {
		b.v = b.v[:n]
		return b
	}
	return &floatBuffer{make([]float32, 1<<class)[:n]}
}

func (b *floatBuffer) put() {
	floats[bits.Len(uint(cap(b.v)-1))].Put(b)
}

func getOffsets(n int) *offsetBuffer {
	class := bits.Len(uint(max(n, 64) - 1))
	if b, ok := offsets[class].Get().(*offsetBuffer); ok {
		b.v = b.v[:n]
		return b
	}
	return &offsetBuffer{make([]int, 1<<class)[:n]}
}

func (b *offsetBuffer) put() {
	offsets[bits.Len(uint(cap(b.v)-1))].Put(b)
}
