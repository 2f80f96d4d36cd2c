package kernels

// ConvTranspose2D stores in dst [N, Ci, H, W] the transposed convolution of x [N, Co, OutH, OutW] with w [Co, Ci/Groups, KH,
// KW], plus bias [Ci] where it is not nil. s describes the convolution whose data gradient it is, so that H and W choose
// among the sizes that a stride leaves open (PyTorch's output_padding). Bits: those of Conv2DBackData, the bias last.
func ConvTranspose2D(dst, x, w, bias []float32, s ConvShape, p *Pool) {
	Conv2DBackData(dst, x, w, s, p)
	if bias != nil {
		sameLength("ConvTranspose2D bias", s.Ci, len(bias))
		addBias(dst, bias, s.N, s.Ci, s.H*s.W)
	}
}

// ConvTranspose2DBackData stores in dx [N, Co, OutH, OutW] the gradient in the input, given dy [N, Ci, H, W].
func ConvTranspose2DBackData(dx, dy, w []float32, s ConvShape, p *Pool) {
	Conv2D(dx, dy, w, nil, s, p)
}

// ConvTranspose2DBackWeight stores in dw the gradient in the weights, given dy [N, Ci, H, W] and the input x. Bits: those of
// Conv2DBackWeight, the positions being those of x.
func ConvTranspose2DBackWeight(dw, dy, x []float32, s ConvShape, p *Pool) {
	Conv2DBackWeight(dw, x, dy, s, p)
}

// A Border is the number of rows and columns added around an image.
type Border struct{ Top, Bottom, Left, Right int }

// reflect returns the position that a padded position i of a dimension of n shows, the edge not repeated.
func reflect(i, n int) int {
	if i < 0 {
		return -i
	}
	if i >= n {
		return 2*n - 2 - i
	}
	return i
}

// PadReflect surrounds every plane of x [planes, h, w] with its mirror image; each side of b is less than the plane's size.
// With a Conv2D without padding behind it, it is a convolution with reflected borders.
func PadReflect(dst, x []float32, planes, h, w int, b Border) {
	mirror("PadReflect", dst, x, planes, h, w, b, func(padded, plain []float32) {
		for j := range b.Left {
			padded[j] = plain[b.Left-j]
		}
		copy(padded[b.Left:], plain)
		for j := range b.Right {
			padded[b.Left+w+j] = plain[w-2-j]
		}
	})
}

// PadReflectBack stores in dx the gradient of PadReflect: the values of dy that show a pixel are added from +0 in order.
func PadReflectBack(dx, dy []float32, planes, h, w int, b Border) {
	clear(dx)
	be := backend()
	mirror("PadReflectBack", dy, dx, planes, h, w, b, func(padded, plain []float32) {
		for j := range b.Left {
			plain[b.Left-j] += padded[j]
		}
		be.Add(plain, plain, padded[b.Left:b.Left+w])
		for j := range b.Right {
			plain[w-2-j] += padded[b.Left+w+j]
		}
	})
}

// mirror calls each with every padded row and the row that it shows, in order.
func mirror(op string, padded, plain []float32, planes, h, w int, b Border, each func(padded, plain []float32)) {
	if min(b.Top, b.Bottom, b.Left, b.Right) < 0 || max(b.Top, b.Bottom) >= h || max(b.Left, b.Right) >= w {
		panic("kernels: " + op + ": a border must be less than the image")
	}
	width := w + b.Left + b.Right
	sameLength(op+" plain", planes*h*w, len(plain))
	sameLength(op+" padded", planes*(h+b.Top+b.Bottom)*width, len(padded))
	for i := range planes {
		for y := -b.Top; y < h+b.Bottom; y++ {
			each(padded[:width], plain[(i*h+reflect(y, h))*w:][:w])
			padded = padded[width:]
		}
	}
}
