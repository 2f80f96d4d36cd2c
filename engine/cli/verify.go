package cli

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sort"
	"time"

	"github.com/spf13/cobra"

	"shiftmill/engine"
	"shiftmill/pipeline"
	"shiftmill/runs"
)

// An errOtherBits is a result that came out differently when it was computed
// again.
type errOtherBits struct{ error }

func (s *session) verifyCommand() *cobra.Command {
	var o verifyOptions
	c := &cobra.Command{
		Use:   "verify [SPEC]",
		Short: "Read every byte of the store again, recompute results and compare their bits",
		Long: `Verify reads every byte of the store and compares it with its digest. Then it computes the spec
again, in a fresh store that is deleted afterwards, and compares the contents: all stages, those that
--only names, or --sample of them drawn at random, whose inputs are taken from the store.

With --manifest it compares a manifest with its own header and with the files below --root instead.`,
		Args: specArg,
		RunE: func(c *cobra.Command, args []string) error {
			if o.manifest != "" {
				return s.verifyManifest(c.Context(), o.manifest, o.root)
			}
			if o.repair {
				return s.repair(c.Context(), args)
			}
			x, e, err := s.planned(c.Context(), args)
			if err != nil {
				return err
			}
			defer x.close()
			asked := x.graph.Nodes
			if o.only != "" {
				if asked, err = x.graph.Select(o.only, o.only); err != nil {
					return err
				}
			}
			if err := s.verifyStore(c.Context(), x.store); err != nil || o.storeOnly {
				return err
			}
			return s.recompute(c.Context(), x, e, asked, o)
		},
	}
	s.specFlags(c)
	s.runFlags(c)
	c.Flags().BoolVar(&o.repair, "repair", false, "compute again, into the store, what is damaged of this spec's results")
	c.Flags().StringVar(&o.manifest, "manifest", "", "compare this manifest, and nothing else")
	c.Flags().StringVar(&o.root, "root", "", "folder that the manifest's paths start from")
	c.Flags().BoolVar(&o.storeOnly, "store-only", false, "read the store, recompute nothing")
	c.Flags().Var((*stageValue)(&o.only), "only", "recompute only this stage, or stage[axis=value,...]")
	c.Flags().UintVar(&o.sample, "sample", 0, "recompute this many instances, drawn at random; 0 for all")
	c.Flags().Int64Var(&o.seed, "sample-seed", 0, "draw the sample of an earlier verify again")
	return c
}

type verifyOptions struct {
	manifest  string
	root      string
	storeOnly bool
	repair    bool
	only      string
	sample    uint
	seed      int64
}

// verifyStore reads all files of a store. Damage that nobody can meet any more,
// since a sound copy stands elsewhere, is counted only.
func (s *session) verifyStore(ctx context.Context, store *runs.Store) error {
	damage, err := store.Verify(ctx, nil)
	if err != nil {
		return err
	}
	lost, replaced := 0, 0
	for _, d := range damage {
		if !d.Object.IsZero() {
			if _, err := store.Get(d.Object); err == nil {
				replaced++
				continue
			}
		}
		lost++
		s.printf("%s is damaged: %s\n", shortPath(d.Path), d.What)
	}
	if lost > 0 {
		return fmt.Errorf("%d parts of the store are damaged; shiftmill verify --repair computes again what a spec needs of them", lost)
	}
	st, err := store.Stats()
	if err != nil {
		return err
	}
	s.printf("the store is sound: %s, %s\n", amount(st.Objects, "object"), size(st.Bytes))
	if replaced > 0 {
		s.printf("%d damaged objects have sound copies\n", replaced)
	}
	return nil
}

