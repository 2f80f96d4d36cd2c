package command

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"shiftmill/pipeline"
)

// jobFormat changes when a program that reads an older job would go wrong.
const jobFormat = "shiftmill/job/1"

// A Job is what a program is told. All paths are absolute; fields that do not
// concern it are left out.
type Job struct {
	Format string `json:"format"`          // shiftmill/job/1
	Seed   uint64 `json:"seed"`            // for every random number of the program
	Params any    `json:"params"`          // with.params of the spec, as it stands there
	Trial  bool   `json:"trial,omitempty"` // of run --try: one epoch over the few rows will do
	Folder string `json:"folder"`          // kept until the job is done; anything may be written here

	Give    string           `json:"give"` // how rows are handed over
	Inputs  map[string]Given `json:"inputs"`
	Classes []string         `json:"classes,omitempty"` // in the order of labels as numbers, and of scores
	Sets    []string         `json:"sets,omitempty"`    // names of the test sets that rows are of, in their column set

	Model  map[string]string `json:"model,omitempty"`  // files of the model, by name
	Take   map[string]string `json:"take,omitempty"`   // files to write, by name
	Resume string            `json:"resume,omitempty"` // where a checkpoint belongs, and lies after a kill
	Output string            `json:"output,omitempty"` // folder for files of predictions
}

// A Given is a set of rows that a program is handed.
type Given struct {
	Rows int    `json:"rows"`
	Path string `json:"path,omitempty"` // a file, or a folder; none when the rows come on standard input
}

// write puts the job into its folder and returns the path of the file.
func (j *Job) write() (string, error) {
	j.Format = jobFormat
	data, err := json.MarshalIndent(j, "", "  ")
	if err != nil {
		return "", err
	}
	path := filepath.Join(j.Folder, jobName)
	return path, os.WriteFile(path, append(data, '\n'), 0o666)
}

// plain turns a value of a spec into what encoding/json writes as the same
// value.
func plain(v pipeline.Value) any {
	switch v.Kind() {
	case pipeline.Map:
		m := map[string]any{}
		for _, e := range v.Map() {
			m[e.Key] = plain(e.Value)
		}
		return m
	case pipeline.List:
		list := []any{}
		for _, item := range v.List() {
			list = append(list, plain(item))
		}
		return list
	case pipeline.Scalar:
		switch v.Tag() {
		case pipeline.TagBool:
			return v.Text() == "true"
		case pipeline.TagInt, pipeline.TagFloat:
			if f, err := strconv.ParseFloat(v.Text(), 64); err == nil && json.Valid([]byte(v.Text())) {
				return json.Number(v.Text())
			} else if err == nil && f-f == 0 {
				return f
			}
		}
		return v.Text()
	}
	return nil
}

// A Program are the parameters that every command has.
type Program struct {
	Run    string          `yaml:"run" required:"true" doc:"command line, for the shell, in the folder of the spec; it finds its job in the file that $SHIFTMILL_JOB names"`
	Code   []pipeline.Tree `yaml:"code" doc:"files and folders that the command runs: a change of one of them runs the stage again; [] says that there are none"`
	Params pipeline.Value  `yaml:"params" doc:"anything; handed to the program in its job"`
	Label  string          `yaml:"label" doc:"column of class names"`
	Also   []string        `yaml:"columns" doc:"further columns to hand over"`
	Trial  bool            `yaml:"-"` // no parameter: set for trial runs, whose keys say so
}

// check reports what tags cannot say.
func (p *Program) check() []pipeline.Problem {
	var problems []pipeline.Problem
	if p.Code == nil {
		problems = append(problems, pipeline.Problem{Field: "code", Msg: "must be given: the files and folders that the command runs, so that a change of them is noticed; [] says that there are none"})
	}
	for i, c := range p.Also {
		if c == "id" || c == "image" || c == p.Label {
			problems = append(problems, pipeline.Problem{Field: fmt.Sprintf("columns.%d", i), Msg: fmt.Sprintf("column %q is handed over anyway", c)})
		}
	}
	return problems
}
