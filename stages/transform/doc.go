// Package transform prepares images for networks: lists of steps as a spec
// writes them, applied to 8-bit pixels, and the loading of image cells.
//
// A list is what stands in a spec, such as
//
//	[{resize: 72}, {center-crop: 64}]
//	[{random-resized-crop: {size: 64, scale: [0.5, 1]}}, hflip]
//
// Steps mean what torchvision's of the same name mean on a PIL image, with
// antialiased resizing. Their random draws come from the source of the row at
// hand, numbered by the step's place in the list, so that a picture never
// depends on the rows beside it.
//
// [Calls] is the form `name`, `{name: value}` or `{name: {key: value}}` in
// general, for other lists of a spec with the same shape. Pixels, formats and
// resampling are left to stages/imageio, random numbers to kernels.
package transform
