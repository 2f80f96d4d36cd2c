//go:build unix

package command

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
)

// shell is a command of the system's shell.
func shell(command string) *exec.Cmd { return exec.Command("sh", "-c", command) }

// own puts a command into a process group of its own, and lets it and all it
// starts hold the lock on a file as long as one of them lives: a second program
// in a folder where the first still works would spoil both.
func own(cmd *exec.Cmd, lock string) (io.Closer, error) {
	f, err := os.OpenFile(lock, os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, errors.Join(fmt.Errorf("a program of an earlier run still works in the folder of this job (it holds %s): wait for it, or end it", lock), f.Close())
	}
	// Where files cannot be locked, nothing tells; that is no reason to refuse.
	cmd.ExtraFiles = []*os.File{f}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	diesWithParent(cmd.SysProcAttr)
	return f, nil
}

// interrupt asks the command and all it has started to stop.
func interrupt(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }

// kill ends what is left of the command.
func kill(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

func brokenPipe(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, os.ErrClosed)
}
