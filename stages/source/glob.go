package source

import (
	"fmt"
	"path"
	"strings"
)

// checkGlob says what is wrong with a pattern of names such as "train/**/*.jpg".
func checkGlob(glob string) error {
	if glob == "" || strings.HasPrefix(glob, "/") || strings.Contains(glob, "//") {
		return fmt.Errorf("%q is no pattern of names such as train/**/*.jpg, relative to the root", glob)
	}
	for _, part := range strings.Split(glob, "/") {
		if _, err := path.Match(part, ""); err != nil {
			return fmt.Errorf("in %q a bracket is not closed", glob)
		}
	}
	return nil
}

// matchGlob says whether a name has the pattern's form: * and ? stand for characters of one folder's
// or file's name, [a-z] for one of them, and ** alone for any number of folders.
func matchGlob(glob, name string) bool {
	return matchParts(strings.Split(glob, "/"), strings.Split(name, "/"))
}

func matchParts(glob, name []string) bool {
	for len(glob) > 0 {
		if glob[0] == "**" {
			for i := 0; i <= len(name); i++ {
				if matchParts(glob[1:], name[i:]) {
					return true
				}
			}
			return false
		}
		if len(name) == 0 {
			return false
		}
		if ok, _ := path.Match(glob[0], name[0]); !ok {
			return false
		}
		glob, name = glob[1:], name[1:]
	}
	return len(name) == 0
}
