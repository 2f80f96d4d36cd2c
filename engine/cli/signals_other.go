//go:build !unix

package cli

import (
	"os"
	"syscall"
)

// stopSignals end a run in good order.
func stopSignals() []os.Signal { return []os.Signal{os.Interrupt, syscall.SIGTERM} }

// catchBrokenPipes has nothing to do: no signal tells of them here.
func catchBrokenPipes() {}
