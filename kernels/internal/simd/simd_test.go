package simd

import (
	"fmt"
	"math"
	"testing"
)

// values returns n values of which a share are those that break a loop that is almost right.
func values(n int, seed uint32) []float32 {
	special := []uint32{0, 0x80000000, 0x7f800000, 0xff800000, 0x7fc00000, 1, 0x80000003, 0x00800000, 0x7f7fffff, 0x3f800000}
	v := make([]float32, n)
	for i := range v {
		seed = seed*1664525 + 1013904223
		v[i] = float32(int32(seed)) * 0x1p-31
		if seed>>20%13 == 0 {
			v[i] = math.Float32frombits(special[seed>>8%uint32(len(special))])
		}
	}
	return v
}

func sameBits(t *testing.T, what string, got, want []float32) {
	t.Helper()
	for i := range want {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) && (got[i] == got[i] || want[i] == want[i]) {
			t.Fatalf("%s: element %d: got %x, want %x", what, i, math.Float32bits(got[i]), math.Float32bits(want[i]))
		}
	}
}

// natives returns the backends to compare with the generic one.
func natives(t *testing.T) []Backend {
	if len(All()) == 1 {
		t.Skip("plain Go is the only backend here")
	}
	return All()[1:]
}

// TestElementwise runs every length past two vectors at every offset of a vector, with the surroundings as guards.
func TestElementwise(t *testing.T) {
	loops := map[string]func(b Backend, v [4][]float32){
		"Axpy":        func(b Backend, v [4][]float32) { b.Axpy(0.37, v[1], v[0]) },
		"Affine":      func(b Backend, v [4][]float32) { b.Affine(1.7, -0.3, v[0], v[1]) },
		"NormBack":    func(b Backend, v [4][]float32) { b.NormBack(0.9, 0.1, -0.2, 0.05, v[0], v[1], v[2]) },
		"ReLU":        func(b Backend, v [4][]float32) { b.ReLU(v[0], v[1]) },
		"ReLUBack":    func(b Backend, v [4][]float32) { b.ReLUBack(v[0], v[1], v[2]) },
		"Add":         func(b Backend, v [4][]float32) { b.Add(v[0], v[1], v[2]) },
		"Max":         func(b Backend, v [4][]float32) { b.Max(v[0], v[1], v[2]) },
		"MaxAt":       func(b Backend, v [4][]float32) { b.MaxAt(3, v[0], v[1], v[2]) },
		"Offset":      func(b Backend, v [4][]float32) { b.Offset(0.3, v[0], v[1]) },
		"Scale":       func(b Backend, v [4][]float32) { b.Scale(-0.7, v[0], v[1]) },
		"SGD":         func(b Backend, v [4][]float32) { b.SGD(-0.1, 0.9, 1e-3, false, v[0], v[1], v[2]) },
		"SGDNesterov": func(b Backend, v [4][]float32) { b.SGD(-0.1, 0.9, 1e-3, true, v[0], v[1], v[2]) },
		"Exp":         func(b Backend, v [4][]float32) { b.ExpSlice(v[0], v[1]) },
		"Sigmoid":     func(b Backend, v [4][]float32) { b.SigmoidSlice(v[0], v[1]) },
		"Tanh":        func(b Backend, v [4][]float32) { b.TanhSlice(v[0], v[1]) },
		"Log":         func(b Backend, v [4][]float32) { b.LogSlice(v[0], v[1]) },
		"Erf":         func(b Backend, v [4][]float32) { b.ErfSlice(v[0], v[1]) },
		"GELU":        func(b Backend, v [4][]float32) { b.GELUSlice(v[0], v[1]) },
		"GELUBack":    func(b Backend, v [4][]float32) { b.GELUBack(v[0], v[1], v[2]) },
		"Sqrt":        func(b Backend, v [4][]float32) { b.SqrtSlice(v[0], v[1]) },
		"Leaky":       func(b Backend, v [4][]float32) { b.Leaky(0.01, v[0], v[1]) },
		"LeakyBack":   func(b Backend, v [4][]float32) { b.LeakyBack(0.01, v[0], v[1], v[2]) },
		"TanhBack":    func(b Backend, v [4][]float32) { b.TanhBack(v[0], v[1], v[2]) },
		"SigmoidBack": func(b Backend, v [4][]float32) { b.SigmoidBack(v[0], v[1], v[2]) },
		"Clamp":       func(b Backend, v [4][]float32) { b.Clamp(-0.5, 0.25, v[0], v[1]) },
		"MulAdd":      func(b Backend, v [4][]float32) { b.MulAdd(v[0], v[1], v[2]) },
		"Mul":         func(b Backend, v [4][]float32) { b.Mul(v[0], v[1], v[2]) },
		"Adam": func(b Backend, v [4][]float32) {
			b.Adam(-0.1, 0.9, 0.1, 0.99, 0.01, 0.5, 1e-8, 1e-3, v[0], v[1], v[2], v[3])
		},
		"in place": func(b Backend, v [4][]float32) {
			b.Add(v[0], v[0], v[0])
			b.ReLU(v[0], v[0])
			b.Affine(0.3, 1, v[0], v[0])
		},
	}
	for _, b := range natives(t) {
		for name, f := range loops {
			for n := range 36 {
				for offset := range 9 {
					run := func(b Backend) (all [4][]float32) {
						var cut [4][]float32
						for i := range all {
							all[i] = values(n+offset+20, uint32(31*n+7*i+offset))
							cut[i] = all[i][offset : offset+n : offset+n]
						}
						f(b, cut)
						return all
					}
					got, want := run(b), run(Generic)
					for i := range got {
						sameBits(t, fmt.Sprintf("%s %s n=%d offset=%d slice %d", b, name, n, offset, i), got[i], want[i])
					}
				}
			}
		}
	}
}

