package runs_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"shiftmill/runs"
	"shiftmill/runs/runstest"
)

func TestClaimsOfOneProcess(t *testing.T) {
	s := open(t, t.TempDir(), runs.Options{})
	release, ok, err := s.Claim(key(1))
	if err != nil || !ok {
		t.Fatalf("Claim: %v, %v", ok, err)
	}
	if _, ok, err := s.Claim(key(1)); ok || err != nil {
		t.Fatalf("a second Claim: %v, %v", ok, err)
	}
	var waiters sync.WaitGroup
	for range 4 {
		waiters.Go(func() {
			if err := s.Wait(t.Context(), key(1)); err != nil {
				t.Error(err)
			}
			if _, ok := s.Lookup(key(1)); !ok {
				t.Error("after Wait the record is not there")
			}
		})
	}
	if err := s.Append(runs.Record{Key: key(1), Kind: "step"}); err != nil {
		t.Fatal(err)
	}
	release()
	waiters.Wait()
	release, ok, err = s.Claim(key(1))
	if err != nil || !ok {
		t.Fatalf("Claim after release: %v, %v", ok, err)
	}
	release()
	ctx, cancel := context.WithCancelCause(t.Context())
	release, _, _ = s.Claim(key(2))
	defer release()
	boom := errors.New("boom")
	cancel(boom)
	if err := s.Wait(ctx, key(2)); !errors.Is(err, boom) {
		t.Errorf("Wait with an ended context: %v", err)
	}
}

// TestReleaseWaitsForCommit: another process that gets the claim finds the record.
func TestReleaseWaitsForCommit(t *testing.T) {
	dir := t.TempDir()
	a, b := open(t, dir, runs.Options{}), open(t, dir, runs.Options{})
	for i := range 50 {
		release, ok, err := a.Claim(key(i))
		if err != nil || !ok {
			t.Fatalf("Claim: %v, %v", ok, err)
		}
		if _, ok, err := b.Claim(key(i)); ok || err != nil {
			t.Fatalf("the other's Claim: %v, %v", ok, err)
		}
		if err := a.Append(runs.Record{Key: key(i), Kind: "step"}); err != nil {
			t.Fatal(err)
		}
		release()
		if err := b.Wait(t.Context(), key(i)); err != nil {
			t.Fatal(err)
		}
		if _, ok := b.Lookup(key(i)); !ok {
			t.Fatalf("after Wait the other process lacks record %d", i)
		}
	}
}

// TestHeartbeat: on another machine a session counts as dead once its counter has stood
// still, and not before.
func TestHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fsys := runstest.NewMemFS(nil)
		here := runs.Options{FS: fsys, Machine: runs.Machine{Host: "a", Boot: "1"}}
		there := runs.Options{FS: fsys, Machine: runs.Machine{Host: "b", Boot: "2"}}
		a, err := runs.Open("/s", here)
		if err != nil {
			t.Fatal(err)
		}
		b, err := runs.Open("/s", there)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok, err := a.Claim(key(1)); !ok || err != nil {
			t.Fatal(ok, err)
		}
		for range 30 { // five minutes of a's heartbeats
			if _, ok, err := b.Claim(key(1)); ok || err != nil {
				t.Fatalf("the claim of a live session fell: %v, %v", ok, err)
			}
			time.Sleep(10 * time.Second)
		}
		// From now on a's writes do not arrive.
		fsys.FailAt(func(_ int, what, name string) error {
			if what == "write" && strings.Contains(name, "/sessions/") {
				return errors.New("the cable is out")
			}
			return nil
		})
		begin := time.Now()
		if err := b.Wait(t.Context(), key(1)); err != nil {
			t.Fatal(err)
		}
		if stood := time.Since(begin); stood < 55*time.Second || stood > 70*time.Second {
			t.Errorf("the claim fell after %v, want about 60 s", stood)
		}
		if _, ok, err := b.Claim(key(1)); !ok || err != nil {
			t.Errorf("Claim of a dead session's work: %v, %v", ok, err)
		}
		// The late owner is not hindered.
		fsys.FailAt(nil)
		if err := a.Append(runs.Record{Key: key(1), Kind: "step"}); err != nil {
			t.Error(err)
		}
		if err := errors.Join(a.Close(), b.Close()); err != nil {
			t.Error(err)
		}
	})
}

// TestMain lets the test binary be the processes of TestProcesses and TestKill.
func TestMain(m *testing.M) {
	switch os.Getenv("RUNS_TEST_PROCESS") {
	case "share":
		os.Exit(exit(shareWork(os.Args[1])))
	case "endless":
		os.Exit(exit(workEndlessly(os.Args[1])))
	}
	os.Exit(m.Run())
}

func exit(err error) int {
	if err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

func process(t *testing.T, kind, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], dir)
	cmd.Env = append(os.Environ(), "RUNS_TEST_PROCESS="+kind)
	return cmd
}

const sharedPieces = 120

