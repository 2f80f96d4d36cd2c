package storefronts

import (
	"fmt"
	"slices"

	"shiftmill/stages/source/random"
)

// Share is the weight of one value in a [Mix]; weights are relative to their sum.
type Share[T any] struct {
	Value  T
	Weight int
}

// Mix says how often each value occurs among the rows of a dataset, and how many photos there
// are of each business. Classes are always balanced: each run of 20 businesses has one of each.
type Mix struct {
	Countries []Share[string] // drawn per business
	Years     []Share[int]    // drawn per photo
	Cameras   []Share[string] // drawn per photo
	Photos    int             // of each business, 1 to 100
}

// DefaultMix has the base cell (US, MX or CA, 2019, new) in 31 % of its rows and each cell with one
// attribute altered (2017, 2018, FR, old) in 10 to 13 %.
func DefaultMix() Mix {
	return Mix{
		Countries: []Share[string]{{"US", 35}, {"MX", 18}, {"CA", 18}, {"FR", 29}},
		Years:     []Share[int]{{2016, 2}, {2017, 19}, {2018, 19}, {2019, 60}},
		Cameras:   []Share[string]{{"new", 72}, {"old", 28}},
		Photos:    4,
	}
}

// Check returns an error that names what in the mix cannot be drawn from.
func (m Mix) Check() error {
	if m.Photos < 1 || m.Photos > 100 {
		return fmt.Errorf("photos of a business: expected 1 to 100, got %d", m.Photos)
	}
	probe := Attributes{Class: trades[0].name, Country: ReferenceCountry, Year: ReferenceYear, Camera: ReferenceCamera}
	if err := checkShares("country", m.Countries, func(v string) error { a := probe; a.Country = v; return a.check() }); err != nil {
		return err
	}
	if err := checkShares("year", m.Years, func(v int) error { a := probe; a.Year = v; return a.check() }); err != nil {
		return err
	}
	return checkShares("camera", m.Cameras, func(v string) error { a := probe; a.Camera = v; return a.check() })
}

func checkShares[T comparable](name string, shares []Share[T], valid func(T) error) error {
	sum := 0
	for i, s := range shares {
		if s.Weight < 0 || s.Weight > 1000000 {
			return fmt.Errorf("weight of %s %v: expected 0 to 1000000, got %d", name, s.Value, s.Weight)
		}
		if slices.ContainsFunc(shares[:i], func(o Share[T]) bool { return o.Value == s.Value }) {
			return fmt.Errorf("%s %v: given twice", name, s.Value)
		}
		if err := valid(s.Value); err != nil {
			return err
		}
		sum += s.Weight
	}
	if sum == 0 {
		return fmt.Errorf("%s: expected a value with a weight above 0", name)
	}
	return nil
}

// Row is the metadata of one photo.
type Row struct {
	ID string // such as "b000123-p02"; ascending with the row's number below a million businesses
	Attributes
}

// RowAt returns row i >= 0 of the dataset that a seed and a mix define. The mix must have passed Check.
// A row depends on nothing else: a longer dataset begins with the shorter one.
func RowAt(seed uint64, i int, mix Mix) Row {
	business := i / mix.Photos
	b := fmt.Sprintf("b%06d", business)
	id := fmt.Sprintf("%s-p%02d", b, i%mix.Photos)
	shop, photo := random.New(seed, "row/business", b), random.New(seed, "row/photo", id)
	return Row{ID: id, Attributes: Attributes{
		Class:    trades[classOf(seed, business)].name,
		Country:  drawShare(shop, mix.Countries),
		Year:     drawShare(photo, mix.Years),
		Camera:   drawShare(photo, mix.Cameras),
		Business: b,
	}}
}

// classOf deals the classes out to each run of businesses by a shuffle of its own.
func classOf(seed uint64, business int) int {
	n := len(trades)
	r := random.New(seed, "row/classes", fmt.Sprint(business/n))
	order := make([]int, n)
	for i := range order {
		j := int(r.Below(int64(i + 1)))
		order[i], order[j] = order[j], i
	}
	return order[business%n]
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
	panic("storefronts: no share has a weight")
}
