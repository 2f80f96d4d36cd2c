package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
)

//go:embed page/run.html
var runHTML string

// A Run is what a report's page can tell of the run that it is of. Nothing in it
// depends on time or machine, so that pages of one run are equal.
type Run struct {
	Spec   string     // its name
	Text   string     // as it was written
	Params []string   // resolved, without locations
	Graph  string     // SVG, as engine.StagesSVG draws it
	Stages []RunStage // as the spec orders them
	Lock   string     // text of the lock file
	Trial  int        // rows of a source, of a trial; else 0
	Part   bool       // the run left stages out
}

// A RunStage is a stage with the versions of what it does.
type RunStage struct {
	Name, Kind string
	Version    int
	Uses       string // versions of shared code
	Instances  int
}

// Annotated says whether a file is a report's page, which can take up a run.
func Annotated(page []byte) bool { return bytes.Contains(page, []byte(runMark)) }

// Annotate returns the page with the run in it.
func Annotate(page []byte, r Run) ([]byte, error) {
	t, err := template.New("run").Parse(runHTML)
	if err != nil {
		return nil, fmt.Errorf("parse run template: %w", err)
	}
	var b bytes.Buffer
	err = t.Execute(&b, struct {
		Run
		Graph template.HTML // escaped where it was drawn
	}{r, template.HTML(r.Graph)})
	if err != nil {
		return nil, fmt.Errorf("tell of the run: %w", err)
	}
	page = bytes.Replace(page, []byte(runMark), bytes.TrimSpace(b.Bytes()), 1)
	if r.Trial > 0 {
		text := fmt.Sprintf("<header>\n<p class=\"trial\">A trial on about %d rows a source: its figures say that the spec works, nothing else.</p>", r.Trial)
		page = bytes.Replace(page, []byte("<header>"), []byte(text), 1)
	}
	return page, nil
}
