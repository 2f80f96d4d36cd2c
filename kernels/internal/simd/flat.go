package simd

// FlatRows and FlatGroups are the largest size of a flat tile: rows, and groups of 16 lanes.
const (
	FlatRows   = 8
	FlatGroups = 3
	FlatLanes  = FlatGroups * Lanes
)

// A LaneGroup is 16 lanes of a flat tile. Lane i reads src[Src+i+...]; where bit i of Mask0 is set it is stored at
// c[At0+i+...], and where that of Mask1 is set, at c[At1+i+...]. At0 and At1 may point outside where the masks don't.
type LaneGroup struct {
	Src, At0, At1, Mask0, Mask1 int
}

// An Act is an activation that a tile can end with.
type Act int

// The activations: x, x < 0 ? +0 : x, and x < 0 ? x*slope : x.
const (
	Linear Act = iota
	Rectify
	Leaky
)

// An Ending is what happens to a tile's elements behind the last term, in this order: fma(v, Scale[row], Shift[row]), or
// v + Shift[row] without Scale, or nothing without both; the element of Add where that is not nil, rows being Pitch elements
// apart and lanes where they are stored in c; the activation.
type Ending struct {
	Scale, Shift, Add []float32
	Pitch             int
	Act               Act
	Slope             float32
}

// FlatTile adds k terms to a tile of rows x 16*len(groups) elements, rows from 1 to 8, whose lanes are one to three groups.
// Term t of row i multiplies a[t*rows+i] by src[off[t]+Src+lane]; row i is stored ldc elements behind row i-1. The chain
// starts at +0, or at c's content if load is set. end may be nil.
func (b Backend) FlatTile(rows, k int, a, src []float32, off []int, groups []LaneGroup, c []float32, ldc int, load bool, end *Ending) {
	if b == AVX512 && k > 0 {
		flatTileAVX512(rows, k, a, src, off, groups, c, ldc, load, end)
		return
	}
	flatTileGeneric(rows, k, a, src, off, groups, c, ldc, load, end)
}

func flatTileGeneric(rows, k int, a, src []float32, off []int, groups []LaneGroup, c []float32, ldc int, load bool, end *Ending) {
	for i := range rows {
		for _, g := range groups {
			for lane := range Lanes {
				from := g.At0
				if g.Mask1>>lane&1 != 0 {
					from = g.At1
				} else if g.Mask0>>lane&1 == 0 {
					continue
				}
				at := from + i*ldc + lane
				var acc float64
				if load {
					acc = float64(c[at])
				}
				for t, o := range off[:k] {
					acc = chain(float64(a[t*rows+i]), float64(src[o+g.Src+lane]), acc)
				}
				c[at] = float32(acc)
				if end != nil {
					c[at] = end.value(i, from+i*end.Pitch+lane, c[at])
				}
			}
		}
	}
}

// value is what becomes of v in row i, whose partner is at Add[at].
func (e *Ending) value(i, at int, v float32) float32 {
	switch {
	case e.Scale != nil:
		v = FMA32(v, e.Scale[i], e.Shift[i])
	case e.Shift != nil:
		v += e.Shift[i]
	}
	if e.Add != nil {
		v += e.Add[at]
	}
	switch e.Act {
	case Rectify:
		v = relu(v)
	case Leaky:
		v = leaky(v, e.Slope)
	}
	return v
}

// ChannelRows and ChannelVectors are the largest size of a channel tile, in rows and in groups of 16 channels.
const (
	ChannelRows    = 6
	ChannelVectors = 4
)

// An Ahead is what a later step reads or writes, in two places, which tiles of channels load into the caches on their way, some
// lines with each term: the first tile what lies from V[0] and from Aside[0] on, two values for each of its terms, the next one
// what lies Step and Apart behind. Memory that is far is waited for otherwise.
type Ahead struct {
	V, Aside    []float32
	Step, Apart int
}

// ChannelTiles stores in c[out[i]+j] the chain of n terms x[row[i]+pos[t]] * v[t*stride+j], for i below rows and j below
// 16*vectors, vectors from 1 to 4. The chains start at +0, or at c's content if load is set. In end, which may be nil, Scale
// and Shift are for j, 16*vectors of them, and Add lies as c does.
func (b Backend) ChannelTiles(rows, vectors, n int, x []float32, row, pos []int, v []float32, stride int, c []float32, out []int, load bool, end *Ending, ahead Ahead) {
	switch {
	case b == AVX512 && n > 0:
		channelTilesAVX512(rows, vectors, n, x, row, pos, v, stride, c, out, load, end, ahead)
		return
	case b == AVX2 && n > 0:
		for g := range vectors {
			channelTilesAVX2(rows, n, x, row, pos, v[g*Lanes:], stride, c[g*Lanes:], out, load)
		}
	default:
		channelTilesGeneric(rows, vectors, n, x, row, pos, v, stride, c, out, load)
	}
	if end != nil {
		for _, at := range out[:rows] {
			b.endChannels(c[at:at+Lanes*vectors], at, end)
		}
	}
}

// rowTile is the number of rows that RowTiles computes at a time.
const rowTile = 12

// RowTiles stores in c[i*to+j] the chain from +0 of n terms x[i*next+t] * v[t*16+j], for j below 16 and as many of the first
// rows i as whole tiles hold, whose number it returns: 0 where ChannelTiles is as fast.
func (b Backend) RowTiles(rows, n int, x []float32, next int, v, c []float32, to int) int {
	tiles := rows / rowTile
	if b != AVX512 || n == 0 || tiles == 0 {
		return 0
	}
	rows = tiles * rowTile
	_, _, _ = x[(rows-1)*next+n-1], v[n*Lanes-1], c[(rows-1)*to+Lanes-1]
	rowTiles12(tiles, n, &x[0], next, &v[0], &c[0], to)
	return rows
}

func channelTilesGeneric(rows, vectors, n int, x []float32, row, pos []int, v []float32, stride int, c []float32, out []int, load bool) {
	for i := range rows {
		for j := 0; j < Lanes*vectors; j += 4 {
			to := c[out[i]+j : out[i]+j+4]
			var s0, s1, s2, s3 float64
			if load {
				s0, s1, s2, s3 = float64(to[0]), float64(to[1]), float64(to[2]), float64(to[3])
			}
			at := j
			for _, p := range pos[:n] {
				s0, s1, s2, s3 = chain4(float64(x[row[i]+p]), v[at:at+4:at+4], s0, s1, s2, s3)
				at += stride
			}
			to[0], to[1], to[2], to[3] = float32(s0), float32(s1), float32(s2), float32(s3)
		}
	}
}

// endChannels ends the values v of a position, which lie at at.
func (b Backend) endChannels(v []float32, at int, end *Ending) {
	switch {
	case end.Scale != nil:
		for j := range v {
			v[j] = FMA32(v[j], end.Scale[j], end.Shift[j])
		}
	case end.Shift != nil:
		b.Add(v, v, end.Shift[:len(v)])
	}
	if end.Add != nil {
		b.Add(v, v, end.Add[at:at+len(v)])
	}
	switch end.Act {
	case Rectify:
		b.ReLU(v, v)
	case Leaky:
		b.Leaky(end.Slope, v, v)
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
