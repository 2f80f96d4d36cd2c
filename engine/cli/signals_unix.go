//go:build unix

package cli

import (
	"os"
	"os/signal"
	"syscall"
)

// stopSignals end a run in good order: Ctrl-C, a polite kill, what batch
// systems such as Slurm send before the time is up, and a terminal that is
// closed, unless nohup was asked to outlive it.
func stopSignals() []os.Signal {
	list := []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGUSR1}
	if !signal.Ignored(syscall.SIGHUP) {
		list = append(list, syscall.SIGHUP)
	}
	return list
}

// catchBrokenPipes makes writing to a pipe that nobody reads an error, also of
// standard output, instead of the end of the process. Ignoring the signal would
// do so for the programs that are started, too.
func catchBrokenPipes() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }
