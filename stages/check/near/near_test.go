package near

import (
	"cmp"
	"flag"
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

	"github.com/apache/arrow/go/v15/arrow"

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
	dir := *folder
	if dir == "" {
		dir = shared(t)
	}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
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

// drawn makes n pictures of a generator, with what they are pictures of:
// near-identical ones of one origin are pairs by construction.
func drawn(t *testing.T, kind *stages.Kind, origin string, n int) (thumbs []*Thumb, origins []string) {
	t.Helper()
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
	column := func(name string) arrow.Array { return rows.Record().Column(rows.Schema().FieldIndices(name)[0]) }
	images, names := column("image"), column(origin)
	thumbs, origins = make([]*Thumb, n), make([]string, n)
	each(n, runtime.GOMAXPROCS(0), func(i int) {
		origins[i] = kind.Name + " " + names.ValueStr(i)
		pic, err := kind.Source.Draw(t.Context(), stages.Image(images, i).Ref)
		if err != nil {
			t.Error(err)
			return
		}
		thumbs[i] = NewThumb(&imageio.Pixels{H: pic.Height, W: pic.Width, C: 3, Pix: pic.Pix})
	})
	return thumbs, origins
}

// A trial is a collection of pictures with altered copies planted in it.
type trial struct {
	files   []string // of real pictures, which come first
	origins []string // of all pictures: equal ones are pictures of the same
	thumbs  []*Thumb
	looks   []*Look
	copied  []int    // the pictures that copies were made of; the copies come last
	how     []string // of each copy
	drawn   int

	decoding, looking time.Duration
}

// newTrial reads the files, draws pictures and plants n copies of the former.
func newTrial(t *testing.T, files []string, draw, n int, seed uint64) *trial {
	t.Helper()
	x := &trial{files: files, drawn: draw, origins: slices.Clone(files)}
	r := rand.New(rand.NewPCG(seed, 2))
	look := func(p *imageio.Pixels) {
		start := cpu()
		thumb := NewThumb(p)
		thumb.Look()
		x.looking += cpu() - start
		x.thumbs = append(x.thumbs, thumb)
	}
	x.copied = r.Perm(len(files))[:n]
	kept := map[int]*imageio.Pixels{}
	for _, i := range x.copied {
		kept[i] = nil
	}
	for i, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		start := cpu()
		p := decode(t, data)
		x.decoding += cpu() - start
		look(p)
		if _, ok := kept[i]; ok {
			kept[i] = p
		}
	}
	if draw > 0 {
		shops, businesses := drawn(t, source.StorefrontsKind(), "business_id", draw*3/4)
		objects, ids := drawn(t, source.RenditionsKind(), "id", draw-draw*3/4)
		x.thumbs = append(append(x.thumbs, shops...), objects...)
		x.origins = append(append(x.origins, businesses...), ids...)
	}
	for k, i := range x.copied {
		how := copies[k%len(copies)]
		look(planted(t, r, kept[i], how))
		x.how, x.origins = append(x.how, how), append(x.origins, files[i])
	}
	for _, th := range x.thumbs {
		x.looks = append(x.looks, th.Look())
	}
	return x
}

// all are all pairs of pictures that may be the same.
func (x *trial) all() []Candidate {
	return Build(x.looks, runtime.GOMAXPROCS(0)).Candidates(x.looks, runtime.GOMAXPROCS(0), func(i, j int) bool { return true })
}

// copyOf says whether a pair is a copy beside what it was made of, and which copy.
func (x *trial) copyOf(c Candidate) (k int, ok bool) {
	k = int(c.J) - (len(x.thumbs) - len(x.copied))
	return k, k >= 0 && x.copied[k] == int(c.I)
}

// same are the pairs of real pictures that are the same: they were found here
// and looked at, as were those that came near.
func same(t *testing.T) map[string]bool {
	t.Helper()
	text, err := os.ReadFile("testdata/same.txt")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, line := range strings.Split(string(text), "\n") {
		known[line] = true
	}
	return known
}

