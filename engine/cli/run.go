package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"shiftmill/engine"
	"shiftmill/pipeline"
)

func (s *session) runCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "run [SPEC]",
		Short: "Run what has changed and print the report",
		Long:  "Run brings every stage of a spec up to date: what the store has is taken from there, the rest runs.\n\n" + exitHelp,
		Args:  specArg,
		RunE: func(c *cobra.Command, args []string) error {
			return s.run(c.Context(), args)
		},
	}
	s.specFlags(c)
	s.runFlags(c)
	s.partFlags(c)
	s.tryFlag(c)
	c.Flags().BoolVar(&s.locked, "locked", false, "fail with exit code 3 if anything differs from the lock file")
	c.Flags().BoolVar(&s.lock, "lock", false, "write the lock file although --set changes the spec")
	c.Flags().StringSliceVar(&s.rescan, "rescan", nil, "look again at the files of this frozen source (may be repeated)")
	s.jsonFlag(c, "events as they come")
	return c
}

func (s *session) run(ctx context.Context, args []string) (err error) {
	x, err := s.open(args, false)
	if err != nil {
		return err
	}
	if err := s.lockUsage(x); err != nil {
		return errors.Join(err, x.store.Close())
	}
	lock, err := s.lockedBefore(x)
	if err != nil {
		return errors.Join(err, x.store.Close())
	}
	defer func() { err = errors.Join(err, x.store.Close()) }()
	device, release, err := s.useDevice(x.local)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	show := s.newDisplay(x)
	for _, line := range x.store.Found() {
		show.note(line)
	}
	o := s.options(x, show.event)
	limitMemory(o.Memory)
	e, err := engine.New(x.graph, x.kinds, x.store, o)
	if err != nil {
		return err
	}
	if err := s.requireGiven(ctx, x); err != nil {
		return err
	}
	started := time.Now()
	show.start(e.Len())
	told := context.AfterFunc(ctx, show.stopping)
	runErr := e.Run(ctx)
	told()
	show.stop()
	wrong, refused := pipeline.Errors(nil), engine.Refusal("")
	if (errors.As(runErr, &wrong) || errors.As(runErr, &refused)) && !errors.Is(runErr, engine.ErrFailed) {
		return runErr // found before anything ran: no run to remember
	}
	rec := engine.RunRecord{ID: engine.NewRunID(started), Spec: x.graph.Name, File: x.file, Text: string(x.text),
		Set: s.set, Part: s.partOptions(x), Started: started.UTC(), Seconds: time.Since(started).Seconds(), Outcome: outcome(ctx, runErr), Device: device}
	if err := errors.Join(e.Close(context.WithoutCancel(ctx)), e.SaveRun(rec)); err != nil {
		return errors.Join(runErr, err)
	}
	if runErr != nil {
		show.stopped(e.Count(), e.Len())
		return runErr
	}
	file, err := s.writeLock(ctx, x, e)
	if err != nil {
		return err
	}
	if err := s.conclude(x, e, show, file, time.Since(started)); err != nil || lock == nil {
		return err
	}
	return s.checkLocked(x, e, lock, show)
}

// partOptions are the options that left stages out, "" for none.
func (s *session) partOptions(x *experiment) string {
	var options []string
	for _, o := range [][2]string{{"--only ", s.only}, {"--from ", s.from}} {
		if x.part && o[1] != "" {
			options = append(options, o[0]+o[1])
		}
	}
	return strings.Join(options, " ")
}

// requireGiven makes sure that what --from takes from the store is there.
func (s *session) requireGiven(ctx context.Context, x *experiment) error {
	if len(x.given) == 0 {
		return nil
	}
	e, err := engine.New(x.graph, x.kinds, x.store, s.options(x, nil))
	if err == nil {
		err = e.Plan(ctx)
	}
	if err != nil {
		return err
	}
	for _, n := range e.Instances() {
		if x.given[n.Name] && n.State != engine.Hit {
			return usage("--from %s: it needs %s, which is not up to date (%s); run without --from, or from there", s.from, n.Name, n.Reason)
		}
	}
	return nil
}

