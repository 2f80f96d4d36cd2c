package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/signal"

	"github.com/spf13/cobra"

	"shiftmill/engine"
	"shiftmill/pipeline"
	"shiftmill/runs"
)

// The exit codes. They are part of the interface; "shiftmill help" lists them.
const (
	exitOK          = 0
	exitFailed      = 1   // a stage failed
	exitUsage       = 2   // the command line or the spec is wrong
	exitDiffers     = 3   // something is not as it was written down
	exitOtherBits   = 4   // a stage gave other bits than before for the same input
	exitInterrupted = 130 // stopped by a signal; run again to go on
)

const exitHelp = `Exit codes: 0 done; 1 a stage failed; 2 the command line or the spec is wrong;
3 something differs (run --locked, fmt --check); 4 a stage gave other bits than before; 130 interrupted (run again to go on).`

// A usageError is a mistake in the command line.
type usageError struct{ error }

func usage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// Main runs the command line and returns the exit code.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	largePages()
	defer spareCollections()()
	ctx, stop := signal.NotifyContext(context.Background(), stopSignals()...)
	defer stop()
	catchBrokenPipes()
	ctx, gone := context.WithCancel(ctx)
	defer gone()
	out, complaints := &output{to: stdout, gone: gone}, &output{to: stderr, gone: gone}
	root := newRoot(out, complaints)
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(out)
	root.SetErr(complaints)
	code := exitOK
	if verb, err := root.ExecuteContextC(ctx); err != nil {
		code = report(ctx, complaints, err, verb.Name() == "run" || verb.Name() == "export")
	}
	return out.code(code, complaints)
}

// report prints an error and chooses the exit code; goesOn says of an interrupted
// command that it goes on where it stopped.
func report(ctx context.Context, stderr io.Writer, err error, goesOn bool) int {
	var spec pipeline.Errors
	var one *pipeline.Error
	var wrong usageError
	var refused engine.Refusal
	var differs errDiffers
	var other errOtherBits
	switch {
	case errors.Is(err, engine.ErrOtherBits):
		return exitOtherBits // the run has told where
	case errors.Is(err, engine.ErrFailed):
		return exitFailed // the run has told the causes
	case ctx.Err() != nil && !goesOn:
		fmt.Fprintln(stderr, "interrupted")
		return exitInterrupted
	case ctx.Err() != nil:
		fmt.Fprintln(stderr, "interrupted; what was finished is kept: run the same command to go on")
		return exitInterrupted
	case errors.As(err, &differs):
		fmt.Fprintln(stderr, err)
		return exitDiffers
	case errors.As(err, &other):
		fmt.Fprintln(stderr, err)
		return exitOtherBits
	case errors.As(err, &spec) && spec.Error() == err.Error():
		for _, line := range foldMistakes(spec) {
			fmt.Fprintln(stderr, line)
		}
		return exitUsage
	case errors.As(err, &spec), errors.As(err, &one), errors.As(err, &wrong), errors.As(err, &refused), errors.Is(err, fs.ErrNotExist):
		fmt.Fprintln(stderr, err)
		return exitUsage
	}
	fmt.Fprintf(stderr, "shiftmill: %v\n", err)
	if errors.Is(err, runs.ErrAbsent) {
		fmt.Fprintln(stderr, "shiftmill verify --repair computes again what the store has lost")
	}
	return exitFailed
}

func newRoot(stdout, stderr *output) *cobra.Command {
	s := &session{stdout: stdout, stderr: stderr}
	root := &cobra.Command{
		Use:   "shiftmill",
		Short: "Experiments on distribution shift as one YAML file",
		Long: `shiftmill runs experiments on distribution shift: shift splits from metadata, augmentation,
training, evaluation and the tables of robustness, written down as one YAML file. What ran
once is kept; a second run costs only what changed, and gives the same bits on every machine.

Without a spec, the built-in quickstart is used.

` + exitHelp,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.Help()
			}
			return unknownVerb(c, args[0])
		},
	}
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(s.runCommand(), s.planCommand(), s.checkCommand(), s.statusCommand(), s.whyCommand(),
		s.graphCommand(), s.showCommand(), s.previewCommand(), s.exportCommand(), s.runsCommand(), s.diffCommand(), s.verifyCommand(), s.gcCommand(),
		s.initCommand(), s.fmtCommand(), s.schemaCommand(), s.kindsCommand(), s.kernelsCommand(), s.versionCommand())
	root.CompletionOptions.HiddenDefaultCmd = true
	return root
}

// unknownVerb names the verb that may have been meant.
func unknownVerb(root *cobra.Command, name string) error {
	var verbs []string
	for _, c := range root.Commands() {
		verbs = append(verbs, c.Name())
	}
	if near := pipeline.Nearest(name, verbs); near != "" {
		return usage("no verb %q; did you mean %q?", name, near)
	}
	return usage("no verb %q; see shiftmill --help", name)
}

// noArgs accepts no argument.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage("%s takes no argument, got %q; see %s --help", c.CommandPath(), args[0], c.CommandPath())
	}
	return nil
}

// specArg accepts at most one argument, the spec.
func specArg(c *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usage("%s takes one spec, got %d arguments; see %s --help", c.CommandPath(), len(args), c.CommandPath())
	}
	return nil
}
