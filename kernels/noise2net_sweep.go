package kernels

import "shiftmill/kernels/internal/simd"

// ringBytes bounds the rows of a slice that wait for their convolution, so that they stay in the second-level cache.
const ringBytes = 192 << 10

// A Scratch holds the planes between the sweeps of Noise2Net. The zero value is ready.
//
// A block takes five sweeps over the image. Sweep 0 takes the moments and covariances of the three input planes, which give
// the statistics of all 64 entry norms without computing a single entry plane. Sweeps 1 to 3, one a slice, go by bands of
// rows: the slice before is normed and rectified, its share of the exit convolution added up, the entry slice computed and
// added, and the band convolved; the result overwrites the slice before, and its moments are taken while it is in the
// cache. Sweep 4 finishes the exit convolution, sweep 5 adds the normed result to the image.
type Scratch struct {
	backend simd.Backend
	h, w    int
	z       []float32 // [16, h*w], the convolution of the last slice
	o       []float32 // [3, h*w], the exit convolution so far
	ring    []float32 // [16, rows of a band and halo, w and halo]
	coef    []float32 // [16, 12], see simd.Backend.Mix
	panel   []float32 // packed weights of a slice convolution
	taps    []int
	tiles   []int     // rows of the tiles that make up 16 channels
	flat    bool      // lanes run over rows
	plan    flatPlan  // of a band, if flat
	blocks  []float32 // block sums and squares, channel by channel
	cross   []float32 // block sums of one covariance
	tile    []float32
	entry   [noiseChannels][4]float32 // w1 w2 w3 b of each entry channel, its norm included
}

// size prepares for images of h x w.
func (s *Scratch) size(h, w int) {
	s.backend = backend()
	s.h, s.w = h, w
	plane := h * w
	s.z = grow(s.z, noiseWidth*plane)
	s.o = grow(s.o, 3*plane)
	s.coef = grow(s.coef, simd.MixChannels*simd.MixCoefs)
	s.panel = grow(s.panel, noiseWidth*noiseWidth*9)
	blocks := (plane + sumBlock - 1) / sumBlock
	s.blocks = grow(s.blocks, 2*noiseWidth*blocks)
	s.cross = grow(s.cross, blocks)
	s.tile = grow(s.tile, 6*simd.Lanes)
	s.flat = s.backend == simd.AVX512 && w >= simd.Lanes
	s.tiles = noiseTiles
	if s.flat {
		s.tiles = noiseTiles512
	}
}

func grow[T any](v []T, n int) []T {
	if cap(v) < n {
		return make([]T, n)
	}
	return v[:n]
}

// block adds epsilon times one block of x to x.
func (s *Scratch) block(x []float32, b *Noise2NetBlock, epsilon float32) {
	s.entryNorms(x, b.Entry)
	clear(s.o)
	var norms [noiseWidth][2]float32 // a and b of the slice before
	for i, c := range b.Conv {
		kind := simd.MixMiddle
		if i == 0 {
			kind = simd.MixFirst
		}
		s.coefficients(i, i-1, &norms, b.Exit)
		s.sweep(kind, x, b.Slice[i], c)
		for ch := range norms {
			norms[ch][0], norms[ch][1] = s.norm(ch)
		}
	}
	s.finish(x, &norms, b.Exit)
	plane := s.h * s.w
	for ch := range 3 {
		o := s.o[ch*plane : (ch+1)*plane]
		mean, variance := normSet{ch, 1, 1, plane}.moments(s.backend, s.o)
		a, c := normScale(1, 0, mean, variance, noiseEps)
		s.backend.Affine(epsilon*a, epsilon*c, o, o)
		v := x[ch*plane : (ch+1)*plane]
		s.backend.Add(v, v, o)
	}
}

