package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/model"
)

// classesFile is the file of a trained model's output that lists its classes.
const classesFile = "classes.json"

// Training are the parameters of train/command.
type Training struct {
	Program `yaml:",inline"`
	Give    string            `yaml:"give" enum:"manifest|parquet|arrow|imagefolder|webdataset" doc:"how rows are handed over: a JSON line a row with the path of its file, a Parquet file, an Arrow stream on standard input (training rows alone), a folder of links by class, or tar files"`
	Take    map[string]string `yaml:"take" required:"true" doc:"files the program writes, by the names they are kept under, such as {weights: best.pt}; each is given an absolute path in the job"`
	Resume  string            `yaml:"resume" doc:"file of the program's checkpoint, kept over kills and requeues; given as an absolute path in the job, where it lies if a run was stopped"`
}

// Train is train/command: a program of the user's trains on rows and leaves
// files.
//
// Output: the files of "take", each under its name there with the ending of its
// path, classes.json (class names, ascending), and log.txt (what the program
// printed).
func Train() *stages.Kind {
	return stages.Define(stages.Def[Training]{
		Name: "train/command", Version: 1, Shape: stages.Aggregate, Random: true, External: true,
		Doc: "Runs a training program of yours on rows and keeps the files it writes.",
		In: []stages.Port{
			{Name: "train", Doc: "rows to learn from: image and label, or lists of labels"},
			{Name: "val", Doc: "rows to choose by", Optional: true},
			{Name: "model", Doc: "files to begin with, such as weights of another train/command", Type: stages.Files, Optional: true},
		},
		Config: Training{Program: Program{Label: "label"}, Give: "manifest"},
		Check: func(c *Training) []pipeline.Problem {
			problems := c.check()
			seen := map[string]string{}
			for _, name := range slices.Sorted(maps.Keys(c.Take)) {
				path := c.Take[name]
				if !filepath.IsLocal(path) {
					problems = append(problems, pipeline.Problem{Field: "take." + name, Msg: fmt.Sprintf("must be a path in the job's folder, got %q", path)})
				}
				kept := keptName(name, path)
				switch {
				case kept == classesFile || kept == logName:
					problems = append(problems, pipeline.Problem{Field: "take." + name, Msg: kept + " is kept anyway; take another name"})
				case seen[kept] != "":
					problems = append(problems, pipeline.Problem{Field: "take." + name, Msg: fmt.Sprintf("would be kept as %s like %s", kept, seen[kept])})
				}
				seen[kept] = name
			}
			if c.Resume != "" && !filepath.IsLocal(c.Resume) {
				problems = append(problems, pipeline.Problem{Field: "resume", Msg: fmt.Sprintf("must be a path in the job's folder, got %q", c.Resume)})
			}
			return problems
		},
		Outputs: func(*Training) []stages.Output { return []stages.Output{{Type: stages.Files}} },
		Columns: func(c *Training, in stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			var problems []pipeline.Problem
			for _, port := range []string{"train", "val"} {
				if s := in[port]; s != nil {
					problems = append(problems, model.ImageProblems(s, port)...)
					problems = append(problems, model.LabelsProblems(s, port, c.Label)...)
				}
			}
			return nil, problems
		},
		Reads: func(c *Training, port string, in *arrow.Schema) []string {
			if port == "model" {
				return nil
			}
			return append(model.Present(in, model.ImageColumn, c.Label), c.Also...)
		},
		Try: func(c *Training) { c.Trial = true },
		New: func(c *Training) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				return c.run(ctx, in, out)
			}), nil
		},
	})
}

// keptName is the name of a file in the output.
func keptName(name, path string) string { return name + filepath.Ext(path) }

func (c *Training) run(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
	for _, port := range []string{"train", "val"} {
		if input := in.One(port); input != nil {
			for _, p := range append(model.ImageProblems(input.Schema(), port), model.LabelsProblems(input.Schema(), port, c.Label)...) {
				return errors.New(p.Msg) // where the columns were unknown before the run
			}
		}
	}
	classes, err := classesOf(ctx, in.One("train"), c.Label)
	if err != nil {
		return err
	}
	written := filepath.Join(in.Folder, "out")
	job := &Job{Seed: in.Seed, Params: plain(c.Params), Trial: c.Trial, Folder: in.Folder, Give: c.Give, Classes: classes, Inputs: map[string]Given{}, Take: map[string]string{}}
	for name, path := range c.Take {
		job.Take[name] = filepath.Join(written, filepath.FromSlash(path))
	}
	if c.Resume != "" {
		job.Resume = filepath.Join(written, filepath.FromSlash(c.Resume))
	}
	for _, path := range append([]string{job.Resume}, values(job.Take)...) {
		if path != "" {
			if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
				return err
			}
		}
	}
	if _, err := os.Stat(job.Resume); c.Resume != "" && err == nil {
		out.Note("the program finds its checkpoint %s", c.Resume)
	}
	if job.Model, err = giveModel(in, in.Folder); err != nil {
		return err
	}
	stdin, err := c.handOver(ctx, in, job, out)
	if err != nil {
		return err
	}
	if err := start(ctx, c.Run, in, job, out, stdin); err != nil {
		return err
	}
	return c.collect(job, classes, out)
}

