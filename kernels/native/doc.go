// Package native calls functions of libraries that are opened at run time,
// without cgo.
//
// Rule: a library may switch the processor to flushing subnormals, for good and
// on the thread that opened or called it; one that was built with -ffast-math
// does so. Every open and every call therefore holds its thread, and puts back
// the floating-point control register (MXCSR, FPCR) before Go runs on.
package native
