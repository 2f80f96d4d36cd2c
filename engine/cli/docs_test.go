package cli

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	fence    = regexp.MustCompile("(?s)```(yaml|sh)\n(.*?)```")
	specName = regexp.MustCompile(`(?m)^name: (\S+)$`)
	flagUsed = regexp.MustCompile(`(?:^| )--?([a-z][a-z-]*)`)
)

// The guide's specs pass check, and its commands name verbs and flags that are there.
func TestLanguageGuide(t *testing.T) {
	text, err := os.ReadFile("../../docs/language.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	specs, commands := 0, 0
	for _, block := range fence.FindAllStringSubmatch(string(text), -1) {
		if block[1] == "yaml" {
			name := specName.FindStringSubmatch(block[2])
			if name == nil {
				t.Fatalf("a spec without a name:\n%s", block[2])
			}
			file := filepath.Join(dir, name[1]+".yaml")
			if err := os.WriteFile(file, []byte(block[2]), 0o666); err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			if code := Main([]string{"check", file}, nil, &out, &out); code != 0 {
				t.Errorf("check exits with %d:\n%s", code, out.String())
			}
			specs++
			continue
		}
		for line := range strings.Lines(block[2]) {
			line, _, _ = strings.Cut(line, " #")
			verb := strings.Fields(line)[1]
			c, _, err := newRoot(&output{to: io.Discard}, &output{to: io.Discard}).Find([]string{verb})
			if err != nil || c.Name() != verb {
				t.Errorf("%s: no verb %q", line, verb)
				continue
			}
			for _, f := range flagUsed.FindAllStringSubmatch(line, -1) {
				if c.Flags().Lookup(f[1]) == nil && (len(f[1]) > 1 || c.Flags().ShorthandLookup(f[1]) == nil) {
					t.Errorf("%s: %s has no flag %q", strings.TrimSpace(line), verb, f[1])
				}
			}
			commands++
		}
	}
	if specs < 2 || commands < 10 {
		t.Errorf("found %d specs and %d commands", specs, commands)
	}
}
