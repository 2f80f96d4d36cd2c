// Package all lists the kinds of stages: the one place that knows every
// family.
package all

import (
	"shiftmill/stages"
	"shiftmill/stages/augment"
	"shiftmill/stages/check"
	"shiftmill/stages/command"
	"shiftmill/stages/corrupt"
	"shiftmill/stages/evaluate"
	"shiftmill/stages/model"
	"shiftmill/stages/report"
	"shiftmill/stages/source"
	"shiftmill/stages/split"
	"shiftmill/stages/train"
)

// Registry returns all kinds.
func Registry() *stages.Registry {
	return stages.NewRegistry(
		source.ImagesKind(),
		source.TableKind(),
		source.DeepFashion2Kind(),
		source.GarmentsKind(),
		source.WriteDeepFashion2Kind(),
		source.ShardsKind(),
		source.ArraysKind(),
		source.COCOKind(),
		source.RenditionsKind(),
		source.StorefrontsKind(),
		split.ShiftKind(),
		split.GivenKind(),
		split.SelectKind(),
		check.SanityKind(),
		check.FingerprintKind(),
		check.LeakageKind(),
		augment.Noise2Net(),
		augment.AugMix(),
		augment.Draws(),
		augment.EDSR(),
		augment.CAE(),
		augment.Network(),
		augment.Speckle(),
		augment.RandomErasing(),
		augment.Adversarial(),
		augment.StyleTransfer(),
		corrupt.ImageNetC(),
		train.Classifier(),
		train.Superresolution(),
		train.Autoencoder(),
		model.ONNX(),
		model.Safetensors(),
		evaluate.Classify(),
		evaluate.Multilabel(),
		command.Train(),
		command.Predict(),
		command.Import(),
		report.Robustness(),
	)
}
