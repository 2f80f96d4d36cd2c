package cli

import (
	"encoding/json"

	"github.com/spf13/cobra"

	"shiftmill/engine"
)

// The forms that verbs with --json print for programs: an object a line, names
// in snake_case, what is empty left out.

func (s *session) jsonFlag(c *cobra.Command, what string) {
	c.Flags().BoolVar(&s.jsonOut, "json", false, "print "+what+", for programs")
}

// printJSON prints values, one a line.
func printJSON[T any](s *session, values ...T) error {
	enc := json.NewEncoder(s.stdout)
	enc.SetEscapeHTML(false)
	for _, v := range values {
		if err := enc.Encode(v); err != nil {
			return err
		}
	}
	return nil
}

// A jsonInstance is an instance with the lines of its key.
type jsonInstance struct {
	engine.Instance
	Lines []jsonLine `json:"lines,omitempty"`
}

type jsonLine struct {
	Line  string `json:"line"`
	Value string `json:"value"`
}

func jsonInstances(list []engine.Instance) []jsonInstance {
	out := make([]jsonInstance, len(list))
	for i, n := range list {
		out[i] = jsonInstance{Instance: n, Lines: make([]jsonLine, len(n.Lines))}
		for j, l := range n.Lines {
			out[i].Lines[j] = jsonLine{l.Label, l.Value}
		}
	}
	return out
}

// A jsonDiff is how an instance differs; only says which side alone has it.
type jsonDiff struct {
	engine.StageDiff
	Only   string `json:"only_in,omitempty"`    // "first" or "second"
	First  string `json:"first_note,omitempty"` // why there is no result, or less is known
	Second string `json:"second_note,omitempty"`
}

func jsonDiffs(diffs []engine.StageDiff) []jsonDiff {
	out := make([]jsonDiff, len(diffs))
	for i, d := range diffs {
		out[i].StageDiff = d
		if d.Old == nil {
			out[i].Only = "second"
		} else {
			out[i].First = d.Old.Note
		}
		if d.New == nil {
			out[i].Only = "first"
		} else {
			out[i].Second = d.New.Note
		}
	}
	return out
}