func TestLanes(t *testing.T) {
	for _, b := range natives(t) {
		for rows := range 20 {
			x, y := values(rows*SumLanes+5, uint32(rows)), values(rows*SumLanes+5, uint32(rows+100))
			var got, want [3][SumLanes]float32
			for _, r := range []struct {
				b   Backend
				acc *[3][SumLanes]float32
			}{{b, &got}, {Generic, &want}} {
				r.b.LaneSum(rows, x, &r.acc[0])
				r.b.LaneSquare(rows, x[1:], 0.3, &r.acc[1])
				r.b.LaneCross(rows, x[3:], 0.3, y[5:], -0.2, &r.acc[2])
			}
			for i := range got {
				sameBits(t, fmt.Sprintf("%s rows=%d sum %d", b, rows, i), got[i][:], want[i][:])
				sameBits(t, "Tree", []float32{b.Tree(&got[i])}, []float32{Generic.Tree(&want[i])})
			}
		}
	}
}

func TestTiles(t *testing.T) {
	for _, b := range natives(t) {
		for rows := 1; rows <= 6; rows++ {
			for _, k := range []int{0, 1, 2, 7, 64} {
				for _, load := range []bool{false, true} {
					a, src := values(rows*k, 1), values(500, 2)
					off := make([]int, k)
					for i := range off {
						off[i] = i * 29 % 400
					}
					got, want := values(400, 3), values(400, 3)
					b.Tile(rows, k, a, src, off, 70, got[9:], 21, 50, load)
					Generic.Tile(rows, k, a, src, off, 70, want[9:], 21, 50, load)
					sameBits(t, fmt.Sprintf("%s Tile rows=%d k=%d load=%t", b, rows, k, load), got, want)
				}
				x, v := values(600, 4), values(k*Lanes, 5)
				row, pos := []int{3, 0, 90, 7, 50, 11}, make([]int, k)
				for i := range pos {
					pos[i] = i * 37 % 500
				}
				got, want := values(120, 6), values(120, 6)
				b.GradTile(rows, k, x, row, pos, v, got[3:])
				Generic.GradTile(rows, k, x, row, pos, v, want[3:])
				sameBits(t, fmt.Sprintf("%s GradTile rows=%d k=%d", b, rows, k), got, want)
			}
		}
	}
}

// rowEndings are every ending of a tile of rows.
func rowEndings() []*Ending {
	scale, shift, add := values(FlatRows, 7), values(FlatRows, 8), values(700, 9)
	return []*Ending{
		nil, {}, {Scale: scale, Shift: shift}, {Shift: shift}, {Add: add, Pitch: 61}, {Act: Rectify}, {Act: Leaky, Slope: 0.01},
		{Scale: scale, Shift: shift, Add: add, Pitch: 50, Act: Rectify}, {Scale: scale, Shift: shift, Add: add, Pitch: 49, Act: Leaky, Slope: -0.5},
	}
}

