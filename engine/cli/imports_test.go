package cli_test

import (
	"os/exec"
	"strings"
	"testing"
)

// rules say which of our packages a package may import, by longest prefix;
// a trailing "..." stands for a whole tree.
var rules = map[string]string{
	"shiftmill":                  "shiftmill/engine/cli",
	"shiftmill/engine/cli":       "shiftmill/...",
	"shiftmill/engine":           "shiftmill/pipeline shiftmill/stages shiftmill/runs shiftmill/runs/table",
	"shiftmill/engine/export":    "shiftmill/engine shiftmill/pipeline shiftmill/stages shiftmill/stages/check shiftmill/stages/imageio shiftmill/runs/manifest",
	"shiftmill/specs":            "",
	"shiftmill/pipeline":         "",
	"shiftmill/runs":             "shiftmill/runs/...",
	"shiftmill/kernels":          "shiftmill/kernels/...",
	"shiftmill/stages":           "shiftmill/pipeline",
	"shiftmill/stages/all":       "shiftmill/stages/...",
	"shiftmill/stages/imageio":   "shiftmill/stages/imageio/...",
	"shiftmill/stages/npy":       "",
	"shiftmill/stages/transform": "shiftmill/stages shiftmill/pipeline shiftmill/kernels shiftmill/stages/imageio",
	"shiftmill/stages/model":     "shiftmill/stages shiftmill/pipeline shiftmill/kernels/... shiftmill/stages/imageio shiftmill/stages/transform shiftmill/stages/model/...",
	"shiftmill/stages/stagetest": "shiftmill/stages shiftmill/pipeline",
}

// family is what the packages of a family of kinds may import beside their own.
const family = "shiftmill/stages shiftmill/pipeline shiftmill/kernels/... shiftmill/stages/transform shiftmill/stages/imageio shiftmill/stages/imageio/... shiftmill/stages/model shiftmill/stages/npy shiftmill/runs/table shiftmill/runs/manifest"

// given are the libraries of the project's choice, and who alone may import
// them.
var given = map[string]string{
	"gopkg.in/yaml.v3":      "shiftmill/pipeline",
	"gorgonia.org/gorgonia": "shiftmill/kernels/nn",
	"gorgonia.org/tensor":   "shiftmill/kernels/nn",
	"github.com/rs/zerolog": "shiftmill/engine/cli",
}

func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "shiftmill/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		words := strings.Fields(line)
		importer := words[0]
		for _, imported := range words[1:] {
			if only, ok := given[imported]; ok && importer != only {
				t.Errorf("%s imports %s, which only %s may", importer, imported, only)
			}
			if ours(imported) && !allowed(importer, imported) {
				t.Errorf("%s must not import %s", importer, imported)
			}
		}
	}
}

func ours(path string) bool { return path == "shiftmill" || strings.HasPrefix(path, "shiftmill/") }

func allowed(importer, imported string) bool {
	rule := family
	best := ""
	for prefix, r := range rules {
		if (importer == prefix || strings.HasPrefix(importer, prefix+"/")) && len(prefix) > len(best) {
			best, rule = prefix, r
		}
	}
	if best == "shiftmill/stages" && importer != best {
		rule = family // a family of kinds and its own parts
		if name := strings.Split(strings.TrimPrefix(importer, "shiftmill/stages/"), "/")[0]; strings.HasPrefix(imported, "shiftmill/stages/"+name+"/") {
			return true
		}
	}
	for _, pattern := range strings.Fields(rule) {
		if tree, ok := strings.CutSuffix(pattern, "/..."); ok && (imported == tree || strings.HasPrefix(imported, tree+"/")) || pattern == imported {
			return true
		}
	}
	return false
}
