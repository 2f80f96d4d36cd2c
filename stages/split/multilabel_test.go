package split

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"shiftmill/stages/stagetest"
)

type labelledRow struct {
	ID     string
	Kind   string
	Group  *string
	Labels []string
}

func labelled(rows []labelledRow) *stagetest.Table {
	ids, kinds, groups, labels := []string{}, []string{}, []any{}, [][]string{}
	for _, r := range rows {
		ids, kinds, labels = append(ids, r.ID), append(kinds, r.Kind), append(labels, r.Labels)
		if r.Group == nil {
			groups = append(groups, nil)
		} else {
			groups = append(groups, *r.Group)
		}
	}
	return stagetest.Rows(ids, stagetest.Column{Name: "kind", Values: kinds}, stagetest.Column{Name: "group", Values: groups}, stagetest.Column{Name: "labels", Values: labels})
}

func labelledSpec(sizes map[string]int, grouped bool) string {
	var parts []string
	for _, name := range keys(sizes) {
		parts = append(parts, fmt.Sprintf("%s: %d", name, sizes[name]))
	}
	group := ""
	if grouped {
		group = ", group: group"
	}
	return fmt.Sprintf("{base: {kind: a}, shifts: {kind: b}, stratify: labels, sizes: {%s}%s}", strings.Join(parts, ", "), group)
}

// placesOf runs a split and says where each row went.
func placesOf(t *testing.T, c stagetest.Case) (map[string]string, error) {
	t.Helper()
	text, err := outputs(t, c)
	if err != nil {
		return nil, err
	}
	of := map[string]string{}
	for _, line := range strings.Split(text, "\n") {
		name, rest, _ := strings.Cut(line, ":")
		for _, word := range strings.Fields(rest) {
			if name != "unused" || len(word) == 8 && !strings.ContainsAny(word, "():") {
				of[word] = name
			}
		}
	}
	return of, nil
}

