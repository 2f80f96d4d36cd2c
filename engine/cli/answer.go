package cli

import (
	"errors"
	"fmt"
	"io"
	"syscall"
)

// exitNobodyReads is the exit code when the reader of standard output has gone,
// such as head: what shells show of a program that SIGPIPE ends.
const exitNobodyReads = 128 + 13

// An answer is standard output: it remembers the first write that failed, so
// that no verb has to look at every one, and drops what comes after it.
type answer struct {
	to  io.Writer
	err error
}

func (a *answer) Write(p []byte) (int, error) {
	if a.err == nil {
		_, a.err = a.to.Write(p)
	}
	return len(p), nil
}

// code is the exit code of a command that ended with the given one, and says
// why its answer is not whole.
func (a *answer) code(ended int, stderr io.Writer) int {
	switch {
	case a.err == nil:
		return ended
	case errors.Is(a.err, syscall.EPIPE):
		return exitNobodyReads
	}
	fmt.Fprintf(stderr, "shiftmill: standard output is cut off: %v\n", a.err)
	if ended == exitOK {
		return exitFailed
	}
	return ended
}