// TestFlatTiles runs every size with groups that lie in one row, in two, and that end early, and with every ending.
func TestFlatTiles(t *testing.T) {
	groups := [][]LaneGroup{
		{{0, 0, 0, 0xffff, 0}, {16, 16, 0, 0xffff, 0}, {32, 32, 0, 0x7fff, 0}},
		{{3, 7, 5, 0x03ff, 0xf000}, {19, 21, 0, 0x3fff, 0}, {2, 0, 37, 0, 0xff00}},
		{{5, 2, 30, 0x0001, 0xfff0}, {2, 0, 0, 0, 0}, {40, 19, 0, 0x00f0, 0}},
	}
	endings := rowEndings()
	for _, b := range natives(t) {
		for rows := 1; rows <= FlatRows; rows++ {
			for _, k := range []int{0, 1, 2, 7, 64} {
				for i, g := range groups {
					for e, end := range endings {
						g, load := g[:1+(i+e+k)%FlatGroups], (e+k/2+rows)%2 == 0
						a, src, off := values(rows*k, 1), values(500, 2), make([]int, k)
						for i := range off {
							off[i] = i * 29 % 400
						}
						got, want := values(700, 3), values(700, 3)
						b.FlatTile(rows, k, a, src, off, g, got[9:], 50, load, end)
						Generic.FlatTile(rows, k, a, src, off, g, want[9:], 50, load, end)
						sameBits(t, fmt.Sprintf("%s FlatTile rows=%d k=%d groups %d of %d load=%t ending %d", b, rows, k, i, len(g), load, e), got, want)
					}
				}
			}
		}
	}
}

func TestChannelTiles(t *testing.T) {
	const most = 2*ChannelRows + 5
	row, out := make([]int, most), make([]int, most)
	for i := range row {
		row[i], out[i] = i*53%97, (i*7%most)*(ChannelVectors*Lanes+5)+3
	}
	size := most * (ChannelVectors*Lanes + 5)
	for _, b := range natives(t) {
		for vectors := 1; vectors <= ChannelVectors; vectors++ {
			for rows := range most + 1 {
				for k, n := range []int{0, 1, 2, 7, 64} {
					stride := vectors*Lanes + 3
					x, v, pos := values(600, 4), values(n*stride+1, 5), make([]int, n)
					for i := range pos {
						pos[i] = i * 37 % 500
					}
					end := &Ending{Shift: values(vectors*Lanes, 8), Act: Act((rows + k) % 3), Slope: 0.1}
					if rows%2 == 0 {
						end.Scale = values(vectors*Lanes, 9)
					}
					if rows%3 > 0 {
						end.Add = values(size, 10)
					}
					for load, end := range map[bool]*Ending{false: end, true: nil} {
						got, want := values(size, 6), values(size, 6)
						b.ChannelTiles(rows, vectors, n, x, row, pos, v, stride, got, out, load, end, Ahead{values(100, 11), values(90, 12), 1, 2})
						Generic.ChannelTiles(rows, vectors, n, x, row, pos, v, stride, want, out, load, end, Ahead{values(100, 11), values(90, 12), 1, 2})
						sameBits(t, fmt.Sprintf("%s ChannelTiles %dx%d n=%d load=%t", b, rows, vectors, n, load), got, want)
					}
				}
			}
		}
	}
}

