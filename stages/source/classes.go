package source

import (
	"fmt"
	"strconv"
	"strings"
	"sync"

	"shiftmill/stages/model"
)

// A classList knows the classes of a well-known dataset under their several names.
type classList struct {
	id   map[string]string // by synset, index and name; ambiguous names are left out
	name map[string]string // by id
	twin map[string]bool   // names of two classes
}

// imagenet1k reads the table once.
var imagenet1k = sync.OnceValue(func() *classList {
	l := &classList{id: map[string]string{}, name: map[string]string{}, twin: map[string]bool{}}
	for _, line := range strings.Split(strings.TrimSpace(model.ImageNetTable()), "\n") {
		f := strings.Split(line, "\t")
		if _, ok := l.id[f[2]]; ok {
			l.twin[f[2]] = true
		}
		l.id[f[0]], l.id[f[1]], l.id[f[2]] = f[1], f[1], f[1]
		l.name[f[1]] = f[2]
	}
	for n := range l.twin {
		delete(l.id, n)
	}
	return l
})

// of is the class's id, its synset, and its name. A label is the id, the index from 0, or the name,
// with blanks for underscores and in any case.
func (l *classList) of(label string) (id, name, why string) {
	text := strings.TrimSpace(label)
	for _, t := range []string{text, strings.ReplaceAll(text, " ", "_"), strings.ToLower(strings.ReplaceAll(text, " ", "_"))} {
		if id, ok := l.id[t]; ok {
			return id, l.name[id], ""
		}
		if l.twin[t] {
			return "", "", fmt.Sprintf("two classes of imagenet-1k are named %q: use the synset or the index", label)
		}
	}
	if n, err := strconv.Atoi(text); err == nil {
		return "", "", fmt.Sprintf("%d is no index of imagenet-1k, which are 0 to 999", n)
	}
	return "", "", fmt.Sprintf("%q is no class of imagenet-1k: expected a synset such as n01440764, an index from 0, or a name", label)
}
