package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/spf13/cobra"

	"shiftmill/engine"
	"shiftmill/pipeline"
	"shiftmill/stages/all"
)

func (s *session) planCommand() *cobra.Command {
	var every bool
	c := &cobra.Command{
		Use:   "plan [SPEC]",
		Short: "Print what would run, and why",
		Args:  specArg,
		RunE: func(c *cobra.Command, args []string) error {
			x, e, err := s.planned(c.Context(), args)
			if err != nil {
				return err
			}
			defer x.close()
			return s.printPlan(c.Context(), x, e, every)
		},
	}
	s.specFlags(c)
	s.partFlags(c)
	s.tryFlag(c)
	s.jsonFlag(c, "an object for each instance")
	c.Flags().BoolVar(&every, "all", false, "print every instance, also where many of a stage fare alike")
	return c
}

func (s *session) printPlan(ctx context.Context, x *experiment, e *engine.Engine, every bool) error {
	last, ok, err := engine.LastRun(x.store, x.graph.Name)
	if err != nil {
		return err
	}
	against := e.Against(last, ok)
	works, err := e.Estimate(ctx, against)
	if err != nil {
		return err
	}
	plan := e.Instances()
	for i := range plan {
		plan[i].Work = works[i]
	}
	if s.jsonOut {
		return errors.Join(printJSON(s, jsonInstances(plan)...), printJSON(s, jsonLeftOut(x.graph.Skipped)...))
	}
	details := make([]string, len(plan))
	for i, n := range plan {
		details[i] = amount(n.Rows, "row")
		switch {
		case n.State == engine.Miss:
			why, err := against.Why(n.Name)
			if err != nil {
				return err
			}
			details[i] = firstReason(why)
		case n.State != engine.Hit:
			details[i] = n.Reason
		case n.Rows == 0:
			details[i] = "files"
		}
	}
	lines := plan
	if !every {
		lines, details = foldPlan(plan, details)
	}
	left := foldLeftOut(x.graph.Skipped, every)
	width := 0
	for _, n := range lines {
		width = max(width, len(n.Name))
	}
	for _, l := range left {
		width = max(width, len(l.name))
	}
	for i, n := range lines {
		s.printf("%-8s %-*s  %-20s %s\n", n.State, width, n.Name, n.Kind, details[i])
		if text := workText(n.Work); text != "" {
			s.printf("%-8s %-*s  %-20s %s\n", "", width, "", "", text)
		}
	}
	for _, l := range left {
		s.printf("%-8s %-*s  %-20s %s\n", leftOut, width, l.name, "", l.reason)
	}
	s.printf("%s\n", planTotals(plan))
	return nil
}

// firstReason is the shortest true answer to why a stage runs.
func firstReason(w engine.Explanation) string {
	if len(w.Changes) == 0 {
		return w.Reason
	}
	reason := w.Changes[0].String()
	if n := len(w.Changes) - 1; n > 0 {
		reason += fmt.Sprintf(", and %d more", n)
	}
	return reason
}

func (s *session) whyCommand() *cobra.Command {
	var lines bool
	c := &cobra.Command{
		Use:   "why STAGE [SPEC]",
		Short: "Say why a stage runs or is cached: which line of its key changed, from what to what",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) < 1 || len(args) > 2 {
				return usage("why takes a stage and a spec: shiftmill why split quickstart.yaml")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			x, e, err := s.planned(c.Context(), args[1:])
			if err != nil {
				return err
			}
			defer x.close()
			left, err := s.printLeftOut(x, args[0])
			if err != nil {
				return err
			}
			names, err := e.Select(args[0])
			if err != nil && left > 0 {
				return nil
			}
			if err != nil {
				return usageError{err}
			}
			last, ok, err := engine.LastRun(x.store, x.graph.Name)
			if err != nil {
				return err
			}
			against := e.Against(last, ok)
			var answers []engine.Explanation
			for _, name := range names {
				why, err := against.Why(name)
				if err != nil {
					return err
				}
				answers = append(answers, why)
			}
			switch {
			case s.jsonOut:
				return printJSON(s, answers...)
			case lines:
				s.printKeys(e, answers)
			default:
				s.printWhy(answers)
			}
			return nil
		},
	}
	s.specFlags(c)
	s.tryFlag(c)
	c.Flags().BoolVar(&lines, "key", false, "print the lines of the key as well")
	s.jsonFlag(c, "an object for each instance")
	c.MarkFlagsMutuallyExclusive("key", "json")
	return c
}

