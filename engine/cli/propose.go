package cli

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"shiftmill/stages/source"
)

// A proposal is a first spec about somebody's own data: what its columns seem to be.
type proposal struct {
	spec, data string // files
	survey     *source.Survey

	image, id, label, group *source.SurveyedColumn
	part                    *source.SurveyedColumn
	shifted                 []*attribute
}

// An attribute is a column that test sets alter: rows with values of base train.
type attribute struct {
	column *source.SurveyedColumn
	cut    bool // base is what is at most as large as a number, and the shift what is larger
	base   []string
	shifts [][]string
}

// What a proposal takes for an attribute, or looks at first.
const (
	mostAttributes = 3
	mostShifts     = 3  // test sets of one attribute
	mostGroups     = 50 // different values of an attribute
	leastBase      = 30 // rows that train and iid are taken from
	leastShift     = 20 // rows of a test set
)

var (
	labelNames = []string{"label", "class", "category", "target", "species", "diagnosis", "y"}
	idNames    = []string{"id", "key", "name", "index"}
	groupName  = regexp.MustCompile(`(?i)(patient|subject|person|author|user|artist|business|building|scene|video|clip|sequence|series|trip|source|group|individual|specimen)([_ ]?(id|no|number|name))?$`)
	shiftName  = regexp.MustCompile(`(?i)country|region|continent|site|hospital|center|centre|clinic|lab|camera|device|scanner|sensor|lens|make|model|year|month|season|weather|daytime|domain|style|location|city|state|batch|stain|modality`)
	cutName    = regexp.MustCompile(`(?i)year|age$`)
	noShift    = regexp.MustCompile(`(?i)(^|[_ ])(file|path|url|hash|width|height|size|bytes|x|y|lat|lon|latitude|longitude|sha256|md5|title|caption|description|text|notes?|comments?|remarks?)([_ ]|$)`)
)

// propose surveys a table or a folder of images and proposes a spec about it.
func propose(ctx context.Context, spec, data string) (*proposal, error) {
	info, err := os.Stat(data)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usage("--data %s: there is no such table or folder", data)
	}
	if err != nil {
		return nil, err
	}
	p := &proposal{spec: spec, data: data}
	if info.IsDir() {
		p.survey, err = source.SurveyImages(ctx, data)
	} else {
		p.survey, err = source.SurveyTable(ctx, filepath.Dir(data), filepath.Base(data))
	}
	if err != nil {
		return nil, usage("--data %s: %v", data, err)
	}
	if p.survey.Rows == 0 {
		return nil, usage("--data %s: it holds no rows", data)
	}
	p.findColumns(info.IsDir())
	if !info.IsDir() && p.id == nil && (p.image == nil || !p.image.Inside && !p.image.Unique) {
		return nil, usage("--data %s: no column can be the rows' id: each has a value twice, or misses some", data)
	}
	p.findShifts()
	return p, nil
}

// findColumns chooses what is not shifted.
func (p *proposal) findColumns(folder bool) {
	columns := p.survey.Columns
	first := func(names []string, ok func(*source.SurveyedColumn) bool) *source.SurveyedColumn {
		for _, name := range names {
			for _, c := range columns {
				if strings.EqualFold(c.Name, name) && ok(c) {
					return c
				}
			}
		}
		return nil
	}
	for _, c := range columns {
		switch {
		case p.image == nil && (c.Inside || c.Images):
			p.image = c
		case p.part == nil && c.IsPart():
			p.part = c
		}
	}
	unique := func(c *source.SurveyedColumn) bool { return c.Unique && c.Missing == 0 && !c.Inside }
	own := slices.ContainsFunc(columns, func(c *source.SurveyedColumn) bool { return c.Name == "id" && unique(c) })
	if !folder && (own || p.image == nil || !p.image.Inside && !p.image.Unique) { // else the image's name is the row's id
		// A column that is called id can be nothing else.
		if p.id = first(idNames, unique); p.id == nil {
			if i := slices.IndexFunc(columns, unique); i >= 0 {
				p.id = columns[i]
			}
		}
	}
	p.label = first(labelNames, func(c *source.SurveyedColumn) bool { return c != p.image && !c.Many && len(c.Values) > 1 })
	for _, c := range columns {
		distinct := len(c.Values)
		if c != p.image && c != p.label && groupName.MatchString(c.Name) && !c.Unique && (c.Many || distinct > mostGroups) && 2*c.Missing < p.survey.Rows {
			p.group = c
			break
		}
	}
}

