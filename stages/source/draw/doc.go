// Package draw is a small 2-D drawing library on integers: anti-aliased filled
// paths, strokes, gradients and text, and a few image filters.
//
// It exists because a generated picture is content: its bytes are hashed, cached
// and compared between machines. The drawing libraries at hand (fogleman/gg,
// golang.org/x/image/vector, freetype's painters) compute in floating point, and
// Go fuses x*y + z into one rounding on arm64 and with GOAMD64=v3, so their pixels
// differ in the last bit from one processor to the next. Here every step, from the
// perspective of a view to the blending of a pixel, is integer arithmetic on int64
// and int32, which has one result everywhere.
//
// Terms: a [Path] is a set of closed contours in path units, whose size the caller
// chooses. A [View] maps path units to the canvas. A [Canvas] is an [Image] with a
// view and the rasteriser's scratch memory. Device coordinates are in 1/256 pixel.
// Coverage is exact area up to that grid; overlapping contours of one path are one
// shape (non-zero winding, approximated by the clamped sum of signed areas).
// Blending is on stored 8-bit values, without linear light.
//
// An Image or Canvas belongs to one goroutine; a [Font] may be shared. Nothing here
// knows about scenes, randomness or files.
package draw
