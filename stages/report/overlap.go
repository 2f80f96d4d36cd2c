package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// An overlap is what a method's augmentation has in common with a benchmark's
// shifts: sets that look like what it trains on show a gain that says little about
// others. A and G are over the other OOD sets; they are for the reader to
// set beside the comparison's own, and no verdict rests on them.
type overlap struct {
	With []string `json:"with"` // corruptions or test sets, as the spec names them
	Sets int      `json:"sets"` // OOD sets that they are
	Of   int      `json:"of"`   // all OOD sets
	A    *number  `json:"a"`    // nil where no set is left
	G    *number  `json:"g"`
}

// covers says whether a name in the spec, of a corruption or of a test set, means
// the set.
func (b *benchmark) covers(name string, s *testSet) bool {
	if name == s.name {
		return true
	}
	for _, g := range b.grades() {
		if g.set == s && g.corruption == strings.ReplaceAll(name, "-", "_") {
			return true
		}
	}
	return false
}

// checkOverlap reports names of the spec that mean no method or no test set.
func (h *Hypotheses) checkOverlap(all []*benchmark) error {
	methods := methodNames(all)
	for _, method := range slices.Sorted(maps.Keys(h.Overlap)) {
		if !slices.Contains(methods, method) {
			return fmt.Errorf("hypotheses.overlap: no method %q; methods are %s", method, quoted(methods))
		}
		for i, name := range h.Overlap[method] {
			known := slices.ContainsFunc(all, func(b *benchmark) bool {
				return slices.ContainsFunc(b.ood(), func(s *testSet) bool { return b.covers(name, s) })
			})
			if !known {
				return fmt.Errorf("hypotheses.overlap.%s.%d: no OOD test set or corruption %q in any benchmark", method, i, name)
			}
		}
	}
	return nil
}

// overlapOf compares a method with its baseline without the sets that its
// augmentation overlaps with; nil where it overlaps with none of the benchmark's.
func (j *judge) overlapOf(b *benchmark, plain, m *model) *overlap {
	o := &overlap{}
	var rest []*testSet
	for _, s := range b.ood() {
		hit := false
		for _, name := range j.c.Hypotheses.Overlap[m.method] {
			if b.covers(name, s) {
				hit = true
				if !slices.Contains(o.With, name) {
					o.With = append(o.With, name)
				}
			}
		}
		o.Of++
		if hit {
			o.Sets++
		} else {
			rest = append(rest, s)
		}
	}
	if o.Sets == 0 {
		return nil
	}
	if len(rest) > 0 {
		if cmp, _ := b.compare(j.boot, rest, plain, m); cmp != nil {
			o.A, o.G = cmp.A, cmp.G
		}
	}
	return o
}

// limits says what stands beside row 3's comparisons: how many images the methods
// saw, and which corruptions their augmentations overlap with.
func (j *judge) limits(b *benchmark, cells []evidenceCell) (text string) {
	var overlaps []string
	for _, c := range cells {
		if c.Seen > 0 && (c.Seen < 0.995 || c.Seen > 1.005) {
			text += fmt.Sprintf("; %s saw %.2f times the images of %s", c.With, c.Seen, c.Plain)
		}
		o := c.Overlap
		if o == nil {
			continue
		}
		what := fmt.Sprintf("%s trains on what %s look like (%d of %d test sets)", c.With, strings.Join(o.With, ", "), o.Sets, o.Of)
		if o.A != nil && o.G != nil {
			what += fmt.Sprintf(", without which A is %s and G %s", signed(o.A).text(), signed(o.G).text())
		}
		overlaps = append(overlaps, what)
	}
	switch corrupted := len(b.grades()) > 0; {
	case len(overlaps) > 0:
		text += "; " + strings.Join(overlaps, "; ")
	case corrupted && j.c.Hypotheses.Overlap == nil:
		text += "; whether augmentations overlap with corruptions is not declared (hypotheses.overlap)"
	case corrupted:
		text += "; no augmentation overlaps with a corruption"
	}
	return text
}
