package kernels

import "fmt"

// ScalePlanes stores x * s in dst, every plane of x [planes, plane] with its own of the planes factors s; dst may be x.
func ScalePlanes(dst, x, s []float32, planes, plane int, p *Pool) {
	sameLength("ScalePlanes", planes*plane, len(dst), len(x))
	sameLength("ScalePlanes factors", planes, len(s))
	be := backend()
	p.Run(planes, func(i int) { be.Scale(s[i], dst[i*plane:(i+1)*plane], x[i*plane:(i+1)*plane]) })
}

// PlaneProducts stores in dst [planes] the sum of x*y over each plane: the gradient of ScalePlanes in its factors, with the
// output's gradient as y. Bits: the block sums of fma(x, y, .), then Sum.
func PlaneProducts(dst, x, y []float32, planes, plane int, p *Pool) {
	sameLength("PlaneProducts", planes*plane, len(x), len(y))
	sameLength("PlaneProducts sums", planes, len(dst))
	be := backend()
	blocks := (plane + sumBlock - 1) / sumBlock
	p.Run(planes, func(i int) {
		sums := getFloats(blocks)
		defer sums.put()
		for b := range blocks {
			lo, hi := i*plane+b*sumBlock, i*plane+min((b+1)*sumBlock, plane)
			sums.v[b] = blockCross(be, x[lo:hi], 0, y[lo:hi], 0)
		}
		dst[i] = sum(be, sums.v)
	})
}

// ScalePixels stores x * s in dst, every channel of x [n, c, plane] with the same factors s [n, plane]; dst may be x.
func ScalePixels(dst, x, s []float32, n, c, plane int, p *Pool) {
	sameLength("ScalePixels", n*c*plane, len(dst), len(x))
	sameLength("ScalePixels factors", n*plane, len(s))
	p.Run(n*c, func(i int) {
		at := i / c * plane
		Mul(dst[i*plane:(i+1)*plane], x[i*plane:(i+1)*plane], s[at:at+plane])
	})
}

// PixelProducts stores in dst [n, plane] the sum of x*y over the channels of x and y [n, c, plane]: the gradient of
// ScalePixels in its factors. Bits: one chain of fma from +0, channels ascending.
func PixelProducts(dst, x, y []float32, n, c, plane int, p *Pool) {
	sameLength("PixelProducts", n*c*plane, len(x), len(y))
	sameLength("PixelProducts sums", n*plane, len(dst))
	be := backend()
	p.Run(n, func(i int) {
		sums := dst[i*plane : (i+1)*plane]
		clear(sums)
		for ch := range c {
			at := (i*c + ch) * plane
			be.MulAdd(sums, x[at:at+plane], y[at:at+plane])
		}
	})
}

// channelPool stores in dst [n, 2, plane] the maximum and the mean over the channels of x [n, c, plane], and in index
// [n, plane] the channel of the maximum, a whole number. Of equal values the first channel wins, a NaN beats a number. Bits
// of the mean: one chain of sums from +0, channels ascending, then one division.
//
// Source: the spatial gate of CBAM (Woo et al., ECCV 2018).
func channelPool(dst, index, x []float32, n, c, plane int, p *Pool) {
	sameLength("ChannelPool", n*c*plane, len(x))
	sameLength("ChannelPool planes", 2*n*plane, len(dst))
	sameLength("ChannelPool index", n*plane, len(index))
	if c < 1 {
		panic(fmt.Sprintf("kernels: ChannelPool: %d channels", c))
	}
	be := backend()
	p.Run(n, func(i int) {
		most, mean := dst[2*i*plane:(2*i+1)*plane], dst[(2*i+1)*plane:(2*i+2)*plane]
		at := index[i*plane : (i+1)*plane]
		clear(mean)
		clear(at)
		for ch := range c {
			v := x[(i*c+ch)*plane : (i*c+ch+1)*plane]
			be.Add(mean, mean, v)
			if ch == 0 {
				copy(most, v)
				continue
			}
			be.MaxAt(float32(ch), most, at, v)
		}
		for j := range mean {
			mean[j] /= float32(c)
		}
	})
}

// channelPoolBack stores in dx [n, c, plane] the gradient of channelPool, given dy [n, 2, plane] and the channels of the
// maxima: the mean's share dy/c, plus the maximum's where it was.
func channelPoolBack(dx, dy, index []float32, n, c, plane int, p *Pool) {
	sameLength("ChannelPoolBack", n*c*plane, len(dx))
	sameLength("ChannelPoolBack planes", 2*n*plane, len(dy))
	sameLength("ChannelPoolBack index", n*plane, len(index))
	p.Run(n*c, func(k int) {
		i, ch := k/c, float32(k%c)
		most, mean := dy[2*i*plane:(2*i+1)*plane], dy[(2*i+1)*plane:(2*i+2)*plane]
		d, from := dx[k*plane:(k+1)*plane], index[i*plane:(i+1)*plane]
		for j := range d {
			d[j] = mean[j] / float32(c)
			if from[j] == ch {
				d[j] += most[j]
			}
		}
	})
}
