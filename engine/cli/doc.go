// Package cli is the command line of shiftmill: the verbs, their flags, what
// they print for people (or, with --json, for programs) and the exit codes.
//
// It is the only place that prints. What a spec means is pipeline's, what must
// run is engine's; this package joins them to a store and a terminal.
//
// Rules. Verbs that only look (plan, status, why, graph, show, preview, export,
// diff, runs) write nothing into a store and make none. Results and answers go
// to standard output, progress, notes and causes to standard error; with --json
// every line of standard output is a JSON object. A message names the place, the
// cause and the remedy. What is wrong with the command line or the spec is exit
// code 2 and is found before anything runs.
//
// Every verb is tested as a user types it, by the scripts of testdata/script;
// "go test ./engine/cli -update" rewrites what they compare with, to be read
// before it is committed.
package cli
