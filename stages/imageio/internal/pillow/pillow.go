// Package pillow lets tests ask Pillow, the reference of imageio's results. The environment variable SHIFTMILL_PEERS
// names a Python that has it; without the variable such tests are skipped.
package pillow

import (
	"bufio"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

//go:embed server.py
var server string

// Server is a running Python; it belongs to one test.
type Server struct {
	in  io.WriteCloser
	out *bufio.Reader
}

// Answer is what Pillow made: pixels of the given size and number of channels, or a file.
type Answer struct {
	H, W, C int
	Err     string
	Data    []byte
	Seconds float64 // processor time of a call that was timed
}

// Request is one call; its fields are those of server.py.
type Request struct {
	Op          string         `json:"op"`
	N           int            `json:"n"`
	H           int            `json:"h,omitempty"`
	W           int            `json:"w,omitempty"`
	ToH         int            `json:"to_h,omitempty"`
	ToW         int            `json:"to_w,omitempty"`
	Filter      int            `json:"filter"`
	Times       int            `json:"times,omitempty"`
	Scale       int            `json:"scale,omitempty"`
	Orient      bool           `json:"orient,omitempty"`
	Mode        string         `json:"mode,omitempty"`
	Orientation int            `json:"orientation,omitempty"`
	To          string         `json:"to,omitempty"`
	Format      string         `json:"format,omitempty"`
	Options     map[string]any `json:"options,omitempty"`
}

// Start runs the server for the length of a test, or skips the test where there is no Pillow.
func Start(t testing.TB) *Server {
	t.Helper()
	python := os.Getenv("SHIFTMILL_PEERS")
	if python == "" {
		t.Skip("SHIFTMILL_PEERS does not name a Python with Pillow")
	}
	cmd := exec.Command(python, "-c", server)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start SHIFTMILL_PEERS: %v", err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("pillow server: %v", err)
		}
	})
	return &Server{in: in, out: bufio.NewReaderSize(out, 1<<20)}
}

// Ask sends a request; a transport error ends the test, an error of Pillow's is in the answer.
func (s *Server) Ask(t testing.TB, r Request, data []byte) Answer {
	t.Helper()
	a, err := s.ask(r, data)
	if err != nil {
		t.Fatalf("pillow %s: %v", r.Op, err)
	}
	return a
}

// MustAsk is Ask where Pillow must succeed.
func (s *Server) MustAsk(t testing.TB, r Request, data []byte) Answer {
	t.Helper()
	a := s.Ask(t, r, data)
	if a.Err != "" {
		t.Fatalf("pillow %s: %s", r.Op, a.Err)
	}
	return a
}

func (s *Server) ask(r Request, data []byte) (Answer, error) {
	r.N = len(data)
	head, err := json.Marshal(r)
	if err != nil {
		return Answer{}, err
	}
	if _, err := s.in.Write(append(append(head, '\n'), data...)); err != nil {
		return Answer{}, err
	}
	line, err := s.out.ReadBytes('\n')
	if err != nil {
		return Answer{}, err
	}
	var a struct {
		H, W, C, N int
		Err        string
		Seconds    float64
	}
	if err := json.Unmarshal(line, &a); err != nil {
		return Answer{}, err
	}
	body := make([]byte, a.N)
	_, err = io.ReadFull(s.out, body)
	return Answer{H: a.H, W: a.W, C: a.C, Err: a.Err, Seconds: a.Seconds, Data: body}, err
}

// Compare says where got first differs from want and by how much at most, or returns "".
func Compare(got, want []byte, w, c int) string {
	if len(got) != len(want) {
		return fmt.Sprintf("%d values, want %d", len(got), len(want))
	}
	first, n, worst := -1, 0, 0
	for i, v := range got {
		if v != want[i] {
			if n++; first < 0 {
				first = i
			}
			worst = max(worst, int(v)-int(want[i]), int(want[i])-int(v))
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d values differ, by up to %d; first at row %d, column %d, channel %d: got %d, want %d",
		n, len(got), worst, first/(w*c), first/c%w, first%c, got[first], want[first])
}

// Photos lists real files under ../shared/data beside the project's root. Where the folder is missing, the test is skipped, except
// under CI=true, where it must not be.
func Photos(t testing.TB, root, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "..", "shared", "data", filepath.FromSlash(pattern)))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		if os.Getenv("CI") == "true" {
			t.Fatalf("no real pictures match ../shared/data/%s, which CI must have", pattern)
		}
		t.Skipf("no real pictures match ../shared/data/%s", pattern)
	}
	return files
}
