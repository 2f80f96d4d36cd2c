package simd

// Lanes is the number of output elements side by side in a tile, and Group the number that lie together in memory.
const (
	Lanes = 16
	Group = 8
)

// SumLanes is the number of partial sums in a block of a sum.
const SumLanes = 64

// A Backend is one implementation of every inner loop. It is a number with methods, not a table of functions, so that
// the compiler sees that no argument escapes.
type Backend uint8

// The implementations. All tells which can run here.
const (
	Generic Backend = iota
	AVX2
	AVX512 // what has no body of its own runs as AVX2
)

// String returns the name by which a user chooses the backend.
func (b Backend) String() string {
	return [...]string{"generic", "avx2", "avx512"}[b]
}

// Tile adds k terms to a tile of c with rows x 16 elements, rows from 1 to 6. Row i, lane j is at c[i*ldc+j] for the
// first eight lanes and at c[c1+i*ldc+j-8] for the others. Term t of lane j multiplies a[t*rows+i] by src[off[t]+j]
// (first eight) or src[p1+off[t]+j-8]. The chain starts at +0, or at c's content if load is set.
func (b Backend) Tile(rows, k int, a, src []float32, off []int, p1 int, c []float32, c1, ldc int, load bool) {
	if b >= AVX2 && k > 0 {
		tileAVX2(rows, k, a, src, off, p1, c, c1, ldc, load)
		return
	}
	tileGeneric(rows, k, a, src, off, p1, c, c1, ldc, load)
}

// GradTile stores in c[i*16+j] the chain from +0 of n terms x[row[i]+pos[t]] * v[t*16+j], for rows from 1 to 6.
func (b Backend) GradTile(rows, n int, x []float32, row, pos []int, v, c []float32) {
	if b >= AVX2 && n > 0 {
		gradTileAVX2(rows, n, x, row, pos, v, c)
		return
	}
	gradTileGeneric(rows, n, x, row, pos, v, c)
}

// Axpy replaces y[i] by fma(w, x[i], y[i]) for all of y.
func (b Backend) Axpy(w float32, x, y []float32) {
	n := b.vectors(len(y))
	for i := 0; i < n; i += piece {
		b.axpyLoop(min(piece, n-i), w, &y[i], &x[i])
	}
	axpyGeneric(w, x[n:], y[n:])
}

// LaneSum sets acc[j] to the sum of x[j], x[j+64], ... over rows rows of 64, from +0.
func (b Backend) LaneSum(rows int, x []float32, acc *[SumLanes]float32) {
	if b >= AVX2 && rows > 0 {
		b.laneSumLoop(rows, &x[0], &acc[0])
		return
	}
	laneSumGeneric(rows, x, acc)
}

// LaneSquare is LaneSum of fma(x-mu, x-mu, .).
func (b Backend) LaneSquare(rows int, x []float32, mu float32, acc *[SumLanes]float32) {
	if b >= AVX2 && rows > 0 {
		b.laneSquareLoop(rows, &x[0], mu, &acc[0])
		return
	}
	laneSquareGeneric(rows, x, mu, acc)
}

// LaneCross is LaneSum of fma(x-mux, y-muy, .).
func (b Backend) LaneCross(rows int, x []float32, mux float32, y []float32, muy float32, acc *[SumLanes]float32) {
	if b >= AVX2 && rows > 0 {
		b.laneCrossLoop(rows, &x[0], mux, &y[0], muy, &acc[0])
		return
	}
	laneCrossGeneric(rows, x, mux, y, muy, acc)
}

// Tree adds the lanes pairwise, the upper half to the lower until one is left, and returns it. acc is overwritten.
func (b Backend) Tree(acc *[SumLanes]float32) float32 {
	if b >= AVX2 {
		b.treeLoop(&acc[0], &acc[0])
		return acc[0]
	}
	for h := SumLanes / 2; h > 0; h /= 2 {
		for j := range h {
			acc[j] += acc[j+h]
		}
	}
	return acc[0]
}
