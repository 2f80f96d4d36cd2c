package near

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sort"
	"strings"
	"syscall"
	"testing"
	"time"

	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/imageio"
	"shiftmill/stages/source"
	"shiftmill/stages/stagetest"
)

// shared is the folder of real pictures; "" skips the test, but not in CI.
func shared(t testing.TB) string {
	t.Helper()
	for _, dir := range []string{"../../../../shared/data", "../../../shared/data"} {
		if _, err := os.Stat(filepath.Join(dir, "pacs")); err == nil {
			return dir
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("the shared pictures are not there")
	}
	t.Skip("needs the pictures of ../shared/data")
	return ""
}

// real lists the picture files, each share-th of them.
func real(t testing.TB, share int) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(shared(t), func(path string, d os.DirEntry, err error) error {
		if ext := filepath.Ext(path); err == nil && !d.IsDir() && (ext == ".jpg" || ext == ".png") {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	sort.Strings(files)
	kept := files[:0]
	for i, f := range files {
		if i%share == 0 {
			kept = append(kept, f)
		}
	}
	return kept
}

func decode(t testing.TB, data []byte) *imageio.Pixels {
	t.Helper()
	p, err := imageio.Decode(data, imageio.DecodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// copies are what people do to pictures that come back in a test set.
var copies = []string{"re-encoded", "resized", "brightness", "mirrored", "cropped"}

func planted(t testing.TB, r *rand.Rand, p *imageio.Pixels, how string) *imageio.Pixels {
	t.Helper()
	switch how {
	case "re-encoded":
		return decode(t, imageio.EncodeJPEG(p, 30+r.IntN(66)))
	case "resized":
		s := 0.5 + 1.5*r.Float64()
		f := []imageio.Filter{imageio.Bilinear, imageio.Bicubic, imageio.Lanczos}[r.IntN(3)]
		return imageio.Resize(p, max(1, int(float64(p.H)*s+0.5)), max(1, int(float64(p.W)*s+0.5)), f)
	case "brightness":
		out, s := p.Clone(), 0.9+0.2*r.Float64()
		for i, v := range out.Pix {
			out.Pix[i] = uint8(min(255, int(float64(v)*s+0.5)))
		}
		return out
	case "mirrored":
		out := p.Clone()
		for y := range p.H {
			for x := range p.W {
				copy(out.Row(y)[3*x:3*x+3], p.Row(y)[3*(p.W-1-x):])
			}
		}
		return out
	}
	h, w := max(1, (p.H*95+50)/100), max(1, (p.W*95+50)/100)
	top, left := r.IntN(p.H-h+1), r.IntN(p.W-w+1)
	out := imageio.NewPixels(h, w, 3)
	for y := range h {
		copy(out.Row(y), p.Row(top + y)[3*left:])
	}
	return out
}

// shopFronts draws n different shop fronts.
func shopFronts(t *testing.T, n int) []*Thumb {
	t.Helper()
	kind := source.StorefrontsKind()
	v, err := pipeline.ParseValue("x.yaml", fmt.Sprintf("{count: %d, size: 64}", n))
	if err != nil {
		t.Fatal(err)
	}
	config := kind.NewConfig()
	if errs := pipeline.Decode(v, config); len(errs) > 0 {
		t.Fatal(errs)
	}
	sink, err := stagetest.Case{Kind: kind, Config: config}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rows, err := sink.Rows("")
	if err != nil {
		t.Fatal(err)
	}
	col := rows.Record().Column(rows.Schema().FieldIndices("image")[0])
	thumbs := make([]*Thumb, n)
	each(n, runtime.GOMAXPROCS(0), func(i int) {
		pic, err := kind.Source.Draw(t.Context(), stages.Image(col, i).Ref)
		if err != nil {
			t.Error(err)
			return
		}
		thumbs[i] = NewThumb(&imageio.Pixels{H: pic.Height, W: pic.Width, C: 3, Pix: pic.Pix})
	})
	return thumbs
}

// TestCopies plants altered copies among real pictures and counts which are
// found, and what else is. With SHIFTMILL_SWEEP=1 all pictures are taken, with
// 2,000 copies and drawn shop fronts up to 100,000.
func TestCopies(t *testing.T) {
	share, n := 6, 300
	if os.Getenv("SHIFTMILL_SWEEP") != "" {
		share, n = 1, 2000
	}
	files := real(t, share)
	r := rand.New(rand.NewPCG(4, 2))
	var decoding, looking time.Duration
	thumbs, names := []*Thumb{}, slices.Clone(files)
	look := func(p *imageio.Pixels) {
		start := cpu()
		thumb := NewThumb(p)
		thumb.Look()
		looking += cpu() - start
		thumbs = append(thumbs, thumb)
	}
	pictures := map[int]*imageio.Pixels{}
	chosen := r.Perm(len(files))[:n]
	for i, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		start := cpu()
		p := decode(t, data)
		decoding += cpu() - start
		look(p)
		if slices.Contains(chosen, i) {
			pictures[i] = p
		}
	}
	drawn := 0
	if os.Getenv("SHIFTMILL_SWEEP") != "" {
		drawn = 100_000 - len(files) - n
		thumbs = append(thumbs, shopFronts(t, drawn)...)
		names = append(names, make([]string, drawn)...)
	}
	for k, i := range chosen {
		look(planted(t, r, pictures[i], copies[k%len(copies)]))
		names = append(names, copies[k%len(copies)])
	}
	looks := make([]*Look, len(thumbs))
	for i, th := range thumbs {
		looks[i] = th.Look()
	}
	start := cpu()
	x := Build(looks, runtime.GOMAXPROCS(0))
	found := x.Candidates(looks, runtime.GOMAXPROCS(0), func(i, j int) bool { return true })
	asked := cpu() - start
	start = cpu()
	of := map[[2]int]Match{}
	for _, c := range found {
		if m, ok := c.Confirm(thumbs[c.I], thumbs[c.J]); ok {
			of[[2]int{int(c.I), int(c.J)}] = m
		}
	}
	confirmed := cpu() - start
	// Looks were timed on the pictures that were read; drawn ones cost as much.
	scaleUp := float64(len(names)) / float64(len(names)-drawn)
	t.Logf("%d pictures, %d of them drawn: decoding %.1f CPU-s, looks %.1f, index and questions %.1f, %d candidates confirmed in %.1f; beyond decoding %.0f a second and core",
		len(names), drawn, decoding.Seconds(), scaleUp*looking.Seconds(), asked.Seconds(), len(found), confirmed.Seconds(),
		float64(len(names))/(scaleUp*looking.Seconds()+asked.Seconds()+confirmed.Seconds()))
	caught, all := map[string]int{}, map[string]int{}
	for k, i := range chosen {
		how := copies[k%len(copies)]
		all[how]++
		if _, ok := of[[2]int{i, len(files) + drawn + k}]; ok {
			caught[how]++
		}
	}
	for _, how := range copies {
		need := 0.99
		if how == "cropped" {
			need = 0.90
		}
		t.Logf("%s: %d of %d", how, caught[how], all[how])
		if caught[how] < int(need*float64(all[how])) {
			t.Errorf("%s: %d of %d copies found, want %.0f %%", how, caught[how], all[how], 100*need)
		}
	}
	// Among the real pictures there are copies too: they are named here after
	// having been looked at.
	known := map[string]bool{}
	text, err := os.ReadFile("testdata/same.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(text), "\n") {
		known[line] = true
	}
	var wrong []string
	pairs := 0
	for p, m := range of {
		if p[1] >= len(files) {
			continue
		}
		pairs++
		line := short(files[p[0]]) + " " + short(files[p[1]])
		if !known[line] {
			wrong = append(wrong, fmt.Sprintf("%s  %.3f %.3f %.3f", line, m.Agreement, m.Detail, m.Worst))
		}
	}
	sort.Strings(wrong)
	t.Logf("real pictures: %d pairs, %d of them not known to be the same", pairs, len(wrong))
	if dir := os.Getenv("SHIFTMILL_PAIRS"); dir != "" {
		sheet(t, dir, files, of)
	}
	if len(wrong) > 0 && float64(len(wrong)) > 0.01*float64(pairs+len(chosen)) {
		t.Errorf("pairs not known to be the same:\n%s", strings.Join(wrong, "\n"))
	} else if len(wrong) > 0 {
		t.Log(strings.Join(wrong, "\n"))
	}
}

func short(file string) string {
	_, name, _ := strings.Cut(filepath.ToSlash(file), "shared/data/")
	return name
}

// sheet draws the confirmed pairs of real pictures, for looking at them.
func sheet(t *testing.T, dir string, files []string, of map[[2]int]Match) {
	var pairs [][2]int
	for p := range of {
		if p[1] < len(files) {
			pairs = append(pairs, p)
		}
	}
	slices.SortFunc(pairs, func(a, b [2]int) int { return cmp.Compare(of[b].Detail, of[a].Detail) })
	const tile, across = 128, 5
	page := imageio.NewPixels((len(pairs)+across-1)/across*tile, across*2*tile, 3)
	for k, p := range pairs {
		t.Logf("%d,%d: %s %s %.3f", k/across, k%across, short(files[p[0]]), short(files[p[1]]), of[p])
		for s, i := range p {
			data, err := os.ReadFile(files[i])
			if err != nil {
				t.Fatal(err)
			}
			pic := imageio.Resize(decode(t, data), tile, tile-4, imageio.Bilinear)
			for y := range tile {
				copy(page.Row(k/across*tile + y)[3*((k%across*2+s)*tile):], pic.Row(y))
			}
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "pairs.png"), imageio.EncodePNG(page), 0o644); err != nil {
		t.Fatal(err)
	}
}

func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// The tables are what their comments say, up to rounding.
func TestTables(t *testing.T) {
	for u := range 16 {
		for x := range 64 {
			want := 4096 * math.Cos(float64((2*x+1)*u)*math.Pi/128)
			if math.Abs(float64(cosines[u][x])-want) > 0.51 {
				t.Errorf("cosines[%d][%d] = %d, want %v", u, x, cosines[u][x], want)
			}
		}
	}
	for place, from := range []float64{0, 1.6, 3.2} {
		for p := range 8 {
			for u := range 16 {
				sum, n := 0.0, 0
				for x := from + 0.002; x < from+60.8; x += 0.004 {
					sum += math.Cos(float64(u)*math.Pi*x/64) * math.Cos(float64(p)*math.Pi*(x-from)/60.8)
					n++
				}
				want := 4096 * sum / float64(n)
				if u > 0 {
					want *= 2
				}
				if math.Abs(float64(windows[place][p][u])-want) > 1.5 {
					t.Errorf("windows[%d][%d][%d] = %d, want %v", place, p, u, windows[place][p][u], want)
				}
			}
		}
	}
}

// A look mirrors as its picture does, and a window of it is that of the cropped
// thumb, but for what 16 coefficients leave out.
func TestLooks(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	th := new(Thumb)
	for y := range side {
		for x := range side {
			th[y*side+x] = uint8(120 + 60*math.Sin(float64(x)/9)*math.Cos(float64(y)/7) + 10*r.Float64())
		}
	}
	l, m := th.Look().mirrored(), th.mirrored().Look()
	for i := range l {
		if d := l[i] - m[i]; d < -1 || d > 1 {
			t.Errorf("coefficient %d of the mirrored look is %d, of the mirrored picture's %d", i, l[i], m[i])
		}
	}
	f := frame{edges: [4]int{cut, cut, 0, 2 * cut}}
	view, cropped := f.view(th), new(Thumb)
	for i, v := range view {
		cropped[i] = uint8(v + 0.5)
	}
	got, want := th.Look().window(0, 1), cropped.Look().low()
	for i := range got {
		if d := got[i] - want[i]; d < -25 || d > 25 {
			t.Errorf("coefficient %d of the window is %d, of the cropped thumb's %d", i, got[i], want[i])
		}
	}
	back, ok := LookOf(th.Look().Bytes())
	if !ok || *back != *th.Look() {
		t.Error("a look does not survive its bytes")
	}
	if n := bits.OnesCount64(th.Look().PHash()); n < 24 || n > 40 {
		t.Errorf("a hash by the median has %d bits set", n)
	}
}
