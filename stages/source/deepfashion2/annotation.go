package deepfashion2

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Categories are the 13 names in the order of category_id, which counts from 1.
var Categories = []string{
	"short sleeve top", "long sleeve top", "short sleeve outwear", "long sleeve outwear", "vest", "sling",
	"shorts", "trousers", "skirt", "short sleeve dress", "long sleeve dress", "vest dress", "sling dress",
}

// landmarks is how many points the dataset marks on an item of each category, 294 in all.
var landmarks = []int{25, 33, 31, 39, 15, 15, 10, 14, 8, 29, 37, 19, 19}

// The values of an item's attributes.
const (
	ScaleSmall, ScaleModest, ScaleLarge                = 1, 2, 3
	OcclusionSlight, OcclusionMedium, OcclusionHeavy   = 1, 2, 3
	ZoomNone, ZoomMedium, ZoomLarge                    = 1, 2, 3
	ViewpointNoWear, ViewpointFrontal, ViewpointAround = 1, 2, 3 // Around: from the side or behind
)

// An Item is one piece of clothing.
type Item struct {
	Category  int        // 1 to 13, see Categories
	Style     int        // > 0 pairs items of pictures with the same PairID; 0: no pair
	Box       [4]float64 // x1, y1, x2, y2: the upper left and the lower right corner, pixels
	Scale     int        // 1 small, 2 modest, 3 large
	Occlusion int        // 1 slight or none, 2 medium, 3 heavy
	Zoom      int        // 1 none, 2 medium, 3 large
	Viewpoint int        // 1 not worn, 2 frontal, 3 side or back
}

// An Annotation is what is known of one picture.
type Annotation struct {
	Source string // "shop" or "user"
	PairID int64  // groups pictures of the same clothing
	Items  []Item // in the order of their numbers: item1, item2, ...
}

// Parse reads an annotation file. Keys that the format does not know are returned, sorted, and
// otherwise passed over. The error names the key that is wrong.
func Parse(data []byte) (a Annotation, unknown []string, err error) {
	fields, err := object(data)
	if err != nil {
		return a, nil, err
	}
	numbers := map[int]json.RawMessage{}
	var order []int
	seen := map[string]bool{}
	for _, f := range fields {
		seen[f.key] = true
		n, numbered := itemNumber(f.key)
		switch {
		case f.key == "source":
			if err := json.Unmarshal(f.value, &a.Source); err != nil || a.Source != "shop" && a.Source != "user" {
				return a, nil, fmt.Errorf(`source is %s; it must be "shop" or "user"`, clip(f.value))
			}
		case f.key == "pair_id":
			if a.PairID, err = whole(f.value); err != nil {
				return a, nil, fmt.Errorf("pair_id: %w", err)
			}
		case numbered:
			numbers[n] = f.value
			order = append(order, n)
		default:
			unknown = append(unknown, f.key)
		}
	}
	for _, key := range []string{"source", "pair_id"} {
		if !seen[key] {
			return a, nil, fmt.Errorf("it has no key %q", key)
		}
	}
	slices.Sort(order)
	for _, n := range order {
		item, err := parseItem(numbers[n])
		if err != nil {
			return a, nil, fmt.Errorf("item%d: %w", n, err)
		}
		a.Items = append(a.Items, item)
	}
	slices.Sort(unknown)
	return a, unknown, nil
}

// itemNumber reads "item12".
func itemNumber(key string) (int, bool) {
	digits, ok := strings.CutPrefix(key, "item")
	n, err := strconv.Atoi(digits)
	return n, ok && err == nil && n > 0 && strconv.Itoa(n) == digits
}

func parseItem(data []byte) (Item, error) {
	var it Item
	fields, err := object(data)
	if err != nil {
		return it, err
	}
	name := ""
	attributes := map[string]*int{"scale": &it.Scale, "occlusion": &it.Occlusion, "zoom_in": &it.Zoom, "viewpoint": &it.Viewpoint}
	for _, f := range fields {
		switch f.key {
		case "category_name":
			if err := json.Unmarshal(f.value, &name); err != nil {
				return it, fmt.Errorf("category_name is %s, not a name", clip(f.value))
			}
		case "category_id", "style":
			n, err := whole(f.value)
			if err != nil {
				return it, fmt.Errorf("%s: %w", f.key, err)
			}
			if f.key == "style" {
				it.Style = int(n)
			} else {
				it.Category = int(n)
			}
		case "bounding_box":
			var box []float64
			if err := json.Unmarshal(f.value, &box); err != nil || len(box) != 4 || box[0] > box[2] || box[1] > box[3] {
				return it, fmt.Errorf("bounding_box is %s, not the corners [x1, y1, x2, y2] of a box", clip(f.value))
			}
			copy(it.Box[:], box)
		case "scale", "occlusion", "zoom_in", "viewpoint":
			n, err := whole(f.value)
			if err == nil && (n < 1 || n > 3) {
				err = fmt.Errorf("must be 1 to 3, got %d", n)
			}
			if err != nil {
				return it, fmt.Errorf("%s: %w", f.key, err)
			}
			*attributes[f.key] = int(n)
		}
	}
	if it.Category < 1 || it.Category > len(Categories) {
		return it, fmt.Errorf("category_id: must be 1 to %d, got %d", len(Categories), it.Category)
	}
	if name != "" && name != Categories[it.Category-1] {
		return it, fmt.Errorf("category_id %d is %q, category_name says %q", it.Category, Categories[it.Category-1], name)
	}
	for _, key := range []string{"scale", "occlusion", "zoom_in", "viewpoint"} {
		if *attributes[key] == 0 {
			return it, fmt.Errorf("it has no key %q", key)
		}
	}
	return it, nil
}

type field struct {
	key   string
	value json.RawMessage
}

// object reads the keys of a JSON object in their order and refuses one that stands twice, which
// encoding/json would let the last of them win.
func object(data []byte) ([]field, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, fmt.Errorf("it is empty")
	}
	if !utf8.Valid(data) {
		return nil, fmt.Errorf("it is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))))
	if tok, err := d.Token(); err != nil || tok != json.Delim('{') {
		return nil, fmt.Errorf("it is no JSON object")
	}
	var fields []field
	for d.More() {
		tok, err := d.Token()
		if err != nil {
			return nil, broken(d, err)
		}
		f := field{key: tok.(string)}
		if err := d.Decode(&f.value); err != nil {
			return nil, broken(d, err)
		}
		if slices.ContainsFunc(fields, func(g field) bool { return g.key == f.key }) {
			return nil, fmt.Errorf("the key %q stands twice", f.key)
		}
		fields = append(fields, f)
	}
	if _, err := d.Token(); err != nil {
		return nil, broken(d, err)
	}
	if d.More() {
		return nil, fmt.Errorf("something stands after the object")
	}
	return fields, nil
}

func broken(d *json.Decoder, err error) error {
	return fmt.Errorf("it is no whole JSON object: near byte %d: %w", d.InputOffset(), err)
}

func whole(data json.RawMessage) (int64, error) {
	n, err := strconv.ParseInt(string(data), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s is no whole number", clip(data))
	}
	return n, nil
}

// clip shortens a value for a message.
func clip(data []byte) string {
	if len(data) > 40 {
		return string(data[:40]) + "..."
	}
	return string(data)
}
