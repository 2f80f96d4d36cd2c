package engine

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"shiftmill/pipeline"
	"shiftmill/runs"
)

// A Change is a key line that differs from the last run's.
type Change struct {
	Label string       `json:"line"`
	Old   string       `json:"old,omitempty"` // "" where the line was not there
	New   string       `json:"new,omitempty"` // "" where it is not there
	Pos   pipeline.Pos `json:"at,omitzero"`
	Cause []Change     `json:"cause,omitempty"` // for a changed input: what changed in the stage that made it
	From  string       `json:"from,omitempty"`  // the instance that made the changed input
	Note  string       `json:"note,omitempty"`  // how that instance fared in the last run, where it failed
}

// An Explanation says why a node is what it is.
type Explanation struct {
	Name    string   `json:"name"`
	Kind    string   `json:"kind"`
	State   State    `json:"state"`
	Reason  string   `json:"reason,omitempty"`
	Changes []Change `json:"changes,omitempty"` // against the last run, where a key is known on both sides
	Run     string   `json:"run,omitempty"`     // the run compared with
	Before  State    `json:"before,omitempty"`  // what became of the node then; left out where no run reached it
}

// A Comparison explains the nodes of a planned graph against an earlier run.
type Comparison struct {
	e      *Engine
	last   RunRecord
	has    bool
	before map[string]NodeRun
}

// Against compares with the last run of the spec, if there was one.
func (e *Engine) Against(last RunRecord, hasLast bool) *Comparison {
	c := &Comparison{e: e, last: last, has: hasLast, before: make(map[string]NodeRun, len(last.Nodes))}
	for _, r := range last.Nodes {
		c.before[r.Name] = r
	}
	return c
}

// Why explains a node of a planned graph against the last run of its spec.
func (e *Engine) Why(name string, last RunRecord, hasLast bool) (Explanation, error) {
	return e.Against(last, hasLast).Why(name)
}

// Took is how long a node took when it last ran, 0 where that is not known.
func (c *Comparison) Took(name string) time.Duration {
	old, ok := c.before[name]
	if !ok {
		return 0
	}
	rec, _ := readRecord(c.e.store, old.Key)
	return time.Duration(rec.Seconds * float64(time.Second))
}

// Trouble says how a node failed in the last run, or why it was skipped; "" when
// it did neither.
func (c *Comparison) Trouble(name string) string { return trouble(c.before[name]) }

func trouble(old NodeRun) string {
	switch old.State {
	case Failed:
		return "in the last run it failed: " + old.Reason
	case Skipped:
		return "in the last run it was skipped: it " + old.Reason
	}
	return ""
}

// Why explains a node.
func (c *Comparison) Why(name string) (Explanation, error) {
	n, ok := c.e.named(name)
	if !ok {
		return Explanation{}, c.e.noSuchStage(name)
	}
	x := Explanation{Name: name, Kind: n.kind.Name, State: n.state, Reason: n.reason}
	if !c.has {
		if n.state != Hit {
			x.Reason = joinReasons(x.Reason, "this spec has not run on this store before")
		}
		return x, nil
	}
	x.Run = c.last.ID
	old, ok := c.before[name]
	if !ok {
		x.Reason = joinReasons(x.Reason, "the last run had no such stage")
		return x, nil
	}
	x.Before = old.State
	x.Reason = joinReasons(x.Reason, c.Trouble(name))
	x.Changes = c.e.changes(n, c.before, map[string]bool{})
	return x, nil
}

// changes compares the lines of a node's key with those of the last run, and
// follows changed inputs to their makers.
func (e *Engine) changes(n *node, before map[string]NodeRun, seen map[string]bool) []Change {
	if seen[n.spec.Name] {
		return nil
	}
	seen[n.spec.Name] = true
	old, ok := before[n.spec.Name]
	if !ok {
		return nil
	}
	var out []Change
	if lines, err := e.linesOfKey(context.Background(), n); err == nil && lines != nil && n.key.Digest != old.Key {
		out = diffLines(e.linesOf(old.Key), lines)
		maker := n.makers()
		for i := range out {
			if in := maker(out[i].Label); in != nil {
				out[i].From = in.spec.Name
				out[i].Cause = e.changes(in, before, seen)
			}
		}
	}
	if n.key.Digest.IsZero() { // pending: the cause lies with its inputs
		for _, in := range n.inputs {
			for _, r := range in.refs {
				was, had := before[r.node.spec.Name]
				if c := e.changes(r.node, before, seen); len(c) > 0 || r.node.state == Miss || !had {
					note := trouble(was)
					if !had {
						note = "the last run had no such stage"
					}
					out = append(out, Change{Label: "in." + in.name, New: "not made yet", Pos: r.Pos, From: r.node.spec.Name, Cause: c, Note: note})
				}
			}
		}
	}
	return out
}

