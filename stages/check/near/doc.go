// Package near finds pictures that are the same but for re-encoding, scaling,
// brightness, mirroring or a small crop, among many, without comparing all
// pairs.
//
// Terms. A thumb is a picture at 64 x 64 grey levels, its sides stretched to
// fit. A look is the 16 x 16 lowest cosine coefficients of a thumb: what is
// kept of a picture to find it again. A window is a crop to 95 % of both sides
// at one of nine places. A match is a pair whose thumbs agree once one is laid
// over the other.
//
// How. The 63 lowest coefficients beside the constant, centred and divided by
// their spread over the data, make a vector in which unrelated pictures are
// nearly at right angles and copies nearly parallel; sign hashes of it
// (random rotations by Hadamard transforms) go into tables. Each picture asks
// the tables for itself, for its mirror image and for the nine windows of
// both; who shares a key and points the same way is a candidate, and thumbs
// decide. Hashes alone would not do: on 1,440 PACS pictures a dHash joins 607
// pairs at distance 6, most of them different sketches on white paper.
//
// Looks are read again whenever they are needed; of each picture 132 bytes are
// kept to compare it, and 4 for each table that is there. Where the memory does not
// suffice for all tables, each picture asks some of them and later the others.
//
// Everything is a pure function of its input: integers, or floats added and
// multiplied in a fixed order, each operation rounded on its own.
package near
