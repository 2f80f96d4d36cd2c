package pipeline

import (
	"bytes"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// TestPieces reads a large spec in pieces and whole: same values, same places.
func TestPieces(t *testing.T) {
	text := explicitStages(3000)
	for name, data := range map[string][]byte{
		"plain":    text,
		"comments": bytes.ReplaceAll(text, []byte("    kind"), []byte("# at the margin\n\n    # inside\n    kind")),
		"text":     bytes.ReplaceAll(text, []byte("name: abc"), []byte("name: |\n        s00001: {kind: x}\n      ")),
		"quoted":   append([]byte("# head\nname: \"a\n  b\"\n"), bytes.TrimPrefix(text, []byte("shiftmill: v1\nname: layers\n"))...),
		"no-head":  text[bytes.Index(text, []byte("stages:")):],
		"crlf":     bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")),
	} {
		src := newSource("x.yaml")
		got := parsePieces(src, data)
		var doc yaml.Node
		if err := yaml.Unmarshal(data, &doc); err != nil {
			if got != nil {
				t.Errorf("%s: read in pieces, but %v", name, err)
			}
			continue
		}
		var rep reporter
		want := (&converter{src: src, rep: &rep}).convert(doc.Content[0], 0)
		if got == nil {
			t.Errorf("%s: not read in pieces", name)
			continue
		}
		if !samePlaces(got, want) {
			t.Errorf("%s: pieces differ from the whole", name)
		}
	}
}

// TestPiecesGiveUp names texts that must be read whole.
func TestPiecesGiveUp(t *testing.T) {
	text := string(explicitStages(3000))
	for name, data := range map[string]string{
		"small":        "stages:\n  a: {kind: x}\n",
		"tail":         text + "seed: 3\n",
		"twice":        text + "  s00007: {kind: test/source}\n",
		"open quote":   strings.Replace(text, "name: abc", "name: \"abc", 1),
		"open bracket": strings.Replace(text, "[1, 2]", "[1, 2", 1),
		"quoted lines": strings.Replace(text, "name: abc", "name: \""+strings.Repeat("\n  x: 1", 20000)+"\"", 1),
		"mistake":      strings.Replace(text, "name: abc", "name: &a b", 1),
		"document":     text + "---\na: 1\n",
		"list":         "stages:\n" + strings.Repeat("  - a\n", 50000),
		"tag":          strings.Replace(text, "name: abc", "name: ! abc", 1),
	} {
		if parsePieces(newSource("x.yaml"), []byte(data)) != nil {
			t.Errorf("%s: read in pieces", name)
		}
	}
}

func samePlaces(a, b *node) bool {
	if a.kind != b.kind || a.tag != b.tag || a.text != b.text || a.refs != b.refs || a.pos() != b.pos() || len(a.keys) != len(b.keys) || len(a.items) != len(b.items) {
		return false
	}
	for i := range a.keys {
		if a.keys[i].text != b.keys[i].text || a.keys[i].pos() != b.keys[i].pos() {
			return false
		}
	}
	for i := range a.items {
		if !samePlaces(a.items[i], b.items[i]) {
			return false
		}
	}
	return true
}