// linesOf reads the key lines of a stored node.
func (e *Engine) linesOf(key runs.Digest) []Line {
	rec, _ := readRecord(e.store, key)
	return rec.Lines
}

// makers returns what finds the maker of the input that a line of the key is about,
// nil for other lines. A report may gather thousands.
func (n *node) makers() func(label string) *node {
	by := map[string]*node{}
	for _, in := range n.inputs {
		for _, r := range in.refs {
			at := "in." + in.name
			if in.port.Many {
				at += " " + where(r)
			}
			if by[at] == nil {
				by[at] = r.node
			}
		}
	}
	return func(label string) *node {
		for i, c := range label {
			if c == ' ' && by[label[:i]] != nil {
				return by[label[:i]]
			}
		}
		return nil
	}
}

// diffLines compares labelled lines. Lines of one label, as the members of a group have
// at a port under the user's names, are paired in their order.
func diffLines(old, new []Line) []Change {
	if old == nil {
		return nil
	}
	was := map[string][]string{}
	for _, l := range old {
		was[label(l)] = append(was[label(l)], l.Value)
	}
	var out []Change
	for _, l := range new {
		c := Change{Label: label(l), New: l.Value, Pos: l.Pos}
		before := was[c.Label]
		if len(before) > 0 {
			c.Old, was[c.Label] = before[0], before[1:]
		}
		if len(before) == 0 || c.Old != c.New {
			out = append(out, c)
		}
	}
	for _, l := range old {
		for _, v := range was[label(l)] {
			out = append(out, Change{Label: label(l), Old: v})
		}
		delete(was, label(l))
	}
	return dropParts(out)
}

// dropParts leaves out the columns of inputs that came or went whole.
func dropParts(changes []Change) []Change {
	came, went := map[string]bool{}, map[string]bool{}
	for _, c := range changes {
		if input, part, _ := splitInputLabel(c.Label); part == "rows" && strings.HasPrefix(c.Label, "in.") {
			came[input], went[input] = c.Old == "", c.New == ""
		}
	}
	kept := changes[:0]
	for _, c := range changes {
		input, _, column := splitInputLabel(c.Label)
		if column == "" || !strings.HasPrefix(c.Label, "in.") || !(c.Old == "" && came[input] || c.New == "" && went[input]) {
			kept = append(kept, c)
		}
	}
	return kept
}

// label makes the lines of shared code distinguishable by what they version.
func label(l Line) string {
	if l.Label == "uses" {
		name, _, _ := strings.Cut(l.Value, "/")
		return "uses " + name
	}
	return l.Label
}

// String says a change in words.
func (c Change) String() string {
	s := c.words()
	if p := c.Pos; p.File != "" {
		if p.Line > 0 { // else an option of the command line
			p.File = filepath.Base(p.File)
		}
		s += fmt.Sprintf(" (%s)", p)
	}
	if c.Note != "" {
		s += "; " + c.Note
	}
	return s
}

func (c Change) words() string {
	if strings.HasPrefix(c.Label, "in.") {
		return c.inputWords()
	}
	what := strings.TrimPrefix(c.Label, "with.")
	before := "the default"
	if shared, ok := strings.CutPrefix(what, "uses "); ok {
		what, before = "the shared code "+shared, "not told apart"
	}
	switch {
	case c.Label == "listing":
		return "the files or tables of the source changed"
	case c.Old == "":
		return fmt.Sprintf("%s is now %s; it was %s", what, shorten(c.New), before)
	case c.New == "":
		return fmt.Sprintf("%s was %s; it is %s now", what, shorten(c.Old), before)
	}
	old, now := fromDifference(c.Old, c.New)
	return fmt.Sprintf("%s was %s, is now %s", what, shorten(old), shorten(now))
}

// fromDifference cuts what two long values begin with alike, up to the part that differs.
func fromDifference(a, b string) (string, string) {
	const context = 20 // bytes that are kept before the difference, fewer where a part begins
	same := 0
	for same < min(len(a), len(b)) && a[same] == b[same] {
		same++
	}
	if len(a) <= longest && len(b) <= longest || same <= context {
		return a, b
	}
	cut := same - context
	if at := strings.LastIndexAny(a[cut:same], "{[,"); at >= 0 {
		cut += at
	}
	for cut > 0 && a[cut]&0xc0 == 0x80 { // not inside a character
		cut--
	}
	return "..." + a[cut:], "..." + b[cut:]
}

