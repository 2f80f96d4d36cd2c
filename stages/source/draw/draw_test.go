package draw

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"golang.org/x/image/font/gofont/goregular"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// sum adds up one channel in units of a full pixel's 255.
func sum(m *Image) float64 {
	total := 0
	for i := 0; i < len(m.Pix); i += 3 {
		total += int(m.Pix[i])
	}
	return float64(total) / 255
}

func TestFillArea(t *testing.T) {
	tests := []struct {
		name string
		path func(p *Path)
		want float64 // pixels covered
		tol  float64
	}{
		{"pixel rectangle", func(p *Path) { p.Rect(16, 16, 48, 64) }, 6, 0},
		{"half pixels", func(p *Path) { p.Rect(8, 8, 40, 40) }, 4, 0.02},
		{"other winding", func(p *Path) { p.Rect(40, 8, 8, 40) }, 4, 0.02},
		{"circle", func(p *Path) { p.Ellipse(320, 320, 240, 240) }, math.Pi * 225, 3},
		{"round corners", func(p *Path) { p.RoundRect(32, 32, 352, 192, 64) }, 200 - (4-math.Pi)*16, 0.8},
		{"triangle", func(p *Path) { p.Polygon(16, 16, 416, 48, 112, 512) }, 0.5 * (25*31 - 2*6), 0.5},
		{"stroke", func(p *Path) { p.Stroke(40, false, 64, 64, 544, 424) }, 2.5 * 37.5, 0.1},
		{"overlap counts once", func(p *Path) { p.Rect(16, 16, 160, 160); p.Rect(80, 80, 240, 240) }, 81 + 100 - 25, 0.1},
		{"a hole", func(p *Path) { p.Rect(16, 16, 160, 160); p.Polygon(48, 48, 48, 96, 96, 96, 96, 48) }, 81 - 9, 0},
		{"cut by every side", func(p *Path) { p.Rect(-5000, -5000, 5000, 5000) }, 40 * 40, 0},
		{"outside", func(p *Path) { p.Rect(-500, -500, -20, 900); p.Rect(700, 0, 900, 100); p.Rect(0, 700, 100, 900) }, 0, 0},
		{"slanted through the left", func(p *Path) { p.Polygon(-320, 0, 320, 320, -320, 640) }, 200, 0.5},
		{"slanted through the right", func(p *Path) { p.Polygon(960, 0, 320, 320, 960, 640) }, 200, 0.5},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := NewCanvas(40, 40)
			var p Path
			tt.path(&p)
			c.Fill(&p, Flat(Hex(0xffffff)))
			if got := sum(c.Image); math.Abs(got-tt.want) > tt.tol {
				t.Errorf("covered %.3f pixels, want %.3f within %g", got, tt.want, tt.tol)
			}
			for i, v := range c.cover {
				if v != 0 {
					t.Fatalf("coverage %d left at %d after a fill", v, i)
				}
			}
		})
	}
}

// Two shapes that share an edge leave no gap and no overlap between them, however the edge runs.
func TestSharedEdge(t *testing.T) {
	for i := range int64(64) {
		x0, x1 := 37*i%640, 91*i%640
		c, d := NewCanvas(40, 40), NewCanvas(40, 40)
		var p, q Path
		p.Polygon(0, 0, x0, 0, x1, 640, 0, 640)
		q.Polygon(x0, 0, 640, 0, 640, 640, x1, 640)
		c.Fill(&p, Flat(Hex(0xffffff)))
		d.Fill(&q, Flat(Hex(0xffffff)))
		for j := range c.Pix {
			if s := int(c.Pix[j]) + int(d.Pix[j]); s < 254 || s > 256 {
				t.Fatalf("edge %d to %d: byte %d: the two sides cover %d of 255", x0, x1, j, s)
			}
		}
	}
}

