package check

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
)

// A report is what check/sanity found, in the form of sanity.json. Shares and
// strengths are rounded to 4 digits.
type report struct {
	Sets         []setReport   `json:"sets"`
	Classes      []string      `json:"classes"`
	Attributes   []mixReport   `json:"attributes"`
	Associations []association `json:"associations"`
	Uncounted    []string      `json:"uncounted"` // columns with too many values
	Notes        []string      `json:"notes"`
	label        string
}

type setReport struct {
	Name         string         `json:"name"`
	Rows         int            `json:"rows"`
	PerClass     []int          `json:"per_class"`
	LabelShift   float64        `json:"label_shift"` // total variation from train
	ChiSquare    float64        `json:"chi_square"`
	Freedom      int            `json:"degrees_of_freedom"`
	Detectable   float64        `json:"detectable_gap"` // beside iid, else train
	Missing      map[string]int `json:"missing"`
	MissingLabel int            `json:"missing_label"`
}

type mixReport struct {
	Name   string    `json:"name"`
	Bins   string    `json:"bins,omitempty"` // how the values were made, where they are bins
	Values []string  `json:"values"`
	Counts [][]int   `json:"counts"` // by set and value
	Shift  []float64 `json:"shift"`  // total variation of each set from train
}

type association struct {
	A        string  `json:"a"`
	B        string  `json:"b"`
	Strength float64 `json:"cramers_v"`
	Chance   float64 `json:"by_chance"` // about what independent columns show in as many rows
}

func round4(x float64) float64 { return math.RoundToEven(x*10000) / 10000 }

// report compares the sets with the first.
func (c *Sanity) report(sets []*set, columns []string, bins map[string]*binning) (*report, error) {
	r := &report{label: c.Label, Classes: []string{}, Attributes: []mixReport{}, Associations: []association{}, Uncounted: []string{}, Notes: []string{}}
	train := sets[0]
	if train.rows == 0 {
		return nil, fmt.Errorf("train has no row")
	}
	var mixes []mixReport
	for _, name := range columns {
		full := slices.ContainsFunc(sets, func(s *set) bool { t := s.columns[name]; return t != nil && t.full })
		if full {
			r.Uncounted = append(r.Uncounted, name)
			continue
		}
		mixes = append(mixes, mixOf(name, sets, bins[name]))
	}
	beside := train
	if i := slices.IndexFunc(sets, func(s *set) bool { return s.name == "iid" }); i >= 0 {
		beside = sets[i]
	}
	for i, s := range sets {
		one := setReport{Name: s.name, Rows: s.rows, PerClass: []int{}, Missing: map[string]int{}, Detectable: round4(detectable(beside.rows, s.rows))}
		for _, name := range columns {
			if t := s.columns[name]; t != nil && t.missing > 0 {
				one.Missing[name] = t.missing
			}
		}
		one.MissingLabel = one.Missing[c.Label]
		if m := slices.IndexFunc(mixes, func(m mixReport) bool { return m.Name == c.Label }); m >= 0 {
			one.PerClass, one.LabelShift = mixes[m].Counts[i], mixes[m].Shift[i]
			x, freedom, _ := chiSquare([][]int{mixes[m].Counts[0], mixes[m].Counts[i]})
			one.ChiSquare, one.Freedom = round4(x), freedom
			r.Classes = mixes[m].Values
		}
		r.Sets = append(r.Sets, one)
	}
	for _, m := range mixes {
		if m.Name != c.Label {
			r.Attributes = append(r.Attributes, m)
		}
	}
	r.associations(train, mixes)
	r.notes(c)
	return r, nil
}

// mixOf lines up the counts of a column over all sets.
func mixOf(name string, sets []*set, bins *binning) mixReport {
	values, numbers := map[string]bool{}, false
	for _, s := range sets {
		if t := s.columns[name]; t != nil {
			for v := range t.codes {
				values[v] = true
			}
			numbers, _ = numeric(s.input.Schema().Field(s.input.Schema().FieldIndices(name)[0]).Type)
		}
	}
	m := mixReport{Name: name, Values: sortedKeys(values)}
	bins.order(m.Values, numbers)
	if bins != nil {
		m.Bins = bins.said
	}
	for _, s := range sets {
		counts := make([]int, len(m.Values))
		for i, v := range m.Values {
			if t := s.columns[name]; t != nil {
				counts[i] = t.of(v)
			}
		}
		m.Counts = append(m.Counts, counts)
		m.Shift = append(m.Shift, round4(variation(m.Counts[0], counts)))
	}
	return m
}

// How many values of an attribute, and how many classes, are shown to people.
const (
	mostValues = 40
	mostShown  = 200
)

