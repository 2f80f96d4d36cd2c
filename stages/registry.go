package stages

import (
	"fmt"
	"sort"

	"shiftmill/pipeline"
)

// A Registry holds kinds by name. It is a pipeline.Vocabulary.
type Registry struct{ kinds map[string]*Kind }

// NewRegistry returns a registry of the given kinds; a duplicate name panics.
func NewRegistry(kinds ...*Kind) *Registry {
	r := &Registry{kinds: make(map[string]*Kind, len(kinds))}
	for _, k := range kinds {
		if _, ok := r.kinds[k.Name]; ok {
			panic(fmt.Sprintf("stages: kind %q registered twice", k.Name))
		}
		r.kinds[k.Name] = k
	}
	return r
}

// Lookup returns the kind of that name.
func (r *Registry) Lookup(name string) (*Kind, bool) {
	k, ok := r.kinds[name]
	return k, ok
}

// Kind returns the kind of that name as the language sees it.
func (r *Registry) Kind(name string) (pipeline.Kind, bool) {
	k, ok := r.kinds[name]
	if !ok {
		return nil, false
	}
	return k, true
}

// Names lists all kinds, sorted.
func (r *Registry) Names() []string {
	names := make([]string, 0, len(r.kinds))
	for n := range r.kinds {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}
