package runs_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"shiftmill/runs"
	"shiftmill/runs/runstest"
)

// sweepOptions leave commits to explicit calls, so that the operations of a workload
// come in one order.
func sweepOptions(fsys runs.FS, boot string) runs.Options {
	return runs.Options{
		FS: fsys, Machine: runs.Machine{Host: "h", Boot: boot},
		CommitDelay: time.Hour, CommitBatch: 1 << 30, Heartbeat: time.Hour,
		MaxObject: 100 << 10, FoldAfter: 1,
	}
}

// promise is what a workload was told to be durable.
type promise struct {
	records map[runs.Digest]string // key -> data
	runs    map[string]string      // id -> document
	roots   []string
}

func newPromise() *promise {
	return &promise{records: map[runs.Digest]string{}, runs: map[string]string{}}
}

// workload fills a store in two sessions, with a collection in the second, and notes
// what was committed. It ends at the first error.
func workload(fsys runs.FS, dir string, p *promise) error {
	for session := range 2 {
		if err := workSession(fsys, dir, session, p); err != nil {
			return err
		}
	}
	return nil
}

// useScratch keeps two blocks aside and reads them back.
func useScratch(s *runs.Store) (err error) {
	x, err := s.Scratch()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	for i := range 2 {
		if _, err := x.Append(content(i, 5000)); err != nil {
			return err
		}
	}
	for i := range 2 {
		if data, err := x.Read(i); err != nil || !bytes.Equal(data, content(i, 5000)) {
			return errors.Join(errors.New("a scratch gave other bytes"), err)
		}
	}
	return nil
}

