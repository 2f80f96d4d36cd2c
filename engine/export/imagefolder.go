package export

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"shiftmill/engine"
)

// writeImageFolder makes SET/CLASS/FILE. Every set has a folder for every
// class, so that the numbers which readers give to classes are the same.
func writeImageFolder(ctx context.Context, j *Job, d *engine.Draft) (string, error) {
	classes, _, err := j.classes(ctx)
	if err != nil {
		return "", err
	}
	for _, s := range j.Sets {
		for _, c := range classes {
			if err := os.MkdirAll(filepath.Join(d.Dir, safe(s.Name), safe(c)), 0o777); err != nil {
				return "", err
			}
		}
	}
	images, err := writeRows(ctx, j, d, func(struct{}) (rowWriter[struct{}], error) { return imageFolder{d.Dir}, nil })
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d images in %d sets of %d classes", images, len(j.Sets), len(classes)), nil
}

// imageFolder puts each row into the folder of its set and class.
type imageFolder struct{ dir string }

func (f imageFolder) write(ctx context.Context, r *sample) error {
	if !r.image || r.label == "" {
		return fmt.Errorf("row %q of %s has no image or no class", r.id, r.set.Name)
	}
	_, err := r.put(ctx, filepath.Join(f.dir, safe(r.set.Name), safe(r.label)))
	return err
}

func (imageFolder) flush() (struct{}, error) { return struct{}{}, nil }
func (imageFolder) close() error             { return nil }
func (imageFolder) abandon() error           { return nil }
