package pipeline

import (
	"os"
	"path/filepath"
	"testing"
)

func TestNearSpec(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"base.yaml", "base.lock.yaml", "other.yml", LocalFile} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"sub/bsae.yaml":      `; did you mean "sub/base.yaml"?`,
		"sub/base":           `; did you mean "sub/base.yaml"?`,
		"other.yaml":         `; did you mean "other.yml"?`,
		"shiftmil.local.yml": "",
		"base.yaml":          "",
		"x.yaml":             "",
	} {
		if got := NearSpec(name, filepath.Join(dir, filepath.Base(name))); got != want {
			t.Errorf("NearSpec(%q) = %s, want %s", name, got, want)
		}
	}
	if got := NearSpec("x.yaml", filepath.Join(dir, "nowhere", "x.yaml")); got != "" {
		t.Errorf("a folder that is not there: %s", got)
	}
}
