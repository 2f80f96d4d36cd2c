package cli

import (
	"fmt"
	"path/filepath"

	"shiftmill/pipeline"
)

// leftOut is how an instance stands that the spec itself leaves out.
const leftOut = "left out"

// skipReason says why the spec leaves an instance out, and where.
func skipReason(k pipeline.Skip) string {
	p := k.Pos
	p.File = filepath.Base(p.File)
	return fmt.Sprintf("%s (%s)", k.Reason, p)
}

// A leftOutLine is an instance that is left out, or those of a stage that are
// for the same reason.
type leftOutLine struct{ name, reason string }

// foldLeftOut puts instances of a stage together that are left out alike, where they
// are many, unless every one is asked for.
func foldLeftOut(skips []pipeline.Skip, every bool) []leftOutLine {
	type kind struct{ stage, reason string }
	alike := func(k pipeline.Skip) kind { return kind{k.Stage, likeOthers(skipReason(k))} }
	count := map[kind]int{}
	for _, k := range skips {
		count[alike(k)]++
	}
	var lines []leftOutLine
	for _, k := range skips {
		switch n := count[alike(k)]; {
		case n == 0: // told with the first
		case every || n < leastFold:
			lines = append(lines, leftOutLine{k.Name, skipReason(k)})
		default:
			lines = append(lines, leftOutLine{folded(k.Stage, n), alike(k).reason})
			count[alike(k)] = 0
		}
	}
	return lines
}

// A jsonSkip is an instance that is left out, for programs.
type jsonSkip struct {
	Name   string       `json:"name"`
	State  string       `json:"state"` // "left out"
	Reason string       `json:"reason"`
	At     pipeline.Pos `json:"at,omitzero"`
}

func jsonLeftOut(skips []pipeline.Skip) []jsonSkip {
	out := make([]jsonSkip, len(skips))
	for i, k := range skips {
		out[i] = jsonSkip{k.Name, leftOut, k.Reason, k.Pos}
	}
	return out
}