// common are the values to be shown: of more than so many the most common
// 20, and all others together.
func common(values []string, counts [][]int, most int) ([]string, [][]int) {
	const kept = 20
	if len(values) <= most {
		return values, counts
	}
	order, sums := make([]int, len(values)), make([]int, len(values))
	for v := range order {
		order[v] = v
		for _, set := range counts {
			sums[v] += set[v]
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return sums[b] - sums[a] })
	shown := slices.Sorted(slices.Values(order[:kept]))
	var names []string
	for _, v := range shown {
		names = append(names, values[v])
	}
	names = append(names, fmt.Sprintf("(%d others)", len(order)-kept))
	var lines [][]int
	for _, set := range counts {
		var line []int
		for _, v := range shown {
			line = append(line, set[v])
		}
		lines = append(lines, append(line, total(set)-total(line)))
	}
	return names, lines
}

// shownClasses are the classes to be shown and their counts.
func (r *report) shownClasses() ([]string, [][]int) {
	var counts [][]int
	for _, s := range r.Sets {
		counts = append(counts, s.PerClass)
	}
	return common(r.Classes, counts, mostShown)
}

// associations measures in train how far one column tells another.
func (r *report) associations(train *set, mixes []mixReport) {
	for i, a := range mixes {
		for _, b := range mixes[i+1:] {
			counts, first, second := train.pairs[[2]string{a.Name, b.Name}], a, b
			if counts == nil {
				counts, first, second = train.pairs[[2]string{b.Name, a.Name}], b, a
			}
			table := make([][]int, len(first.Values))
			for x, v := range first.Values {
				table[x] = make([]int, len(second.Values))
				k, ok := train.columns[first.Name].codes[v]
				for y, w := range second.Values {
					if l, also := train.columns[second.Name].codes[w]; ok && also {
						table[x][y] = counts[uint64(k)<<32|uint64(l)]
					}
				}
			}
			if len(table) == 0 {
				continue
			}
			if v, chance := cramer(table); v >= 0 {
				r.Associations = append(r.Associations, association{a.Name, b.Name, round4(v), round4(chance)})
			}
		}
	}
	slices.SortStableFunc(r.Associations, func(a, b association) int {
		switch {
		case a.Strength > b.Strength:
			return -1
		case a.Strength < b.Strength:
			return 1
		}
		return strings.Compare(a.A+"\x00"+a.B, b.A+"\x00"+b.B)
	})
}

// notes point out what a reader should not overlook, a line for each set.
func (r *report) notes(c *Sanity) {
	for i, s := range r.Sets[1:] {
		if s.Rows == 0 {
			r.Notes = append(r.Notes, s.Name+" has no row")
			continue
		}
		if s.LabelShift >= c.Warn && beyondChance(s.ChiSquare, s.Freedom) {
			r.Notes = append(r.Notes, fmt.Sprintf("%s: its classes are mixed otherwise than train's by %.3f (total variation): part of an accuracy gap may come from that; match: %s would hold them", s.Name, s.LabelShift, r.label))
		}
		var gone []string
		for k, class := range r.Classes {
			if r.Sets[0].PerClass[k] > 0 && s.PerClass[k] == 0 {
				gone = append(gone, class)
			}
		}
		if len(gone) > 0 {
			r.Notes = append(r.Notes, fmt.Sprintf("%s lacks %d of train's classes: %s", s.Name, len(gone), few(gone)))
		}
		var unseen []string
		for k, class := range r.Classes {
			if r.Sets[0].PerClass[k] == 0 && s.PerClass[k] > 0 {
				unseen = append(unseen, class)
			}
		}
		if len(unseen) > 0 {
			r.Notes = append(r.Notes, fmt.Sprintf("%s has %d classes that train lacks, which no model can learn: %s", s.Name, len(unseen), few(unseen)))
		}
		var other []string
		for _, m := range r.Attributes {
			x, freedom, _ := chiSquare([][]int{m.Counts[0], m.Counts[i+1]})
			// A set that shares no value with train is the shift that was asked for.
			if v := m.Shift[i+1]; v >= c.Warn && v < 1 && beyondChance(x, freedom) {
				other = append(other, fmt.Sprintf("%s %.3f", m.Name, v))
			}
		}
		if len(other) > 0 {
			r.Notes = append(r.Notes, fmt.Sprintf("%s: not held at train's mix (total variation): %s", s.Name, few(other)))
		}
	}
}

// beyondChance says whether a chi-square statistic lies more than three
// standard deviations above its mean under equal mixes. Small sets differ by
// much through chance alone.
func beyondChance(statistic float64, freedom int) bool {
	return statistic > float64(freedom)+float64(3*math.Sqrt(2*float64(freedom)))
}

func few(names []string) string {
	if len(names) > 6 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:5], ", "), len(names)-5)
	}
	return strings.Join(names, ", ")
}

func (r *report) json() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(r); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