// TestCopies plants altered copies among real pictures and counts which are
// found, and what else is. With SHIFTMILL_SWEEP=1 all pictures are taken, with
// 2,000 copies and drawn pictures up to 100,000 (-total); -pictures names another folder.
func TestCopies(t *testing.T) {
	share, n, draw := 6, 300, 0
	sweep := os.Getenv("SHIFTMILL_SWEEP") != ""
	if sweep {
		share, n = 1, 2000
	}
	files := real(t, share)
	if sweep {
		draw = max(0, *total-len(files)-n)
	}
	x := newTrial(t, files, draw, n, 4)
	start := cpu()
	found := x.all()
	asked := cpu() - start
	start = cpu()
	of := map[Candidate]Match{}
	for _, c := range found {
		if m, ok := c.Confirm(x.thumbs[c.I], x.thumbs[c.J]); ok {
			of[c] = m
		}
	}
	confirmed := cpu() - start
	// Looks were timed on the pictures that were read; drawn ones cost as much.
	count := float64(len(x.thumbs))
	looking := x.looking.Seconds() * count / (count - float64(draw))
	t.Logf("%.0f pictures, %d of them drawn: decoding %.1f CPU-s, looks %.1f, index and questions %.1f, %d candidates confirmed in %.1f; beyond decoding %.0f a second and core",
		count, draw, x.decoding.Seconds(), looking, asked.Seconds(), len(found), confirmed.Seconds(), count/(looking+asked.Seconds()+confirmed.Seconds()))
	caught, all := map[string]int{}, map[string]int{}
	for _, how := range x.how {
		all[how]++
	}
	known := same(t)
	var wrong []string
	var pairs []Candidate
	origin, others := 0, 0
	for c, m := range of {
		if k, ok := x.copyOf(c); ok {
			caught[x.how[k]]++
			continue
		}
		if int(c.J) >= len(files) {
			switch {
			case x.origins[c.I] == x.origins[c.J]:
				origin++
			case int(c.I) >= len(files) && int(c.J) < len(files)+draw:
				others++
			}
			continue
		}
		pairs = append(pairs, c)
		line := short(files[c.I]) + " " + short(files[c.J])
		if !known[line] {
			wrong = append(wrong, fmt.Sprintf("%s  %.3f %.3f %.3f", line, m.Agreement, m.Detail, m.Worst))
		}
	}
	for _, how := range copies {
		need := 0.99
		if how == "cropped" {
			need = 0.90
		}
		t.Logf("%s: %d of %d", how, caught[how], all[how])
		if *folder == "" && caught[how] < int(need*float64(all[how])) {
			t.Errorf("%s: %d of %d copies found, want %.0f %%", how, caught[how], all[how], 100*need)
		}
	}
	t.Logf("drawn pictures: %d pairs of one origin, %d of others", origin, others)
	sort.Strings(wrong)
	t.Logf("real pictures: %d pairs, %d of them not known to be the same", len(pairs), len(wrong))
	if *sheets != "" {
		sheet(t, *sheets, x, pairs, func(c Candidate) Match { return of[c] })
	}
	if *folder == "" && float64(len(wrong)) > 0.01*float64(len(pairs)+n) {
		t.Errorf("pairs not known to be the same:\n%s", strings.Join(wrong, "\n"))
	} else if len(wrong) > 0 {
		t.Log(strings.Join(wrong, "\n"))
	}
}

var (
	total  = flag.Int("total", 100_000, "pictures of the sweep of TestCopies, drawn ones included")
	folder = flag.String("pictures", "", "folder of pictures, instead of those of ../shared/data")
	sheets = flag.String("sheets", "", "folder for a picture of the pairs found")
)

func short(file string) string {
	if _, name, ok := strings.Cut(filepath.ToSlash(file), "shared/data/"); ok {
		return name
	}
	return filepath.Base(file)
}

// sheet draws pairs of real pictures, for looking at them, 60 a page.
func sheet(t *testing.T, dir string, x *trial, pairs []Candidate, of func(Candidate) Match) {
	t.Helper()
	slices.SortFunc(pairs, func(a, b Candidate) int {
		if d := cmp.Compare(of(b).Detail, of(a).Detail); d != 0 {
			return d
		}
		return cmp.Or(cmp.Compare(a.I, b.I), cmp.Compare(a.J, b.J))
	})
	const tile, across, rows = 128, 5, 12
	for first := 0; first < len(pairs); first += across * rows {
		part := pairs[first:min(len(pairs), first+across*rows)]
		page := imageio.NewPixels((len(part)+across-1)/across*tile, across*2*tile, 3)
		for k, c := range part {
			t.Logf("page %d, %d,%d: %s %s %.3f", first/across/rows, k/across, k%across, short(x.files[c.I]), short(x.files[c.J]), of(c))
			for s, i := range []int32{c.I, c.J} {
				data, err := os.ReadFile(x.files[i])
				if err != nil {
					t.Fatal(err)
				}
				pic := imageio.Resize(decode(t, data), tile-4, tile-4, imageio.Bilinear)
				for y := range tile - 4 {
					copy(page.Row(k/across*tile + y)[3*((k%across*2+s)*tile):], pic.Row(y))
				}
			}
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("pairs-%d.png", first/across/rows)), imageio.EncodePNG(page), 0o644); err != nil {
			t.Fatal(err)
		}
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
	view, cropped := newFraming(th, th).view([4]int{cut, cut, 0, 2 * cut}), new(Thumb)
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
