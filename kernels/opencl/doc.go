// Package opencl runs the operations of package kernels on OpenCL devices:
// GPUs of any vendor, and processors through PoCL.
//
// The library is opened at run time, without cgo and behind no build tag; where
// there is none, the package says so and nothing else changes. Kernels are the
// .cl files beside this one, embedded as source and built once for each device.
//
// Terms. A platform is a vendor's driver, a device one of its processors; we
// number devices over all platforms from 0, in the driver's order. A launch is
// one kernel on a grid of work-items. All launches of a device go to one queue
// that runs them in order, so an operation may reuse the scratch of the one
// before.
//
// Rules. The result of every operation has the bits of the plain Go function in
// package kernels: each output element is computed by one work-item (or one
// fixed tree of 64), its terms in ascending order, with fma() where one rounding
// is meant and FP_CONTRACT off elsewhere; there are no atomics on floats, no
// built-in functions but fma, sqrt, rint, fabs and integer ones, and no build
// options but those of [buildOptions]. A device is refused unless it reports and
// shows the arithmetic that this needs: see missing in device.go, and probe.go.
//
// Files: library.go (opening), api.go (the C interface), device.go and
// memory.go, program.go (building and caching), launch.go; one file for each
// family of operations beside its .cl file.
package opencl
