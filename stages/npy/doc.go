// Package npy reads and writes NumPy arrays that lie in a file uncompressed: .npy files, of format versions 1
// to 3, and the stored members of .npz archives (NumPy enhancement proposal 1).
//
// An array is described by its header, an Array; values are read in place, a stretch at a time, so that an
// array may be larger than memory. What types and shapes are good for something is the caller's affair: only
// whole numbers and floats in C order are known here.
package npy