// handOver gives the rows of both ports; stdin is set when training rows come
// on standard input.
func (c *Training) handOver(ctx context.Context, in *stages.Inputs, job *Job, out stages.Sink) (stdin func(io.Writer) error, err error) {
	rows := filepath.Join(in.Folder, "inputs")
	if err := os.RemoveAll(rows); err != nil { // of an earlier attempt
		return nil, err
	}
	for _, port := range []string{"train", "val"} {
		input := in.One(port)
		if input == nil {
			continue
		}
		h := &handover{images: in.Images, workers: in.Workers, label: c.Label, also: c.Also, dir: filepath.Join(rows, port),
			report: func(rows int) { out.Progress(int64(rows), int64(input.Len()), "rows handed over") }}
		form := c.Give
		if form == "arrow" && port == "train" {
			h.report = func(int) {}
			job.Inputs[port] = Given{Rows: input.Len()}
			stdin = func(w io.Writer) error { return h.stream(ctx, input, w) }
			continue
		}
		if form == "arrow" { // there is one standard input
			form = "parquet"
		}
		if job.Inputs[port], err = h.give(ctx, input, form, job.Classes); err != nil {
			return nil, fmt.Errorf("hand over %s: %w", port, err)
		}
	}
	return stdin, nil
}

// collect keeps what the program has written; all that was asked for must be
// there.
func (c *Training) collect(job *Job, classes []string, out stages.Sink) error {
	var missing []string
	for _, name := range slices.Sorted(maps.Keys(job.Take)) {
		data, err := os.ReadFile(job.Take[name])
		if errors.Is(err, fs.ErrNotExist) {
			missing = append(missing, fmt.Sprintf("%s (%s)", name, c.Take[name]))
			continue
		}
		if err == nil {
			err = out.WriteFile("", keptName(name, c.Take[name]), data)
		}
		if err != nil {
			return fmt.Errorf("keep %s: %w", c.Take[name], err)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("the program ended well but did not write %s; it finds the paths in its job, under \"take\"", strings.Join(missing, ", "))
	}
	list, err := json.Marshal(classes)
	if err != nil {
		return err
	}
	if err := out.WriteFile("", classesFile, append(list, '\n')); err != nil {
		return err
	}
	log, err := os.ReadFile(filepath.Join(job.Folder, logName))
	if err != nil {
		return err
	}
	return out.WriteFile("", logName, log)
}

func values(m map[string]string) []string {
	list := make([]string, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		list = append(list, m[k])
	}
	return list
}

// classesOf are the distinct labels of an input, ascending.
func classesOf(ctx context.Context, input stages.Input, label string) ([]string, error) {
	seen := map[string]bool{}
	err := input.Each(ctx, func(rec arrow.Record) error {
		labels := column(rec, label)
		for i := range labels.Len() {
			if labels.IsNull(i) {
				return &stages.RowError{ID: column(rec, "id").(*array.String).Value(i), Err: fmt.Errorf("it has no %q; leave rows without a label out with a split", label)}
			}
			for _, l := range model.LabelsAt(labels, i) {
				if !seen[l] {
					seen[strings.Clone(l)] = true
				}
			}
		}
		return nil
	})
	classes := make([]string, 0, len(seen))
	for c := range seen {
		classes = append(classes, c)
	}
	sort.Strings(classes)
	return classes, err
}

// giveModel writes the files of the model port into the job's folder.
func giveModel(in *stages.Inputs, folder string) (map[string]string, error) {
	m := in.One("model")
	if m == nil {
		return nil, nil
	}
	files := map[string]string{}
	for _, name := range m.FileNames() {
		data, err := m.File(name)
		if err != nil {
			return nil, fmt.Errorf("read model of %s: %w", m.Stage(), err)
		}
		local, err := filepath.Localize(name)
		if err != nil {
			return nil, fmt.Errorf("model of %s: %w", m.Stage(), err)
		}
		path := filepath.Join(folder, "model", local)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return nil, err
		}
		if err := os.WriteFile(path, data, 0o666); err != nil {
			return nil, err
		}
		files[strings.TrimSuffix(name, filepath.Ext(name))] = path
	}
	return files, nil
}
