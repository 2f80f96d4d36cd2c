package kernels

import (
	"fmt"
	"os"
	"testing"
)

// eachDrawn calls f for drawn cases, of which each takes what it is made of from lists; SHIFTMILL_SWEEP=1 draws many more.
func eachDrawn(purpose string, count, sweep uint32, f func(i uint32, of func(list ...int) int)) {
	if os.Getenv("SHIFTMILL_SWEEP") != "" {
		count = sweep
	}
	s := NewKey("test", 1, 5, purpose, 0).Row("")
	for i := range count {
		pick := uint32(0)
		f(i, func(list ...int) int {
			pick++
			return list[s.IntN(100*i+pick, len(list))]
		})
	}
}

// TestConvRandomShapes runs drawn shapes, which meet every way in which a convolution is cut into tiles.
func TestConvRandomShapes(t *testing.T) {
	eachDrawn("shapes", 40, 3000, func(i uint32, of func(list ...int) int) {
		c := ConvShape{
			N: of(1, 1, 2, 3, 9), Groups: of(1, 1, 1, 2, 3), KH: of(1, 2, 3, 3, 5), KW: of(1, 2, 3, 3, 5),
			StrideH: of(1, 1, 2, 3), StrideW: of(1, 1, 2, 3), PadH: of(0, 1, 1, 2), PadW: of(0, 1, 1, 2), DilH: of(1, 1, 2), DilW: of(1, 1, 3),
			H: of(1, 2, 5, 7, 8, 11, 13, 16, 17, 30, 33), W: of(1, 3, 7, 8, 9, 11, 12, 14, 15, 16, 17, 18, 31, 40),
		}
		if c.KH == c.KW && of(0, 1) == 1 {
			c.StrideW, c.PadW, c.DilW = c.StrideH, c.PadH, c.DilH
		}
		c.Ci, c.Co = c.Groups*of(1, 2, 3, 5), c.Groups*of(1, 3, 5, 12, 13, 16, 17, 25, 33, 70)
		if c.Validate() != nil {
			return
		}
		x := testValues("x", c.N*c.Ci*c.H*c.W, i%2 == 1)
		w := testValues("w", c.Co*c.Ci/c.Groups*c.KH*c.KW, i%3 == 1)
		b := testValues("b", c.Co, false)
		dy := testValues("dy", c.N*c.Co*c.OutH()*c.OutW(), i%2 == 1)
		y, dx, dw := oracleConv(x, w, b, c), oracleBackData(dy, w, c), oracleBackWeight(dy, x, c)
		t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
			eachBackend(t, func(t *testing.T, p *Pool) {
				got, check := guarded(len(y))
				Conv2D(got, x, w, b, c, p)
				check(t, "Conv2D")
				sameBits(t, "Conv2D", got, y)
				got, check = guarded(len(dx))
				Conv2DBackData(got, dy, w, c, p)
				check(t, "Conv2DBackData")
				sameBits(t, "Conv2DBackData", got, dx)
				got, check = guarded(len(dw))
				Conv2DBackWeight(got, dy, x, c, p)
				check(t, "Conv2DBackWeight")
				sameBits(t, "Conv2DBackWeight", got, dw)
			})
		})
	})
}
