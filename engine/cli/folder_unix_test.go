//go:build unix

package cli_test

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

var (
	folderFiles  = flag.Int("files", 5000, "files of the folder in TestUnchangedFolder")
	folderKept   = flag.String("folder", "", "where TestUnchangedFolder makes its folder and keeps it, with its store, for another time")
	folderRounds = flag.Int("rounds", 3, "times that TestUnchangedFolder looks at its folder")
)

// A metadata split of a folder opens no picture: the files here are none. That
// nothing has changed is found by looking at the folder, beside which a bare walk
// with a stat of each file is timed.
func TestUnchangedFolder(t *testing.T) {
	dir := *folderKept
	if dir == "" {
		dir = t.TempDir()
	}
	made := *folderFiles
	if _, err := os.Stat(filepath.Join(dir, "folder.yaml")); err == nil {
		made = 0 // by another time
	}
	for i := range made {
		folder := filepath.Join(dir, "pictures", fmt.Sprintf("class%02d", i%20), fmt.Sprintf("site%03d", i%1000/20))
		if i < 1000 {
			if err := os.MkdirAll(folder, 0o777); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%07d.jpg", i)), []byte("no picture"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	spec := filepath.Join(dir, "folder.yaml")
	text := `shiftmill: v1
name: folder
stages:
  images: {kind: source/images, with: {root: pictures, pattern: "{label}/{site}/{file}"}}
  one: {kind: split/select, from: images, with: {where: {site: [site001, site002]}}}
`
	if err := os.WriteFile(spec, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	args := []string{"run", "--store", filepath.Join(dir, "store"), spec}
	// A process of its own each time, as users run it: its memory is that of this run.
	run := func() (out string, took, cpu time.Duration, memory int64) {
		cmd := program(t, args...)
		var text, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &text, &errs
		start := time.Now()
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v: %s", err, errs.String())
		}
		took = time.Since(start)
		used := cmd.ProcessState.SysUsage().(*syscall.Rusage)
		memory = used.Maxrss << 10
		if runtime.GOOS == "darwin" {
			memory = used.Maxrss
		}
		return text.String(), took, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), memory
	}
	walk := func() (time.Duration, time.Duration) {
		start, cpu := time.Now(), ownTime()
		files := 0
		err := filepath.WalkDir(filepath.Join(dir, "pictures"), func(_ string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			files++
			_, err = d.Info()
			return err
		})
		if err != nil || files != *folderFiles {
			t.Fatalf("%d files, %v", files, err)
		}
		return time.Since(start), ownTime() - cpu
	}
	_, first, firstCPU, firstMemory := run()
	memory := int64(0)
	least := [4]time.Duration{1 << 62, 1 << 62, 1 << 62, 1 << 62}
	for range *folderRounds {
		ww, wc := walk()
		out, rw, rc, used := run()
		memory = max(memory, used)
		if !strings.Contains(out, "ran 0, ") {
			t.Fatalf("an unchanged folder ran something:\n%s", out)
		}
		t.Logf("walk %v (%v CPU), unchanged %v (%v CPU): %.2f, %.2f", ww.Round(time.Millisecond), wc.Round(time.Millisecond), rw.Round(time.Millisecond), rc.Round(time.Millisecond), float64(rw)/float64(ww), float64(rc)/float64(max(1, wc)))
		for i, d := range []time.Duration{ww, wc, rw, rc} {
			least[i] = min(least[i], d)
		}
	}
	t.Logf("%d files: first run %v (%v CPU, %d MB); unchanged %v (%v CPU, %d MB); walk with stats %v (%v CPU): %.2f of its time, %.2f of its CPU",
		*folderFiles, first.Round(time.Millisecond), firstCPU.Round(time.Millisecond), firstMemory>>20, least[2].Round(time.Millisecond), least[3].Round(time.Millisecond), memory>>20,
		least[0].Round(time.Millisecond), least[1].Round(time.Millisecond), float64(least[2])/float64(least[0]), float64(least[3])/float64(max(1, least[1])))
}

// ownTime is what this process has used of the processors.
func ownTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
