package pipeline

import (
	"strings"
	"testing"
)

// Quoted text is read as itself, in flow and in block, never as null, a range, a
// reference or a map.
func TestQuoted(t *testing.T) {
	texts := []string{"", "a", "01", "2017", "1.5", "null", "NULL", "~", "true", "a..b", "..", "<5", ">=3", "=x", "$params.x", "${a}", "$$", "$", "$5", "$x${a}", "x$${a}", "x${a}${b}", "see $params.x", "see $$params.x", "$a $params.x", "$params.x $matrix.y", "$${a} $params.x", "a$params.x${b}", "$params.x.", "$params", "C: x", "a #b", "#a", "- a", "[a", "{a}", "a, b",
		"a\nb", "\ttab", " a", "a ", `"q"`, "it's", "Île", "\u2028", "%x", "@x", "`x`", "&a", "*a", "!a", "|", ">", "?", "a:", ":a", "a?b", "\\", "\x00", "\ufeff", "a/b.c-d_e"}
	for _, text := range texts {
		for _, form := range []string{"{k: %s}", "k: %s\n", "[%s, x]"} {
			v, err := ParseValue("v.yaml", strings.Replace(form, "%s", Quoted(text), 1))
			if err != nil {
				t.Errorf("%q as %s: %v", text, Quoted(text), err)
				continue
			}
			var got Value
			if v.Kind() == List {
				got = v.List()[0]
			} else {
				got = v.Map()[0].Value
			}
			pieces, _, msg := parseText(got.Text())
			if got.Kind() != Scalar || msg != "" || len(pieces) != 1 || pieces[0].root != "" || pieces[0].text != text || got.IsRange() {
				t.Errorf("%q as %s in %s: %s %q, range %t, %s", text, Quoted(text), form, got.Kind(), got.Text(), got.IsRange(), msg)
			}
		}
	}
}
