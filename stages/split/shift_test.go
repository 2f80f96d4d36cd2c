package split

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/stagetest"
)

// parse reads the parameters of a kind as they stand under "with".
func parse(t testing.TB, kind *stages.Kind, with string) any {
	t.Helper()
	v, err := pipeline.ParseValue("x.yaml", with)
	if err != nil {
		t.Fatal(err)
	}
	config := kind.NewConfig()
	if errs := pipeline.Decode(v, config); len(errs) > 0 {
		t.Fatal(errs)
	}
	return config
}

// shops is a table like that of the storefronts: so many photos, several of
// one business, with attributes that follow from their number.
func shops(n int) *stagetest.Table {
	ids := make([]string, n)
	country, camera, label, business := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	year := make([]int64, n)
	h := newHasher(99)
	for i := range n {
		ids[i] = fmt.Sprintf("photo-%06d", i)
		a, b, c := h.ofGroup([]byte(ids[i]))
		shop := a % uint64(n/3+1)
		business[i] = fmt.Sprintf("shop-%d", shop)
		country[i] = []string{"US", "MX", "CA", "FR"}[b%4]
		year[i] = 2017 + int64(c%3)
		camera[i] = []string{"new", "new", "old"}[b>>8%3]
		label[i] = []string{"bakery", "bank", "gym"}[shop%3]
	}
	return stagetest.Rows(ids, stagetest.Column{Name: "country", Values: country}, stagetest.Column{Name: "camera", Values: camera},
		stagetest.Column{Name: "year", Values: year}, stagetest.Column{Name: "label", Values: label}, stagetest.Column{Name: "business", Values: business})
}

const svsf = `{base: {country: [US, MX, CA], year: 2019, camera: new}, shifts: {year: [2017, 2018], country: [FR], camera: [old]},
  sizes: {train: 200, val: 20, iid: 40, ood: 30}, stratify: label, group: business}`

func shiftCase(t testing.TB, with string, rows *stagetest.Table) stagetest.Case {
	kind := ShiftKind()
	return stagetest.Case{Kind: kind, Config: parse(t, kind, with), Ports: map[string][]stages.Input{"rows": {rows}}, Seed: 7}
}

func column(t *stagetest.Table, name string) []string {
	rec := t.Record()
	col := rec.Column(rec.Schema().FieldIndices(name)[0])
	out := make([]string, rec.NumRows())
	for i := range out {
		if col.IsValid(i) {
			out[i] = string(appendValue(nil, col, i))
		}
	}
	return out
}

func TestShift(t *testing.T) {
	rows := shops(3000)
	sink, err := shiftCase(t, svsf, rows).Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range sink.Notes {
		t.Log(n)
	}
	at := map[string]int{}
	for i, id := range column(rows, "id") {
		at[id] = i
	}
	country, camera, year, business := column(rows, "country"), column(rows, "camera"), column(rows, "year"), column(rows, "business")
	inTrain := map[string]bool{}
	total := 0
	for _, out := range []struct {
		name string
		n    int
		fits func(i int) bool
	}{
		{"train", 200, func(i int) bool { return country[i] != "FR" && year[i] == "2019" && camera[i] == "new" }},
		{"val", 20, func(i int) bool {
			return country[i] != "FR" && year[i] == "2019" && camera[i] == "new" && !inTrain[business[i]]
		}},
		{"iid", 40, func(i int) bool {
			return country[i] != "FR" && year[i] == "2019" && camera[i] == "new" && !inTrain[business[i]]
		}},
		{"year=2017", 30, func(i int) bool {
			return country[i] != "FR" && year[i] == "2017" && camera[i] == "new" && !inTrain[business[i]]
		}},
		{"year=2018", 30, func(i int) bool {
			return country[i] != "FR" && year[i] == "2018" && camera[i] == "new" && !inTrain[business[i]]
		}},
		{"country=FR", 30, func(i int) bool {
			return country[i] == "FR" && year[i] == "2019" && camera[i] == "new" && !inTrain[business[i]]
		}},
		{"camera=old", 30, func(i int) bool {
			return country[i] != "FR" && year[i] == "2019" && camera[i] == "old" && !inTrain[business[i]]
		}},
		{"unused", 2620, func(i int) bool { return true }},
	} {
		got, err := sink.Rows(out.name)
		if err != nil {
			t.Fatal(err)
		}
		if got.Len() != out.n {
			t.Errorf("%s has %d rows, want %d", out.name, got.Len(), out.n)
		}
		total += got.Len()
		for _, id := range column(got, "id") {
			i := at[id]
			if out.name == "train" {
				inTrain[business[i]] = true
			}
			if !out.fits(i) {
				t.Errorf("%s holds %s: %s %s %s %s", out.name, id, country[i], year[i], camera[i], business[i])
			}
		}
	}
	if total != 3000 {
		t.Errorf("outputs hold %d rows of 3000", total)
	}
}

func TestShiftGolden(t *testing.T) {
	stagetest.Golden(t, "svsf", shiftCase(t, svsf, shops(2000)))
	shares := strings.Replace(svsf, "{train: 200, val: 20, iid: 40, ood: 30}", "{train: 70%, val: 10%, iid: 20%, ood: all}", 1)
	stagetest.Golden(t, "shares", shiftCase(t, shares, shops(2000)))
}
