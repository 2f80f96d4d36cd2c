package engine

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// syncTree makes all files below a folder durable: with one call for its whole
// file system, since there may be a million of them.
func syncTree(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(unix.Syncfs(int(d.Fd())), d.Close())
}
