// Package stages is the vocabulary's contract: what a kind of stage declares,
// what it is handed, and what it hands back.
//
// A kind declares its shape, ports, outputs, typed parameters and the columns
// it reads. The engine hands a running stage exactly "id" and those columns as
// Arrow records, so an undeclared read cannot happen, and stores exactly the
// columns it declared to write. A stage never sees the engine, the store or
// another kind.
//
// Terms. A dataset is a set of rows with unique ids, in ascending bytes of the
// id. A column a stage writes is its own; all other columns of its output come
// from the base, the port whose rows it passes on. An image cell is a
// reference (a file, a generator's recipe) or the picture itself; see
// [ImageCell].
//
// Rules for every kind: output depends on inputs, parameters, seed and Version
// alone, never on order, batch, worker count or time; Version is raised when
// the same input would give other output.
//
// What families of kinds share lives in stages/imageio, stages/transform and
// stages/model; planning, caching and execution live in package engine.
package stages
