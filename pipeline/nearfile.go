package pipeline

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// NearSpec ends a message about a spec that is not there: with the one in its
// folder that was most likely meant, or nothing. name is what was written, file
// where it was looked for.
func NearSpec(name, file string) string {
	entries, err := os.ReadDir(filepath.Dir(file))
	if err != nil {
		return ""
	}
	var known []string
	for _, e := range entries {
		switch n := e.Name(); {
		case e.IsDir(), strings.HasSuffix(n, ".lock.yaml"), n == LocalFile:
		case strings.HasSuffix(n, ".yaml"), strings.HasSuffix(n, ".yml"):
			known = append(known, n)
		}
	}
	base := filepath.Base(file)
	if filepath.Ext(base) == "" {
		base += ".yaml"
	}
	near := base // where the ending was all that lacked
	if !slices.Contains(known, base) {
		near = Nearest(base, known)
	}
	if near == "" || near == filepath.Base(file) {
		return ""
	}
	near = filepath.Join(filepath.Dir(filepath.FromSlash(name)), near)
	return "; did you mean " + strconv.Quote(filepath.ToSlash(near)) + "?"
}
