//go:build !amd64 && !arm64

package native

// On other processors there is no library to open: see Supported.
func control() uint64     { return 0 }
func setControl(v uint64) {}
