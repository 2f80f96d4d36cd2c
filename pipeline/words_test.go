package pipeline

import (
	"fmt"
	"strings"
	"testing"
)

// longList writes so many words as a list.
func longList(n int, between string) string {
	words := make([]string, n)
	for i := range words {
		words[i] = [...]string{"%d", "-%d", "s%d", "%d.5", "0%d", "null", "true", "a-%d"}[i%8]
		if strings.Contains(words[i], "%") {
			words[i] = fmt.Sprintf(words[i], i)
		}
	}
	return "[" + strings.Join(words, between) + "]"
}

// TestWords reads texts with long lists of words with and without yaml.v3 seeing them: the
// same values in the same places.
func TestWords(t *testing.T) {
	list := longList(120, ", ")
	for name, text := range map[string]string{
		"one":     "a: " + list + "\n",
		"bare":    list,
		"tight":   "a: " + longList(200, ",") + " # and more\n",
		"lines":   "é: {\"ö\": [1, 2], b: " + longList(150, ",\n   ") + ", c: x}\nd: " + list + "\n",
		"nested":  "- [" + list + ", [1], " + list + "]\n- x\n",
		"framed":  "a: [\n " + list[1:len(list)-1] + "\n ]\n",
		"ranges":  "a: [1.., 2]\nb: " + list + "\nc: a!\n",
		"comment": "a: " + list + "\n# é [x\n",
	} {
		src := newSource("x.yaml")
		got, want := parseWords(src, []byte(text)), parsePiece(src, []byte(text), 0, nil)
		switch {
		case want == nil:
			t.Errorf("%s: not read at all", name)
		case got == nil:
			t.Errorf("%s: the list was not cut", name)
		case !samePlaces(got, want):
			t.Errorf("%s: cut lists differ", name)
		}
	}
}

// TestWordsGiveUp names texts that must be read as they are.
func TestWordsGiveUp(t *testing.T) {
	list := longList(120, ", ")
	for name, text := range map[string]string{
		"short":     "a: " + longList(99, ", ") + "\n",
		"comment":   "a: " + list + "\n#" + list + "\n",
		"quoted":    "a: \"" + list + "\"\n",
		"block":     "a: |\n  " + list + "\n",
		"plain":     "a: x " + list + "\n",
		"key":       "a: {" + list + ": x}\n",
		"open":      "a: " + list[:len(list)-1] + "\n",
		"empty":     "a: " + longList(120, ",, ") + "\n",
		"trailing":  "a: " + list[:len(list)-1] + ",]\n",
		"blanks":    "a: " + longList(120, " x, ") + "\n",
		"quotes":    "a: " + longList(120, ", 'x', ") + "\n",
		"reference": "a: " + longList(120, ", $params.x, ") + "\n",
		"margin":    "a: " + longList(120, ",\n") + "\n",
		"comments":  "a: " + longList(120, ", # x\n ") + "\n",
		"tabs":      "a: " + longList(120, ",\t") + "\n",
		"anchor":    "a: &x " + list + "\n",
		"mistake":   "a: " + list + "\nb: *x\n",
		"broken":    "a: " + list + "\nb: }\n",
		"second":    "a: " + list + "\n---\na: 1\n",
		"deep":      strings.Repeat("[", deepest) + list + strings.Repeat("]", deepest),
	} {
		if parseWords(newSource("x.yaml"), []byte(text)) != nil {
			t.Errorf("%s: the list was cut", name)
		}
	}
}

// FuzzWords: whatever stands around a long list, it is read as yaml.v3 reads it.
func FuzzWords(f *testing.F) {
	for _, s := range [][2]string{{"a: ", "\n"}, {"# ", "\na: 1"}, {"a: {b: ", ", c: 2}"}, {"a: '", "'"}, {"- |\n  ", "\n"}, {"[", ", é]"}, {"? ", "\n: x"}} {
		f.Add(s[0], s[1])
	}
	list := longList(fewestWords, ", ")
	f.Fuzz(func(t *testing.T, before, after string) {
		text := []byte(before + list + after)
		if _, _, ok := badBytes(text); !ok {
			return
		}
		src := newSource("x.yaml")
		if got := parseWords(src, text); got != nil {
			if want := parsePiece(src, text, 0, nil); want == nil || !samePlaces(got, want) {
				t.Errorf("cut lists differ in %q", text)
			}
		}
	})
}
