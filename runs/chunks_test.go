package runs_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"shiftmill/runs"
)

// chunkPath is the file of the i-th chunk of data.
func chunkPath(dir string, data []byte, i, size int) string {
	d := runs.Sum(data[i*size : min(len(data), (i+1)*size)]).String()
	return filepath.Join(dir, "objects", d[:2], d)
}

func TestChunks(t *testing.T) {
	const most = 100 << 10
	dir := t.TempDir()
	o := runs.Options{MaxObject: most}
	s := open(t, dir, o)
	sizes := []int{0, most - 1, most, most + 1, 3 * most, 3*most + most*3/4}
	var held [][]byte
	for i, size := range sizes {
		held = append(held, content(i, size))
	}
	held = append(held, make([]byte, 4*most)) // one chunk, four times
	for _, data := range held {
		put(t, s, data)
	}
	if err := s.Append(runs.Record{Key: key(1), Kind: "step", Objects: []runs.Digest{runs.Sum(held[5])}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range storeFiles(t, filepath.Join(dir, "objects")) {
		if info, err := os.Stat(path); err != nil || info.Size() > most {
			t.Errorf("%s has %d bytes, want at most %d (%v)", path, info.Size(), most, err)
		}
	}
	s = open(t, dir, runs.Options{}) // the limit is of writing alone
	for _, data := range held {
		d := runs.Sum(data)
		if got, err := s.Get(d); err != nil || !bytes.Equal(got, data) {
			t.Errorf("Get of %d bytes: %d, %v", len(data), len(got), err)
		}
		var b bytes.Buffer
		if n, err := s.Copy(d, &b); err != nil || n != int64(len(data)) || !bytes.Equal(b.Bytes(), data) {
			t.Errorf("Copy of %d bytes: %d, %v", len(data), n, err)
		}
		if n, ok := s.Size(d); !ok || n != int64(len(data)) {
			t.Errorf("Size of %d bytes: %d, %v", len(data), n, ok)
		}
	}
	if damage, err := s.Verify(t.Context(), nil); err != nil || len(damage) > 0 {
		t.Errorf("Verify: %v, %v", damage, err)
	}
}

func TestDamagedChunk(t *testing.T) {
	const most = 100 << 10
	data := content(1, 3*most)
	d := runs.Sum(data)
	for _, how := range []string{"flipped", "gone"} {
		t.Run(how, func(t *testing.T) {
			dir := t.TempDir()
			o := runs.Options{MaxObject: most}
			s := open(t, dir, o)
			put(t, s, data)
			if err := s.Append(runs.Record{Key: key(1), Kind: "step", Objects: []runs.Digest{d}}); err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			path := chunkPath(dir, data, 1, most)
			if how == "gone" {
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
			} else {
				hurt := bytes.Clone(data[most : 2*most])
				hurt[77]++
				if err := os.WriteFile(path, hurt, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			s = open(t, dir, o)
			damage, err := s.Verify(t.Context(), nil)
			if err != nil || len(damage) != 1 || damage[0].Object != runs.Sum(data[most:2*most]) {
				t.Errorf("Verify: %v, %v; want the second chunk", damage, err)
			}
			var b bytes.Buffer
			if _, err := s.Copy(d, &b); !errors.Is(err, runs.ErrAbsent) || !bytes.Equal(b.Bytes(), data[:most]) {
				t.Errorf("Copy gave %d bytes and %v, want one sound chunk and ErrAbsent", b.Len(), err)
			}
			if _, err := s.Get(d); !errors.Is(err, runs.ErrAbsent) {
				t.Errorf("Get: %v, want ErrAbsent", err)
			}
			if s.Has(d) {
				t.Error("Has says that it is there")
			}
			put(t, s, data) // computed again
			if got, err := s.Get(d); err != nil || !bytes.Equal(got, data) || !s.Has(d) {
				t.Errorf("Get after another Put: %d bytes, %v", len(got), err)
			}
		})
	}
}

// TestCollectChunks wants chunks to live and die with what refers to the whole.
func TestCollectChunks(t *testing.T) {
	const most = 100 << 10
	dir := t.TempDir()
	c := &clock{t: time.Now()}
	o := runs.Options{Now: c.now, MaxObject: most}
	s := open(t, dir, o)
	kept, other := content(1, 3*most), content(2, 3*most)
	for i, data := range [][]byte{kept, other} {
		if err := s.Append(runs.Record{Key: key(i), Kind: "step", Objects: []runs.Digest{put(t, s, data)}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.RegisterRoot(runs.Root{Path: "a.lock", Keys: []runs.Digest{key(0)}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	c.add(48 * time.Hour)
	s = open(t, dir, o)
	report := collect(t, s, runs.GCOptions{Apply: true})
	if report.Objects != 3 {
		t.Errorf("%d objects went, want the 3 chunks of one", report.Objects)
	}
	if got, err := s.Get(runs.Sum(kept)); err != nil || !bytes.Equal(got, kept) {
		t.Errorf("what a lock file keeps: %d bytes, %v", len(got), err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, o)
	if err := os.RemoveAll(filepath.Join(dir, "trash", report.Generation)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(runs.Sum(other)); !errors.Is(err, runs.ErrAbsent) {
		t.Errorf("what nothing keeps: %v", err)
	}
}
