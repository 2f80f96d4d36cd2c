// Package stagetest runs kinds of stages without an engine: datasets held in
// memory, a sink that keeps what a stage makes, digests of results by value,
// and the conformance checks that every kind must pass.
//
// Its inputs behave as the engine's do: rows ascend by id, a stage sees "id"
// and the columns that its kind reads and nothing else, and records are
// released when a callback returns. Its sink checks what a stage promised:
// declared columns only, unique ids, one type for a column.
//
// The package is for tests; nothing else imports it.
package stagetest
