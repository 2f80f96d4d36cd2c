package pipeline

import "gopkg.in/yaml.v3"

// A Value is a part of a spec that a kind interprets itself, references
// resolved and positions kept. The zero Value is absent.
type Value struct {
	node *yaml.Node
	file string
}
