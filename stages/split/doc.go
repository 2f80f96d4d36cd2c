// Package split holds the kinds that pick rows by their metadata: shift splits
// (train and IID test at a base distribution, one test set for each altered
// attribute), benchmarks of separate sources, and filters.
//
// Terms. A cell is what a row's attributes make of it: base, one of the
// shifts, or none. A stratum is a set of rows that share the values of the
// stratify columns. A group is a set of rows that must not stand in train and
// in a test set. A pool is the rows that one side of the split may draw from.
// A row that reaches no other output goes to "unused" with its reason.
//
// Rules that hold:
//   - A split reads metadata columns only, never a pixel, and copies none.
//   - Rows in = rows of all outputs, "unused" included; no row is in two, but
//     where a row has several items and stands in the cell of each.
//   - Membership depends on ids, the columns read, parameters and seed alone.
//   - Growth: with fixed quotas in each stratum and at most one group key, and
//     with percent sizes, added rows never move a row from one output to
//     another; it may leave to unused.
//   - An ask that cannot be met is an error that says what is short, why, and
//     what can be had; never a smaller set.
//
// Whether two pictures of different groups are the same is for the leakage
// check; what a split looks like, for the sanity report.
package split
