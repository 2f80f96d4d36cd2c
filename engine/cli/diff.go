package cli

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"shiftmill/engine"
	"shiftmill/pipeline"
	"shiftmill/runs"
)

func (s *session) diffCommand() *cobra.Command {
	var every bool
	c := &cobra.Command{
		Use:   "diff A B",
		Short: "Compare two runs, or two states of a lock file: parameters, inputs, outputs, metrics",
		Long: `Diff says how two results differ, stage by stage. Each side is one of

  last, last~1, ...      the newest run, the one of its spec before, ...
  20261123T183404-18056  a run, as "shiftmill runs" names it; a beginning that is unique will do
  svsf.lock.yaml         a lock file
  HEAD~1:svsf.lock.yaml  a lock file as git has it

Parameters behind the keys of a lock file are shown as far as the store knows them.`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usage("diff takes two sides: shiftmill diff last~1 last")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			store, storeErr := s.openStore(nil, true)
			if storeErr == nil {
				defer store.Close()
			}
			var sides [2][]engine.Result
			for i, a := range args {
				var err error
				if sides[i], err = side(store, storeErr, a); err != nil {
					return err
				}
			}
			diffs := engine.Diff(sides[0], sides[1])
			if s.jsonOut {
				return printJSON(s, jsonDiffs(diffs)...)
			}
			for _, line := range allDiffLines(diffs, every) {
				s.printf("%s\n", line)
			}
			if len(diffs) == 0 {
				s.printf("no difference in %s\n", amount(len(sides[1]), "stage"))
			}
			return nil
		},
	}
	s.storeFlag(c)
	c.Flags().BoolVar(&every, "all", false, "print every instance and input, also where many differ alike")
	s.jsonFlag(c, "an object for each instance that differs")
	return c
}

// side reads one side of a comparison.
func side(store *runs.Store, storeErr error, name string) ([]engine.Result, error) {
	rev, file, inGit := strings.Cut(name, ":")
	isFile := strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml")
	if isFile && onDisk(name) {
		inGit = false
		file = name
	}
	if !isFile {
		if storeErr != nil {
			return nil, storeErr
		}
		r, err := findRun(store, name)
		if err != nil {
			return nil, err
		}
		return r.Results(store), nil
	}
	if !inGit {
		file = name
	}
	if !strings.HasSuffix(file, ".lock.yaml") {
		file = pipeline.LockFile(file)
	}
	var data []byte
	var err error
	if inGit {
		data, err = gitShow(rev, file)
	} else {
		data, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, err
	}
	l, err := pipeline.ParseLock(name, data)
	if err != nil {
		return nil, err
	}
	return engine.LockedResults(store, l), nil
}

// gitShow reads a file of the working folder as a revision has it.
func gitShow(rev, file string) ([]byte, error) {
	var complaint bytes.Buffer
	for _, path := range []string{"./" + file, file} { // below the working folder, else from the root
		cmd := exec.Command("git", "show", rev+":"+path)
		cmd.Stderr = &complaint
		out, err := cmd.Output()
		if err == nil {
			return out, nil
		}
		if errors.Is(err, exec.ErrNotFound) {
			return nil, fmt.Errorf("%s:%s: git is not installed", rev, file)
		}
	}
	line, _, _ := strings.Cut(strings.TrimSpace(complaint.String()), "\n")
	return nil, usage("%s:%s: git has no such file: %s", rev, file, line)
}

// findRun finds a run by its id, the beginning of it, or last, last~1, ...
func findRun(store *runs.Store, name string) (engine.RunRecord, error) {
	infos, err := store.Runs()
	if err != nil {
		return engine.RunRecord{}, err
	}
	if rest, ok := strings.CutPrefix(name, "last"); ok {
		n, err := strconv.Atoi(strings.TrimPrefix(rest, "~"))
		if rest == "" {
			n, err = 0, nil
		}
		if err != nil || n < 0 || rest != "" && rest[0] != '~' {
			return engine.RunRecord{}, usage("%q names no run: last, last~1, ...", name)
		}
		return findLast(store, infos, n)
	}
	var ids []string
	for _, i := range infos {
		if strings.HasPrefix(i.ID, name) {
			ids = append(ids, i.ID)
		}
	}
	switch len(ids) {
	case 0:
		return engine.RunRecord{}, usage("no run begins with %q; shiftmill runs lists them", name)
	case 1:
		return engine.LoadRun(store, ids[0])
	}
	return engine.RunRecord{}, usage("%d runs begin with %q: %s", len(ids), name, strings.Join(ids, ", "))
}

