// Package evaluate holds the kinds that judge models: evaluate/classify.
//
// Every row of the data gets a verdict. A row whose label the model has never
// heard of is an error like any other, not a row less.
//
// Reports over verdicts are left to stages/report, models to stages/model.
package evaluate
