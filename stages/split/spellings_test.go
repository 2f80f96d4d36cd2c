package split

import (
	"context"
	"math"
	"strings"
	"testing"

	"shiftmill/stages/stagetest"
)

// messy is a table whose countries and classes several people wrote.
func messy() *stagetest.Table {
	return stagetest.Rows([]string{"1", "2", "3", "4", "5", "6", "7", "8", "9"},
		stagetest.Column{Name: "country", Values: []any{"US", "US", "US", "us", " US", "FR", "FR", "FR", "Fr"}},
		stagetest.Column{Name: "label", Values: []any{"cat", "dog", "dog", "cat", "cat", "cat", "dog", nil, "cat"}},
	)
}

// TestSpellings: rows left out since their value is spelt otherwise are pointed at.
func TestSpellings(t *testing.T) {
	for _, tt := range []struct{ with, want string }{
		{`{base: {country: US}, shifts: {country: [FR]}, sizes: {train: 2, iid: 1, ood: all}}`,
			`country: some rows have "Fr" instead of "FR", which differs in case or blanks alone and is another value; one_of under types: of the source makes spellings one
country: some rows have " US", "us" instead of "US", which differs in case or blanks alone and is another value; one_of under types: of the source makes spellings one`},
		{`{base: {country: {not: [US, us]}}, sizes: {train: 2, iid: 1}}`,
			`country: some rows have " US" instead of "us", which differs in case or blanks alone and is another value; one_of under types: of the source makes spellings one`},
		{`{base: {label: [cat, dog]}, shifts: {}, sizes: {train: 2, iid: 1}}`, ""},
	} {
		sink, err := shiftCase(t, tt.with, messy()).Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, n := range sink.Notes {
			if strings.Contains(n, "differ") {
				got = append(got, n)
			}
		}
		if text := strings.Join(got, "\n"); text != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.with, text, tt.want)
		}
	}
	classes := stagetest.Rows([]string{"1", "2", "3", "4", "5"},
		stagetest.Column{Name: "site", Values: []any{"a", "a", "a", "b", "b"}},
		stagetest.Column{Name: "label", Values: []any{"Cat", "cat ", "Cat", "Cat", "cat "}})
	sink, err := shiftCase(t, `{base: {site: a}, shifts: {site: [b]}, sizes: {train: 2, iid: 1, ood: all}}`, classes).Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if want := `label: "Cat", "cat " are 2 classes, though they differ in case or blanks alone; one_of under types: of the source makes spellings one`; !strings.Contains(strings.Join(sink.Notes, "\n"), want) {
		t.Errorf("notes %q: want %s", sink.Notes, want)
	}
}

// TestMissingClass: a row without a class is in no set, unless the spec says so.
func TestMissingClass(t *testing.T) {
	const with = `{base: {country: US}, shifts: {country: [FR]}, sizes: {train: 2, iid: 1, ood: all}`
	got, err := outputs(t, shiftCase(t, with+"}", messy()))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"country=FR: 6 7\n", "missing label"} {
		if !strings.Contains(got+"\n", want) {
			t.Errorf("sets:\n%s\nwant %q", got, want)
		}
	}
	_, err = outputs(t, shiftCase(t, with+", missing: {label: error}}", messy()))
	if want := `row "8": label is missing: fill it in, or set missing: {label: drop}`; err == nil || err.Error() != want {
		t.Errorf("error:\n got %v\nwant %s", err, want)
	}
	got, err = outputs(t, shiftCase(t, with+", missing: {label: keep}, classes: all}", messy()))
	if err == nil {
		t.Errorf("classes: all looks at no class, and so has no missing one: %s", got)
	}
	_, err = outputs(t, shiftCase(t, with+", missing: {label: keep}}", messy()))
	if want := "country=FR has (missing), which base lacks"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error:\n got %v\nwant %s", err, want)
	}
}

