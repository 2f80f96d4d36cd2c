package opencl

import (
	"math"

	"shiftmill/kernels"
)

// Sizes of Noise2Net; see noise2net.cl.
const (
	noiseWidth    = 16
	noiseChannels = 64
	noiseEps      = 1e-5
)

// A layout says where the tensors of every image's network lie: the images'
// networks one after the other, tensors in the order in which they are drawn.
// Biases are left out; they have no effect.
type layout struct {
	starts  map[[2]int][]int32 // [block, tensor] to where it starts, image by image
	draws   map[[2]int][]int32 // to first element, start, values and bound of each image
	shapes  map[[2]int][]int32 // [block, slice] to K, D, start and 0 of each image
	largest map[[2]int]int     // values of the largest image's tensor
	size    int
}

// Numbers of a block's tensors: entry, three slices, exit.
const (
	entryTensor = iota
	firstSlice
	exitTensor = firstSlice + 3
)

func newLayout(o kernels.Noise2NetOp) *layout {
	l := &layout{starts: map[[2]int][]int32{}, draws: map[[2]int][]int32{}, shapes: map[[2]int][]int32{}, largest: map[[2]int]int{}}
	for i := range o.Weights {
		element := 0
		add := func(block, tensor, n, fanIn int) {
			key := [2]int{block, tensor}
			bound := 1 / kernels.Sqrt(float32(fanIn))
			l.starts[key] = append(l.starts[key], int32(l.size))
			l.draws[key] = append(l.draws[key], int32(element), int32(l.size), int32(n), int32(math.Float32bits(bound)))
			l.largest[key] = max(l.largest[key], n)
			l.size += n
			element += (n + 3) / 4
		}
		for b, block := range o.Structure(i) {
			add(b, entryTensor, noiseChannels*3, 3)
			for j, c := range block {
				key, fanIn := [2]int{b, j}, noiseWidth*c.K*c.K
				l.shapes[key] = append(l.shapes[key], int32(c.K), int32(c.D), int32(l.size), 0)
				add(b, firstSlice+j, noiseWidth*fanIn, fanIn)
				element += noiseWidth / 4 // the bias
			}
			add(b, exitTensor, 3*noiseChannels, noiseChannels)
		}
	}
	return l
}

// A noise is one run of Noise2Net on many images.
type noise struct {
	d         *Device
	op        kernels.Noise2NetOp
	n, plane  int
	layout    *layout
	tables    kernels.Span // every table of the layout, in words
	at        map[[3]int]kernels.Span
	image     kernels.Span
	weights   kernels.Span
	totals    kernels.Span // sums of the image planes
	crosses   kernels.Span // sums of products of their deviations
	entry     kernels.Span
	u, z, o   kernels.Span
	zs, os    kernels.Span // statistics
	epsilon   kernels.Span
	inputUsed int // scratch in use before the steps of a block
}

// Kinds of tables.
const (
	startTable = iota
	drawTable
	shapeTable
)

func (d *Device) noise2Net(op kernels.Noise2NetOp, dst, src kernels.Span) error {
	n := &noise{d: d, op: op, n: len(op.Weights), plane: op.H * op.W, layout: newLayout(op), image: dst}
	if n.n == 0 || n.plane == 0 {
		return nil
	}
	if dst != src {
		if err := d.copy(kernels.CopyAll(dst.Size, 0, dst.Size), dst, src); err != nil {
			return err
		}
	}
	if err := n.prepare(); err != nil {
		return err
	}
	for b := range op.Structure(0) {
		if err := n.block(b); err != nil {
			return err
		}
	}
	return nil
}

