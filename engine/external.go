package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"shiftmill/runs"
	"shiftmill/stages"
)

// jobFolder is where an external stage works: kept under its key until its
// result is recorded, so that a killed program finds what it had.
func (e *Engine) jobFolder(key runs.Digest) string {
	return filepath.Join(e.store.Dir(), "jobs", key.String())
}

// giveFolder makes the folder of an external stage and says where it starts.
func (e *Engine) giveFolder(n *node, key runs.Digest, in *stages.Inputs) (err error) {
	if in.Folder, err = filepath.Abs(e.jobFolder(key)); err != nil {
		return err
	}
	if err := os.MkdirAll(in.Folder, 0o777); err != nil {
		return fmt.Errorf("the folder of a job: %w", err)
	}
	if in.Home, err = filepath.Abs(filepath.Dir(e.graph.File)); err != nil {
		return err
	}
	in.Limit, err = limitOf(n.spec.Resources.Time)
	return err
}

// dropFolder removes the folder of a stage whose result is recorded.
func (e *Engine) dropFolder(key runs.Digest) error {
	err := os.RemoveAll(e.jobFolder(key))
	_ = os.Remove(filepath.Join(e.store.Dir(), "jobs")) // the last one; others keep it
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// limitOf reads a length of time as resources.time writes it: 90m, 20h, 1d12h.
func limitOf(text string) (time.Duration, error) {
	total := time.Duration(0)
	for rest := text; rest != ""; {
		i := strings.IndexAny(rest, "smhd")
		if i <= 0 {
			return 0, fmt.Errorf("resources.time: %q is no length of time", text)
		}
		count, err := strconv.Atoi(rest[:i])
		if err != nil {
			return 0, fmt.Errorf("resources.time: %w", err)
		}
		unit := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}[rest[i]]
		total += time.Duration(count) * unit
		rest = rest[i+1:]
	}
	return total, nil
}

// StaleJobs lists the folders of external stages in a store that nobody has
// written to since a moment: what stopped programs have left behind.
func StaleJobs(store string, before time.Time) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(store, "jobs"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var stale []string
	for _, e := range entries {
		dir, fresh := filepath.Join(store, "jobs", e.Name()), false
		err := filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err == nil && info.ModTime().After(before) {
				fresh = true
				return filepath.SkipAll
			}
			return err
		})
		if errors.Is(err, os.ErrNotExist) {
			continue // it has ended meanwhile
		}
		if err != nil {
			return nil, err
		}
		if !fresh {
			stale = append(stale, dir)
		}
	}
	return stale, nil
}
