package split

import (
	"fmt"
	"math/big"
	"slices"
	"sort"
	"strings"

	"shiftmill/pipeline"
)

// Holdout are rows that are set aside for the very end: they are in no other
// output, in no group of test sets, and share no group with train, val or iid. A
// share takes groups by a digest of their own, so that rows that are added later
// move none; conditions take the rows that meet them, in a cell or not.
type Holdout struct {
	share *big.Rat
	sets  []pipeline.Conditions
}

func (h *Holdout) on() bool { return h.share != nil || len(h.sets) > 0 }

// DecodeSpec reads a share, a map of conditions, or a list of such maps.
func (h *Holdout) DecodeSpec(v pipeline.Value) []pipeline.Problem {
	*h = Holdout{}
	switch v.Kind() {
	case pipeline.Scalar:
		s, err := parseSize(v.Text())
		if err != nil || s.kind != share || s.share.Cmp(big.NewRat(1, 1)) == 0 {
			return []pipeline.Problem{{Pos: v.Pos(), Msg: fmt.Sprintf("must be a share below 100%%, such as 5%%, or conditions such as {site: [A, B]}, got %q", v.Text())}}
		}
		h.share = s.share
		return nil
	case pipeline.Map:
		return h.set("", v)
	case pipeline.List:
		var problems []pipeline.Problem
		for i, item := range v.List() {
			problems = append(problems, h.set(fmt.Sprint(i), item)...)
		}
		return problems
	}
	return []pipeline.Problem{{Pos: v.Pos(), Msg: "must be a share such as 5%, or conditions such as {site: [A, B]}, got " + v.Kind().String()}}
}

func (h *Holdout) set(path string, v pipeline.Value) []pipeline.Problem {
	if v.Kind() != pipeline.Map || v.Len() == 0 {
		return []pipeline.Problem{{Field: path, Pos: v.Pos(), Msg: "must be a map of conditions such as {site: [A, B]}"}}
	}
	var set pipeline.Conditions
	problems := set.DecodeSpec(v)
	h.sets = append(h.sets, set)
	if path == "" {
		return problems
	}
	return below(path, problems)
}

// SpecSchema describes all forms.
func (h *Holdout) SpecSchema() map[string]any {
	conditions := map[string]any{"type": "object", "minProperties": 1, "additionalProperties": pipeline.SchemaOf[pipeline.Condition]()}
	return map[string]any{"anyOf": []map[string]any{
		{"type": "string", "pattern": "^[0-9.]+%$"}, conditions, {"type": "array", "items": conditions},
	}}
}

// SpecText is the canonical text.
func (h Holdout) SpecText() string {
	if h.share != nil {
		return size{kind: share, share: h.share}.String()
	}
	var sets []string
	for _, set := range h.sets {
		var parts []string
		for _, c := range set {
			parts = append(parts, fmt.Sprintf("%q: %s", c.Column, c.Condition))
		}
		sets = append(sets, "{"+strings.Join(parts, ", ")+"}")
	}
	sort.Strings(sets)
	return strings.Join(slices.Compact(sets), "\n")
}

// setAside takes what is held out out of the cells, and base rows of its groups.
func (s *scan) setAside(pins *earlier) {
	h := &s.cfg.Holdout
	if !h.on() {
		return
	}
	var groups groupSet
	aside := func(r *row) bool { return r.held }
	if h.share != nil {
		to := newBar(h.share)
		stays := s.pinnedSides(pins)
		aside = func(r *row) bool {
			if held, pinned := stays(r); pinned {
				return held
			}
			return to.above(r.g)
		}
	} else {
		for _, c := range s.chunks {
			for i := range c.rows {
				if c.rows[i].held {
					groups.add(c.rows[i].group())
				}
			}
		}
	}
	why := s.reason("its group is in holdout")
	for _, c := range s.chunks {
		kept := 0
		for i := range c.rows {
			switch r := &c.rows[i]; {
			case aside(r):
				c.out[r.ordinal-c.start] = s.holdoutRole() + role(r.cell)
			case r.cell == 0 && groups.has(r.group()):
				c.out[r.ordinal-c.start] = why
			default:
				c.rows[kept] = *r
				kept++
			}
		}
		c.rows = c.rows[:kept]
	}
}

// pinnedSides says of a row whether a manifest keeps it, or else its group, in
// holdout or out of it.
func (s *scan) pinnedSides(pins *earlier) func(*row) (held, pinned bool) {
	if pins == nil {
		return func(*row) (bool, bool) { return false, false }
	}
	of := func(r *row) (held, pinned bool) {
		sets := pins.sets[s.idOf(r.ordinal)]
		return slices.Contains(sets, "holdout"), len(sets) > 0
	}
	var in, out groupSet
	for _, c := range s.chunks {
		for i := range c.rows {
			if held, pinned := of(&c.rows[i]); held {
				in.add(c.rows[i].group())
			} else if pinned {
				out.add(c.rows[i].group())
			}
		}
	}
	return func(r *row) (held, pinned bool) {
		if held, pinned := of(r); pinned {
			return held, true
		}
		if out.has(r.group()) {
			return false, true
		}
		return true, in.has(r.group())
	}
}

// holdoutRole is the role of rows of base that are held out; those of the cells
// follow it, and at last that of rows in none.
func (s *scan) holdoutRole() role { return role(len(s.names)) }

// output is the place of a role's output among the names, and its cell.
func (s *scan) output(r role) (int, string) {
	if first := s.holdoutRole(); s.cfg.Holdout.on() && r >= first {
		if k := int(r - first); k < len(s.rules.cells) {
			return len(s.names) - 1, s.rules.cells[k].name
		}
		return len(s.names) - 1, "none"
	}
	return int(r) - 1, s.cells[r-1]
}
