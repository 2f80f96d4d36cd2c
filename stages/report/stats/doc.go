// Package stats is the statistics of the robustness report: rates, differences
// and linear combinations of error rates with 95 % intervals, tests and their
// correction for being many.
//
// Terms. A set is one test set; its rows belong to clusters (all rows of one
// shop, all corruptions of one picture), which may reach over several sets of a
// benchmark. A statistic is a weighted sum of means over sets. Its variance has
// two parts: what another draw of clusters would change, taken from the
// average over the seeds, and what another seed would change. The quantile is
// Student's, with degrees of freedom after Satterthwaite.
//
// Results reach artifacts, so every float64 here is the same on every
// architecture: additions, products, quotients and square roots alone, each
// rounded on its own (explicit conversions keep the compiler from fusing), sums
// in one stated order, and the functions of package kernels.
//
// What is judged, and by which margins, is the business of package report.
package stats
