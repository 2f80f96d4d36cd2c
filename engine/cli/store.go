package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"shiftmill/engine"
	"shiftmill/pipeline"
	"shiftmill/runs"
)

// These verbs look after the store.

// openStore opens the store of the working folder, or that of a spec.
func (s *session) openStore(args []string, readOnly bool) (*runs.Store, error) {
	x := &experiment{file: filepath.Join(".", "any.yaml")}
	if len(args) > 0 {
		x.file = args[0]
		if _, err := os.Stat(x.file); err != nil {
			return nil, usage("no such spec: %s", x.file)
		}
	}
	var err error
	if x.local, err = pipeline.FindLocal(filepath.Dir(x.file)); err != nil {
		return nil, err
	}
	dir := s.store(x)
	if _, err := os.Stat(filepath.Join(dir, "VERSION")); err != nil {
		return nil, usage("no store at %s; name one with --store, or run a spec first", shortPath(dir))
	}
	return runs.Open(dir, runs.Options{ReadOnly: readOnly, Front: engine.Front})
}

func (s *session) storeFlag(c *cobra.Command) {
	c.Flags().StringVar(&s.storeDir, "store", "", "folder of the store (default: .shiftmill of the spec's or the working folder's repository)")
}

func (s *session) runsCommand() *cobra.Command {
	var most uint
	c := &cobra.Command{
		Use:   "runs [SPEC]",
		Short: "List the runs that the store remembers, newest first",
		Args:  specArg,
		RunE: func(c *cobra.Command, args []string) error {
			store, err := s.openStore(args, true)
			if err != nil {
				return err
			}
			defer store.Close()
			var name string
			if len(args) > 0 {
				x, err := s.load(args, true)
				if err != nil {
					return err
				}
				name = x.graph.Name
			}
			return s.printRuns(store, name, int(most))
		},
	}
	s.storeFlag(c)
	c.Flags().UintVar(&most, "n", 20, "most runs to list; 0 for all")
	s.jsonFlag(c, "each run's record")
	return c
}

func (s *session) printRuns(store *runs.Store, spec string, most int) error {
	if s.jsonOut {
		return engine.Runs(store, spec, most, func(head engine.RunRecord) error {
			r, err := engine.LoadRun(store, head.ID)
			if err != nil {
				return err
			}
			return printJSON(s, r)
		})
	}
	w := tabwriter.NewWriter(s.stdout, 0, 0, 2, ' ', 0)
	listed := 0
	err := engine.Runs(store, spec, most, func(r engine.RunRecord) error {
		if listed++; listed == 1 {
			fmt.Fprintf(w, "run\tspec\tstarted\toutcome\tstages\ttook\toptions\n")
		}
		stages := fmt.Sprintf("ran %d, cached %d", r.Count[engine.Ran], r.Count[engine.Hit])
		if n := r.Count[engine.Failed] + r.Count[engine.Skipped]; n > 0 {
			stages += fmt.Sprintf(", failed or skipped %d", n)
		}
		if n := r.Count[engine.Miss] + r.Count[engine.Pending]; n > 0 {
			stages += fmt.Sprintf(", not finished %d", n)
		}
		options := r.Part
		for _, set := range r.Set {
			options = strings.TrimPrefix(options+" --set "+set, " ")
		}
		_, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.ID, r.Spec, r.Started.Local().Format("2006-01-02 15:04"), r.Outcome,
			stages, duration(seconds(r.Seconds)), options)
		return err
	})
	if err := errors.Join(err, w.Flush()); err != nil {
		return err
	}
	if listed == 0 {
		s.printf("the store remembers no run%s; one that is killed leaves none\n", strings.TrimSuffix(" of "+spec, " of "))
	}
	return nil
}

