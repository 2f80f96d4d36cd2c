package report_test

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"shiftmill/stages/report"
)

// listen stands first in the page and keeps what goes wrong, probe stands last: it
// clicks the heads of a table and says what it saw.
const (
	listen = `<script>
const failures = [];
addEventListener("error", e => failures.push(e.message || "could not load " + e.target.outerHTML.slice(0, 80)), true);
addEventListener("unhandledrejection", e => failures.push(String(e.reason)));
for (const level of ["error", "warn"]) console[level] = m => failures.push(level + ": " + m);
</script>`
	probe = `<script>
const all = s => [...document.querySelectorAll(s)];
const seen = {
  errors: failures, charts: all("figure .plot svg").length, figures: all("figure .plot").length, marks: all(".plot svg circle, .plot svg rect").length,
  pictures: all(".strip img").filter(i => i.complete && i.naturalWidth > 0).length,
  wide: all("body *").filter(e => !e.closest(".scroll, pre, svg") && e.getBoundingClientRect().right > innerWidth + 1).map(e => e.tagName + " " + e.className),
  external: all("[src], link[href]").map(e => e.src || e.href).filter(u => !u.startsWith("data:")),
};
// WCAG's contrast of colours on the page's ground.
const light = c => c.match(/[0-9.]+/g).slice(0, 3).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4).reduce((s, v, i) => s + v * [0.2126, 0.7152, 0.0722][i], 0);
const ground = light(getComputedStyle(document.body).backgroundColor);
const contrast = (s, p) => { const l = light(getComputedStyle(document.querySelector(s))[p]); return (Math.max(l, ground) + 0.05) / (Math.min(l, ground) + 0.05); };
seen.dark = ground < 0.2;
seen.width = innerWidth;
seen.faint = [["body", "color"], [".note", "color"], [".plot svg text", "fill"], ["a", "color"]].filter(([s]) => document.querySelector(s)).filter(([s, p]) => contrast(s, p) < 4.5).map(([s, p]) => s + " " + contrast(s, p).toFixed(2));
const heads = table => [...table.tHead.rows[0].cells];
const column = (table, n) => [...table.tBodies[0].rows].map(r => r.cells[n].textContent.trim()).join("|");
const figures = (table, n) => [...table.tBodies[0].rows].map(r => r.cells[n].dataset.sort).filter(v => v !== undefined).map(Number);
const rising = v => v.every((x, i) => i === 0 || x >= v[i - 1]);
seen.unsorted = [];
seen.sorted = 0;
for (const table of all("table")) {
  if (table.tBodies[0].rows.length < 2) continue;
  heads(table).forEach((head, n) => {
    const before = column(table, 0), button = head.querySelector("button"), states = [];
    const click = () => { button.click(); states.push(head.getAttribute("aria-sort")); };
    click();
    const up = rising(figures(table, n));
    click();
    const down = rising(figures(table, n).reverse());
    click();
    seen.sorted++;
    if (!up || !down || states.join() !== "ascending,descending,none" || column(table, 0) !== before) seen.unsorted.push(head.textContent);
  });
}
seen.links = all("a[href^='#']").filter(a => !document.getElementById(a.getAttribute("href").slice(1))).map(a => a.getAttribute("href"));
top.document.title = "seen " + JSON.stringify(seen);
</script>`
)

// chromium finds a browser; without one the test is skipped, except in CI, which
// installs it.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("no Chromium: install the package chromium")
	}
	t.Skip("no Chromium (looked for chromium, chromium-browser and google-chrome)")
	return ""
}

