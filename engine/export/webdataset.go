package export

import (
	"archive/tar"
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"shiftmill/engine"
)

// A tar shard ends with the sample that reaches one of these.
const (
	shardSamples = 10_000
	shardBytes   = 1 << 30
)

// writeWebDataset makes SET-000000.tar, ...: for each sample KEY.jpg (or png),
// KEY.cls with the number of its class, if it has one, and KEY.json with id, class and
// metadata; classes.json names the numbers.
func writeWebDataset(ctx context.Context, j *Job, d *engine.Draft) (string, error) {
	names, classes, err := j.classes(ctx)
	if err != nil {
		names, classes = nil, nil // samples without a class are samples still
	}
	t := &tarShards{dir: d.Dir, classes: classes, limit: shardBytes}
	if j.Shard > 0 {
		t.limit = j.Shard
	}
	samples, err := writeRows(ctx, j, d, func(begun tarState) (rowWriter[tarState], error) {
		t.tarState = begun
		return t, t.resume(j)
	})
	if err != nil {
		return "", err
	}
	if names != nil {
		if err := writeJSON(filepath.Join(d.Dir, "classes.json"), names); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%d samples in %d shards of %d sets", samples, t.All, len(j.Sets)), nil
}

// tarShards writes the shards of all sets.
type tarShards struct {
	dir     string
	classes map[string]int
	limit   int64
	file    *os.File // nil between shards
	buffer  *bufio.Writer
	w       *tar.Writer
	tarState
}

// A tarState says where the shards end.
type tarState struct {
	Set     int   // which has the last shard
	Shards  int   // of that set
	All     int   // of all sets
	Samples int   // in the open shard; 0 if none is open
	Bytes   int64 // of its members
	Offset  int64 // where it ends
}

func (t *tarShards) name(set *Set) string {
	return filepath.Join(t.dir, fmt.Sprintf("%s-%06d.tar", safe(set.Name), t.Shards-1))
}

// resume opens the shard that was open when the state was kept.
func (t *tarShards) resume(j *Job) error {
	if t.Samples == 0 {
		return nil
	}
	return t.open(&j.Sets[t.Set])
}

func (t *tarShards) open(set *Set) (err error) {
	if t.file, err = behind(t.name(set), t.Offset); err != nil {
		return err
	}
	t.buffer = bufio.NewWriterSize(t.file, 1<<20)
	t.w = tar.NewWriter(t.buffer)
	return nil
}

func (t *tarShards) write(ctx context.Context, r *sample) error {
	if !r.image {
		return fmt.Errorf("row %q of %s has no image", r.id, r.set.Name)
	}
	if r.at != t.Set {
		if err := t.close(); err != nil {
			return err
		}
		t.Set, t.Shards = r.at, 0
	}
	if t.file == nil {
		t.Shards, t.All = t.Shards+1, t.All+1
		if err := t.open(r.set); err != nil {
			return err
		}
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
	key := fmt.Sprintf("%09d", r.number) // a key ends at its first point, and ids have points
	type member struct {
		name string
		data []byte
	}
	members := []member{{key + extension, data}, {key + ".json", text}}
	if at, ok := t.classes[r.label]; ok {
		members = append(members, member{key + ".cls", []byte(strconv.Itoa(at))})
	}
	for _, m := range members {
		if err := t.w.WriteHeader(&tar.Header{Name: m.name, Mode: 0o644, Size: int64(len(m.data)), Format: tar.FormatUSTAR}); err != nil {
			return err
		}
		if _, err := t.w.Write(m.data); err != nil {
			return err
		}
		t.Bytes += int64(len(m.data))
	}
	if t.Samples++; t.Samples >= shardSamples || t.Bytes >= t.limit {
		return t.close()
	}
	return nil
}

func (t *tarShards) flush() (tarState, error) {
	if t.file == nil {
		return t.tarState, nil
	}
	err := errors.Join(t.w.Flush(), t.buffer.Flush())
	if err == nil {
		t.Offset, err = t.file.Seek(0, io.SeekCurrent)
	}
	return t.tarState, err
}

func (t *tarShards) close() error {
	if t.file == nil {
		return nil
	}
	err := errors.Join(t.w.Close(), t.buffer.Flush(), t.file.Close())
	t.file, t.Samples, t.Bytes, t.Offset = nil, 0, 0, 0
	return err
}

func (t *tarShards) abandon() error {
	if t.file == nil {
		return nil
	}
	return t.file.Close()
}
