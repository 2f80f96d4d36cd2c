package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"shiftmill/engine"
	"shiftmill/pipeline"
	"shiftmill/runs"
	"shiftmill/stages"
)

func (s *session) checkCommand() *cobra.Command {
	var data bool
	c := &cobra.Command{
		Use:   "check [SPEC]",
		Short: "Check a spec without running anything",
		Long: `Check reports every mistake of a spec at once: words, types, ranges, references, cycles, columns. It
needs no data and says what it could not check without it. With --data it also reads the metadata:
it lists the sources, joins tables and makes the splits, opens no picture, and keeps nothing.`,
		Args: specArg,
		RunE: func(c *cobra.Command, args []string) error {
			x, err := s.load(args, !data)
			if err != nil {
				return err
			}
			e, err := engine.New(x.graph, x.kinds, nil, engine.Options{})
			if err == nil {
				err = e.Check()
			}
			if err != nil {
				return err
			}
			if data {
				if err := s.checkData(c.Context(), x); err != nil {
					return err
				}
			}
			s.printf("%s: %d stages, no mistakes found\n", x.file, e.Len())
			for _, line := range advice(x) {
				s.printf("%s\n", line)
			}
			for _, p := range x.graph.Unused {
				s.printf("%s: params.%s: note: nothing refers to it\n", p.Pos, p.Path)
			}
			for _, name := range x.graph.Open {
				s.printf("not checked: params.%s has no value here\n", name)
			}
			if open := e.Unchecked(); len(open) > 0 && !data {
				s.printf("not checked without the data: columns of %s\n", strings.Join(open, ", "))
			}
			return nil
		},
	}
	s.specFlags(c)
	c.Flags().BoolVar(&data, "data", false, "also read the metadata: list sources, make splits, count rows")
	return c
}

// advice is what kinds tell of parameters that are no mistakes, each once, at its place.
func advice(x *experiment) (lines []string) {
	for _, n := range x.graph.Nodes {
		k, ok := x.kinds.Lookup(n.Kind)
		if !ok {
			continue
		}
		for _, p := range k.Advice(n.Config) {
			pos := n.Pos
			for _, f := range n.Fields {
				if f.Path == p.Field {
					pos = f.Pos
				}
			}
			line := fmt.Sprintf("%s: %s.with.%s: note: %s", pos, n.Path, p.Field, p.Msg)
			if !slices.Contains(lines, line) {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

// checkData runs what needs metadata alone, sources and indexes, in a store
// that is thrown away.
func (s *session) checkData(ctx context.Context, x *experiment) (err error) {
	part := metadataPart(x)
	if len(part.Nodes) == 0 {
		return nil
	}
	dir, err := os.MkdirTemp("", "shiftmill-check-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	store, err := runs.Open(dir, runs.Options{Front: engine.Front})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	show := s.newDisplay(x)
	e, err := engine.New(part, x.kinds, store, s.options(x, show.event))
	if err != nil {
		return err
	}
	err = e.Run(ctx)
	show.stop()
	if err != nil {
		return err
	}
	for _, n := range e.Instances() {
		var outs []string
		for _, o := range n.Outputs {
			name := o.Name
			if name != "" {
				name += " "
			}
			outs = append(outs, fmt.Sprintf("%s%d", name, o.Rows))
		}
		s.printf("%s: rows: %s\n", n.Name, strings.Join(outs, ", "))
	}
	return nil
}

// metadataPart are the sources and the indexes over them and each other.
func metadataPart(x *experiment) *pipeline.Graph {
	cheap := map[*pipeline.Node]bool{}
	var nodes []*pipeline.Node
	for _, n := range x.graph.Nodes {
		k, ok := x.kinds.Lookup(n.Kind)
		is := ok && (k.Shape == stages.Source || k.Shape == stages.Index)
		for _, in := range n.In {
			for _, r := range in.Refs {
				is = is && r.Node != nil && cheap[r.Node]
			}
		}
		if cheap[n] = is; is {
			nodes = append(nodes, n)
		}
	}
	return engine.Part(x.graph, nodes)
}
