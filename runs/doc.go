// Package runs keeps what a pipeline has computed: immutable objects named by
// their bytes, and small records that say which objects a key stands for.
//
// # Terms
//
// An object is a byte string; its name is its SHA-256. One of more than 64 MiB is kept
// as chunks, objects themselves, and a record that lists them. A record is a small
// payload under a key, with the objects and other records it refers to. A
// session is one process's time with a store; it owns one journal, some packs
// (files that hold the objects below 64 KiB) and its claims. A commit makes
// everything put and appended so far durable, in one group.
//
// # Rules
//
//   - A record is durable only after every object put before it is durable.
//   - Get returns bytes whose SHA-256 it has just computed, or [ErrAbsent]. A
//     damaged or missing object is never an error of another kind and never
//     wrong bytes.
//   - Nothing that is read is repaired, truncated or locked by its reader.
//   - A failed sync ends the session's writing: what was not committed is void,
//     and the same descriptor is not synced again.
//   - Claims save work; no result depends on one.
//   - All access to files goes through [FS], so that power cuts and failing
//     disks can be simulated (package runstest).
//
// FORMAT.md describes every file byte for byte.
//
// # Left to others
//
// What a key means, which records to write, whether two contents for one key are
// an error, and which lock files are roots of a collection: that is the engine's.
// Package table turns Arrow records into the bytes of an object and back.
package runs