func TestArithmetic(t *testing.T) {
	for _, v := range []int64{-4, 0, 1, 2, 3, 4, 15, 16, 17, 1 << 40, 1<<62 - 1} {
		r := Sqrt(v)
		if v < 0 && r != 0 || v >= 0 && (r*r > v || (r+1)*(r+1) <= v) {
			t.Errorf("Sqrt(%d) = %d", v, r)
		}
	}
	for a := int64(-5000); a < 5000; a++ {
		want := 1e6 * math.Sin(2*math.Pi*float64(a)/4096)
		if got := Sin(a); math.Abs(float64(got)-want) > 400 {
			t.Fatalf("Sin(%d) = %d, want %.0f within 400", a, got, want)
		}
	}
	for _, f := range []struct{ num, den int }{{1, 1}, {1, 2}, {2, 1}, {3, 2}, {4, 3}, {1, 4}} {
		table := Gamma(f.num, f.den)
		for x, got := range table {
			want := 255 * math.Pow(float64(x)/255, float64(f.num)/float64(f.den))
			if d := want - float64(got); d < -1e-6 || d >= 1+1e-6 {
				t.Fatalf("Gamma(%d, %d)[%d] = %d, want %.3f rounded down", f.num, f.den, x, got, want)
			}
		}
	}
}

func TestPerspective(t *testing.T) {
	v := View{A: 256 << 20, E: 256 << 20, F: 3 << 28, G: 1 << 10, I: 1 << 20}
	for _, p := range []Point{{0, 0}, {100, 7}, {-300, 900}, {1023, -5}} {
		w := float64(v.G*p.X + v.I)
		x, y := float64(v.A*p.X)/w, (float64(v.E*p.Y)+float64(v.F))/w
		got := v.apply(p)
		if math.Abs(float64(got.X)-x) > 0.51 || math.Abs(float64(got.Y)-y) > 0.51 {
			t.Errorf("view of %v = %v, want (%.2f, %.2f)", p, got, x, y)
		}
	}
}

func TestFilters(t *testing.T) {
	flat := func() *Image {
		m := NewImage(33, 21)
		for i := range m.Pix {
			m.Pix[i] = 137
		}
		return m
	}
	tests := []struct {
		name string
		do   func(m *Image) *Image
	}{
		{"blur", func(m *Image) *Image { m.Blur(7600); return m }},
		{"sharpen", func(m *Image) *Image { m.Sharpen(700); return m }},
		{"barrel", func(m *Image) *Image { return m.Barrel(90) }},
		{"vignette of nothing", func(m *Image) *Image { m.Vignette(0); return m }},
		{"identity matrix", func(m *Image) *Image {
			m.Matrix([3][4]int64{{1000}, {0, 1000}, {0, 0, 1000}})
			return m
		}},
		{"shrink", func(m *Image) *Image { return m.Shrink(3) }},
	}
	for _, tt := range tests {
		for i, v := range tt.do(flat()).Pix {
			if v != 137 {
				t.Errorf("%s: byte %d of an even grey became %d, want 137", tt.name, i, v)
				break
			}
		}
	}

	for _, variance := range []int64{300, 1500, 2700, 9100} {
		m := NewImage(61, 61)
		for y := 28; y < 33; y++ { // five pixels square, whose own variance is 2
			for i := 3 * (61*y + 28); i < 3*(61*y+33); i++ {
				m.Pix[i] = 255
			}
		}
		m.Blur(variance)
		var total, second float64
		for x := range 61 {
			for y := range 61 {
				v := float64(m.Pix[3*(y*61+x)])
				total += v
				second += v * float64((x-30)*(x-30))
			}
		}
		want := float64(variance)/1000 + 2
		if got := second / total; math.Abs(got-want) > 0.1*want {
			t.Errorf("variance of a square blurred by %d/1000 is %.3f pixels squared, want %.3f within a tenth", variance, got, want)
		}
	}
}

