package storefronts

import (
	"fmt"
	"math"
	"testing"
)

func TestRows(t *testing.T) {
	mix := DefaultMix()
	const n = 8000
	classes, seen := map[string]int{}, map[string]Attributes{}
	cells := map[string]float64{}
	last := ""
	for i := range n {
		r := RowAt(3, i, mix)
		if r.ID <= last {
			t.Fatalf("row %d: id %s does not ascend from %s", i, r.ID, last)
		}
		last = r.ID
		classes[r.Class]++
		if first, ok := seen[r.Business]; ok && (first.Class != r.Class || first.Country != r.Country) {
			t.Fatalf("row %s: its business was %v before, now %v", r.ID, first, r.Attributes)
		}
		seen[r.Business] = r.Attributes
		base := r.Country != "FR"
		switch {
		case base && r.Year == 2019 && r.Camera == "new":
			cells["base"]++
		case base && r.Camera == "new" && r.Year > 2016:
			cells[fmt.Sprint(r.Year)]++
		case base && r.Year == 2019:
			cells["old"]++
		case r.Year == 2019 && r.Camera == "new":
			cells["FR"]++
		}
	}
	for _, c := range Classes() {
		if classes[c] != n/20 {
			t.Errorf("%d photos of class %s, want %d", classes[c], c, n/20)
		}
	}
	for cell, want := range map[string]float64{"base": 0.307, "2017": 0.097, "2018": 0.097, "FR": 0.125, "old": 0.119} {
		if got := cells[cell] / n; math.Abs(got-want) > 0.02 {
			t.Errorf("cell %s holds %.3f of the rows, want %.3f within 0.02", cell, got, want)
		}
	}
}

func TestRowGolden(t *testing.T) {
	got := ""
	for i := range 40 {
		got += fmt.Sprintf("%+v\n", RowAt(7, i*3, DefaultMix()))
	}
	checkGolden(t, "testdata/rows.txt", got)
}

func TestMixErrors(t *testing.T) {
	tests := []struct {
		name   string
		change func(m *Mix)
		want   string
	}{
		{"default", func(m *Mix) {}, "<nil>"},
		{"photos", func(m *Mix) { m.Photos = 0 }, "photos of a business: expected 1 to 100, got 0"},
		{"unknown", func(m *Mix) { m.Countries = []Share[string]{{"IT", 1}} }, `country: expected one of US, MX, CA, FR, DE, GB, got "IT"`},
		{"twice", func(m *Mix) { m.Years = []Share[int]{{2018, 1}, {2018, 2}} }, "year 2018: given twice"},
		{"negative", func(m *Mix) { m.Cameras = []Share[string]{{"old", -1}} }, "weight of camera old: expected 0 to 1000000, got -1"},
		{"nothing", func(m *Mix) { m.Cameras = []Share[string]{{"old", 0}} }, "camera: expected a value with a weight above 0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := DefaultMix()
			tt.change(&m)
			if got := fmt.Sprint(m.Check()); got != tt.want {
				t.Errorf("Check error:\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}
