package kernels

// A CopyOp copies rows of Width values; rows lie ToPitch and FromPitch apart, from To and From on. Result and source are
// ToSize and FromSize values. What it does not reach is cleared with Clear, else left.
type CopyOp struct {
	Rows, Width      int
	To, ToPitch      int
	From, FromPitch  int
	ToSize, FromSize int
	Clear            bool
}

// CopyAll copies n values from a place of size values.
func CopyAll(n, from, size int) CopyOp {
	return CopyOp{Rows: 1, Width: n, ToPitch: n, From: from, FromPitch: n, ToSize: n, FromSize: size}
}

// SliceOp copies the channels from first to end of x [n, c, plane] to dst [n, end-first, plane].
func SliceOp(n, c, plane, first, end int) CopyOp {
	return CopyOp{Rows: n, Width: (end - first) * plane, ToPitch: (end - first) * plane, From: first * plane, FromPitch: c * plane,
		ToSize: n * (end - first) * plane, FromSize: n * c * plane}
}

// SliceBackOp copies dy of SliceOp to the channels from first to end of dx, +0 elsewhere.
func SliceBackOp(n, c, plane, first, end int) CopyOp {
	o := SliceOp(n, c, plane, first, end)
	return CopyOp{Rows: n, Width: o.Width, To: o.From, ToPitch: o.FromPitch, FromPitch: o.ToPitch, ToSize: o.FromSize, FromSize: o.ToSize, Clear: true}
}

// A ConcatOp is Concat.
type ConcatOp struct {
	Channels []int
	N, Plane int
}

// A ShuffleOp is PixelShuffle, or PixelShuffleBack with Back.
type ShuffleOp struct {
	N, C, H, W, R int
	Back          bool
}

// An UpsampleOp is Upsample, or UpsampleBack with Back.
type UpsampleOp struct {
	Planes, H, W, R int
	Back            bool
}

// A ReflectOp is PadReflect, or PadReflectBack with Back.
type ReflectOp struct {
	Planes, H, W int
	Border       Border
	Back         bool
}

// Operands is described at Op.
func (o CopyOp) Operands() (results, sources []int) { return []int{o.ToSize}, []int{o.FromSize} }

// Run is described at Op.
func (o CopyOp) Run(_ *Pool, r, s [][]float32) {
	if o.Clear {
		clear(r[0])
	}
	for i := range o.Rows {
		copy(r[0][o.To+i*o.ToPitch:][:o.Width], s[0][o.From+i*o.FromPitch:])
	}
}

// Operands is described at Op.
func (o ConcatOp) Operands() (results, sources []int) {
	total := 0
	for _, c := range o.Channels {
		sources = append(sources, o.N*c*o.Plane)
		total += c
	}
	return []int{o.N * total * o.Plane}, sources
}

// Run is described at Op.
func (o ConcatOp) Run(_ *Pool, r, s [][]float32) { Concat(r[0], s, o.Channels, o.N, o.Plane) }

// Operands is described at Op.
func (o ShuffleOp) Operands() (results, sources []int) {
	n := o.N * o.C * o.R * o.R * o.H * o.W
	return []int{n}, []int{n}
}

// Run is described at Op.
func (o ShuffleOp) Run(_ *Pool, r, s [][]float32) {
	if o.Back {
		PixelShuffleBack(r[0], s[0], o.N, o.C, o.H, o.W, o.R)
		return
	}
	PixelShuffle(r[0], s[0], o.N, o.C, o.H, o.W, o.R)
}

// Operands is described at Op.
func (o UpsampleOp) Operands() (results, sources []int) {
	small, large := []int{o.Planes * o.H * o.W}, []int{o.Planes * o.H * o.W * o.R * o.R}
	if o.Back {
		return small, large
	}
	return large, small
}

// Run is described at Op.
func (o UpsampleOp) Run(_ *Pool, r, s [][]float32) {
	if o.Back {
		UpsampleBack(r[0], s[0], o.Planes, o.H, o.W, o.R)
		return
	}
	Upsample(r[0], s[0], o.Planes, o.H, o.W, o.R)
}

// Operands is described at Op.
func (o ReflectOp) Operands() (results, sources []int) {
	plain := []int{o.Planes * o.H * o.W}
	padded := []int{o.Planes * (o.H + o.Border.Top + o.Border.Bottom) * (o.W + o.Border.Left + o.Border.Right)}
	if o.Back {
		return plain, padded
	}
	return padded, plain
}

// Run is described at Op.
func (o ReflectOp) Run(_ *Pool, r, s [][]float32) {
	if o.Back {
		PadReflectBack(r[0], s[0], o.Planes, o.H, o.W, o.Border)
		return
	}
	PadReflect(r[0], s[0], o.Planes, o.H, o.W, o.Border)
}
