package augment_test

import (
	"testing"

	"shiftmill/stages"
	"shiftmill/stages/augment"
	"shiftmill/stages/stagetest"
)

func testCase(c *augment.Noise) stagetest.Case {
	return stagetest.Case{
		Kind: augment.Noise2Net(), Config: c, Seed: 5,
		Ports: map[string][]stages.Input{"data": {stagetest.Shapes(9, 3, 12)}},
	}
}

func noise(epsilon float64, size int) *augment.Noise {
	c := augment.Noise2Net().NewConfig().(*augment.Noise)
	c.Epsilon, c.Size = epsilon, size
	return c
}

func TestGolden(t *testing.T) {
	stagetest.Golden(t, "", testCase(noise(0.75, 0)))
	stagetest.Golden(t, "resized", testCase(noise(0.5, 10)))
}

func images(t *testing.T, c stagetest.Case) []stages.ImageCell {
	t.Helper()
	out, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rows, err := out.Rows("")
	if err != nil {
		t.Fatal(err)
	}
	var cells []stages.ImageCell
	for i := range rows.Len() {
		cells = append(cells, stages.Image(rows.Record().Column(1), i))
	}
	return cells
}

// TestStrength checks that no strength changes nothing, that more strength
// changes more, and that every picture is changed.
func TestStrength(t *testing.T) {
	before := stagetest.Shapes(9, 3, 12)
	distance := func(epsilon float64) (least, sum float64) {
		least = 1e9
		for i, cell := range images(t, testCase(noise(epsilon, 0))) {
			was := stages.Image(before.Record().Column(1), i)
			d := 0.0
			for j, v := range cell.Data {
				e := float64(v) - float64(was.Data[j])
				d += e * e
			}
			least, sum = min(least, d), sum+d
		}
		return least, sum
	}
	if _, d := distance(0); d != 0 {
		t.Errorf("epsilon 0 changes pictures by %v", d)
	}
	low, weak := distance(0.1)
	_, strong := distance(0.75)
	if low == 0 || strong < 4*weak {
		t.Errorf("epsilon 0.1 changes pictures by %v (least %v), 0.75 by %v", weak, low, strong)
	}
}

func TestSeedAndSize(t *testing.T) {
	a := images(t, testCase(noise(0.75, 10)))
	other := testCase(noise(0.75, 10))
	other.Seed = 6
	b := images(t, other)
	if a[0].Height != 10 || a[0].Width != 10 || a[0].Ref != "rgb8" || len(a[0].Data) != 300 {
		t.Errorf("cell %q of %d x %d, %d bytes", a[0].Ref, a[0].Height, a[0].Width, len(a[0].Data))
	}
	for i := range a {
		if string(a[i].Data) == string(b[i].Data) {
			t.Errorf("row %d: another seed gives the same picture", i)
		}
	}
}

func TestRefuses(t *testing.T) {
	bad := stagetest.Rows([]string{"r1", "r2"},
		stagetest.Column{Name: "image", Values: []stages.ImageCell{{Ref: "rgb8", Data: make([]byte, 12), Height: 2, Width: 2}, {}}})
	c := testCase(noise(0.75, 0))
	c.Ports = map[string][]stages.Input{"data": {bad}}
	if _, err := c.Run(t.Context()); err == nil || err.Error() != `row "r2": it has no image` {
		t.Errorf("a row without image: %v", err)
	}
	c.Ports = map[string][]stages.Input{"data": {stagetest.Rows([]string{"r1"}, stagetest.Column{Name: "label", Values: []string{"x"}})}}
	if _, err := c.Run(t.Context()); err == nil || err.Error() != `-: with.: port data has no column "image"; it has id, label` {
		t.Errorf("no images: %v", err)
	}
}
