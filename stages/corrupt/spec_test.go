package corrupt_test

import (
	"strings"
	"testing"

	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/corrupt"
	"shiftmill/stages/source"
)

const spec = `shiftmill: v1
name: benchmark
seed: 1
stages:
  photos: {kind: source/storefronts, with: {count: 10, size: 64}}
  damaged:
    kind: corrupt/imagenet-c
    from: photos
    matrix: {corruption: [NAMES], severity: [1, 2, 3, 4, 5]}
    with: {corruption: $matrix.corruption, severity: $matrix.severity, family: 64}
`

// TestSpec writes the whole benchmark as a matrix, and a mistake.
func TestSpec(t *testing.T) {
	known := stages.NewRegistry(source.StorefrontsKind(), corrupt.ImageNetC())
	parse := func(names ...string) (*pipeline.Graph, error) {
		text := strings.Replace(spec, "NAMES", strings.Join(names, ", "), 1)
		return pipeline.Parse("x.yaml", []byte(text), pipeline.Options{Vocabulary: known})
	}
	// The names that the parameter allows are those of the package, in order.
	g, err := parse(corrupt.Names()...)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(g.Nodes); n != 1+19*5 {
		t.Fatalf("%d instances, want %d", n, 1+19*5)
	}
	c := g.Nodes[1].Config.(*corrupt.Config)
	if c.Corruption.SpecText() != "gaussian_noise" || c.Severity.SpecText() != "1" || c.Family != "64" {
		t.Errorf("the first is %+v", *c)
	}
	if _, err := parse("fogg"); err == nil || !strings.Contains(err.Error(), `damaged.with.corruption`) || !strings.Contains(err.Error(), "fog") {
		t.Errorf("a misspelt name: %v", err)
	}
}
