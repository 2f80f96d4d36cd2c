package garments

import (
	"fmt"
	"strings"

	"shiftmill/stages/source/deepfashion2"
	"shiftmill/stages/source/random"
)

// Version is raised whenever a row or a pixel changes.
const Version = 1

// A Share is how often a value of an attribute or a part occurs, relative to the others.
type Share[T any] struct {
	Value  T
	Weight int
}

// A Mix says how rows are drawn.
type Mix struct {
	Parts                             []Share[string] // of pairs
	Scale, Occlusion, Viewpoint, Zoom []Share[int]    // values 1 to 3
	Photos                            int             // pictures of a pair
}

// Check reports what is wrong with a mix.
func (m Mix) Check() error {
	if err := checkShares("parts", m.Parts); err != nil {
		return err
	}
	for _, s := range m.Parts {
		if s.Value == "" || strings.ContainsAny(s.Value, "/\\") || strings.HasPrefix(s.Value, ".") {
			return fmt.Errorf("parts: %q cannot be the name of a folder", s.Value)
		}
	}
	for _, a := range []struct {
		name   string
		shares []Share[int]
	}{{"scale", m.Scale}, {"occlusion", m.Occlusion}, {"viewpoint", m.Viewpoint}, {"zoom_in", m.Zoom}} {
		if err := checkShares(a.name, a.shares); err != nil {
			return err
		}
		for _, s := range a.shares {
			if s.Value < 1 || s.Value > 3 {
				return fmt.Errorf("%s: must be 1, 2 or 3, got %d", a.name, s.Value)
			}
		}
	}
	return nil
}

func checkShares[T any](name string, shares []Share[T]) error {
	for _, s := range shares {
		if s.Weight > 0 {
			return nil
		}
	}
	return fmt.Errorf("%s: no value has a weight, so none can occur", name)
}

// Attributes are the four of a picture: of each figure, and occlusion of each item in the order of
// the figures.
type Attributes struct {
	Scale, Viewpoint, Zoom []int
	Occlusion              []int
}

// A Row is a picture's name and what it is to show.
type Row struct {
	Part   string
	Number int // of the picture, from 1
	Pair   int // from 1
	Source string
	Attributes
}

// ID is the picture's name as DeepFashion2 would have it: "train/image/000001.jpg".
func (r Row) ID() string { return fmt.Sprintf("%s/image/%06d.jpg", r.Part, r.Number) }

// RowAt returns row i >= 0 of the dataset that a seed and a mix define. The mix must have passed
// Check. A longer dataset begins with the shorter one.
func RowAt(seed uint64, i int, mix Mix) Row {
	r := Row{Number: i + 1, Pair: i/mix.Photos + 1}
	pair := random.New(seed, "row/pair", fmt.Sprint(r.Pair))
	r.Part = drawShare(pair, mix.Parts)
	photo := random.New(seed, "row/photo", fmt.Sprint(r.Number))
	r.Source = "user"
	if i%mix.Photos == 0 || photo.Chance(200) {
		r.Source = "shop"
	}
	for _, items := range outfit(seed, r.Pair) {
		r.Scale = append(r.Scale, drawShare(photo, mix.Scale))
		r.Viewpoint = append(r.Viewpoint, drawShare(photo, mix.Viewpoint))
		r.Zoom = append(r.Zoom, drawShare(photo, mix.Zoom))
		for range items {
			r.Occlusion = append(r.Occlusion, drawShare(photo, mix.Occlusion))
		}
	}
	return r
}

func drawShare[T any](r *random.Stream, shares []Share[T]) T {
	sum := int64(0)
	for _, s := range shares {
		sum += int64(s.Weight)
	}
	at := r.Below(sum)
	for _, s := range shares {
		if at < int64(s.Weight) {
			return s.Value
		}
		at -= int64(s.Weight)
	}
	panic("garments: no share has a weight")
}

// Annotation is what DeepFashion2's file would say of the picture, size pixels a side.
func Annotation(seed uint64, r Row, size int, s Strength) (deepfashion2.Annotation, error) {
	a := deepfashion2.Annotation{Source: r.Source, PairID: int64(r.Pair)}
	sc, err := Plan(seed, r.Number, r.Pair, size, r.Attributes, s)
	if err != nil {
		return a, err
	}
	n := 0
	for f, fig := range sc.figures {
		for _, it := range fig.items {
			a.Items = append(a.Items, deepfashion2.Item{
				Category: it.category, Style: n + 1, Box: sc.box(it),
				Scale: r.Scale[f], Viewpoint: r.Viewpoint[f], Zoom: r.Zoom[f], Occlusion: r.Occlusion[n],
			})
			n++
		}
	}
	return a, nil
}
