package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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
			found, err := s.check(c.Context(), args, data)
			if s.jsonOut {
				return errors.Join(err, printJSON(s, append(mistakes(err), found...)...))
			}
			for _, f := range found {
				s.printf("%s\n", f)
			}
			return err
		},
	}
	s.specFlags(c)
	s.jsonFlag(c, "an object for each mistake, note, and part that was not checked")
	c.Flags().BoolVar(&data, "data", false, "also read the metadata: list sources, make splits, count rows")
	return c
}

// A finding is what check has to say about a spec.
type finding struct {
	Level   level        `json:"level"`
	At      pipeline.Pos `json:"at,omitzero"`
	Path    string       `json:"path,omitempty"` // of the field, such as stages.net.with.size; an instance's name
	Message string       `json:"message"`
}

// A level says what a finding is.
type level string

const (
	mistake   level = "error"
	note      level = "note"      // no mistake, and yet it may surprise
	counted   level = "rows"      // what the metadata holds
	unchecked level = "unchecked" // what there was nothing known of
)

func (f finding) String() string {
	switch f.Level {
	case counted:
		return f.Path + ": rows: " + f.Message
	case unchecked:
		return "not checked: " + strings.TrimPrefix(f.Path+" "+f.Message, " ")
	}
	return fmt.Sprintf("%s: %s: %s: %s", f.At, f.Path, f.Level, f.Message)
}

// mistakes are the findings of a check that failed; none where it failed for
// another reason than what the spec says.
func mistakes(err error) (found []finding) {
	var all pipeline.Errors
	var one *pipeline.Error
	if !errors.As(err, &all) && errors.As(err, &one) {
		all = pipeline.Errors{one}
	}
	for _, e := range all {
		found = append(found, finding{mistake, e.Pos, e.Path, e.Msg})
	}
	return found
}

// check looks for mistakes and returns what else is to be said of a spec without any.
func (s *session) check(ctx context.Context, args []string, data bool) ([]finding, error) {
	x, err := s.load(args, !data)
	if err != nil {
		return nil, err
	}
	e, err := engine.New(x.graph, x.kinds, nil, engine.Options{})
	if err == nil {
		err = e.Check()
	}
	var found []finding
	if err == nil && data {
		found, err = s.checkData(ctx, x)
	}
	if err != nil {
		return nil, err
	}
	if !s.jsonOut {
		s.printf("%s: %s, no mistakes found\n", x.file, amount(e.Len(), "stage"))
	}
	found = append(found, advice(x)...)
	for _, p := range x.graph.Unused {
		found = append(found, finding{note, p.Pos, "params." + p.Path, "nothing refers to it"})
	}
	found = append(found, unlocked(x)...)
	for _, name := range x.graph.Open {
		found = append(found, finding{Level: unchecked, Path: "params." + name, Message: "has no value here"})
	}
	if open := e.Unchecked(); len(open) > 0 && !data {
		found = append(found, finding{Level: unchecked, Message: "columns of " + strings.Join(open, ", ") + ", without the data"})
	}
	return found, nil
}

// unlocked are the references to other specs that have no lock file yet, the first
// to each: nothing that reads them can run.
func unlocked(x *experiment) (found []finding) {
	seen := map[string]bool{}
	for _, n := range x.graph.Nodes {
		for _, in := range n.In {
			for _, r := range in.Refs {
				if r.Foreign == nil || seen[r.Foreign.File] {
					continue
				}
				seen[r.Foreign.File] = true
				if lock := pipeline.LockFile(r.Foreign.File); !onDisk(lock) {
					found = append(found, finding{note, r.Pos, n.Path + ".from." + in.Port,
						fmt.Sprintf("%s has no lock file %s yet; run it first", r.Foreign.Text, filepath.Base(lock))})
				}
			}
		}
	}
	return found
}

// advice is what kinds tell of parameters that are no mistakes, each once, at its place.
func advice(x *experiment) (found []finding) {
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
			f := finding{note, pos, n.Path + ".with." + p.Field, p.Msg}
			if !slices.Contains(found, f) {
				found = append(found, f)
			}
		}
		if f := keeping(n, k); f.Message != "" && !slices.Contains(found, f) {
			found = append(found, f)
		}
	}
	return found
}

// keeping is what is to be said of cache and encode where they change nothing.
func keeping(n *pipeline.Node, k *stages.Kind) finding {
	f := finding{Level: note, At: n.Pos}
	switch streams := k.Shape == stages.RowWise && (k.Streams() || n.Cache == "stream"); {
	case n.Cache == "stream" && !streams:
		f.Path, f.Message = n.Path+".cache", fmt.Sprintf("changes nothing: what %s makes is always stored, since it is not row-wise", n.Kind)
	case n.Encode != "" && streams && n.Cache != "store":
		f.Path, f.Message = n.Path+".encode", "changes nothing: pictures that are computed when read are not stored; cache: store keeps them"
	}
	return f
}

// checkData runs what needs metadata alone, sources and indexes, in a store
// that is thrown away, and returns how many rows there are.
func (s *session) checkData(ctx context.Context, x *experiment) (found []finding, err error) {
	part := metadataPart(x)
	if len(part.Nodes) == 0 {
		return nil, nil
	}
	dir, err := tempFolder()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	store, err := runs.Open(dir, runs.Options{Front: engine.Front})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	show := (&session{stdout: s.stdout, stderr: s.stderr}).newDisplay(x) // for people, with --json too
	e, err := engine.New(part, x.kinds, store, s.options(x, show.event))
	if err != nil {
		return nil, err
	}
	err = e.Run(ctx)
	show.stop()
	if err != nil {
		return nil, err
	}
	list := e.Instances()
	if !s.jsonOut {
		list = foldRows(list)
	}
	for _, n := range list {
		var outs []string
		for _, o := range n.Outputs {
			outs = append(outs, strings.TrimPrefix(fmt.Sprintf("%s %d", o.Name, o.Rows), " "))
		}
		found = append(found, finding{Level: counted, Path: n.Name, Message: strings.Join(outs, ", ")})
	}
	return found, nil
}

// foldRows adds up the rows of instances of a stage that have the same outputs, where
// they are many.
func foldRows(list []engine.Instance) (out []engine.Instance) {
	key := func(n engine.Instance) string {
		k := stageOf(n.Name)
		for _, o := range n.Outputs {
			k += "\x00" + o.Name
		}
		return k
	}
	of := map[string][]engine.Instance{}
	for _, n := range list {
		of[key(n)] = append(of[key(n)], n)
	}
	for _, n := range list {
		group := of[key(n)]
		switch {
		case len(group) < leastFold:
			out = append(out, n)
		case group[0].Name == n.Name:
			n.Name, n.Outputs = folded(stageOf(n.Name), len(group)), slices.Clone(n.Outputs)
			for _, other := range group[1:] {
				for i, o := range other.Outputs {
					n.Outputs[i].Rows += o.Rows
				}
			}
			out = append(out, n)
		}
	}
	return out
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
