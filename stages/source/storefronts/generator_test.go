package storefronts

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"unicode"
)

var update = flag.Bool("update", false, "rewrite the golden files and docs/storefronts.png")

func generator(t testing.TB) *Generator {
	t.Helper()
	g, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func photo(t testing.TB, g *Generator, size int, id string, a Attributes, s Strength) []byte {
	t.Helper()
	pix, err := g.Draw(size, 11, id, a, s)
	if err != nil {
		t.Fatal(err)
	}
	if len(pix) != 3*size*size {
		t.Fatalf("photo of %d pixels a side has %d bytes, want %d", size, len(pix), 3*size*size)
	}
	return pix
}

// difference is the mean absolute difference of two photos, in levels.
func difference(a, b []byte) float64 {
	sum := 0
	for i := range a {
		d := int(a[i]) - int(b[i])
		sum += max(d, -d)
	}
	return float64(sum) / float64(len(a))
}

// TestGolden compares photos of every class with stored digests, which hold on every processor. When they
// change on purpose, Version must go up with them.
func TestGolden(t *testing.T) {
	g := generator(t)
	var got strings.Builder
	fmt.Fprintf(&got, "version %d\n", Version)
	for i, class := range Classes() {
		for j, c := range countries {
			size := [...]int{16, 32, 47, 64, 224, 32}[j]
			a := Attributes{class, c.code, 2016 + (i+j)%4, []string{"new", "old"}[(i+j/2)%2], fmt.Sprintf("b%06d", i)}
			s := Strength{1000 - 100*(i%3), 1000, 1000 - 200*(j%2)}
			pix := photo(t, g, size, fmt.Sprintf("b%06d-p%02d", i, j), a, s)
			fmt.Fprintf(&got, "%s %s %d %s %d: %x\n", a.Class, a.Country, a.Year, a.Camera, size, sha256.Sum256(pix))
		}
	}
	checkGolden(t, "testdata/photos.txt", got.String())
}

func checkGolden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(string(data), "\n")
	lines := strings.Split(got, "\n")
	if len(lines) != len(want) {
		t.Fatalf("%s: %d lines, want %d", name, len(lines), len(want))
	}
	for i := range want {
		if lines[i] != want[i] {
			t.Errorf("%s:%d:\n got %s\nwant %s", name, i+1, lines[i], want[i])
		}
	}
}

// At strength 0 an attribute's value leaves no trace; at full strength each value leaves one.
func TestZeroStrength(t *testing.T) {
	g := generator(t)
	alter := []struct {
		name     string
		off      Strength
		variants []func(a *Attributes)
	}{
		{"country", Strength{0, 1000, 1000}, nil},
		{"year", Strength{1000, 0, 1000}, []func(a *Attributes){
			func(a *Attributes) { a.Year = 2016 }, func(a *Attributes) { a.Year = 2017 },
			func(a *Attributes) { a.Year = 2018 }, func(a *Attributes) { a.Year = 2019 },
		}},
		{"camera", Strength{1000, 1000, 0}, []func(a *Attributes){
			func(a *Attributes) { a.Camera = "new" }, func(a *Attributes) { a.Camera = "old" },
		}},
	}
	for _, code := range Countries() {
		alter[0].variants = append(alter[0].variants, func(a *Attributes) { a.Country = code })
	}
	for _, tt := range alter {
		t.Run(tt.name, func(t *testing.T) {
			for i := range 12 {
				row := RowAt(5, i*7, DefaultMix())
				size := 32 + 16*(i%3)
				var none, full [][]byte
				for _, change := range tt.variants {
					a := row.Attributes
					change(&a)
					none = append(none, photo(t, g, size, row.ID, a, tt.off))
					full = append(full, photo(t, g, size, row.ID, a, FullStrength()))
				}
				for k := range none {
					if !bytes.Equal(none[k], none[0]) {
						t.Errorf("row %s: value %d differs from value 0 at strength 0", row.ID, k)
					}
					for l := range k {
						if bytes.Equal(full[k], full[l]) {
							t.Errorf("row %s: values %d and %d agree at full strength", row.ID, k, l)
						}
					}
				}
			}
		})
	}
}

