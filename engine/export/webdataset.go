package export

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// A tar shard ends with the sample that reaches one of these.
const (
	shardSamples = 10_000
	shardBytes   = 1 << 30
)

// writeWebDataset makes SET-000000.tar, ...: for each sample KEY.jpg (or png),
// KEY.cls with the number of its class, if it has one, and KEY.json with id, class and
// metadata; classes.json names the numbers.
func writeWebDataset(ctx context.Context, j *Job, dir string) (string, error) {
	classes, err := j.classes(ctx)
	if err != nil {
		classes = nil // samples without a class are samples still
	}
	shards, samples := 0, 0
	for i := range j.Sets {
		t := &tarShards{dir: dir, set: safe(j.Sets[i].Name)}
		err := j.each(ctx, &j.Sets[i], func(r *sample) error {
			samples++
			return t.add(ctx, r, samples, classes)
		})
		if err = errors.Join(err, t.close()); err != nil {
			return "", err
		}
		shards += t.n
	}
	if classes != nil {
		if err := writeJSON(filepath.Join(dir, "classes.json"), classes); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%d samples in %d shards of %d sets", samples, shards, len(j.Sets)), nil
}

// tarShards writes one set.
type tarShards struct {
	dir, set string
	n        int
	file     *os.File
	w        *tar.Writer
	samples  int
	bytes    int
}

func (t *tarShards) add(ctx context.Context, r *sample, number int, classes []string) error {
	if !r.image {
		return fmt.Errorf("row %q of %s has no image", r.id, r.set.Name)
	}
	if t.w == nil {
		f, err := os.Create(filepath.Join(t.dir, fmt.Sprintf("%s-%06d.tar", t.set, t.n)))
		if err != nil {
			return err
		}
		t.file, t.w, t.samples, t.bytes = f, tar.NewWriter(f), 0, 0
		t.n++
	}
	data, extension, err := r.encoded(ctx)
	if err != nil {
		return err
	}
	meta := map[string]any{"id": r.id}
	for _, v := range r.values {
		if !v.missing && v.name != "look" {
			meta[v.name] = v.json
		}
	}
	text, err := json.Marshal(meta)
	if err != nil {
		return err
	}
	key := fmt.Sprintf("%09d", number) // a key ends at its first point, and ids have points
	type member struct {
		name string
		data []byte
	}
	members := []member{{key + extension, data}, {key + ".json", text}}
	if at := slices.Index(classes, r.label); at >= 0 {
		members = append(members, member{key + ".cls", []byte(strconv.Itoa(at))})
	}
	for _, m := range members {
		if err := t.w.WriteHeader(&tar.Header{Name: m.name, Mode: 0o644, Size: int64(len(m.data)), Format: tar.FormatUSTAR}); err != nil {
			return err
		}
		if _, err := t.w.Write(m.data); err != nil {
			return err
		}
		t.bytes += len(m.data)
	}
	if t.samples++; t.samples >= shardSamples || t.bytes >= shardBytes {
		return t.close()
	}
	return nil
}

func (t *tarShards) close() error {
	if t.w == nil {
		return nil
	}
	err := errors.Join(t.w.Close(), t.file.Close())
	t.w = nil
	return err
}
