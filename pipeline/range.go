package pipeline

import (
	"fmt"
	"strings"
)

// A Range is an interval of column values as the spec writes it: a..b, a.. and
// ..b include both ends, a..<b and ..<b exclude the upper one. An end that is
// not given is "".
type Range struct {
	Low, High string
	Open      bool // High itself is excluded
}

// ParseRange reads a range. Ends are source text: the column's type decides
// what they mean.
func ParseRange(text string) (Range, error) {
	low, high, ok := strings.Cut(text, "..")
	if !ok {
		return Range{}, fmt.Errorf("%s is no range: write a..b, a.., ..b or ..<b", quote(text))
	}
	r := Range{Low: strings.TrimSpace(low)}
	high, r.Open = strings.CutPrefix(high, "<")
	r.High = strings.TrimSpace(high)
	switch {
	case r.Low == "" && r.High == "":
		return Range{}, fmt.Errorf("the range %s has no end: write a..b, a.., ..b or ..<b", quote(text))
	case r.Open && r.High == "":
		return Range{}, fmt.Errorf("the range %s has no upper end after <", quote(text))
	case strings.HasPrefix(r.High, "=") || strings.HasPrefix(r.High, ".") || strings.Contains(r.High, ".."):
		return Range{}, fmt.Errorf("the range %s is unclear: write a..b, a.., ..b or ..<b", quote(text))
	}
	return r, nil
}

// measured says whether the ends are numbers or times: nobody means such a range as text.
func (r Range) measured() bool {
	for _, end := range []string{r.Low, r.High} {
		if _, _, isTime := parseTime(end); end != "" && !isInt(end) && !isFloat(end) && !isTime {
			return false
		}
	}
	return true
}

// IsRange says whether a scalar is meant as a range: quoted text never is, but for
// one around references.
func (v Value) IsRange() bool {
	return v.Kind() == Scalar && (v.n.tag == TagText && strings.Contains(v.n.text, "..") || v.n.tag == TagSpan)
}

// String returns the range as a spec writes it.
func (r Range) String() string {
	if r.Open {
		return r.Low + "..<" + r.High
	}
	return r.Low + ".." + r.High
}

// SpecText returns the canonical text of the range.
func (r Range) SpecText() string { return r.String() }

// DecodeSpec reads a range that is a parameter of its own.
func (r *Range) DecodeSpec(v Value) []Problem {
	if v.Kind() != Scalar {
		return []Problem{{Pos: v.Pos(), Msg: "must be a range such as 1..5, got " + v.n.describe()}}
	}
	got, err := ParseRange(v.Text())
	if err != nil {
		return []Problem{{Pos: v.Pos(), Msg: err.Error()}}
	}
	*r = got
	return nil
}
