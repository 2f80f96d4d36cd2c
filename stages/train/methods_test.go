package train_test

import (
	"encoding/csv"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"shiftmill/stages"
	"shiftmill/stages/model"
	"shiftmill/stages/stagetest"
	"shiftmill/stages/train"
)

// methods are trainings of every kind, each of some epochs of 3 steps.
var methods = map[string]string{
	"sgd": small,
	"adam": `{model: {arch: convnet, width: 4}, size: 8, batch_size: 8, budget: {epochs: 4}, optimizer: adam, lr: 0.01, schedule: step,
		milestones: [0.5], warmup: 0.2, decay_norms: false, keep: best}`,
	"augmix": `{model: {arch: resnet8, width: 2, attention: se}, size: 8, batch_size: 8, budget: {epochs: 4}, lr: 0.05, loss: jsd, online: [augmix],
		transform: {train: [{random-crop: {size: 8, padding: 1}}, hflip]}, keep: best, patience: 3}`,
	"all": `{model: {arch: convnet, width: 2, blocks: [2, 1]}, size: 8, batch_size: 8, budget: {images: 90}, lr: 0.05, loss: jsd, schedule: linear,
		online: [augmix, noise2net, speckle, random-erasing]}`,
	"adversarial": `{model: {arch: resnet8, width: 2}, size: 8, batch_size: 8, budget: {epochs: 4}, lr: 0.05, online: [hflip, adversarial]}`,
	"adversarial-views": `{model: {arch: convnet, width: 2, blocks: [2, 1]}, size: 8, batch_size: 8, budget: {epochs: 3}, lr: 0.05, loss: jsd,
		online: [augmix, {adversarial: {epsilon: 8, step: 2}}]}`,
}

func TestMethodsGolden(t *testing.T) {
	for name, text := range methods {
		if name != "sgd" {
			stagetest.Golden(t, name, testCase(t, text))
		}
	}
}

