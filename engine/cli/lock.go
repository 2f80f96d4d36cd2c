package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"shiftmill/engine"
	"shiftmill/pipeline"
)

// An errDiffers is a result that is not as it was written down.
type errDiffers struct{ error }

// lockUsage refuses options that do not go together.
func (s *session) lockUsage(x *experiment) error {
	switch {
	case s.lock && s.locked:
		return usage("--lock writes the lock file and --locked compares with it: give one of them")
	case (s.lock || s.locked) && s.try > 0:
		return usage("--try: a trial's results are never in a lock file; leave --lock and --locked out")
	case s.lock && x.part:
		return usage("--lock: a lock file holds all stages; leave --only and --from out")
	case (s.lock || s.locked) && !x.onDisk:
		return usage("%s ships with the program and has no lock file; shiftmill init writes a spec of your own", x.file)
	}
	return nil
}

// lockedBefore reads the lock file that a run with --locked has to meet.
func (s *session) lockedBefore(x *experiment) (*pipeline.Lock, error) {
	if !s.locked {
		return nil, nil
	}
	file := pipeline.LockFile(x.file)
	l, err := engine.ReadLock(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usage("--locked: there is no lock file %s; a run without --locked writes it", file)
	}
	return l, err
}

// checkLocked compares what a run gave with the lock file.
func (s *session) checkLocked(x *experiment, e *engine.Engine, lock *pipeline.Lock, show *display) error {
	now, err := e.Results(nil)
	if err != nil {
		return err
	}
	var differ []engine.StageDiff
	var same []string
	for _, d := range engine.Diff(engine.LockedResults(x.store, lock), now) {
		if d.New == nil && x.part {
			continue // not asked for
		}
		if !d.Content() {
			same = append(same, d.Name)
			continue
		}
		differ = append(differ, d)
	}
	for _, name := range foldNames(same) {
		show.note(name + " has another key than the lock file says, but gave the same")
	}
	for _, line := range allDiffLines(differ, false) {
		show.note(line)
	}
	if len(differ) > 0 {
		return errDiffers{fmt.Errorf("%s from %s; if that is wanted, run without --locked and commit the file", differing(len(differ)), pipeline.LockFile(x.file))}
	}
	return nil
}

// writeLock writes the lock file after a complete run of the spec as it is
// written, and returns its name if it changed.
func (s *session) writeLock(ctx context.Context, x *experiment, e *engine.Engine) (string, error) {
	file := pipeline.LockFile(x.file)
	if s.locked || s.try > 0 || x.part || !x.onDisk || e.LockIsCurrent(file) || !s.lock && !s.asWritten(x) {
		return "", nil
	}
	changed, err := e.WriteLock(ctx, file)
	if err != nil || !changed {
		return "", err
	}
	return file, nil
}

// asWritten says whether the graph is what the spec says without --set and
// shiftmill.local.yaml, but for locations.
func (s *session) asWritten(x *experiment) bool {
	if len(s.set) == 0 && x.local == nil {
		return true
	}
	plain, err := pipeline.Parse(x.file, x.text, pipeline.Options{Vocabulary: x.kinds, ReadFile: readSpec, Partial: true})
	if err != nil || len(plain.Nodes) != len(x.graph.Nodes) {
		return false
	}
	for i, n := range x.graph.Nodes {
		if !sameNode(plain.Nodes[i], n) {
			return false
		}
	}
	return true
}

// sameNode compares all that decides a result but locations.
func sameNode(a, b *pipeline.Node) bool {
	if a.Name != b.Name || a.Kind != b.Kind || a.Seed != b.Seed || a.Encode != b.Encode || len(a.In) != len(b.In) {
		return false
	}
	location := map[string]bool{}
	for _, f := range append(append([]pipeline.Field{}, a.Fields...), b.Fields...) {
		location[f.Path] = location[f.Path] || f.Location != ""
	}
	values := func(n *pipeline.Node) map[string]string {
		m := map[string]string{}
		for _, f := range n.Fields {
			if !location[f.Path] {
				m[f.Path] = f.Value
			}
		}
		return m
	}
	va, vb := values(a), values(b)
	if len(va) != len(vb) {
		return false
	}
	for path, v := range va {
		if w, ok := vb[path]; !ok || v != w {
			return false
		}
	}
	for i := range a.In {
		if a.In[i].Port != b.In[i].Port || len(a.In[i].Refs) != len(b.In[i].Refs) {
			return false
		}
		for j, r := range a.In[i].Refs {
			if refName(r) != refName(b.In[i].Refs[j]) {
				return false
			}
		}
	}
	return true
}

func refName(r pipeline.Ref) string {
	if r.Node != nil {
		return r.Node.Name + "." + r.Output
	}
	return r.Foreign.Text + "#" + r.Foreign.Stage + "." + r.Output
}

// onDisk says whether a spec is a file rather than one that ships.
func onDisk(name string) bool {
	info, err := os.Stat(name)
	return err == nil && !info.IsDir()
}
