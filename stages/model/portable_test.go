package model

import (
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shiftmill/kernels"
	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/imageio"
	"shiftmill/stages/model/onnxruntime"
	"shiftmill/stages/stagetest"
)

const data = "../../../shared/data"

// shared skips a test where the real data are not there, except in CI.
func shared(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(data + "/models"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("../shared/data is missing")
		}
		t.Skip("../shared/data is missing: no real model to read")
	}
}

// needRuntime skips where ONNX Runtime cannot be opened, except with the
// Python peers, of which it is one.
func needRuntime(t *testing.T) {
	t.Helper()
	if python := os.Getenv("SHIFTMILL_PEERS"); python != "" && os.Getenv("VIRTUAL_ENV") == "" {
		t.Setenv("VIRTUAL_ENV", filepath.Dir(filepath.Dir(python)))
	}
	if _, err := onnxruntime.Version(); err != nil {
		if os.Getenv("SHIFTMILL_PEERS") != "" { // CI brings it
			t.Fatal(err)
		}
		t.Skip(err)
	}
}

// configOf reads parameters as a spec gives them.
func configOf(t *testing.T, kind *stages.Kind, text string) any {
	t.Helper()
	v, err := pipeline.ParseValue("x.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	c := kind.NewConfig()
	if errs := pipeline.Decode(v, c); len(errs) > 0 {
		t.Fatal(errs)
	}
	return c
}

// bring runs model/onnx and opens what it made.
func bring(t *testing.T, settings string) *Classifier {
	t.Helper()
	out, err := stagetest.Case{Kind: ONNX(), Config: configOf(t, ONNX(), settings)}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c, err := Open(out.Files(""))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestRealModel runs MLPerf Tiny's ResNet-8 on real pictures: the logits of
// the first one and the number that are right are those of an independent
// NumPy forward pass, which came with the file. ONNX Runtime agrees.
func TestRealModel(t *testing.T) {
	shared(t)
	const settings = `{file: ` + data + `/models/resnet8-cifar10.onnx, classes: cifar-10, scale: raw, activation: none, test: [{resize: [32, 32]}]`
	f, err := os.Open(data + "/cifar10/metadata.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var pics []*imageio.Pixels
	var labels []string
	for _, r := range rows {
		if r[1] != "test" {
			continue
		}
		b, err := os.ReadFile(data + "/cifar10/" + r[0])
		if err != nil {
			t.Fatal(err)
		}
		p, err := imageio.Decode(b, imageio.DecodeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		pics, labels = append(pics, p), append(labels, r[2])
	}
	count := func(c *Classifier, scores []float32) int {
		right := 0
		for i, l := range labels {
			if c.Classes[Best(scores[10*i:10*i+10])] == l {
				right++
			}
		}
		return right
	}
	own := bring(t, settings+"}")
	scores, err := own.Predict(kernels.NewPool(2), pics)
	if err != nil {
		t.Fatal(err)
	}
	want := []float64{3.3003, -6.3441, -6.7931, -9.9555, -7.9756, -14.1303, -14.8338, -7.5959, -0.8154, -6.4412}
	for i, w := range want {
		if math.Abs(float64(scores[i])-w) > 1e-3 {
			t.Errorf("logit %d of the first picture is %v, want %v", i, scores[i], w)
		}
	}
	if n := count(own, scores); len(labels) != 1000 || n < 757 || n > 763 {
		t.Errorf("%d of %d are right, want 760", n, len(labels))
	}
	t.Logf("own: %d of %d right, first logits %v", count(own, scores), len(labels), scores[:10])

	t.Run("onnxruntime", func(t *testing.T) {
		needRuntime(t)
		foreign := bring(t, settings+", runtime: onnxruntime}")
		theirs, err := foreign.Predict(kernels.NewPool(2), pics)
		if err != nil {
			t.Fatal(err)
		}
		differ, worst := 0, 0.0
		for i := range labels {
			if Best(theirs[10*i:10*i+10]) != Best(scores[10*i:10*i+10]) {
				differ++
			}
		}
		for i, v := range theirs {
			worst = max(worst, math.Abs(float64(v-scores[i])))
		}
		t.Logf("%s: %d of %d right, largest difference of a logit %.2g", foreign.portable.settings.Identity, count(foreign, theirs), len(labels), worst)
		if differ > 0 || worst > 1e-3 {
			t.Errorf("%d predictions differ, logits by up to %.2g", differ, worst)
		}
	})
}

// TestForms brings one network in the forms that exporters write, by both
// runtimes.
func TestForms(t *testing.T) {
	pics := make([]*imageio.Pixels, 3)
	for i := range pics {
		pics[i] = imageio.NewPixels(16, 16, 3)
		for j := range pics[i].Pix {
			pics[i].Pix[j] = byte(j*j + 31*i*j)
		}
	}
	const common = `classes: [a, b, c, d, e], output: logits, activation: none, file: onnx/testdata/`
	want, err := bring(t, "{"+common+"net-17.onnx}").Predict(nil, pics)
	if err != nil {
		t.Fatal(err)
	}
	for _, form := range []string{"net-11", "net-21", "net-dynamo", "net-external", "net-one", "net-nhwc", "net-half"} {
		for _, runtime := range []string{"own", "onnxruntime"} {
			t.Run(form+" "+runtime, func(t *testing.T) {
				if runtime != "own" {
					needRuntime(t)
				}
				got, err := bring(t, "{"+common+form+".onnx, runtime: "+runtime+"}").Predict(kernels.NewPool(2), pics)
				if err != nil {
					t.Fatal(err)
				}
				tolerance := 1e-5
				if form == "net-half" {
					tolerance = 1e-2
				}
				for i, v := range want {
					if math.Abs(float64(got[i]-v)) > tolerance {
						t.Fatalf("score %d is %v, want %v", i, got[i], v)
					}
				}
			})
		}
	}
}

func TestONNXRefuses(t *testing.T) {
	for _, tt := range []struct{ settings, want string }{
		{"{file: onnx/testdata/net-17.onnx, output: logits}", `output "logits" has 5 scores a row; give classes: [name, name, ...] in their order, or the name of a known list`},
		{"{file: onnx/testdata/net-17.onnx, classes: [a, b, c, d, e]}", `the model has 2 outputs; name one with output: (logits [-1 5], features [-1 8])`},
		{"{file: onnx/testdata/net-17.onnx, output: logits, classes: [a, b]}", `output "logits" has 5 scores a row, 2 classes are named`},
		{"{file: onnx/testdata/net-17.onnx, output: logits, classes: cifar-10, test: [{resize: 20}]}", `gives pictures of differing sizes; end it with a crop`},
		{"{file: onnx/testdata/net-17.onnx, output: logits, classes: [a, b, c, d, e], test: [{center-crop: 15}]}", ``},
		{"{file: onnx/testdata/net.json, classes: [a, b]}", `not a sound ONNX file`},
	} {
		_, err := stagetest.Case{Kind: ONNX(), Config: configOf(t, ONNX(), tt.settings)}.Run(t.Context())
		if tt.want == "" {
			if err != nil && !strings.Contains(err.Error(), "takes 16 x 16") {
				t.Errorf("%s: %v", tt.settings, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.settings, err, tt.want)
		}
	}
}

// TestMissingRuntime says what to do where the library is not there.
func TestMissingRuntime(t *testing.T) {
	if _, err := onnxruntime.Version(); err == nil {
		t.Skip("ONNX Runtime is here")
	} else if !strings.Contains(err.Error(), "pip install onnxruntime (for provider: cuda, onnxruntime-gpu) in the active Python environment, or name its file with --onnxruntime FILE") {
		t.Error(err)
	}
}

// TestSafetensors brings weights of our own architecture by another name.
func TestSafetensors(t *testing.T) {
	c := untrained(t)
	tensors := make([]Tensor, 0, len(c.Net.State))
	for _, s := range c.Net.State {
		tensors = append(tensors, F32(s.Name, s.Shape, s.Data))
	}
	bytes, err := Encode(nil, tensors)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "w.safetensors")
	if err := os.WriteFile(file, bytes, 0o600); err != nil {
		t.Fatal(err)
	}
	settings := fmt.Sprintf(`{file: %s, arch: resnet8, width: 3, size: 8, classes: [x, y, z]}`, file)
	out, err := stagetest.Case{Kind: Safetensors(), Config: configOf(t, Safetensors(), settings)}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stagetest.Golden(t, "", stagetest.Case{Kind: Safetensors(), Config: configOf(t, Safetensors(), settings)})
	stagetest.Golden(t, "", stagetest.Case{Kind: ONNX(), Config: configOf(t, ONNX(), "{file: onnx/testdata/net-17.onnx, output: logits, classes: [a, b, c, d, e]}")})
	got, err := Open(out.Files(""))
	if err != nil {
		t.Fatal(err)
	}
	want, err := c.Predict(nil, pictures(2))
	if err != nil {
		t.Fatal(err)
	}
	scores, err := got.Predict(nil, pictures(2))
	if err != nil || fmt.Sprint(scores) != fmt.Sprint(want) {
		t.Errorf("scores %v, want %v (%v)", scores, want, err)
	}
	_, err = stagetest.Case{Kind: Safetensors(), Config: configOf(t, Safetensors(), fmt.Sprintf(`{file: %s, arch: resnet20, width: 3, size: 8, classes: [x, y, z]}`, file))}.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "names are as torchvision's") || errors.Is(err, ErrFormat) {
		t.Errorf("weights of another network: %v", err)
	}
}
