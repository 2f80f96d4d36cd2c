// Package jpeg decodes and encodes JPEG files with a defined result: the one that the JPEG group's library and its
// successor libjpeg-turbo give with their default settings, pixel for pixel, on every processor.
//
// That result is: the integer "islow" inverse DCT, "fancy" (triangle) upsampling of chroma planes that are half as wide,
// half as high or both, repetition for other ratios, and the integer conversion of YCbCr to RGB. ITU-T T.81 leaves all
// three open, which is why decoders differ by dozens of levels. Encoding uses the same library's forward DCT, 2 x 2 averaging of
// chroma, quality scale, the standard's example quantisation and Huffman tables, and its byte layout.
//
// Decoded are baseline, extended sequential and progressive files of 8 bits with Huffman coding, of 1, 3 or 4 components and any
// integer sampling ratio. Lossless, hierarchical, arithmetic-coded and 12-bit files are refused by name.
//
// Terms, as in ITU-T T.81: a block is 8 x 8 samples of one component; an MCU (minimum coded unit) is the group of blocks that a scan
// interleaves; a restart interval is the run of MCUs between two RST markers. A plane is one component's samples.
//
// Rules that hold: no input makes a function panic; memory is bounded by the declared size, which is refused above a
// limit or where the file is too short to hold it; an error names the byte offset. For coefficients that no encoder
// can produce from pixels (they overflow 16 bits) the result is defined here but not equal to the library's.
// Arithmetic is on integers only.
package jpeg