// inputWords says a change of an input's line: of its rows, a column, the
// classes of a column, or its files.
func (c Change) inputWords() string {
	input, part, column := splitInputLabel(c.Label)
	from := c.From
	if from == "" {
		from = "input " + readable(input)
	}
	what := map[string]string{"rows": "the rows", "files": "the files", "column": fmt.Sprintf("column %q", column),
		"classes": fmt.Sprintf("the description (classes, facts) of column %q", column)}[part]
	whole := part == "rows" || part == "files"
	switch {
	case part == "":
		return from + " has to be made first"
	case c.Old == "" && whole:
		return from + " is a new input"
	case c.New == "" && whole:
		return from + " is no longer an input"
	case c.Old == "":
		return fmt.Sprintf("%s of %s is read now, and was not before", what, from)
	case c.New == "":
		return fmt.Sprintf("%s of %s is no longer read", what, from)
	}
	return fmt.Sprintf("%s of %s changed", what, from)
}

// splitInputLabel cuts "in.PORT rows", "in.PORT STAGE.OUTPUT[...] column NAME":
// ports and stages have no spaces in their names, columns may, and so may the
// quoted coordinates of gathered inputs, which end in a bracket.
func splitInputLabel(label string) (input, part, column string) {
	input, rest, _ := strings.Cut(strings.TrimPrefix(label, "in."), " ")
	if part, column = splitPart(rest); part != "" {
		return input, part, column
	}
	for _, end := range []string{`"] `, "[] "} {
		if i := strings.Index(rest, end); i >= 0 {
			i += len(end)
			part, column = splitPart(rest[i:])
			return input + " " + rest[:i-1], part, column
		}
	}
	return input, "", ""
}

// readable is a gathered input, PORT STAGE.OUTPUT["axis"="value",...], as instances are named elsewhere.
func readable(input string) string {
	head, rest, ok := strings.Cut(input, "[")
	if !ok {
		return input
	}
	var coords []string
	for rest != "]" {
		axis, err := strconv.QuotedPrefix(rest)
		if err != nil || !strings.HasPrefix(rest[len(axis):], "=") {
			return input
		}
		rest = rest[len(axis)+1:]
		value, err := strconv.QuotedPrefix(rest)
		if err != nil {
			return input
		}
		rest = strings.TrimPrefix(rest[len(value):], ",")
		axis, _ = strconv.Unquote(axis)
		value, _ = strconv.Unquote(value)
		coords = append(coords, axis+"="+value)
	}
	head = strings.TrimSuffix(head, ".")
	if len(coords) == 0 {
		return head
	}
	return head + "[" + strings.Join(coords, ",") + "]"
}

func splitPart(text string) (part, column string) {
	part, column, _ = strings.Cut(text, " ")
	switch {
	case (part == "rows" || part == "files") && column == "", (part == "column" || part == "classes") && column != "":
		return part, column
	}
	return "", ""
}

// longest is how many bytes of a value are shown.
const longest = 80

func shorten(s string) string {
	if len(s) > longest {
		return strings.ToValidUTF8(s[:longest-3], "") + "..."
	}
	return s
}

func joinReasons(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "; " + b
}

// Names lists all instances in graph order.
func (e *Engine) Names() []string {
	out := make([]string, len(e.nodes))
	for i, n := range e.nodes {
		out[i] = n.spec.Name
	}
	return out
}

// Len is how many instances there are.
func (e *Engine) Len() int { return len(e.nodes) }

func (e *Engine) noSuchStage(name string) error {
	msg := fmt.Sprintf("no stage %q in this spec", name)
	stage, output, hasOutput := strings.Cut(name, ".")
	var known []string
	for _, n := range e.nodes {
		known = append(known, n.spec.Name)
		if s := n.stage(); s != n.spec.Name && (len(known) < 2 || known[len(known)-2] != s) {
			known = append(known, s)
		}
		if hasOutput && n.stage() == stage {
			return refuse("%s takes no output here, got %q; name the stage or one of its instances", stage, output)
		}
	}
	if near := pipeline.Nearest(name, known); near != "" {
		msg += fmt.Sprintf("; did you mean %q?", near)
	}
	return Refusal(msg)
}

// A Refusal says that what was asked for does not exist.
type Refusal string

func (r Refusal) Error() string { return string(r) }

func refuse(format string, args ...any) error { return Refusal(fmt.Sprintf(format, args...)) }

// Select returns the instances of a stage: by full name, or all of a stage's.
func (e *Engine) Select(name string) ([]string, error) {
	if _, ok := e.named(name); ok {
		return []string{name}, nil
	}
	var names []string
	for _, n := range e.nodes {
		if rest, ok := strings.CutPrefix(n.spec.Name, name); ok && strings.HasPrefix(rest, "[") {
			names = append(names, n.spec.Name)
		}
	}
	if len(names) == 0 {
		return nil, e.noSuchStage(name)
	}
	return names, nil
}
