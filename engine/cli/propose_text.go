package cli

import (
	"fmt"
	"path/filepath"
	"strings"

	"shiftmill/pipeline"
	"shiftmill/stages/source"
)

// text is the proposal as a spec with comments.
func (p *proposal) text() ([]byte, error) {
	var b strings.Builder
	put := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	folder := p.survey.Pattern != ""
	name := strings.TrimSuffix(filepath.Base(p.spec), filepath.Ext(p.spec))
	put("# What is asked here, in a sentence or two.")
	put("#")
	put("# Proposed for %s (%s) by the names and values of its columns: look at what was chosen.", filepath.Base(p.data), p.rows())
	put("#   shiftmill check --data FILE   how many images each set would have")
	put("#   shiftmill run FILE --try 200  the whole graph on a few images")
	put("#   shiftmill kinds split/shift   what else a split can do")
	put("shiftmill: v1")
	put("name: %s", nameOfSpec(name))
	put("seed: 7 # every random number follows from it")
	root := p.data
	if !folder {
		root = filepath.Dir(p.data)
	}
	if p.trains() {
		put("params: {data: %s, size: 32, epochs: 6} # shiftmill.local.yaml or --set params.data=FOLDER for another machine", pipeline.Quoted(p.beside(root)))
	} else {
		put("params: {data: %s} # shiftmill.local.yaml or --set params.data=FOLDER for another machine", pipeline.Quoted(p.beside(root)))
	}
	put("")
	put("stages:")
	for _, c := range p.survey.Columns {
		put("  # %s", describeColumn(c))
	}
	put("  images:")
	if !folder && p.image == nil {
		put("    # No column names image files beside %s. If they lie elsewhere: root is that folder, image the column.", filepath.Base(p.data))
	}
	if folder {
		put("    kind: source/images")
		put("    with: {root: $params.data, pattern: %s}", pipeline.Quoted(p.survey.Pattern))
	} else {
		put("    kind: source/table")
		put("    with: {root: $params.data, table: %s%s}", pipeline.Quoted(filepath.Base(p.data)), p.words())
	}
	put("")
	if len(p.shifted) == 0 {
		put("  # No column was found that has a few values, a frequent one and others that could be its shifts.")
		put("  # A split by a range of a number, by time or by place: docs/splits.md, shiftmill kinds split/shift.")
		return p.formatted(b.String())
	}
	p.split(put)
	switch {
	case !p.trains():
		put("  report: {kind: check/sanity, from: {train: split.train, tests: split.tests}}")
	default:
		p.train(put, name)
	}
	return p.formatted(b.String())
}

// split writes the stage of that name.
func (p *proposal) split(put func(string, ...any)) {
	var base, shifts []string
	for _, a := range p.shifted {
		key := pipeline.Quoted(a.column.Name)
		if a.cut {
			base = append(base, key+": .."+a.base[len(a.base)-1])
			shifts = append(shifts, nameOfSpec("above-"+a.column.Name)+": {"+key+": "+a.shifts[0][0]+"..}")
			continue
		}
		base = append(base, key+": "+pipeline.Quoted(a.base[0]))
		values := make([]string, len(a.shifts))
		for i, v := range a.shifts {
			values[i] = pipeline.Quoted(v[0])
		}
		shifts = append(shifts, key+": ["+strings.Join(values, ", ")+"]")
	}
	put("  # Every test set alters one attribute; the others stay as in training.")
	put("  split:")
	put("    kind: split/shift")
	put("    from: images")
	put("    with:")
	if p.part != nil {
		put("      # The data come in parts (%s): where: {train: {%s: ...}, tests: {%[2]s: ...}} keeps to them.", oneLine(strings.Join(p.part.Values, ", ")), pipeline.Quoted(p.part.Name))
	}
	put("      base: {%s} # a list: any of; a range: 2010..2015", strings.Join(base, ", "))
	put("      shifts: {%s} # each item is one test set", strings.Join(shifts, ", "))
	put("      sizes: {train: 80%%, iid: 20%%, ood: all}")
	if p.label != nil {
		put("      classes: common # those that all sets have")
		put("      stratify: label # the same mix of classes everywhere")
	}
	if p.group != nil {
		put("      group: %s # none in train and in a test set", pipeline.Quoted(p.group.Name))
	}
	put("")
}

