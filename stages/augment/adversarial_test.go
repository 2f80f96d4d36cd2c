package augment_test

import (
	"testing"

	"shiftmill/kernels"
	"shiftmill/kernels/nn"
	"shiftmill/stages"
	"shiftmill/stages/augment"
	"shiftmill/stages/imageio"
	"shiftmill/stages/model"
	"shiftmill/stages/stagetest"
	"shiftmill/stages/transform"
)

// weights is a network for the shapes of stagetest that was trained a little.
func weights(t testing.TB) (*model.Classifier, []byte) {
	t.Helper()
	net, err := nn.New(nn.Arch{Name: "convnet", Width: 4, Classes: 3, Size: 12})
	if err != nil {
		t.Fatal(err)
	}
	net.Init(kernels.NewKey("test", 1, 1, "weights", 0))
	rows := stagetest.Shapes(30, 3, 12)
	c := &model.Classifier{Net: net, Test: transform.Fit(12), Mean: [3]float32{.5, .5, .5}, Std: [3]float32{.25, .25, .25}}
	label := rows.Record().Column(rows.Record().Schema().FieldIndices("label")[0])
	class := map[string]int{}
	trainer, err := nn.NewTrainer(net, nn.Settings{Batch: 30, Momentum: 0.9})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 30 {
		name := label.ValueStr(i)
		if _, ok := class[name]; !ok {
			class[name] = len(c.Classes)
			c.Classes = append(c.Classes, name)
		}
		trainer.SetLabel(i, class[name])
		cell := stages.Image(rows.Record().Column(1), i)
		imageio.ToFloat(&imageio.Pixels{H: 12, W: 12, C: 3, Pix: cell.Data}, c.Mean, c.Std, trainer.Images[i*432:(i+1)*432])
	}
	for range 30 {
		trainer.Step(kernels.NewPool(1), 0.05)
	}
	data, err := c.Save()
	if err != nil {
		t.Fatal(err)
	}
	return c, data
}

func TestAdversarial(t *testing.T) {
	classifier, data := weights(t)
	rows := stagetest.Shapes(30, 3, 12)
	attack := func(change func(*augment.Attack)) stagetest.Case {
		c := augment.Adversarial().NewConfig().(*augment.Attack)
		change(c)
		files := &stagetest.Files{StageName: "net", Data: map[string][]byte{"weights.safetensors": data}}
		return stagetest.Case{Kind: augment.Adversarial(), Config: c, Seed: 5,
			Ports: map[string][]stages.Input{"data": {rows}, "model": {files}}}
	}
	// wrong is how many pictures the model gets wrong, and how far values were
	// moved at most.
	wrong := func(cells []stages.ImageCell) (n, far int) {
		label := rows.Record().Column(rows.Record().Schema().FieldIndices("label")[0])
		for i, cell := range cells {
			scores, err := classifier.Predict(kernels.NewPool(1), []*imageio.Pixels{{H: 12, W: 12, C: 3, Pix: cell.Data}})
			if err != nil {
				t.Fatal(err)
			}
			if classifier.Classes[model.Best(scores)] != label.ValueStr(i) {
				n++
			}
			was := stages.Image(rows.Record().Column(1), i).Data
			for j, v := range cell.Data {
				far = max(far, int(v)-int(was[j]), int(was[j])-int(v))
			}
		}
		return n, far
	}
	clean, _ := wrong(images(t, attack(func(c *augment.Attack) { c.Epsilon = 0 })))
	fgsm := attack(func(c *augment.Attack) { c.Epsilon = 24 })
	pgd := attack(func(c *augment.Attack) { c.Attack, c.Epsilon, c.Step, c.Steps, c.Restarts = "pgd", 24, 4, 10, 2 })
	// No golden digests: the weights are trained here, by a package of its own
	// version.
	stagetest.Conform(t, fgsm)
	stagetest.Conform(t, pgd)
	one, farOne := wrong(images(t, fgsm))
	many, farMany := wrong(images(t, pgd))
	t.Logf("of 30 pictures %d are wrong, %d by FGSM, %d by PGD", clean, one, many)
	if clean > 6 || one <= clean || many < one || many < 20 {
		t.Errorf("of 30 pictures %d are wrong, %d by FGSM, %d by PGD", clean, one, many)
	}
	if farOne > 24 || farMany > 24 {
		t.Errorf("values move by %d and %d, epsilon is 24", farOne, farMany)
	}
}
