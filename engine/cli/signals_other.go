//go:build !unix

package cli

import (
	"os"
	"syscall"
)

// stopSignals end a run in good order.
var stopSignals = []os.Signal{os.Interrupt, syscall.SIGTERM}