// The page in a browser, light and dark, at the width of a desktop and of a phone:
// no message on the console, charts are drawn with marks in them, pictures are
// shown, every column of every table sorts up, down and back, links lead
// somewhere, text has contrast, nothing is wider than the window, nothing is
// loaded.
func TestPageInBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("-short")
	}
	browser := chromium(t)
	c := full(nil)
	out, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	page, err := report.Annotate(out.File("", "report.html"), report.Run{
		Spec: "shops", Text: "shiftmill: v1\n", Graph: `<svg xmlns="http://www.w3.org/2000/svg" width="900" height="50"><rect class="box" width="900" height="50"/></svg>`,
		Stages: []report.RunStage{{Name: "a", Kind: "b", Version: 1, Instances: 2}, {Name: "c", Kind: "d", Version: 3, Instances: 1}}, Lock: strings.Repeat("x", 500),
	})
	if err != nil {
		t.Fatal(err)
	}
	shifted, err := corrupted().Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name     string
		page     []byte
		figures  int
		pictures int
		windows  []window
	}{
		{"all", page, 7, 50, []window{{1200, 900, false}, {390, 800, true}}},
		{"corruptions", shifted.File("", "report.html"), 3, 0, []window{{1200, 900, true}, {390, 800, false}}},
	} {
		for _, window := range tt.windows {
			t.Run(fmt.Sprint(tt.name, " ", window), func(t *testing.T) {
				t.Parallel()
				seen := look(t, browser, tt.page, window)
				if len(seen.Errors)+len(seen.Wide)+len(seen.External)+len(seen.Faint)+len(seen.Links)+len(seen.Unsorted) > 0 {
					t.Errorf("errors %q\nwider than the window %q\nloads %q\nlittle contrast %q\nlinks to nowhere %q\ncolumns that do not sort %q",
						seen.Errors, seen.Wide, seen.External, seen.Faint, seen.Links, seen.Unsorted)
				}
				if seen.Figures != tt.figures || seen.Charts != tt.figures || seen.Marks < 10*tt.figures || seen.Pictures != tt.pictures || seen.Sorted < 20 {
					t.Errorf("%d figures with %d charts and %d marks, want %d; %d pictures, want %d; %d columns sorted",
						seen.Figures, seen.Charts, seen.Marks, tt.figures, seen.Pictures, tt.pictures, seen.Sorted)
				}
				if seen.Width != window.width || seen.Dark != window.dark {
					t.Errorf("the window is %d wide, dark %v", seen.Width, seen.Dark)
				}
			})
		}
	}
}

// A window is what a reader looks through, in pixels.
type window struct {
	width, height int
	dark          bool
}

type seen struct {
	Errors, Wide, External, Faint, Links, Unsorted []string
	Figures, Charts, Marks, Pictures, Sorted       int
	Width                                          int
	Dark                                           bool
}

// look opens a page in a window and returns what its probe saw.
func look(t *testing.T, browser string, page []byte, w window) seen {
	t.Helper()
	text := strings.Replace(string(page), "<head>", "<head>"+listen, 1)
	text = strings.Replace(text, "</body>", probe+"</body>", 1)
	dir := t.TempDir()
	file := filepath.Join(dir, "frame.html")
	// A browser's own window is never as narrow as a phone.
	frame := fmt.Sprintf(`<!DOCTYPE html><html style="color-scheme: light dark"><title></title><iframe width="%d" height="%d" style="border: 0" srcdoc="%s"></iframe></html>`,
		w.width, w.height, html.EscapeString(text))
	if err := os.WriteFile(file, []byte(frame), 0o644); err != nil {
		t.Fatal(err)
	}
	scheme := map[bool]int{true: 0, false: 1}[w.dark]
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	dom, err := exec.CommandContext(ctx, browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--user-data-dir="+filepath.Join(dir, "profile"),
		fmt.Sprintf("--blink-settings=preferredColorScheme=%d", scheme), "--window-size=1300,1000", "--dump-dom", "file://"+file).Output()
	if err != nil {
		t.Fatalf("run %s: %v", browser, err)
	}
	found := regexp.MustCompile(`<title>seen (.*?)</title>`).FindSubmatch(dom)
	if found == nil {
		t.Fatalf("the page's probe did not run: %.300s", dom)
	}
	var s seen
	if err := json.Unmarshal([]byte(html.UnescapeString(string(found[1]))), &s); err != nil {
		t.Fatal(fmt.Errorf("%w: %s", err, found[1]))
	}
	return s
}
