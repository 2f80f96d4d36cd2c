package cli

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"shiftmill/engine"
	"shiftmill/pipeline"
	robustness "shiftmill/stages/report"
)

// longestLock is up to how many bytes a page shows the lock file: that of a
// graph of thousands of instances is of use to programs alone.
const longestLock = 512 << 10

// annotate returns what tells a report's page of the run that it is of: the
// spec, the graph, versions and contents. These are no part of the report
// itself, which a changed comment must not make anew; nor are the copies that
// hold them part of the store.
func (s *session) annotate(x *experiment, e *engine.Engine) func(name string) engine.Finish {
	finish := func(data []byte) ([]byte, error) {
		if !robustness.Annotated(data) {
			return data, nil
		}
		lock, err := e.Lock()
		if err != nil {
			return nil, err
		}
		r := robustness.Run{Spec: x.graph.Name, Text: string(x.text), Graph: e.StagesSVG(), Trial: s.try, Part: x.part}
		for _, p := range x.graph.Params {
			if !x.locates(p.Value) {
				r.Params = append(r.Params, p.Path+": "+p.Value)
			}
		}
		count := map[string]int{}
		for _, n := range x.graph.Nodes {
			if count[n.Stage]++; count[n.Stage] > 1 {
				continue
			}
			k, ok := x.kinds.Lookup(n.Kind)
			if !ok {
				return nil, fmt.Errorf("no kind %s", n.Kind)
			}
			r.Stages = append(r.Stages, robustness.RunStage{Name: n.Stage, Kind: n.Kind, Version: k.Version, Uses: strings.Join(k.Uses, ", ")})
		}
		for i := range r.Stages {
			r.Stages[i].Instances = count[r.Stages[i].Name]
		}
		if text := lock.Encode(); len(text) <= longestLock {
			r.Lock = string(text)
		} else {
			r.Lock = fmt.Sprintf("# %d instances, too many for a page: see the lock file\n", len(lock.Stages))
		}
		return robustness.Annotate(data, r)
	}
	return func(name string) engine.Finish {
		if filepath.Ext(name) == ".html" {
			return finish
		}
		return nil
	}
}

// locates says whether a parameter may be a path of this machine, which nobody
// else should see: it has a separator, or is a part of some stage's location.
func (x *experiment) locates(value string) bool {
	text, err := strconv.Unquote(value)
	if err != nil {
		return false // a number or a list
	}
	if strings.ContainsAny(text, `/\`) {
		return true
	}
	return slices.ContainsFunc(x.graph.Nodes, func(n *pipeline.Node) bool {
		return slices.ContainsFunc(n.Fields, func(f pipeline.Field) bool {
			return f.Location != "" && text != "" && strings.Contains(f.Value, text)
		})
	})
}
