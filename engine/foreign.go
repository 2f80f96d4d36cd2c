package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"shiftmill/pipeline"
)

// A foreignSpec is another spec whose results this graph reads. Its nodes
// become nodes of this graph that never run: the store must have the results
// that the other spec's lock file names.
type foreignSpec struct {
	text  string // the file as it was named
	graph *pipeline.Graph
	lock  *pipeline.Lock // nil where nothing but the language is checked
	nodes *nodeMap
}

// A locked is what a lock file says of a foreign node.
type locked struct {
	spec string // the file, for messages
	key  string
}

// A missingFile says which file of another spec is not there.
type missingFile string

func (m missingFile) Error() string { return string(m) }

// nestedSpecs bounds chains of specs that read each other; it ends cycles.
const nestedSpecs = 8

// foreignRefs finds what other.yaml#stage.output means, and adds its nodes.
func (b *graphBuilder) foreignRefs(r pipeline.Ref, many bool, path string) ([]inputRef, error) {
	fail := func(format string, args ...any) ([]inputRef, error) {
		return nil, pipeline.Errors{{Pos: r.Pos, Path: path, Msg: fmt.Sprintf(format, args...)}}
	}
	f := r.Foreign
	if spec, isLock := strings.CutSuffix(f.Text, ".lock.yaml"); isLock {
		return fail("a result is named by its spec, not by the lock file: %s.yaml#%s", spec, f.Stage)
	}
	spec, err := b.foreign(f)
	var missing missingFile
	if errors.As(err, &missing) {
		return fail("%s", missing)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", r.Pos, path, err)
	}
	var found []*pipeline.Node
	var stageNames, instances []string // all stages, and the instances of the one that is meant
	for _, n := range spec.graph.Nodes {
		if !slices.Contains(stageNames, n.Stage) {
			stageNames = append(stageNames, n.Stage)
		}
		if n.Stage != f.Stage {
			continue
		}
		instances = append(instances, n.Name)
		if containsAll(n.Coords, f.Coords) {
			found = append(found, n)
		}
	}
	switch {
	case len(found) > 0:
	case len(instances) > 0:
		return fail("%s#%s has no instance with these coordinates; it has %s", f.Text, f.Stage, firstNames(instances))
	default:
		return fail("%s has no stage %q%s", f.Text, f.Stage, meant(f.Stage, stageNames))
	}
	if err := b.add(Part(spec.graph, found), spec); err != nil {
		return nil, err
	}
	var refs []inputRef
	for _, s := range found {
		outputs, group := outputsNamed(s.Outputs, f.Output)
		switch {
		case len(outputs) > 0:
		case slices.Equal(s.Outputs.Names, []string{""}):
			return fail("%s#%s has one output, without a name: write %s#%s", f.Text, f.Stage, f.Text, f.Stage)
		case f.Output == "":
			return fail("%s#%s has several outputs: write one of them, such as %s#%s.%s", f.Text, f.Stage, f.Text, f.Stage, s.Outputs.Names[0])
		default:
			return fail("%s#%s has no output %q%s", f.Text, f.Stage, f.Output, meant(f.Output, s.Outputs.Names))
		}
		for _, o := range outputs {
			coords := s.Coords
			if group {
				coords = append(slices.Clone(coords), pipeline.Coord{Axis: "output", Value: o})
				slices.SortFunc(coords, func(a, b pipeline.Coord) int { return compareText(a.Axis, b.Axis) })
			}
			refs = append(refs, inputRef{spec.nodes.get(s).node, &pipeline.Ref{Output: o, Coords: coords, Pos: r.Pos}})
		}
	}
	if len(refs) > 1 && !many {
		return fail("this names %d results and one is wanted here: name one, such as %s%s", len(refs), namedRef(refs[0]), byAxes(f, found))
	}
	return refs, nil
}

