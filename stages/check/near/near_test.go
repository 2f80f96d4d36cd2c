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
	origins []string // of all pictures: pictures of one origin are the same
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
	x := &trial{files: files, drawn: draw, origins: origins(t, files)}
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
		x.how, x.origins = append(x.how, how), append(x.origins, x.origins[i])
	}
	for _, th := range x.thumbs {
		x.looks = append(x.looks, th.Look())
	}
	return x
}

// candidates are the pairs of pictures whose vectors have at least a cosine.
func (x *trial) candidates(cosine float32) []Candidate {
	s := Search{Workers: runtime.GOMAXPROCS(0), Apart: func(i, j int) bool { return true }, cosine: cosine}
	found, err := s.Find(listed(x.looks))
	if err != nil {
		panic(err) // lists have no errors
	}
	return found.Pairs
}

// copyOf says whether a pair is a copy beside what it was made of, and which copy.
func (x *trial) copyOf(c Candidate) (k int, ok bool) {
	k = int(c.J) - (len(x.thumbs) - len(x.copied))
	return k, k >= 0 && x.copied[k] == int(c.I)
}

// isReal says whether a picture is a file, and isDrawn whether a generator made
// it; the others are copies of files.
func (x *trial) isReal(i int32) bool { return int(i) < len(x.files) }
func (x *trial) isDrawn(i int32) bool {
	return !x.isReal(i) && int(i) < len(x.files)+x.drawn
}

// same says whether the pictures of a pair are of one origin.
func (x *trial) same(c Candidate) bool { return x.origins[c.I] == x.origins[c.J] }

