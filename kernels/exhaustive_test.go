//go:build exhaustive

package kernels

import "testing"

// TestFunctionsAll covers every float32; it takes about 20 minutes a function.
func TestFunctionsAll(t *testing.T) { testFunctions(t, 0, 1) }