// findShifts chooses what test sets alter: columns of few values, one of which is
// frequent beside those of the columns that were chosen before.
func (p *proposal) findShifts() {
	var may []*source.SurveyedColumn
	for _, c := range p.survey.Columns {
		if c == p.image || c == p.id || c == p.label || c == p.group || c == p.part || c.Inside || c.Many || len(c.Values) < 2 ||
			len(c.Values) > mostGroups && !shiftName.MatchString(c.Name) && !cutName.MatchString(c.Name) || 10*c.Missing > p.survey.Rows || noShift.MatchString(c.Name) || p.tells(c) {
			continue
		}
		may = append(may, c)
	}
	hinted := func(c *source.SurveyedColumn) int {
		if shiftName.MatchString(c.Name) {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(may, func(a, b *source.SurveyedColumn) int {
		return cmp.Or(hinted(a)-hinted(b), len(a.Values)-len(b.Values))
	})
	for _, c := range may {
		if len(p.shifted) == mostAttributes {
			break
		}
		old := p.shifted
		for _, cut := range []bool{false, true} {
			if cut && !(c.Whole && cutName.MatchString(c.Name)) {
				continue
			}
			if p.shifted = append(slices.Clip(old), &attribute{column: c, cut: cut}); p.settle() {
				break
			}
			p.shifted = old
			p.settle()
		}
	}
}

// tells says whether the label follows from a column.
func (p *proposal) tells(c *source.SurveyedColumn) bool {
	if p.label == nil {
		return false
	}
	for _, v := range c.Values {
		if len(p.survey.Counts(p.label, cells{c: {v}})) > 1 {
			return false
		}
	}
	return true
}

// cells are the values that rows may have, by column.
type cells = map[*source.SurveyedColumn][]string

// settle chooses base and shifts of all attributes; false where one has none.
func (p *proposal) settle() bool {
	base := cells{}
	for _, a := range p.shifted {
		counts := p.survey.Counts(a.column, base)
		rows := 0
		if a.cut {
			rows = a.halve(counts)
		} else {
			a.base = nil
			for _, v := range a.column.Values { // of equally frequent ones the first
				if counts[v] > rows {
					a.base, rows = []string{v}, counts[v]
				}
			}
		}
		if rows < max(leastBase, p.survey.Rows/20) {
			return false
		}
		base[a.column] = a.base
	}
	// Only classes that all sets have are kept: they must stay half of the base's or more.
	common := p.classes(base)
	least := max(2, (len(common)+1)/2)
	for _, a := range p.shifted {
		delete(base, a.column)
		counts := p.survey.Counts(a.column, base)
		if !a.cut {
			a.shifts = nil
			for _, v := range a.column.Values {
				if !slices.Contains(a.base, v) {
					a.shifts = append(a.shifts, []string{v})
				}
			}
			slices.SortStableFunc(a.shifts, func(x, y []string) int { return counts[y[0]] - counts[x[0]] })
		}
		var kept [][]string
		for _, shift := range a.shifts {
			rows := 0
			for _, v := range shift {
				rows += counts[v]
			}
			if len(kept) == mostShifts || rows < leastShift {
				break
			}
			where := maps.Clone(base)
			where[a.column] = shift
			if rest := both(common, p.classes(where)); p.label == nil || len(rest) >= least {
				kept, common = append(kept, shift), rest
			}
		}
		a.shifts, base[a.column] = kept, a.base
		if len(kept) == 0 {
			return false
		}
	}
	return true
}

// halve cuts the values of a column of numbers into a lower half of the rows, the
// base, whose rows it returns, and an upper one.
func (a *attribute) halve(counts map[string]int) (rows int) {
	all := slices.SortedFunc(slices.Values(a.column.Values), func(x, y string) int { return cmp.Compare(number(x), number(y)) })
	total := 0
	for _, n := range counts {
		total += n
	}
	cut := 0
	for cut < len(all) && 2*(rows+counts[all[cut]]) <= max(total, 2*counts[all[0]]) {
		rows += counts[all[cut]]
		cut++
	}
	a.base, a.shifts = all[:cut], [][]string{all[cut:]}
	return rows
}

// number is a value of a column of whole numbers.
func number(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64)
	return n
}

// classes are those of the rows that hold the values.
func (p *proposal) classes(where cells) map[string]int {
	if p.label == nil {
		return nil
	}
	return p.survey.Counts(p.label, where)
}

// both are the keys of a that b has too.
func both(a, b map[string]int) map[string]int {
	out := map[string]int{}
	for k, n := range a {
		if b[k] > 0 {
			out[k] = n
		}
	}
	return out
}
