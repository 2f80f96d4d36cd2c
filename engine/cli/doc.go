// Package cli is the command line of shiftmill: the verbs, their flags, what
// they print for people (or, with --json, for programs) and the exit codes.
//
// It is the only place that prints. What a spec means is pipeline's, what must
// run is engine's; this package joins them to a store and a terminal.
package cli
