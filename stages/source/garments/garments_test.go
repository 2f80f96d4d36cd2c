package garments

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"testing"

	"shiftmill/stages/source/deepfashion2"
	"shiftmill/stages/source/draw"
)

func mix() Mix {
	thirds := []Share[int]{{1, 1}, {2, 2}, {3, 1}}
	return Mix{Parts: []Share[string]{{"train", 4}, {"validation", 1}}, Scale: thirds, Occlusion: thirds, Viewpoint: thirds, Zoom: thirds, Photos: 3}
}

func picture(t testing.TB, seed uint64, r Row, size int, s Strength) []byte {
	t.Helper()
	pix, err := Draw(seed, r.Number, r.Pair, size, r.Source == "shop", r.Attributes, s)
	if err != nil {
		t.Fatal(err)
	}
	return pix
}

// TestGolden compares rows, boxes and pictures with stored digests, which hold on every processor.
// When they change on purpose, Version must go up with them.
func TestGolden(t *testing.T) {
	var got bytes.Buffer
	fmt.Fprintf(&got, "version %d\n", Version)
	for i := range 24 {
		r := RowAt(3, i, mix())
		s := Strength{1000 - 100*(i%3), 1000 - 300*(i%2), 1000 - 200*(i%4), 1000}
		size := [...]int{16, 47, 64, 130}[i%4]
		a, err := Annotation(3, r, size, s)
		if err != nil {
			t.Fatal(err)
		}
		text, err := deepfashion2.Format(a)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&got, "%s %x %x\n", r.ID(), sha256.Sum256(text), sha256.Sum256(picture(t, 3, r, size, s)))
	}
	const file = "testdata/golden.txt"
	if *update {
		if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%s: pictures changed:\n%s", file, got.String())
	}
}

// TestStrengthZero: without strength neither pixels nor boxes depend on an attribute.
func TestStrengthZero(t *testing.T) {
	for i := range 12 {
		r := RowAt(4, i, mix())
		for _, tt := range []struct {
			name string
			s    Strength
			set  func(a *Attributes, v int)
		}{
			{"scale", Strength{0, 1000, 1000, 1000}, func(a *Attributes, v int) { fill(a.Scale, v) }},
			{"occlusion", Strength{1000, 0, 1000, 1000}, func(a *Attributes, v int) { fill(a.Occlusion, v) }},
			{"viewpoint", Strength{1000, 1000, 0, 1000}, func(a *Attributes, v int) { fill(a.Viewpoint, v) }},
			{"zoom_in", Strength{1000, 1000, 1000, 0}, func(a *Attributes, v int) { fill(a.Zoom, v) }},
		} {
			var pix [3][]byte
			var full [3][]byte
			var boxes [3]string
			for v := range 3 {
				q := r
				q.Attributes = alike(4, r.Pair, 2, 2, 2, 1)
				tt.set(&q.Attributes, v+1)
				pix[v], full[v] = picture(t, 4, q, 48, tt.s), picture(t, 4, q, 48, FullStrength())
				a, err := Annotation(4, q, 48, tt.s)
				if err != nil {
					t.Fatal(err)
				}
				for _, it := range a.Items {
					boxes[v] += fmt.Sprint(it.Box)
				}
			}
			if !bytes.Equal(pix[0], pix[1]) || !bytes.Equal(pix[1], pix[2]) || boxes[0] != boxes[1] || boxes[1] != boxes[2] {
				t.Errorf("%s: %s at strength 0 changes the picture", r.ID(), tt.name)
			}
			if bytes.Equal(full[0], full[1]) || bytes.Equal(full[1], full[2]) {
				t.Errorf("%s: %s at full strength does not change the picture", r.ID(), tt.name)
			}
		}
	}
}

func fill(list []int, v int) {
	for i := range list {
		list[i] = v
	}
}

