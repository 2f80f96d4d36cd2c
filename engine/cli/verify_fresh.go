package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"shiftmill/engine"
	"shiftmill/runs"
)

// freshPrefix begins the names of folders that verify computes again in.
const freshPrefix = ".shiftmill-verify-"

// freshKey is claimed, in its fresh store, by the verify that is at work.
func freshKey() runs.Digest { return runs.Sum([]byte("shiftmill/verify/1\n")) }

// freshStore makes a store beside another and returns what removes it. It also
// removes those that verifies left which were killed.
func (s *session) freshStore(beside *runs.Store) (store *runs.Store, remove func() error, err error) {
	parent := filepath.Dir(beside.Dir())
	s.removeLeft(parent)
	dir, err := os.MkdirTemp(parent, freshPrefix)
	if err != nil {
		return nil, nil, fmt.Errorf("a folder for the fresh store: %w", err)
	}
	store, err = runs.Open(filepath.Join(dir, "store"), runs.Options{Front: engine.Front})
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	release, _, err := store.Claim(freshKey())
	if err != nil {
		return nil, nil, errors.Join(err, store.Close(), os.RemoveAll(dir))
	}
	return store, func() error {
		release()
		return errors.Join(store.Close(), os.RemoveAll(dir))
	}, nil
}

// removeLeft removes the fresh stores of verifies that were killed. One that is
// being made has no claim yet, hence the minute.
func (s *session) removeLeft(parent string) {
	left, _ := filepath.Glob(filepath.Join(parent, freshPrefix+"*")) // the pattern is sound
	for _, dir := range left {
		info, err := os.Stat(dir)
		if err != nil || time.Since(info.ModTime()) < time.Minute {
			continue
		}
		store, err := runs.Open(filepath.Join(dir, "store"), runs.Options{Front: engine.Front})
		if err != nil {
			continue
		}
		release, dead, err := store.Claim(freshKey())
		if err == nil && dead {
			release()
		}
		if errors.Join(err, store.Close()) == nil && dead && os.RemoveAll(dir) == nil {
			fmt.Fprintf(s.stderr, "%s: what a killed verify left, removed\n", shortPath(dir))
		}
	}
}
