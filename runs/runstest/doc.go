// Package runstest holds what tests of the store, and of whoever builds on it, need: a
// file system in memory that knows what would survive a power cut, faults at any
// operation of a file system, and a conformance suite.
//
// Only tests import it.
package runstest
