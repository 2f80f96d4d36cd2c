package engine

import "testing"

func TestChangesInWords(t *testing.T) {
	for _, tt := range []struct {
		change Change
		want   string
	}{
		{Change{Label: "with.epsilon", Old: "0.5", New: "0.75"}, "epsilon was 0.5, is now 0.75"},
		{Change{Label: "with.epsilon", New: "0.75"}, "epsilon is now 0.75; it was the default"},
		{Change{Label: "with.epsilon", Old: "0.75"}, "epsilon was 0.75; it is the default now"},
		{Change{Label: "seed", Old: "1", New: "2"}, "seed was 1, is now 2"},
		{Change{Label: "kind", Old: "a version 1", New: "a version 2"}, "kind was a version 1, is now a version 2"},
		{Change{Label: "uses nn", New: "nn/1"}, "the shared code nn is now nn/1; it was not told apart"},
		{Change{Label: "uses nn", Old: "nn/1", New: "nn/2"}, "the shared code nn was nn/1, is now nn/2"},
		{Change{Label: "listing", Old: "a", New: "b"}, "the files or tables of the source changed"},
		{Change{Label: "in.data rows", Old: "a", New: "b", From: "split"}, "the rows of split changed"},
		{Change{Label: "in.data column a column b", Old: "a", New: "b", From: "split"}, `column "a column b" of split changed`},
		{Change{Label: "in.data column rows", Old: "a", New: "b", From: "split"}, `column "rows" of split changed`},
		{Change{Label: "in.data column year", New: "b", From: "split"}, `column "year" of split is read now, and was not before`},
		{Change{Label: "in.data classes label", Old: "a", New: "b", From: "split"}, `the description (classes, facts) of column "label" of split changed`},
		{Change{Label: "in.model files", Old: "a", New: "b", From: "net"}, "the files of net changed"},
		{Change{Label: "in.data", New: "not made yet", From: "net"}, "net has to be made first"},
		{Change{Label: `in.x scores.["method"="a column b"] rows`, New: "b", From: "scores[method=a%20column%20b]"}, "scores[method=a%20column%20b] is a new input"},
		{Change{Label: `in.x scores.["method"="a column b"] column y`, Old: "a", New: "b", From: "s"}, `column "y" of s changed`},
		{Change{Label: `in.x scores.[] rows`, Old: "b"}, "input x scores is no longer an input"},
	} {
		if got := tt.change.String(); got != tt.want {
			t.Errorf("%+v:\n got %s\nwant %s", tt.change, got, tt.want)
		}
	}
}

func TestInputsThatComeOrGoAreOneChange(t *testing.T) {
	old := []Line{{Label: "in.x a.[] rows", Value: "1"}, {Label: "in.x a.[] column y", Value: "2"}, {Label: "in.d rows", Value: "3"}}
	new := []Line{{Label: "in.x b.[] rows", Value: "1"}, {Label: "in.x b.[] column y", Value: "2"}, {Label: "in.d rows", Value: "3"}, {Label: "in.d column z", Value: "4"}}
	var got []string
	for _, c := range diffLines(old, new) {
		got = append(got, c.Label)
	}
	want := []string{"in.x b.[] rows", "in.d column z", "in.x a.[] rows"}
	if len(got) != len(want) {
		t.Fatalf("got %q, want %q", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("change %d: got %q, want %q", i, got[i], want[i])
		}
	}
}

func TestMembersOfAGroupArePairedInTheirOrder(t *testing.T) {
	line := func(value string) Line { return Line{Label: "in.rows rows", Value: value} }
	got := diffLines([]Line{line("1"), line("2"), line("3")}, []Line{line("1"), line("9"), line("3")})
	if len(got) != 1 || got[0].Old != "2" || got[0].New != "9" {
		t.Errorf("got %+v, want the second one alone", got)
	}
	got = diffLines([]Line{line("1"), line("2"), line("3")}, []Line{line("1")})
	if len(got) != 2 || got[0].Old != "2" || got[1].Old != "3" || got[0].New+got[1].New != "" {
		t.Errorf("got %+v, want the last two gone", got)
	}
}
