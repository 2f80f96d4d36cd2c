package kernels

// A ScalePlanesOp is ScalePlanes: dst from x [planes, plane] and one factor a plane. dst may be x.
type ScalePlanesOp struct{ Planes, Plane int }

// A PlaneProductsOp is PlaneProducts: one sum a plane from x and y.
type PlaneProductsOp struct{ Planes, Plane int }

// A ScalePixelsOp is ScalePixels: dst from x [n, c, plane] and factors [n, plane]. dst may be x.
type ScalePixelsOp struct{ N, C, Plane int }

// A PixelProductsOp is PixelProducts: sums [n, plane] from x and y.
type PixelProductsOp struct{ N, C, Plane int }

// A ChannelPoolOp is channelPool: dst [n, 2, plane] and the channels of the maxima, as whole numbers, from x.
type ChannelPoolOp struct{ N, C, Plane int }

// A ChannelPoolBackOp is channelPoolBack: dx from dy and the channels of the maxima.
type ChannelPoolBackOp struct{ N, C, Plane int }

// Operands is described at Op.
func (o ScalePlanesOp) Operands() (results, sources []int) {
	return []int{o.Planes * o.Plane}, []int{o.Planes * o.Plane, o.Planes}
}

// Run is described at Op.
func (o ScalePlanesOp) Run(p *Pool, r, s [][]float32) {
	ScalePlanes(r[0], s[0], s[1], o.Planes, o.Plane, p)
}

// Operands is described at Op.
func (o PlaneProductsOp) Operands() (results, sources []int) {
	return []int{o.Planes}, []int{o.Planes * o.Plane, o.Planes * o.Plane}
}

// Run is described at Op.
func (o PlaneProductsOp) Run(p *Pool, r, s [][]float32) {
	PlaneProducts(r[0], s[0], s[1], o.Planes, o.Plane, p)
}

// Operands is described at Op.
func (o ScalePixelsOp) Operands() (results, sources []int) {
	size := o.N * o.C * o.Plane
	return []int{size}, []int{size, o.N * o.Plane}
}

// Run is described at Op.
func (o ScalePixelsOp) Run(p *Pool, r, s [][]float32) {
	ScalePixels(r[0], s[0], s[1], o.N, o.C, o.Plane, p)
}

// Operands is described at Op.
func (o PixelProductsOp) Operands() (results, sources []int) {
	size := o.N * o.C * o.Plane
	return []int{o.N * o.Plane}, []int{size, size}
}

// Run is described at Op.
func (o PixelProductsOp) Run(p *Pool, r, s [][]float32) {
	PixelProducts(r[0], s[0], s[1], o.N, o.C, o.Plane, p)
}

// Operands is described at Op.
func (o ChannelPoolOp) Operands() (results, sources []int) {
	return []int{2 * o.N * o.Plane, o.N * o.Plane}, []int{o.N * o.C * o.Plane}
}

// Run is described at Op.
func (o ChannelPoolOp) Run(p *Pool, r, s [][]float32) {
	channelPool(r[0], r[1], s[0], o.N, o.C, o.Plane, p)
}

// Operands is described at Op.
func (o ChannelPoolBackOp) Operands() (results, sources []int) {
	return []int{o.N * o.C * o.Plane}, []int{2 * o.N * o.Plane, o.N * o.Plane}
}

// Run is described at Op.
func (o ChannelPoolBackOp) Run(p *Pool, r, s [][]float32) {
	channelPoolBack(r[0], s[0], s[1], o.N, o.C, o.Plane, p)
}
