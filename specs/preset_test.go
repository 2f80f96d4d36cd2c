package specs_test

import (
	"fmt"
	"strings"
	"testing"

	"shiftmill/pipeline"
	"shiftmill/stages/all"
)

// fieldsOf are the parameters of a stage, as its key has them.
func fieldsOf(t *testing.T, g *pipeline.Graph, stage string) string {
	t.Helper()
	for _, n := range g.Nodes {
		if n.Name != stage {
			continue
		}
		var lines []string
		for _, f := range n.Fields {
			lines = append(lines, f.Path+"="+f.Value)
		}
		return strings.Join(lines, "\n")
	}
	t.Fatalf("no stage %s", stage)
	return ""
}

// A preset is its parameters and nothing else: the keys are those of a spec
// that writes them out.
func TestPresets(t *testing.T) {
	const shops = "stages:\n  photos: {kind: source/table, with: {root: ., table: t.csv, image: file}}\n  split: {kind: split/shift, from: photos, with: {%s}}\n"
	const clothes = "stages:\n  images: {kind: source/deepfashion2, with: {root: .}}\n  split: {kind: split/shift, from: images, with: {%s}}\n"
	const given = "stages:\n  a: {kind: source/storefronts}\n  b: {kind: source/storefronts}\n  split: {kind: split/given, from: {iid: a, rendition: b}, with: {%s}}\n"
	for _, tt := range []struct{ name, spec, stage, preset, written string }{
		{"svsf", shops, "split:rows", "preset: svsf", "base: {country: [US, MX, CA], year: 2019, camera: new}, shifts: {year: [2017, 2018], country: [FR], camera: [old]}, sizes: {train: 200000, val: 10000, iid: 10000, ood: 10000}, stratify: category, label: category, group: business_id"},
		{"its gate", shops, "split", "preset: svsf", "base: {year: 2019}, sizes: {train: 1, iid: 1}, group: business_id"},
		{"laid over", shops, "split:rows", "preset: svsf, sizes: {train: 20, ood: all}, shifts: {camera: null, country: [DE]}, group: null", "base: {country: [US, MX, CA], year: 2019, camera: new}, shifts: {year: [2017, 2018], country: [DE]}, sizes: {train: 20, val: 10000, iid: 10000, ood: all}, stratify: category, label: category"},
		{"of the paper's text", clothes, "split:rows", "preset: dfr, base: {viewpoint: 3}, shifts: {viewpoint: [1, 2]}", "where: {train: {part: train}, tests: {part: validation}}, items: {column: items}, base: {scale: 2, occlusion: 2, viewpoint: 3, zoom_in: 1}, shifts: {scale: [1, 3], occlusion: [1, 3], viewpoint: [1, 2], zoom_in: [2, 3]}, sizes: {train: all, iid: all, ood: all}"},
		{"imagenet-r", given, "split:rows", "preset: imagenet-r", "classes: common"},
	} {
		var got [2]string
		for i, with := range []string{tt.preset, tt.written} {
			g, err := pipeline.Parse("x.yaml", []byte(fmt.Sprintf(tt.spec, with)), pipeline.Options{Vocabulary: all.Registry()})
			if err != nil {
				t.Fatalf("%s: %v", tt.name, err)
			}
			stage := tt.stage
			if tt.name == "imagenet-r" {
				stage = "split"
			}
			got[i] = fieldsOf(t, g, stage)
		}
		if got[0] != got[1] || got[0] == "" {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got[0], got[1])
		}
	}
	// The shipped spec and the preset say the same.
	g, err := pipeline.Parse("x.yaml", []byte(fmt.Sprintf(clothes, "preset: dfr")), pipeline.Options{Vocabulary: all.Registry()})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fieldsOf(t, g, "split:rows"), fieldsOf(t, load(t, "dfr.yaml"), "split:rows"); got != want {
		t.Errorf("preset dfr and dfr.yaml:\n got %s\nwant %s", got, want)
	}
	for _, tt := range []struct{ spec, with, want string }{
		{shops, "preset: svfs", `x.yaml:3:59: stages.split.with.preset: must be svsf or dfr, got "svfs"; did you mean "svsf"?`},
		{shops, "preset: $params.x", `x.yaml:3:59: stages.split.with.preset: must be written out, without references, so that the stage can be checked`},
		{shops, "preset: svsf, groop: null", `x.yaml:3:72: stages.split.with.groop: null removes what is there already, and there is no "groop"; did you mean "group"?`},
	} {
		_, err := pipeline.Parse("x.yaml", []byte(fmt.Sprintf(tt.spec, tt.with)), pipeline.Options{Vocabulary: all.Registry()})
		if got := fmt.Sprint(err); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.with, got, tt.want)
		}
	}
}
