// Command shiftmill runs experiments on distribution shift.
package main

import (
	"os"

	"shiftmill/engine/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
