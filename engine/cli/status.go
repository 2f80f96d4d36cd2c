package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"shiftmill/engine"
)

func (s *session) statusCommand() *cobra.Command {
	var every bool
	c := &cobra.Command{
		Use:   "status [SPEC]",
		Short: "Print the state of every stage: cached with its figures, or to be run",
		Args:  specArg,
		RunE: func(c *cobra.Command, args []string) error {
			x, e, err := s.planned(c.Context(), args)
			if err != nil {
				return err
			}
			defer x.close()
			last, ok, err := engine.LastRun(x.store, x.graph.Name)
			if err != nil {
				return err
			}
			against := e.Against(last, ok)
			if s.jsonOut {
				return s.printStatusJSON(x, e, against)
			}
			var lines []*statusLine
			for _, n := range e.Instances() {
				lines = append(lines, newStatusLine(n, against.Trouble(n.Name)))
			}
			if !every {
				lines = foldStatus(lines)
			}
			for _, l := range lines {
				l.whole = every
			}
			for _, l := range lines {
				s.printf("%s\n", l)
			}
			for _, l := range foldLeftOut(x.graph.Skipped, every) {
				s.printf("%-8s %s  %s\n", leftOut, l.name, l.reason)
			}
			if ok {
				s.printf("last run %s: %s\n", last.ID, last.Outcome)
			}
			return nil
		},
	}
	s.specFlags(c)
	s.tryFlag(c)
	s.jsonFlag(c, "an object for each instance")
	c.Flags().BoolVar(&every, "all", false, "print every instance, also where many of a stage fare alike")
	return c
}

// printStatusJSON prints the instances as plan does, without the lines of their
// keys, with how they failed in the last run.
func (s *session) printStatusJSON(x *experiment, e *engine.Engine, against *engine.Comparison) error {
	list := e.Instances()
	for i := range list {
		if n := &list[i]; n.State != engine.Hit {
			n.Reason = joined(n.Reason, against.Trouble(n.Name))
		}
	}
	return errors.Join(printJSON(s, list...), printJSON(s, jsonLeftOut(x.graph.Skipped)...))
}

// joined puts a reason and the trouble of the last run together.
func joined(reason, trouble string) string {
	if trouble == "" {
		return reason
	}
	return strings.TrimPrefix(reason+"; "+trouble, "; ")
}

// A statusLine is how an instance stands, or instances of a stage that fare alike.
type statusLine struct {
	state   engine.State
	name    string
	rows    int
	whole   bool // with all its figures, however many
	metrics []figures
	skips   []engine.Skip
	reason  string // why it is not cached
}

// figures are the least and the greatest value of a metric.
type figures struct {
	name      string
	low, high float64
}

func (f figures) String() string {
	if f.low == f.high {
		return fmt.Sprintf("%s=%.4g", f.name, f.low)
	}
	return fmt.Sprintf("%s=%.4g to %.4g", f.name, f.low, f.high)
}

func newStatusLine(n engine.Instance, trouble string) *statusLine {
	l := &statusLine{state: n.State, name: n.Name}
	if n.State != engine.Hit {
		l.reason = joined(n.Reason, trouble)
		return l
	}
	l.rows, l.skips = n.Rows, n.Skips
	for _, m := range n.Metrics {
		l.metrics = append(l.metrics, figures{m.Name, m.Value, m.Value})
	}
	return l
}

func (l *statusLine) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-8s %s", l.state, l.name)
	if l.rows > 0 {
		fmt.Fprintf(&b, "  %s", amount(l.rows, "row"))
	}
	for i, m := range l.metrics {
		if n := len(l.metrics) - i; i == mostFigures && n > 1 && !l.whole {
			fmt.Fprintf(&b, "  and %d more figures", n)
			break
		}
		fmt.Fprintf(&b, "  %s", m)
	}
	if l.reason != "" {
		fmt.Fprintf(&b, "  %s", l.reason)
	}
	for _, k := range l.skips {
		fmt.Fprintf(&b, "\n         left out: %s: %s", amount(k.Rows, "row"), k.Reason)
	}
	return b.String()
}

// mostFigures is how many figures of an instance are printed.
const mostFigures = 6

// manyFigures is how many instances of a stage are printed as one line although
// their figures differ: then as the range of each.
const manyFigures = 25

// alike is what lines that can be printed as one have in common.
func (l *statusLine) alike() string {
	parts := []string{l.state.String(), stageOf(l.name), likeOthers(l.reason)}
	for _, m := range l.metrics {
		parts = append(parts, m.name)
	}
	for _, k := range l.skips {
		parts = append(parts, k.Reason)
	}
	return strings.Join(parts, "\x00")
}

// foldStatus puts instances of a stage together that fare alike, where they are
// many: at the place of the first, with the rows of all.
func foldStatus(lines []*statusLine) []*statusLine {
	of := map[string][]*statusLine{}
	for _, l := range lines {
		k := l.alike()
		of[k] = append(of[k], l)
	}
	var out []*statusLine
	for _, l := range lines {
		group := of[l.alike()]
		least := leastFold
		if len(l.metrics) > 0 {
			least = manyFigures
		}
		switch {
		case len(group) < least:
			out = append(out, l)
		case group[0] == l:
			out = append(out, sumStatus(group))
		}
	}
	return out
}

// sumStatus is the line for lines that are alike.
func sumStatus(group []*statusLine) *statusLine {
	sum := &statusLine{state: group[0].state, name: folded(stageOf(group[0].name), len(group)), reason: likeOthers(group[0].reason)}
	sum.metrics = append(sum.metrics, group[0].metrics...)
	sum.skips = append(sum.skips, group[0].skips...)
	for i, l := range group {
		sum.rows += l.rows
		for j, m := range l.metrics {
			sum.metrics[j].low, sum.metrics[j].high = min(sum.metrics[j].low, m.low), max(sum.metrics[j].high, m.high)
		}
		for j, k := range l.skips {
			if i > 0 {
				sum.skips[j].Rows += k.Rows
			}
		}
	}
	return sum
}
