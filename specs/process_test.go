//go:build unix

package specs_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/engine"
	"shiftmill/pipeline"
	"shiftmill/runs"
	"shiftmill/stages/all"
)

// roleVariable says what a process is that a test started: the engine, or a
// program that a stage starts.
const roleVariable = "SHIFTMILL_TEST_ROLE"

func TestMain(m *testing.M) {
	roles := map[string]func() error{"engine": runEngine, "trainer": runTrainer, "scorer": runScorer}
	role, ok := roles[os.Getenv(roleVariable)]
	if !ok {
		os.Exit(m.Run())
	}
	if err := role(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// program is the command line that makes this test's binary a program of a stage.
func program(t *testing.T, role string) string {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s=%s exec '%s'", roleVariable, role, binary)
}

// runEngine runs the spec and the store that the arguments name. It prints a line
// for each step that a training stage reports, and the digest of its weights.
func runEngine() error {
	file, dir := os.Args[1], os.Args[2]
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	g, err := pipeline.Parse(file, text, pipeline.Options{Vocabulary: all.Registry()})
	if err != nil {
		return err
	}
	store, err := runs.Open(dir, runs.Options{})
	if err != nil {
		return err
	}
	e, err := engine.New(g, all.Registry(), store, engine.Options{Workers: 1, Listen: func(ev engine.Event) {
		switch {
		case ev.Type == engine.Progress && (ev.Unit == "images" || ev.Unit == "steps"):
			fmt.Println("at", ev.Done, ev.Total)
		case ev.Type == engine.NodeDone && ev.Err != nil:
			fmt.Fprintln(os.Stderr, ev.Err)
		}
	}})
	if err != nil {
		return err
	}
	if err := e.Run(context.Background()); err != nil {
		return err
	}
	for name, d := range e.Outputs()["net"][""] {
		if strings.HasPrefix(name, "weights.") {
			fmt.Println("weights", d)
		}
	}
	return store.Close()
}

// aJob is what a program is told, as far as these ones read it.
type aJob struct {
	Seed   uint64
	Sets   []string
	Inputs map[string]struct{ Path string }
	Take   map[string]string
	Resume string
	Output string
	Params map[string]any
}

func readJob() (j aJob, err error) {
	data, err := os.ReadFile(os.Getenv("SHIFTMILL_JOB"))
	if err != nil {
		return j, err
	}
	return j, json.Unmarshal(data, &j)
}

// replace writes a file so that it is there whole or not at all.
func replace(name string, data []byte) error {
	if err := os.WriteFile(name+".part", data, 0o666); err != nil {
		return err
	}
	return os.Rename(name+".part", name)
}

// runTrainer "learns" by hashing: each step's state follows from the one before
// and a row. A checkpoint is kept every 25 steps, so that a kill costs some.
func runTrainer() error {
	job, err := readJob()
	if err != nil {
		return err
	}
	f, err := os.Open(job.Inputs["train"].Path)
	if err != nil {
		return err
	}
	defer f.Close()
	var rows []string
	for d := json.NewDecoder(f); ; {
		var row struct{ ID, SHA256 string }
		if err := d.Decode(&row); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		rows = append(rows, row.ID+row.SHA256)
	}
	steps := int(job.Params["steps"].(float64))
	first, state := 0, sha256.Sum256([]byte(strconv.FormatUint(job.Seed, 10)))
	if kept, err := os.ReadFile(job.Resume); err == nil {
		var was []byte
		if _, err := fmt.Sscanf(string(kept), "%d %x", &first, &was); err != nil {
			return fmt.Errorf("checkpoint %q: %w", kept, err)
		}
		copy(state[:], was)
	}
	for step := first; step < steps; step++ {
		for range 1000 { // half a millisecond or so
			state = sha256.Sum256(append(state[:], rows[step%len(rows)]...))
		}
		if (step+1)%25 == 0 {
			if err := replace(job.Resume, fmt.Appendf(nil, "%d %x", step+1, state)); err != nil {
				return err
			}
		}
		fmt.Printf("::progress %d/%d steps\n", step+1, steps)
	}
	return os.WriteFile(job.Take["weights"], fmt.Appendf(nil, "%x", state), 0o666)
}

// runScorer scores rows by their set and adds a line with its sets and rows to
// a file, so that a test sees how often it was started and for what.
func runScorer() error {
	job, err := readJob()
	if err != nil {
		return err
	}
	f, err := os.Open(job.Inputs["data"].Path)
	if err != nil {
		return err
	}
	defer f.Close()
	schema := arrow.NewSchema([]arrow.Field{{Name: "id", Type: arrow.BinaryTypes.String}, {Name: "a", Type: arrow.PrimitiveTypes.Float32}, {Name: "b", Type: arrow.PrimitiveTypes.Float32}}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	rows := map[string]int{}
	for d := json.NewDecoder(f); ; {
		var row struct{ ID, Set, Path string }
		if err := d.Decode(&row); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		rows[row.Set]++
		data, err := os.ReadFile(row.Path)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data) // of the picture: whose scores are mixed up is seen
		b.Field(0).(*array.StringBuilder).Append(row.ID)
		b.Field(1).(*array.Float32Builder).Append(float32(sum[0]) / 256)
		b.Field(2).(*array.Float32Builder).Append(float32(sum[1]) / 256)
	}
	started, err := os.OpenFile(job.Params["log"].(string), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	defer started.Close()
	line, err := json.Marshal(rows)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(started, "%s\n", line); err != nil {
		return err
	}
	out, err := os.Create(filepath.Join(job.Output, "scores.part"))
	if err != nil {
		return err
	}
	w := ipc.NewWriter(out, ipc.WithSchema(schema))
	if err := errors.Join(w.Write(b.NewRecord()), w.Close(), out.Close()); err != nil {
		return err
	}
	return os.Rename(out.Name(), filepath.Join(job.Output, "scores.arrow"))
}
