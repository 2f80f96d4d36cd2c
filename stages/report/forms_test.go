package report_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"shiftmill/stages"
	"shiftmill/stages/report"
	"shiftmill/stages/stagetest"
)

// tagsOut takes HTML's markup away, and writes minus signs as the other forms do.
func tagsOut(page []byte) string {
	text := regexp.MustCompile(`(?s)<(script|style)[^>]*>.*?</(script|style)>`).ReplaceAllString(string(page), " ")
	text = regexp.MustCompile(`<[^>]*>`).ReplaceAllString(text, "")
	return strings.ReplaceAll(html.UnescapeString(text), "\u2212", "-")
}

// All six forms hold the same numbers: what report.csv has at full precision stands
// in report.json, and rounded in the four for people, estimate and interval
// together, beside every method and verdict.
func TestFormsAgree(t *testing.T) {
	for name, c := range map[string]stagetest.Case{"all": full(nil), "corruptions": corrupted()} {
		t.Run(name, func(t *testing.T) {
			out, err := c.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			lines, err := csv.NewReader(bytes.NewReader(out.File("", "report.csv"))).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			var data any
			if err := json.Unmarshal(out.File("", "report.json"), &data); err != nil {
				t.Fatal(err)
			}
			inJSON := map[string]bool{}
			numbers(data, inJSON)
			latex := regexp.MustCompile(`\\[a-z]+|[${}]`).ReplaceAllString(string(out.File("", "report.tex")), "")
			forms := map[string]string{
				"report.txt": string(out.File("", "report.txt")), "report.md": string(out.File("", "report.md")),
				"report.tex": strings.ReplaceAll(latex, "  ", " "), "report.html": tagsOut(out.File("", "report.html")),
			}
			checked := 0
			for _, l := range lines[1:] {
				set, quantity := l[2], l[3]
				if name == "corruptions" && strings.Contains(set, "severity=") {
					continue // 20 sets of two methods; people get them by corruption and by severity
				}
				for _, v := range l[4:7] {
					if v != "" && !inJSON[v] {
						t.Errorf("%v: report.json lacks %s", l[:4], v)
					}
				}
				if quantity == "gap" && set != "" {
					continue // of single sets, for programs
				}
				want := shown(t, quantity, l[4], l[5], l[6])
				for form, text := range forms {
					switch {
					case strings.HasSuffix(quantity, "by class") && form != "report.html":
						continue // only the hardest classes, where nobody can fold a table
					case form == "report.txt" && (quantity == "error by town" || quantity == "ECE" || quantity == "RMS calibration error" || strings.HasPrefix(quantity, "worst error by class") && name != "all"):
						continue // left to the longer forms
					}
					checked++
					if !strings.Contains(text, want) {
						t.Errorf("%v: %s lacks %q", l[:4], form, want)
					}
				}
			}
			if checked < 60 {
				t.Errorf("%d numbers compared", checked)
			}
		})
	}
}

// shown is how people are shown a number: rates as they are, differences with
// their sign.
func shown(t *testing.T, quantity, value, low, high string) string {
	t.Helper()
	one := func(s string) string {
		x, err := strconv.ParseFloat(s, 64)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.TrimPrefix(strconv.FormatFloat(x, 'f', 1, 64), "+")
		if text == "-0.0" {
			text = "0.0"
		}
		signed := !strings.Contains(quantity, "error") && !strings.Contains(quantity, "CE")
		if signed && text[0] != '-' && text != "0.0" {
			text = "+" + text
		}
		return text
	}
	if low == "" {
		return one(value)
	}
	return fmt.Sprintf("%s [%s, %s]", one(value), one(low), one(high))
}

// numbers gathers all numbers of a JSON value, as report.csv writes them.
func numbers(v any, into map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for _, x := range v {
			numbers(x, into)
		}
	case []any:
		for _, x := range v {
			numbers(x, into)
		}
	case float64:
		into[strconv.FormatFloat(v, 'g', -1, 64)] = true
	}
}