// printLeftOut prints why the spec leaves out instances of that name, and how
// many there are.
func (s *session) printLeftOut(x *experiment, name string) (int, error) {
	var left []pipeline.Skip
	for _, k := range x.graph.Skipped {
		if k.Name == name || k.Stage == name {
			left = append(left, k)
		}
	}
	if s.jsonOut {
		return len(left), printJSON(s, jsonLeftOut(left)...)
	}
	for _, l := range foldLeftOut(left, false) {
		s.printf("%s is left out: %s\n", l.name, l.reason)
	}
	return len(left), nil
}

// printWhy prints answers, those that are alike but for the instances they name once.
func (s *session) printWhy(answers []engine.Explanation) {
	texts := make([]string, len(answers))
	of := map[string][]int{}
	for i, a := range answers {
		texts[i] = whyText(a)
		key := likeOthers(texts[i])
		of[key] = append(of[key], i)
	}
	for i, a := range answers {
		group := of[likeOthers(texts[i])]
		same := !slices.ContainsFunc(group, func(j int) bool { return texts[j] != texts[i] })
		switch {
		case !same && len(group) < leastFold || len(group) == 1:
			s.printf("%s %s", a.Name, texts[i])
		case group[0] == i:
			text, names := texts[i], make([]string, len(group))
			if !same {
				text = likeOthers(text)
			}
			for at, j := range group {
				names[at] = answers[j].Name
			}
			text = strings.Replace(strings.Replace(text, "runs", "run", 1), "is cached", "are cached", 1)
			s.printf("%s %s", several(names), text)
		}
	}
}

// whyText says of an instance why it is what it is.
func whyText(w engine.Explanation) string {
	var b strings.Builder
	switch {
	case w.State == engine.Hit && len(w.Changes) == 0:
		b.WriteString("is cached: nothing it depends on has changed\n")
	case w.State == engine.Hit:
		b.WriteString("is cached under an earlier key; since the last run:\n")
	case len(w.Changes) == 0, w.Before == engine.Failed, w.Before == engine.Skipped:
		fmt.Fprintf(&b, "runs: %s\n", w.Reason)
	default:
		b.WriteString("runs, because since the last run:\n")
	}
	writeChanges(&b, w.Changes, 1, "  ")
	return b.String()
}

// several names instances of which the same is said, the first ones where they are many.
func several(names []string) string {
	const most = 3
	if more := len(names) - most; more > 1 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), more)
	}
	return strings.Join(names, ", ")
}

// writeChanges says what changed for a number of instances, what they have in common once.
func writeChanges(b *strings.Builder, changes []engine.Change, instances int, indent string) {
	for _, c := range foldChanges(changes) {
		share := ""
		if c.From == "" && c.times < instances {
			share = fmt.Sprintf(", for %d of them", c.times)
		}
		fmt.Fprintf(b, "%s%s%s\n", indent, c.Change, share)
		writeChanges(b, c.causes, len(c.from), indent+"  ")
	}
}

// printKeys prints answers with the lines of the keys.
func (s *session) printKeys(e *engine.Engine, answers []engine.Explanation) {
	lines := map[string][]engine.Line{}
	for _, n := range e.Instances() {
		lines[n.Name] = n.Lines
	}
	for _, a := range answers {
		s.printf("%s %s", a.Name, whyText(a))
		for _, l := range lines[a.Name] {
			s.printf("    %s\n", l)
		}
	}
}

// mostBoxes is how many instances of a stage a graph draws one by one.
const mostBoxes = 12

func (s *session) graphCommand() *cobra.Command {
	var style string
	var every bool
	c := &cobra.Command{
		Use:   "graph [SPEC]",
		Short: "Draw the graph with the state of each stage, as Mermaid or DOT text or as SVG",
		Long:  fmt.Sprintf("Graph draws a box for each instance, and for stages of more than %d instances one box with counts of their states.", mostBoxes),
		Args:  specArg,
		RunE: func(c *cobra.Command, args []string) error {
			draw, ok := map[string]func(*engine.Engine, int) string{
				"mermaid": (*engine.Engine).Mermaid, "dot": (*engine.Engine).DOT, "svg": (*engine.Engine).SVG,
			}[style]
			if !ok {
				return usage("--format is mermaid, dot or svg, got %q", style)
			}
			x, e, err := s.planned(c.Context(), args)
			if err != nil {
				return err
			}
			defer x.close()
			most := mostBoxes
			if every {
				most = engine.EveryInstance
			}
			s.printf("%s", draw(e, most))
			return nil
		},
	}
	s.specFlags(c)
	s.tryFlag(c)
	c.Flags().StringVar(&style, "format", "mermaid", "mermaid, dot or svg")
	c.Flags().BoolVar(&every, "all", false, "draw every instance, also where a stage has many")
	return c
}

