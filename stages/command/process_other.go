//go:build !unix

package command

import (
	"errors"
	"io"
	"os"
	"os/exec"
)

// shell is a command of the system's shell.
func shell(command string) *exec.Cmd { return exec.Command("cmd", "/C", command) }

// own does nothing here: there are no process groups to lock a folder.
func own(*exec.Cmd, string) (io.Closer, error) { return io.NopCloser(nil), nil }

// interrupt ends the command: there is no signal that it could answer.
func interrupt(cmd *exec.Cmd) { kill(cmd) }

func kill(cmd *exec.Cmd) { _ = cmd.Process.Kill() }

func brokenPipe(err error) bool {
	return errors.Is(err, os.ErrClosed) || errors.Is(err, io.ErrClosedPipe)
}