// prepare lends everything in one piece, writes the tables and draws the
// weights.
func (n *noise) prepare() error {
	var words []int32
	type entry struct {
		key         [3]int
		first, size int
	}
	var list []entry
	for kind, tables := range []map[[2]int][]int32{n.layout.starts, n.layout.draws, n.layout.shapes} {
		for b := range 4 {
			for t := range exitTensor + 1 {
				if v := tables[[2]int{b, t}]; v != nil {
					list = append(list, entry{[3]int{kind, b, t}, len(words), len(v)})
					words = append(words, v...)
					for len(words)%4 != 0 {
						words = append(words, 0)
					}
				}
			}
		}
	}
	first := len(words)
	for i := range n.n {
		words = append(words, int32(math.Float32bits(n.op.Strength(i))))
	}
	sourcesSize := 4 * n.n
	sizes := []int{len(words), sourcesSize, n.layout.size, 3 * n.n, 6 * n.n, 4 * noiseChannels * n.n,
		noiseWidth * n.n * n.plane, noiseWidth * n.n * n.plane, 3 * n.n * n.plane, 2 * noiseWidth * n.n, 2 * 3 * n.n}
	total := 0
	for i, s := range sizes {
		sizes[i] = (s + 63) / 64 * 64
		total += sizes[i]
	}
	all, err := n.d.scratch.take(n.d, total)
	if err != nil {
		return err
	}
	var sources kernels.Span
	offset := 0
	for i, at := range []*kernels.Span{&n.tables, &sources, &n.weights, &n.totals, &n.crosses, &n.entry, &n.u, &n.z, &n.o, &n.zs, &n.os} {
		*at = cut(all, offset, sizes[i])
		offset += sizes[i]
	}
	if err := write(n.d, n.tables, words); err != nil {
		return err
	}
	n.at = map[[3]int]kernels.Span{}
	for _, e := range list {
		n.at[e.key] = cut(n.tables, e.first, e.size)
	}
	n.epsilon = cut(n.tables, first, n.n)
	var sourceWords []uint32
	for _, s := range n.op.Weights {
		key, row := s.Words()
		sourceWords = append(sourceWords, key[0], key[1], row[0], row[1])
	}
	if err := write(n.d, sources, sourceWords); err != nil {
		return err
	}
	for b := range 4 {
		for t := range exitTensor + 1 {
			most := n.layout.largest[[2]int{b, t}]
			err := n.d.launch("draw_tensor", groups((most+3)/4), n.n, 1, n.weights, quads(sources), quads(n.at[[3]int{drawTable, b, t}]))
			if err != nil {
				return err
			}
		}
	}
	n.inputUsed = n.d.scratch.used
	return nil
}

// quads is a span counted in values of four words.
func quads(s kernels.Span) kernels.Span {
	s.Offset /= 4
	s.Size /= 4
	return s
}

// block adds epsilon times one block of the images to them.
func (n *noise) block(b int) error {
	d, eps := n.d, float32(noiseEps)
	d.scratch.used = n.inputUsed
	if err := n.entryNorms(b); err != nil {
		return err
	}
	for slice := range 4 {
		err := d.launch("slice_input", groups(n.plane), n.n, 1, n.u, n.o, n.image, n.z, n.zs, n.entry, n.weights,
			n.at[[3]int{startTable, b, exitTensor}], n.n, n.plane, slice, eps)
		if err != nil {
			return err
		}
		if slice == 3 {
			break
		}
		err = d.launch("slice_conv", groups(n.plane), n.n, 1, n.z, n.u, n.weights, quads(n.at[[3]int{shapeTable, b, slice}]), n.op.H, n.op.W)
		if err != nil {
			return err
		}
		d.scratch.used = n.inputUsed
		if err := groupPlanes(noiseWidth*n.n, 1, n.plane).moments(d, n.zs, n.z); err != nil {
			return err
		}
	}
	d.scratch.used = n.inputUsed
	if err := groupPlanes(3*n.n, 1, n.plane).moments(d, n.os, n.o); err != nil {
		return err
	}
	return d.launch("add_noise", groups(n.plane), 3*n.n, 1, n.image, n.o, n.os, n.epsilon, n.n, n.plane, eps)
}

// entryNorms makes the entry channels' weights from the moments of the images.
func (n *noise) entryNorms(b int) error {
	d := n.d
	set := groupPlanes(3*n.n, 1, n.plane)
	sums, err := set.blockSums(d, n.image)
	if err != nil {
		return err
	}
	if err := d.addBlocks(n.totals, sums, 3*n.n, set.each()); err != nil {
		return err
	}
	products, err := d.scratch.take(d, 6*n.n*set.blocks())
	if err != nil {
		return err
	}
	err = d.launch("block_crosses", set.blocks(), 6, n.n, products, n.image, n.totals, n.plane, set.blocks())
	if err != nil {
		return err
	}
	if err := d.addBlocks(n.crosses, products, 6*n.n, set.blocks()); err != nil {
		return err
	}
	return d.launch("entry_norms", groups(noiseChannels*n.n), 1, 1, n.entry, n.totals, n.crosses, n.weights,
		n.at[[3]int{startTable, b, entryTensor}], n.n, n.plane, float32(noiseEps))
}
