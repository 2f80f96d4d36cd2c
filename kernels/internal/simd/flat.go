package simd

// FlatRows and FlatLanes are the largest size of a flat tile.
const (
	FlatRows  = 12
	FlatLanes = 32
)

// A LaneGroup is 16 lanes of a flat tile. Lane i reads src[Src+i+...]; where bit i of Mask0 is set it is stored at
// c[At0+i+...], and where that of Mask1 is set, at c[At1+i+...]. At0 and At1 may point outside where the masks don't.
type LaneGroup struct {
	Src, At0, At1, Mask0, Mask1 int
}

// FlatTile adds k terms to a tile of rows x 32 elements, rows from 1 to 12, whose lanes are the two groups. Term t of row i
// multiplies a[t*rows+i] by src[off[t]+Src+lane]; row i is stored ldc elements behind row i-1. The chain starts at +0, or
// at c's content if load is set.
func (b Backend) FlatTile(rows, k int, a, src []float32, off []int, groups *[2]LaneGroup, c []float32, ldc int, load bool) {
	if b == AVX512 && k > 0 {
		flatTileAVX512(rows, k, a, src, off, groups, c, ldc, load)
		return
	}
	flatTileGeneric(rows, k, a, src, off, groups, c, ldc, load)
}

func flatTileGeneric(rows, k int, a, src []float32, off []int, groups *[2]LaneGroup, c []float32, ldc int, load bool) {
	for i := range rows {
		for _, g := range groups {
			for lane := range FlatLanes / 2 {
				at := -1
				if g.Mask0>>lane&1 != 0 {
					at = g.At0 + i*ldc + lane
				}
				if g.Mask1>>lane&1 != 0 {
					at = g.At1 + i*ldc + lane
				}
				if at < 0 {
					continue
				}
				var acc float64
				if load {
					acc = float64(c[at])
				}
				for t, o := range off[:k] {
					acc = chain(float64(a[t*rows+i]), float64(src[o+g.Src+lane]), acc)
				}
				c[at] = float32(acc)
			}
		}
	}
}

// ChannelRows and ChannelVectors are the largest size of a channel tile, in rows and in groups of 16 channels.
const (
	ChannelRows    = 6
	ChannelVectors = 4
)

// ChannelTile stores in c[(i*vectors)*16+j] the chain of n terms x[row[i]+pos[t]] * v[t*stride+j], for rows from 1 to 6 and
// j below 16*vectors, vectors from 1 to 4. The chain starts at +0, or at c's content if load is set.
func (b Backend) ChannelTile(rows, vectors, n int, x []float32, row, pos []int, v []float32, stride int, c []float32, load bool) {
	if b == AVX512 && n > 0 {
		channelTileAVX512(rows, vectors, n, x, row, pos, v, stride, c, load)
		return
	}
	width := Lanes * vectors
	for i := range rows {
		for j := range width {
			var acc float64
			if load {
				acc = float64(c[i*width+j])
			}
			for t, p := range pos[:n] {
				acc = chain(float64(x[row[i]+p]), float64(v[t*stride+j]), acc)
			}
			c[i*width+j] = float32(acc)
		}
	}
}

// Transpose stores x[i*xs+j] in y[j*ys+i] for i below rows, at most 16, and j below n.
func (b Backend) Transpose(rows, n int, x []float32, xs int, y []float32, ys int) {
	if b == AVX512 && n > 0 {
		transposeAVX512(rows, n, &x[0], xs, &y[0], ys)
		return
	}
	for j := range n {
		row := y[j*ys : j*ys+rows]
		for i := range row {
			row[i] = x[i*xs+j]
		}
	}
}