// findLast finds the run that is the n-th of its spec before the newest run.
func findLast(store *runs.Store, infos []runs.RunInfo, n int) (engine.RunRecord, error) {
	spec, known := "", 0
	for _, info := range infos {
		r, err := engine.LoadRunHead(store, info.ID)
		if err != nil || known > 0 && r.Spec != spec {
			continue // collected, or from another version; of another spec
		}
		if spec = r.Spec; known == n {
			return engine.LoadRun(store, r.ID)
		}
		known++
	}
	if known == 0 {
		return engine.RunRecord{}, usage("the store remembers no run")
	}
	return engine.RunRecord{}, usage("last~%d: the store remembers %s of %s", n, amount(known, "run"), spec)
}

// diffLines says how a stage differs, in lines.
func diffLines(d engine.StageDiff) []string {
	lines := diffHead(d)
	if d.Old == nil {
		for _, m := range d.New.Metrics {
			lines = append(lines, fmt.Sprintf("  %s: %.6g", m.Name, m.Value))
		}
	}
	for _, v := range d.Outputs {
		lines = append(lines, fmt.Sprintf("  output %s: %s -> %s", v.What, or(v.Old, "none"), or(v.New, "none")))
	}
	for _, v := range d.Metrics {
		line := fmt.Sprintf("  %s: %s -> %s", v.What, or(v.Old, "none"), or(v.New, "none"))
		if by, ok := difference(v); ok {
			line += fmt.Sprintf("  (%+.4g)", by)
		}
		lines = append(lines, line)
	}
	return lines
}

// diffHead says why a stage differs, in lines: its name, parameters and inputs.
func diffHead(d engine.StageDiff) []string {
	switch {
	case d.Old == nil:
		return []string{d.Name + ": only in the second" + noteOf(d.New)}
	case d.New == nil:
		return []string{d.Name + ": only in the first" + noteOf(d.Old)}
	}
	lines := []string{d.Name + noteOf(d.Old) + noteOf(d.New)}
	switch {
	case d.Old.None && d.New.None:
		lines[0] = d.Name + ": no result on either side" + noteOf(d.Old) + noteOf(d.New)
	case d.Old.None:
		lines[0] = d.Name + ": no result in the first" + noteOf(d.Old)
	case d.New.None:
		lines[0] = d.Name + ": no result in the second" + noteOf(d.New)
	case d.Key && !d.Content():
		lines[0] += ": another key, the same result"
	}
	for _, c := range d.Params {
		missing := "default"
		if strings.HasPrefix(c.Label, "uses ") {
			missing = "none"
		}
		lines = append(lines, fmt.Sprintf("  %s: %s -> %s", strings.TrimPrefix(c.Label, "with."), or(c.Old, missing), or(c.New, missing)))
	}
	for _, c := range d.Inputs {
		lines = append(lines, "  "+c.String())
	}
	if d.Key && (d.Old.Lines == nil || d.New.Lines == nil) {
		lines = append(lines, "  the key changed; the store does not know what was behind it")
	}
	return lines
}

// difference is that of two figures, where there are two.
func difference(v engine.ValueDiff) (by float64, ok bool) {
	a, errA := strconv.ParseFloat(v.Old, 64)
	b, errB := strconv.ParseFloat(v.New, 64)
	return b - a, errA == nil && errB == nil
}

func noteOf(r *engine.Result) string {
	if r.Note == "" {
		return ""
	}
	return " (" + r.Note + ")"
}

// or is a value, or a word for one that is missing.
func or(value, missing string) string {
	if value == "" {
		return missing
	}
	return cut(value, 100)
}
