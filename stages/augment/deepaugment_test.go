package augment_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/kernels"
	"shiftmill/kernels/nn"
	"shiftmill/stages"
	"shiftmill/stages/augment"
	"shiftmill/stages/imageio"
	"shiftmill/stages/model"
	"shiftmill/stages/stagetest"
)

// network is the state of a network as a model port gives it.
func network(t *testing.T, w *nn.Weights) *stagetest.Files {
	t.Helper()
	w.Init(kernels.NewKey("deepaugment-test", 1, 1, "weights", 0))
	var tensors []model.Tensor
	for _, s := range w.State {
		tensors = append(tensors, model.F32(s.Name, s.Shape, s.Data))
	}
	data, err := model.Encode(nil, tensors)
	if err != nil {
		t.Fatal(err)
	}
	return &stagetest.Files{StageName: "net", Data: map[string][]byte{"weights.safetensors": data}}
}

// drawn are small pictures of which the first two share a draw.
func drawn(rows int) *stagetest.Table {
	shapes := stagetest.Shapes(rows, 3, 20)
	ids, draws := make([]string, rows), make([]any, rows)
	var cells []stages.ImageCell
	for i := range rows {
		ids[i], draws[i] = fmt.Sprintf("row%04d", i), fmt.Sprintf("row%04d", i/2*2)
		cells = append(cells, stages.Image(shapes.Record().Column(shapes.Schema().FieldIndices("image")[0]), i))
	}
	return stagetest.Rows(ids, stagetest.Column{Name: "image", Values: cells}, stagetest.Column{Name: "draw", Values: draws})
}

func deepCase(kind *stages.Kind, size int, net *stagetest.Files, rows stages.Input) stagetest.Case {
	c := kind.NewConfig().(*augment.Deep)
	c.Size = size
	return stagetest.Case{Kind: kind, Config: c, Seed: 3, Ports: map[string][]stages.Input{"data": {rows}, "model": {net}}}
}

func TestDeepAugmentGolden(t *testing.T) {
	stagetest.Golden(t, "", deepCase(augment.EDSR(), 16, network(t, &nn.NewEDSR().Weights), drawn(3)))
	stagetest.Golden(t, "", deepCase(augment.CAE(), 16, network(t, &nn.NewCAE().Weights), drawn(5)))
}

// TestDeepAugmentPlain sends pictures through undistorted networks and compares
// with the networks alone.
func TestDeepAugmentPlain(t *testing.T) {
	e := nn.NewEDSR()
	c := deepCase(augment.EDSR(), 16, network(t, &e.Weights), drawn(1))
	c.Config.(*augment.Deep).Distort, c.Config.(*augment.Deep).Signals = []string{}, []string{}
	out, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rows, err := out.Rows("")
	if err != nil {
		t.Fatal(err)
	}
	cell := stages.Image(rows.Record().Column(1), 0)
	if cell.Height != 64 || cell.Width != 64 {
		t.Fatalf("EDSR gives %d x %d, want 64 x 64", cell.Height, cell.Width)
	}
	data := drawn(1).Record()
	from := stages.Image(data.Column(data.Schema().FieldIndices("image")[0]), 0)
	small := imageio.ResizeShorter(&imageio.Pixels{H: from.Height, W: from.Width, C: 3, Pix: from.Data}, 16, imageio.Bilinear)
	x, y := nn.Signal{C: 3, H: 16, W: 16, Data: make([]float32, 3*256)}, nn.Signal{}
	for i, v := range small.Pix {
		x.Data[i%3*256+i/3] = float32(v)
	}
	e.Forward(&y, x, kernels.NewPool(1))
	for i, v := range cell.Data {
		if want := min(max(y.Data[i%3*4096+i/3], 0), 255); math.Abs(float64(v)-float64(want)) > 0.5001 {
			t.Fatalf("level %d is %d, the network gives %v", i, v, want)
		}
	}
}

func TestDeepAugmentRefuses(t *testing.T) {
	net := network(t, &nn.NewCAE().Weights)
	c := deepCase(augment.EDSR(), 16, net, drawn(1))
	if _, err := c.Run(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "weights: EDSR has no tensor ") {
		t.Errorf("the weights of another network: %v", err)
	}
	c.Config.(*augment.Deep).Distort = []string{"flip-filter"}
	if _, err := c.Run(t.Context()); fmt.Sprint(err) != `-: with.distort.0: no distortion is named "flip-filter"; did you mean "flip-filters"?` {
		t.Errorf("an unknown distortion: %v", err)
	}
	c = deepCase(augment.CAE(), 16, net, drawn(1))
	delete(c.Ports, "model")
	if _, err := c.Run(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "there are no weights: ") {
		t.Errorf("without weights: %v", err)
	}
}

// TestDraws checks the rule that a row shares the draw of the nearest row at or
// before it whose coin fell, and that a new row changes only those up to the
// next coin.
func TestDraws(t *testing.T) {
	draws := func(ids []string) map[string]string {
		c := stagetest.Case{Kind: augment.Draws(), Seed: 9, Ports: map[string][]stages.Input{"data": {stagetest.Rows(ids)}}}
		out, err := c.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		rows, err := out.Rows("")
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for i, id := range ids {
			got[id] = rows.Record().Column(1).(*array.String).Value(i)
		}
		return got
	}
	var ids []string
	for i := range 2000 {
		ids = append(ids, fmt.Sprintf("%05d", 2*i))
	}
	before := draws(ids)
	distinct := map[string]bool{}
	for i, id := range ids {
		d := before[id]
		distinct[d] = true
		if d > id || before[d] != d || i > 0 && d != before[ids[i-1]] && d != id {
			t.Fatalf("row %s shares the draw of %s", id, d)
		}
	}
	if n := len(distinct); n < 70 || n > 135 { // 101 expected, standard deviation 10
		t.Errorf("%d draws for 2,000 rows", n)
	}
	for i := 0; i < len(ids); i += 97 {
		added := fmt.Sprintf("%05d", 2*i+1)
		more := append(append(append([]string{}, ids[:i+1]...), added), ids[i+1:]...)
		after := draws(more)
		for _, id := range ids {
			if after[id] != before[id] && !(after[id] == added && id > added && before[id] == before[ids[i]]) {
				t.Fatalf("row %s shared the draw of %s, with a new row %s that of %s", id, before[id], added, after[id])
			}
		}
	}
	stagetest.Golden(t, "", stagetest.Case{Kind: augment.Draws(), Seed: 9, Ports: map[string][]stages.Input{"data": {stagetest.Rows(ids)}}})
}
