package simd

// MixChannels is the number of channels of a slice of Noise2Net, and MixCoefs the number of coefficients a channel has.
const (
	MixChannels = 16
	MixCoefs    = 12
)

// A MixKind says which of its inputs and outputs a call of Mix has.
type MixKind uint8

// The kinds, in the order of the sweeps of a block.
const (
	MixFirst  MixKind = iota // u = h
	MixMiddle                // y = relu(norm(z)), o += exit*y, u = y + h
	MixLast                  // y = relu(norm(z)), o += exit*y
	MixEntry                 // o += exit*h
)

// A Rows is n pixels of several channels: channel c is at v[c*stride:].
type Rows struct {
	V      []float32
	Stride int
}

func (r Rows) ptr() *float32 {
	if len(r.V) == 0 {
		return nil
	}
	return &r.V[0]
}

// Mix is the element-wise part of Noise2Net on n pixels: x and o have 3 channels, z and u 16. The 12 coefficients of a
// channel are w1 w2 w3 b of h = relu(fma(w3, x3, fma(w2, x2, fma(w1, x1, b)))), a c of relu(fma(z, a, c)), e1 e2 e3 of
// the exit, and three unused.
func (b Backend) Mix(kind MixKind, n int, x, z, u, o Rows, coef []float32) {
	if b < AVX2 {
		mixGeneric(kind, n, x, z, u, o, coef)
		return
	}
	if b == AVX512 {
		if n > 0 {
			b.mixVector(kind, n, x, z, u, o, coef)
		}
		return
	}
	v := n &^ 15
	if v > 0 {
		b.mixVector(kind, v, x, z, u, o, coef)
	}
	if v == n {
		return
	}
	// The sums in o forbid an overlapping last turn: the rest goes through buffers of one turn.
	var buf [(3 + MixChannels + MixChannels + 3) * 16]float32
	tail := func(first, channels int, r Rows, load bool) Rows {
		t := Rows{buf[first*16 : (first+channels)*16], 16}
		if load && len(r.V) > 0 {
			for c := range channels {
				copy(t.V[c*16:], r.V[c*r.Stride+v:c*r.Stride+n])
			}
		}
		return t
	}
	tx, tz, tu, to := tail(0, 3, x, true), tail(3, MixChannels, z, true), tail(3+MixChannels, MixChannels, u, false), tail(3+2*MixChannels, 3, o, true)
	b.mixVector(kind, 16, tx, tz, tu, to, coef)
	if len(u.V) > 0 {
		for c := range MixChannels {
			copy(u.V[c*u.Stride+v:c*u.Stride+n], tu.V[c*16:])
		}
	}
	if len(o.V) > 0 {
		for c := range 3 {
			copy(o.V[c*o.Stride+v:c*o.Stride+n], to.V[c*16:])
		}
	}
}

func (b Backend) mixVector(kind MixKind, n int, x, z, u, o Rows, coef []float32) {
	switch kind {
	case MixFirst:
		b.mixFirstLoop(n, x.ptr(), x.Stride, z.ptr(), z.Stride, u.ptr(), u.Stride, o.ptr(), o.Stride, &coef[0])
	case MixMiddle:
		b.mixMiddleLoop(n, x.ptr(), x.Stride, z.ptr(), z.Stride, u.ptr(), u.Stride, o.ptr(), o.Stride, &coef[0])
	case MixLast:
		b.mixLastLoop(n, x.ptr(), x.Stride, z.ptr(), z.Stride, u.ptr(), u.Stride, o.ptr(), o.Stride, &coef[0])
	case MixEntry:
		b.mixEntryLoop(n, x.ptr(), x.Stride, z.ptr(), z.Stride, u.ptr(), u.Stride, o.ptr(), o.Stride, &coef[0])
	}
}

func mixGeneric(kind MixKind, n int, x, z, u, o Rows, coef []float32) {
	for c := range MixChannels {
		k := (*[MixCoefs]float32)(coef[c*MixCoefs:])
		for i := range n {
			var h, y float32
			if kind != MixLast {
				h = FMA32(k[0], x.V[i], k[3])
				h = FMA32(k[1], x.V[x.Stride+i], h)
				h = relu(FMA32(k[2], x.V[2*x.Stride+i], h))
				y = h
			}
			if kind == MixMiddle || kind == MixLast {
				y = relu(FMA32(z.V[c*z.Stride+i], k[4], k[5]))
			}
			switch kind {
			case MixFirst:
				u.V[c*u.Stride+i] = h
				continue
			case MixMiddle:
				u.V[c*u.Stride+i] = y + h
			}
			for e := range 3 {
				o.V[e*o.Stride+i] = FMA32(k[6+e], y, o.V[e*o.Stride+i])
			}
		}
	}
}
