package report

import (
	"bytes"
	"embed"
	"encoding/csv"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"shiftmill/stages/report/stats"
)

// publishedFiles are the tables of "The Many Faces of Robustness" (Hendrycks et
// al., arXiv 2006.16241) by benchmark. The column source says where a row is
// from: "text" of the paper; "table", a reproduction of its table, or of the
// same figures in another publication; "recalled", not seen and only probable.
//
//go:embed published/*.csv
var publishedFiles embed.FS

// A published benchmark holds errors in percent without intervals.
type published struct {
	Name    string         `json:"name"`
	Title   string         `json:"title"`
	Measure string         `json:"measure"`
	IID     string         `json:"iid"`
	Sets    []string       `json:"sets"`
	Rows    []publishedRow `json:"rows"`
}

type publishedRow struct {
	Network string    `json:"network"`
	Source  string    `json:"source"`
	IID     float64   `json:"iid"`
	Sets    []float64 `json:"sets"`
	OOD     float64   `json:"ood"` // mean over Sets
	Gap     float64   `json:"gap"`
	MCE     *float64  `json:"mce,omitempty"` // as printed
}

// publishedResult is the reference layer of a report.
type publishedResult struct {
	Tables []published `json:"tables"`
	Signs  []pointSign `json:"signs"`
	// Correlations are rank correlations of G over ResNet-50 between tables, and Blur
	// that of errors under synthetic blur and on real blurry images.
	Correlations []correlation   `json:"correlations"`
	Blur         *float64        `json:"blur"`
	Sizes        []publishedSize `json:"sizes"`
}

// A publishedSize is a point of the paper's figure 6.
type publishedSize struct {
	Network    string  `json:"network"`
	Source     string  `json:"source"`
	Parameters float64 `json:"parameters"` // millions of weights
	Error      float64 `json:"error"`      // on ImageNet-R, in percent
}

// publishedNames are the benchmarks in the order of the paper.
var publishedNames = []struct{ name, title, measure string }{
	{"imagenet-r", "ImageNet-R", "top-1 error"},
	{"svsf", "StreetView StoreFronts", "top-1 error"},
	{"dfr", "DeepFashion Remixed", "100 - mAP"},
	{"imagenet-c", "ImageNet-C", "top-1 error, the mean over five severities rebuilt from the printed CE"},
	{"real-blurry", "Real Blurry Images", "top-1 error"},
}

// readPublished reads all tables and turns them into errors.
func readPublished() ([]published, error) {
	var all []published
	for _, p := range publishedNames {
		data, err := publishedFiles.ReadFile("published/" + p.name + ".csv")
		if err != nil {
			return nil, fmt.Errorf("published table: %w", err)
		}
		lines, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
		if err != nil {
			return nil, fmt.Errorf("published table %s: %w", p.name, err)
		}
		t := published{Name: p.name, Title: p.title, Measure: p.measure, IID: lines[0][2]}
		first := 3
		if lines[0][first] == "mCE" {
			first++
		}
		t.Sets = lines[0][first:]
		for _, line := range lines[1:] {
			row, err := publishedLine(p.name, line, first, t.Sets)
			if err != nil {
				return nil, fmt.Errorf("published table %s, %s: %w", p.name, line[0], err)
			}
			t.Rows = append(t.Rows, row)
		}
		all = append(all, t)
	}
	return all, nil
}

// readSizes reads the points of figure 6 that the text gives.
func readSizes() ([]publishedSize, error) {
	data, err := publishedFiles.ReadFile("published/sizes.csv")
	if err != nil {
		return nil, fmt.Errorf("published sizes: %w", err)
	}
	lines, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("published sizes: %w", err)
	}
	var all []publishedSize
	for _, l := range lines[1:] {
		s := publishedSize{Network: l[0], Source: l[1]}
		for i, into := range []*float64{&s.Parameters, &s.Error} {
			if *into, err = strconv.ParseFloat(l[2+i], 64); err != nil {
				return nil, fmt.Errorf("published sizes, %s: %w", l[0], err)
			}
		}
		all = append(all, s)
	}
	return all, nil
}

// publishedCorrelations are between tables over the networks that descend from
// ResNet-50: it with something added, and the deeper ResNet-152.
func publishedCorrelations(all []published) (cs []correlation) {
	for i := range all {
		for k := i + 1; k < len(all); k++ {
			a, b := &all[i], &all[k]
			var x, y []float64
			for n := range a.Rows {
				row := &a.Rows[n]
				other := b.find(row.Network)
				if other == nil || row.Network != "ResNet-152" && !strings.HasPrefix(row.Network, "ResNet-50 +") {
					continue
				}
				_, p := row.gain(a.find("ResNet-50"))
				_, q := other.gain(b.find("ResNet-50"))
				x, y = append(x, settled(p)), append(y, settled(q))
			}
			c := correlation{Benchmarks: [2]string{a.Title, b.Title}, Methods: len(x)}
			if rho, ok := stats.Spearman(x, y); ok {
				c.Rho = &rho
			}
			cs = append(cs, c)
		}
	}
	return cs
}

// settled takes away what rounding adds to sums of figures with one decimal, so
// that equal ones rank alike.
func settled(x float64) float64 { return math.RoundToEven(float64(x*1e6)) / 1e6 }

