package deepfashion2

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// itemJSON has the keys of an item in the order of the dataset's files.
type itemJSON struct {
	Segmentation [1][8]float64 `json:"segmentation"`
	Scale        int           `json:"scale"`
	Viewpoint    int           `json:"viewpoint"`
	Zoom         int           `json:"zoom_in"`
	Landmarks    []int         `json:"landmarks"`
	Style        int           `json:"style"`
	Box          [4]float64    `json:"bounding_box"`
	Category     int           `json:"category_id"`
	Occlusion    int           `json:"occlusion"`
	Name         string        `json:"category_name"`
}

// Format writes an annotation file. What an Item does not hold is written in its neutral form: the
// segmentation is the box as a polygon, and all landmarks are (0, 0) with v = 0, "not labelled".
// Categories must be in range.
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
		x0, y0, x1, y1 := it.Box[0], it.Box[1], it.Box[2], it.Box[3]
		item, err := json.Marshal(itemJSON{
			Segmentation: [1][8]float64{{x0, y0, x1, y0, x1, y1, x0, y1}}, Scale: it.Scale, Viewpoint: it.Viewpoint, Zoom: it.Zoom, Landmarks: make([]int, 3*landmarks[it.Category-1]),
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
