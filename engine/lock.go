package engine

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"shiftmill/pipeline"
	"shiftmill/runs"
)

// Lock describes the results of a graph that is up to date.
func (e *Engine) Lock() (*pipeline.Lock, error) {
	results, err := e.Results(nil)
	if err != nil {
		return nil, err
	}
	l := &pipeline.Lock{Spec: e.graph.Name}
	for _, r := range results {
		l.Stages = append(l.Stages, r.LockedStage)
	}
	return l, nil
}

func lockedStage(name, kind string, key runs.Digest, rec nodeRecord) pipeline.LockedStage {
	s := pipeline.LockedStage{Name: name, Kind: kind, Key: key.String()}
	for _, o := range rec.Outputs {
		out := pipeline.LockedOutput{Name: o.Name, Rows: o.Rows}
		for column, id := range o.Content.all() {
			out.Content = append(out.Content, pipeline.LockedContent{Name: column, ID: id.String()})
		}
		for _, f := range o.Files {
			out.Content = append(out.Content, pipeline.LockedContent{Name: f.Name, ID: f.Object.String()})
		}
		s.Outputs = append(s.Outputs, out)
	}
	for _, m := range rec.Metrics {
		s.Metrics = append(s.Metrics, pipeline.LockedMetric{Name: m.Name, Value: m.Value})
	}
	return s
}

// ReadLock reads a lock file; a missing one is fs.ErrNotExist.
func ReadLock(file string) (*pipeline.Lock, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return pipeline.ParseLock(file, data)
}

// LockIsCurrent says whether a lock file is as WriteLock last left it for the
// very keys of this graph, by the file's stat. A run that finds nothing to do
// need not spell out thousands of stages to see that.
func (e *Engine) LockIsCurrent(file string) bool {
	memo, now, err := e.lockMemo(file)
	known, ok := e.lookupDigest(memo)
	return err == nil && ok && known == now
}

// lockMemo is the key under which the store remembers a lock file, and what it
// should remember of the file as it is.
func (e *Engine) lockMemo(file string) (key, now runs.Digest, err error) {
	abs, err := filepath.Abs(file)
	if err != nil {
		return key, now, err
	}
	key = derive("lock/1", digestText(e.stats.host), digestText(abs))
	s, err := lookAt(abs)
	if err != nil {
		return key, now, err
	}
	stat := fmt.Sprintf("%d %d %d %d %s", s.Size, s.Mtime, s.Ctime, s.Inode, s.Link)
	return key, derive("locked/1", e.keysDigest(), digestText(stat)), nil
}

// WriteLock writes the lock file of a graph that is up to date, if it differs
// from what is there, and makes the store keep what it names. It says whether
// the file was written. The file is replaced in one step.
func (e *Engine) WriteLock(ctx context.Context, file string) (bool, error) {
	abs, err := filepath.Abs(file)
	if err != nil {
		return false, err
	}
	old, err := os.ReadFile(abs)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	l, err := e.Lock()
	if err != nil {
		return false, err
	}
	data := l.Encode()
	changed := !bytes.Equal(old, data)
	if changed {
		temp := filepath.Join(filepath.Dir(abs), fmt.Sprintf(".%s.%d", filepath.Base(abs), os.Getpid()))
		if err := runs.WriteFile(runs.OS{}, abs, temp, data); err != nil {
			return false, fmt.Errorf("write lock file: %w", err)
		}
	}
	root, err := rootOf(abs, l)
	if err != nil {
		return changed, err
	}
	if err := e.store.RegisterRoot(root); err != nil {
		return changed, err
	}
	memo, now, err := e.lockMemo(abs)
	if err != nil {
		return changed, err
	}
	if err := e.appendDigest(memo, now); err != nil {
		return changed, err
	}
	return changed, e.store.Commit(ctx)
}

// keysDigest stands for all keys of the graph, once they are known.
func (e *Engine) keysDigest() runs.Digest {
	if !e.allKeys.IsZero() {
		return e.allKeys
	}
	h := sha256.New()
	var b []byte
	for _, n := range e.nodes {
		b = append(appendText(b, n.spec.Name), n.key.Digest[:]...)
		if len(b) >= 4<<10 {
			h.Write(b)
			b = b[:0]
		}
	}
	h.Write(b)
	e.allKeys = runs.Digest(h.Sum(nil))
	return e.allKeys
}

// ReadLockRoot says what a lock file makes a collection keep.
func ReadLockRoot(file string) (runs.Root, error) {
	l, err := ReadLock(file)
	if err != nil {
		return runs.Root{}, err
	}
	return rootOf(file, l)
}

func rootOf(file string, l *pipeline.Lock) (runs.Root, error) {
	root := runs.Root{Path: file}
	for _, s := range l.Stages {
		key, err := runs.ParseDigest(s.Key)
		if err != nil {
			return root, err
		}
		root.Keys = append(root.Keys, key)
	}
	return root, nil
}

// LockedResults turns a lock into results to compare; what the store still has
// of them adds the parameters behind the keys.
func LockedResults(store *runs.Store, l *pipeline.Lock) []Result {
	out := make([]Result, len(l.Stages))
	for i, s := range l.Stages {
		out[i] = Result{LockedStage: s}
		if key, err := runs.ParseDigest(s.Key); err == nil && store != nil {
			if rec, ok := readRecord(store, key); ok {
				out[i].Lines = rec.Lines
			}
		}
	}
	return out
}

// Results are those of the instances that are up to date: all of them, or only
// some.
func (e *Engine) Results(only map[string]bool) ([]Result, error) {
	if err := e.completeAll(); err != nil {
		return nil, err
	}
	var out []Result
	for _, n := range e.nodes {
		if n.locked != nil || only != nil && !only[n.spec.Name] {
			continue
		}
		if n.outputs == nil {
			return nil, e.noResult(n)
		}
		lines, err := e.linesOfKey(context.Background(), n)
		if err != nil {
			return nil, err
		}
		out = append(out, Result{LockedStage: lockedStage(n.spec.Name, n.kind.Name, n.key.Digest, *e.details(n)), Lines: lines})
	}
	return out, nil
}