func (s *session) exportCommand() *cobra.Command {
	var spec, style, encode, label, shard string
	c := &cobra.Command{
		Use:   "export STAGE[.OUTPUT] DIR",
		Short: "Write an output as Parquet, a benchmark in the forms of other programs, or pictures as files or arrays",
		Long: `Export writes an output as Parquet that pyarrow, DuckDB and Hugging Face datasets read.

` + exportForms() + `
With --layout folders it writes pictures as ImageNet-C lies on disk, corruption/severity/class/file, and
with --layout arrays as CIFAR-10-C does, one corruption.npy for all severities beside labels.npy. Both take
several outputs at once, such as corrupted.all.

The folder appears when it is whole. An export that was interrupted goes on where it stopped, to the
same bytes, when the same command runs again; until then it lies beside the folder as .DIR.unfinished.`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usage("export takes an output and a folder: shiftmill export split.train data --spec svsf.yaml")
			}
			if ext := filepath.Ext(args[1]); (ext == ".yaml" || ext == ".yml") && onDisk(args[1]) {
				return usage("%s is a file, and export writes into a folder: shiftmill export %s DIR --spec %[1]s", args[1], args[0])
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			var specs []string
			if spec != "" {
				specs = []string{spec}
			}
			bytes, err := bytesOf("--shard", shard)
			if err != nil {
				return err
			}
			s.shard = int(bytes)
			x, e, err := s.planned(c.Context(), specs)
			if err != nil {
				return err
			}
			defer x.close()
			if style != "parquet" {
				if style != "folders" && style != "arrays" {
					return s.exportAs(c.Context(), x, e, args[0], style, label, args[1], bytes)
				}
				outputs, err := selectOutputs(e, args[0])
				if err != nil {
					return usageError{err}
				}
				rows, err := s.exportPictures(c.Context(), e, outputs, args[1], style, encode, label)
				if err == nil {
					s.printf("%s of %s: %s\n", amount(rows*len(outputs), "picture"), amount(rows, "row"), args[1])
				}
				return err
			}
			which, err := oneOutput(e, args[0])
			if err != nil {
				return usageError{err}
			}
			done, err := e.Export(c.Context(), which.instance, which.output, args[1], s.told(args[1]), s.resumed(args[1]), s.dropped(args[1]))
			if err != nil {
				return err
			}
			if done.Rows > 0 {
				s.printf("%s in ", amount(done.Rows, "row"))
			}
			s.printf("%s: %s\n", amount(len(done.Files), "file"), filepath.Join(args[1], strings.Join(firstFiles(done.Files), " ")))
			return nil
		},
	}
	s.specFlags(c)
	c.Flags().StringVar(&spec, "spec", "", "the spec (default: the built-in quickstart)")
	c.Flags().StringVar(&style, "layout", "parquet", "parquet, "+strings.Join(exportNames(), ", "))
	c.Flags().StringVar(&encode, "encode", "png", "files of --layout folders: png, or jpeg:QUALITY (the published ImageNet-C has jpeg:85)")
	c.Flags().StringVar(&shard, "shard", "", "size of the files of Parquet, huggingface (default 256MiB) and webdataset (default 1GiB, or 10,000 samples)")
	c.Flags().StringVar(&label, "label", "label", "column whose values are the classes of --layout")
	return c
}

// splitOutput finds the instance in "instance.output"; both may contain dots.
func splitOutput(e *engine.Engine, s string) (instance, output string) {
	names := e.Names()
	sort.Slice(names, func(i, j int) bool { return len(names[i]) > len(names[j]) })
	for _, n := range names {
		if s == n {
			return n, ""
		}
		if rest, ok := strings.CutPrefix(s, n+"."); ok {
			return n, rest
		}
	}
	instance, output, _ = strings.Cut(s, ".")
	return instance, output
}

func (s *session) kindsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "kinds [KIND]",
		Short: "List the kinds of stages, or describe one",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("kinds takes one kind at most: shiftmill kinds split/shift")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			reg := all.Registry()
			if len(args) == 1 {
				return s.describeKind(reg, args[0])
			}
			width := 0
			for _, name := range reg.Names() {
				width = max(width, len(name))
			}
			for _, name := range reg.Names() {
				k, _ := reg.Lookup(name)
				s.printf("%-*s  %s\n", width, name, k.Doc())
			}
			return nil
		},
	}
}

func (s *session) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			s.printf("shiftmill %s\n", engine.Version())
			return nil
		},
	}
}
