// Package pipeline is the language of shiftmill: it turns a spec, a YAML file,
// into a checked, typed graph of stage instances with source positions.
//
// # Terms
//
// A spec has parameters and stages. A stage has a kind, inputs ("from"),
// parameters of the kind ("with") and perhaps a matrix; each combination of
// its matrix with the instances of its inputs is an instance, a [Node] of the
// [Graph]. Axes are matched by name: an instance has its own axes and those of
// the inputs that it follows. A port that takes many gathers instances; a group
// of outputs given to a port that takes one makes an instance for each output,
// on the axis "output".
//
// A [Vocabulary] says what the kinds of stages are called, which ports and
// outputs they have, and what their parameters are: structs whose tags are the
// schema ([Decode]), from which the checks, the canonical text that enters keys
// ([Fields]) and the JSON Schema for editors ([Schema]) all follow.
//
// # Rules
//
// Every mistake of a spec is found before anything runs, and all at once: one
// line each, at the value that is wrong, with the nearest valid name or the
// form that is right ([Errors]). A misspelt name is read as what it was meant for,
// and what stays unknown agrees with everything, so that no mistake hides another and
// none is reported that goes away with another. Positions survive references and extends: a
// value is blamed where it was written.
//
// A scalar is its source text. What it means is the business of whoever reads
// it: a parameter by its type, a condition by the column's ([Condition]). The
// YAML library resolves nothing; tags, anchors and aliases are refused, so that
// no file grows when it is read.
//
// The order of nodes follows that of the spec, as far as each can stand after
// its inputs; names of instances and what they gather do not depend on it.
// Nothing here depends on map order, time, locale or the machine, but for
// locations: the paths that File, Dir and Tree parameters hold.
//
// # What is left to others
//
// Columns and their types (the stages and the engine know the schemas),
// whether files exist, keys, and what other specs' lock files say: a reference
// to one is carried as [Foreign].
package pipeline
