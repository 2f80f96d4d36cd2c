//go:build linux

package cli_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"shiftmill/kernels"
	"shiftmill/stages/imageio"
)

// crops writes count pictures of 500 x 375 pixels to a folder: crops of the real
// pictures under ../shared/data, scaled.
func crops(t *testing.T, dir string, count int) {
	t.Helper()
	var files []string
	for _, pattern := range []string{"pacs/*/*/*.jpg", "camera-photos/*/*.jpg"} {
		found, err := filepath.Glob(filepath.Join("../../../shared/data", pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) == 0 {
		t.Skip("no real pictures under ../shared/data")
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	kernels.NewPool(2).Run(len(files), func(f int) {
		data, err := os.ReadFile(files[f])
		if err != nil {
			t.Error(err)
			return
		}
		p, err := imageio.Decode(data, imageio.DecodeOptions{})
		if err != nil {
			t.Error(err)
			return
		}
		for i := f; i < count; i += len(files) {
			draw := kernels.NewKey("crops", 1, 0, "crop", 0).Row(strconv.Itoa(i))
			w := min(p.W, p.H*4/3) * (60 + draw.IntN(0, 41)) / 100
			h := w * 3 / 4
			crop := imageio.Crop(p, draw.IntN(1, p.H-h+1), draw.IntN(2, p.W-w+1), h, w)
			data := imageio.EncodeJPEG(imageio.Resize(crop, 375, 500, imageio.Bicubic), 90)
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%06d.jpg", i)), data, 0o666); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestCorruptionMemory corrupts 10,000 pictures of 500 x 375 in two ways and
// stores them within 700 MiB; SHIFTMILL_PICTURES=500 takes fewer.
func TestCorruptionMemory(t *testing.T) {
	count, text := 10_000, os.Getenv("SHIFTMILL_PICTURES")
	if text == "" && os.Getenv("SHIFTMILL_SWEEP") == "" {
		t.Skip("takes minutes: SHIFTMILL_SWEEP=1 asks for it, or SHIFTMILL_PICTURES=500 for less")
	}
	if text != "" {
		var err error
		if count, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	crops(t, filepath.Join(dir, "photos"), count)
	spec := filepath.Join(dir, "corrupt.yaml")
	text = `shiftmill: v1
name: corrupt
stages:
  photos: {kind: source/images, with: {root: photos, pattern: "{file}"}}
  corrupted:
    kind: corrupt/imagenet-c
    from: photos
    cache: store
    matrix: {corruption: [gaussian_noise, motion_blur]}
    with: {corruption: $matrix.corruption, severity: [3]}
`
	if err := os.WriteFile(spec, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	cmd := program(t, "run", spec, "--store", filepath.Join(dir, "store"), "--workers", "2")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		t.Skip("no figures here")
	}
	peak := usage.Maxrss >> 10
	t.Logf("%d pictures: peak %d MiB, %v of CPU", count, peak, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
	if peak > 700 {
		t.Errorf("peak memory %d MiB, want at most 700", peak)
	}
}
