package cli_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

const sharedSpec = `shiftmill: v1
name: shared
stages:
  photos: {kind: source/storefronts, with: {count: 400, size: 16}}
  a: {kind: augment/noise2net, from: photos}
  b: {kind: augment/noise2net, from: a, with: {epsilon: 2}}
  split: {kind: split/select, from: b, with: {where: {camera: new}}}
  net:
    kind: train/classifier
    from: {train: split}
    with: {size: 16, model: {arch: convnet, width: 4}, budget: {epochs: 1}, batch_size: 32}
  scores: {kind: evaluate/classify, from: {model: net, data: b}}
`

// A jsonEvent is what run --json says of a stage that has ended.
type jsonEvent struct {
	Message, Stage, State string
	Rows, Reused          int64
}

// ended lists the stages that a run made, with the rows that it computed itself.
func ended(t *testing.T, out []byte) map[string]int64 {
	t.Helper()
	made := map[string]int64{}
	for _, line := range bytes.Split(bytes.TrimSpace(out), []byte("\n")) {
		var ev jsonEvent
		if err := json.Unmarshal(line, &ev); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if ev.Message == "done" && ev.State == "ran" {
			made[ev.Stage] += max(1, ev.Rows) - ev.Reused
		}
	}
	return made
}

// Sixteen processes (three without SHIFTMILL_SWEEP) run the same spec on one
// store. None fails, all of it is done once, and status and why answer
// meanwhile.
func TestProcessesShareTheWork(t *testing.T) {
	processes := 3
	if os.Getenv("SHIFTMILL_SWEEP") != "" {
		processes = 16
	}
	dir := t.TempDir()
	spec := filepath.Join(dir, "shared.yaml")
	if err := os.WriteFile(spec, []byte(sharedSpec), 0o666); err != nil {
		t.Fatal(err)
	}
	alone, err := program(t, "run", spec, "--json", "--partition", "40", "--store", filepath.Join(dir, "alone")).Output()
	if err != nil {
		t.Fatal(err)
	}
	want := ended(t, alone)
	lock := readFile(t, filepath.Join(dir, "shared.lock.yaml"))
	store := filepath.Join(dir, "store")
	type process struct {
		out, errs bytes.Buffer
		done      chan error
	}
	var all []*process
	for range processes {
		p := &process{done: make(chan error, 1)}
		cmd := program(t, "run", spec, "--json", "--locked", "--partition", "40", "--store", store, "--workers", "2")
		cmd.Stdout, cmd.Stderr = &p.out, &p.errs
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		go func() { p.done <- cmd.Wait() }()
		all = append(all, p)
	}
	time.Sleep(200 * time.Millisecond)
	for _, args := range [][]string{{"status", spec}, {"why", "scores", spec}} {
		start := time.Now()
		cmd := program(t, append(args, "--store", store)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v during the runs: %v\n%s", args, err, out)
		}
		t.Logf("%s during the runs: %v of CPU, %v", args[0], cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime(), time.Since(start))
	}
	total := map[string]int64{}
	for i, p := range all {
		if err := <-p.done; err != nil {
			t.Errorf("process %d: %v\n%s%s", i, err, p.errs.String(), p.out.String())
			continue
		}
		for stage, rows := range ended(t, p.out.Bytes()) {
			total[stage] += rows
		}
	}
	t.Logf("%d processes computed %v, one alone %v", processes, total, want)
	for stage, rows := range want {
		if total[stage] != rows {
			t.Errorf("stage %s: %d processes together computed %d rows, one alone %d", stage, processes, total[stage], rows)
		}
	}
	if again := readFile(t, filepath.Join(dir, "shared.lock.yaml")); !bytes.Equal(again, lock) {
		t.Error("the lock file is another one now")
	}
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// program is a command that runs this test binary as the program.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	file, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return &exec.Cmd{Path: file, Args: append([]string{"shiftmill"}, args...), Env: os.Environ()}
}
