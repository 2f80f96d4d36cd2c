package nn

import (
	"os/exec"
	"strings"
	"testing"
)

// TestMovingGC guards the version of a module that Gorgonia pins too low: with
// its own choice every program panics at start on current Go. Tidying the
// module can lower it silently.
func TestMovingGC(t *testing.T) {
	const module, least = "go4.org/unsafe/assume-no-moving-gc", "v0.0.0-20231121144256-b99613f794b6"
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Version}}", module).CombinedOutput()
	if err != nil {
		t.Fatalf("go list -m %s: %v\n%s", module, err, out)
	}
	// Pseudo-versions of one base sort by date.
	if got := strings.TrimSpace(string(out)); got < least {
		t.Errorf("go.mod has %s at %s, which panics on current Go; run go get %s@%s", module, got, module, least)
	}
}
