//go:build unix

package command_test

import (
	"archive/tar"
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/runs/table"
	"shiftmill/stages/command"
	"shiftmill/stages/model"
)

// TestMain makes of the test's binary the program that stages run.
func TestMain(m *testing.M) {
	if mode := os.Getenv("COMMAND_TEST"); mode != "" {
		if err := program(mode); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// runs is a command line that runs the test's binary as a program.
func runs(t *testing.T, mode string) string {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("COMMAND_TEST=%s '%s'", mode, binary)
}

func program(mode string) error {
	data, err := os.ReadFile(os.Getenv("SHIFTMILL_JOB"))
	if err != nil {
		return err
	}
	var job command.Job
	if err := json.Unmarshal(data, &job); err != nil {
		return err
	}
	switch mode {
	case "train":
		return learn(job)
	case "train-slowly":
		return learnSlowly(job)
	case "forget":
		return nil
	case "fail":
		fmt.Println("about to fail")
		return errors.New("no GPU today")
	}
	return predict(mode, job)
}

// learn writes what it was told and given as its weights.
func learn(job command.Job) error {
	fmt.Println("::progress 1/2 epochs")
	fmt.Println("::metric validation error=0.5")
	fmt.Println("::metric validation error=0.25")
	summary := map[string]any{"seed": job.Seed, "params": job.Params, "classes": job.Classes}
	for port, given := range job.Inputs {
		lines, err := rows(job, given)
		if err != nil {
			return err
		}
		if len(lines) != given.Rows {
			return fmt.Errorf("%d rows of %s, the job says %d", len(lines), port, given.Rows)
		}
		summary[port] = lines
	}
	for name, path := range job.Model {
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		summary["model "+name] = string(data)
	}
	data, err := json.Marshal(summary)
	if err != nil {
		return err
	}
	return os.WriteFile(job.Take["weights"], data, 0o666)
}

// rows reads given rows as "id label bytes-of-the-picture", sorted.
func rows(job command.Job, given command.Given) ([]string, error) {
	var lines []string
	add := func(id, label any, size int) { lines = append(lines, fmt.Sprintf("%v %v %d", id, label, size)) }
	switch {
	case given.Path == "":
		r, err := ipc.NewReader(os.Stdin)
		if err != nil {
			return nil, err
		}
		for r.Next() {
			tableRows(r.Record(), add)
		}
		return lines, r.Err()
	case strings.HasSuffix(given.Path, ".parquet"):
		data, err := os.ReadFile(given.Path)
		if err != nil {
			return nil, err
		}
		rec, err := table.Read(data, nil, memory.DefaultAllocator)
		if err != nil {
			return nil, err
		}
		tableRows(rec, add)
	case strings.HasSuffix(given.Path, ".jsonl"):
		f, err := os.Open(given.Path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		for s := bufio.NewScanner(f); s.Scan(); {
			var row struct {
				ID, Path string
				Label    any
			}
			if err := json.Unmarshal(s.Bytes(), &row); err != nil {
				return nil, err
			}
			data, err := os.ReadFile(row.Path)
			if err != nil {
				return nil, err
			}
			add(row.ID, row.Label, len(data))
		}
	default:
		err := filepath.WalkDir(given.Path, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if filepath.Ext(path) != ".tar" {
				add(filepath.Base(path), filepath.Base(filepath.Dir(path)), len(data))
				return nil
			}
			return tarRows(data, job.Classes, add)
		})
		if err != nil {
			return nil, err
		}
	}
	sort.Strings(lines)
	return lines, nil
}

func tableRows(rec arrow.Record, add func(id, label any, size int)) {
	images := rec.Column(1).(*array.Struct)
	for i := range int(rec.NumRows()) {
		var label any = ""
		if rec.NumCols() > 2 {
			label = rec.Column(2).ValueStr(i)
			if _, ok := rec.Column(2).(array.ListLike); ok {
				label = model.LabelsAt(rec.Column(2), i)
			}
		}
		add(rec.Column(0).ValueStr(i), label, len(images.Field(0).(*array.Binary).Value(i)))
	}
}

func tarRows(data []byte, classes []string, add func(id, label any, size int)) error {
	type sample struct {
		ID, class string
		Label     any
		size      int
	}
	samples := map[string]*sample{}
	for r := tar.NewReader(bytes.NewReader(data)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		name, ending, _ := strings.Cut(h.Name, ".")
		if samples[name] == nil {
			samples[name] = &sample{}
		}
		s := samples[name]
		content, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		switch ending {
		case "json":
			if err := json.Unmarshal(content, s); err != nil {
				return err
			}
		case "cls":
			n := 0
			if _, err := fmt.Sscan(string(content), &n); err != nil {
				return err
			}
			s.class = classes[n]
		default:
			s.size = len(content)
		}
	}
	for _, s := range samples {
		if _, one := s.Label.(string); one && s.class != s.Label {
			return fmt.Errorf("sample %q is of class %q, its label is %q", s.ID, s.class, s.Label)
		}
		add(s.ID, s.Label, s.size)
	}
	return nil
}

// learnSlowly counts to three, a line of its checkpoint at a time, and waits
// for a signal after the first line of its life.
func learnSlowly(job command.Job) error {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	had, err := os.ReadFile(job.Resume)
	if err == nil && len(had) > 0 {
		return os.WriteFile(job.Take["weights"], append(had, "second life\n"...), 0o666)
	}
	fmt.Println("::progress 1/3 epochs")
	select {
	case <-stop:
		return os.WriteFile(job.Resume, []byte("first life\n"), 0o666)
	case <-time.After(time.Minute):
		return errors.New("nobody stopped it")
	}
}

// predict scores each row by its number: class (number mod 3) gets 0.8.
func predict(mode string, job command.Job) error {
	lines, err := rows(job, job.Inputs["data"])
	if err != nil {
		return err
	}
	var ids []string
	for _, l := range lines {
		ids = append(ids, strings.Fields(l)[0])
	}
	switch mode {
	case "predict-half": // then it dies, leaving a file it was writing
		if err := write(job, "a.parquet", ids[:len(ids)/2]); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(job.Output, "b.parquet"), []byte("PAR1 and then nothing"), 0o666); err != nil {
			return err
		}
		return errors.New("out of memory")
	case "predict-wrong":
		ids = append(slices.Clone(ids[2:]), "row9999", ids[3])
	case "predict-none":
		return nil
	}
	return write(job, "rest.arrow", ids)
}

func write(job command.Job, name string, ids []string) error {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.BinaryTypes.String}, {Name: "scores", Type: arrow.ListOf(arrow.PrimitiveTypes.Float64)},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	list := b.Field(1).(*array.ListBuilder)
	for _, id := range ids {
		n := 0
		if _, err := fmt.Sscanf(id, "row%04d", &n); err != nil {
			return err
		}
		b.Field(0).(*array.StringBuilder).Append(id)
		list.Append(true)
		for k := range 3 {
			v := 0.1
			if k == n%3 {
				v = 0.8
			}
			list.ValueBuilder().(*array.Float64Builder).Append(v)
		}
	}
	rec := b.NewRecord()
	f, err := os.Create(filepath.Join(job.Output, name))
	if err != nil {
		return err
	}
	defer f.Close()
	if strings.HasSuffix(name, ".parquet") {
		w, err := table.NewWriter(f, schema, table.Options{})
		if err != nil {
			return err
		}
		return errors.Join(w.Write(rec), w.Close())
	}
	w := ipc.NewWriter(f, ipc.WithSchema(schema))
	return errors.Join(w.Write(rec), w.Close())
}