// TestProductTiles runs every height with every kind of last panel, packed and where it lies, and every ending.
func TestProductTiles(t *testing.T) {
	endings := rowEndings()
	for _, end := range endings { // wider than a flat tile
		if end != nil && end.Add != nil {
			end.Add, end.Pitch = values(2000, 9), end.Pitch+190
		}
	}
	for _, b := range natives(t) {
		for rows := 1; rows <= ProductRows; rows++ {
			for i, columns := range []int{0, 1, 15, 16, 17, 31, 33, 48, 49, 63, 64, 65, 127, 128, 201} {
				for j, k := range []int{0, 1, 2, 3, 4, 7, 64} {
					lda, ldc, ldb, size := k+3, columns+5, ProductLanes, ProductLanes*k+16
					if i%2 == 1 {
						ldb, size = columns+j, ProductLanes
					}
					load, end := (i+j+rows)%2 == 0, endings[(i+2*j+rows)%len(endings)]
					a, right := values(rows*lda, 1), values((columns/ProductLanes+1)*size+k*ldb, 2)
					got, want := values(rows*ldc+9, 3), values(rows*ldc+9, 3)
					b.ProductTile(rows, columns, k, a, lda, right, ldb, size, i%2 == 0, got[3:], ldc, load, end)
					Generic.ProductTile(rows, columns, k, a, lda, right, ldb, size, i%2 == 0, want[3:], ldc, load, end)
					sameBits(t, fmt.Sprintf("%s ProductTile %dx%d k=%d load=%t", b, rows, columns, k, load), got, want)
				}
			}
		}
		for n := range 20 {
			const size = 20*ProductLanes + 5
			x, got, want := values(20*277, 1), values(4*size, 2), values(4*size, 2)
			b.CopyRows(n, n%5, x[1:], 277, got[3:], size)
			Generic.CopyRows(n, n%5, x[1:], 277, want[3:], size)
			sameBits(t, fmt.Sprintf("%s CopyRows n=%d", b, n), got, want)
		}
	}
}

func TestPadRows(t *testing.T) {
	for _, b := range natives(t) {
		for _, w := range []int{0, 1, 7, 14, 15, 16, 17, 31, 32, 56, 100, padWidest - 1, padWidest} {
			for _, left := range []int{0, 1, 2, 16, 20} {
				for right := range 3 {
					n, width := 1+(w+left)%5, left+w+right
					ys := width + n%2*7
					x, got, want := values(n*w, 1), values(n*ys+9, 2), values(n*ys+9, 2)
					b.PadRows(n, left, w, width, x, got[3:], ys)
					Generic.PadRows(n, left, w, width, x, want[3:], ys)
					sameBits(t, fmt.Sprintf("%s PadRows %dx%d in %d from %d", b, n, w, width, left), got, want)
				}
			}
		}
	}
}

// TestPeak checks what is said to be made; there is nothing else to see.
func TestPeak(t *testing.T) {
	for _, b := range All() {
		want := map[Backend]int{Generic: 0, AVX2: 8, AVX512: 16}[b] * 96 * 2001
		if got, among := b.Peak(2001), b.Issue(2001); got != want || among != want {
			t.Errorf("%s: got %d and %d multiply-adds, want %d", b, got, among, want)
		}
	}
}

func TestTranspose(t *testing.T) {
	for _, b := range natives(t) {
		for n := range 50 {
			for rows := 1; rows <= Lanes; rows++ {
				x, got, want := values(16*80, 1), values(80*20, 2), values(80*20, 2)
				b.Transpose(rows, n, x[3:], 77, got[1:], 19)
				Generic.Transpose(rows, n, x[3:], 77, want[1:], 19)
				sameBits(t, fmt.Sprintf("%s Transpose %dx%d", b, rows, n), got, want)
			}
		}
	}
}

func TestInterleave(t *testing.T) {
	for _, b := range natives(t) {
		for n := range 70 {
			even, odd, got, want := values(80, 1), values(80, 2), values(160, 3), values(160, 3)
			b.Interleave(got[3:3+2*n], even[1:1+n], odd[2:2+n])
			Generic.Interleave(want[3:3+2*n], even[1:1+n], odd[2:2+n])
			sameBits(t, fmt.Sprintf("%s Interleave n=%d", b, n), got, want)
			long := values(160, 4)[5:][:max(2*n-1, 0)]
			b.Deinterleave(got[7:7+n], long)
			Generic.Deinterleave(want[7:7+n], long)
			sameBits(t, fmt.Sprintf("%s Deinterleave n=%d", b, n), got, want)
		}
	}
}

