package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"shiftmill/stages/imageio"
)

// listDigests writes the digests of files, several read at once, in the order of their names; at says where each lies.
func listDigests(ctx context.Context, at func(name string) string, names []string, digest func(string) (string, error), w io.Writer) error {
	const batch = 4096
	for from := 0; from < len(names); from += batch {
		part := names[from:min(from+batch, len(names))]
		lines := make([]string, len(part))
		err := parallel(ctx, lookups, len(part), func(i int) error {
			d, err := digest(at(part[i]))
			if err != nil {
				return fmt.Errorf("%s: %w", part[i], bare(err))
			}
			lines[i] = fmt.Sprintf("%q %s\n", part[i], d)
			return nil
		})
		if err != nil {
			return err
		}
		for _, line := range lines {
			if _, err := io.WriteString(w, line); err != nil {
				return err
			}
		}
	}
	return nil
}

// undecodable says why a file is no picture, or "".
func undecodable(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return bare(err).Error()
	}
	if _, err := imageio.Decode(data, imageio.DecodeOptions{}); err != nil {
		return err.Error()
	}
	return ""
}

// bare is an error of the file system without the path, which names a place on this machine.
func bare(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
