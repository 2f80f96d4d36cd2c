package storefronts

import (
	"fmt"
	"slices"
	"strings"
)

// Version changes with every change of a pixel or of a row's metadata.
const Version = 1

// The reference values: a photo that has them shows no shift at any strength.
const (
	ReferenceCountry = "US"
	ReferenceYear    = 2019
	ReferenceCamera  = "new"
)

// Attributes says what a photo shows.
type Attributes struct {
	Class    string // one of Classes()
	Country  string // one of Countries()
	Year     int    // 2016 to 2019
	Camera   string // "new" or "old"
	Business string // id of the business, any text; it fixes the shop's look
}

// Strength says how much of an attribute's effect is drawn, each in 1/1000: 0 none, 1000 all.
type Strength struct{ Country, Year, Camera int }

// FullStrength draws every attribute's whole effect.
func FullStrength() Strength { return Strength{1000, 1000, 1000} }

// Classes returns the names of the twenty trades in alphabetical order, which is the order of their labels.
func Classes() []string {
	names := make([]string, len(trades))
	for i := range trades {
		names[i] = trades[i].name
	}
	return names
}

// Countries returns the codes that Attributes.Country may hold.
func Countries() []string {
	names := make([]string, len(countries))
	for i := range countries {
		names[i] = countries[i].code
	}
	return names
}

// check returns an error that names the first value out of its range and what was expected.
func (a Attributes) check() error {
	switch {
	case !slices.Contains(Classes(), a.Class):
		return fmt.Errorf("class: expected one of %s, got %q", strings.Join(Classes(), ", "), a.Class)
	case !slices.Contains(Countries(), a.Country):
		return fmt.Errorf("country: expected one of %s, got %q", strings.Join(Countries(), ", "), a.Country)
	case a.Year < 2016 || a.Year > 2019:
		return fmt.Errorf("year: expected 2016 to 2019, got %d", a.Year)
	case a.Camera != "new" && a.Camera != "old":
		return fmt.Errorf("camera: expected new or old, got %q", a.Camera)
	}
	return nil
}

func (s Strength) check() error {
	for _, v := range []struct {
		name  string
		value int
	}{{"country", s.Country}, {"year", s.Year}, {"camera", s.Camera}} {
		if v.value < 0 || v.value > 1000 {
			return fmt.Errorf("strength of %s: expected 0 to 1000 thousandths, got %d", v.name, v.value)
		}
	}
	return nil
}