// shareWork does what of the pieces nobody else does, waits for the rest, and prints how
// many it has done.
func shareWork(dir string) error {
	s, err := runs.Open(dir, runs.Options{})
	if err != nil {
		return err
	}
	done := 0
	for i := range sharedPieces {
		for {
			if _, ok := s.Lookup(key(i)); ok {
				break
			}
			release, ok, err := s.Claim(key(i))
			if err != nil {
				return err
			}
			if !ok {
				if err := s.Wait(context.Background(), key(i)); err != nil {
					return err
				}
				continue
			}
			if err := s.Refresh(); err != nil {
				return err
			}
			if _, found := s.Lookup(key(i)); !found {
				time.Sleep(2 * time.Millisecond) // the work
				d, err := s.PutBytes(context.Background(), content(i, 1000))
				if err != nil {
					return err
				}
				if err := s.Append(runs.Record{Key: key(i), Kind: "piece", Objects: []runs.Digest{d}}); err != nil {
					return err
				}
				done++
			}
			release()
		}
	}
	fmt.Println("done", done)
	return s.Close()
}

// TestProcesses lets 16 processes do the same work on one store.
func TestProcesses(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	const n = 16
	outs := make([]bytes.Buffer, n)
	var cmds []*exec.Cmd
	for i := range n {
		cmd := process(t, "share", dir)
		cmd.Stdout, cmd.Stderr = &outs[i], &outs[i]
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		cmds = append(cmds, cmd)
	}
	total := 0
	for i, cmd := range cmds {
		if err := cmd.Wait(); err != nil {
			t.Errorf("process %d: %v: %s", i, err, &outs[i])
			continue
		}
		var done int
		if _, err := fmt.Sscanf(outs[i].String(), "done %d", &done); err != nil {
			t.Errorf("process %d printed %q", i, &outs[i])
		}
		total += done
	}
	if total != sharedPieces {
		t.Errorf("%d pieces of work were done, want %d", total, sharedPieces)
	}
	s := open(t, dir, runs.Options{})
	if found := s.Found(); len(found) > 0 {
		t.Errorf("found %q", found)
	}
	if damage, err := s.Verify(t.Context(), nil); err != nil || len(damage) > 0 {
		t.Errorf("verify: %v, %v", damage, err)
	}
	if left, err := os.ReadDir(filepath.Join(dir, "claims")); err != nil || len(left) > 0 {
		t.Errorf("claims are left: %v, %v", left, err)
	}
}

// workEndlessly puts, appends and commits until it is killed, printing what is committed.
func workEndlessly(dir string) error {
	s, err := runs.Open(dir, runs.Options{})
	if err != nil {
		return err
	}
	begin := len(mustRecords(s))
	for i := begin; ; i++ {
		release, ok, err := s.Claim(key(i))
		if err != nil || !ok {
			return fmt.Errorf("claim %d: %v, %w", i, ok, err)
		}
		r := runs.Record{Key: key(i), Kind: "piece"}
		for _, size := range []int{500, 80 << 10} {
			d, err := s.PutBytes(context.Background(), content(i, size))
			if err != nil {
				return err
			}
			r.Objects = append(r.Objects, d)
		}
		if err := s.Append(r); err != nil {
			return err
		}
		release()
		if i%5 == 4 {
			if err := s.Commit(context.Background()); err != nil {
				return err
			}
			fmt.Println(i)
		}
	}
}

func mustRecords(s *runs.Store) []runs.Record {
	list, err := s.Records("piece")
	if err != nil {
		panic(err)
	}
	return list
}

// TestKill kills a working process at random moments, again and again on one store: what
// it had reported as committed stands, the next one needs no help, and its claims fall at
// once.
func TestKill(t *testing.T) {
	rounds := 15
	if os.Getenv("SHIFTMILL_SWEEP") != "" {
		rounds = 300
	}
	dir := filepath.Join(t.TempDir(), "store")
	committed := -1
	for round := range rounds {
		cmd := process(t, "endless", dir)
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(20+(round*7919)%130) * time.Millisecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // killed
		for line := range strings.Lines(out.String()) {
			var i int
			if _, err := fmt.Sscan(line, &i); err != nil {
				t.Fatalf("round %d: %s", round, &out)
			}
			committed = max(committed, i)
		}
		s, err := runs.Open(dir, runs.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range committed + 1 {
			r, ok := s.Lookup(key(i))
			if !ok {
				t.Fatalf("round %d: committed record %d is gone", round, i)
			}
			for j, size := range []int{500, 80 << 10} {
				if i < committed-20 && j == 1 {
					continue // read in an earlier round
				}
				if got, err := s.Get(r.Objects[j]); err != nil || !bytes.Equal(got, content(i, size)) {
					t.Fatalf("round %d: object %d of record %d: %v", round, j, i, err)
				}
			}
		}
		// Whatever it had claimed is free.
		next := len(mustRecords(s))
		release, ok, err := s.Claim(key(next))
		if err != nil || !ok {
			t.Fatalf("round %d: claim after the kill: %v, %v", round, ok, err)
		}
		release()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, dir, runs.Options{})
	if damage, err := s.Verify(t.Context(), nil); err != nil || len(damage) > 0 {
		t.Errorf("verify: %v, %v", damage, err)
	}
	t.Logf("%d kills, %d records committed", rounds, committed+1)
}

// TestNoGoroutineIsLeft opens and closes stores.
func TestNoGoroutineIsLeft(t *testing.T) {
	before := runtime.NumGoroutine()
	for i := range 20 {
		s, err := runs.Open(t.TempDir(), runs.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.PutBytes(t.Context(), content(i, 100)); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines before, %d after", before, after)
	}
}
