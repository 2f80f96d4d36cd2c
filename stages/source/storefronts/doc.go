// Package storefronts draws the street photographs of an invented city: shop fronts
// of twenty trades, under metadata whose effect on the pixels is known exactly.
//
// It stands in for StreetView StoreFronts, the dataset of Hendrycks et al. ("The Many
// Faces of Robustness", 2021), which was never released: the same task (the trade of a
// shop front), the same attributes (country, year, camera) and about the same order of
// difficulty, country being the large shift and year and camera small ones.
//
// Terms. A business is one shop with its name, colours, building and window display,
// and never changes class or country; a photo is one picture of it, with its own
// viewpoint, light, weather, passers-by and cars. An attribute acts through an effective
// [style] or lens, mixed from the reference value (US, 2019, new) and the photo's value
// by the attribute's [Strength].
//
// Rules that must hold:
//
//   - [Generator.Draw] is a pure function of its arguments and [Version]. All arithmetic
//     is on integers, here and in package draw, so the pixels are the same on every
//     processor. Tests hold digests of them; whoever changes a picture bumps Version.
//   - At strength 0 a photo's pixels do not depend on that attribute at all; in between,
//     lengths, colours and chances move in proportion, and each thing that can only be
//     one way or another changes over at its own point, drawn per business.
//   - Random numbers come from the stream of (seed, purpose, subject): one for each
//     business or photo and each part of the picture, see [stream]. Drawing one more number for
//     the sky moves no car.
//
// What it leaves to others: turning rows into tables and pictures into columns.
package storefronts
