package corrupt_test

import (
	"testing"

	"shiftmill/stages"
	"shiftmill/stages/corrupt"
	"shiftmill/stages/stagetest"
)

func testCase(name string, change func(*corrupt.Config)) stagetest.Case {
	c := corrupt.ImageNetC().NewConfig().(*corrupt.Config)
	c.Corruption = name
	if change != nil {
		change(c)
	}
	return stagetest.Case{
		Kind: corrupt.ImageNetC(), Config: c, Seed: 5,
		Ports: map[string][]stages.Input{"data": {stagetest.Shapes(5, 3, 32)}},
	}
}

// TestGolden runs every corruption as a stage, however it is cut.
func TestGolden(t *testing.T) {
	for _, name := range corrupt.Names() {
		stagetest.Golden(t, name, testCase(name, nil))
	}
	stagetest.Golden(t, "resized", testCase("fog", func(c *corrupt.Config) { c.Size, c.Family = 20, "64" }))
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

// distance is the mean squared change of pictures.
func distance(a, b []stages.ImageCell) float64 {
	sum, n := 0.0, 0
	for i := range a {
		for j, v := range a[i].Data {
			d := float64(v) - float64(b[i].Data[j])
			sum += d * d
			n++
		}
	}
	return sum / float64(n)
}

// TestSeverity checks that a picture changes, for every corruption, at either
// end, and that noise grows with severity.
func TestSeverity(t *testing.T) {
	table := stagetest.Shapes(5, 3, 32)
	var before []stages.ImageCell
	for i := range table.Len() {
		before = append(before, stages.Image(table.Record().Column(1), i))
	}
	for _, name := range corrupt.Names() {
		at := func(severity int) float64 {
			return distance(images(t, testCase(name, func(c *corrupt.Config) { c.Severity = severity })), before)
		}
		weak, strong := at(1), at(5)
		if weak == 0 || strong == 0 {
			t.Errorf("%s leaves pictures as they are: %v at severity 1, %v at 5", name, weak, strong)
		}
		if name == "gaussian_noise" && strong < 2*weak {
			t.Errorf("%s: change %v at severity 1, %v at 5", name, weak, strong)
		}
	}
}

// TestSeed checks that rows, seeds and severities draw on their own.
func TestSeed(t *testing.T) {
	c := testCase("gaussian_noise", nil)
	a := images(t, c)
	c.Seed = 6
	b := images(t, c)
	if a[0].Ref != "rgb8" || a[0].Height != 32 || a[0].Width != 32 || len(a[0].Data) != 32*32*3 {
		t.Errorf("cell %q of %d x %d, %d bytes", a[0].Ref, a[0].Height, a[0].Width, len(a[0].Data))
	}
	for i := range a {
		if string(a[i].Data) == string(b[i].Data) {
			t.Errorf("row %d: another seed gives the same picture", i)
		}
	}
}

func TestBadRows(t *testing.T) {
	bad := stagetest.Rows([]string{"r1", "r2"},
		stagetest.Column{Name: "image", Values: []stages.ImageCell{{Ref: "rgb8", Data: make([]byte, 12), Height: 2, Width: 2}, {}}})
	c := testCase("fog", nil)
	c.Ports = map[string][]stages.Input{"data": {bad}}
	if _, err := c.Run(t.Context()); err == nil || err.Error() != `row "r2": it has no image` {
		t.Errorf("a row without image: %v", err)
	}
	c.Ports = map[string][]stages.Input{"data": {stagetest.Rows([]string{"r1"}, stagetest.Column{Name: "label", Values: []string{"x"}})}}
	if _, err := c.Run(t.Context()); err == nil || err.Error() != `-: with.: port data has no column "image"; it has id, label` {
		t.Errorf("no images: %v", err)
	}
}
