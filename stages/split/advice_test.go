package split

import (
	"strings"
	"testing"

	"shiftmill/pipeline"
)

// Shares beside stratify and candidates without a gate are no mistakes, and told.
func TestAdvice(t *testing.T) {
	for with, want := range map[string]string{
		"{base: {}, sizes: {train: 70, iid: 30}, stratify: label}":                           "",
		"{base: {}, sizes: {train: 70%, iid: 30%}}":                                          "",
		"{base: {}, sizes: {train: 70%, iid: 30%}, stratify: label}":                         "stratify: iid: 30% draws each row by itself",
		"{base: {}, sizes: {train: 7, iid: 3}, leakage: off, reserve: 10%}":                  "reserve: with leakage: off the sets hold candidates beyond their sizes",
		"{base: {}, sizes: {train: 7, iid: 3}, leakage: drop, reserve: 10%}":                 "",
		"{base: {}, sizes: {train: 7, iid: 3, ood: 5%}, shifts: {c: [d]}, stratify: [a, b]}": "stratify: ood: 5% draws each row by itself",
	} {
		v, err := pipeline.ParseValue("x.yaml", with)
		if err != nil {
			t.Fatal(err)
		}
		kind := ShiftKind()
		config := kind.NewConfig()
		if errs := pipeline.Decode(v, config); len(errs) > 0 {
			t.Fatal(errs)
		}
		var got []string
		for _, p := range kind.Advice(config) {
			got = append(got, p.Field+": "+p.Msg)
		}
		if text := strings.Join(got, "\n"); !strings.HasPrefix(text, want) || want == "" && text != "" {
			t.Errorf("%s:\n got %s\nwant %s", with, text, want)
		}
	}
}
