// Package engine decides what must run, runs it, and can say why.
//
// A spec becomes a graph in package pipeline; here each node of it gets a key,
// a digest over labelled lines (see [Line]): format, kind and version, shared
// code, parameters, seed, and the content ids of exactly the columns it reads.
// A key that the store knows is a hit and costs a look-up; anything else runs,
// and its output is stored under the key by content. Content ids are taken
// over values, row by row (see [contentOf]), so a rerun that produces equal
// rows stops there, however they were cut into files.
//
// Terms. A dataset is a list of partitions in ascending id; each level of it
// holds only the columns that one stage wrote, and passes the others through
// from its base by id. Row-wise work is keyed and stored per partition, and a
// partition that misses first takes over rows whose inputs are unchanged.
//
// Rules that must hold: no result depends on the number of workers, on the
// partition size or on timing; a stage is handed "id" and the columns it
// declared, nothing else; every byte handed on was verified in this process;
// an entry of the store that cannot be read is a miss with a reason; only
// causes are reported as failures, what depends on them is skipped.
//
// It leaves the language to pipeline, the meaning of kinds to stages, and files
// to runs. It prints nothing: what happens is told as [Event] values.
package engine
