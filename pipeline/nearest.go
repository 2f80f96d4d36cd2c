package pipeline

import (
	"strconv"
	"strings"
)

// Nearest returns the known name that a misspelt one most likely meant, or ""
// when none is near: at most a third of its letters differ (edits and swaps of
// neighbours, case ignored), or it is the last part of exactly one name.
func Nearest(name string, known []string) string {
	const longest = 80
	if name == "" || len(name) > longest {
		return ""
	}
	low := strings.ToLower(name)
	best, at := len(low)/3+1, ""
	for _, k := range known {
		if k == name || len(k) > longest {
			continue
		}
		d := distance(low, strings.ToLower(k), best+1)
		if d < best || d == best && at != "" && k < at {
			best, at = d, k
		}
	}
	if at != "" {
		return at
	}
	for _, k := range known {
		if strings.HasSuffix(strings.ToLower(k), "/"+low) {
			if at != "" {
				return ""
			}
			at = k
		}
	}
	return at
}

// distance counts edits and swaps of neighbours between a and b (optimal string
// alignment), or returns limit when it is reached.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
			least = min(least, row[j])
		}
		if least >= limit {
			return limit
		}
		before, last, row = last, row, before
	}
	return min(last[len(b)], limit)
}

// suggestKind ends a message about an unknown kind: with the nearest one, else
// with those of its family, else with all families.
func suggestKind(name string, kinds []string) string {
	family, _, _ := strings.Cut(name, "/")
	var same, families []string
	for _, k := range kinds {
		f, _, _ := strings.Cut(k, "/")
		if f == family {
			same = append(same, k)
		}
		if len(families) == 0 || families[len(families)-1] != f+"/..." {
			families = append(families, f+"/...")
		}
	}
	switch {
	case Nearest(name, kinds) != "":
		return suggest(name, kinds)
	case len(same) > 0:
		return "; known: " + strings.Join(same, ", ")
	}
	return "; known: " + strings.Join(families, ", ")
}

// suggest ends a message about an unknown name: with the nearest known one,
// else with the known ones when they are few.
func suggest(name string, known []string) string { return suggestNear(Nearest(name, known), known) }

// suggestNear is suggest where the nearest name is known, "" for none.
func suggestNear(near string, known []string) string {
	if near != "" {
		return "; did you mean " + strconv.Quote(near) + "?"
	}
	switch {
	case len(known) == 0:
		return "; there are none"
	case len(known) > 12:
		return ""
	}
	return "; known: " + strings.Join(known, ", ")
}
