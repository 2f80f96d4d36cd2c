package source

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"shiftmill/stages/imageio"
)

// listDigests writes the digests of files below a root, several read at once, in the order of their names.
func listDigests(ctx context.Context, root string, names []string, digest func(string) (string, error), w io.Writer) error {
	const batch = 4096
	for at := 0; at < len(names); at += batch {
		part := names[at:min(at+batch, len(names))]
		lines := make([]string, len(part))
		err := parallel(ctx, listWorkers, len(part), func(i int) error {
			d, err := digest(filepath.Join(root, filepath.FromSlash(part[i])))
			if err != nil {
				return fmt.Errorf("%s: %w", part[i], relativeTo(root, err))
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

// undecodable says why a file below a root is no picture, or "".
func undecodable(root, name string) string {
	data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		return relativeTo(root, err).Error()
	}
	if _, err := imageio.Decode(data, imageio.DecodeOptions{}); err != nil {
		return err.Error()
	}
	return ""
}
