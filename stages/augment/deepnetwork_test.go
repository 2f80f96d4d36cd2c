package augment_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"shiftmill/stages"
	"shiftmill/stages/augment"
	"shiftmill/stages/stagetest"
)

func networkCase(rows stages.Input, size int, distort ...string) stagetest.Case {
	c := augment.Network().NewConfig().(*augment.DeepNetwork)
	c.Network, c.Size, c.Distort = "testdata/network.onnx", size, distort
	if len(distort) == 1 {
		c.Count = 1 // three turns may make a whole one
	}
	return stagetest.Case{Kind: augment.Network(), Config: c, Seed: 3, Ports: map[string][]stages.Input{"data": {rows}}}
}

// TestDeepNetwork compares an undistorted network with ONNX Runtime, and looks
// whether every distortion changes pictures.
func TestDeepNetwork(t *testing.T) {
	data, err := os.ReadFile("testdata/network.json")
	if err != nil {
		t.Fatal(err)
	}
	var ref struct {
		Height, Width   int
		Picture, Result []int
	}
	if err := json.Unmarshal(data, &ref); err != nil {
		t.Fatal(err)
	}
	pix := make([]byte, len(ref.Picture))
	for i, v := range ref.Picture {
		pix[i] = byte(v)
	}
	row := stagetest.Rows([]string{"a"},
		stagetest.Column{Name: "image", Values: []stages.ImageCell{{Ref: "rgb8", Data: pix, Height: ref.Height, Width: ref.Width}}},
		stagetest.Column{Name: "draw", Values: []string{"a"}})
	plain := images(t, networkCase(row, 16))[0]
	if plain.Height != ref.Height || plain.Width != ref.Width {
		t.Fatalf("%d x %d pixels, want %d x %d", plain.Height, plain.Width, ref.Height, ref.Width)
	}
	for i, v := range plain.Data {
		if d := int(v) - ref.Result[i]; d < -1 || d > 1 {
			t.Fatalf("value %d is %d, ONNX Runtime has %d", i, v, ref.Result[i])
		}
	}
	all := augment.Network().NewConfig().(*augment.DeepNetwork).Distort
	for _, name := range all {
		if string(images(t, networkCase(row, 16, name))[0].Data) == string(plain.Data) {
			t.Errorf("%s changes nothing", name)
		}
	}
	stagetest.Golden(t, "", networkCase(drawn(5), 16, all...))
}

func TestDeepNetworkRefuses(t *testing.T) {
	c := networkCase(drawn(1), 16)
	c.Config.(*augment.DeepNetwork).Network = "testdata/network.json"
	if _, err := c.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "read network.json: ") {
		t.Errorf("a file that is no network: %v", err)
	}
}
