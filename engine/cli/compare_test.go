package cli

import (
	"fmt"
	"testing"
)

func TestComparedLines(t *testing.T) {
	var outputs []namedOutput
	for i := range 30 {
		outputs = append(outputs, namedOutput{instance: fmt.Sprintf("m[at=%d]", i)})
	}
	for _, severity := range []string{"fog-1", "fog-2", "snow-1"} {
		outputs = append(outputs, namedOutput{"bad", severity})
	}
	var got string
	for _, l := range comparedLines(outputs) {
		got += fmt.Sprintf("%s %d, ", l.name, len(l.outputs))
	}
	if want := "m 24, m 6, fog 2, snow 1, "; got != want {
		t.Errorf("lines %q, want %q", got, want)
	}
}
