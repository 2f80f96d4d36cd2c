package specs_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/cpu"

	"shiftmill/engine"
	"shiftmill/kernels"
	"shiftmill/kernels/nn"
	"shiftmill/pipeline"
	"shiftmill/runs"
	"shiftmill/stages/all"
	"shiftmill/stages/model"
)

// everyAugmentation has every kind that changes pictures, on a few small ones.
const everyAugmentation = `shiftmill: v1
name: every
seed: 4
params: {encoder: null, decoder: null}
stages:
  photos: {kind: source/storefronts, with: {count: 6, size: 32}}
  net: {kind: train/classifier, from: {train: photos}, with: {model: {arch: convnet, width: 4}, size: 16, batch_size: 3, budget: {steps: 2}, online: [adversarial]}}
  edsr: {kind: train/superresolution, from: {train: photos}, with: {steps: 1, batch_size: 1, size: 16}}
  cae: {kind: train/autoencoder, from: {train: photos}, with: {steps: 1, batch_size: 1, size: 16}}
  noise2net: {kind: augment/noise2net, from: photos, with: {size: 24}}
  augmix:
    kind: augment/augmix
    from: photos
    cache: store
    matrix: {variant: [imagenet, cifar, deepfashion-remixed]}
    with: {variant: $matrix.variant}
  speckle:
    kind: augment/speckle
    from: photos
    cache: store
    matrix: {per: [image, channel]}
    with: {per: $matrix.per}
  erased: {kind: augment/random-erasing, from: photos, cache: store, with: {p: 1}}
  styled: {kind: augment/style, from: {data: photos, styles: augmix}, with: {encoder: $params.encoder, decoder: $params.decoder, size: 16, style_size: 16}}
  attacked:
    kind: augment/adversarial
    from: {data: photos, model: net}
    matrix: {attack: [fgsm, pgd]}
    with: {attack: $matrix.attack, steps: 3, restarts: 2}
  enlarged: {kind: augment/deepaugment-edsr, from: {data: photos, model: edsr}, with: {size: 16}}
  own: {kind: augment/deepaugment-network, from: photos, with: {network: ../stages/augment/testdata/network.onnx, size: 16}}
  coded: {kind: augment/deepaugment-cae, from: {data: photos, model: cae}, with: {size: 16}}
  corrupted:
    kind: corrupt/imagenet-c
    from: photos
    cache: store
    matrix:
      corruption: [gaussian_noise, shot_noise, impulse_noise, defocus_blur, glass_blur, motion_blur, zoom_blur, snow, frost, fog,
        brightness, contrast, elastic_transform, pixelate, jpeg_compression, speckle_noise, gaussian_blur, spatter, saturate]
      form: {light: {severity: [1]}, strong: {severity: [5]}, published: {severity: [4], family: 224, reference: true}}
    with: {corruption: $matrix.corruption, severity: $matrix.form.severity, family: $matrix.form.family, reference: $matrix.form.reference}
`

// TestEveryAugmentation compares the bits of every augmentation and corruption
// between numbers of workers, cuts and instruction sets, and with a run that is
// stopped half-way and goes on. Plain Go takes a minute, so it is left to
// CI=true and SHIFTMILL_SWEEP=1.
func TestEveryAugmentation(t *testing.T) {
	dir := t.TempDir()
	style := nn.NewAdaIN()
	set := []string{
		"params.encoder=" + randomWeights(t, dir, "encoder", &style.Encoder),
		"params.decoder=" + randomWeights(t, dir, "decoder", &style.Decoder),
	}
	g, err := pipeline.Parse("every.yaml", []byte(everyAugmentation), pipeline.Options{Vocabulary: all.Registry(), Set: set})
	if err != nil {
		t.Fatal(err)
	}
	stopped := errors.New("stopped")
	// run returns the outputs, and how many events there were; it stops after so
	// many of them, unless that is 0.
	run := func(store *runs.Store, o engine.Options, stopAfter int) (string, int) {
		t.Helper()
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		events := 0
		o.Listen = func(engine.Event) {
			if events++; events == stopAfter {
				cancel(stopped)
			}
		}
		e, err := engine.New(g, all.Registry(), store, o)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Run(ctx); stopAfter > 0 && !errors.Is(err, stopped) || stopAfter == 0 && err != nil {
			t.Fatalf("run that stops after %d events: %v", stopAfter, err)
		}
		return strings.ReplaceAll(fmt.Sprint(e.Outputs()), "} {", "}\n{"), events
	}
	fresh := func() *runs.Store {
		store, err := runs.Open(t.TempDir(), runs.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { store.Close() })
		return store
	}
	small := engine.Options{Workers: 1, Cut: engine.CutAround(3)}
	want, events := run(fresh(), small, 0)
	compare := func(name, got string) {
		t.Helper()
		if got != want {
			a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
			for i := range min(len(a), len(b)) {
				if a[i] != b[i] {
					t.Errorf("%s: got %s, want %s", name, a[i], b[i])
				}
			}
		}
	}
	for _, workers := range []int{2, 8} {
		got, _ := run(fresh(), engine.Options{Workers: workers, Batch: workers, Cut: engine.CutAround(workers)}, 0)
		compare(fmt.Sprint(workers, " workers"), got)
	}

	half := fresh()
	run(half, small, events/2)
	got, rest := run(half, small, 0)
	compare("stopped half-way", got)
	if rest >= events {
		t.Errorf("a run that goes on had %d events, the whole one %d", rest, events)
	}

	was, backend := cpu.X86, kernels.Active()
	defer func() {
		cpu.X86 = was
		if err := kernels.Use(backend); err != nil {
			t.Fatal(err)
		}
	}()
	for _, name := range kernels.Backends() {
		if name == backend || name == "generic" && os.Getenv("CI") != "true" && os.Getenv("SHIFTMILL_SWEEP") == "" {
			continue
		}
		if err := kernels.Use(name); err != nil {
			t.Fatal(err)
		}
		cpu.X86.HasAVX512F, cpu.X86.HasAVX512VNNI = false, false
		cpu.X86.HasAVX2 = was.HasAVX2 && name != "generic"
		got, _ := run(fresh(), engine.Options{Workers: 2}, 0)
		compare(name, got)
	}
}

// randomWeights writes weights to a file, and returns its name.
func randomWeights(t *testing.T, dir, name string, w *nn.Weights) string {
	t.Helper()
	w.Init(kernels.NewKey("test", 1, 1, name, 0))
	var tensors []model.Tensor
	for _, s := range w.State {
		for i := range s.Data {
			s.Data[i] *= 2.4 // so that signals neither fade nor grow
		}
		tensors = append(tensors, model.F32(s.Name, s.Shape, s.Data))
	}
	data, err := model.Encode(nil, tensors)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, name+".safetensors")
	if err := os.WriteFile(file, data, 0o666); err != nil {
		t.Fatal(err)
	}
	return file
}
