//go:build !linux && !darwin && !freebsd && !windows

package runs

import "errors"

// space is not known here.
func space(string) (int64, error) { return 0, errors.ErrUnsupported }
