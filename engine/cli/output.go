package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"

	"github.com/mattn/go-isatty"
)

// exitNobodyReads is the exit code when the reader of standard output has gone,
// such as head: what shells show of a program that SIGPIPE ends.
const exitNobodyReads = 128 + 13

// An output is standard output or standard error. It remembers the first write
// that failed, so that no verb has to look at every one, and drops what comes
// after it.
type output struct {
	to   io.Writer
	gone func() // called when nobody reads any more

	mu  sync.Mutex
	err error
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return len(p), nil
	}
	if _, o.err = o.to.Write(p); errors.Is(o.err, syscall.EPIPE) {
		o.gone()
	}
	return len(p), nil
}

// terminal is the terminal that is written to, or nil.
func (o *output) terminal() *os.File {
	if f, ok := o.to.(*os.File); ok && isatty.IsTerminal(f.Fd()) {
		return f
	}
	return nil
}

// code is the exit code of a command that ended with the given one and whose
// answer went to o; it says why the answer is not whole.
func (o *output) code(ended int, stderr io.Writer) int {
	switch {
	case o.err == nil:
		return ended
	case errors.Is(o.err, syscall.EPIPE):
		return exitNobodyReads
	}
	fmt.Fprintf(stderr, "shiftmill: standard output is cut off: %v\n", o.err)
	if ended == exitOK {
		return exitFailed
	}
	return ended
}
