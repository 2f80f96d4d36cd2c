package report

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"shiftmill/pipeline"
	"shiftmill/stages/report/stats"
)

// A benchmark is what one input holds: models by test sets.
type benchmark struct {
	name    string
	about   Benchmark
	sets    []*testSet // IID first, then by name
	models  []*model   // baseline first, then by name
	classes []string   // labels and predictions, sorted
	by      string     // column of the clusters; "" where each row is its own
	inputs  []provenance
	values  []*naming // of each attribute
	several bool      // several labels a row: errors are 1 - mAP
	notes   []string  // what was left out in reading
}

// A testSet is one set of rows, the same for every model.
type testSet struct {
	name   string
	iid    bool
	rows   *stats.Set
	class  []int32   // of each row's label, in the benchmark's classes; nil for several labels
	alike  []bool    // whether shape and texture are of one class, of a set with cue conflict
	groups [][]int32 // of each attribute: of each row's value, in the benchmark's values
	chance float64   // error of guessing
	folds  []string  // whose rows it holds, one fold's after another's; one of no name without folds
	ids    [32]byte  // digest of the ids and labels in order
	from   string    // the input that the ids were first read from
}

// A model is one value of the method axis, apart for each value of axes that
// are neither the method nor the replicate.
type model struct {
	method  string // value of the method axis
	rest    string // other coordinates, such as "model=resnet50"
	seeds   []string
	cells   map[cellKey]*predictions
	effort  *effort  // nil where it is not known
	classes []string // of the scores of rows with several labels
}

// Predictions are what is kept of one dataset, by row.
type predictions struct {
	wrong      []int8         // 1 where the predicted class is not the label
	ranking    *stats.Ranking // of a set with several labels a row, which has nothing else
	beyond     []int8         // 1 where the label is not among the five best; nil unless asked for
	textured   []int8         // 1 where the predicted class is that of the texture alone
	confidence []float32      // the best score; nil unless asked for
	mistaken   int            // errors of which mistakes is a sample, where one is kept
	mistakes   mistakes
}

// A cellKey names one dataset of predictions of a model.
type cellKey struct{ seed, set string }

// A provenance is where an input stood in the run.
type provenance struct {
	Benchmark string `json:"benchmark"`
	Stage     string `json:"stage"`
	Output    string `json:"output,omitempty"`
	At        string `json:"at,omitempty"`
	Rows      int    `json:"rows"`
}

func (m *model) name() string {
	if m.rest == "" {
		return m.method
	}
	return m.method + " (" + m.rest + ")"
}

// has says whether all seeds of the model saw the set.
func (m *model) has(set string) bool {
	for _, s := range m.seeds {
		if m.cells[cellKey{s, set}] == nil {
			return false
		}
	}
	return len(m.seeds) > 0
}

// ood are the sets outside the training distribution.
func (b *benchmark) ood() []*testSet {
	var sets []*testSet
	for _, s := range b.sets {
		if !s.iid {
			sets = append(sets, s)
		}
	}
	return sets
}

// inside is the IID set, or nil.
func (b *benchmark) inside() *testSet {
	if len(b.sets) > 0 && b.sets[0].iid {
		return b.sets[0]
	}
	return nil
}

// A place is what the coordinates of an input say.
type place struct{ method, rest, seed, set, fold string }

// locate reads the coordinates. Where no axis or group names the test set it is
// called after the output, else after the stage.
func (c *Config) locate(stage, output string, coords []pipeline.Coord) place {
	var p place
	named := false
	var rest, tests, folds []string
	for _, x := range coords {
		switch {
		case slices.Contains(c.Tests, x.Axis) && len(c.Tests) == 1:
			tests = append(tests, x.Value)
		case slices.Contains(c.Tests, x.Axis):
			tests = append(tests, x.Axis+"="+x.Value)
		case slices.Contains(c.Folds, x.Axis):
			folds = append(folds, x.Axis+"="+x.Value)
		case x.Axis == c.Replicate:
			p.seed = x.Value
		case x.Axis == c.Method:
			p.method, named = x.Value, true
		default:
			rest = append(rest, x.Axis+"="+x.Value)
		}
	}
	if !named {
		if p.method = c.Model; p.method == "" {
			p.method = stage
		}
	}
	p.rest, p.fold = strings.Join(rest, ", "), strings.Join(folds, ",")
	if p.set = strings.Join(tests, ","); p.set == "" {
		if p.set = output; output == "" {
			p.set = stage
		}
	}
	return p
}

// order sorts sets and models, and drops seeds that lack a set which other
// seeds of the model have; it returns what it dropped.
func (b *benchmark) order(c *Config) (notes []string) {
	sort.Slice(b.sets, func(i, j int) bool {
		x, y := b.sets[i], b.sets[j]
		if x.iid != y.iid {
			return x.iid
		}
		return x.name < y.name
	})
	sort.Slice(b.models, func(i, j int) bool {
		x, y := b.models[i], b.models[j]
		if p, q := x.method == c.Baseline, y.method == c.Baseline; p != q {
			return p
		}
		if x.method != y.method {
			return x.method < y.method
		}
		return x.rest < y.rest
	})
	for _, m := range b.models {
		notes = append(notes, m.complete(b)...)
	}
	return notes
}

// complete keeps the seeds that saw every set that any seed of the model saw.
func (m *model) complete(b *benchmark) (notes []string) {
	var kept []string
	for _, s := range m.seeds {
		missing := ""
		for _, set := range b.sets {
			if m.cells[cellKey{s, set.name}] != nil {
				continue
			}
			for _, other := range m.seeds {
				if m.cells[cellKey{other, set.name}] != nil {
					missing = set.name
				}
			}
		}
		if missing == "" {
			kept = append(kept, s)
			continue
		}
		notes = append(notes, fmt.Sprintf("%s: %s of %s has no predictions on %s and is left out", b.name, s, m.name(), missing))
	}
	m.seeds = kept
	return notes
}
