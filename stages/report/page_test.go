package report_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// probe runs in the page: it clicks a table's heads and says what it saw.
const probe = `<script>
const seen = { errors: failures, charts: document.querySelectorAll("figure > svg").length, wide: document.documentElement.scrollWidth > innerWidth };
const table = document.querySelectorAll("section table")[0];
const column = n => [...table.tBodies[0].rows].map(r => r.cells[n].textContent.trim());
seen.before = column(0);
const heads = table.tHead.rows[0].cells;
heads[1].querySelector("button").click();
seen.ascending = column(1); seen.state = heads[1].getAttribute("aria-sort");
heads[1].querySelector("button").click();
seen.descending = column(1);
heads[1].querySelector("button").click();
seen.after = column(0);
seen.external = [...document.querySelectorAll("[src], link[href]")].map(e => e.src || e.href).filter(u => !u.startsWith("data:"));
document.title = "seen " + JSON.stringify(seen);
</script>`

// The page in a browser, at the width of a desktop and of a phone: no errors, the
// charts are there, tables sort and come back, nothing is wider than the window,
// nothing is loaded. Skipped where there is no Chromium.
func TestPageInBrowser(t *testing.T) {
	browser := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			browser = path
			break
		}
	}
	if browser == "" || testing.Short() {
		t.Skip("no Chromium, or -short")
	}
	page, err := os.ReadFile("testdata/report.html")
	if err != nil {
		t.Fatal(err)
	}
	listen := `<head><script>const failures = []; addEventListener("error", e => failures.push(e.message)); console.error = m => failures.push(String(m));</script>`
	text := strings.Replace(string(page), "<head>", listen, 1)
	text = strings.Replace(text, "</body>", probe+"</body>", 1)
	for _, size := range []string{"1200,900", "390,800"} {
		t.Run(size, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "page.html")
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			dom, err := exec.CommandContext(ctx, browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
				"--disable-background-networking", "--disable-component-update", "--disable-sync", "--user-data-dir="+filepath.Join(dir, "profile"),
				"--window-size="+size, "--dump-dom", "file://"+file).Output()
			if err != nil {
				t.Fatalf("run %s: %v", browser, err)
			}
			found := regexp.MustCompile(`<title>seen (.*?)</title>`).FindSubmatch(dom)
			if found == nil {
				t.Fatalf("the page's probe did not run: %.300s", dom)
			}
			var seen struct {
				Errors, Before, After, Ascending, Descending, External []string
				Charts                                                 int
				Wide                                                   bool
				State                                                  string
			}
			if err := json.Unmarshal(found[1], &seen); err != nil {
				t.Fatal(err)
			}
			if len(seen.Errors) > 0 || seen.Charts != 2 || seen.Wide || len(seen.External) > 0 {
				t.Errorf("errors %q, %d charts, wider than the window %v, loads %q", seen.Errors, seen.Charts, seen.Wide, seen.External)
			}
			up, down := strings.Join(seen.Ascending, " "), strings.Join(seen.Descending, " ")
			if seen.State != "ascending" || !strings.HasPrefix(up, "15.1") || !strings.HasPrefix(down, "17.4") {
				t.Errorf("sorted up %q, down %q, state %q", up, down, seen.State)
			}
			if strings.Join(seen.After, " ") != strings.Join(seen.Before, " ") {
				t.Errorf("after three clicks %q, before %q", seen.After, seen.Before)
			}
		})
	}
}
