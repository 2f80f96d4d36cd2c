// Package source holds the kinds that make rows: from a folder of images, from a table beside or
// around images, from tar shards, arrays and annotations, and from nothing (generated pictures);
// and the kind that writes DeepFashion2's files.
//
// Terms. The root is the folder that names are relative to; names are written
// with "/". An id names a row for good: the id column, else the image's name.
// An image cell is a reference to the file ("file:NAME"), to a place in one ("file:NAME//..." or
// "file:NAME@..."), or to a drawing ("recipe:..."), never the pixels. A container is a file that
// holds many images.
//
// Rules that hold:
//   - What is read decides the rows, never the order of files, the machine or
//     the path of the root. No pixel is copied, and none is read unless
//     "on_error: skip" asks for it.
//   - Nothing is left out in silence: a row or file that is not taken is an
//     error that names it or, with "on_error: skip", counted and named.
//   - A missing value is null: in a text table, what "nulls" lists. Text stays
//     as it is written; nothing is trimmed, folded or guessed.
//
// Choosing among rows is for package split; decoding for stages/imageio.
package source
