package report

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"

	trained "shiftmill/stages/model"
)

// An effort is what a model cost, as far as its predictions say.
type effort struct {
	Parameters     int64 `json:"parameters,omitempty"`
	MACs           int64 `json:"macs,omitempty"`            // multiply-adds for one image
	ImagesSeen     int64 `json:"images_seen,omitempty"`     // in training, every view counted
	DistinctImages int64 `json:"distinct_images,omitempty"` // rows of the training data
}

// effortOf reads what predictions carry of the model that made them; nil where
// they carry nothing.
func effortOf(s *arrow.Schema) (*effort, error) {
	for _, name := range []string{"predicted", scoresColumn} {
		f, ok := s.FieldsByName(name)
		if !ok {
			continue
		}
		text, ok := f[0].Metadata.GetValue(trained.FactsKey)
		if !ok {
			continue
		}
		var facts trained.Facts
		if err := json.Unmarshal([]byte(text), &facts); err != nil {
			return nil, fmt.Errorf("column %s: what is known of its model: %w", name, err)
		}
		e := &effort{Parameters: facts.Parameters, MACs: facts.MACs}
		if facts.Effort != nil {
			e.ImagesSeen, e.DistinctImages = facts.ImagesSeen, facts.DistinctImages
		}
		return e, nil
	}
	return nil, nil
}

// uneven says which methods of a benchmark saw another number of images in
// training than the others: then training, not the method, may explain a
// difference.
func (b *benchmark) uneven() (notes []string) {
	var list []string
	seen := map[int64]bool{}
	for _, m := range b.models {
		if m.effort == nil || m.effort.ImagesSeen == 0 {
			continue
		}
		seen[m.effort.ImagesSeen] = true
		list = append(list, fmt.Sprintf("%s %s", m.name(), grouped(int(m.effort.ImagesSeen))))
	}
	if len(seen) < 2 {
		return nil
	}
	return []string{fmt.Sprintf("%s: the methods saw different numbers of images in training (%s), which may explain part of their differences",
		b.name, strings.Join(list, ", "))}
}

// effortTable is parameters, cost and training of each method that has told.
func effortTable(b *benchmarkResult) (table, bool) {
	t := table{
		title: "Training effort", head: []string{"method", "parameters", "multiply-adds an image", "images seen", "distinct images"},
		note: "Images seen: put through the network in training, every view counted. Distinct images: rows of the training data, generated copies included.",
	}
	known := false
	for _, m := range b.Models {
		row := []cell{{value: m.Name}, {}, {}, {}, {}}
		if e := m.Effort; e != nil {
			known = true
			for i, n := range []int64{e.Parameters, e.MACs, e.ImagesSeen, e.DistinctImages} {
				if n > 0 {
					by := float64(n)
					row[i+1] = cell{value: grouped(int(n)), sort: &by}
				}
			}
		}
		t.rows = append(t.rows, row)
	}
	return t, known
}
