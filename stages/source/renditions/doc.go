// Package renditions draws objects of 24 classes in ten manners: as photographed, painted,
// sketched, stitched, folded, and so on, with class and manner known.
//
// It stands in for ImageNet-R (Hendrycks et al., "The Many Faces of Robustness", 2021) where a
// benchmark of renditions is to be tried without its pictures: one may train on photos and test on
// everything else. The aim is recognisable objects, not art.
//
// Terms. An object is a list of parts, back to front, each a contour with a colour; its pose, its
// proportions and its shades come from (seed, id) alone. A rendition is a way to lay parts on
// a canvas: all see the same object.
//
// Rules that must hold:
//
//   - [Draw] is a pure function of its arguments and [Version], on integers alone (see package
//     draw). Tests hold digests of it; whoever changes a picture bumps Version.
//   - At strength 0 every picture is the photo of its object; in between, photo and rendition are
//     mixed in proportion.
//
// What it leaves to others: turning rows into tables.
package renditions
