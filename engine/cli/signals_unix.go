//go:build unix

package cli

import (
	"os"
	"syscall"
)

// stopSignals end a run in good order: Ctrl-C, a polite kill, what batch
// systems such as Slurm send before the time is up, a terminal that is closed,
// and a reader of the output, such as head, that has gone.
var stopSignals = []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGHUP, syscall.SIGPIPE}
