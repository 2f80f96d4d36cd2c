package corrupt_test

import (
	"fmt"
	"strings"
	"testing"

	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/corrupt"
	"shiftmill/stages/stagetest"
)

func testCase(name string, change func(*corrupt.Config)) stagetest.Case {
	c := corrupt.ImageNetC().NewConfig().(*corrupt.Config)
	c.Severity = corrupt.Severity{3}
	c.Corruption = corrupt.Choice{name}
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
			return distance(images(t, testCase(name, func(c *corrupt.Config) { c.Severity = corrupt.Severity{severity} })), before)
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

// TestSeveral checks that a stage of several corruptions makes of every row
// what the stage of each makes, and only what is wanted.
func TestSeveral(t *testing.T) {
	several := testCase("fog", func(c *corrupt.Config) {
		c.Corruption, c.Severity = corrupt.Choice{"fog", "snow", "glass_blur"}, corrupt.Severity{2, 5}
	})
	stagetest.Golden(t, "several", several)
	out, err := several.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"fog", "snow", "glass_blur"} {
		for _, severity := range []int{2, 5} {
			rows, err := out.Rows(fmt.Sprintf("%s-%d", name, severity))
			if err != nil {
				t.Fatal(err)
			}
			alone := images(t, testCase(name, func(c *corrupt.Config) { c.Severity = corrupt.Severity{severity} }))
			for i := range alone {
				if got := stages.Image(rows.Record().Column(1), i); string(got.Data) != string(alone[i].Data) {
					t.Errorf("%s-%d, row %d: another picture than of a stage of its own", name, severity, i)
				}
			}
		}
	}
	c := several.Config.(*corrupt.Config)
	var names []string
	for _, o := range corrupt.ImageNetC().Results(c, nil) {
		names = append(names, o.Name+" "+strings.Join(o.Groups, ","))
	}
	if want := "fog-2 all,fog,severity-2"; len(names) != 6 || names[0] != want {
		t.Errorf("outputs %q, want six that begin with %q", names, want)
	}
}

func TestChoice(t *testing.T) {
	standard := corrupt.Choice(corrupt.Names()[:15]).SpecText()
	for _, tt := range []struct{ text, want, problems string }{
		{"{corruption: fog}", "fog [1,2,3,4,5]", ""},
		{"{}", standard + " [1,2,3,4,5]", ""},
		{"{corruption: [fog, snow], severity: [1, 5]}", `["fog","snow"] [1,5]`, ""},
		{"{corruption: held-out, severity: 2}", `["speckle_noise","gaussian_blur","spatter","saturate"] 2`, ""},
		{"{corruption: frog}", "gaussian_noise [1,2,3,4,5]", `x.yaml:1:14: corruption: no corruption "frog"; there are ` + strings.Join(corrupt.Names(), ", ") + `, and standard, held-out, all; did you mean "fog"?`},
		{"{corruption: [fog, fog]}", "fog [1,2,3,4,5]", "x.yaml:1:20: corruption.1: fog stands twice"},
		{"{severity: [1, 6]}", standard + " 1", "x.yaml:1:16: severity.1: must be 1 to 5, got 6"},
		{"{severity: []}", standard + " 1", "x.yaml:1:12: severity: must be a severity from 1 to 5 or a list of them, got []"},
	} {
		v, err := pipeline.ParseValue("x.yaml", tt.text)
		if err != nil {
			t.Fatal(err)
		}
		c := corrupt.ImageNetC().NewConfig().(*corrupt.Config)
		problems := ""
		for _, p := range pipeline.Decode(v, c) {
			problems += p.Error()
		}
		if problems != tt.problems {
			t.Errorf("%s: problems\n got %s\nwant %s", tt.text, problems, tt.problems)
		}
		if got := c.Corruption.SpecText() + " " + c.Severity.SpecText(); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.text, got, tt.want)
		}
	}
}