func workSession(fsys runs.FS, dir string, session int, p *promise) (err error) {
	s, err := runs.Open(dir, sweepOptions(fsys, "boot 1"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if session == 0 {
		if err := s.Hold([]runs.Digest{key(1)}, nil); err != nil {
			return err
		}
		if err := useScratch(s); err != nil {
			return err
		}
	}
	n := 0
	for round := range 3 {
		told := newPromise()
		for range 2 {
			n++
			i := 100*session + n
			small, large := content(i, 300), content(i+1000, 70<<10)
			if n == 3 {
				small = content(1, 300) // the same as before
			}
			r := runs.Record{Key: key(i), Kind: "step", Data: fmt.Appendf(nil, `{"n":%d}`, i)}
			if n > 1 {
				r.Keys = []runs.Digest{key(i - 1)}
			}
			list := [][]byte{small, large}
			if n == 4 {
				list = append(list, content(i+2000, 170<<10)) // two chunks
			}
			for _, data := range list {
				d, err := s.PutBytes(context.Background(), data)
				if err != nil {
					return err
				}
				r.Objects = append(r.Objects, d)
			}
			release, ok, err := s.Claim(r.Key)
			if err != nil || !ok {
				return fmt.Errorf("claim: %v, %w", ok, err)
			}
			if err := s.Append(r); err != nil {
				return err
			}
			release()
			told.records[r.Key] = string(r.Data)
		}
		if round < 2 {
			id := fmt.Sprint("run-", session)
			doc := fmt.Sprintf(`{"round":%d}`, round)
			if err := s.SaveRun(id, []byte(doc), key(100*session+n)); err != nil {
				return err
			}
			told.runs[id] = doc
			if err := s.RegisterRoot(runs.Root{Path: "a.lock", Keys: []runs.Digest{key(1), key(2)}}); err != nil {
				return err
			}
			told.roots = []string{"a.lock"}
		}
		// What is not yet known to be durable may still be there.
		delete(p.runs, "run-"+fmt.Sprint(session))
		if err := s.Commit(context.Background()); err != nil {
			return err
		}
		for k, v := range told.records {
			p.records[k] = v
		}
		for k, v := range told.runs {
			p.runs[k] = v
		}
		p.roots = told.roots
		if session == 1 && round == 1 {
			if _, err := s.GC(context.Background(), runs.GCOptions{Apply: true, Grace: time.Nanosecond, KeepRuns: time.Hour}); err != nil {
				return err
			}
		}
	}
	return nil
}

// audit opens what is left after a power cut and returns what it finds amiss.
func audit(fsys runs.FS, dir string, p *promise) (amiss []string) {
	say := func(format string, args ...any) { amiss = append(amiss, fmt.Sprintf(format, args...)) }
	for opening := range 2 {
		s, err := runs.Open(dir, sweepOptions(fsys, "boot 2"))
		if err != nil {
			say("opening %d: %v", opening, err)
			return amiss
		}
		for _, line := range s.Found() {
			if strings.Contains(line, "damaged") || strings.Contains(line, "left out") || opening > 0 {
				say("opening %d found: %s", opening, line)
			}
		}
		auditContent(s, p, say)
		if left := sessionFiles(fsys, dir); opening > 0 && left != 1 {
			say("opening %d: %d sessions have a file, want 1", opening, left)
		}
		if opening == 0 {
			r := runs.Record{Key: runs.Sum([]byte("after")), Kind: "step", Data: []byte(`1`)}
			for _, size := range []int{100, 70 << 10} {
				d, err := s.PutBytes(context.Background(), content(9, size))
				if err != nil {
					say("put after the power cut: %v", err)
				}
				r.Objects = append(r.Objects, d)
			}
			if err := s.Append(r); err != nil {
				say("append after the power cut: %v", err)
			}
			p.records[r.Key] = "1"
		}
		damage, err := s.Verify(context.Background(), nil)
		if err != nil {
			say("verify: %v", err)
		}
		for _, d := range damage {
			say("verify: %s", d)
		}
		if err := s.Close(); err != nil {
			say("close: %v", err)
		}
	}
	return amiss
}

// sessionFiles counts the sessions with a file, dead or alive.
func sessionFiles(fsys runs.FS, dir string) (n int) {
	list, err := fsys.List(dir + "/sessions")
	if err != nil {
		return -1
	}
	for _, e := range list {
		if len(e.Name) == 32 {
			n++
		}
	}
	return n
}

func auditContent(s *runs.Store, p *promise, say func(string, ...any)) {
	for k, data := range p.records {
		if r, ok := s.Lookup(k); !ok || string(r.Data) != data {
			say("committed record %.8s: got %s, %v; want %s", k, r.Data, ok, data)
		}
	}
	for id, doc := range p.runs {
		if got, err := s.LoadRun(id); err != nil {
			say("committed run %s: %v", id, err)
		} else if string(got) < doc {
			say("committed run %s: got %s, want %s or later", id, got, doc)
		}
	}
	if roots, err := s.Roots(); err != nil || (len(p.roots) > 0 && (len(roots) != 1 || roots[0].Path != p.roots[0])) {
		say("roots: %v, %v; want %v", roots, err, p.roots)
	}
	all, err := s.Records("")
	if err != nil {
		say("records: %v", err)
	}
	for _, r := range all {
		for _, d := range r.Objects {
			if data, err := s.Get(d); err != nil && !strings.Contains(err.Error(), "collected by gc") {
				say("record %.8s (%s) stands, but %v", r.Key, r.Kind, err)
			} else if err == nil && runs.Sum(data) != d {
				say("object %.8s has other bytes", d)
			}
		}
	}
}

// sweep cuts the power at every step-th operation and audits what each state leaves, until
// enough is amiss.
func sweep(t *testing.T, step, torn, enough int, prepare func(*runstest.MemFS)) (cuts int, amiss []string) {
	t.Helper()
	whole := runstest.NewMemFS(nil)
	prepare(whole)
	if err := workload(whole, "/w/store", newPromise()); err != nil {
		t.Fatalf("without a power cut: %v", err)
	}
	for op := 1; op <= whole.Ops()+1 && len(amiss) < enough; op += step {
		fsys := runstest.NewMemFS(nil)
		prepare(fsys)
		fsys.StopAt(op)
		p := newPromise()
		err := workload(fsys, "/w/store", p)
		if op <= whole.Ops() && err == nil {
			t.Logf("stopped at operation %d, the workload noticed nothing", op)
		}
		for state := runstest.Synced; state <= runstest.Torn; state++ {
			seeds := 1
			if state == runstest.Torn {
				seeds = torn
			}
			for seed := range seeds {
				rng := rand.New(rand.NewPCG(uint64(op), uint64(seed)))
				after := fsys.Crash(state, rng)
				told := &promise{records: map[runs.Digest]string{}, runs: p.runs, roots: p.roots}
				for k, v := range p.records {
					told.records[k] = v
				}
				cuts++
				for _, line := range audit(after, "/w/store", told) {
					amiss = append(amiss, fmt.Sprintf("operation %d, state %s, seed %d: %s", op, state, seed, line))
				}
			}
		}
	}
	return cuts, amiss
}

// sweepStep is 1 with SHIFTMILL_SWEEP set: every operation; a sample otherwise.
func sweepStep(sample int) int {
	if os.Getenv("SHIFTMILL_SWEEP") != "" {
		return 1
	}
	return sample
}

func TestPowerCut(t *testing.T) {
	cuts, amiss := sweep(t, sweepStep(5), 3, 20, func(*runstest.MemFS) {})
	t.Logf("%d power cuts audited", cuts)
	for _, line := range amiss {
		t.Error(line)
	}
}

// TestEverySyncIsNeeded leaves out each sync of the store in turn, and wants the audit
// to notice.
func TestEverySyncIsNeeded(t *testing.T) {
	whole := runstest.NewMemFS(nil)
	if err := workload(whole, "/w/store", newPromise()); err != nil {
		t.Fatal(err)
	}
	sites := whole.SyncSites()
	if len(sites) < 10 {
		t.Fatalf("only %d places sync: %q", len(sites), sites)
	}
	for _, site := range sites {
		t.Run(site, func(t *testing.T) {
			_, amiss := sweep(t, sweepStep(3), 2, 1, func(m *runstest.MemFS) {
				m.DropSync(func(at string) bool { return at == site })
			})
			if len(amiss) == 0 {
				t.Error("without this sync nothing goes wrong")
			} else {
				t.Logf("%d failures, such as %s", len(amiss), amiss[0])
			}
		})
	}
	if slices.Contains(sites, "") {
		t.Error("a sync from outside of the store")
	}
}

// TestObjectsBeforeFrames swaps the syncs of objects with that of the frame which speaks
// of them, and wants the audit to notice.
func TestObjectsBeforeFrames(t *testing.T) {
	whole := runstest.NewMemFS(nil)
	if err := workload(whole, "/w/store", newPromise()); err != nil {
		t.Fatal(err)
	}
	swapped := 0
	for _, site := range whole.SyncSites() {
		if !strings.HasPrefix(site, "pack.go") && !strings.HasPrefix(site, "commit.go") {
			continue
		}
		swapped++
		_, amiss := sweep(t, 1, 8, 1, func(m *runstest.MemFS) {
			m.LateSync(func(at string) bool { return at == site },
				func(at string) bool { return strings.HasPrefix(at, "journal.go") })
		})
		if len(amiss) == 0 {
			t.Errorf("%s may come after the frame and nothing goes wrong", site)
		} else {
			t.Logf("%s: %s", site, amiss[0])
		}
	}
	if swapped != 2 {
		t.Errorf("%d places sync objects in a commit, want 2", swapped)
	}
}

// TestEveryFailure makes each operation fail once. The workload ends with an error that
// names the file, or does without; and what it was told stands.
func TestEveryFailure(t *testing.T) {
	whole := runstest.NewMemFS(nil)
	if err := workload(whole, "/w/store", newPromise()); err != nil {
		t.Fatal(err)
	}
	silent := map[string]int{}
	for i, failure := range []error{syscall.ENOSPC, syscall.EIO, syscall.EACCES} {
		for op := 1 + i; op <= whole.Ops(); op += sweepStep(3) {
			fsys := runstest.NewMemFS(nil)
			what := ""
			fsys.FailAt(func(n int, operation, name string) error {
				if n != op {
					return nil
				}
				what = operation + " " + name
				return failure
			})
			p := newPromise()
			err := workload(fsys, "/w/store", p)
			name := what[strings.LastIndex(what, "/")+1:]
			switch {
			case err == nil:
				silent[what[:strings.Index(what, " ")]]++
			case !errors.Is(err, failure) || !strings.Contains(err.Error(), name):
				t.Errorf("operation %d (%s): the error is %v", op, what, err)
			}
			after := fsys.Crash(runstest.All, nil)
			for _, line := range audit(after, "/w/store", p) {
				t.Errorf("operation %d (%s), %v: %s", op, what, failure, line)
			}
			if t.Failed() {
				return
			}
		}
	}
	t.Logf("failures that the workload could do without: %v", silent)
}
