// Package specs holds the experiments that ship with shiftmill. Each is a
// runnable YAML file whose head says the question, the source, the data it
// needs and its cost.
package specs

import (
	"embed"
	"path"
	"path/filepath"
	"sort"
	"strings"
)

//go:embed *.yaml
var files embed.FS

// Read returns a shipped spec by its name, as "quickstart", "quickstart.yaml"
// or "specs/quickstart.yaml".
func Read(name string) ([]byte, bool) {
	name = strings.TrimPrefix(filepath.ToSlash(name), "specs/")
	if path.Ext(name) == "" {
		name += ".yaml"
	}
	data, err := files.ReadFile(name)
	return data, err == nil
}

// Names lists the shipped specs, sorted.
func Names() []string {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".lock.yaml") {
			names = append(names, e.Name())
		}
	}
	sort.Strings(names)
	return names
}