// publishedBlur is the rank correlation of table 5: the mean error over the four
// blurs of ImageNet-C, rebuilt from the printed CE, and the error on real ones.
func publishedBlur(all []published) *float64 {
	at := func(name string) *published {
		return &all[slices.IndexFunc(all, func(p published) bool { return p.Name == name })]
	}
	synthetic, real := at("imagenet-c"), at("real-blurry")
	var x, y []float64
	for i := range real.Rows {
		row := synthetic.find(real.Rows[i].Network)
		if row == nil {
			continue
		}
		var sum float64
		for _, k := range blurs {
			sum += row.Sets[slices.Index(synthetic.Sets, k)]
		}
		x, y = append(x, settled(sum)), append(y, real.Rows[i].OOD)
	}
	if rho, ok := stats.Spearman(x, y); ok {
		return &rho
	}
	return nil
}

func publishedLine(name string, line []string, first int, sets []string) (publishedRow, error) {
	numbers := make([]float64, len(line))
	for i, s := range line[2:] {
		x, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return publishedRow{}, err
		}
		numbers[i+2] = x
	}
	row := publishedRow{Network: line[0], Source: line[1], IID: numbers[2], Sets: numbers[first:]}
	switch name {
	case "dfr":
		row.IID = 100 - row.IID
		for i, x := range row.Sets {
			row.Sets[i] = 100 - x
		}
	case "imagenet-c":
		row.MCE = &numbers[3]
		for i, ce := range row.Sets {
			row.Sets[i] = float64(ce * alexnet[i].mean())
		}
	}
	for _, x := range row.Sets {
		row.OOD += x
	}
	row.OOD /= float64(len(sets))
	row.Gap = row.OOD - row.IID
	return row, nil
}

func (p *published) find(network string) *publishedRow {
	i := slices.IndexFunc(p.Rows, func(r publishedRow) bool { return r.Network == network })
	if i < 0 {
		return nil
	}
	return &p.Rows[i]
}

// gain is A and G of one published row over another.
func (r *publishedRow) gain(plain *publishedRow) (a, g float64) {
	a = plain.OOD - r.OOD
	return a, a - float64(plain.IID-r.IID)
}

// paperPairs are the comparisons that the paper's first four hypotheses rest on.
var paperPairs = []struct {
	name  string
	pairs [][2]string
	// simple are the methods that diverse ones must beat on average.
	simple []string
}{
	{"1 Larger Models", [][2]string{
		{"ResNet-50", "ResNet-152"}, {"ResNet-50", "ResNet-101"}, {"ResNeXt-50 32x4d", "ResNeXt-101 32x4d"},
	}, nil},
	{"2 Self-Attention", [][2]string{
		{"ResNet-50", "ResNet-50 + SE"}, {"ResNet-50", "ResNet-50 + CBAM"}, {"ResNet-101", "ResNet-101 + SE"},
		{"ResNet-152", "ResNet-152 + SE"}, {"ResNeXt-101 32x4d", "ResNeXt-101 32x4d + SE"},
	}, nil},
	{"3 Diverse Data Augmentation", [][2]string{
		{"ResNet-50", "ResNet-50 + style"}, {"ResNet-50", "ResNet-50 + AugMix"},
		{"ResNet-50", "ResNet-50 + DeepAugment"}, {"ResNet-50", "ResNet-50 + DeepAugment + AugMix"},
	}, []string{"ResNet-50 + speckle", "ResNet-50 + random erasing"}},
	{"4 Pretraining", [][2]string{
		{"ResNet-50", "ResNet-50 + ImageNet-21K"}, {"ResNeXt-101 32x8d", "ResNeXt-101 32x8d + WSL"},
	}, nil},
}

// A pointSign is the sign of a hypothesis on a published benchmark by the rule
// for numbers without intervals: + if A and G reach their margins in more than
// half of the comparisons, else - as the paper writes it.
type pointSign struct {
	Hypothesis string `json:"hypothesis"`
	Benchmark  string `json:"benchmark"`
	Sign       string `json:"sign"`
	Of         int    `json:"of"`
	Positive   int    `json:"positive"`
}

func pointSigns(all []published, margins Margins) []pointSign {
	var signs []pointSign
	for _, h := range paperPairs {
		for i := range all {
			p := &all[i]
			s := pointSign{Hypothesis: h.name, Benchmark: p.Name, Sign: "-"}
			var gains float64
			for _, x := range h.pairs {
				plain, with := p.find(x[0]), p.find(x[1])
				if plain == nil || with == nil {
					continue
				}
				a, g := with.gain(plain)
				s.Of++
				gains += a
				if a >= margins.OOD && g >= margins.Gap {
					s.Positive++
				}
			}
			if s.Of == 0 {
				continue
			}
			if 2*s.Positive > s.Of && gains/float64(s.Of) > p.meanGain(h.simple) {
				s.Sign = "+"
			}
			signs = append(signs, s)
		}
	}
	return signs
}

// meanGain is the mean A of methods over the plain ResNet-50; without any of
// them nothing must be beaten.
func (p *published) meanGain(methods []string) float64 {
	var sum float64
	n := 0
	for _, m := range methods {
		if row, base := p.find(m), p.find("ResNet-50"); row != nil && base != nil {
			a, _ := row.gain(base)
			sum += a
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}
