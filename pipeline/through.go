package pipeline

import (
	"path"
	"strings"
)

// Prepared is implemented by kinds whose rows pass through another kind before
// they come to the first port: through a stage of its own, made for each
// instance and named STAGE:LAST, where LAST is the last part of that kind's
// name. The other kind has one port, one nameless output, and its defaults as
// parameters; it shares the instance's seed. "" stands for none.
type Prepared interface{ Through() string }

// through makes the stage that the rows of an instance pass through first, and
// puts it before the instance's first port; nil when there is none.
func (c *checker) through(s *stage, n *Node) *Node {
	p, ok := s.kind.(Prepared)
	if !ok || p.Through() == "" || len(n.In) == 0 {
		return nil
	}
	kind, ok := c.vocabulary.Kind(p.Through())
	if !ok || n.In[0].Port != s.ports[0].Name {
		return nil // an input is missing, which is reported elsewhere
	}
	mark := ":" + path.Base(p.Through())
	made := &Node{
		Setup: &Setup{
			Role:   &Role{Stage: s.name + mark, Kind: p.Through(), Pos: n.Pos, Path: n.Path, Seed: n.Seed, SeedPos: n.SeedPos},
			Config: kind.NewConfig(),
		},
		Name: s.name + mark + strings.TrimPrefix(n.Name, s.name), Coords: n.Coords, In: []Input{n.In[0]},
	}
	made.Outputs = kind.Outputs(made.Config, nil)
	made.In[0].Port = kind.Ports()[0].Name
	n.In[0].Refs = []Ref{{Node: made, Coords: n.In[0].Refs[0].Coords, Pos: n.In[0].Pos}}
	n.In[0].List = false
	return made
}
