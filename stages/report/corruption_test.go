package report

import (
	"fmt"
	"math"
	"testing"

	"shiftmill/stages/report/stats"
)

// corruptionBenchmark has two models on clean images and all 75 grades; model 1
// errs on the first wrong(m, c, s) of 1,000 images.
func corruptionBenchmark(wrong func(m, c, s int) int) *benchmark {
	b := &benchmark{name: "c", classes: make([]string, 1000)}
	for m := range 2 {
		b.models = append(b.models, &model{method: fmt.Sprint("m", m), seeds: []string{""}, cells: map[cellKey]*predictions{}})
	}
	add := func(name string, c, s int) {
		set := &testSet{name: name, iid: s == 0}
		cluster := make([]int32, 1000)
		for i := range cluster {
			cluster[i] = int32(i) // all corruptions of an image are one cluster
		}
		set.rows = stats.NewSet(cluster)
		for m := range b.models {
			p := &predictions{wrong: make([]int8, 1000)}
			for i := range wrong(m, c, s) {
				p.wrong[i] = 1
			}
			b.models[m].cells[cellKey{"", name}] = p
		}
		b.sets = append(b.sets, set)
	}
	add("iid", 0, 0)
	for c := range alexnet[:15] {
		for s := 1; s <= 5; s++ {
			add(fmt.Sprintf("corruption=%s,severity=%d", alexnet[c].name, s), c, s)
		}
	}
	return b
}

// mCE and relative mCE by their definitions, in loops of their own.
func TestCorruptionError(t *testing.T) {
	wrong := func(m, c, s int) int { return 200 + 100*m + 10*c + 80*s - 7*m*s }
	b := corruptionBenchmark(wrong)
	var mce, relative, own, ownRelative float64
	for c := range 15 {
		var e, other, alex float64
		for s := 1; s <= 5; s++ {
			e += float64(wrong(0, c, s)) / 1000
			other += float64(wrong(1, c, s)) / 1000
			alex += alexnet[c].error[s-1]
		}
		clean, otherClean := 5*float64(wrong(0, 0, 0))/1000, 5*float64(wrong(1, 0, 0))/1000
		mce += 100 * e / alex / 15
		relative += 100 * (e - clean) / (alex - 5*0.435) / 15
		own += 100 * e / other / 15
		ownRelative += 100 * (e - clean) / (other - otherClean) / 15
	}
	near := func(what string, got *number, want float64) {
		t.Helper()
		if got == nil || math.Abs(got.Value-want) > 1e-9 {
			t.Errorf("%s = %+v, want %v", what, got, want)
		}
	}
	b.about.CE = "alexnet"
	r := b.corrupted(nil, b.models[0], b.reference(b.models[0]))
	near("mCE", r.Mean, mce)
	near("relative mCE", r.Relative, relative)
	if !r.Complete || len(r.Each) != 15 || len(r.Severity) != 5 {
		t.Errorf("complete %v, %d corruptions, %d severities", r.Complete, len(r.Each), len(r.Severity))
	}
	b.about.CE = "m1"
	r = b.corrupted(nil, b.models[0], b.reference(b.models[0]))
	near("mCE against m1", r.Mean, own)
	near("relative mCE against m1", r.Relative, ownRelative)

	// In units of itself a model has 100, whatever the images.
	b.about.CE = "m0"
	r = b.corrupted(nil, b.models[0], b.reference(b.models[0]))
	for _, n := range []*number{r.Mean, r.Relative, r.Each[0].CE} {
		if n == nil || n.Value != 100 || *n.Low != 100 || *n.High != 100 {
			t.Errorf("in units of itself: %+v, want 100 without an interval", n)
		}
	}
}

func TestGrades(t *testing.T) {
	tests := []struct {
		name, corruption string
		severity         int
	}{
		{"corruption=fog,severity=3", "fog", 3},
		{"fog-3", "fog", 3},
		{"gaussian_noise/5", "gaussian_noise", 5},
		{"Gaussian-Noise 1", "gaussian_noise", 1},
		{"corruption=jpeg_compression-2", "jpeg_compression", 2},
		{"year=2015", "", 0},
		{"fog-6", "", 0},
		{"3", "", 0},
	}
	for _, tt := range tests {
		b := &benchmark{sets: []*testSet{{name: tt.name}}}
		gs := b.grades()
		if tt.corruption == "" {
			if len(gs) != 0 {
				t.Errorf("%q is taken for %v", tt.name, gs)
			}
			continue
		}
		if len(gs) != 1 || gs[0].corruption != tt.corruption || gs[0].severity != tt.severity {
			t.Errorf("%q gives %v", tt.name, gs)
		}
	}
}
