package cli

import (
	"fmt"
	"math"
	"strings"

	"shiftmill/engine"
	"shiftmill/pipeline"
)

// allDiffLines says how stages differ, in lines; unless every one is asked for,
// instances of a stage that differ alike are one, where they are many, and so
// are inputs.
func allDiffLines(diffs []engine.StageDiff, every bool) []string {
	alike := map[string][]int{}
	key := make([]string, len(diffs))
	for i := range diffs {
		d := &diffs[i]
		for j := range d.Inputs {
			d.Inputs[j].Pos = pipeline.Pos{} // it is the new side's alone
		}
		if d.Old != nil && d.New != nil && (d.Old.None || d.New.None) {
			d.Outputs = nil // all of one side
			if d.New.None {
				d.Metrics = nil
			}
		}
		if !every {
			d.Inputs = foldInputs(d.Inputs)
		}
		key[i] = differAlike(*d)
		alike[key[i]] = append(alike[key[i]], i)
	}
	var lines []string
	for i, d := range diffs {
		group := alike[key[i]]
		least := leastFold
		if len(d.Metrics) > 0 {
			least = manyFigures
		}
		switch {
		case every || len(group) < least:
			lines = append(lines, diffLines(d)...)
		case group[0] == i:
			lines = append(lines, foldedDiffLines(diffs, group)...)
		}
	}
	return lines
}

// differAlike is what instances have in common that can be told as one: all but
// their names, contents and figures.
func differAlike(d engine.StageDiff) string {
	parts := []string{stageOf(d.Name), fmt.Sprint(d.Old == nil, d.New == nil, d.Key)}
	for _, r := range []*engine.Result{d.Old, d.New} {
		if r != nil {
			parts = append(parts, likeOthers(r.Note), fmt.Sprint(r.Lines == nil))
		}
	}
	for _, c := range d.Params {
		parts = append(parts, c.Label, c.Old, c.New)
	}
	for _, c := range d.Inputs {
		parts = append(parts, likeOthers(c.String()))
	}
	for _, v := range d.Outputs {
		parts = append(parts, v.What)
	}
	for _, v := range d.Metrics {
		parts = append(parts, v.What)
	}
	return strings.Join(parts, "\x00")
}

// foldedDiffLines says of many instances at once how they differ: the outputs by
// name alone, a metric by the range of its change.
func foldedDiffLines(diffs []engine.StageDiff, group []int) []string {
	d := diffs[group[0]]
	d.Name = folded(stageOf(d.Name), len(group))
	lines := diffHead(d)
	if len(d.Outputs) > 0 {
		names := make([]string, len(d.Outputs))
		for i, v := range d.Outputs {
			names[i] = v.What
		}
		lines = append(lines, "  other outputs: "+strings.Join(names, ", "))
	}
	for i, m := range d.Metrics {
		low, high := math.Inf(1), math.Inf(-1)
		for _, at := range group {
			by, ok := difference(diffs[at].Metrics[i])
			if !ok { // it came or went
				by = math.NaN()
			}
			low, high = min(low, by), max(high, by)
		}
		lines = append(lines, fmt.Sprintf("  %s: by %+.4g to %+.4g", m.What, low, high))
	}
	return lines
}

// foldInputs puts changes of gathered inputs together that differ only in the
// instance that was read, where they are many.
func foldInputs(changes []engine.Change) []engine.Change {
	key := func(c engine.Change) string {
		return strings.Join([]string{likeOthers(c.Label), fmt.Sprint(c.Old == "", c.New == "")}, "\x00")
	}
	count := map[string]int{}
	for _, c := range changes {
		count[key(c)]++
	}
	var out []engine.Change
	told := map[string]bool{}
	for _, c := range changes {
		k := key(c)
		switch n := count[k]; {
		case n < leastFold:
			out = append(out, c)
		case !told[k]:
			told[k] = true
			port, rest, _ := strings.Cut(strings.TrimPrefix(likeOthers(c.Label), "in."), " ")
			stage, _, _ := strings.Cut(rest, " ")
			c.From = fmt.Sprintf("%s (%d inputs of %s)", strings.TrimSuffix(stage, "."), n, port)
			out = append(out, c)
		}
	}
	return out
}
