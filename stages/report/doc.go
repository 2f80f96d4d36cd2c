// Package report is the kind report/robustness: how much worse each method is
// outside the training distribution than inside, whether it is better than the
// baseline there, and how sure that is.
//
// Terms. A benchmark is one named input: predictions of models on test sets, of
// which one is distributed as the training set (IID) and the others are shifted
// (OOD). A model is a value of the method axis; replicates of it are seeds. For a
// model and its baseline A is the OOD error of the baseline minus the model's
// (mean over the OOD sets), G is A minus the same difference on IID: how much the
// gap shrinks. All are in points of error.
//
// The error of rows with one label is top-1; with several labels it is 1 - mAP.
// Test sets named after ImageNet-C's corruptions and severities are shown by
// these, on request in units of a reference model's errors (mCE).
//
// Rules. Every number has a 95 % interval or says that it has none. Models are
// compared image by image and seed by seed; IID and OOD sets are drawn apart.
// Rows that share a cluster (the group column, else source_id) count as one
// observation. With one seed the report says that its intervals are about these
// weights only. A set where the baseline may be guessing is left out of A and G.
// What the predictions cannot tell is left blank, never guessed.
//
// The report is made once as sections of tables, which all formats then show;
// report.json and report.csv hold the same numbers at full precision. Statistics
// are in package stats.
package report