// TestMultiLabelVectors compares with multilabel.py, which was written from the
// paper.
func TestMultiLabelVectors(t *testing.T) {
	data, err := os.ReadFile("testdata/multilabel.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Seed    uint64
		Grouped bool
		Rows    []labelledRow
		Sizes   map[string]int
		Out     map[string]string
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for i, tt := range cases {
		c := shiftCase(t, labelledSpec(tt.Sizes, tt.Grouped), labelled(tt.Rows))
		c.Seed = tt.Seed
		got, err := placesOf(t, c)
		if err != nil {
			t.Fatalf("case %d: %v", i, err)
		}
		for id, want := range tt.Out {
			if got[id] != want && !(want == "unused" && got[id] == "") {
				t.Errorf("case %d: row %s is in %q, want %q", i, id, got[id], want)
			}
		}
	}
}

// TestMultiLabel checks on random tables what is promised: sizes to the row, no
// group on both sides, the same whatever the order of rows, a refusal whose
// sizes can be had, and shares of classes near those of all rows.
func TestMultiLabel(t *testing.T) {
	feasible := 0
	for i := range *cases {
		r := rand.New(rand.NewPCG(uint64(i), 5))
		n := 10 + r.IntN(150)
		rows := make([]labelledRow, n)
		for k := range rows {
			row := labelledRow{ID: fmt.Sprintf("%08x", k*2654435761%(1<<32)), Kind: pick(r, "a", "a", "b")}
			if r.IntN(5) > 0 {
				g := fmt.Sprint(r.IntN(n/3 + 1))
				row.Group = &g
			}
			for range r.IntN(5) {
				row.Labels = append(row.Labels, fmt.Sprintf("c%d", min(r.IntN(12), r.IntN(12))))
			}
			rows[k] = row
		}
		grouped := r.IntN(2) == 0
		sizes := map[string]int{"train": 1 + r.IntN(n/2), "iid": 1 + r.IntN(n/6+1), "ood": 1 + r.IntN(n/6+1)}
		if r.IntN(2) == 0 {
			sizes["val"] = 1 + r.IntN(n/6+1)
		}
		c := shiftCase(t, labelledSpec(sizes, grouped), labelled(rows))
		c.Seed = uint64(i)
		got, err := placesOf(t, c)
		c.Cut, c.Workers = r, 1+r.IntN(3)
		again, err2 := placesOf(t, c)
		if fmt.Sprint(err, got) != fmt.Sprint(err2, again) {
			t.Fatalf("case %d: another result in other batches: %v, %v", i, err, err2)
		}
		if err != nil {
			_, remedy, ok := strings.Cut(err.Error(), "remedy: ")
			if !ok {
				continue
			}
			spec := labelledSpec(sizes, grouped)
			from := strings.Index(spec, "sizes: ")
			to := from + strings.Index(spec[from:], "}") + 1
			c := shiftCase(t, spec[:from]+remedy+spec[to:], labelled(rows))
			c.Seed = uint64(i)
			if _, err := outputs(t, c); err != nil {
				t.Errorf("case %d: after the remedy %s: %v", i, remedy, err)
			}
			continue
		}
		feasible++
		count := map[string]int{}
		train := map[string]bool{}
		for _, row := range rows {
			o := got[row.ID]
			if count[o]++; o == "train" && row.Group != nil {
				train[*row.Group] = true
			}
		}
		for name, want := range sizes {
			if name == "ood" {
				name = "kind=b"
			}
			if count[name] != want {
				t.Errorf("case %d: %s has %d rows, asked %d", i, name, count[name], want)
			}
		}
		for _, row := range rows {
			if o := got[row.ID]; grouped && row.Group != nil && o != "train" && o != "unused" && o != "" && train[*row.Group] {
				t.Errorf("case %d: group %s is in train and in %s", i, *row.Group, o)
			}
			if o := got[row.ID]; o == "kind=b" != (row.Kind == "b") && o != "unused" && o != "" {
				t.Errorf("case %d: a row of kind %s is in %s", i, row.Kind, o)
			}
		}
	}
	t.Logf("%d of %d were feasible", feasible, *cases)
	if feasible < *cases/5 {
		t.Errorf("only %d of %d were feasible", feasible, *cases)
	}
}

// TestMultiLabelShares looks at a large split: shares of classes, percent sizes,
// and a second column.
func TestMultiLabelShares(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	var rows []labelledRow
	for k := range 6000 {
		row := labelledRow{ID: fmt.Sprintf("%08x", k), Kind: pick(r, "a", "a", "a", "b")}
		for range 1 + r.IntN(4) {
			row.Labels = append(row.Labels, fmt.Sprintf("c%02d", min(r.IntN(40), r.IntN(40), r.IntN(40))))
		}
		rows = append(rows, row)
	}
	got, err := placesOf(t, shiftCase(t, "{base: {kind: a}, shifts: {kind: b}, stratify: labels, sizes: {train: 50%, val: 12.5%, iid: 20%, ood: 30%}}", labelled(rows)))
	if err != nil {
		t.Fatal(err)
	}
	all, of, n := map[string]int{}, map[string]map[string]int{}, map[string]int{}
	base := 0
	for _, row := range rows {
		if row.Kind == "a" {
			base++
		}
		o := got[row.ID]
		n[o]++
		if of[o] == nil {
			of[o] = map[string]int{}
		}
		slices.Sort(row.Labels)
		for _, l := range slices.Compact(row.Labels) {
			of[o][l]++
			if row.Kind == "a" {
				all[l]++
			}
		}
	}
	if n["train"] != (base+1)/2 && n["train"] != base/2 {
		t.Errorf("train has %d of %d rows", n["train"], base)
	}
	// Rare classes are dealt first and to the row; what rounding them leaves over
	// lands on the most frequent one. A random draw is 6 rows off on average.
	for _, o := range []string{"train", "val", "iid"} {
		off := 0.0
		for l, rows := range all {
			off += math.Abs(float64(of[o][l]) - float64(rows)*float64(n[o])/float64(base))
		}
		if off /= float64(len(all)); off > 2 {
			t.Errorf("%s is off by %.1f rows of a class on average", o, off)
		}
	}
	for _, tt := range []struct{ with, want string }{
		{"{base: {kind: a}, stratify: labels, sizes: {train: {each: 3}, iid: 5}}", `-: with.stratify: "labels" holds several values a row, so no stratum has rows of its own`},
		{"{base: {kind: a}, balance: labels, sizes: {train: 3, iid: 5}}", `-: with.balance: column "labels" holds list`},
	} {
		_, err := outputs(t, shiftCase(t, tt.with, labelled(rows)))
		if got := fmt.Sprint(err); !strings.HasPrefix(got, tt.want) {
			t.Errorf("error:\n got %s\nwant %s", got, tt.want)
		}
	}
	if _, err := outputs(t, shiftCase(t, "{base: {}, stratify: [labels, kind], sizes: {train: 3000, iid: 500}}", labelled(rows))); err != nil {
		t.Error(err)
	}
}