// repair runs a spec knowing which objects are damaged, so that their makers
// run again although nobody has read them yet.
func (s *session) repair(ctx context.Context, args []string) (err error) {
	x, err := s.open(args, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.store.Close()) }()
	damage, err := x.store.Verify(ctx, nil)
	if err != nil {
		return err
	}
	for _, d := range damage {
		if !d.Object.IsZero() {
			_, _ = x.store.Get(d.Object) // a failure makes the store know of it, which is all that is wanted
		}
	}
	_, release, err := s.useDevice(x.local)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	show := s.newDisplay(x)
	e, err := engine.New(x.graph, x.kinds, x.store, s.options(x, show.event))
	if err != nil {
		return err
	}
	err = e.Run(ctx)
	show.stop()
	if err := errors.Join(err, e.Close(context.WithoutCancel(ctx))); err != nil {
		return err
	}
	return s.verifyStore(ctx, x.store)
}

// recompute runs stages again in a fresh store and compares.
func (s *session) recompute(ctx context.Context, x *experiment, e *engine.Engine, asked []*pipeline.Node, o verifyOptions) (err error) {
	_, release, err := s.useDevice(x.local)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	again := s.toVerify(x, e, asked, o)
	if len(again) == 0 {
		return nil
	}
	var fresh []*pipeline.Node
	for _, n := range x.graph.Nodes {
		if again[n.Name] {
			fresh = append(fresh, n)
		}
	}
	part := engine.Part(x.graph, fresh)
	inPart, given := map[string]bool{}, []string{}
	for _, n := range x.graph.Nodes {
		inPart[n.Name] = false
	}
	for _, n := range part.Nodes {
		inPart[n.Name] = true
	}
	for _, name := range e.Names() { // results of other specs are taken as they are
		if in, own := inPart[name]; !again[name] && (in || !own) {
			given = append(given, name)
		}
	}
	store, remove, err := s.freshStore(x.store)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	if err := e.CopyResults(ctx, store, given); err != nil {
		return err
	}
	show := s.newDisplay(x)
	second, err := engine.New(part, x.kinds, store, s.options(x, show.event))
	if err != nil {
		return err
	}
	err = second.Run(ctx)
	show.stop()
	if err != nil {
		return err
	}
	return s.compareAgain(e, second, again)
}

// toVerify chooses the instances to compute again: those asked for whose
// results exist.
func (s *session) toVerify(x *experiment, e *engine.Engine, asked []*pipeline.Node, o verifyOptions) map[string]bool {
	state := map[string]engine.State{}
	for _, n := range e.Instances() {
		state[n.Name] = n.State
	}
	var names []string
	missing := 0
	for _, n := range asked {
		if k, ok := x.kinds.Lookup(n.Kind); ok && k.External {
			s.printf("%s runs a program of yours, whose bits nobody promises: its result stands as it is\n", n.Name)
			continue
		}
		if state[n.Name] == engine.Hit {
			names = append(names, n.Name)
		} else {
			missing++
		}
	}
	if missing > 0 {
		s.printf("%d of %s without a result yet; nothing to compare there\n", missing, amount(len(asked), "stage"))
	}
	if n := int(o.sample); n > 0 && n < len(names) {
		if o.seed == 0 {
			o.seed = time.Now().UnixNano() % 1_000_000
		}
		rank := map[string]string{}
		for _, n := range names {
			d := sha256.Sum256(fmt.Appendf(nil, "%d %s", o.seed, n))
			rank[n] = string(d[:])
		}
		sort.Slice(names, func(i, j int) bool { return rank[names[i]] < rank[names[j]] })
		names = names[:n]
		s.printf("a sample of %s; --sample-seed %d draws it again\n", amount(len(names), "stage"), o.seed)
	}
	again := map[string]bool{}
	for _, n := range names {
		again[n] = true
	}
	return again
}

func (s *session) compareAgain(first, second *engine.Engine, again map[string]bool) error {
	before, err := first.Results(again)
	if err != nil {
		return err
	}
	now, err := second.Results(again)
	if err != nil {
		return err
	}
	differ := 0
	for _, d := range engine.Diff(before, now) {
		if d.Content() {
			differ++
			for _, line := range diffLines(d) {
				s.printf("%s\n", line)
			}
		}
	}
	if differ > 0 {
		return errOtherBits{fmt.Errorf("%d of %d stages gave other bits when they were computed again", differ, len(again))}
	}
	s.printf("%s computed again: the same bits\n", amount(len(again), "stage"))
	return nil
}
