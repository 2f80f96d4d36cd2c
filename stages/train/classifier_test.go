package train_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/model"
	"shiftmill/stages/stagetest"
	"shiftmill/stages/train"
)

// config reads parameters as a spec gives them.
func config(t testing.TB, text string) *train.Config {
	t.Helper()
	v, err := pipeline.ParseValue("x.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	c := train.Classifier().NewConfig().(*train.Config)
	if errs := pipeline.Decode(v, c); len(errs) > 0 {
		t.Fatal(errs)
	}
	return c
}

const small = `{model: {arch: convnet, width: 4}, size: 8, batch_size: 8, budget: {epochs: 4}, lr: 0.05,
	transform: {train: [{random-crop: {size: 8, padding: 1}}, hflip], test: [{resize: [8, 8]}]},
	online: [{noise2net: {share: 0.5}}]}`

func testCase(t testing.TB, text string) stagetest.Case {
	return stagetest.Case{
		Kind: train.Classifier(), Config: config(t, text), Seed: 3,
		Ports: map[string][]stages.Input{"train": {stagetest.Shapes(30, 3, 8)}, "val": {stagetest.Shapes(12, 3, 8)}},
	}
}

func TestGolden(t *testing.T) {
	stagetest.Golden(t, "", testCase(t, small))
	stagetest.Golden(t, "resnet8", testCase(t, `{model: {arch: resnet8, width: 4}, size: 8, batch_size: 8, budget: {steps: 5}, label_smoothing: 0.1}`))
}

func TestLearns(t *testing.T) {
	for _, online := range []string{"[]", "[noise2net]", "[{noise2net: {share: 1}}]"} {
		c := testCase(t, `{model: {arch: convnet, width: 8}, size: 8, batch_size: 10, budget: {epochs: 12}, lr: 0.05, online: `+online+`}`)
		out, err := c.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if out.Metrics["validation error"] > 0.2 {
			t.Errorf("online %s: validation error %v; train loss %v", online, out.Metrics["validation error"], out.Metrics["train loss"])
		}
		if _, err := model.Load(out.File("", "weights.safetensors")); err != nil {
			t.Error(err)
		}
	}
}

// TestResume ends a training at each of its checkpoints and lets it go on.
func TestResume(t *testing.T) {
	whole, err := testCase(t, small).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want, err := whole.Digest()
	if err != nil {
		t.Fatal(err)
	}
	if len(whole.Checkpoints) != 3 {
		t.Fatalf("%d checkpoints of 4 epochs, want 3", len(whole.Checkpoints))
	}
	killed := errors.New("killed")
	for n := 1; n <= 3; n++ {
		sink := stagetest.NewSink()
		sink.OnCheckpoint = func([]byte) error {
			if len(sink.Checkpoints) == n {
				return killed
			}
			return nil
		}
		first := testCase(t, small)
		first.Sink = sink
		if _, err := first.Run(t.Context()); !errors.Is(err, killed) {
			t.Fatalf("run to checkpoint %d: %v", n, err)
		}
		rest := testCase(t, small)
		rest.Resume = sink.Checkpoints[n-1]
		out, err := rest.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got, err := out.Digest(); err != nil || got != want {
			t.Errorf("resumed at checkpoint %d: digest %s, want %s (%v)", n, got, want, err)
		}
	}
}

// TestPaired checks that a method changes neither first weights nor order: the
// first step's loss differs only by what the method does to the images.
func TestPaired(t *testing.T) {
	loss := func(online string) string {
		c := testCase(t, `{model: {arch: convnet, width: 4}, size: 8, batch_size: 8, budget: {steps: 1}, online: `+online+`}`)
		out, err := c.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return string(out.File("", "history.csv"))
	}
	plain := loss("[]")
	if got := loss("[{noise2net: {epsilon: 0}}]"); got != plain {
		t.Errorf("noise2net of strength 0 gives\n%swithout it\n%s", got, plain)
	}
	if got := loss("[noise2net]"); got == plain {
		t.Error("noise2net changes nothing")
	}
}

func TestRefuses(t *testing.T) {
	many := stagetest.Rows([]string{"a", "b", "c"}, stagetest.Column{Name: "image", Values: make([]stages.ImageCell, 3)},
		stagetest.Column{Name: "label", Values: []any{"x", nil, nil}}, stagetest.Column{Name: "labels", Values: []float64{1, 2, 3}})
	one := stagetest.Rows([]string{"a", "b"}, stagetest.Column{Name: "image", Values: make([]stages.ImageCell, 2)},
		stagetest.Column{Name: "label", Values: []string{"x", "x"}})
	two := stagetest.Rows([]string{"a", "b"}, stagetest.Column{Name: "image", Values: []stages.ImageCell{{Ref: "file:dir/a.png", Data: []byte("no picture")}, {}}},
		stagetest.Column{Name: "label", Values: []string{"x", "y"}})
	for _, tt := range []struct {
		config string
		rows   *stagetest.Table
		want   string
	}{
		{"{label: labels}", many, `-: with.label: column "labels" of port train holds float64; class names must be text, whole numbers or true and false`},
		{"{label: lable}", many, `-: with.label: port train has no column "lable"; it has id, image, label, labels; did you mean "label"?`},
		{"{}", many, `2 of 3 rows of data have no "label", the first is row "b"; leave them out with a split or a filter, or name another column with label`},
		{"{}", one, `2 rows of data hold 1 classes in "label" (["x"]); training needs at least 2`},
		{"{}", two, `row "a" (dir/a.png): not a JPEG, PNG, WebP, GIF or BMP image: it begins with 6e 6f 20 70 69 63 74 75 72 65`},
		{"{transform: {train: [hflip]}}", two, `-: with.transform.train: gives pictures of differing sizes; end it with {center-crop: 32} or {resize: [32, 32]}`},
		{"{transform: {test: [{center-crop: 30}]}}", two, `-: with.transform.test: gives pictures of 30 x 30, size is 32; change one of them`},
		{"{nesterov: true, momentum: 0}", two, `-: with.nesterov: needs a momentum above 0; set momentum: 0.9, or nesterov: false`},
	} {
		c := stagetest.Case{Kind: train.Classifier(), Config: config(t, tt.config), Ports: map[string][]stages.Input{"train": {tt.rows}}}
		_, err := c.Run(t.Context())
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s:\n got %v\nwant %s", tt.config, err, tt.want)
		}
	}
}

