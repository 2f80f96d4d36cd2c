//go:build unix && !linux

package command

import "syscall"

// diesWithParent does nothing: only Linux can do that.
func diesWithParent(*syscall.SysProcAttr) {}
