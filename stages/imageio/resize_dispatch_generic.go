//go:build !amd64 || purego

package imageio

// rowPass resamples the rows of src.
type rowPass struct {
	src  *Pixels
	taps *taps
}

func newRowPass(t *taps, src *Pixels) *rowPass { return &rowPass{src, t} }

// run makes n rows from number first on.
func (r *rowPass) run(dst []byte, first, n int) { resizeRowsGeneric(dst, r.src, first, n, r.taps) }

func blendRows(out, in []byte, weight []int32) { blendRowsGeneric(out, in, weight) }

func resampleWide(dst, src *Pixels, f Filter) bool { return false }