// entryNorms fills entry: the mean and variance of an entry channel follow from those of the three input planes.
func (s *Scratch) entryNorms(x, w []float32) {
	plane := s.h * s.w
	var mean [3]float32
	var cov [3][3]float32
	for j := range mean {
		mean[j] = planeSum(s.backend, x, 1, 3, plane, j) / float32(plane)
	}
	for i := range cov {
		for j := i; j < 3; j++ {
			for b := range s.cross {
				lo, hi := b*sumBlock, min((b+1)*sumBlock, plane)
				s.cross[b] = blockCross(s.backend, x[i*plane+lo:i*plane+hi], mean[i], x[j*plane+lo:j*plane+hi], mean[j])
			}
			cov[i][j] = sum(s.backend, s.cross) / float32(plane)
			cov[j][i] = cov[i][j]
		}
	}
	for c := range s.entry {
		k := w[3*c : 3*c+3]
		var m, v float32
		for j := range mean {
			m = FMA32(k[j], mean[j], m)
		}
		for j := range cov {
			var r float32
			for i := range k {
				r = FMA32(k[i], cov[j][i], r)
			}
			v = FMA32(k[j], r, v)
		}
		if v < 0 { // by rounding
			v = 0
		}
		a, b := normScale(1, 0, m, v, noiseEps)
		s.entry[c] = [4]float32{k[0] * a, k[1] * a, k[2] * a, b}
	}
}

// coefficients fills coef for entry slice entry, the norm of the slice before and the exit weights of slice exit.
func (s *Scratch) coefficients(entry, exit int, norms *[noiseWidth][2]float32, w []float32) {
	for c := range noiseWidth {
		k := s.coef[c*simd.MixCoefs:]
		copy(k, s.entry[entry*noiseWidth+c][:])
		copy(k[4:], norms[c][:])
		if exit >= 0 {
			for e := range 3 {
				k[6+e] = w[e*noiseChannels+exit*noiseWidth+c]
			}
		}
	}
}

// sweep computes one slice convolution, its input built band by band, and the block moments of the result.
func (s *Scratch) sweep(kind simd.MixKind, x, weights []float32, c SliceConv) {
	halo := (c.K / 2) * c.D
	pitch := s.w + 2*halo
	band := max(1, 2*halo, ringBytes/(4*noiseWidth*pitch)-2*halo)
	band = min(band, s.h)
	rows := band + 2*halo
	channel := rows * pitch
	s.ring = grow(s.ring, noiseWidth*channel+simd.Lanes)
	clear(s.ring)
	s.pack(weights, c, pitch, channel)
	plane := s.h * s.w
	built, summed := 0, 0
	for r0 := 0; r0 < s.h; r0 += band {
		r1 := min(r0+band, s.h)
		if r0 > 0 {
			s.shift(channel, band*pitch)
		}
		// Row r of the image is row r-r0+halo of the ring.
		for ; built < r1+halo && built < s.h; built++ {
			at := built * s.w
			u := simd.Rows{V: s.ring[(built-r0+halo)*pitch+halo:], Stride: channel}
			s.backend.Mix(kind, s.w, simd.Rows{V: x[at:], Stride: plane}, simd.Rows{V: s.z[at:], Stride: plane},
				u, simd.Rows{V: s.o[at:], Stride: plane}, s.coef)
		}
		for r := max(built, r0); r < r1+halo; r++ { // below the image
			for ch := range noiseWidth {
				clear(s.ring[ch*channel+(r-r0+halo)*pitch:][:pitch])
			}
		}
		s.convolve(r0, r1, pitch)
		summed = s.moments(summed, r1)
	}
}

// shift moves the rows that the next band needs again to the start of every channel.
func (s *Scratch) shift(channel, by int) {
	for ch := range noiseWidth {
		v := s.ring[ch*channel : (ch+1)*channel]
		copy(v, v[by:])
	}
}

// noiseTiles are the rows of the tiles that make up 16 channels: at most six, or eight on AVX-512.
var (
	noiseTiles    = []int{6, 5, 5}
	noiseTiles512 = []int{8, 8}
)

// pack stores a slice's weights in the order of the tiles and lists where the taps read in the ring.
func (s *Scratch) pack(weights []float32, c SliceConv, pitch, channel int) {
	area := c.K * c.K
	terms := noiseWidth * area
	s.taps = grow(s.taps, terms)
	for t := range s.taps {
		s.taps[t] = t/area*channel + t%area/c.K*c.D*pitch + t%c.K*c.D
	}
	at, first := 0, 0
	for _, rows := range s.tiles {
		s.backend.Transpose(rows, terms, weights[first*terms:], terms, s.panel[at:], rows)
		at += rows * terms
		first += rows
	}
}

