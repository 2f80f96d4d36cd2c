package report

import (
	"fmt"
	"strings"

	"shiftmill/stages/report/stats"
)

// A shapeShare says by what a model decides on pictures whose shape is of one class
// and whose texture is of another: of its decisions for either, the share for the
// shape. Pictures of which both are of one class do not count.
// Source: Geirhos et al., ICLR 2019.
type shapeShare struct {
	Share   *number `json:"share"` // in percent; nil without any decision for either
	Images  int     `json:"images"`
	Shape   float64 `json:"shape"`   // of the images, in percent, mean over seeds
	Texture float64 `json:"texture"` // likewise
}

// shapes are the decisions of a model on the pictures of all OOD sets.
func (b *benchmark) shapes(m *model) *shapeShare {
	var parts []slice
	for _, s := range b.ood() {
		if !m.has(s.name) {
			return nil
		}
		p := slice{set: s}
		var cluster []int32
		for i, alike := range s.alike {
			if !alike {
				p.at = append(p.at, i)
				cluster = append(cluster, s.rows.Cluster[i])
			}
		}
		if len(p.at) > 0 {
			p.rows = stats.NewSet(cluster)
			parts = append(parts, p)
		}
	}
	r := &shapeShare{Images: rowsOf(parts)}
	if r.Images == 0 {
		return nil
	}
	shape, texture := make([]stats.Values, len(parts)), make([]stats.Values, len(parts))
	var byShape, byTexture float64
	for n, p := range parts {
		shape[n], texture[n] = stats.NewValues(len(p.at), len(m.seeds)), stats.NewValues(len(p.at), len(m.seeds))
		for k, seed := range m.seeds {
			cell := m.cells[cellKey{seed, p.set.name}]
			for i, row := range p.at {
				shape[n][k][i], texture[n][k][i] = 1-cell.wrong[row], cell.textured[row]
				byShape += float64(1 - cell.wrong[row])
				byTexture += float64(cell.textured[row])
			}
		}
	}
	each := float64(r.Images * len(m.seeds))
	r.Shape, r.Texture = 100*byShape/each, 100*byTexture/each
	if byShape+byTexture == 0 {
		return r
	}
	// A ratio of two means over the same images, linearised.
	q := byShape / (byShape + byTexture)
	under := (byShape + byTexture) / each
	var terms []stats.Term
	for n, p := range parts {
		share := float64(len(p.at)) / float64(r.Images)
		terms = append(terms,
			stats.Term{Weight: float64(share*(1-q)) / under, Set: p.rows, Values: shape[n]},
			stats.Term{Weight: -float64(share*q) / under, Set: p.rows, Values: texture[n]})
	}
	e := stats.Linear(terms)
	e.Value = q
	r.Share = rate(e)
	return r
}

// shapeTable shows by what each method decides.
func shapeTable(b *benchmarkResult) (table, bool) {
	t := table{
		title: "Shape or texture", head: []string{"method", "shape share", "by shape, %", "by texture, %", "images"},
		note: "Pictures with the shape of one class and the texture of another. Shape share: of the decisions for either of the two classes those for the shape, in percent. " +
			"A model that decides by shape has a high share; one that decides for neither class tells nothing.",
	}
	for _, m := range b.Models {
		s := m.Shape
		if s == nil {
			continue
		}
		n := float64(s.Images)
		t.rows = append(t.rows, []cell{{value: m.Name}, value(s.Share), figure(s.Shape), figure(s.Texture), {value: grouped(s.Images), sort: &n}})
	}
	return t, len(t.rows) > 0
}

// shapeShares says in row 5 how the shares of the texture-distorting methods compare
// with the baseline's.
func (j *judge) shapeShares() (text string) {
	for _, b := range j.all {
		if b.about.CueConflict == "" {
			continue
		}
		var parts []string
		for _, m := range b.named(append([]string{j.c.Baseline}, j.c.Hypotheses.Texture...)) {
			if s := b.shapes(m); s != nil && s.Share != nil {
				parts = append(parts, m.name()+" "+value(s.Share).text())
			}
		}
		if len(parts) > 0 {
			text += fmt.Sprintf("; share of shape in decisions on %s: %s %%", b.name, strings.Join(parts, ", "))
		}
	}
	return text
}
