package command

import "syscall"

// diesWithParent makes the system end a command whose parent was killed.
func diesWithParent(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGTERM }
