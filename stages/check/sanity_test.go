package check

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/stagetest"
)

func sanity(t testing.TB, with string, sets ...*stagetest.Table) stagetest.Case {
	t.Helper()
	v, err := pipeline.ParseValue("x.yaml", with)
	if err != nil {
		t.Fatal(err)
	}
	kind := SanityKind()
	config := kind.NewConfig()
	if errs := pipeline.Decode(v, config); len(errs) > 0 {
		t.Fatal(errs)
	}
	c := stagetest.Case{Kind: kind, Config: config, Ports: map[string][]stages.Input{"train": {sets[0]}}}
	for _, s := range sets[1:] {
		c.Ports["tests"] = append(c.Ports["tests"], s)
	}
	return c
}

// photos is a set in which every value is given in short: label, country, year.
func photos(name string, rows ...string) *stagetest.Table {
	ids, label, country := make([]string, len(rows)), make([]any, len(rows)), make([]any, len(rows))
	year := make([]int64, len(rows))
	cells := make([]stages.ImageCell, len(rows))
	for i, r := range rows {
		f := strings.Fields(r)
		ids[i] = fmt.Sprintf("%s-%03d", name, i)
		if f[0] != "-" {
			label[i] = f[0]
		}
		if f[1] != "-" {
			country[i] = f[1]
		}
		fmt.Sscan(f[2], &year[i])
		cells[i] = stages.ImageCell{Ref: "rgb8", Data: []byte(strings.Repeat(string([]byte{byte(40 * i), 90, 30}), 6*4)), Height: 6, Width: 4}
	}
	t := stagetest.Rows(ids, stagetest.Column{Name: "image", Values: cells}, stagetest.Column{Name: "label", Values: label},
		stagetest.Column{Name: "country", Values: country}, stagetest.Column{Name: "year", Values: year}, stagetest.Column{Name: "shot", Values: ids})
	t.OutputName = name
	return t
}

func example(t testing.TB) stagetest.Case {
	return sanity(t, "{values: 5, pictures: 3}",
		photos("train", "bank US 2019", "bank US 2019", "gym MX 2019", "gym MX 2019", "gym - 2019", "- US 2019"),
		photos("iid", "bank US 2019", "gym MX 2019"),
		photos("country=FR", "gym FR 2019", "gym FR 2019", "gym FR 2019"))
}

func TestSanity(t *testing.T) {
	sink, err := example(t).Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"country=FR lacks 1 of train's classes: bank",
	} {
		if !strings.Contains(strings.Join(sink.Notes, "\n"), want) {
			t.Errorf("notes %q lack %q", sink.Notes, want)
		}
	}
	text := string(sink.File("", "sanity.md"))
	for _, want := range []string{
		"| train | 6 | 0.000 | 0.0 (1) | 100.0 | country 1, label 1 |",
		"| country=FR | 3 | 0.400 |",
		"| label | country | 1.000 | 0.500 |",
		"Too many different texts to compare: shot.",
		"### country",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("sanity.md lacks %q:\n%s", want, text)
		}
	}
	if png := sink.File("", "grid.png"); len(png) == 0 {
		t.Error("there is no grid.png")
	}
}

// Images of several classes count under each of them, and iid stands behind
// train whatever the names of the others.
func TestSanityOfItems(t *testing.T) {
	worn := func(name string, labels ...[]string) *stagetest.Table {
		ids, views := make([]string, len(labels)), make([]any, len(labels))
		for i := range labels {
			ids[i], views[i] = fmt.Sprintf("%s-%03d", name, i), []string{"front", "side"}[i%2]
		}
		table := stagetest.Rows(ids, stagetest.Column{Name: "labels", Values: labels}, stagetest.Column{Name: "view", Values: views})
		table.OutputName = name
		return table
	}
	sink, err := sanity(t, "{}",
		worn("train", []string{"skirt", "vest"}, []string{"vest"}, []string{"skirt"}, []string{}),
		worn("far", []string{"vest"}, []string{"vest", "vest"}),
		worn("iid", []string{"skirt"}, []string{"vest"})).Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var got report
	if err := json.Unmarshal(sink.File("", "sanity.json"), &got); err != nil {
		t.Fatal(err)
	}
	var sets []string
	for _, s := range got.Sets {
		sets = append(sets, fmt.Sprint(s.Name, s.PerClass, s.MissingLabel))
	}
	if want := "train[2 2] 1 iid[1 1] 0 far[0 2] 0"; strings.Join(sets, " ") != want || fmt.Sprint(got.Classes) != "[skirt vest]" {
		t.Errorf("sets %q of %q, want %s", sets, got.Classes, want)
	}
	if len(got.Associations) != 1 || got.Associations[0].Strength != 0.5774 { // view by class: 2 1, 0 1
		t.Errorf("associations %+v", got.Associations)
	}
	if want := "far lacks 1 of train's classes: skirt"; !slices.Contains(sink.Notes, want) {
		t.Errorf("notes %q lack %q", sink.Notes, want)
	}
}

func TestGolden(t *testing.T) { stagetest.Golden(t, "", example(t)) }

func TestSanityErrors(t *testing.T) {
	for _, tt := range []struct{ with, want string }{
		{"{attributes: [counrty]}", `-: with.attributes.0: the rows have no column "counrty"; did you mean "country"?`},
		{"{attributes: [image]}", `-: with.attributes.0: column "image" holds`},
	} {
		_, err := sanity(t, tt.with, photos("train", "bank US 2019"), photos("iid", "bank US 2019")).Run(context.Background())
		if got := fmt.Sprint(err); !strings.HasPrefix(got, tt.want) {
			t.Errorf("error:\n got %s\nwant %s", got, tt.want)
		}
	}
}

func TestNotesBeyondChance(t *testing.T) {
	var train, even, skewed []string
	for i := range 200 {
		train = append(train, []string{"bank US 2019", "gym MX 2019"}[i%2])
		even = append(even, []string{"bank FR 2019", "gym FR 2019"}[i%2])
		skewed = append(skewed, []string{"bank US 2018", "bank US 2018", "gym MX 2018", "bank MX 2018"}[i%4])
	}
	sink, err := sanity(t, "{pictures: 0}", photos("train", train...), photos("country=FR", even...), photos("year=2018", skewed...)).Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(sink.Notes, "\n"), "year=2018: its classes are mixed otherwise than train's by 0.250 (total variation): part of an accuracy gap may come from that; match: label would hold them"; got != want {
		t.Errorf("notes:\n got %s\nwant %s", got, want)
	}
	sink, err = sanity(t, "{pictures: 0}", photos("train", "bank US 2019"), photos("iid", "bank US 2019", "zoo US 2019")).Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if want := "iid has 1 classes that train lacks, which no model can learn: zoo"; !slices.Contains(sink.Notes, want) {
		t.Errorf("notes %q lack %q", sink.Notes, want)
	}
}

// The figures are compared with values worked out by hand or with SciPy
// (chi2_contingency without correction, and its Cramer's V).
func TestMeasures(t *testing.T) {
	near := func(name string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-9 {
			t.Errorf("%s = %v, want %v", name, got, want)
		}
	}
	near("variation", variation([]int{3, 1}, []int{1, 1}), 0.25)
	near("variation of disjoint mixes", variation([]int{5, 0}, []int{0, 2}), 1)
	x, freedom, n := chiSquare([][]int{{10, 20, 30}, {6, 9, 17}})
	near("chi-square", x, 0.27157465150403504)
	if freedom != 2 || n != 92 {
		t.Errorf("degrees of freedom %d of %d, want 2 of 92", freedom, n)
	}
	v, _ := cramer([][]int{{5, 0}, {0, 7}})
	near("Cramer's V", v, 1)
	v, _ = cramer([][]int{{2, 4}, {3, 6}})
	near("Cramer's V of independent columns", v, 0)
	v, _ = cramer([][]int{{2, 4}})
	near("Cramer's V of a column that does not vary", v, -1)
	_, chance := cramer([][]int{{10, 20, 30}, {6, 9, 17}}) // sqrt(2/92)
	near("Cramer's V by chance", chance, 0.14744195615489714)
	near("detectable", detectable(10000, 10000), 0.019810199057996726)
}