func (s *session) gcCommand() *cobra.Command {
	var o runs.GCOptions
	var days int
	var most string
	var forget []string
	c := &cobra.Command{
		Use:   "gc",
		Short: "Say which stored results nobody uses; with --apply, collect them",
		Long: `Gc finds what neither a lock file, nor a recent run, nor a run in progress uses. Without --apply it
changes nothing. With it such files go to the trash, and earlier trash is deleted; what a run still
wants is fetched back. It is safe beside running jobs. What is gone costs time to compute again,
nothing else.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if days < 0 || o.KeepLast < 0 || o.Grace < 0 {
				return usage("--keep-days, --keep-runs and --grace cannot be negative; 0 keeps nothing for their sake")
			}
			// The store takes a zero for its own default.
			o.KeepRuns, o.Grace = max(time.Duration(days)*24*time.Hour, 1), max(o.Grace, 1)
			if o.KeepLast == 0 {
				o.KeepLast = -1
			}
			var err error
			if o.MaxBytes, err = bytesOf("--max-size", most); err != nil {
				return err
			}
			if len(forget) > 0 && !o.Apply {
				return usage("--forget changes the store: give --apply as well")
			}
			store, err := s.openStore(nil, !o.Apply)
			if errors.Is(err, syscall.ENOSPC) {
				return fmt.Errorf("%w; a collection writes a little itself: free some first, such as the trash of the store", err)
			}
			if err != nil {
				return err
			}
			if err := s.forget(store, forget); err != nil {
				return errors.Join(err, store.Close())
			}
			o.ReadRoot = engine.ReadLockRoot
			report, err := store.GC(c.Context(), o)
			if err == nil {
				err = s.collectJobs(store.Dir(), time.Now().Add(-o.KeepRuns), o.Apply)
			}
			if err := errors.Join(err, store.Close()); err != nil {
				if errors.Is(err, runs.ErrBusy) {
					return fmt.Errorf("%w; wait for it, or look again later", err)
				}
				return err
			}
			s.printGC(report)
			return nil
		},
	}
	s.storeFlag(c)
	c.Flags().BoolVar(&o.Apply, "apply", false, "collect; without it nothing changes")
	c.Flags().DurationVar(&o.Grace, "grace", 24*time.Hour, "files younger than this stay")
	c.Flags().IntVar(&days, "keep-days", 30, "what runs of these last days used stays")
	c.Flags().IntVar(&o.KeepLast, "keep-runs", 10, "what this many newest runs used stays, however old")
	c.Flags().StringArrayVar(&forget, "forget", nil, "lock file that is gone for good and shall keep nothing any more (may be repeated)")
	c.Flags().StringVar(&most, "max-size", "", "collect the least recently used first, and only until the store is no larger, such as 20GB")
	return c
}

// collectJobs tells of folders that programs of the user's left when they were
// stopped and that nobody has gone on with, and removes them when asked to.
func (s *session) collectJobs(store string, before time.Time, apply bool) error {
	stale, err := engine.StaleJobs(store, before)
	for _, dir := range stale {
		if apply {
			err = errors.Join(err, os.RemoveAll(dir))
			s.printf("%s: a stopped program's folder, removed\n", shortPath(dir))
		} else {
			s.printf("%s: a stopped program's folder\n", shortPath(dir))
		}
	}
	return err
}

// forget takes lock files out of what keeps results.
func (s *session) forget(store *runs.Store, files []string) error {
	for _, f := range files {
		abs, err := filepath.Abs(f)
		if err != nil {
			return err
		}
		if err := store.ForgetRoot(abs); err != nil {
			return err
		}
		s.printf("%s keeps nothing any more\n", f)
	}
	return nil
}

func (s *session) printGC(r runs.GCReport) {
	for _, n := range r.Notes {
		s.printf("note: %s\n", n)
	}
	if r.Applied {
		s.printf("%s, %s, went to the trash; %s of earlier trash deleted; %s stay\n", amount(r.Objects, "object"), size(r.Bytes), size(r.Deleted), size(r.Kept))
		if r.Restored > 0 {
			s.printf("%d files came back from the trash: they are in use again\n", r.Restored)
		}
		return
	}
	s.printf("%d objects, %s, are in no use; %s stay\n", r.Objects, size(r.Bytes), size(r.Kept))
	if r.Objects > 0 {
		s.printf("nothing was changed; shiftmill gc --apply collects them\n")
	}
}