// TestTruth measures on the drawing what the annotation says: the box, the height, the share outside
// of the frame, the share of the item that something hides.
func TestTruth(t *testing.T) {
	const size = 224
	hidden := map[int][]float64{}
	for i := range 150 {
		r := RowAt(9, i, mix())
		sc, err := Plan(9, r.Number, r.Pair, size, r.Attributes, FullStrength())
		if err != nil {
			t.Fatal(err)
		}
		a, err := Annotation(9, r, size, FullStrength())
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for fi, f := range sc.figures {
			var all [][]draw.Point
			for j := range f.items {
				mask := draw.NewCanvas(size, size)
				var path draw.Path
				for _, piece := range f.items[j].shape {
					path.Contour(piece)
					all = append(all, piece)
				}
				mask.Fill(&path, draw.Flat(draw.Hex(0xffffff)))
				x0, y0, x1, y1 := size, size, -1, -1
				for p := range size * size {
					if mask.Pix[3*p] > 0 {
						x0, y0, x1, y1 = min(x0, p%size), min(y0, p/size), max(x1, p%size), max(y1, p/size)
					}
				}
				box := a.Items[n].Box
				for k, v := range []int{x0, y0, x1 + 1, y1 + 1} {
					if d := box[k] - float64(v); d > 1 || d < -1 { // an edge in the last 1/16 pixel may cover nothing
						t.Errorf("%s item%d: box %v, drawn %v", r.ID(), n+1, box, []int{x0, y0, x1 + 1, y1 + 1})
						break
					}
				}
				// What lies in front hides a share of the pixels that the item shows without it.
				p := &pen{c: draw.NewCanvas(size, size)}
				p.c.Clear(1)
				sc.occlude(p, f, j)
				area, covered := 0, 0
				for q := range size * size {
					if mask.Pix[3*q] > 127 {
						area++
						if p.c.Pix[3*q] != 1 || p.c.Pix[3*q+1] != 1 {
							covered++
						}
					}
				}
				hidden[r.Occlusion[n]] = append(hidden[r.Occlusion[n]], float64(covered)/float64(area))
				n++
			}
			b := bounds(all...)
			frame := float64(size * draw.PixelUnits)
			w, h := float64(b[2]-b[0]), float64(b[3]-b[1])
			outside := max(0, -float64(b[0]), float64(b[2])-frame) / w
			if want := float64(cuts[r.Zoom[fi]]) / 1000; r.Zoom[fi] > 1 && (outside < want-0.02 || outside > want+0.02) {
				t.Errorf("%s figure %d: %.2f of the clothes outside of the frame, want %.2f", r.ID(), fi, outside, want)
			}
			if limit := float64(heights[r.Scale[fi]]) / 1000 * 1.04; h/frame > limit {
				t.Errorf("%s figure %d: clothes %.2f of the frame high, want at most %.2f", r.ID(), fi, h/frame, limit)
			}
		}
	}
	for v, want := range map[int][2]float64{1: {0, 0}, 2: {0.12, 0.32}, 3: {0.45, 0.68}} {
		sum := 0.0
		for _, x := range hidden[v] {
			sum += x
		}
		if mean := sum / float64(len(hidden[v])); mean < want[0] || mean > want[1] {
			t.Errorf("occlusion %d hides %.2f of an item on average over %d items, want %v", v, mean, len(hidden[v]), want)
		}
	}
}

func TestRows(t *testing.T) {
	categories := map[int]int{}
	two := 0
	for i := range 6000 {
		r := RowAt(1, i, mix())
		a, err := Annotation(1, r, 64, FullStrength())
		if err != nil {
			t.Fatal(err)
		}
		if n := len(a.Items); n < 1 || n > 4 {
			t.Fatalf("%s has %d items", r.ID(), n)
		}
		for _, it := range a.Items {
			categories[it.Category]++
		}
		if len(r.Scale) == 2 {
			two++
		}
		if q := RowAt(1, i/3*3, mix()); q.Part != r.Part || q.Pair != r.Pair {
			t.Errorf("%s and %s show pair %d in different parts", q.ID(), r.ID(), r.Pair)
		}
	}
	for c := 1; c <= 13; c++ {
		if categories[c] < 300 {
			t.Errorf("%s occurs %d times in 6,000 pictures", deepfashion2.Categories[c-1], categories[c])
		}
	}
	if two < 1500 || two > 2700 {
		t.Errorf("%d of 6,000 pictures have two figures", two)
	}
}

func TestErrors(t *testing.T) {
	a := alike(1, 1, 2, 2, 2, 1)
	for _, tt := range []struct {
		name, want string
		err        func() error
	}{
		{"size", "draw picture 1: size: expected 16 to 2048 pixels, got 15", func() error { _, err := Draw(1, 1, 1, 15, true, a, FullStrength()); return err }},
		{"strength", "draw picture 1: strength of zoom_in: expected 0 to 1000, got 1001", func() error { _, err := Draw(1, 1, 1, 64, true, a, Strength{Zoom: 1001}); return err }},
		{"value", "draw picture 1: scale: expected 1 to 3, got 4", func() error {
			_, err := Draw(1, 1, 1, 64, true, alike(1, 1, 4, 2, 2, 1), FullStrength())
			return err
		}},
		{"count", "draw picture 1: scale: expected 1 values, got 0", func() error { _, err := Draw(1, 1, 1, 64, true, Attributes{}, FullStrength()); return err }},
	} {
		if err := tt.err(); err == nil || err.Error() != tt.want {
			t.Errorf("%s:\n got %v\nwant %s", tt.name, err, tt.want)
		}
	}
}

func BenchmarkDraw(b *testing.B) {
	for _, size := range []int{64, 224} {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			r := RowAt(1, 7, mix())
			for b.Loop() {
				picture(b, 1, r, size, FullStrength())
			}
		})
	}
}
