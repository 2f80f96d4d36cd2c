package split

import (
	"fmt"
	"strings"
	"testing"

	"shiftmill/pipeline"
	"shiftmill/stages/stagetest"
)

func TestHoldout(t *testing.T) {
	table := stagetest.Rows([]string{"1", "2", "3", "4", "5", "6", "7", "8"},
		stagetest.Column{Name: "site", Values: []any{"A", "A", "B", "B", "C", "C", nil, "C"}},
		stagetest.Column{Name: "year", Values: []int64{2019, 2019, 2019, 2018, 2019, 2018, 2019, 2019}},
		stagetest.Column{Name: "patient", Values: []string{"p1", "p2", "p3", "p3", "p2", "p5", "p6", "p7"}},
	)
	for _, tt := range []struct{ with, want string }{
		{ // a row in no cell is held out too; its group is kept out of base, not of the shifts
			"holdout: {site: A}, base: {year: 2019, site: {not: [A]}}, shifts: {year: [2018]}, group: patient",
			"holdout: 1 2|unused: 5 (its group is in holdout) 7 (missing site)",
		},
		{"holdout: [{site: A}, {year: 2018}], base: {year: 2019}, group: patient", "holdout: 1 2 4 6|unused: 3 (its group is in holdout) 5 (its group is in holdout)"},
		{"holdout: {site: null}, base: {year: 2019}", "holdout: 7|unused: 4 (year has another value) 6 (year has another value)"},
	} {
		got, err := outputs(t, shiftCase(t, "{"+tt.with+", sizes: {train: all, iid: 1, ood: all}, classes: all}", table))
		if err != nil {
			t.Errorf("%s: %v", tt.with, err)
			continue
		}
		for _, want := range strings.Split(tt.want, "|") {
			if !strings.Contains(got+"\n", want+"\n") {
				t.Errorf("%s:\n%s\nwant %s", tt.with, got, want)
			}
		}
	}
	sink, err := shiftCase(t, "{holdout: {site: A}, base: {year: 2019, site: {not: [A]}}, sizes: {train: 1, iid: 1}, classes: all}", table).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rows, err := sink.Rows("holdout")
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(column(rows, "cell")); got != "[none none]" {
		t.Errorf("cells of the holdout: %s", got)
	}
	for _, tt := range []struct{ with, want string }{
		{"holdout: 100%", `holdout: must be a share below 100%, such as 5%, or conditions such as {site: [A, B]}, got "100%"`},
		{"holdout: 20", "holdout: must be a share below 100%"},
		{"holdout: {sight: A}", `with.holdout.sight: the rows have no column "sight"`},
		{"holdout: [{site: A}, 7]", "holdout.1: must be a map of conditions"},
		{"shifts: {holdout: {year: 2018}}", `with.shifts.holdout: the name "holdout" is taken`},
	} {
		v, err := pipeline.ParseValue("x.yaml", "{"+tt.with+", base: {year: 2019}, sizes: {train: 1, iid: 1, ood: 1}, classes: all}")
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if errs := pipeline.Decode(v, ShiftKind().NewConfig()); len(errs) > 0 {
			got = errs[0].Error()
		} else if _, err := outputs(t, shiftCase(t, "{"+tt.with+", base: {year: 2019}, sizes: {train: 1, iid: 1, ood: 1}, classes: all}", table)); err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, tt.want) {
			t.Errorf("%s:\n got %s\nwant %s", tt.with, got, tt.want)
		}
	}
}