// byAxes ends a message about too many instances of a foreign stage: with how a matrix
// of one's own reads each of them.
func byAxes(f *pipeline.Foreign, found []*pipeline.Node) string {
	if len(found) < 2 {
		return ""
	}
	var parts []string
	for _, c := range found[0].Coords {
		part := fmt.Sprintf("%s=${matrix.%s}", c.Axis, c.Axis)
		if slices.Contains(f.Coords, c) {
			part = c.Axis + "=" + c.Value
		}
		parts = append(parts, part)
	}
	return fmt.Sprintf(", or each by a matrix here: \"%s\"", strings.TrimSuffix(fmt.Sprintf("%s#%s[%s].%s", f.Text, f.Stage, strings.Join(parts, ","), f.Output), "."))
}

// meant ends a message about an unknown name: with the nearest one, else with those that there are.
func meant(name string, known []string) string {
	if near := pipeline.Nearest(name, known); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return "; it has " + firstNames(known)
}

// firstNames lists names, the first of them where they are many.
func firstNames(names []string) string {
	const most = 8
	if len(names) > most+1 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

func namedRef(r inputRef) string {
	if r.Output == "" {
		return r.node.spec.Name
	}
	return r.node.spec.Name + "." + r.Output
}

func compareText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func containsAll(have, want []pipeline.Coord) bool {
	for _, c := range want {
		if !slices.Contains(have, c) {
			return false
		}
	}
	return true
}

// outputsNamed is one output, or those of a group; without a name it is the
// unnamed output, else the only one.
func outputsNamed(o pipeline.Outputs, name string) (names []string, group bool) {
	if members, ok := o.Groups[name]; ok && name != "" {
		return members, true
	}
	if slices.Contains(o.Names, name) {
		return []string{name}, false
	}
	if name == "" && len(o.Names) == 1 {
		return o.Names, false
	}
	return nil, false
}

// foreign reads another spec and its lock file, once.
func (b *graphBuilder) foreign(f *pipeline.Foreign) (*foreignSpec, error) {
	if s, ok := b.specs[f.File]; ok {
		return s, nil
	}
	if b.depth >= nestedSpecs {
		return nil, fmt.Errorf("more than %d specs read each other's results", nestedSpecs)
	}
	local, err := pipeline.FindLocal(filepath.Dir(f.File))
	if err != nil {
		return nil, err
	}
	g, err := pipeline.Load(f.File, pipeline.Options{Vocabulary: b.registry, Local: local, Partial: b.e.store == nil})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, missingFile(fmt.Sprintf("there is no spec %s", f.Text) + pipeline.NearSpec(f.Text, f.File))
	}
	if err != nil {
		return nil, err
	}
	s := &foreignSpec{text: f.Text, graph: g, nodes: newNodeMap(g.Nodes)}
	if b.e.store != nil {
		s.lock, err = ReadLock(pipeline.LockFile(f.File))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, missingFile(fmt.Sprintf("%s has no lock file %s yet; run it first", f.Text, filepath.Base(pipeline.LockFile(f.File))))
		}
		if err != nil {
			return nil, err
		}
	}
	b.specs[f.File] = s
	return s, nil
}

// lockOf is what the lock file of a foreign spec says of a node, or nil.
func (s *foreignSpec) lockOf(n *pipeline.Node) *locked {
	l := &locked{spec: s.text}
	if s.lock != nil {
		if stage := s.lock.Stage(n.Name); stage != nil {
			l.key = stage.Key
		}
	}
	return l
}

// asLocked makes sure that a foreign node that was looked up is what the lock file of
// its spec says, and there: it never runs here.
func (n *node) asLocked() error {
	switch {
	case n.locked == nil || n.state == Pending:
		return nil
	case n.key.Digest.String() != n.locked.key:
		return fmt.Errorf("%s or its data have changed since its lock file was written; run it again", n.locked.spec)
	case n.state != Hit:
		return fmt.Errorf("this store has not the result that the lock file of %s names (%s); run that spec on this store", n.locked.spec, n.reason)
	}
	return nil
}
