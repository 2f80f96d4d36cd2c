// Package check holds the kinds that look at a split and say whether it is
// what it claims to be.
//
// Terms. A set is one output of a split; train is the one that the others are
// compared with. The mix of a column is how its values share the rows of a
// set. An attribute is a column of metadata with few values.
//
// Rules: figures are counts, or come from counts by +, -, *, / and square
// roots, each rounded once, so that a report has the same bytes everywhere.
// A check changes no row; what it finds it says in a report, in notes and, if
// asked, as an error or by leaving the row out.
//
// How to draw other rows is for package split; what a model makes of the sets,
// for stages/report.
package check
