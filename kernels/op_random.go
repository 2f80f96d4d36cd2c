package kernels

import "sync"

// A RangesOp is Source.Ranges of N values from element First on.
type RangesOp struct {
	Source Source
	First  uint32
	N      int
	Lo, Hi float32
}

// A NormalsOp is Source.Normals of N values from element First on.
type NormalsOp struct {
	Source Source
	First  uint32
	N      int
}

// A DropoutOp is Dropout of rows of Each values: dst from x, or dx from dy.
type DropoutOp struct {
	Rows []Source
	Each int
	Prob float32
}

// A Noise2NetOp is Noise2Net on several images [3, H, W]: image i passes through the network drawn with Structures[i] and
// Weights[i], or Structures[0] where there is only one. The result may be the source.
type Noise2NetOp struct {
	H, W       int
	Structures []Noise2NetStructure
	Weights    []Source
	Epsilon    []float32 // one, or one an image
}

// Words returns the key and the row as they stand in Philox's key and counter.
func (s Source) Words() (key, row [2]uint32) {
	return [2]uint32{s.key.k0, s.key.k1}, [2]uint32{uint32(s.row), uint32(s.row >> 32)}
}

// Operands is described at Op.
func (o RangesOp) Operands() (results, sources []int) { return []int{o.N}, nil }

// Run is described at Op.
func (o RangesOp) Run(_ *Pool, r, _ [][]float32) { o.Source.Ranges(r[0], o.First, o.Lo, o.Hi) }

// Operands is described at Op.
func (o NormalsOp) Operands() (results, sources []int) { return []int{o.N}, nil }

// Run is described at Op.
func (o NormalsOp) Run(_ *Pool, r, _ [][]float32) { o.Source.Normals(r[0], o.First) }

// Operands is described at Op.
func (o DropoutOp) Operands() (results, sources []int) {
	n := len(o.Rows) * o.Each
	return []int{n}, []int{n}
}

// Run is described at Op.
func (o DropoutOp) Run(p *Pool, r, s [][]float32) { Dropout(r[0], s[0], o.Rows, o.Prob, p) }

// Structure returns the structure of image i's network.
func (o Noise2NetOp) Structure(i int) Noise2NetStructure {
	return o.Structures[min(i, len(o.Structures)-1)]
}

// Strength returns the epsilon of image i.
func (o Noise2NetOp) Strength(i int) float32 { return o.Epsilon[min(i, len(o.Epsilon)-1)] }

// Operands is described at Op.
func (o Noise2NetOp) Operands() (results, sources []int) {
	n := len(o.Weights) * 3 * o.H * o.W
	return []int{n}, []int{n}
}

// Run is described at Op.
func (o Noise2NetOp) Run(p *Pool, r, s [][]float32) {
	each := 3 * o.H * o.W
	p.Run(len(o.Weights), func(i int) {
		m := noiseMakers.Get().(*noiseMaker)
		defer noiseMakers.Put(m)
		m.net.Draw(o.Structure(i), o.Weights[i])
		Noise2Net(r[0][i*each:(i+1)*each], s[0][i*each:(i+1)*each], o.H, o.W, &m.net, o.Strength(i), &m.scratch)
	})
}

// A noiseMaker holds what one worker needs for Noise2Net, kept between operations.
type noiseMaker struct {
	net     Noise2NetNet
	scratch Scratch
}

var noiseMakers = sync.Pool{New: func() any { return new(noiseMaker) }}

// noisePlanes is how many planes of an image Noise2Net holds on a device: two of 16 channels, input and exit.
const noisePlanes = 2*noiseWidth + 6

// Apply computes the operation in place on images [n, 3, H, W], on the accelerator where one is in use, some images at a
// time so that its memory suffices.
func (o Noise2NetOp) Apply(p *Pool, images []float32) error {
	each := 3 * o.H * o.W
	sameLength("Noise2NetOp.Apply", len(o.Weights)*each, len(images))
	d := Accelerator()
	if d == nil || len(images) == 0 {
		o.Run(p, [][]float32{images}, [][]float32{images})
		return nil
	}
	const most = 128 << 20 // values on the device at a time
	for first, step := 0, max(1, most/(noisePlanes*o.H*o.W)); first < len(o.Weights); first += step {
		end := min(first+step, len(o.Weights))
		if err := o.part(first, end).on(d, images[first*each:end*each]); err != nil {
			return err
		}
	}
	return nil
}

// part is the operation on images first to end-1.
func (o Noise2NetOp) part(first, end int) Noise2NetOp {
	o.Weights = o.Weights[first:end]
	if len(o.Structures) > 1 {
		o.Structures = o.Structures[first:end]
	}
	if len(o.Epsilon) > 1 {
		o.Epsilon = o.Epsilon[first:end]
	}
	return o
}

func (o Noise2NetOp) on(d Device, images []float32) error {
	m, err := d.Alloc(len(images))
	if err != nil {
		return err
	}
	defer m.Free()
	at := []Span{{m, 0, len(images)}}
	if err := d.Write(at[0], images); err != nil {
		return err
	}
	if err := d.Do(o, at, at); err != nil {
		return err
	}
	return d.Read(images, at[0])
}
