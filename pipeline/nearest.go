package pipeline

import (
	"strconv"
	"strings"
)

// longestName is up to how many bytes a name is compared with others.
const longestName = 80

// Nearest returns the known name that a misspelt one most likely meant, or ""
// when none is near: at most a third of its letters differ (edits and swaps of
// neighbours, case ignored), or it is the last part of exactly one name.
func Nearest(name string, known []string) string {
	if name == "" || len(name) > longestName {
		return ""
	}
	low := strings.ToLower(name)
	best, at := len(low)/3+1, ""
	for _, k := range known {
		if k == name || len(k) > longestName {
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
	return endingIn(low, known)
}

// endingIn is the one name whose last part this is, in lower case, or "".
func endingIn(low string, known []string) string {
	at := ""
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
// alignment) of at most longestName bytes, or returns limit when it is reached.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	var rows [3][longestName + 1]uint8
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		last[j] = uint8(j)
	}
	for i := 1; i <= len(a); i++ {
		row[0] = uint8(i)
		least := row[0]
		for j := 1; j <= len(b); j++ {
			cost := uint8(1)
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
			least = min(least, row[j])
		}
		if int(least) >= limit {
			return limit
		}
		before, last, row = last, row, before
	}
	return min(int(last[len(b)]), limit)
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
