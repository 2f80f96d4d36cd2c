package report

import (
	"fmt"
	"slices"

	"shiftmill/pipeline"
)

// Config is the configuration of report/robustness; its tags are the schema
// that users see.
type Config struct {
	Title      string   `yaml:"title" doc:"heading of the report"`
	Method     string   `yaml:"method" doc:"matrix axis whose values are the methods"`
	Baseline   string   `yaml:"baseline" doc:"value of the method axis that the others are compared with"`
	Replicate  string   `yaml:"replicate" doc:"matrix axis of repetitions, such as seeds; intervals then hold for new seeds too"`
	Group      string   `yaml:"group" doc:"column that says which rows belong together, such as the business or the patient; default source_id, else each row for itself"`
	IID        string   `yaml:"iid" doc:"name of the test set that is distributed as the training set"`
	Label      string   `yaml:"label" doc:"column of class names"`
	Model      string   `yaml:"model" doc:"name of the model where no method axis names it; default the stage's"`
	Folds      []string `yaml:"folds" doc:"axes whose values are folds, such as the country that is left out: test sets of one name are pooled over the folds, each image judged by the model of its own"`
	Tests      []string `yaml:"tests" doc:"axes that tell test sets apart; output is the name of a split's output"`
	Attributes []string `yaml:"attributes" doc:"columns of metadata, such as country or camera: errors are given for each of their values too, and the worst; label * place takes each pair of values for a group"`
	Metrics    []string `yaml:"metrics" enum:"top-5|calibration|calibration-reference|classes" doc:"what to report beside top-1 error; calibration (ECE, RMS), calibration-reference (RMS and AURRA as the code of ImageNet-R has them) and top-5 read the scores"`

	Line       []string             `yaml:"line" doc:"methods that differ in IID accuracy alone: effective robustness is the distance from the line through them; default the baseline's variants"`
	Parameters map[string]float64   `yaml:"parameters" min:"0" doc:"millions of weights by method, to show error against model size"`
	Reference  string               `yaml:"reference" enum:"published" doc:"published shows the paper's tables beside the report's own"`
	Hypotheses Hypotheses           `yaml:"hypotheses" doc:"which methods the hypotheses are about"`
	Margins    Margins              `yaml:"margins" doc:"what a method must gain to count as a gain, in points"`
	Benchmarks map[string]Benchmark `yaml:"benchmarks" doc:"what is known of the inputs, by their names in from"`
}

// Margins are the smallest gains that count, in points of error.
type Margins struct {
	OOD float64 `yaml:"ood" min:"0" max:"100" doc:"fewer errors on the shifted test sets (A)"`
	Gap float64 `yaml:"gap" min:"0" max:"100" doc:"smaller distance between IID and shifted error (G)"`
}

// A Benchmark says what the predictions do not hold about one benchmark.
type Benchmark struct {
	Real        bool              `yaml:"real" doc:"natural images: neither generated nor corrupted"`
	Shift       string            `yaml:"shift" doc:"what shifts: texture, geography, time, camera, corruption or another word"`
	CE          string            `yaml:"corruption_error" doc:"report corruption errors in units of those of this method, or of alexnet on ImageNet-C"`
	MAP         string            `yaml:"map" enum:"macro|reference" doc:"form of mAP for rows with several labels: macro is the mean of average precision over classes; reference is that of DeepFashion Remixed's code, areas by trapezoids, weighted by frequency"`
	CueConflict string            `yaml:"cue_conflict" doc:"column that names the class whose texture a picture has, where the label is the class of its shape: the report then gives the share of shape in what models decide by"`
	Sets        map[string]string `yaml:"sets" doc:"what shifts in single test sets, where it is something else"`
}

var defaults = Config{
	Title:   "Robustness",
	Method:  "method",
	IID:     "iid",
	Label:   "label",
	Tests:   []string{"output"},
	Metrics: []string{"calibration", "classes"},
	Margins: Margins{OOD: 1, Gap: 0.5},
}

func (c *Config) check() []pipeline.Problem {
	var ps []pipeline.Problem
	if c.IID == "" {
		ps = append(ps, pipeline.Problem{Field: "iid", Msg: `must name a test set, such as "iid"`})
	}
	if c.Label == "" {
		ps = append(ps, pipeline.Problem{Field: "label", Msg: "must name the column of class names"})
	}
	if len(c.Tests) == 0 {
		ps = append(ps, pipeline.Problem{Field: "tests", Msg: `must name an axis, such as "output"`})
	}
	for i, axis := range c.Tests {
		if axis == c.Method || axis == c.Replicate {
			ps = append(ps, pipeline.Problem{Field: fmt.Sprintf("tests.%d", i), Msg: fmt.Sprintf("axis %q is the method or replicate axis", axis)})
		}
	}
	for i, axis := range c.Folds {
		if axis == c.Method || axis == c.Replicate || slices.Contains(c.Tests, axis) || slices.Contains(c.Folds[:i], axis) {
			ps = append(ps, pipeline.Problem{Field: fmt.Sprintf("folds.%d", i), Msg: fmt.Sprintf("axis %q is named already, as method, replicate, in tests or in folds", axis)})
		}
	}
	for i, a := range c.Attributes {
		if a == c.Label || slices.Contains(c.Attributes[:i], a) {
			ps = append(ps, pipeline.Problem{Field: fmt.Sprintf("attributes.%d", i), Msg: fmt.Sprintf("column %q is named already", a)})
		}
	}
	if c.Method == "" && c.Baseline != "" {
		ps = append(ps, pipeline.Problem{Field: "method", Msg: "must name the axis that the baseline is a value of"})
	}
	if c.Method != "" && c.Method == c.Replicate {
		ps = append(ps, pipeline.Problem{Field: "replicate", Msg: fmt.Sprintf("axis %q is the method axis already", c.Replicate)})
	}
	if c.Method == "" && len(c.Line) > 0 {
		ps = append(ps, pipeline.Problem{Field: "line", Msg: "names methods, but there is no method axis"})
	}
	return append(ps, c.Hypotheses.check(c)...)
}
