package check

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"shiftmill/stages"
	"shiftmill/stages/imageio"
	"shiftmill/stages/transform"
)

// A leakReport is leakage.json.
type leakReport struct {
	Sets  []leakReportSet  `json:"sets"`
	Found []leakReportKind `json:"found"`
	Pairs []leakReportPair `json:"pairs"` // at most listedPairs
	Notes []string         `json:"notes"`
}

type leakReportSet struct {
	Name string `json:"name"`
	Rows int    `json:"rows"`
}

type leakReportKind struct {
	Kind   string `json:"kind"` // the parameter that decides on it
	Policy string `json:"policy"`
	Count  int    `json:"count"`
	Tests  int    `json:"among_tests"` // of count: of two test sets, told and never refused
}

type leakReportPair struct {
	Kind      string  `json:"kind"`
	A         rowName `json:"a"`
	B         rowName `json:"b"`
	Group     string  `json:"group,omitempty"`
	Agreement float64 `json:"agreement,omitempty"` // correlation of the aligned pictures
	Mirrored  bool    `json:"mirrored,omitempty"`
	Cropped   bool    `json:"cropped,omitempty"`
}

type rowName struct {
	Set string `json:"set"`
	ID  string `json:"id"`
}

// listedPairs bounds what a report lists; counts are of all.
const listedPairs = 10000

func (s *search) name(i int32) rowName { return rowName{s.sets[s.setOf(i)].name, s.texts[i].id} }

// value is that of a group which two sets share.
func (s *search) value(l leak) string {
	if l.kind != sharedGroup {
		return ""
	}
	return s.c.Group[l.at] + "=" + s.texts[l.b].group[l.at]
}

func (s *search) describe(l leak) string {
	a, b := s.name(l.a), s.name(l.b)
	switch l.kind {
	case sharedGroup:
		return fmt.Sprintf("%s in %s (%s) and %s (%s)", s.value(l), a.Set, a.ID, b.Set, b.ID)
	case sharedRow:
		return fmt.Sprintf("%s in %s and %s", a.ID, a.Set, b.Set)
	}
	return fmt.Sprintf("%s (%s) and %s (%s)", a.ID, a.Set, b.ID, b.Set)
}

func (s *search) report() *leakReport {
	r := &leakReport{Sets: []leakReportSet{}, Pairs: []leakReportPair{}, Notes: s.notes()}
	for _, set := range s.sets {
		if set.prints != nil {
			r.Sets = append(r.Sets, leakReportSet{set.name, set.rows})
		}
	}
	for _, k := range leakKinds {
		r.Found = append(r.Found, leakReportKind{k.parameter, s.policy(k.kind), s.count[k.kind], s.between[k.kind]})
	}
	for _, l := range s.leaks[:min(len(s.leaks), listedPairs)] {
		p := leakReportPair{Kind: leakKinds[l.kind].parameter, A: s.name(l.a), B: s.name(l.b), Group: s.value(l)}
		if l.kind == nearDuplicate {
			m := &s.matches[l.at]
			p.Agreement, p.Mirrored, p.Cropped = round4(m.Agreement), m.how.Mirror, !m.how.Whole
		}
		r.Pairs = append(r.Pairs, p)
	}
	return r
}

