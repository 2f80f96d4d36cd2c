//go:build unix

package cli

import (
	"os"
	"syscall"
)

// stopSignals end a run in good order: Ctrl-C, a polite kill, and what batch
// systems such as Slurm send before the time is up.
var stopSignals = []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGUSR1}