func outcome(ctx context.Context, err error) string {
	switch {
	case err == nil:
		return "done"
	case ctx.Err() != nil:
		return "interrupted"
	}
	return "failed"
}

// reports is the folder that the reports of a spec are copied to.
func (s *session) reports(x *experiment) string {
	return filepath.Join(x.store.Dir(), "reports", x.graph.Name)
}

// conclude prints the reports and where everything is.
func (s *session) conclude(x *experiment, e *engine.Engine, show *display, lock string, took time.Duration) error {
	published, err := e.Publish(s.reports(x), s.annotate(x, e))
	if err != nil {
		return err
	}
	if s.jsonOut {
		show.finished(e.Count(), published, lock, took)
		return nil
	}
	if err := s.printReports(e, published); err != nil {
		return err
	}
	for _, line := range foldPublished(published) {
		s.printf("\n%s\n", line)
	}
	if s.try > 0 {
		s.printf("\na trial on about %d rows a source: its figures say that the spec works, nothing else\n", s.try)
	}
	if lock != "" {
		s.printf("\nlock file: %s\n", shortPath(lock))
	}
	count := e.Count()
	held := ""
	if count[engine.Ran] > 0 {
		st, err := x.store.Stats()
		if err != nil {
			return err
		}
		held = fmt.Sprintf(" (%s)", size(st.Bytes))
	}
	s.printf("\nran %d, cached %d of %s in %s; store: %s%s\n", count[engine.Ran], count[engine.Hit],
		amount(e.Len(), "stage"), duration(took), shortPath(x.store.Dir()), held)
	return nil
}

// printReports prints reports, of many instances of a stage the first ones.
func (s *session) printReports(e *engine.Engine, published []engine.Published) error {
	of := map[string]int{}
	for _, p := range published {
		if !slices.Contains(p.Files, "report.txt") {
			continue
		}
		stage := stageOf(p.Stage)
		if of[stage]++; of[stage] > mostAlike {
			continue
		}
		text, err := e.ReadFile(p.Stage, "", "report.txt")
		if err != nil {
			return err
		}
		s.printf("\n%s\n", strings.TrimRight(string(text), "\n"))
	}
	for _, stage := range slices.Sorted(maps.Keys(of)) {
		if n := of[stage] - mostAlike; n > 0 {
			s.printf("\n%s of %s in its files\n", amount(n, "more report"), stage)
		}
	}
	return nil
}

// foldPublished says where files are, of many instances of a stage that have the
// same where those of the first are.
func foldPublished(published []engine.Published) (lines []string) {
	alike := func(p engine.Published) string {
		return strings.Join(append([]string{stageOf(p.Stage), likeOthers(p.Dir)}, p.Files...), "\x00")
	}
	count := map[string]int{}
	for _, p := range published {
		count[alike(p)]++
	}
	for _, p := range published {
		files := filepath.Join(shortPath(p.Dir), "{"+strings.Join(firstFiles(p.Files), ",")+"}")
		switch n := count[alike(p)]; {
		case n == 0: // told with the first
		case n < leastFold:
			lines = append(lines, p.Stage+": "+files)
		default:
			lines = append(lines, fmt.Sprintf("%s: %s, and so on", folded(stageOf(p.Stage), n), files))
			count[alike(p)] = 0
		}
	}
	return lines
}

// duration is a time for people.
func duration(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return d.Round(time.Second).String()
}

// firstFiles keeps a list of names readable: a result may hold thousands.
func firstFiles(names []string) []string {
	const shown = 12
	if len(names) <= shown {
		return names
	}
	return append(slices.Clone(names[:3]), fmt.Sprintf("... %d more", len(names)-3))
}
