package specs_test

import (
	"fmt"
	"strings"
	"testing"

	"shiftmill/pipeline"
	"shiftmill/stages/all"
)

// TestGate checks what stands behind a split, and what the spec says of it.
func TestGate(t *testing.T) {
	const spec = `stages:
  photos: {kind: source/storefronts, with: {count: 100, size: 16}}
  split:
    kind: split/shift
    from: photos
    matrix: {n: [1, 2]}
    with: {base: {year: 2019}, shifts: {year: 2018}, sizes: {train: $matrix.n, iid: 1, ood: 1}, group: business_id%s}
  net: {kind: train/classifier, from: {train: split.train}}
`
	for _, tt := range []struct{ name, leakage, want string }{
		{"on by default", "", `photos split:rows[n=1] split:rows[n=2] split:fingerprint[n=1,output=train] split:fingerprint[n=1,output=iid] split:fingerprint[n=1,output=year=2018] split:fingerprint[n=2,output=train] split:fingerprint[n=2,output=iid] split:fingerprint[n=2,output=year=2018] split[n=1] split[n=2] net[n=1] net[n=2]; group=["business_id"]`},
		{"a word", ", leakage: drop", `exact="drop" group=["business_id"] near="drop"`},
		{"parameters", ", leakage: {near: off, group: [business_id, camera]}", `group=["business_id", "camera"] near="off"`},
		{"off", ", leakage: off", `photos split[n=1] split[n=2] net[n=1] net[n=2]; `},
		{"unknown word", ", leakage: maybe", `x.yaml:7:126: stages.split.with.leakage: must be off, warn, fail, drop, or a map of the parameters of check/leakage, got "maybe"`},
		{"unknown parameter", ", leakage: {naer: off}", `x.yaml:7:133: stages.split.with.leakage.naer: unknown parameter "naer"; did you mean "near"?`},
		{"by instance", ", leakage: $matrix.n", `x.yaml:7:126: stages.split.with.leakage: $matrix.n cannot stand here: whether there is a gate is the same for all instances; give its parameters as a map`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g, err := pipeline.Parse("x.yaml", []byte(fmt.Sprintf(spec, tt.leakage)), pipeline.Options{Vocabulary: all.Registry()})
			if err != nil {
				if got := err.Error(); got != tt.want {
					t.Errorf("error:\n got %s\nwant %s", got, tt.want)
				}
				return
			}
			var names, fields []string
			for _, n := range g.Nodes {
				names = append(names, n.Name)
				if n.Name == "split[n=1]" && n.Kind == "check/leakage" {
					for _, f := range n.Fields {
						fields = append(fields, f.Path+"="+f.Value)
					}
				}
			}
			if got := strings.Join(names, " ") + "; " + strings.Join(fields, " "); !strings.HasSuffix(got, tt.want) {
				t.Errorf("nodes and parameters of the gate:\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}
