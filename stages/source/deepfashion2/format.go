package deepfashion2

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// itemJSON has the keys of an item in the order of the dataset's files.
type itemJSON struct {
	Segmentation [][]int    `json:"segmentation"`
	Scale        int        `json:"scale"`
	Viewpoint    int        `json:"viewpoint"`
	Zoom         int        `json:"zoom_in"`
	Landmarks    []int      `json:"landmarks"`
	Style        int        `json:"style"`
	Box          [4]float64 `json:"bounding_box"`
	Category     int        `json:"category_id"`
	Occlusion    int        `json:"occlusion"`
	Name         string     `json:"category_name"`
}

// Format writes an annotation file. All landmarks are (0, 0) with v = 0, "not labelled": a drawing
// has an outline, but nobody has marked the dataset's points on it. Categories must be in range.
func Format(a Annotation) ([]byte, error) {
	var b bytes.Buffer
	source, err := json.Marshal(a.Source)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(&b, `{"source": %s, "pair_id": %d`, source, a.PairID)
	for i, it := range a.Items {
		if it.Category < 1 || it.Category > len(Categories) {
			return nil, fmt.Errorf("item%d: category_id: must be 1 to %d, got %d", i+1, len(Categories), it.Category)
		}
		outline := it.Outline
		if outline == nil {
			outline = [][]int{}
		}
		item, err := json.Marshal(itemJSON{
			Segmentation: outline, Scale: it.Scale, Viewpoint: it.Viewpoint, Zoom: it.Zoom, Landmarks: make([]int, 3*landmarks[it.Category-1]),
			Style: it.Style, Box: it.Box, Category: it.Category, Occlusion: it.Occlusion, Name: Categories[it.Category-1],
		})
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, `, "item%d": %s`, i+1, item)
	}
	b.WriteString("}\n")
	return b.Bytes(), nil
}
