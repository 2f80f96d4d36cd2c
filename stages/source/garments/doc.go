// Package garments draws clothed people and clothes that nobody wears, one to four items of the 13
// DeepFashion2 categories in a picture, with scale, occlusion, viewpoint and zoom known.
//
// It stands in for DeepFashion2 (Ge et al., CVPR 2019), which needs a form and a password, where
// DeepFashion Remixed (Hendrycks et al., "The Many Faces of Robustness", 2021) is to be tried. The
// aim is recognisable clothing whose annotation is true, not photographs.
//
// Terms. A pair is an outfit that several pictures show, as pair_id says: the same colours and
// patterns. A figure is a person, a mannequin, or clothes laid out, with one or two items; a picture
// has one or two figures. Scale, viewpoint and zoom belong to a figure, and so to all of its items;
// occlusion to an item. A [Scene] is a picture before it is drawn: figures placed in the frame,
// outlines of items known, so boxes need no drawing.
//
// Rules that must hold:
//
//   - [Draw] and [Plan] are pure functions of their arguments and [Version], on integers alone (see
//     package draw). Tests hold digests of them; whoever changes a picture bumps Version.
//   - What is worn, by how many and in which colours never depends on the four attributes. At strength
//     0 a picture does not depend on that attribute at all and looks as at the reference, which is
//     the training distribution of DeepFashion Remixed: scale 2, occlusion 2, viewpoint 2, zoom 1.
//     Boxes are those of the picture as drawn, so at strength 0 they do not move either.
//   - In between, sizes and covered shares move in proportion; a viewpoint, which can only be one
//     or another, changes over at a point of its own in each figure.
//
// What it leaves to others: turning rows into tables, and files.
package garments
