package engine

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestLimits(t *testing.T) {
	for text, want := range map[string]time.Duration{"": 0, "90m": 90 * time.Minute, "1d12h": 36 * time.Hour, "5s": 5 * time.Second} {
		if got, err := limitOf(text); err != nil || got != want {
			t.Errorf("%q is %v (%v), want %v", text, got, err, want)
		}
	}
	if _, err := limitOf("h"); err == nil {
		t.Error("no number is no length of time")
	}
}

// TestStaleJobs tells a folder that somebody writes to from one that was left.
func TestStaleJobs(t *testing.T) {
	store := t.TempDir()
	if got, err := StaleJobs(store, time.Now()); err != nil || got != nil {
		t.Errorf("a store without jobs: %v, %v", got, err)
	}
	old := time.Now().Add(-time.Hour)
	for _, name := range []string{"left", "used"} {
		file := filepath.Join(store, "jobs", name, "out", "last.pt")
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o666); err != nil {
			t.Fatal(err)
		}
		for path := file; path != filepath.Join(store, "jobs"); path = filepath.Dir(path) {
			if name == "used" && path == file {
				continue
			}
			if err := os.Chtimes(path, old, old); err != nil {
				t.Fatal(err)
			}
		}
	}
	got, err := StaleJobs(store, old.Add(time.Minute))
	if want := filepath.Join(store, "jobs", "left"); err != nil || len(got) != 1 || got[0] != want {
		t.Errorf("stale: %v (%v), want %s", got, err, want)
	}
}
