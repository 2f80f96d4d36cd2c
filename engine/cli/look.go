package cli

import (
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/spf13/cobra"

	"shiftmill/engine"
	"shiftmill/pipeline"
)

func (s *session) showCommand() *cobra.Command {
	var rows uint
	var parameters, every bool
	c := &cobra.Command{
		Use:   "show STAGE[.OUTPUT] [SPEC]",
		Short: "Print what an output holds: columns, statistics, first rows",
		Long: `Show prints the columns of an output with their statistics, and its first rows. It opens no pictures; preview does.
With --parameters it prints the parameters of a stage instead, as they are after extends, presets and references: nothing must have run.`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) < 1 || len(args) > 2 {
				return usage("show takes an output and perhaps a spec: shiftmill show split.train svsf.yaml")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			x, e, err := s.planned(c.Context(), args[1:])
			if err != nil {
				return err
			}
			defer x.close()
			if parameters {
				return s.printParameters(x, args[0], every)
			}
			outputs, err := selectOutputs(e, args[0])
			if err != nil {
				return usageError{err}
			}
			shown := outputs
			if len(outputs) > mostShown && !every && !s.jsonOut {
				shown = outputs[:1]
			}
			for i, o := range shown {
				look, err := e.Look(c.Context(), o.instance, o.output, int(rows))
				if err != nil {
					return err
				}
				switch {
				case s.jsonOut:
					if err := printJSON(s, look); err != nil {
						return err
					}
				default:
					if i > 0 {
						s.printf("\n")
					}
					s.printLook(look)
				}
			}
			if n := len(outputs) - len(shown); n > 0 {
				s.printf("\n%d more outputs: name one, such as %s, or --all for each\n", n, quoted(outputs[1].String()))
			}
			return nil
		},
	}
	s.specFlags(c)
	s.tryFlag(c)
	c.Flags().UintVar(&rows, "rows", 5, "first rows to print")
	c.Flags().BoolVar(&parameters, "parameters", false, "print the stage's parameters, presets expanded")
	c.Flags().BoolVar(&every, "all", false, "print every output, also of a stage of many instances")
	s.jsonFlag(c, "an object for each output")
	c.MarkFlagsMutuallyExclusive("parameters", "json")
	return c
}

// printParameters prints what was written, or stands for it, under with: of all
// instances of a stage, the stages of its gate included.
func (s *session) printParameters(x *experiment, stage string, every bool) error {
	var known []string
	var order []string // of what is printed, of which instances
	of := map[string][]string{}
	for _, n := range x.graph.Nodes {
		known = append(known, n.Stage)
		own, _, _ := strings.Cut(n.Stage, ":")
		if stage != n.Name && stage != n.Stage && stage != own {
			continue
		}
		text := n.Kind + "\n"
		for _, line := range n.With("").Lines() {
			text += "  " + line + "\n"
		}
		if of[text] == nil {
			order = append(order, text)
		}
		of[text] = append(of[text], n.Name)
	}
	for i, text := range order {
		if i == mostShown && len(order) > mostShown+1 && !every {
			s.printf("%d more, with other parameters; name an instance, or --all for each\n", len(order)-i)
			break
		}
		names := of[text]
		if len(names) >= leastFold {
			names = []string{several(names)}
		}
		for _, name := range names {
			s.printf("%s: %s", name, text)
		}
	}
	if len(order) > 0 {
		return nil
	}
	msg := fmt.Sprintf("no stage %q", stage)
	if near := pipeline.Nearest(stage, known); near != "" {
		msg += fmt.Sprintf("; did you mean %q?", near)
	}
	return usage("%s", msg)
}

// mostShown is how many outputs, or sets of parameters, of a stage are shown one by one.
const mostShown = 12

// quoted is a name as it can be given to a shell.
func quoted(name string) string {
	if strings.ContainsAny(name, "[]*?(){}&|;<>$`\"' ") {
		return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
	}
	return name
}

// A namedOutput is one output of one instance.
type namedOutput struct{ instance, output string }

func (o namedOutput) String() string {
	if o.output == "" {
		return o.instance
	}
	return o.instance + "." + o.output
}