// origins names what each file is a picture of: itself, or the first of the
// files that testdata/same.txt says to be the same, directly or by others. Those
// pairs were found here and looked at, as were all that came near.
func origins(t *testing.T, files []string) []string {
	t.Helper()
	text, err := os.ReadFile("testdata/same.txt")
	if err != nil {
		t.Fatal(err)
	}
	first := map[string]string{}
	find := func(name string) string {
		for first[name] != "" {
			name = first[name]
		}
		return name
	}
	for _, line := range strings.Fields(strings.ReplaceAll(string(text), "\n", " ")) {
		first[line] = ""
	}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		a, b, ok := strings.Cut(line, " ")
		if !ok {
			t.Fatalf("testdata/same.txt: %q is not a pair", line)
		}
		if a, b = find(a), find(b); a != b {
			first[max(a, b)] = min(a, b)
		}
	}
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = find(short(f))
	}
	return names
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
	found := x.candidates(parallel)
	asked := cpu() - start
	start = cpu()
	of := map[Candidate]Match{}
	for _, c := range found {
		if m, ok := c.Confirm(x.thumbs[c.I], x.thumbs[c.J], Usual()); ok {
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
	var wrong []string     // pairs of pictures that are not the same, of which one is real or a copy of a real one
	var pairs []Candidate  // of two real pictures
	right, strange := 0, 0 // of such pairs: right ones in all, wrong ones of two real pictures
	origin, others := 0, 0 // pairs of drawn pictures
	for _, c := range found {
		m, ok := of[c]
		if !ok {
			continue
		}
		if k, ok := x.copyOf(c); ok {
			caught[x.how[k]]++
		}
		real := x.isReal(c.I) && x.isReal(c.J)
		if real {
			pairs = append(pairs, c)
		}
		switch drawn := x.isDrawn(c.I) && x.isDrawn(c.J); {
		case drawn && x.same(c):
			origin++
		case drawn:
			others++
		case x.same(c):
			right++
		default:
			if real {
				strange++
			}
			wrong = append(wrong, fmt.Sprintf("%s %s  %.3f", x.name(c.I), x.name(c.J), m))
		}
	}
	for _, how := range copies {
		need := 0.99
		if how == "cropped" {
			need = 0.90
		}
		t.Logf("%s: %d of %d", how, caught[how], all[how])
		if *folder == "" && float64(caught[how]) < need*float64(all[how]) {
			t.Errorf("%s: %d of %d copies found, want %.0f %%", how, caught[how], all[how], 100*need)
		}
	}
	sort.Strings(wrong)
	t.Logf("pairs with a real picture or a copy of one: %d the same, %d not: precision %.2f %%", right, len(wrong), percent(right, right+len(wrong)))
	t.Logf("pairs of two real pictures, copies aside: %d the same, %d not: precision %.2f %%", len(pairs)-strange, strange, percent(len(pairs)-strange, len(pairs)))
	t.Logf("pairs of drawn pictures: %d of one origin, %d of others", origin, others)
	if *sheets != "" {
		sheet(t, *sheets, x, pairs, func(c Candidate) Match { return of[c] })
	}
	tooMany := percent(right, right+len(wrong)) < 99 || percent(len(pairs)-strange, len(pairs)) < 99
	if *folder == "" && tooMany {
		t.Errorf("pairs that are not the same:\n%s", strings.Join(wrong, "\n"))
	} else if len(wrong) > 0 {
		t.Log(strings.Join(wrong, "\n"))
	}
}

// percent is 100 of nothing.
func percent(part, whole int) float64 {
	if whole == 0 {
		return 100
	}
	return 100 * float64(part) / float64(whole)
}

// name says which picture it is.
func (x *trial) name(i int32) string {
	switch k := int(i) - (len(x.thumbs) - len(x.copied)); {
	case x.isReal(i):
		return short(x.files[i])
	case k >= 0:
		return x.how[k] + " " + short(x.files[x.copied[k]])
	}
	return x.origins[i]
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
	l, m := mirroredLook(th.Look()), th.mirrored().Look()
	for i := range l {
		if d := l[i] - m[i]; d < -1 || d > 1 {
			t.Errorf("coefficient %d of the mirrored look is %d, of the mirrored picture's %d", i, l[i], m[i])
		}
	}
	var of, mirrored views
	of.take(th.Look())
	mirrored.take(l)
	for place := -1; place < 9; place++ {
		if *of.of(place, true) != *mirrored.of(place, false) {
			t.Errorf("the mirrored view at %d is not that of the mirrored look", place)
		}
	}
	view, cropped := newFraming(th[:], th[:], side).view([4]int{cut, cut, 0, 2 * cut}), new(Thumb)
	for i, v := range view {
		cropped[i] = uint8((v + 128) >> 8)
	}
	got, want := of.of(1, false), cropped.Look().low()
	for i := range got {
		if d := got[i] - want[i]; d < -25 || d > 25 {
			t.Errorf("coefficient %d of the window is %d, of the cropped thumb's %d", i, got[i], want[i])
		}
	}
	var back Look
	if !back.Read(th.Look().Bytes()) || back != *th.Look() {
		t.Error("a look does not survive its bytes")
	}
	if n := bits.OnesCount64(th.Look().PHash()); n < 24 || n > 40 {
		t.Errorf("a hash by the median has %d bits set", n)
	}
}

// Comparing is what its comment says, window by window and in floats.
func TestCompare(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	a, b := new(levels), new(levels)
	for i := range a {
		x, y := float64(i%side), float64(i/side)
		shade := 120 + 90*math.Sin(x/5)*math.Cos(y/11)
		a[i] = int64(256 * (shade + 8*r.Float64()))
		b[i] = int64(256 * (0.9*shade + 20*r.Float64()))
		if y < 16 && x > 40 { // something else
			b[i] = int64(256 * (130 + 60*math.Sin(x+y)))
		}
	}
	window := func(l *levels, i int) (w [49]float64) {
		for k := range w {
			x, y := i%side+k%7-3, i/side+k/7-3
			w[k] = float64(l[min(max(y, 0), side-1)*side+min(max(x, 0), side-1)]) / 256
		}
		return w
	}
	mean := func(w [49]float64) (m float64) {
		for _, v := range w {
			m += v / 49
		}
		return m
	}
	var similar, da, db [side * side]float64
	for i := range similar {
		p, q := window(a, i), window(b, i)
		mp, mq := mean(p), mean(q)
		both, each := 0.0, 0.0
		for k := range p {
			both += (p[k] - mp) * (q[k] - mq) / 49
			each += ((p[k]-mp)*(p[k]-mp) + (q[k]-mq)*(q[k]-mq)) / 49
		}
		similar[i] = (2*both + 58.5225) / (each + 58.5225)
		da[i], db[i] = p[24]-mp, q[24]-mq
	}
	least := math.Inf(1)
	for block := range 64 {
		sum := 0.0
		for k := range 64 {
			sum += similar[(block/8*8+k/8)*side+block%8*8+k%8] / 64
		}
		least = min(least, sum)
	}
	var ma, mb, aa, bb, ab float64
	for i := range da {
		ma, mb = ma+da[i]/side/side, mb+db[i]/side/side
	}
	for i := range da {
		aa, bb, ab = aa+(da[i]-ma)*(da[i]-ma), bb+(db[i]-mb)*(db[i]-mb), ab+(da[i]-ma)*(db[i]-mb)
	}
	detail, structure := compare(a, b)
	if want := ab / math.Sqrt(aa*bb); math.Abs(detail-want) > 1e-4 || math.Abs(structure-least) > 1e-9 {
		t.Errorf("detail %v, structure %v, want %v, %v", detail, structure, want, least)
	}
	if least > 0.3 || least < -0.5 {
		t.Errorf("the blocks that differ have %v", least)
	}
	if detail, structure := compare(a, a); math.Abs(detail-1) > 1e-12 || math.Abs(structure-1) > 1e-12 {
		t.Errorf("a picture beside itself: %v, %v", detail, structure)
	}
}
