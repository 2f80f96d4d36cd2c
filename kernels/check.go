package kernels

import "fmt"

// sameLength panics when a slice of operation op has not the length that its shape asks for.
func sameLength(op string, want int, got ...int) {
	for i, n := range got {
		if n != want {
			panic(fmt.Sprintf("kernels: %s: slice %d has %d elements, the shape asks for %d", op, i, n, want))
		}
	}
}
