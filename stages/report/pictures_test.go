package report_test

import (
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"fmt"
	"image/jpeg"
	"regexp"
	"slices"
	"strings"
	"testing"

	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/report"
	"shiftmill/stages/stagetest"
)

// pictures are the test sets of a scene with images whose shade is that of their
// number; with more rows than the predictions have if spare is set.
func (s scene) pictures(spare int) []stages.Input {
	var in []stages.Input
	for set := range s.rates["none"] {
		var ids []string
		var cells []stages.ImageCell
		for i := -spare; i < s.rows; i++ {
			name := fmt.Sprintf("%s-%05d", set, i)
			if i < 0 {
				name = fmt.Sprintf("%s-%05d-spare", set, -i)
			}
			ids = append(ids, name)
			cells = append(cells, stages.ImageCell{Ref: "rgb8", Data: bytes.Repeat([]byte{shade(i)}, 200*100*3), Height: 100, Width: 200})
		}
		t := stagetest.Rows(ids, stagetest.Column{Name: "image", Values: cells}, stagetest.Column{Name: "label", Values: ids})
		t.StageName, t.OutputName = "split", set
		in = append(in, t)
	}
	return in
}

func shade(i int) byte { return byte(40 + (i%10+10)%10*20) }

// full is a report with all that a page can hold but corruptions.
func full(change func(*report.Config)) stagetest.Case {
	s := quickstart
	s.rows, s.towns = 120, true
	var nets []stages.Input
	for _, m := range []string{"augmix", "noise2net", "none"} {
		for seed := range s.seeds {
			nets = append(nets, &stagetest.Files{
				StageName: "net", Axes: []pipeline.Coord{{Axis: "method", Value: m}, {Axis: "seed", Value: fmt.Sprint(seed + 1)}},
				Data: map[string][]byte{
					"weights.safetensors": nil,
					"history.csv":         fmt.Appendf(nil, "epoch,step,images,learning_rate,train_loss,val_error\n1,3,1000,0.1,2.%d,0.9\n2,6,2000,0.1,1.%d,0.5\n", seed, len(m)),
				},
			})
		}
	}
	nets = append(nets, &stagetest.Files{StageName: "onnx", Data: map[string][]byte{"model.onnx": nil}}) // has no history
	return stagetest.Case{
		Kind: report.Robustness(), Config: config(func(c *report.Config) {
			c.Attributes = []string{"town"}
			c.Reference = "published"
			c.Benchmarks = map[string]report.Benchmark{"storefronts": {Real: true, Shift: "geography"}}
			c.Hypotheses = report.Hypotheses{Diverse: []string{"augmix", "noise2net"}, Texture: []string{"augmix"}}
			if change != nil {
				change(c)
			}
		}),
		Ports: map[string][]stages.Input{"storefronts": s.inputs("augmix", "noise2net", "none"), "pictures": s.pictures(0), "training": nets},
	}
}

var thumbnail = regexp.MustCompile(`<img src="data:image/jpeg;base64,([^"]*)" alt="([^"]*)"`)

// The page shows errors of every test set, and of each the picture of its id, also
// where the pictures are more than the predictions; without pictures it shows none.
func TestPictures(t *testing.T) {
	s := quickstart
	s.rows = 120
	for _, spare := range []int{0, 7} {
		c := full(nil)
		c.Ports["pictures"] = s.pictures(spare)
		out, err := c.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		page := string(out.File("", "report.html"))
		wrong := map[string]bool{}
		for _, in := range c.Ports["storefronts"] {
			if at := in.Coords(); at[0].Value != "none" || at[2].Value != "1" {
				continue
			}
			rec := in.(*stagetest.Table).Record()
			for i := range int(rec.NumRows()) {
				if rec.Column(rec.Schema().FieldIndices("correct")[0]).ValueStr(i) == "false" {
					wrong[rec.Column(0).ValueStr(i)] = true
				}
			}
		}
		shown := thumbnail.FindAllStringSubmatch(page, -1)
		if len(shown) != 50 {
			t.Fatalf("%d pictures, want 10 of each of 5 test sets", len(shown))
		}
		for _, x := range shown {
			if !wrong[x[2]] {
				t.Errorf("%s is no error", x[2])
			}
			data, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(x[1], "&#43;", "+"))
			if err != nil {
				t.Fatal(err)
			}
			img, err := jpeg.Decode(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			var i int
			if _, err := fmt.Sscanf(x[2][strings.LastIndex(x[2], "-")+1:], "%d", &i); err != nil {
				t.Fatal(err)
			}
			if r, _, _, _ := img.At(5, 5).RGBA(); img.Bounds().Dx() != 112 || img.Bounds().Dy() != 56 || max(int(r>>8)-int(shade(i)), int(shade(i))-int(r>>8)) > 2 {
				t.Errorf("%s: picture of %v with shade %d, want 112 x 56 with %d", x[2], img.Bounds(), r>>8, shade(i))
			}
		}
		if len(page) > 1<<20 {
			t.Errorf("the page has %d bytes", len(page))
		}
	}
	c := full(nil)
	delete(c.Ports, "pictures")
	out, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if thumbnail.Match(out.File("", "report.html")) || strings.Contains(string(out.File("", "report.html")), "Some errors") {
		t.Error("errors are shown without pictures")
	}
}

// Errors by attribute are those of the rows with the value, counted here from the
// predictions themselves.
func TestAttributes(t *testing.T) {
	c := full(nil)
	out, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(bytes.NewReader(out.File("", "report.csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, town := range []string{"Lyon", "Nice"} {
		n, wrong := 0, 0
		for _, in := range c.Ports["storefronts"] {
			rec := in.(*stagetest.Table).Record()
			if in.Coords()[0].Value != "none" {
				continue
			}
			at := func(name string, i int) string { return rec.Column(rec.Schema().FieldIndices(name)[0]).ValueStr(i) }
			for i := range int(rec.NumRows()) {
				if at("town", i) == town {
					n++
					if at("correct", i) == "false" {
						wrong++
					}
				}
			}
		}
		i := slices.IndexFunc(lines, func(l []string) bool { return l[1] == "none" && l[2] == "town="+town })
		if i < 0 {
			t.Fatalf("report.csv has no line for town %s", town)
		}
		var got float64
		fmt.Sscan(lines[i][4], &got)
		if want := 100 * float64(wrong) / float64(n); got < want-1e-9 || got > want+1e-9 {
			t.Errorf("error in %s is %v, want %v", town, got, want)
		}
	}
}

// A page says what run it is of, and escapes what it is told.
func TestAnnotate(t *testing.T) {
	c := full(nil)
	out, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	page := out.File("", "report.html")
	if !report.Annotated(page) {
		t.Fatal("the page takes up no run")
	}
	got, err := report.Annotate(page, report.Run{
		Spec: "shops", Text: "title: <b>&", Params: []string{"size: 32"}, Graph: "<svg><title>graph</title></svg>", Lock: "lock: v1\n", Trial: 40,
		Stages: []report.RunStage{{Name: "net", Kind: "train/classifier", Version: 2, Instances: 6}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if report.Annotated(got) {
		t.Error("the page takes up a second run")
	}
	for _, want := range []string{"title: &lt;b&gt;&amp;", "size: 32", "<svg><title>graph</title></svg>", "lock: v1", "A trial on about 40 rows", ">train/classifier<"} {
		if !strings.Contains(string(got), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}
