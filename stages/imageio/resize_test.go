package imageio

import (
	"bytes"
	"testing"
)

// TestResizeLoops compares what this build uses with the plain Go loops, which define the results.
func TestResizeLoops(t *testing.T) {
	for seed := range uint32(300) {
		r := (seed + 1) * 2654435761
		h, w := 1+int(r>>8&63), 1+int(r>>15&63)
		toH, toW := 1+int(r>>1&127), 1+int(r>>22&127)
		f := Box + Filter(seed%5)
		c := 3
		if seed%7 == 0 {
			c = 1 + int(seed%4)
		}
		src := picture(h, w, c, r)
		if seed%3 == 0 {
			for i, v := range src.Pix {
				src.Pix[i] = byte(int8(v) >> 7) // only 0 and 255: sums far outside 8 bits
			}
		}
		rows, columns := newTaps(w, toW, f), newTaps(h, toH, f)
		got, want := NewPixels(h, toW, c), NewPixels(h, toW, c)
		resizeRows(got, src, rows)
		resizeRowsGeneric(want, src, rows)
		if !bytes.Equal(got.Pix, want.Pix) {
			t.Errorf("%s of rows, %d x %d x %d to width %d, differs", f, h, w, c, toW)
		}
		got, want = NewPixels(toH, w, c), NewPixels(toH, w, c)
		resizeColumns(got, src, columns)
		resizeColumnsGeneric(want, src, columns)
		if !bytes.Equal(got.Pix, want.Pix) {
			t.Errorf("%s of columns, %d x %d x %d to height %d, differs", f, h, w, c, toH)
		}
	}
}
