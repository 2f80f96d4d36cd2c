// Package corrupt damages pictures as the ImageNet-C benchmark does: fifteen
// corruptions and four held-out ones, each at five severities, for pictures of
// any size. Its kind is corrupt/imagenet-c.
//
// Source: Hendrycks and Dietterich, "Benchmarking Neural Network Robustness to
// Common Corruptions and Perturbations", ICLR 2019 (arXiv:1903.12261), with
// the parameters of the published sets.
//
// Terms. A family is a table of parameters made for one picture size (224, 64,
// 32 or 299); lengths in it are pixels. A severity is 1 (weak) to 5 (strong).
//
// Rules that hold:
//   - A result is a function of the picture, the corruption, its severity and
//     family, and the random numbers handed in. Those of the kind follow from
//     seed, row id, corruption and severity, so no picture depends on another.
//   - Arithmetic is float32 and float64 in a fixed order, without the functions
//     of package math that differ between processors; results have the same
//     bits anywhere, with vector instructions or without. The plain Go loops of
//     simd.go define them.
//   - Gaussian, shot and speckle noise are drawn by inverting their
//     distribution over the 256 levels that a level can become (see lottery),
//     so they are exact to 2^-24 and cost no arithmetic a value.
//   - Pictures leave as 8 bits, cut off and not rounded, as the published sets
//     did it; what lacks less than 2^-10 of a level to a whole one counts as
//     whole, lest rounding errors darken flat areas. (The published files were
//     then saved as JPEG of quality 85, which a stage's "encode: jpeg:85" does.)
//   - By default a corruption does what was evidently meant. The accidents of
//     the original code, which the published sets contain, come with
//     "reference": glass_blur copies neighbours instead of swapping them;
//     defocus_blur's kernel sums to more than 1 from a radius of 8 on; the two
//     shortest lists of zoom_blur's factors run one step too far;
//     elastic_transform takes a side of 244 for 224; frost never takes its
//     sixth picture and its second and third are one. What the strengths were
//     tuned by stays in both forms, such as fog's twice scaled noise.
//
// Where it departs from the original, which called other programs: motion blur
// follows ImageMagick's steps without its 16-bit intermediate; the affine warp
// of elastic_transform interpolates exactly, not to 1/32 pixel. The pictures
// of frost are drawn by this package (see texture), since those of the
// original carry no licence: same use, other crystals.
//
// Decoding, resizing and the JPEG round trip are imageio's; scores of models
// on corrupted sets are stages/report's.
package corrupt