// TestGolden compares everything the package draws with stored digests: they must hold on every
// processor and with every GOAMD64.
func TestGolden(t *testing.T) {
	f, err := ParseFont(goregular.TTF)
	if err != nil {
		t.Fatal(err)
	}
	state := uint64(1)
	random := func(n int64) int64 {
		state = state*6364136223846793005 + 1442695040888963407
		return int64(state>>33) % n
	}
	c := NewCanvas(160, 120)
	side := int64(160 * PixelUnits)
	var got strings.Builder
	note := func(name string) {
		fmt.Fprintf(&got, "%s %x\n", name, sha256.Sum256(c.Pix))
	}
	var p Path
	step := func(name string, paint Paint, shape func()) {
		p.Reset()
		shape()
		c.Fill(&p, paint)
		note(name)
	}
	at := func() int64 { return random(side+400) - 200 }
	c.View = View{A: 16 << 20, B: 3000, C: 77 << 20, D: -9000, E: 16 << 20, F: -5 << 20, G: 60, I: 1 << 20}
	step("sky", Ramp(Point{0, 0}, Point{300, side}, Hex(0x4080c0), Hex(0xe0e8f0)), func() { p.Rect(-900, -900, 2*side, 2*side) })
	step("glow", Glow(Point{900, 400}, Point{1500, 400}, Hex(0xfff0c0), Hex(0xfff0c0).Fade(0)), func() { p.Rect(0, 0, side, side) })
	step("polygons", Flat(Hex(0x803020).Fade(600)), func() {
		for range 30 {
			p.Polygon(at(), at(), at(), at(), at(), at())
		}
	})
	step("curves", Flat(Hex(0x206040).Fade(400)), func() {
		for range 30 {
			p.Move(at(), at())
			p.Cubic(at(), at(), at(), at(), at(), at())
			p.Quad(at(), at(), at(), at())
		}
	})
	step("strokes", Flat(Hex(0x101010)), func() {
		for range 30 {
			p.Stroke(random(60), random(2) == 0, at(), at(), at(), at(), at(), at())
		}
	})
	step("text", Flat(Hex(0xffffff)), func() { f.Text(&p, "Épicerie „Ägäis“ Ñandú 2 € ŵ", 200, 900, 160, -1) })
	c.Blur(2700)
	note("blur")
	c.Sharpen(400)
	note("sharpen")
	c.Matrix([3][4]int64{{900, 80, 20, 3000}, {30, 940, 10, -2000}, {0, 100, 950, 0}})
	note("matrix")
	curve := Gamma(3, 2)
	c.Curve(&curve)
	c.Vignette(300)
	note("vignette")
	c.Image = c.Barrel(60)
	note("barrel")
	c.Noise(500, 300, func(i uint64) uint64 { return (i + 1) * 0x9E3779B97F4A7C15 })
	note("noise")
	c.Image = c.Shrink(4)
	note("shrink")

	const name = "testdata/golden.txt"
	if *update {
		if err := os.WriteFile(name, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("digests after each step:\n got\n%swant\n%s", got.String(), want)
	}
}

func TestFont(t *testing.T) {
	f, err := ParseFont(goregular.TTF)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := f.Width("mm", 1000), 2*f.Width("m", 1000); a-b > 1 || b-a > 1 {
		t.Errorf("width of two letters %d, of one twice %d", a, b)
	}
	if f.Width("日", 1000) != f.Width("?", 1000) {
		t.Error("a letter outside Latin is not drawn as a question mark")
	}
	if _, err := ParseFont([]byte("no font")); err == nil || !strings.HasPrefix(err.Error(), "parse font: ") {
		t.Errorf("error for a bad font: %v", err)
	}
}

func BenchmarkFill(b *testing.B) {
	c := NewCanvas(224, 224)
	var p Path
	p.Ellipse(1792, 1792, 1500, 1500)
	for b.Loop() {
		c.Fill(&p, Flat(Color{200, 100, 50, 128}))
	}
}
