//go:build !amd64 || purego

package imageio

func resizeRows(dst, src *Pixels, t *taps)    { resizeRowsGeneric(dst, src, t) }
func resizeColumns(dst, src *Pixels, t *taps) { resizeColumnsGeneric(dst, src, t) }
