//go:build unix

package specs_test

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestTrainingIsKilled kills a process that trains five times (SIGKILL), each time
// further on, wherever it then stands. The same command goes on, and the weights
// in the end are those of an undisturbed run, bit by bit: for train/classifier, and
// for a program of the user's that keeps a checkpoint (resume).
func TestTrainingIsKilled(t *testing.T) {
	const data = `shiftmill: v1
name: killed
seed: 5
stages:
  photos: {kind: source/storefronts, with: {count: 400, size: 16}}
  split: {kind: split/shift, from: photos, with: {base: {}, sizes: {train: 160, val: 40, iid: 20}, leakage: off}}
`
	for name, net := range map[string]string{
		"classifier": `  net:
    kind: train/classifier
    from: {train: split.train, val: split.val}
    with: {size: 16, batch_size: 16, budget: {epochs: 16}, keep: best, online: [speckle, {noise2net: {share: 0.5}}]}
`,
		"command": fmt.Sprintf(`  net:
    kind: train/command
    from: {train: split.train}
    with: {run: %q, code: [], params: {steps: 2000}, take: {weights: w.txt}, resume: last.txt}
`, program(t, "trainer")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			spec := filepath.Join(dir, "killed.yaml")
			if err := os.WriteFile(spec, []byte(data+net), 0o666); err != nil {
				t.Fatal(err)
			}
			want, _ := train(t, spec, filepath.Join(dir, "undisturbed"), 2)
			if len(want) != 64 {
				t.Fatalf("weights %q", want)
			}
			seed := uint64(time.Now().UnixNano())
			random := rand.New(rand.NewPCG(seed, 0))
			t.Logf("seed %d", seed)
			store := filepath.Join(dir, "store")
			for k := range 5 {
				share := (float64(k) + random.Float64()) / 6.5
				if got, at := train(t, spec, store, share); got != "" {
					t.Fatalf("kill %d: the run ended before it could be killed at %.2f", k+1, share)
				} else {
					t.Logf("killed at %.2f of the training", at)
				}
			}
			if got, _ := train(t, spec, store, 2); got != want {
				t.Errorf("after five kills:\n got %s\nwant %s", got, want)
			}
		})
	}
}

// train runs a spec in a process, which is killed when a share of its training is
// done, and returns the digest of the weights, if it ended, and how far it came.
func train(t *testing.T, spec, store string, share float64) (weights string, at float64) {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, spec, store)
	cmd.Env = append(os.Environ(), roleVariable+"=engine")
	var bad bytes.Buffer
	cmd.Stderr = &bad
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	killed := false
	for s := bufio.NewScanner(out); s.Scan(); {
		if text, ok := strings.CutPrefix(s.Text(), "weights "); ok {
			weights = text
		}
		var done, total int
		if _, err := fmt.Sscanf(s.Text(), "at %d %d", &done, &total); err != nil {
			continue
		}
		if at = float64(done) / float64(total); at >= share && !killed {
			killed = true
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); (err != nil) != killed {
		t.Fatalf("the process ended with %v, killed: %v\n%s", err, killed, bad.String())
	}
	if killed {
		weights = ""
	}
	return weights, at
}
