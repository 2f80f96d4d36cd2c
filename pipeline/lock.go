package pipeline

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
)

// A Lock is what a lock file says: what each instance of a spec gave, by
// content. It holds no path, time or machine, so equal results have equal
// lock files everywhere.
type Lock struct {
	Spec   string // name in the spec
	Stages []LockedStage
}

// A LockedStage is one instance, in the order of the graph.
type LockedStage struct {
	Name    string
	Kind    string
	Key     string // digest over what the stage does and reads
	Outputs []LockedOutput
	Metrics []LockedMetric
}

// A LockedOutput is one output of an instance.
type LockedOutput struct {
	Name    string
	Rows    int // 0 for files
	Content []LockedContent
}

// A LockedContent is the content id of a column or a file.
type LockedContent struct{ Name, ID string }

// A LockedMetric is a headline figure.
type LockedMetric struct {
	Name  string
	Value float64
}

// LockFile is the lock file's name for a spec: beside it, experiment.lock.yaml
// for experiment.yaml.
func LockFile(spec string) string {
	if ext := filepath.Ext(spec); ext == ".yaml" || ext == ".yml" {
		spec = strings.TrimSuffix(spec, ext)
	}
	return spec + ".lock.yaml"
}

// Stage returns the entry of an instance, or nil.
func (l *Lock) Stage(name string) *LockedStage {
	for i := range l.Stages {
		if l.Stages[i].Name == name {
			return &l.Stages[i]
		}
	}
	return nil
}

const (
	lockHead = `# What each stage gave, by content: written by "shiftmill run", to be committed.
# "shiftmill run --locked" fails when anything would differ.
`
	digestPrefix = "sha256:"
)

// Encode writes the lock file: one value a line in a fixed order, so that a
// change shows as the lines that changed.
func (l *Lock) Encode() []byte {
	var b bytes.Buffer
	b.WriteString(lockHead)
	fmt.Fprintf(&b, "lock: v1\nspec: %s\nstages:\n", lockText(l.Spec))
	for _, s := range l.Stages {
		fmt.Fprintf(&b, "  - name: %s\n    kind: %s\n    key: %s%s\n", lockText(s.Name), lockText(s.Kind), digestPrefix, s.Key)
		b.WriteString("    outputs:\n")
		for _, o := range s.Outputs {
			fmt.Fprintf(&b, "      - name: %s\n", lockText(o.Name))
			if o.Rows > 0 {
				fmt.Fprintf(&b, "        rows: %d\n", o.Rows)
			}
			if len(o.Content) > 0 {
				b.WriteString("        content:\n")
			}
			for _, c := range o.Content {
				fmt.Fprintf(&b, "          %s: %s%s\n", lockText(c.Name), digestPrefix, c.ID)
			}
		}
		if len(s.Metrics) > 0 {
			b.WriteString("    metrics:\n")
		}
		for _, m := range s.Metrics {
			fmt.Fprintf(&b, "      %s: %s\n", lockText(m.Name), strconv.FormatFloat(m.Value, 'g', -1, 64))
		}
	}
	return b.Bytes()
}

// lockText quotes what YAML could read as anything but this text.
func lockText(s string) string {
	plain := s != ""
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
		plain = plain && (letter || i > 0 && ('0' <= c && c <= '9' || strings.IndexByte("./-+=", c) >= 0))
	}
	switch strings.ToLower(s) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n":
		plain = false
	}
	if plain {
		return s
	}
	return strconv.QuoteToGraphic(s)
}

// ParseLock reads a lock file. The error is Errors; it says how to mend a file
// that was damaged, as by a merge.
func ParseLock(file string, data []byte) (*Lock, error) {
	v, err := ParseValue(file, string(data))
	if err != nil {
		if at := bytes.Index(data, []byte("\n<<<<<<< ")); at >= 0 {
			return nil, Errors{{Pos: Pos{File: file, Line: bytes.Count(data[:at+1], []byte("\n")) + 1, Column: 1},
				Msg: "both sides of a merge stand here: keep either, and run the spec, which writes the file anew"}}
		}
		return nil, err
	}
	r := lockReader{}
	if got := v.Get("lock"); v.Kind() != Map || got.Text() != "v1" {
		return nil, Errors{{Pos: v.Pos(), Msg: "no lock file of a version that this program reads; run the spec to write it anew"}}
	}
	l := &Lock{Spec: v.Get("spec").Text()}
	for _, s := range v.Get("stages").List() {
		stage := LockedStage{Name: s.Get("name").Text(), Kind: s.Get("kind").Text(), Key: r.digest(s.Get("key"), s.Pos())}
		for _, o := range s.Get("outputs").List() {
			out := LockedOutput{Name: o.Get("name").Text()}
			if rows := o.Get("rows"); !rows.IsZero() {
				out.Rows = int(r.number(rows))
			}
			for _, e := range o.Get("content").Map() {
				out.Content = append(out.Content, LockedContent{e.Key, r.digest(e.Value, e.KeyPos)})
			}
			stage.Outputs = append(stage.Outputs, out)
		}
		for _, e := range s.Get("metrics").Map() {
			stage.Metrics = append(stage.Metrics, LockedMetric{e.Key, r.number(e.Value)})
		}
		l.Stages = append(l.Stages, stage)
	}
	if len(r.errs) > 0 {
		return nil, r.errs
	}
	return l, nil
}

type lockReader struct{ errs Errors }

func (r *lockReader) digest(v Value, near Pos) string {
	text, ok := strings.CutPrefix(v.Text(), digestPrefix)
	if v.IsZero() {
		r.errs = append(r.errs, &Error{Pos: near, Msg: "a digest is missing here; run the spec to write the lock file anew"})
	} else if !ok || len(text) != 64 || strings.Trim(text, "0123456789abcdef") != "" {
		r.errs = append(r.errs, &Error{Pos: v.Pos(), Msg: fmt.Sprintf("%s is no digest; run the spec to write the lock file anew", quote(v.Text()))})
	}
	return text
}

func (r *lockReader) number(v Value) float64 {
	f, err := strconv.ParseFloat(v.Text(), 64)
	if err != nil {
		r.errs = append(r.errs, &Error{Pos: v.Pos(), Msg: fmt.Sprintf("%s is no number; run the spec to write the lock file anew", quote(v.Text()))})
	}
	return f
}
