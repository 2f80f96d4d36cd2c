package engine

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"shiftmill/runs"
	"shiftmill/stages"
)

// A Published is a set of files that a stage made for people.
type Published struct {
	Stage string
	Dir   string
	Files []string
}

// A Finish completes the content of a file for people, such as a page that tells
// of its run; the file is then held in memory.
type Finish func(data []byte) ([]byte, error)

// Publish copies the files of outputs that no stage reads to a folder per
// stage, and says where. An unchanged folder is left alone. A file for which
// finish returns something is copied as that leaves it.
func (e *Engine) Publish(dir string, finish func(name string) Finish) ([]Published, error) {
	read := sync.OnceValue(e.areRead)
	var out []Published
	for _, n := range e.nodes {
		if !n.class.files || n.outputs == nil || read()[n.index] && len(n.class.results) == 1 {
			continue
		}
		if err := e.complete(n); err != nil {
			return nil, err
		}
		for i := range n.outputs {
			o := &n.outputs[i]
			if len(o.files) == 0 || read()[n.index] && e.reads(n, o.name) {
				continue
			}
			p := Published{Stage: n.spec.Name, Dir: filepath.Join(dir, n.spec.Name, o.name)}
			if err := os.MkdirAll(p.Dir, 0o777); err != nil {
				return nil, err
			}
			for _, f := range o.files {
				path, err := fileIn(p.Dir, f.Name)
				if err != nil {
					return nil, err
				}
				if err := e.publishFile(f, path, finish(f.Name)); err != nil {
					return nil, err
				}
				p.Files = append(p.Files, f.Name)
			}
			out = append(out, p)
		}
	}
	return out, nil
}

// areRead says of every node whether some other one reads it.
func (e *Engine) areRead() []bool {
	read := make([]bool, len(e.nodes))
	for _, n := range e.nodes {
		for _, in := range n.inputs {
			for _, r := range in.refs {
				read[r.node.index] = true
			}
		}
	}
	return read
}

func isFiles(r stages.Output) bool { return r.Type == stages.Files }

// reads says whether some stage reads an output.
func (e *Engine) reads(n *node, output string) bool {
	for _, m := range e.nodes {
		for _, in := range m.inputs {
			for _, r := range in.refs {
				if r.node == n && r.Output == output {
					return true
				}
			}
		}
	}
	return false
}

// publishRejection writes what shows why a stage rejected its input, and says
// in the error where that lies.
func (e *Engine) publishRejection(n *node, err error) error {
	var rejected *stages.Rejection
	if e.o.Reports == "" || !errors.As(err, &rejected) || len(rejected.Files) == 0 {
		return err
	}
	dir := filepath.Join(e.o.Reports, n.spec.Name, rejected.Output)
	if gone := os.RemoveAll(dir); gone != nil { // of an earlier run, whose files may have other names
		return errors.Join(err, gone)
	}
	var names []string
	for _, f := range rejected.Files {
		path, failed := fileIn(dir, f.Name)
		if failed == nil {
			failed = place(path, func(w io.Writer) error {
				_, err := w.Write(f.Data)
				return err
			})
		}
		if failed != nil {
			return errors.Join(err, failed)
		}
		names = append(names, f.Name)
	}
	return fmt.Errorf("%w; see %s in %s", err, strings.Join(names, ", "), dir)
}

func (e *Engine) publishFile(f storedFile, path string, finish Finish) error {
	if finish != nil {
		data, err := e.store.Get(f.Object)
		if err == nil {
			data, err = finish(data)
		}
		if err != nil {
			return err
		}
		if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, data) {
			return nil
		}
		return place(path, func(w io.Writer) error {
			_, err := w.Write(data)
			return err
		})
	}
	if same, err := holds(path, f); err == nil && same {
		return nil
	}
	return place(path, func(w io.Writer) error {
		_, err := e.store.Copy(f.Object, w)
		return err
	})
}

// place makes a file whole or not at all.
func place(path string, write func(io.Writer) error) error {
	// A name of its own: another process may be publishing the same file.
	tmp, err := os.CreateTemp(filepath.Dir(path), ".tmp-")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	if err = errors.Join(write(tmp), tmp.Chmod(0o644), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// holds says whether a path has the very bytes of a stored file.
func holds(path string, f storedFile) (same bool, err error) {
	old, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer old.Close()
	h := sha256.New()
	n, err := io.Copy(h, old)
	return n == f.Size && runs.Digest(h.Sum(nil)) == f.Object, err
}

// ReadFile returns a file of an output that exists.
func (e *Engine) ReadFile(instance, outputName, name string) ([]byte, error) {
	n, ok := e.named(instance)
	if !ok {
		return nil, e.noSuchStage(instance)
	}
	out, err := e.outputNamed(n, outputName)
	if err != nil {
		return nil, err
	}
	return (&filesInput{origin{node: n}, e, out.files}).File(name)
}
