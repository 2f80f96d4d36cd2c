package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"shiftmill/pipeline"
	"shiftmill/stages"
)

// checkOrigins holds what the spec calls methods, axes, test sets and benchmarks against
// where the inputs stand in the matrix: so a misspelt baseline is found before anything
// is trained, not when the report is written.
func (c *Config) checkOrigins(in map[string][]stages.Origin) []pipeline.Problem {
	var ps []pipeline.Problem
	var axes, methods, sets, benchmarks []string
	for _, name := range slices.Sorted(maps.Keys(in)) {
		if name == picturesPort || name == trainingPort {
			continue
		}
		benchmarks = append(benchmarks, name)
		for _, p := range in[name] {
			for _, x := range p.Coords {
				axes = append(axes, x.Axis)
			}
			at := c.locate(p.Stage, p.Output, p.Coords)
			methods, sets = append(methods, at.method), append(sets, at.set)
		}
	}
	axes, methods, sets = unique(axes), unique(methods), unique(sets)
	check := func(field, what, name string, known []string) bool {
		if slices.Contains(known, name) {
			return true
		}
		msg := fmt.Sprintf("no %s %q; there are %s", what, name, quoted(known))
		if len(known) == 0 {
			msg = fmt.Sprintf("no %s %q; there are none", what, name)
		}
		if near := pipeline.Nearest(name, known); near != "" {
			msg += fmt.Sprintf("; did you mean %q?", near)
		}
		ps = append(ps, pipeline.Problem{Field: field, Msg: msg})
		return false
	}
	// A default names what most specs have, and need not be there.
	sound := c.Method == defaults.Method || c.Method == "" || check("method", "axis", c.Method, axes)
	if c.Replicate != "" {
		sound = check("replicate", "axis", c.Replicate, axes) && sound
	}
	for i, axis := range c.Folds {
		sound = check(fmt.Sprintf("folds.%d", i), "axis", axis, axes) && sound
	}
	for i, axis := range c.Tests {
		if !slices.Contains(defaults.Tests, axis) {
			sound = check(fmt.Sprintf("tests.%d", i), "axis", axis, axes) && sound
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Benchmarks)) {
		check("benchmarks."+name, "input", name, benchmarks)
	}
	if !sound {
		return ps // what are methods and test sets is not known
	}
	if c.Baseline != "" {
		check("baseline", "method", c.Baseline, methods)
	}
	if c.IID != defaults.IID {
		check("iid", "test set", c.IID, sets)
	}
	for _, m := range c.Hypotheses.mentions() {
		check(m.field, "method", m.name, methods)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Hypotheses.Overlap)) {
		check("hypotheses.overlap."+name, "method", name, methods)
	}
	for i, name := range c.Line {
		check(fmt.Sprintf("line.%d", i), "method", name, methods)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Parameters)) {
		check("parameters."+name, "method", name, methods)
	}
	return append(ps, c.checkApart(in)...)
}

// checkApart reports inputs that nothing tells apart.
func (c *Config) checkApart(in map[string][]stages.Origin) []pipeline.Problem {
	for _, name := range slices.Sorted(maps.Keys(in)) {
		if name == picturesPort || name == trainingPort {
			continue
		}
		first := map[place]stages.Origin{}
		for _, p := range in[name] {
			at := c.locate(p.Stage, p.Output, p.Coords)
			if other, twice := first[at]; twice {
				return []pipeline.Problem{{Field: "tests", Msg: fmt.Sprintf("two inputs under %s are %s on test set %q (%s and %s): name the axis that tells them apart as method, replicate, in tests or in folds, or give them names of their own under from",
					name, at.method, at.set, other, p)}}
			}
			first[at] = p
		}
		if p := c.checkRows(in[name]); p != nil {
			return p
		}
	}
	return nil
}

// checkRows reports a test set that is several outputs of one stage: these hold different
// rows. Whether those of several instances do is known when they have run.
func (c *Config) checkRows(in []stages.Origin) []pipeline.Problem {
	type choice struct{ set, instance string }
	first := map[choice]stages.Origin{}
	for _, p := range in {
		at := choice{c.locate(p.Stage, p.Output, p.Coords).set, p.Chosen.Instance}
		other, known := first[at]
		if !known {
			first[at] = p
		} else if other.Chosen.Output != p.Chosen.Output {
			return []pipeline.Problem{{Field: "tests", Msg: fmt.Sprintf("test set %q holds the rows of %s in %s and of %s in %s; methods are compared image by image: %s",
				at.set, other.Chosen, other, p.Chosen, p, c.apart(other.Coords, p.Coords))}}
		}
	}
	return nil
}

// apart says how two outputs of one stage become two test sets.
func (c *Config) apart(a, b []pipeline.Coord) string {
	for _, x := range slices.Concat(b, a) {
		switch {
		case x.Axis == c.Method || x.Axis == c.Replicate || slices.Contains(c.Tests, x.Axis) || slices.Contains(a, x) && slices.Contains(b, x):
		case x.Axis == defaults.Tests[0]:
			return fmt.Sprintf("write tests: [%s, output], and iid: output=%s if it is there", strings.Join(c.Tests, ", "), c.IID)
		default:
			return fmt.Sprintf("write tests: [%s, %s]", strings.Join(c.Tests, ", "), x.Axis)
		}
	}
	return "give them names of their own under from"
}
