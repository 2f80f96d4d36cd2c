package export

import (
	"strings"
	"testing"
)

// Names are the ids where file systems take them, and different ones.
func TestFileName(t *testing.T) {
	long := strings.Repeat("größer/", 40)
	seen := map[string]string{}
	for id, want := range map[string]string{
		"a/b.jpg": "a%2Fb.jpg", "a/b.jpeg": "a%2Fb.jpeg", "a/b.JPG": "a%2Fb.JPG", "a/c": "a%2Fc.jpg", ".x": "%2Ex.jpg",
		long + "1.jpg": "", long + "2.jpg": "",
	} {
		r := sample{id: id}
		got := r.fileName(".jpg")
		if want != "" && got != want || len(got) > longestName || !strings.HasSuffix(strings.ToLower(got), "g") || seen[got] != "" {
			t.Errorf("%q is named %q, want %q; %q has that name too", id, got, want, seen[got])
		}
		seen[got] = id
	}
}
