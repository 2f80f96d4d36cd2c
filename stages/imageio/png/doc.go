// Package png decodes PNG files to 8-bit RGB and encodes such pixels with fixed bytes.
//
// Decoding gives what Pillow's convert("RGB") gives: grey is repeated, a palette looked up, transparency dropped without compositing,
// 16 bits cut to the upper 8, grey of 1, 2 or 4 bits spread over 0..255; gamma and colour profiles are left alone. (Of 16-bit grey Pillow makes all values above 255 white; here the upper 8 bits are taken as well.) All colour
// types, depths and Adam7 interlacing of the PNG specification (third edition) are read.
//
// Encoding depends on nothing but the pixels: the row filters are chosen by a stated rule, and the compressor is that of the module's pinned
// klauspost/compress, not the toolchain's, whose output changes between releases.
//
// Rules that hold: no input makes a function panic; memory is bounded by the declared size, which is refused above a limit or where the
// file is too short to hold it; an error names the byte offset.
package png