// TestUnlearnt: a class that train is too small to hold is pointed at.
func TestUnlearnt(t *testing.T) {
	var ids []string
	var site, label []string
	for i := range 60 {
		ids = append(ids, strings.Repeat("x", i+1))
		site, label = append(site, []string{"a", "b"}[i%2]), append(label, "common")
		if i >= 56 {
			label[i] = "rare"
		}
	}
	rows := stagetest.Rows(ids, stagetest.Column{Name: "site", Values: site}, stagetest.Column{Name: "label", Values: label})
	sink, err := shiftCase(t, `{base: {site: a}, shifts: {site: [b]}, sizes: {train: 5, iid: 5, ood: all}, stratify: label}`, rows).Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if want := "label: train has no row of rare, and site=b has some: a larger train, {each: N} by label, or a list of classes mends that"; !strings.Contains(strings.Join(sink.Notes, "\n"), want) {
		t.Errorf("notes %q: want %s", sink.Notes, want)
	}
	sink, err = shiftCase(t, `{base: {site: a}, shifts: {site: [b]}, sizes: {train: {each: 1}, iid: {each: 1}, ood: all}, stratify: label}`, rows).Run(context.Background())
	if err != nil || strings.Contains(strings.Join(sink.Notes, "\n"), "train has no row") {
		t.Errorf("notes %q, %v: every class is in train", sink.Notes, err)
	}
}

// TestNaN: a number that is none is a missing value: of attributes also where not asks for others, of
// groups it makes none, and of classes no class.
func TestNaN(t *testing.T) {
	nan := math.NaN()
	rows := func(label []float64) *stagetest.Table {
		return stagetest.Rows([]string{"1", "2", "3", "4", "5", "6"},
			stagetest.Column{Name: "lux", Values: []float64{1, 1, nan, 2, nan, 5}},
			stagetest.Column{Name: "site", Values: []float64{nan, nan, nan, nan, 1, 2}},
			stagetest.Column{Name: "label", Values: label})
	}
	classes := []float64{1.0, 1.0, 1.0, 1.0, 1.0, 1.0}
	for _, tt := range []struct {
		with, want string
		label      []float64
	}{
		{`{base: {lux: {not: 2}}, shifts: {lux: [2]}, sizes: {train: all, iid: 1, ood: all}}`, "train: 2 6\niid: 1\nlux=2: 4\nunused: 3 (missing lux) 5 (missing lux)\n", classes},
		{`{base: {lux: 1}, shifts: {lux: [null]}, sizes: {train: all, iid: 1, ood: all}}`, "train: 2\niid: 1\nlux=null: 3 5\nunused: 4 (lux has another value) 6 (lux has another value)\n", classes},
		{`{base: {lux: 0..}, sizes: {train: all, iid: 1}, missing: {lux: keep}, group: site}`, "train: 2 3 4 5 6\niid: 1\nunused:\n", classes},
		{`{base: {lux: ..2}, shifts: {lux: [5]}, sizes: {train: all, iid: 1, ood: all}}`, "train: 4\niid: 1\nlux=5: 6\nunused: 2 (missing label) 3 (missing lux) 5 (missing lux)\n", []float64{1.0, nan, 1.0, 1.0, 1.0, 1.0}},
	} {
		got, err := outputs(t, shiftCase(t, tt.with, rows(tt.label)))
		if err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s:\n got %s\nwant %s", tt.with, got, tt.want)
		}
	}
}

// TestFewRows: what is said of tables that are too small to divide.
func TestFewRows(t *testing.T) {
	table := func(n int) *stagetest.Table {
		return stagetest.Rows([]string{"a", "b", "c"}[:n], stagetest.Column{Name: "country", Values: []string{"US", "US", "FR"}[:n]}, stagetest.Column{Name: "label", Values: []string{"x", "x", "x"}[:n]})
	}
	for _, tt := range []struct {
		with, want string
		rows       int
	}{
		{`{base: {country: US}, sizes: {train: all, iid: 1}}`, "no rows for train (all): all 1 rows of the cells are in other sets", 1},
		{`{base: {country: US}, sizes: {train: 70%, iid: 30%}}`, "no rows for train (70%): all 1 rows of the cells are in other sets", 1},
		{`{base: {country: US}, shifts: {country: [FR]}, sizes: {train: 1, iid: 1, ood: 1}, holdout: {country: US}}`, "no row is in base; of 3 rows 1 are in a cell, 2 are in holdout", 3},
	} {
		_, err := outputs(t, shiftCase(t, tt.with, table(tt.rows)))
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s:\n got %v\nwant %s", tt.with, err, tt.want)
		}
	}
}