func (r *leakReport) markdown() []byte {
	var b strings.Builder
	b.WriteString("# What the sets share\n\n")
	for _, n := range r.Notes {
		fmt.Fprintf(&b, "- %s\n", cell(n))
	}
	if len(r.Notes) == 0 {
		b.WriteString("Nothing: no picture, group or row of one set was found in another.\n")
	}
	b.WriteString("\n")
	rows := [][]string{{"", "policy", "found", "of them among tests"}}
	for i, k := range r.Found {
		rows = append(rows, []string{leakKinds[i].name, k.Policy, fmt.Sprint(k.Count), fmt.Sprint(k.Tests)})
	}
	table(&b, rows)
	rows = [][]string{{"set", "rows"}}
	for _, s := range r.Sets {
		rows = append(rows, []string{s.Name, fmt.Sprint(s.Rows)})
	}
	table(&b, rows)
	if len(r.Pairs) > 0 {
		fmt.Fprintf(&b, "## Pairs\n\nAgreement is the correlation of the two pictures at 64 x 64 grey levels, one laid over the other. The first pairs are in leakage.png.\n\n")
		rows = [][]string{{"", "row", "row", "agreement"}}
		for i, p := range r.Pairs {
			if i == 200 {
				break
			}
			how, agreement := p.Kind, ""
			if p.Agreement > 0 {
				agreement = fmt.Sprintf("%.3f", p.Agreement)
			}
			if p.Mirrored {
				how += ", mirrored"
			}
			if p.Cropped {
				how += ", cropped"
			}
			if p.Group != "" {
				how += " " + p.Group
			}
			rows = append(rows, []string{how, p.A.Set + ": " + p.A.ID, p.B.Set + ": " + p.B.ID, agreement})
		}
		table(&b, rows)
		if n := len(r.Pairs) - 200; n > 0 {
			fmt.Fprintf(&b, "%d pairs more are in leakage.json.\n", n)
		}
	}
	return []byte(b.String())
}

// writeReport makes the files of the report.
func (s *search) writeReport(ctx context.Context) ([]stages.File, error) {
	r := s.report()
	var js bytes.Buffer
	e := json.NewEncoder(&js)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(r); err != nil {
		return nil, err
	}
	files := []stages.File{{Name: "leakage.json", Data: js.Bytes()}, {Name: "leakage.md", Data: r.markdown()}}
	page, err := s.pairs(ctx)
	if err != nil {
		return nil, err
	}
	if page != nil {
		files = append(files, stages.File{Name: "leakage.png", Data: page})
	}
	return files, nil
}

// Measures of the page of pairs, in pixels.
const (
	pairTile   = 128
	pairText   = 30
	pairAcross = 4
)

// pictured are the first leaks that are shown with their pictures.
func (s *search) pictured() (shown []leak) {
	for _, l := range s.leaks {
		if len(shown) < s.c.Pictures && s.rows[l.a].looked && s.rows[l.b].looked && l.kind != sharedRow && !s.harmless(l) {
			shown = append(shown, l)
		}
	}
	return shown
}

// pairs draws the first pairs of pictures, side by side; nil when there are
// none.
func (s *search) pairs(ctx context.Context) ([]byte, error) {
	shown := s.pictured()
	if len(shown) == 0 {
		return nil, nil
	}
	across := min(pairAcross, len(shown))
	w, h := 2*pairTile+3*edge, pairTile+pairText+2*edge
	page := imageio.NewPixels((len(shown)+across-1)/across*h, across*w, 3)
	for i := range page.Pix {
		page.Pix[i] = 255
	}
	for k, l := range shown {
		left, top := k%across*w+edge, k/across*h+edge
		for side, i := range []int32{l.a, l.b} {
			x := left + side*(pairTile+edge)
			if err := s.paste(ctx, page, x, top, i); err != nil {
				return nil, err
			}
			n := s.name(i)
			caption(page, x, top+pairTile+12, n.Set, pairTile)
			caption(page, x, top+pairTile+25, n.ID, pairTile)
		}
	}
	return imageio.EncodePNG(page), nil
}

// paste draws the picture of a row.
func (s *search) paste(ctx context.Context, page *imageio.Pixels, left, top int, i int32) error {
	rec, err := s.sets[s.setOf(i)].take(ctx, []int32{i})
	if err != nil {
		return err
	}
	defer rec.Release()
	p, err := transform.Load(ctx, s.in.Images, s.texts[i].id, column(rec, "image"), 0)
	if err != nil {
		return err
	}
	p = imageio.Resize(p, pairTile, pairTile, imageio.Bilinear)
	for y := range pairTile {
		copy(page.Row(top + y)[left*3:(left+pairTile)*3], p.Row(y))
	}
	return nil
}