// awkward is a report full of names that LaTeX would read as commands, and of a
// table that fills more than a page.
func awkward() stagetest.Case {
	sets := []string{"iid", "art_painting", "[50 %] # {x}", "a & b", `back\slash ~^`, "<1 $> | \"q\"", "*zoom--3"}
	s := scene{seeds: 1, rows: 60, rates: map[string]map[string]float64{}}
	methods := []string{"none", "r50_x", "50% & $5", "#1 {a}", "~^\\", "<b>", "[c]", "\"d\" | é"}
	for i, m := range methods {
		s.rates[m] = map[string]float64{}
		for k, set := range sets {
			s.rates[m][set] = 0.2 + 0.02*float64(i) + 0.05*float64(k)
		}
	}
	return stagetest.Case{
		Kind: report.Robustness(), Config: config(func(c *report.Config) {
			c.Title = "100 % of _it_"
			c.Benchmarks = map[string]report.Benchmark{"pacs_&_co": {Real: true, Shift: "texture"}}
			c.Metrics = []string{"top-5", "calibration", "calibration-reference", "classes"}
			c.Hypotheses = report.Hypotheses{Diverse: methods[1:3], Simple: methods[3:], Texture: methods[1:]}
		}),
		Ports: map[string][]stages.Input{"pacs_&_co": s.inputs(methods...)},
	}
}

// The LaTeX compiles, where there is one, to the last character of awkward names;
// otherwise its environments, groups and columns are checked.
func TestLatex(t *testing.T) {
	for name, c := range map[string]stagetest.Case{"all": full(nil), "awkward": awkward()} {
		t.Run(name, func(t *testing.T) {
			out, err := c.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			text := string(out.File("", "report.tex"))
			sound(t, text)
			if name == "awkward" {
				for _, want := range []string{`r50\_x`, `50\% \& \$5`, `\#1 \{a\}`, `\textasciitilde{}\textasciicircum{}\textbackslash{}`, `\textless{}b\textgreater{}`, `{}[c]`, `*zoom-{}-3`, `''d'' \textbar{} é`, ", continued."} {
					if !strings.Contains(text, want) {
						t.Errorf("no %s", want)
					}
				}
			}
			compile(t, text)
		})
	}
}

// sound checks the structure of a file of tables.
func sound(t *testing.T, text string) {
	t.Helper()
	tables := regexp.MustCompile(`(?s)\\begin\{table\}.*?\\begin\{tabular\}\{([lr]+)\}\n\\toprule\n(.*?)\\bottomrule\n\\end\{tabular\}\}\n\\end\{table\}`).FindAllStringSubmatch(text, -1)
	if n := strings.Count(text, `\begin{table}`); n < 10 || len(tables) != n {
		t.Errorf("%d sound tables of %d", len(tables), n)
	}
	for _, table := range tables {
		for _, row := range strings.Split(strings.TrimSpace(table[2]), "\n") {
			if row == `\midrule` {
				continue
			}
			plain := strings.NewReplacer(`\&`, "", `\$`, "").Replace(row)
			if n := strings.Count(plain, " & ") + 1; n != len(table[1]) || !strings.HasSuffix(row, ` \\`) || !strings.HasPrefix(row, "{}") {
				t.Errorf("%d cells in %d columns: %s", n, len(table[1]), row)
			}
			if open := strings.Count(plain, "{") - strings.Count(plain, `\{`); open != strings.Count(plain, "}")-strings.Count(plain, `\}`) || strings.Count(plain, "$")%2 != 0 {
				t.Errorf("groups are not closed: %s", row)
			}
		}
	}
}

// compile runs LaTeX on the tables.
func compile(t *testing.T, text string) {
	t.Helper()
	compiler, err := exec.LookPath("pdflatex")
	if err != nil {
		t.Log("no pdflatex: only the structure was checked")
		return
	}
	dir := t.TempDir()
	whole := "\\documentclass{article}\\usepackage{booktabs,graphicx}\\begin{document}\n" + text + "\\end{document}\n"
	if err := os.WriteFile(filepath.Join(dir, "report.tex"), []byte(whole), 0o644); err != nil {
		t.Fatal(err)
	}
	run := exec.CommandContext(t.Context(), compiler, "-interaction=nonstopmode", "-halt-on-error", "report.tex")
	run.Dir = dir
	said, err := run.CombinedOutput()
	if err != nil {
		t.Errorf("pdflatex: %v\n%s", err, said)
	}
	for _, bad := range []string{"Overfull \\hbox", "Float too large", "Missing character"} {
		if strings.Contains(string(said), bad) {
			t.Errorf("pdflatex: %s\n%s", bad, said)
		}
	}
	if to := os.Getenv("SHIFTMILL_PDF"); to != "" {
		pdf, err := os.ReadFile(filepath.Join(dir, "report.pdf"))
		if err == nil {
			err = os.WriteFile(filepath.Join(to, filepath.Base(t.Name())+".pdf"), pdf, 0o644)
		}
		if err != nil {
			t.Error(err)
		}
	}
}
