package runstest_test

import (
	"math/rand/v2"
	"testing"

	"shiftmill/runs"
	"shiftmill/runs/runstest"
)

func TestOS(t *testing.T) { runstest.TestFS(t, runs.OS{}, t.TempDir()) }

func TestMemFS(t *testing.T) {
	fsys := runstest.NewMemFS(nil)
	if err := fsys.Mkdir("/d"); err != nil {
		t.Fatal(err)
	}
	runstest.TestFS(t, fsys, "/d")
}

// TestCrash checks what the file system in memory keeps.
func TestCrash(t *testing.T) {
	fsys := runstest.NewMemFS(nil)
	if err := fsys.Mkdir("/d"); err != nil {
		t.Fatal(err)
	}
	if err := fsys.SyncDir("/"); err != nil {
		t.Fatal(err)
	}
	f, err := fsys.Create("/d/f")
	if err != nil {
		t.Fatal(err)
	}
	write := func(text string, offset int64) {
		t.Helper()
		if _, err := f.WriteAt([]byte(text), offset); err != nil {
			t.Fatal(err)
		}
	}
	content := func(state runstest.State, name string) string {
		t.Helper()
		data, err := runs.ReadFile(fsys.Crash(state, rand.New(rand.NewPCG(1, 1))), name)
		if err != nil {
			return err.Error()
		}
		return string(data)
	}
	check := func(step string, state runstest.State, name, want string) {
		t.Helper()
		if got := content(state, name); got != want {
			t.Errorf("%s, %s: %s is %q, want %q", step, state, name, got, want)
		}
	}
	missing := func(name string) string { return "open " + name + ": file does not exist" }
	write("one", 0)
	check("written", runstest.Synced, "/d/f", missing("/d/f"))
	check("written", runstest.All, "/d/f", "one")
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
	check("file synced", runstest.Synced, "/d/f", missing("/d/f"))
	if err := fsys.SyncDir("/d"); err != nil {
		t.Fatal(err)
	}
	write("two", 3)
	check("folder synced", runstest.Synced, "/d/f", "one")
	check("folder synced", runstest.All, "/d/f", "onetwo")
	if err := fsys.Rename("/d/f", "/d/g"); err != nil {
		t.Fatal(err)
	}
	check("renamed", runstest.Synced, "/d/f", "one")
	check("renamed", runstest.Synced, "/d/g", missing("/d/g"))
	check("renamed", runstest.All, "/d/g", "onetwo")
	fsys.StopAt(fsys.Ops() + 1)
	if _, err := f.Size(); err != runstest.ErrPowerCut {
		t.Errorf("after the power cut: %v", err)
	}
}