func TestDecode(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"{model: resnet18}", ""},
		{"{model: {arch: resnet20, width: 8, stem: imagenet}}", ""},
		{"{model: resnet19}", `x.yaml:1:9: model: no architecture "resnet19"; there are convnet, resnet8, resnet20, resnet18, resnet34, resnet50, resnet101, resnet152, resnext50_32x4d, resnext101_32x4d, resnext101_32x8d; did you mean "resnet18"?`},
		{"{model: {width: 3}}", `x.yaml:1:9: model.arch: must be given: name of the architecture`},
		{"{budget: {steps: 10, epochs: null}}", ""},
		{"{budget: {steps: 10, epochs: 3}}", `x.yaml:1:10: budget: must give one of epochs, steps and images, got 2 of them`},
		{"{budget: {epochs: 0}}", `x.yaml:1:19: budget.epochs: must be from 1 to 1000000000, got 0`},
		{"{budget: {weeks: 1}}", `x.yaml:1:11: budget.weeks: unknown unit of a budget; there are epochs, steps and images`},
		{"{budget: 12}", `x.yaml:1:10: budget: must be one of {epochs: n}, {steps: n} and {images: n}, got 12`},
		{"{online: [{noise2net: {share: 2}}]}", `x.yaml:1:31: online.0.noise2net.share: must be a number from 0 to 1, got 2`},
		{"{online: [noise2net, noise2net]}", `x.yaml:1:22: online.1.noise2net: stands twice; one is enough`},
		{"{online: [noise2net, hflop]}", `x.yaml:1:22: online.1: no "hflop" here (did you mean "hflip"?); there are noise2net, adversarial, augmix, resize, center-crop, random-crop, random-resized-crop, hflip, speckle, random-erasing`},
	} {
		v, err := pipeline.ParseValue("x.yaml", tt.text)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if errs := pipeline.Decode(v, train.Classifier().NewConfig()); len(errs) > 0 {
			got = errs.Error()
		}
		if got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.text, got, tt.want)
		}
	}
}

func TestOnlineText(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"{online: []}", ""},
		{"{online: noise2net}", `[{"noise2net":{"epsilon":0.75,"share":0.5}}]`},
		{"{online: [{noise2net: {epsilon: 0.5}}, hflip]}", `[{"hflip":{"p":0.5}},{"noise2net":{"epsilon":0.5,"share":0.5}}]`},
	} {
		got := ""
		for _, f := range pipeline.Fields(config(t, tt.text), train.Classifier().NewConfig()) {
			got += f.Value
		}
		if got != tt.want {
			t.Errorf("%s: fields %q, want %q", tt.text, got, tt.want)
		}
	}
}

// TestCancelled checks that a training ends when it is told to.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	sink := stagetest.NewSink()
	stop := errors.New("stop")
	sink.OnCheckpoint = func([]byte) error { cancel(stop); return nil }
	c := testCase(t, small)
	c.Sink = sink
	if _, err := c.Run(ctx); !errors.Is(err, stop) {
		t.Errorf("cancelled training: %v", err)
	}
}

// TestRefetch trains from rows that are read again in every epoch.
func TestRefetch(t *testing.T) {
	want, err := testCase(t, small).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c := testCase(t, small)
	c.Cut = rand.New(rand.NewPCG(1, 1))
	c.Kind = train.Limited(8*8*3*11, time.Hour)
	got, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"weights.safetensors", "history.csv"} {
		if string(got.File("", name)) != string(want.File("", name)) {
			t.Errorf("%s differs when pictures are not kept", name)
		}
	}
	if !strings.HasPrefix(string(got.File("", "history.csv")), "epoch,step,images,learning_rate,train_loss,val_error\n1,3,24,") {
		t.Errorf("history\n%s", got.File("", "history.csv"))
	}
}
