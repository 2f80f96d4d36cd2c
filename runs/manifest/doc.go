// Package manifest writes and reads the manifest of a benchmark: which image
// is in which set, with what is needed to check that it is still the same.
//
// A manifest has a row for each pair of an image and an output, by output in
// the order of the split and then by ascending id:
//
//	id, output      the row and the set it is in
//	path            of the image, as its source names it: relative, "/"; missing for generated pictures
//	offset, size    of its bytes where it is a stretch of a file; missing where it is the whole
//	sha256, phash   hexadecimal: of the file's bytes, and the 64-bit perceptual hash
//	...             cell, labels and all other columns of metadata
//
// It comes twice with the same content: as JSON lines, the header in the first
// line and a row in each of the others, and as Parquet, the header under the
// metadata key "shiftmill.manifest". Both have the same bytes on every machine.
// The header's root is a Merkle tree over the JSON lines of the rows, so that one
// row can be proved to be in a published benchmark without the others.
package manifest