// convolve computes the rows from r0 to r1 of z from the ring.
func (s *Scratch) convolve(r0, r1, pitch int) {
	width, height := s.w, r1-r0
	if pitch == s.w { // no halo: the rows are one
		width, height, pitch = width*height, 1, width*height
	}
	plane := s.h * s.w
	out := s.z[r0*s.w:]
	if s.flat {
		s.plan.fill(height, width, pitch, width)
		first := 0
		for _, rows := range s.tiles {
			w := s.panel[first*len(s.taps):]
			for i := range s.plan.sets() {
				s.backend.FlatTile(rows, len(s.taps), w, s.ring, s.taps, s.plan.set(i), out[first*plane:], plane, false, nil)
			}
			first += rows
		}
		return
	}
	perRow := (width + simd.Group - 1) / simd.Group
	at := func(i int) (src, dst int) {
		y, x := i/perRow, max(0, min(i%perRow*simd.Group, width-simd.Group))
		return y*pitch + x, y*s.w + x
	}
	n := perRow * height
	for i := 0; i < n; i += 2 {
		p0, q0 := at(i)
		p1, q1 := at(min(i+1, n-1))
		first := 0
		for _, rows := range s.tiles {
			w := s.panel[first*len(s.taps):]
			if width >= simd.Group {
				s.backend.Tile(rows, len(s.taps), w, s.ring[p0:], s.taps, p1-p0, out[first*plane+q0:], q1-q0, plane, false)
			} else { // rows narrower than a vector
				s.backend.Tile(rows, len(s.taps), w, s.ring[p0:], s.taps, p1-p0, s.tile, simd.Group, simd.Lanes, false)
				for r := range rows {
					copy(out[(first+r)*plane+q0:][:width], s.tile[r*simd.Lanes:])
					copy(out[(first+r)*plane+q1:][:width], s.tile[r*simd.Lanes+simd.Group:])
				}
			}
			first += rows
		}
	}
}

// moments takes the sums and squares of the blocks of z that became complete with row r1, from block first on, and returns
// the next block.
func (s *Scratch) moments(first, r1 int) int {
	plane := s.h * s.w
	blocks := len(s.cross)
	end := r1 * s.w / sumBlock
	if r1 == s.h {
		end = blocks
	}
	for ch := range noiseWidth {
		total, square := s.channelBlocks(ch)
		for b := first; b < end; b++ {
			v := s.z[ch*plane+b*sumBlock : ch*plane+min((b+1)*sumBlock, plane)]
			total[b] = blockSum(s.backend, v)
			square[b] = blockSquare(s.backend, v, total[b]/float32(len(v)))
		}
	}
	return end
}

func (s *Scratch) channelBlocks(ch int) (total, square []float32) {
	n := len(s.cross)
	return s.blocks[2*ch*n : (2*ch+1)*n], s.blocks[(2*ch+1)*n : (2*ch+2)*n]
}

// norm returns a and b of the norm of channel ch of z.
func (s *Scratch) norm(ch int) (a, b float32) {
	total, square := s.channelBlocks(ch)
	plane := s.h * s.w
	mean, variance := combine(s.backend, total, square, len(total), plane, float32(plane))
	return normScale(1, 0, mean, variance, noiseEps)
}

// finish adds the last two slices to the exit convolution.
func (s *Scratch) finish(x []float32, norms *[noiseWidth][2]float32, exit []float32) {
	const strip = 1024 // pixels that stay in the first-level cache between the two
	plane := s.h * s.w
	for at := 0; at < plane; at += strip {
		n := min(strip, plane-at)
		in, z, o := simd.Rows{V: x[at:], Stride: plane}, simd.Rows{V: s.z[at:], Stride: plane}, simd.Rows{V: s.o[at:], Stride: plane}
		s.coefficients(noiseSlices, noiseSlices-1, norms, exit)
		s.backend.Mix(simd.MixLast, n, in, z, simd.Rows{}, o, s.coef)
		s.coefficients(noiseSlices, noiseSlices, norms, exit)
		s.backend.Mix(simd.MixEntry, n, in, simd.Rows{}, simd.Rows{}, o, s.coef)
	}
}