func TestMix(t *testing.T) {
	for _, b := range natives(t) {
		for kind := MixFirst; kind <= MixEntry; kind++ {
			for n := range 50 {
				const stride = 60
				run := func(b Backend) [][]float32 {
					x, z, u, o := values(3*stride, 1), values(16*stride, 2), values(16*stride, 3), values(3*stride, 4)
					rows := [4]Rows{{x[3:], stride}, {z[5:], stride}, {u[2:], stride}, {o[4:], stride}}
					if kind == MixFirst {
						rows[1], rows[3] = Rows{}, Rows{}
					} else if kind != MixMiddle {
						rows[2] = Rows{}
					}
					b.Mix(kind, n, rows[0], rows[1], rows[2], rows[3], values(MixChannels*MixCoefs, 5))
					return [][]float32{x, z, u, o}
				}
				got, want := run(b), run(Generic)
				for i := range got {
					sameBits(t, fmt.Sprintf("%s Mix %d n=%d slice %d", b, kind, n, i), got[i], want[i])
				}
			}
		}
	}
}

// FuzzFMA32 compares the portable multiply-add with the processor's.
func FuzzFMA32(f *testing.F) {
	f.Add(uint32(0x3f800800), uint32(0x3f800800), uint32(0xbf801000))
	f.Add(uint32(1), uint32(0x3f000000), uint32(0))
	f.Fuzz(func(t *testing.T, a, b, c uint32) {
		for _, native := range natives(t) {
			x, y := make([]float32, 8), make([]float32, 8)
			x[3], y[3] = math.Float32frombits(b), math.Float32frombits(c)
			native.Axpy(math.Float32frombits(a), x, y)
			want := FMA32(math.Float32frombits(a), math.Float32frombits(b), math.Float32frombits(c))
			sameBits(t, fmt.Sprintf("fma(%x, %x, %x)", a, b, c), y[3:4], []float32{want})
		}
	})
}

// TestPieces runs lengths past one call of a vector loop.
func TestPieces(t *testing.T) {
	for _, b := range natives(t) {
		n := 2*piece + 77
		run := func(b Backend) [][]float32 {
			w, v, g, x := values(n, 1), values(n, 2), values(n, 3), values(n, 4)
			b.SGD(-0.1, 0.9, 1e-3, true, w, v, g)
			b.SGD(-0.1, 0.9, 1e-3, false, v, w, g)
			b.Axpy(0.3, x, g)
			b.Add(x, x, w)
			b.TanhSlice(w, g)
			b.ReLUBack(v, w, x)
			return [][]float32{w, v, g, x}
		}
		got, want := run(b), run(Generic)
		for i := range got {
			sameBits(t, fmt.Sprintf("%s slice %d", b, i), got[i], want[i])
		}
	}
}

// TestFunctions compares the functions at every 997th of all inputs.
func TestFunctions(t *testing.T) {
	const n = 1 << 12
	x, got, want := make([]float32, n), make([]float32, n), make([]float32, n)
	for _, b := range natives(t) {
		for u := uint64(0); u < 1<<32; u += 997 * n {
			for i := range x {
				x[i] = math.Float32frombits(uint32(u + uint64(997*i)))
			}
			for name, f := range map[string]func(b Backend, dst, x []float32){
				"Exp": Backend.ExpSlice, "Sigmoid": Backend.SigmoidSlice, "Tanh": Backend.TanhSlice,
				"Log": Backend.LogSlice, "Erf": Backend.ErfSlice, "GELU": Backend.GELUSlice, "Sqrt": Backend.SqrtSlice,
				"GELUBack": func(b Backend, dst, x []float32) { b.GELUBack(dst, x, x) },
			} {
				f(b, got, x)
				f(Generic, want, x)
				sameBits(t, fmt.Sprintf("%s %s from %x", b, name, u), got, want)
			}
		}
	}
}

func TestRanges(t *testing.T) {
	for _, b := range natives(t) {
		for _, n := range []int{0, 1, 31, 32, 33, 64, 101, 500, piece + 40} {
			for _, first := range []uint32{0, 1, 0xfffffffe} {
				got, want := values(n+9, 1), values(n+9, 1)
				const row, key = 0xfedcba9876543210, 0x123456789abcdef0
				b.Ranges(got[3:3+n], first, row, key, 2.7, -1.3)
				Generic.Ranges(want[3:3+n], first, row, key, 2.7, -1.3)
				sameBits(t, fmt.Sprintf("%s Ranges n=%d first=%d", b, n, first), got, want)
				b.Normals(got[3:3+n], first, row, key)
				Generic.Normals(want[3:3+n], first, row, key)
				sameBits(t, fmt.Sprintf("%s Normals n=%d first=%d", b, n, first), got, want)
			}
		}
	}
}
