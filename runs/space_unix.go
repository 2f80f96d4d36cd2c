//go:build linux || darwin || freebsd

package runs

import "golang.org/x/sys/unix"

// space returns the bytes that this user may still write below a folder.
func space(dir string) (int64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, err
	}
	return int64(st.Bavail) * int64(st.Bsize), nil
}
