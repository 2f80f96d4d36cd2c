//go:build unix

package export_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"shiftmill/engine"
	"shiftmill/engine/export"
	"shiftmill/pipeline"
	"shiftmill/runs"
	"shiftmill/runs/manifest"
	"shiftmill/stages"
	"shiftmill/stages/all"
	"shiftmill/stages/imageio"
)

// roleVariable makes the test binary a process that exports and kills itself.
const roleVariable = "SHIFTMILL_TEST_EXPORT"

func TestMain(m *testing.M) {
	if os.Getenv(roleVariable) == "" {
		os.Exit(m.Run())
	}
	at, err := strconv.Atoi(os.Args[4])
	if err == nil {
		err = writeOut(os.Args[1], os.Args[2], os.Args[3], at)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// half drawn pictures, which are written, and half files, which are linked.
const killedSpec = `shiftmill: v1
name: killed
stages:
  shops: {kind: source/storefronts, with: {count: 60, size: 16}}
  files: {kind: source/images, with: {root: files, pattern: "{label}/{file}"}}
  split:
    kind: split/shift
    from: [shops, files]
    with: {base: {}, sizes: {train: 70, val: 15, iid: 15}, classes: all, leakage: off}
`

// writeOut exports the split in a form, or as plain Parquet, and kills the
// process at the event of a number: a picture that is opened or looked for, or
// a batch of rows that is done. 0 lets it live.
func writeOut(form, folder, dir string, killAt int) error {
	ctx := context.Background()
	var events atomic.Int64
	event := func() {
		if events.Add(1) == int64(killAt) {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // it comes
		}
	}
	resumed := func(rows, all int) { fmt.Printf("resumed %d of %d\n", rows, all) }
	return withEngine(folder, func(e *engine.Engine) error {
		if form == "parquet" {
			_, err := e.Export(ctx, "split", "train", dir, func(int, int) { event() }, resumed, nil)
			return err
		}
		j := &export.Job{Engine: e, Instance: "split", Label: "label", Shard: 6000, KeepRows: 5,
			Header:   manifest.Header{Name: "killed", Stage: "split"},
			Progress: func(int, int) { event() }, Resumed: resumed}
		for _, name := range []string{"train", "val", "iid"} {
			rows, images, err := e.Open(ctx, "split", name)
			if err != nil {
				return err
			}
			j.Sets = append(j.Sets, export.Set{Name: name, Rows: rows, Images: counted{images, event}})
		}
		for _, f := range export.Forms() {
			if f.Name == form {
				_, err := f.Write(ctx, j, dir)
				return err
			}
		}
		return fmt.Errorf("no form %q", form)
	})
}

// counted calls event at each picture.
type counted struct {
	stages.Images
	event func()
}

func (c counted) Open(ctx context.Context, cell stages.ImageCell) (stages.Picture, error) {
	c.event()
	return c.Images.Open(ctx, cell)
}

func (c counted) Locate(cell stages.ImageCell) (stages.FileRange, bool, error) {
	c.event()
	return c.Images.(stages.Locator).Locate(cell)
}

func (c counted) Place(ctx context.Context, cell stages.ImageCell) (stages.Place, bool, error) {
	c.event()
	return c.Images.Place(ctx, cell)
}

// withEngine runs the spec in a folder on the store there.
func withEngine(folder string, f func(*engine.Engine) error) (err error) {
	g, err := pipeline.Parse(filepath.Join(folder, "killed.yaml"), []byte(killedSpec), pipeline.Options{Vocabulary: all.Registry()})
	if err != nil {
		return err
	}
	store, err := runs.Open(filepath.Join(folder, "store"), runs.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	e, err := engine.New(g, all.Registry(), store, engine.Options{Batch: 7, Shard: 3000})
	if err != nil {
		return err
	}
	if err := e.Run(context.Background()); err != nil {
		return err
	}
	return f(e)
}

// TestExportsAreKilled kills a process that exports again and again (SIGKILL),
// each time further on. In between there is no folder of the name; in the end
// there is one with what an undisturbed export has written, byte by byte.
func TestExportsAreKilled(t *testing.T) {
	folder := t.TempDir()
	for i := range 60 {
		p := &imageio.Pixels{H: 9, W: 9, C: 3, Pix: make([]byte, 243)}
		for k := range p.Pix {
			p.Pix[k] = byte(i * (k + 3))
		}
		dir := filepath.Join(folder, "files", fmt.Sprint("class", i%3))
		if err := errors.Join(os.MkdirAll(dir, 0o777), os.WriteFile(filepath.Join(dir, fmt.Sprintf("%02d.png", i)), imageio.EncodePNG(p), 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	if err := withEngine(folder, func(*engine.Engine) error { return nil }); err != nil {
		t.Fatal(err)
	}
	forms := []string{"parquet"}
	for _, f := range export.Forms() {
		forms = append(forms, f.Name)
	}
	for _, form := range forms {
		t.Run(form, func(t *testing.T) {
			want, got := filepath.Join(folder, "want-"+form), filepath.Join(folder, "got-"+form)
			if err := writeOut(form, folder, want, 0); err != nil {
				t.Fatal(err)
			}
			kills, resumed := 0, 0
			for at := 1; ; at += 2 + at/8 {
				done, text := child(t, form, folder, got, at)
				resumed += strings.Count(text, "resumed")
				if done {
					break
				}
				kills++
				if _, err := os.Lstat(got); err == nil {
					t.Fatalf("after a kill at %d there is %s", at, got)
				}
			}
			if kills < 3 || resumed == 0 {
				t.Errorf("%d kills, %d exports went on", kills, resumed)
			}
			t.Logf("%d kills, %d exports went on", kills, resumed)
			if a, b := digestOf(t, want), digestOf(t, got); a != b {
				t.Errorf("after %d kills:\n%s\nwant\n%s", kills, b, a)
			}
		})
	}
	left, err := filepath.Glob(filepath.Join(folder, ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left: %q, %v", left, err)
	}
}

// child exports in a process of its own and says whether it lived to the end.
func child(t *testing.T, form, folder, dir string, killAt int) (bool, string) {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, form, folder, dir, strconv.Itoa(killAt))
	cmd.Env = append(os.Environ(), roleVariable+"=child")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return true, string(out)
	case errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signaled():
		return false, string(out)
	}
	t.Fatalf("%v: %s", err, out)
	return false, ""
}

// digestOf lists the files and links of a folder with what they hold.
func digestOf(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if d.Type()&fs.ModeSymlink != 0 {
			to, err := os.Readlink(path)
			fmt.Fprintf(&b, "%s -> %s\n", name, to)
			return err
		}
		data, err := os.ReadFile(path)
		fmt.Fprintf(&b, "%s %x\n", name, sha256.Sum256(data))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}