// selectOutputs finds what STAGE[.OUTPUT] means: one output, or all of a stage
// or an instance.
func selectOutputs(e *engine.Engine, name string) ([]namedOutput, error) {
	instance, output := splitOutput(e, name)
	instances, err := e.Select(instance)
	if err != nil {
		return nil, err
	}
	var out []namedOutput
	for _, i := range instances {
		names := e.OutputsOf(i, output)
		if len(names) == 0 {
			return nil, engine.NoSuchOutput(i, output, e.OutputsOf(i, ""))
		}
		for _, o := range names {
			out = append(out, namedOutput{i, o})
		}
	}
	return out, nil
}

// oneOutput finds the one output that STAGE[.OUTPUT] means.
func oneOutput(e *engine.Engine, name string) (namedOutput, error) {
	all, err := selectOutputs(e, name)
	if err != nil {
		return namedOutput{}, err
	}
	if len(all) > 1 {
		names := make([]string, len(all))
		for i, o := range all {
			names[i] = o.String()
		}
		if more := len(names) - mostShown; more > 1 {
			names = append(names[:mostShown], fmt.Sprintf("... (%d more)", more))
		}
		return namedOutput{}, fmt.Errorf("%s is %d outputs; name one of %s", name, len(all), strings.Join(names, ", "))
	}
	return all[0], nil
}

func (s *session) printLook(l engine.Look) {
	title := namedOutput{l.Instance, l.Output}
	if l.Files != nil {
		s.printf("%s: %s\n", title, amount(len(l.Files), "file"))
		for _, f := range l.Files {
			s.printf("  %-28s %s\n", f.Name, size(f.Size))
		}
		return
	}
	s.printf("%s: %s\n", title, amount(l.Rows, "row"))
	w := tabwriter.NewWriter(s.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "  column\ttype\tmissing\tvalues\n")
	for _, c := range l.Columns {
		name := c.Name
		if c.Made {
			name += " *"
		}
		fmt.Fprintf(w, "  %s\t%s\t%d\t%s\n", name, c.Type, c.Missing, valuesOf(c))
	}
	w.Flush()
	s.printf("  * written by this stage; the others pass through it\n")
	if len(l.Head) == 0 {
		return
	}
	fmt.Fprintf(w, "  id")
	for _, c := range l.Columns {
		fmt.Fprintf(w, "\t%s", c.Name)
	}
	fmt.Fprintln(w)
	for _, row := range l.Head {
		for i, v := range row {
			if row[i] = cut(v, 32); i == 0 {
				row[i] = "  " + onLine(v)
			}
		}
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	w.Flush()
}

// valuesOf says in a few words what a column holds.
func valuesOf(c engine.ColumnLook) string {
	if c.Distinct == 0 {
		return "none"
	}
	if n := c.Numbers; n != nil && c.Distinct > 6 {
		return fmt.Sprintf("%.6g to %.6g, mean %.6g", n.Min, n.Max, n.Mean)
	}
	var parts []string
	for _, v := range c.Common[:min(len(c.Common), 6)] {
		parts = append(parts, fmt.Sprintf("%s (%d)", cut(v.Text, 24), v.Rows))
	}
	switch {
	case c.Many:
		return fmt.Sprintf("more than %d different: %s, ...", c.Distinct, strings.Join(parts[:min(3, len(parts))], ", "))
	case c.Distinct > len(parts):
		return fmt.Sprintf("%d different: %s, ...", c.Distinct, strings.Join(parts, ", "))
	}
	return strings.Join(parts, ", ")
}

// cut shortens a text to some characters, on one line.
func cut(text string, most int) string {
	text = onLine(text)
	if r := []rune(text); len(r) > most {
		return string(r[:most-3]) + "..."
	}
	return text
}

// onLine is a text with what would break a line or steer a terminal written out.
func onLine(text string) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return text
	}
	quoted := strconv.Quote(text)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}

// size is a number of bytes for people.
func size(n int64) string {
	switch {
	case n < 10_000:
		return fmt.Sprintf("%d B", n)
	case n < 10_000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	case n < 10_000_000_000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}
