package renditions

import (
	"fmt"

	"shiftmill/stages/source/draw"
	"shiftmill/stages/source/random"
)

// Version is raised whenever a row or a pixel changes.
const Version = 1

// The sizes of a picture, in pixels a side.
const (
	MinSize = 16
	MaxSize = 2048
)

// A Share is how often a rendition occurs, relative to the others.
type Share struct {
	Value  string
	Weight int
}

// A Row is a picture's name and what it is to show.
type Row struct{ ID, Class, Rendition string }

// RowAt returns row i >= 0 of the dataset that a seed and shares define; one share at least must have
// a weight. A longer dataset begins with the shorter one. Classes are equally frequent.
func RowAt(seed uint64, i int, shares []Share) Row {
	n := len(classes)
	deal := random.New(seed, "row/classes", fmt.Sprint(i/n))
	order := make([]int, n)
	for k := range order {
		j := int(deal.Below(int64(k + 1)))
		order[k], order[j] = order[j], k
	}
	r := Row{ID: fmt.Sprintf("r%07d", i), Class: classes[order[i%n]].name}
	sum := int64(0)
	for _, s := range shares {
		sum += int64(s.Weight)
	}
	at := random.New(seed, "row/rendition", r.ID).Below(sum)
	for _, s := range shares {
		if at < int64(s.Weight) {
			r.Rendition = s.Value
			break
		}
		at -= int64(s.Weight)
	}
	return r
}

// Draw returns a picture: size*size pixels of 3 bytes (R, G, B), row by row from the top. The object
// comes from (seed, id, class); strength, 0 to 1000, is how much of the rendition takes the place of the
// photo. It returns an error, naming the value and what was expected, if something is out of range.
func Draw(seed uint64, id, class, rendition string, size, strength int) ([]byte, error) {
	if size < MinSize || size > MaxSize {
		return nil, fmt.Errorf("draw picture %s: size: expected %d to %d pixels, got %d", id, MinSize, MaxSize, size)
	}
	if strength < 0 || strength > 1000 {
		return nil, fmt.Errorf("draw picture %s: strength: expected 0 to 1000, got %d", id, strength)
	}
	var o object
	for _, c := range classes {
		if c.name == class {
			c.make(&o)
		}
	}
	if o.parts == nil {
		return nil, fmt.Errorf("draw picture %s: no class %q", id, class)
	}
	var manner func(*sheet)
	for _, m := range manners {
		if m.name == rendition {
			manner = m.draw
		}
	}
	if manner == nil {
		return nil, fmt.Errorf("draw picture %s: no rendition %q", id, rendition)
	}
	factor := 1
	if size <= 128 {
		factor = 2 // thin things blend as on a sensor
	}
	side := size * factor
	render := func(manner func(*sheet)) *draw.Image {
		s := &sheet{c: draw.NewCanvas(side, side), seed: seed, id: id}
		s.parts = posed(&o, s.stream("pose"), int64(side))
		manner(s)
		return s.c.Image.Shrink(factor)
	}
	switch {
	case strength == 0:
		return render(photo).Pix, nil
	case strength == 1000:
		return render(manner).Pix, nil
	}
	pix, other := render(photo).Pix, render(manner).Pix
	for i, v := range pix {
		pix[i] = uint8((int(v)*(1000-strength) + int(other[i])*strength + 500) / 1000)
	}
	return pix, nil
}
