package command

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/pipeline"
	"shiftmill/stages"
)

// Imported are the parameters of predictions/import.
type Imported struct {
	File       pipeline.File `yaml:"file" required:"true" doc:"predictions: Parquet or Arrow (id and scores, or a column for each class), CSV (id and a column for each class), or .npy (rows by classes)"`
	IDs        pipeline.File `yaml:"ids" doc:"text file with the id of each row of an .npy file, a line each"`
	Classes    ClassList     `yaml:"classes" required:"true" doc:"class names in the order of the scores"`
	Activation Activation    `yaml:"activation" enum:"none|softmax|sigmoid" doc:"what makes probabilities of the scores"`
	Missing    string        `yaml:"missing" enum:"error|drop" doc:"rows without a prediction: an error, or left out and named"`
	Unknown    string        `yaml:"unknown" enum:"error|ignore" doc:"predictions for rows that are not there: an error, or counted"`
}

// Import is predictions/import: it joins predictions that were made elsewhere
// to rows, by id.
//
// It writes scores, as predict/command does.
func Import() *stages.Kind {
	return stages.Define(stages.Def[Imported]{
		Name: "predictions/import", Version: 1, Shape: stages.Index,
		Doc:    "Joins predictions that were made elsewhere to rows, by id.",
		In:     []stages.Port{{Name: "data", Doc: "the rows that were scored"}},
		Config: Imported{Activation: "none", Missing: "error", Unknown: "error"},
		Check: func(c *Imported) []pipeline.Problem {
			problems := c.Classes.check()
			npy := strings.EqualFold(filepath.Ext(string(c.File)), ".npy")
			switch {
			case len(c.Classes) == 0:
				problems = append(problems, pipeline.Problem{Field: "classes", Msg: "must name at least one class"})
			case npy && c.IDs == "":
				problems = append(problems, pipeline.Problem{Field: "ids", Msg: "must be given with an .npy file, which has no ids: a text file with a line for each row"})
			case !npy && c.IDs != "":
				problems = append(problems, pipeline.Problem{Field: "ids", Msg: "is for .npy files; other files have a column \"id\""})
			}
			return problems
		},
		Outputs: func(*Imported) []stages.Output { return []stages.Output{{Base: "data"}} },
		Columns: func(c *Imported, _ stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			if len(c.Classes) == 0 {
				return nil, nil
			}
			return stages.Schemas{"": arrow.NewSchema([]arrow.Field{scoresField(c.Classes)}, nil)}, nil
		},
		New: func(c *Imported) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				return c.run(ctx, in, out)
			}), nil
		},
	})
}

func (c *Imported) run(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
	ids, err := idsOf(ctx, in.One("data"))
	if err != nil {
		return err
	}
	got := newCollection(ids, c.Classes)
	file := string(c.File)
	switch strings.ToLower(filepath.Ext(file)) {
	case ".csv":
		err = readCSV(ctx, file, c.Classes, got.add)
	case ".npy":
		err = readMatrix(ctx, file, string(c.IDs), got.add)
	default:
		err = readScores(ctx, file, c.Classes, got.add)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(file), err)
	}
	if c.Unknown == "ignore" && got.unknown.n > 0 {
		out.Note("%d predictions are of rows that are not there, the first is %q; they are ignored", got.unknown.n, got.unknown.first)
		got.unknown = tally{}
	}
	if c.Missing == "drop" && got.count() < len(ids) {
		got.drop(out, "no prediction")
	}
	if err := got.problems(); err != nil {
		return err
	}
	got.activate(c.Activation)
	return got.write(out, got.ids, got.ids)
}

// readCSV reads a table with a header: id and a column for each class; other
// columns are passed over.
func readCSV(ctx context.Context, path string, classes []string, add func(string, []float32)) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	r := csv.NewReader(bufio.NewReaderSize(f, 1<<20))
	r.ReuseRecord = true
	header, err := r.Read()
	if err != nil {
		return fmt.Errorf("its header: %w", err)
	}
	header[0] = strings.TrimPrefix(header[0], "\ufeff")
	at := map[string]int{}
	for i, name := range header {
		if _, twice := at[name]; twice {
			return fmt.Errorf("its header has column %q twice", name)
		}
		at[strings.Clone(name)] = i
	}
	id, ok := at["id"]
	if !ok {
		return fmt.Errorf(`it has no column "id"; it has %s`, strings.Join(header, ", "))
	}
	places := make([]int, len(classes))
	for k, class := range classes {
		if places[k], ok = at[class]; !ok {
			return fmt.Errorf("it has no column for class %q", class)
		}
	}
	scores := make([]float32, len(classes))
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for k, place := range places {
			v, err := strconv.ParseFloat(strings.TrimSpace(row[place]), 32)
			if err != nil {
				line, _ := r.FieldPos(place)
				return fmt.Errorf("line %d, column %q: %q is no number", line, classes[k], row[place])
			}
			scores[k] = float32(v)
		}
		add(strings.Clone(row[id]), scores)
	}
}
