package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/model"
)

// gather is about how many rows a program is started for: enough that loading
// a network onto a device does not count, few enough that scores of a thousand
// classes fit in memory (256 MB) and that a kill costs little.
const gather = 1 << 16

// Prediction are the parameters of predict/command.
type Prediction struct {
	Program    `yaml:",inline"`
	Give       string     `yaml:"give" enum:"manifest|parquet|arrow" doc:"how rows are handed over: a JSON line a row with the path of its file, a Parquet file, or an Arrow stream on standard input"`
	Classes    ClassList  `yaml:"classes" doc:"class names in the order of the scores; by default those of the model that train/command made"`
	Activation Activation `yaml:"activation" enum:"none|softmax|sigmoid" doc:"what makes probabilities of the program's scores"`
}

// Predict is predict/command: a program of the user's scores rows.
//
// The program writes any number of Parquet or Arrow IPC files into the folder
// that its job names as output: id, and scores (a list of as many numbers as
// there are classes) or a column for each class. A file counts when it has its
// final name, so a program that writes under another name and renames may be
// killed at any time; rows of finished files are not asked for again.
//
// It writes scores: a fixed-size list of float32, with the class names as a
// JSON list in the field's metadata under "classes", as evaluate/classify
// wants them.
//
// Test sets that wait for the same model are one job: the program starts once
// for all of them, while each set has its own keys and results. A row says which
// set it is of (column set). An id that stands in several sets, such as those of
// one picture under many corruptions, is told apart by the set's number before it.
func Predict() *stages.Kind {
	return stages.Define(stages.Def[Prediction]{
		Name: "predict/command", Version: 1, Shape: stages.RowWise, External: true, Gather: gather,
		Doc: "Runs a program of yours that scores rows, such as a network on your GPU.",
		In: []stages.Port{
			{Name: "data", Doc: "rows to score: image"},
			{Name: "model", Doc: "files that the program needs, such as those of train/command", Type: stages.Files, Optional: true},
		},
		Config:  Prediction{Program: Program{Label: "label"}, Give: "manifest", Activation: "none"},
		Check:   func(c *Prediction) []pipeline.Problem { return append(c.check(), c.Classes.check()...) },
		Outputs: func(*Prediction) []stages.Output { return []stages.Output{{Base: "data"}} },
		Columns: func(c *Prediction, in stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			var problems []pipeline.Problem
			if s := in["data"]; s != nil {
				problems = model.ImageProblems(s, "data")
			}
			if len(c.Classes) == 0 {
				return nil, problems // the model's files say
			}
			return stages.Schemas{"": arrow.NewSchema([]arrow.Field{scoresField(c.Classes)}, nil)}, problems
		},
		Reads: func(c *Prediction, port string, in *arrow.Schema) []string {
			if port != "data" {
				return nil
			}
			return append(model.Present(in, model.ImageColumn), c.Also...)
		},
		Try: func(c *Prediction) { c.Trial = true },
		New: func(c *Prediction) (stages.Stage, error) { return predictor{c}, nil },
	})
}

// A predictor is predict/command made ready.
type predictor struct{ c *Prediction }

// Run scores the rows of one set.
func (p predictor) Run(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
	return p.Gather(ctx, in, []stages.Sink{out})
}

// Gather scores the rows of all sets with one start of the program.
func (p predictor) Gather(ctx context.Context, in *stages.Inputs, out []stages.Sink) error {
	return p.c.run(ctx, in, out)
}

func (c *Prediction) run(ctx context.Context, in *stages.Inputs, out []stages.Sink) error {
	for _, set := range in.Ports["data"] {
		for _, p := range model.ImageProblems(set.Schema(), "data") {
			return errors.New(p.Msg)
		}
	}
	classes, err := c.classes(in)
	if err != nil {
		return err
	}
	data, err := joinSets(ctx, in.Ports["data"], c.Also)
	if err != nil {
		return err
	}
	job := &Job{Params: plain(c.Params), Trial: c.Trial, Folder: in.Folder, Give: c.Give, Classes: classes, Sets: data.names,
		Inputs: map[string]Given{}, Output: filepath.Join(in.Folder, "predictions")}
	if err := os.MkdirAll(job.Output, 0o777); err != nil {
		return err
	}
	got := newCollection(data.sortedIDs(), classes)
	if err := got.salvage(ctx, job.Output); err != nil {
		return err
	}
	if n := got.count(); n > 0 {
		out[0].Note("%d of %d rows were scored before the program was stopped", n, data.Len())
	}
	if got.count() < data.Len() {
		if job.Model, err = giveModel(in, in.Folder); err != nil {
			return err
		}
		stdin, err := c.handOver(ctx, in, data, job, got, out[0])
		if err != nil {
			return err
		}
		if err := start(ctx, c.Run, in, job, out[0], stdin); err != nil {
			return err
		}
		if err := got.read(ctx, job.Output); err != nil {
			return err
		}
	}
	if err := got.problems(); err != nil {
		return err
	}
	got.activate(c.Activation)
	for i, sink := range out {
		if err := got.write(sink, data.ids[i], data.handles[i]); err != nil {
			return err
		}
	}
	return nil
}

// classes are those of the parameters, else those of the model.
func (c *Prediction) classes(in *stages.Inputs) ([]string, error) {
	if len(c.Classes) > 0 {
		return c.Classes, nil
	}
	if m := in.One("model"); m != nil {
		for _, name := range m.FileNames() {
			if name != classesFile {
				continue
			}
			data, err := m.File(name)
			if err != nil {
				return nil, err
			}
			var classes ClassList
			if err := classes.parse(data); err != nil {
				return nil, fmt.Errorf("%s of %s: %w", classesFile, m.Stage(), err)
			}
			return classes, nil
		}
	}
	return nil, errors.New("nobody says which classes the scores are of: give classes: [...] in their order, or a model of train/command")
}

// handOver gives the rows that have no scores yet.
func (c *Prediction) handOver(ctx context.Context, in *stages.Inputs, data *joinedSets, job *Job, got *collection, out stages.Sink) (stdin func(io.Writer) error, err error) {
	rows := filepath.Join(in.Folder, "inputs")
	if err := os.RemoveAll(rows); err != nil { // of an earlier attempt
		return nil, err
	}
	left := data.Len() - got.count()
	h := &handover{images: in.Images, workers: in.Workers, also: data.also, dir: filepath.Join(rows, "data"), skip: got.known(),
		report: func(rows int) { out.Progress(int64(rows), int64(left), "rows handed over") }}
	if c.Give == "arrow" {
		h.report = func(int) {}
		job.Inputs["data"] = Given{Rows: left}
		return func(w io.Writer) error { return h.stream(ctx, data, w) }, nil
	}
	job.Inputs["data"], err = h.give(ctx, data, c.Give, job.Classes)
	return nil, err
}
