//go:build !unix

package source

import "os"

// fileSize is the size of a file, behind a link that of what it leads to.
func fileSize(path string) (int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
