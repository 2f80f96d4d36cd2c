// Package imageio turns image files into 8-bit pixels and back, and resizes, crops and flips them.
//
// Its results are defined, not inherited from whichever library is at hand: the same bytes give the same pixels on
// every processor, and these pixels are those that Pillow (with libjpeg-turbo) gives for the same call, so that a
// model trained elsewhere sees here what it saw there. Each function says which Pillow call it equals and where it departs.
//
// Terms: Pixels are rows from top to bottom, channels interleaved, 8 bits each. A filter is a resampling kernel,
// widened with the scale when an image is made smaller (antialiased). Orientation is the EXIF tag 0x0112.
//
// Rules that hold:
//   - A file's content alone decides its format, never its name.
//   - Arithmetic on pixels is on integers; filter taps are float64 made from correctly rounded operations only.
//   - No input makes a function panic, run without end or allocate more than its Limits allow.
//   - Functions are pure: safe for concurrent use as long as nobody writes to their arguments.
//
// The package leaves colour management (ICC profiles), animation beyond the first frame, and reading from
// files or networks to others.
package imageio
