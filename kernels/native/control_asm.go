//go:build amd64 || arm64

package native

// control returns the thread's floating-point control register.
func control() uint64

// setControl puts it back.
func setControl(v uint64)
