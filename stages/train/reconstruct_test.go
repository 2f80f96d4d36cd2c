package train_test

import (
	"bytes"
	"errors"
	"testing"

	"shiftmill/stages"
	"shiftmill/stages/stagetest"
	"shiftmill/stages/train"
)

func reconstructCase(kind *stages.Kind, size, steps int) stagetest.Case {
	c := kind.NewConfig().(*train.Reconstruction)
	c.Steps, c.BatchSize, c.Size = steps, 2, size
	return stagetest.Case{Kind: kind, Config: c, Seed: 4, Ports: map[string][]stages.Input{
		"train": {stagetest.Shapes(5, 3, 72)}, "val": {stagetest.Shapes(2, 2, 32)},
	}}
}

func TestReconstructionGolden(t *testing.T) {
	stagetest.Golden(t, "", reconstructCase(train.Superresolution(), 16, 2))
	stagetest.Golden(t, "", reconstructCase(train.Autoencoder(), 16, 2))
}

// TestReconstructionResumes stops a training behind a checkpoint and goes on
// from it to the same bits.
func TestReconstructionResumes(t *testing.T) {
	whole := reconstructCase(train.Autoencoder(), 16, 4)
	want, err := whole.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stopped := errors.New("stopped")
	first := reconstructCase(train.Paced(2), 16, 4)
	first.Sink = stagetest.NewSink()
	first.Sink.OnCheckpoint = func([]byte) error { return stopped }
	if _, err := first.Run(t.Context()); !errors.Is(err, stopped) {
		t.Fatalf("the first run: %v", err)
	}
	second := reconstructCase(train.Autoencoder(), 16, 4)
	second.Resume = first.Sink.Checkpoints[0]
	got, err := second.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.File("", "weights.safetensors"), want.File("", "weights.safetensors")) {
		t.Error("weights differ from those of an undisturbed run")
	}
	if got.Metrics["PSNR (dB)"] != want.Metrics["PSNR (dB)"] || want.Metrics["PSNR (dB)"] < 3 {
		t.Errorf("PSNR %v, want %v", got.Metrics, want.Metrics)
	}
}

// A trial is short whatever the steps, and never longer than the real run.
func TestReconstructionTrial(t *testing.T) {
	for _, kind := range []*stages.Kind{train.Superresolution(), train.Autoencoder()} {
		for steps, want := range map[int]int{3: 3, 100000: 20} {
			c := kind.NewConfig().(*train.Reconstruction)
			c.Steps = steps
			if kind.Try(c); c.Steps != want {
				t.Errorf("%s: a trial of %d steps has %d, want %d", kind.Name, steps, c.Steps, want)
			}
		}
	}
}
