package cli_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"shiftmill/engine/cli"
	"shiftmill/kernels/opencl"
)

var update = flag.Bool("update", false, "rewrite what the scripts compare with")

// TestMain lets the test binary stand for the program in scripts.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"shiftmill": func() { os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
	})
}

// TestScripts runs the program as a user types it. Beside the commands of
// testscript there are:
//
//	exits CODE PROGRAM ARG...   runs a program and compares its exit code
//	scrub FROM TO               copies text with run names, times and durations replaced
//	jsonlines FILE              checks that every line is a JSON object
//	png FILE SIDE SHADE         writes a picture: a square with a dot
//	pngsize FILE WIDTH HEIGHT   compares the size of a picture
//	await PATTERN               waits until a file is there, at most a minute
//	damage PATTERN...           changes the middle byte of every file that matches
//	replace FILE OLD NEW        replaces every OLD, of which there must be one
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		UpdateScripts:       *update,
		Condition:           condition,
		Setup: func(e *testscript.Env) error {
			// Scripts have no home: PoCL would compile its kernels for every one.
			if dir, err := os.UserCacheDir(); err == nil {
				e.Setenv("POCL_CACHE_DIR", filepath.Join(dir, "pocl", "kcache"))
			}
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits": exits, "scrub": scrub, "jsonlines": jsonLines, "png": writePNG, "replace": replace, "pngsize": pngSize, "await": await, "damage": damage,
		},
	})
}

// condition tells whether there is a device that "--device opencl:0" means.
// Under CI=true there must be one.
func condition(name string) (bool, error) {
	if name != "opencl" {
		return false, fmt.Errorf("no condition %q", name)
	}
	_, err := opencl.List()
	if err != nil && (os.Getenv("CI") == "true" || !errors.Is(err, opencl.ErrNone)) {
		return false, err
	}
	return err == nil, nil
}

func wants(ts *testscript.TestScript, neg bool, args []string, n int, form string) {
	if neg || len(args) < n {
		ts.Fatalf("usage: %s", form)
	}
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 2, "exits CODE PROGRAM ARG...")
	code := 0
	err := ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

var scrubbed = []struct {
	what *regexp.Regexp
	by   string
}{
	{regexp.MustCompile(`\d{8}T\d{6}\.\d{3}-\d+`), "RUN"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?`), "TIME"},
	{regexp.MustCompile(`\b\d+(\.\d+)?(µs|ms|s)\b`), "TOOK"},
	{regexp.MustCompile(`\b\d+(\.\d+)? (B|kB|MB) to store`), "SIZE to store"},
	{regexp.MustCompile(`\b(loss|error|gap)=[-0-9.e]+`), "$1=N"},
	{regexp.MustCompile(`\b(loss|error|gap): \S+ -> \S+ +\(\S+\)`), "$1: N -> N (N)"},
	{regexp.MustCompile(`\b[0-9a-f]{64}\b`), "SHA256"},
	{regexp.MustCompile(`\b[0-9a-f]{12}\b`), "SHORT"},
}

func scrub(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 2, "scrub FROM TO")
	text := strings.ReplaceAll(ts.ReadFile(args[0]), ts.Getenv("WORK"), "WORK")
	for _, s := range scrubbed {
		text = s.what.ReplaceAllString(text, s.by)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o666))
}

func jsonLines(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 1, "jsonlines FILE")
	lines := strings.Split(strings.TrimSpace(ts.ReadFile(args[0])), "\n")
	for _, l := range lines {
		var v map[string]any
		if err := json.Unmarshal([]byte(l), &v); err != nil {
			ts.Fatalf("no JSON object: %s: %v", l, err)
		}
	}
}

func writePNG(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 3, "png FILE SIDE SHADE")
	side, err := strconv.Atoi(args[1])
	ts.Check(err)
	shade, err := strconv.Atoi(args[2])
	ts.Check(err)
	img := image.NewGray(image.Rect(0, 0, side, side))
	for i := range img.Pix {
		img.Pix[i] = uint8(shade)
	}
	img.SetGray(shade%side, side/2, color.Gray{Y: 255})
	var buf bytes.Buffer
	ts.Check(png.Encode(&buf, img))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), buf.Bytes(), 0o666))
}

func pngSize(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 3, "pngsize FILE WIDTH HEIGHT")
	c, err := png.DecodeConfig(strings.NewReader(ts.ReadFile(args[0])))
	ts.Check(err)
	if w, h := strconv.Itoa(c.Width), strconv.Itoa(c.Height); w != args[1] || h != args[2] {
		ts.Fatalf("%s is %s x %s, want %s x %s", args[0], w, h, args[1], args[2])
	}
}

func await(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 1, "await PATTERN")
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		found, err := filepath.Glob(ts.MkAbs(args[0]))
		ts.Check(err)
		if len(found) > 0 {
			return
		}
	}
	ts.Fatalf("%s does not come", args[0])
}

func damage(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 1, "damage PATTERN...")
	hit := 0
	for _, pattern := range args {
		files, err := filepath.Glob(ts.MkAbs(pattern))
		ts.Check(err)
		for _, f := range files {
			data, err := os.ReadFile(f)
			ts.Check(err)
			if len(data) == 0 {
				continue
			}
			data[len(data)/2] ^= 1
			ts.Check(os.WriteFile(f, data, 0o666))
			hit++
		}
	}
	if hit == 0 {
		ts.Fatalf("no file matches")
	}
}

func replace(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, args, 3, "replace FILE OLD NEW")
	text := ts.ReadFile(args[0])
	if n := strings.Count(text, args[1]); n != 1 {
		ts.Fatalf("%s holds %q %d times, want once", args[0], args[1], n)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(text, args[1], args[2], 1)), 0o666))
}
