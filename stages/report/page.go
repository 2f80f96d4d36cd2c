package report

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"slices"
	"strings"
)

var (
	//go:embed page/page.html
	pageHTML string
	//go:embed page/page.css
	pageStyle string
	//go:embed page/sort.js
	sortScript string
	//go:embed page/plot.js
	plotScript string // see page/_plot
	//go:embed page/charts.js
	chartScript string
)

// runMark is where the page of a run takes up the run: see [Annotate].
const runMark = "<!-- run -->"

// pageSection and the types below are the sections as the template reads them.
type pageSection struct {
	ID, Title, Lead string
	Charts          []chart
	Items           []pageItem
	Tables          []pageTable
	Strips          []pageStrip
}

// Count numbers items from 1, for their anchors.
func (pageSection) Count(i int) int { return i + 1 }

type pageItem struct{ Text, Link string }

type pageStrip struct {
	Title string
	Shots []pageShot
}

type pageShot struct {
	Source template.URL
	shot
}

type pageTable struct {
	ID, Title, Note string
	Fold            bool
	Head            []pageCell
	Rows            []pageRow
}

type pageRow struct {
	ID    string
	Cells []pageCell
}

type pageCell struct {
	Name, Value, Interval, Sort, Mark, Link string
	Words                                   bool
}

// page makes one HTML file that needs nothing else: style, script and charts
// are in it.
func page(r *result, sections []section) ([]byte, error) {
	t, err := template.New("page").Parse(pageHTML)
	if err != nil {
		return nil, fmt.Errorf("parse page template: %w", err)
	}
	data := struct {
		Title      string
		Summary    []string
		Style      template.CSS
		Scripts    []template.JS
		Run        template.HTML
		Sections   []pageSection
		Notes      []string
		Inputs     []provenance
		Provenance pageTable
	}{
		Title: r.Title, Summary: r.summary(), Style: template.CSS(pageStyle), Scripts: []template.JS{template.JS(sortScript)}, Run: runMark, Notes: r.Notes, Inputs: r.Inputs,
	}
	drawn := false
	sections = slices.Clone(sections)
	slices.SortStableFunc(sections, func(a, b section) int {
		switch {
		case a.first == b.first:
			return 0
		case a.first:
			return -1
		}
		return 1
	})
	for _, s := range sections {
		drawn = drawn || len(s.charts) > 0
		p := pageSection{ID: s.id, Title: s.title, Lead: s.lead, Charts: s.charts}
		for _, i := range s.items {
			p.Items = append(p.Items, pageItem{i.text, i.link})
		}
		for _, t := range s.tables {
			p.Tables = append(p.Tables, t.page())
		}
		for _, t := range s.strips {
			p.Strips = append(p.Strips, t.page())
		}
		data.Sections = append(data.Sections, p)
	}
	if drawn {
		data.Scripts = append(data.Scripts, template.JS(plotScript), template.JS(chartScript))
	}
	inputs := inputTable(r)
	data.Provenance = inputs.page()
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return nil, fmt.Errorf("make page: %w", err)
	}
	return b.Bytes(), nil
}

// inputTable lists the predictions that the report was made from.
func inputTable(r *result) table {
	t := table{head: []string{"benchmark", "made by", "at", "rows"}}
	for _, in := range r.Inputs {
		by := in.Stage
		if in.Output != "" {
			by += "." + in.Output
		}
		rows := float64(in.Rows)
		t.rows = append(t.rows, []cell{{value: in.Benchmark}, {value: by}, {value: in.At}, {value: grouped(in.Rows), sort: &rows}})
	}
	return t
}

func (t *table) page() pageTable {
	p := pageTable{ID: t.id, Title: t.title, Note: t.note, Fold: t.fold}
	words := make([]bool, len(t.head))
	for i, h := range t.head {
		words[i] = t.textual(i)
		head := pageCell{Value: h, Words: words[i]}
		if slices.ContainsFunc(t.rows, func(row []cell) bool { return row[i].mark != "" }) {
			head.Mark = "marks"
		}
		p.Head = append(p.Head, head)
	}
	for k, row := range t.rows {
		cells := make([]pageCell, len(row))
		for i, c := range row {
			cells[i] = pageCell{Value: minus(c.value), Interval: minus(c.interval), Mark: map[string]string{"+": "plus", "-": "minus", "0": "zero"}[c.mark], Link: c.link, Words: words[i]}
			if c.sort != nil {
				cells[i].Sort, cells[i].Name = full(*c.sort), c.name
			} else {
				cells[i].Value = c.value
			}
			if c.mark == "-" {
				cells[i].Value = "\u2212"
			}
		}
		r := pageRow{Cells: cells}
		if k < len(t.ids) {
			r.ID = t.ids[k]
		}
		p.Rows = append(p.Rows, r)
	}
	return p
}

func (t *strip) page() pageStrip {
	p := pageStrip{Title: fmt.Sprintf("%s: %d of the %s errors of %s", t.Set, len(t.Shots), grouped(t.Of), t.Model)}
	for _, s := range t.Shots {
		p.Shots = append(p.Shots, pageShot{template.URL("data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(s.JPEG)), s})
	}
	return p
}

// minus sets real minus signs before figures, of which an interval has two.
func minus(s string) string {
	if rest, ok := strings.CutPrefix(s, "-"); ok && rest != "" {
		s = "\u2212" + rest
	}
	return strings.ReplaceAll(s, ", -", ", \u2212")
}
