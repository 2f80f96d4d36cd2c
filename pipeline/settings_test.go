package pipeline

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// Many settings are read on all processors, few on one: the graph, and what is
// wrong with them, is the same.
func TestSettingsOnAllProcessors(t *testing.T) {
	values := make([]string, 450)
	for i := range values {
		values[i] = fmt.Sprint(i)
	}
	for _, tt := range []struct{ name, with string }{
		{"good", "{list: [$matrix.a, $params.p], name: \"${params.p}-${matrix.a}\"}"},
		{"bad from 6 on", "{strength: $matrix.a, name: $params.p}"},
		{"unknown", "{strengh: $matrix.a}"},
	} {
		text := []byte("shiftmill: v1\nname: x\nparams: {q: 7, p: \"${params.q}\"}\nstages:\n  a: {kind: test/source, matrix: {a: [" +
			strings.Join(values, ", ") + "]}, with: " + tt.with + "}\n")
		look := func(processors int) string {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
			g, err := Parse("x.yaml", text, Options{Vocabulary: vocabulary()})
			if err != nil {
				return err.Error()
			}
			var b strings.Builder
			for _, n := range g.Nodes {
				fmt.Fprintln(&b, n.Name, n.Place, n.Fields)
			}
			return b.String()
		}
		one, four := look(1), look(4)
		if one != four {
			t.Errorf("%s: on one processor\n%.400s\non four\n%.400s", tt.name, one, four)
		}
		if lines := strings.Count(one, "\n") + 1; tt.name == "good" && lines != len(values)+1 || tt.name != "good" && !strings.Contains(one, "x.yaml:") {
			t.Errorf("%s: %d lines: %.400s", tt.name, lines, one)
		}
	}
}