// TestKilledFiveTimes ends each training at five random steps, each time
// going on from the last checkpoint, which is kept at every step.
func TestKilledFiveTimes(t *testing.T) {
	killed := errors.New("killed")
	draw := rand.New(rand.NewPCG(11, 0))
	for name, text := range methods {
		whole, err := testCase(t, text).Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want, err := whole.Digest()
		if err != nil {
			t.Fatal(err)
		}
		var resume []byte
		deaths := 0
		for {
			c := testCase(t, text)
			c.Kind, c.Resume = train.Limited(1<<20, 0), resume
			sink := stagetest.NewSink()
			left := 1 + draw.IntN(2)
			sink.OnCheckpoint = func([]byte) error {
				if left--; left == 0 && deaths < 5 {
					return killed
				}
				return nil
			}
			c.Sink = sink
			out, err := c.Run(t.Context())
			if errors.Is(err, killed) {
				deaths++
				resume = sink.Checkpoints[len(sink.Checkpoints)-1]
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if got, err := out.Digest(); err != nil || got != want {
				t.Errorf("%s, killed %d times: digest %s, want %s (%v)", name, deaths, got, want, err)
			}
			break
		}
		if deaths < 5 {
			t.Errorf("%s was killed %d times, want 5", name, deaths)
		}
	}
}

func column(t *testing.T, out *stagetest.Sink, name string) []float64 {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(string(out.File("", "history.csv")))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var values []float64
	for i, h := range rows[0] {
		if h != name {
			continue
		}
		for _, r := range rows[1:] {
			v, err := strconv.ParseFloat(r[i], 64)
			if err != nil {
				t.Fatal(err)
			}
			values = append(values, v)
		}
	}
	return values
}

// TestKeepBest checks that the weights are those of the epoch with the lowest
// error on val, and that training stops when patience is at its end.
func TestKeepBest(t *testing.T) {
	const settings = `model: {arch: convnet, width: 4}, size: 8, batch_size: 8`
	out, err := testCase(t, `{`+settings+`, lr: 0.4, budget: {epochs: 30}, keep: best, patience: 3}`).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	errs := column(t, out, "val_error")
	best := 0
	for i, v := range errs {
		if v < errs[best] {
			best = i
		}
	}
	if len(errs) != best+1+3 || len(errs) >= 30 {
		t.Errorf("%d epochs, the best was %d; want it to stop 3 after that: %v", len(errs), best+1, errs)
	}
	if got := out.Metrics["validation error"]; got != errs[best] {
		t.Errorf("metric %v, want the best epoch's %v", got, errs[best])
	}
	// The network that was kept has that error on val: going on from it for no
	// time shows it.
	c := testCase(t, `{`+settings+`, budget: {steps: 1}, lr: 1e-30, momentum: 0, nesterov: false, weight_decay: 0, keep: last}`)
	c.Ports["init"] = []stages.Input{&stagetest.Files{StageName: "net", Data: map[string][]byte{"weights.safetensors": out.File("", "weights.safetensors")}}}
	again, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	kept, err := model.Load(out.File("", "weights.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	back, err := model.Load(again.File("", "weights.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range kept.Net.State {
		if s.Role.Parameter() && fmt.Sprint(s.Data) != fmt.Sprint(back.Net.State[i].Data) {
			t.Errorf("%s: starting from the weights changed them", s.Name)
		}
	}
	if kept.Effort == nil || kept.Effort.DistinctImages != 30 || kept.Effort.ImagesSeen != int64(len(errs)*24) {
		t.Errorf("effort %+v, want 30 images, %d of them seen", kept.Effort, len(errs)*24)
	}
}

// TestInit starts from files, of which the last layer may have other classes.
func TestInit(t *testing.T) {
	out, err := testCase(t, `{model: {arch: convnet, width: 4}, size: 8, batch_size: 8, budget: {steps: 2}}`).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "w.safetensors")
	if err := os.WriteFile(file, out.File("", "weights.safetensors"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := testCase(t, `{model: {arch: convnet, width: 4}, size: 8, batch_size: 8, budget: {steps: 1}, init: `+file+`}`)
	c.Ports["train"] = []stages.Input{stagetest.Shapes(30, 5, 8)}
	again, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(again.Notes, "\n"); !strings.Contains(got, "init: 15 tensors taken; the last layer starts anew") {
		t.Errorf("notes: %s", got)
	}
	wrong := testCase(t, `{model: {arch: resnet8, width: 4}, size: 8, batch_size: 8, budget: {steps: 1}, init: `+file+`}`)
	if _, err := wrong.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "names are as torchvision's") {
		t.Errorf("weights of another network: %v", err)
	}
}

// several are pictures that show class0, class1, both or none, as their names
// say.
func several(n int) *stagetest.Table {
	shapes := stagetest.Shapes(n, 2, 8)
	ids, images, labels := make([]string, n), make([]stages.ImageCell, n), make([][]string, n)
	rec := shapes.Record()
	for i := range n {
		ids[i] = rec.Column(rec.Schema().FieldIndices("id")[0]).ValueStr(i)
		images[i] = stages.Image(rec.Column(rec.Schema().FieldIndices("image")[0]), i)
		labels[i] = []string{rec.Column(rec.Schema().FieldIndices("label")[0]).ValueStr(i)}
		if i%5 == 0 { // both: one over the other
			other := stages.Image(rec.Column(rec.Schema().FieldIndices("image")[0]), (i+1)%n)
			for k := range images[i].Data[:len(images[i].Data)/2] {
				images[i].Data[k] = other.Data[k]
			}
			labels[i] = []string{"class0", "class1"}
		}
	}
	return stagetest.Rows(ids, stagetest.Column{Name: "image", Values: images}, stagetest.Column{Name: "labels", Values: labels})
}

// TestSeveralLabels trains on rows with several labels.
func TestSeveralLabels(t *testing.T) {
	c := stagetest.Case{
		Kind: train.Classifier(), Seed: 3,
		Config: config(t, `{model: {arch: convnet, width: 8}, label: labels, loss: bce, size: 8, batch_size: 10, budget: {epochs: 15}, lr: 0.05}`),
		Ports:  map[string][]stages.Input{"train": {several(40)}, "val": {several(40)}},
	}
	out, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := out.Metrics["validation error"]; got > 0.1 {
		t.Errorf("1 - mAP is %v", got)
	}
	m, err := model.Load(out.File("", "weights.safetensors"))
	if err != nil || m.Head != model.Sigmoid {
		t.Errorf("head %q, want sigmoid (%v)", m.Head, err)
	}
	c.Config = config(t, `{model: {arch: convnet, width: 8}, label: labels, size: 8}`)
	if _, err := c.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "column \"labels\"") {
		t.Errorf("lists of labels without loss: bce: %v", err)
	}
}

// TestCheckpointsInEpochs checks that long epochs are kept in between.
func TestCheckpointsInEpochs(t *testing.T) {
	for _, tt := range []struct {
		every time.Duration
		want  int
	}{{0, 11}, {time.Hour, 3}} {
		c := testCase(t, small)
		c.Kind = train.Limited(1<<20, tt.every)
		out, err := c.Run(t.Context())
		if err != nil || len(out.Checkpoints) != tt.want {
			t.Errorf("every %v: %d checkpoints of 12 steps, want %d (%v)", tt.every, len(out.Checkpoints), tt.want, err)
		}
	}
}
