package cli

import "fmt"

// amount is a number of things: "1 row", "2 rows".
func amount[N int | int64](n N, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// differing is a number of stages that differ.
func differing(stages int) string {
	if stages == 1 {
		return "1 stage differs"
	}
	return fmt.Sprintf("%d stages differ", stages)
}
