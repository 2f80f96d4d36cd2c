package source

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
)

// A Survey is what the first rows of a table, or the names of the images in a
// folder, hold: enough to propose a spec, no part of any result.
type Survey struct {
	Rows    int // that were looked at
	More    bool
	Pattern string // of the images' names, of a folder
	Columns []*SurveyedColumn
}

// A SurveyedColumn is what one column holds.
type SurveyedColumn struct {
	Name    string
	Values  []string // the different ones, as far as they are counted, by falling rows
	Rows    []int    // that hold each value
	Missing int
	Many    bool // there are more different values than are counted
	Unique  bool // no value stands twice
	Whole   bool // every value is a whole number without leading zeros
	Images  bool // its values name images below the root
	Inside  bool // the table holds the images themselves here

	number map[string]uint16 // of a value, by appearance
	codes  []uint16          // 1 + number, by row; 0 where missing, or uncounted
	seen   *firsts
}

const (
	surveyedRows   = 1_000_000
	surveyedValues = 1000
	surveyedNames  = 20 // values that are looked for on disk
	uncounted      = surveyedValues + 1
)

// SurveyTable reads the first rows of a table below root. Rows that cannot be read
// are passed over.
func SurveyTable(ctx context.Context, root, name string) (*Survey, error) {
	r, err := openTable(root, name, &Table{})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	s := &Survey{}
	for _, f := range r.Fields() {
		c := newSurveyedColumn(f.name)
		c.Inside = f.embedded
		s.Columns = append(s.Columns, c)
	}
	err = r.Each(ctx, func(int64, string) error { return nil }, func(rec arrow.Record, _ []int64) error {
		for row := range int(rec.NumRows()) {
			if s.Rows == surveyedRows {
				s.More = true
				return errEnough
			}
			s.Rows++
			for i, c := range s.Columns {
				if col := rec.Column(i); col.IsNull(row) {
					c.add("", s.Rows)
				} else {
					c.add(col.ValueStr(row), s.Rows)
				}
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for _, c := range s.Columns {
		c.Images = !c.Inside && c.names(root)
	}
	s.finish()
	return s, nil
}

// SurveyImages lists the images below root, as source/images would. The folders
// that most of them lie in are the columns: label is the innermost, part one of
// train, val or test, and the others are called after how deep they are.
func SurveyImages(ctx context.Context, root string) (*Survey, error) {
	files, err := images(ctx, root, dotted(imageEndings), 0)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("it holds no file that ends in %s", strings.Join(imageEndings, ", "))
	}
	depths := map[int]int{}
	for _, f := range files {
		depths[strings.Count(f.name, "/")]++
	}
	depth := 0
	for d, n := range depths {
		if n > depths[depth] || n == depths[depth] && d < depth {
			depth = d
		}
	}
	s := &Survey{}
	for range depth {
		s.Columns = append(s.Columns, newSurveyedColumn(""))
	}
	for _, f := range files {
		folders := strings.Split(f.name, "/")
		if len(folders) != depth+1 {
			continue
		}
		if s.Rows == surveyedRows {
			s.More = true
			break
		}
		s.Rows++
		for i, c := range s.Columns {
			c.add(folders[i], s.Rows)
		}
	}
	s.finish()
	s.nameFolders()
	return s, nil
}

// nameFolders names the columns of a folder and writes the pattern.
func (s *Survey) nameFolders() {
	n := len(s.Columns)
	for i, c := range s.Columns {
		switch {
		case i == n-1:
			c.Name = "label"
		case isPart(c.Values):
			c.Name = "part"
		case n == 2 || n == 3 && s.Columns[0].Name == "part":
			c.Name = "domain"
		default:
			c.Name = fmt.Sprintf("folder%d", i+1)
		}
		s.Pattern += "{" + c.Name + "}/"
	}
	s.Pattern += "{file}"
}

// parts are what makers of datasets call their own splits.
var parts = []string{"train", "training", "val", "valid", "validation", "dev", "test", "testing"}

// isPart says whether values are parts of a dataset.
func isPart(values []string) bool {
	return len(values) > 1 && !slices.ContainsFunc(values, func(v string) bool { return !slices.Contains(parts, strings.ToLower(v)) })
}

// IsPart says whether the column tells the parts of a dataset from each other,
// such as train and test.
func (c *SurveyedColumn) IsPart() bool { return isPart(c.Values) }

func newSurveyedColumn(name string) *SurveyedColumn {
	return &SurveyedColumn{Name: name, Unique: true, Whole: true, number: map[string]uint16{}, seen: newFirsts()}
}

// add counts a value, "" where it is missing; row counts from 1.
func (c *SurveyedColumn) add(value string, row int) {
	if value == "" {
		c.Missing++
		c.codes = append(c.codes, 0)
		return
	}
	if c.Unique {
		if _, before := c.seen.add(value, place{line: int64(row)}); before {
			c.Unique = false
			c.seen = nil
		}
	}
	c.Whole = c.Whole && isWhole(value)
	n, known := c.number[value]
	switch {
	case known:
	case len(c.Values) < surveyedValues:
		n = uint16(len(c.Values))
		value = strings.Clone(value)
		c.number[value], c.Values, c.Rows = n, append(c.Values, value), append(c.Rows, 0)
	default:
		c.Many = true
		c.codes = append(c.codes, uncounted)
		return
	}
	c.Rows[n]++
	c.codes = append(c.codes, n+1)
}

// isWhole says whether a text is a whole number as a column of type int holds it.
func isWhole(text string) bool {
	digits := strings.TrimPrefix(text, "-")
	return digits != "" && len(digits) < 19 && strings.Trim(digits, "0123456789") == "" && (digits == "0" || digits[0] != '0')
}

// names says whether the first values name images below root.
func (c *SurveyedColumn) names(root string) bool {
	looked := c.Values[:min(len(c.Values), surveyedNames)]
	for _, v := range looked {
		ending := strings.TrimPrefix(strings.ToLower(path.Ext(v)), ".")
		info, err := os.Stat(filepath.Join(root, filepath.FromSlash(v)))
		if !slices.Contains(imageEndings, ending) || err != nil || info.IsDir() {
			return false
		}
	}
	return len(looked) > 0
}

// finish sorts the values by falling rows, then by text.
func (s *Survey) finish() {
	for _, c := range s.Columns {
		c.Unique = c.Unique && len(c.Values) > 0
		c.seen = nil
		order := make([]int, len(c.Values))
		for i := range order {
			order[i] = i
		}
		slices.SortFunc(order, func(a, b int) int {
			if c.Rows[a] != c.Rows[b] {
				return c.Rows[b] - c.Rows[a]
			}
			return strings.Compare(c.Values[a], c.Values[b])
		})
		values, rows := make([]string, len(order)), make([]int, len(order))
		for i, at := range order {
			values[i], rows[i] = c.Values[at], c.Rows[at]
		}
		c.Values, c.Rows = values, rows
	}
}

// Counts returns how many rows that hold one of the given values of each column
// hold each value of a column too.
func (s *Survey) Counts(of *SurveyedColumn, where map[*SurveyedColumn][]string) map[string]int {
	type test struct {
		codes []uint16
		takes []bool // by code
	}
	var tests []test
	for c, values := range where {
		t := test{c.codes, make([]bool, uncounted+1)}
		for _, v := range values {
			t.takes[c.number[v]+1] = true
		}
		tests = append(tests, t)
	}
	byCode := make([]int, uncounted+1)
	for row, code := range of.codes {
		if !slices.ContainsFunc(tests, func(t test) bool { return !t.takes[t.codes[row]] }) {
			byCode[code]++
		}
	}
	counts := map[string]int{}
	for v, n := range of.number {
		if k := byCode[n+1]; k > 0 {
			counts[v] = k
		}
	}
	return counts
}
