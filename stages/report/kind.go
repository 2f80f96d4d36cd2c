package report

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/imageio"
	"shiftmill/stages/report/stats"
	"shiftmill/stages/transform"
)

// port is where the benchmarks come in; its names are the user's. The other two
// are optional and for the page alone.
const (
	port         = "benchmarks"
	picturesPort = "pictures"
	trainingPort = "training"
)

// scoresColumn holds the scores of the classes, labelsColumn the labels of rows
// that have several, imageColumn the pictures.
const (
	scoresColumn = "scores"
	labelsColumn = "labels"
	imageColumn  = "image"
)

// Robustness describes the kind report/robustness to a registry.
func Robustness() *stages.Kind {
	return stages.Define(stages.Def[Config]{
		Name:    "report/robustness",
		Doc:     "Compares methods on test sets inside and outside the training distribution, with 95 % intervals.",
		Version: 10, // 2: training effort; 3: pictures, training, attributes, reliability, charts by a library; 4: blur, growth, McNemar, all numbers in report.csv; 5: notes once, sections of charts on the page alone; 6: hyphens in names stay; 7: worst groups, classes and attributes of rows with several labels, calibration of the reference, shape share, overlap of augmentations; 8: calibration inside and outside apart, rows without a comparison say so; 9: long names break on phones; 10: the reference of corruption errors is 100 without an interval
		Shape:   stages.Aggregate,
		In: []stages.Port{
			{
				Name: port, Type: stages.Rows, Many: true, Any: true,
				Doc: "predictions by the name of their benchmark: one dataset for each method, seed and test set",
			},
			{
				Name: picturesPort, Type: stages.Rows, Many: true, Optional: true,
				Doc: "test sets with their images, such as split.tests: the page then shows some errors of each",
			},
			{
				Name: trainingPort, Type: stages.Files, Many: true, Optional: true,
				Doc: "what train/classifier made: the page then shows the learning curves",
			},
		},
		Config:  defaults,
		Check:   (*Config).check,
		Outputs: func(*Config) []stages.Output { return []stages.Output{{Type: stages.Files}} },
		Columns: columns,
		Origins: (*Config).checkOrigins,
		Reads: func(c *Config, name string, in *arrow.Schema) []string {
			if name == picturesPort {
				return []string{imageColumn}
			}
			return c.reads(in)
		},
		Uses: []string{imageio.Version, transform.Version}, // thumbnails
		New: func(c *Config) (stages.Stage, error) {
			return stages.RunFunc(c.run), nil
		},
	})
}

// reads lists the columns of predictions that the report looks at.
func (c *Config) reads(in *arrow.Schema) []string {
	names := []string{c.Label, "predicted", "correct"}
	if in != nil && in.HasField(labelsColumn) && !in.HasField("correct") {
		names = []string{labelsColumn, scoresColumn}
	} else if in != nil && in.HasField(scoresColumn) && (c.calibrated() || slices.Contains(c.Metrics, "top-5")) {
		names = append(names, scoresColumn)
	}
	switch {
	case c.Group != "":
		names = append(names, c.Group)
	case in != nil && in.HasField("source_id"):
		names = append(names, "source_id")
	}
	for _, a := range c.Attributes {
		for _, name := range columnsOf(a) {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Benchmarks)) {
		if cue := c.Benchmarks[name].CueConflict; cue != "" && in != nil && in.HasField(cue) && !slices.Contains(names, cue) {
			names = append(names, cue) // of the benchmarks that have it; reading says which lacks it
		}
	}
	return names
}

// calibrated says whether calibration is asked for in either form.
func (c *Config) calibrated() bool {
	return slices.Contains(c.Metrics, "calibration") || slices.Contains(c.Metrics, "calibration-reference")
}

// attribute is the first attribute that reads a column, or -1.
func (c *Config) attribute(column string) int {
	return slices.IndexFunc(c.Attributes, func(a string) bool { return slices.Contains(columnsOf(a), column) })
}

// columns reports input columns that are missing or of a wrong type.
func columns(c *Config, in stages.Schemas) (stages.Schemas, []pipeline.Problem) {
	var ps []pipeline.Problem
	for _, name := range slices.Sorted(maps.Keys(in)) {
		schema := in[name]
		if schema == nil {
			continue
		}
		if name == picturesPort || strings.HasPrefix(name, picturesPort+"=") {
			if f, ok := schema.FieldsByName(imageColumn); !ok || !stages.IsImage(f[0].Type) {
				ps = append(ps, pipeline.Problem{Msg: fmt.Sprintf("%s has no column %q of images", name, imageColumn)})
			}
			continue
		}
		for _, col := range c.reads(schema) {
			f, ok := schema.FieldsByName(col)
			switch {
			case !ok && c.attribute(col) >= 0:
				ps = append(ps, pipeline.Problem{Field: fmt.Sprintf("attributes.%d", c.attribute(col)), Msg: fmt.Sprintf("%s has no column %q", name, col)})
			case !ok && col == c.Group:
				ps = append(ps, pipeline.Problem{Field: "group", Msg: fmt.Sprintf("%s has no column %q", name, col)})
			case !ok:
				ps = append(ps, pipeline.Problem{Msg: fmt.Sprintf("%s has no column %q: predictions with the columns %q, predicted and correct are expected, such as evaluate/classify makes", name, col, c.Label)})
			case col == "correct" && f[0].Type.ID() != arrow.BOOL:
				ps = append(ps, pipeline.Problem{Msg: fmt.Sprintf("column correct of %s is %s, not bool", name, f[0].Type)})
			}
		}
	}
	return nil, ps
}

func (c *Config) run(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
	named := slices.DeleteFunc(in.Names(), func(n string) bool { return n == picturesPort || n == trainingPort })
	for _, name := range slices.Sorted(maps.Keys(c.Benchmarks)) {
		if !slices.Contains(named, name) {
			return fmt.Errorf("benchmarks.%s: no input of that name; inputs are %s", name, quoted(named))
		}
	}
	var all []*benchmark
	known := &clusters{number: map[string]int32{}}
	for _, name := range named {
		b, err := c.read(ctx, name, in.Ports[name], known, out, len(in.Ports[picturesPort]) > 0)
		if err != nil {
			return fmt.Errorf("benchmark %s: %w", name, err)
		}
		all = append(all, b)
	}
	r, err := c.assess(all, stats.NewBootstrap(known.keys))
	if err != nil {
		return err
	}
	for i, b := range all {
		strips, notes, err := b.strips(ctx, c, in)
		if err != nil {
			return err
		}
		r.Benchmarks[i].strips = strips
		r.Notes = append(r.Notes, notes...)
	}
	if r.training, err = c.training(in.Ports[trainingPort]); err != nil {
		return err
	}
	for _, n := range r.Notes {
		out.Note("%s", n)
	}
	for _, m := range r.headlines() {
		out.Metric(m.name, m.value)
	}
	files, err := render(r)
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := out.WriteFile("", f.name, f.data); err != nil {
			return fmt.Errorf("write %s: %w", f.name, err)
		}
	}
	return nil
}

// quoted lists names for a message.
func quoted(names []string) string {
	q := make([]string, len(names))
	for i, n := range names {
		q[i] = strconv.Quote(n)
	}
	return strings.Join(q, ", ")
}
