package export

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// writeImageFolder makes SET/CLASS/FILE. Every set has a folder for every
// class, so that the numbers which readers give to classes are the same.
func writeImageFolder(ctx context.Context, j *Job, dir string) (string, error) {
	classes, err := j.classes(ctx)
	if err != nil {
		return "", err
	}
	images := 0
	for i := range j.Sets {
		s := &j.Sets[i]
		for _, c := range classes {
			if err := os.MkdirAll(filepath.Join(dir, safe(s.Name), safe(c)), 0o777); err != nil {
				return "", err
			}
		}
		err := j.each(ctx, s, func(r *sample) error {
			if !r.image || r.label == "" {
				return fmt.Errorf("row %q of %s has no image or no class", r.id, s.Name)
			}
			images++
			_, err := r.put(ctx, filepath.Join(dir, safe(s.Name), safe(r.label)))
			return err
		})
		if err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%d images in %d sets of %d classes", images, len(j.Sets), len(classes)), nil
}