// train writes the stages after the split.
func (p *proposal) train(put func(string, ...any), name string) {
	put("  # One training for each method. For pretrained networks and your own programs: docs/models.md, docs/programs.md.")
	put("  net:")
	put("    kind: train/classifier")
	put("    matrix:")
	put("      method:")
	put("        none: {}")
	put("        noise2net: {online: [{noise2net: {share: 0.5}}]}")
	put("    from: {train: split.train}")
	put("    with:")
	put("      size: $params.size")
	put("      budget: {epochs: $params.epochs}")
	put("      online: $matrix.method.online")
	put("")
	put("  scores: {kind: evaluate/classify, from: {model: net, data: split.tests}}")
	put("")
	with := "method: method, baseline: none"
	if p.group != nil {
		with += ", group: " + pipeline.Quoted(p.group.Name)
	}
	put("  report:")
	put("    kind: report/robustness")
	put("    from: {%s: scores, pictures: split.tests}", benchmarkName(name))
	put("    with: {%s}", with)
}

// words are the parameters of source/table beside root and table.
func (p *proposal) words() string {
	var words []string
	if p.id != nil {
		words = append(words, "id: "+pipeline.Quoted(p.id.Name))
	}
	if p.image != nil {
		words = append(words, "image: "+pipeline.Quoted(p.image.Name))
	}
	if p.label != nil {
		words = append(words, "label: "+pipeline.Quoted(p.label.Name))
	}
	var types []string
	for _, a := range p.shifted {
		if a.column.Whole {
			types = append(types, pipeline.Quoted(a.column.Name)+": int")
		}
	}
	if len(types) > 0 {
		words = append(words, "types: {"+strings.Join(types, ", ")+"}")
	}
	return ", " + strings.Join(words, ", ")
}

// trains says whether there is what a classifier is trained on.
func (p *proposal) trains() bool {
	return p.label != nil && len(p.shifted) > 0 && (p.image != nil || p.survey.Pattern != "")
}

// rows says how many were looked at.
func (p *proposal) rows() string {
	if p.survey.More {
		return fmt.Sprintf("its first %d rows", p.survey.Rows)
	}
	return fmt.Sprintf("%d rows", p.survey.Rows)
}

// beside is a folder as the spec names it: relative where it was named so.
func (p *proposal) beside(folder string) string {
	if filepath.IsAbs(folder) {
		return folder
	}
	from, errFrom := filepath.Abs(filepath.Dir(p.spec))
	to, errTo := filepath.Abs(folder)
	if rel, err := filepath.Rel(from, to); errFrom == nil && errTo == nil && err == nil {
		return filepath.ToSlash(rel)
	}
	return folder
}

func (p *proposal) formatted(text string) ([]byte, error) {
	return pipeline.Format(p.spec, []byte(text))
}

// describeColumn says in a line what a column holds.
func describeColumn(c *source.SurveyedColumn) string {
	const shown = 5
	var what []string
	switch {
	case c.Inside:
		return c.Name + ": images"
	case c.Unique:
		what = append(what, "no value twice, such as "+oneLine(c.Values[0]))
	default:
		for i, v := range c.Values[:min(len(c.Values), shown)] {
			what = append(what, fmt.Sprintf("%s (%d)", oneLine(v), c.Rows[i]))
		}
		switch more := len(c.Values) - shown; {
		case c.Many:
			what = append(what, "and many more")
		case more > 0:
			what = append(what, fmt.Sprintf("and %d more", more))
		}
	}
	if c.Missing > 0 {
		what = append(what, fmt.Sprintf("missing in %d", c.Missing))
	}
	return oneLine(c.Name) + ": " + strings.Join(what, ", ")
}

// oneLine is a text as a comment can hold it.
func oneLine(text string) string {
	return cut(strings.Join(strings.Fields(strings.ToValidUTF8(text, "\ufffd")), " "), 40)
}

// nameOfSpec is a file's name as the name of a spec.
func nameOfSpec(name string) string {
	clean := strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == '.' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '-'
	}, name)
	if clean = strings.Trim(clean, "-_."); clean == "" {
		return "experiment"
	}
	return clean
}

// benchmarkName is the name under which the report reads the scores.
func benchmarkName(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '.' {
			return '_'
		}
		return r
	}, nameOfSpec(name))
}