// Between 0 and 1 the distance from the unshifted photo grows: on the mean of many rows at every
// quarter of the way, and for year and camera without leaps.
func TestStrengthGrows(t *testing.T) {
	g := generator(t)
	tests := []struct {
		name   string
		change func(a *Attributes)
		at     func(permille int) Strength
		leap   float64 // largest share of the whole distance in a quarter
	}{
		{"country", func(a *Attributes) { a.Country = "FR" }, func(v int) Strength { return Strength{v, 1000, 1000} }, 0.75},
		{"year", func(a *Attributes) { a.Year = 2016 }, func(v int) Strength { return Strength{1000, v, 1000} }, 0.45},
		{"camera", func(a *Attributes) { a.Camera = "old" }, func(v int) Strength { return Strength{1000, 1000, v} }, 0.45},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var mean [5]float64
			for i := range 24 {
				row := RowAt(9, i*5, DefaultMix())
				a := row.Attributes
				a.Country, a.Year, a.Camera = ReferenceCountry, ReferenceYear, ReferenceCamera
				tt.change(&a)
				zero := photo(t, g, 32, row.ID, a, tt.at(0))
				for q := range mean {
					mean[q] += difference(zero, photo(t, g, 32, row.ID, a, tt.at(250*q))) / 24
				}
			}
			for q := 1; q < len(mean); q++ {
				step := mean[q] - mean[q-1]
				if step <= 0 || step > tt.leap*mean[4] {
					t.Errorf("mean distances at each quarter %.2f: a step that does not grow or leaps", mean)
				}
			}
		})
	}
}

func TestDrawErrors(t *testing.T) {
	g := generator(t)
	good := Attributes{"bank", "US", 2019, "new", "b1"}
	classes := strings.Join(Classes(), ", ")
	tests := []struct {
		name string
		size int
		a    func(a *Attributes)
		s    Strength
		want string
	}{
		{"small", 15, nil, FullStrength(), "draw photo x: size: expected 16 to 2048 pixels, got 15"},
		{"large", 2049, nil, FullStrength(), "draw photo x: size: expected 16 to 2048 pixels, got 2049"},
		{"class", 32, func(a *Attributes) { a.Class = "cinema" }, FullStrength(), "draw photo x: class: expected one of " + classes + `, got "cinema"`},
		{"country", 32, func(a *Attributes) { a.Country = "fr" }, FullStrength(), `draw photo x: country: expected one of US, MX, CA, FR, DE, GB, got "fr"`},
		{"year", 32, func(a *Attributes) { a.Year = 2020 }, FullStrength(), "draw photo x: year: expected 2016 to 2019, got 2020"},
		{"camera", 32, func(a *Attributes) { a.Camera = "" }, FullStrength(), `draw photo x: camera: expected new or old, got ""`},
		{"strength", 32, nil, Strength{Year: 1001}, "draw photo x: strength of year: expected 0 to 1000 thousandths, got 1001"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := good
			if tt.a != nil {
				tt.a(&a)
			}
			_, err := g.Draw(tt.size, 1, "x", a, tt.s)
			if got := fmt.Sprint(err); got != tt.want {
				t.Errorf("Draw error:\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

// One generator draws the same from many goroutines at once.
func TestConcurrentDraws(t *testing.T) {
	g := generator(t)
	var want [8][]byte
	rows := make([]Row, len(want))
	for i := range want {
		rows[i] = RowAt(2, i*3, DefaultMix())
		want[i] = photo(t, g, 32, rows[i].ID, rows[i].Attributes, FullStrength())
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i, r := range rows {
				got, err := g.Draw(32, 11, r.ID, r.Attributes, FullStrength())
				if err != nil || !bytes.Equal(got, want[i]) {
					t.Errorf("row %s: drawn otherwise beside other goroutines (error %v)", r.ID, err)
				}
			}
		})
	}
	wg.Wait()
}

// Every word of a sign is within the letters that the typefaces carry.
func TestWording(t *testing.T) {
	check := func(text string) {
		for _, r := range text {
			if r != '€' && (r >= 384 || !unicode.IsPrint(r)) {
				t.Errorf("%q: no outline for %q", text, r)
			}
		}
	}
	for i := range trades {
		for _, w := range trades[i].words {
			check(w)
		}
	}
	for l := range surnames {
		for _, w := range surnames[l] {
			check(w)
		}
		for _, w := range houses[l] {
			check(w)
			if strings.Count(w, "%") != 1 {
				t.Errorf("%q: expected one place for the name", w)
			}
		}
		check(currency[l])
	}
}

func BenchmarkDraw(b *testing.B) {
	g := generator(b)
	for _, size := range []int{32, 64, 224} {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			b.SetBytes(int64(3 * size * size))
			i := 0
			for b.Loop() {
				row := RowAt(1, i, DefaultMix())
				if _, err := g.Draw(size, 1, row.ID, row.Attributes, FullStrength()); err != nil {
					b.Fatal(err)
				}
				i++
			}
			b.ReportMetric(float64(i)/b.Elapsed().Seconds(), "photos/s")
		})
	}
}
