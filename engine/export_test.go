package engine

import (
	"path/filepath"
	"testing"

	"shiftmill/runs"
	"shiftmill/stages"
)

// KeepDigests hashes a file as a process of its own would, and returns what
// ends that process and keeps the digest.
func KeepDigests(t *testing.T, store, file string) (end func()) {
	t.Helper()
	s, err := runs.Open(store, runs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := newStatCache(s, granularity)
	if _, err := c.digest(file); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := c.save(t.Context()); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// HashFile hashes a file that nobody knows yet.
func HashFile(file string) error {
	_, err := hashRange(stages.FileRange{Path: file, Size: -1})
	return err
}

// KnownDigests says of how many files of a folder the store knows digests.
func KnownDigests(t *testing.T, store, dir string) int {
	t.Helper()
	s, err := runs.Open(store, runs.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	return len(newStatCache(s, granularity).stored(dir + string(filepath.Separator)).entries)
}

// PartsOf lists the partitions of an instance's only output: rows by object.
func (e *Engine) PartsOf(instance string) map[string]int {
	n, _ := e.named(instance)
	rows := map[string]int{}
	parts, err := e.partitions(n.outputs[0].data)
	if err != nil {
		panic(err)
	}
	for _, p := range parts {
		for _, o := range p.objects() {
			rows[o.String()] += p.Rows / len(p.objects())
		}
	}
	return rows
}

// SampleKind is what a trial of so many rows puts behind an output, of which a
// share is taken, and its parameters.
func SampleKind(rows, share int) (*stages.Kind, any) {
	return newSampleKind(), &sample{Rows: rows, Share: share}
}
