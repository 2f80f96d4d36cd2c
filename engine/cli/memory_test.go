//go:build linux

package cli_test

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// photoFolder makes count files of noise, of few kinds and many names.
func photoFolder(t *testing.T, dir string, count, side int) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	var kinds []string
	for k := range 16 {
		img := image.NewYCbCr(image.Rect(0, 0, side, side), image.YCbCrSubsampleRatio420)
		for _, plane := range [][]byte{img.Y, img.Cb, img.Cr} {
			for i := range plane {
				plane[i] = byte(random.Uint32())
			}
		}
		var buf bytes.Buffer
		if err := jpeg.Encode(&buf, img, &jpeg.Options{Quality: 95}); err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(dir, fmt.Sprintf("kind%d.bin", k))
		if err := os.WriteFile(name, buf.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, name)
	}
	for i := range count {
		name := filepath.Join(dir, fmt.Sprintf("class%d", i%4), fmt.Sprintf("%06d.jpg", i))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Link(kinds[i%len(kinds)], name); err != nil {
			t.Fatal(err)
		}
	}
}

// A data set ten times larger than --memory is decoded, changed and written with
// little more memory than that: 5 GiB beside 512 MiB, or with
// SHIFTMILL_MEMORY=48 a tenth of it.
func TestMemoryIsBounded(t *testing.T) {
	text := os.Getenv("SHIFTMILL_MEMORY")
	if text == "" && os.Getenv("SHIFTMILL_SWEEP") == "" {
		t.Skip("takes minutes: SHIFTMILL_SWEEP=1 asks for it, or SHIFTMILL_MEMORY=48 for less")
	}
	memory := 512 // MiB
	if text != "" {
		var err error
		if memory, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	const side = 512
	most := memory + 188
	dir := t.TempDir()
	perPhoto := side * side * 3 * 85 / 100 // as PNG, at least
	photoFolder(t, filepath.Join(dir), 10*memory<<20/perPhoto, side)
	spec := filepath.Join(dir, "memory.yaml")
	text = `shiftmill: v1
name: memory
stages:
  photos: {kind: source/images, with: {root: .}}
  bright: {kind: corrupt/imagenet-c, from: photos, with: {corruption: brightness, severity: 1}, cache: store}
`
	if err := os.WriteFile(spec, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	store := filepath.Join(dir, "store")
	cmd := program(t, "run", spec, "--store", store, "--memory", fmt.Sprintf("%dMiB", memory), "--workers", "2")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		t.Skip("no figures here")
	}
	peak := usage.Maxrss >> 10
	stored := int64(0)
	largest := int64(0)
	err = filepath.WalkDir(filepath.Join(store, "objects"), func(_ string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			info, err := d.Info()
			if err != nil {
				return err
			}
			stored += info.Size()
			largest = max(largest, info.Size())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("--memory %d MiB: %d MiB stored, largest object %d MiB, peak %d MiB, %v of CPU", memory, stored>>20, largest>>20, peak,
		cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
	if stored < int64(10*memory)<<20 {
		t.Errorf("%d MiB were stored, want %d", stored>>20, 10*memory)
	}
	if peak > int64(most) {
		t.Errorf("peak memory %d MiB, want at most %d", peak, most)
	}
	if largest > 64<<20 {
		t.Errorf("an object of %d MiB, want at most 64", largest>>20)
	}
}
