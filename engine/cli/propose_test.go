package cli_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shiftmill/engine/cli"
)

// shiftmill runs a command line in a folder and returns its standard output.
func shiftmill(t *testing.T, want int, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, told bytes.Buffer
	if got := cli.Main(args, nil, &out, &told); got != want {
		t.Fatalf("shiftmill %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got, want, out.String(), told.String())
	}
	return out.String(), told.String()
}

// holds checks that a spec has the lines, whatever their comments.
func holds(t *testing.T, spec string, lines ...string) {
	t.Helper()
	text, err := os.ReadFile(spec)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		if !strings.Contains(string(text), line) {
			t.Errorf("%s lacks %q:\n%s", spec, line, text)
		}
	}
}

// A table of unknown columns becomes a spec that is right, in the canonical form, and
// runs; names and values that YAML or the language would read otherwise are quoted.
func TestInitProposesForTable(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	var b strings.Builder
	b.WriteString("scan,the site,patient_id,year,Label,remarks,said\n")
	for i := range 600 {
		site := []string{"null", "null", "null", "a..b", "C: x", "D"}[i%6]
		label := []string{"01", "1", "no"}[(i/6)%3]
		fmt.Fprintf(&b, "s%03d,%s,p%d,%d,%s,%s,%s\n", i, site, i/4, 2015+i/7%3, label, []string{"x", "y"}[i%2], "says "+label)
	}
	if err := os.WriteFile("my table.csv", []byte(b.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	out, _ := shiftmill(t, 0, "init", "mine 1.yaml", "--data", "my table.csv")
	if want := "mine 1.yaml written; next: shiftmill check --data 'mine 1.yaml'\n"; out != want {
		t.Errorf("got %q, want %q", out, want)
	}
	holds(t, "mine 1.yaml", "name: mine-1\n", `table: my table.csv, id: scan, label: Label, types: {year: int}}`,
		`base: {year: 2015, the site: "null"}`, `shifts: {year: [2016, 2017], the site: ["a..b", "C: x", D]}`, "group: patient_id", "stratify: label",
		`# the site: null (300), C: x (100), D (100), a..b (100)`)
	shiftmill(t, 0, "fmt", "--check", "mine 1.yaml")
	out, _ = shiftmill(t, 0, "check", "--data", "mine 1.yaml")
	if !strings.Contains(out, "split:rows: rows: train ") {
		t.Errorf("check says %s", out)
	}
	shiftmill(t, 0, "run", "mine 1.yaml")
	shiftmill(t, 2, "init", "mine 1.yaml", "--data", "my table.csv")
	if err := os.WriteFile("twice.csv", []byte("a,b\n1,2\n1,3\n2,2\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	_, told := shiftmill(t, 2, "init", "other.yaml", "--data", "twice.csv")
	if want := "--data twice.csv: no column can be the rows' id: each has a value twice, or misses some\n"; told != want {
		t.Errorf("got %q, want %q", told, want)
	}
	_, told = shiftmill(t, 2, "init", "other.yaml", "--data", "nothing.csv")
	if want := "--data nothing.csv: there is no such table or folder\n"; told != want {
		t.Errorf("got %q, want %q", told, want)
	}
}

// A Parquet table that holds its pictures, as Hugging Face's do, becomes an experiment.
func TestInitProposesForPictures(t *testing.T) {
	t.Chdir(t.TempDir())
	spec := "stages:\n  photos: {kind: source/storefronts, with: {count: 4000, size: 16}}\n"
	if err := os.WriteFile("photos.yaml", []byte(spec), 0o666); err != nil {
		t.Fatal(err)
	}
	shiftmill(t, 0, "run", "photos.yaml")
	shiftmill(t, 0, "export", "photos", "hf", "--spec", "photos.yaml", "--layout", "huggingface")
	shiftmill(t, 0, "init", "mine.yaml", "--data", "hf/data/photos/data-00000-of-00001.parquet")
	holds(t, "mine.yaml", "id: id, image: image, label: label", "year: int", "base: {camera: new, country: US, year: 2019}",
		"shifts: {camera: [old], country: [FR, MX, CA], year: [2018, 2017, 2016]}", "group: business_id")
	out, _ := shiftmill(t, 0, "check", "--data", "mine.yaml")
	if !strings.Contains(out, "camera=old ") {
		t.Errorf("check says %s", out)
	}
}

// What is proposed for real data passes check --data, and shifts what a person would.
func TestInitProposesForRealData(t *testing.T) {
	data, err := filepath.Abs("../../../shared/data")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(data); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("../shared/data is missing: no real data to read")
	}
	t.Chdir(t.TempDir())
	for _, tt := range []struct {
		data  string
		lines []string
	}{
		{"pacs", []string{`pattern: "{domain}/{label}/{file}"`, "base: {domain: art_painting}", "shifts: {domain: [cartoon, photo, sketch]}"}},
		{"pacs/metadata.csv", []string{"table: metadata.csv, image: file, label: label}", "shifts: {domain: [cartoon, photo, sketch]}"}},
		{"photo-doodle/metadata.csv", []string{"image: file, label: label}", "base: {domain: photo}", "shifts: {domain: [doodle]}"}},
		{"camera-photos/metadata.csv", []string{"# make: Sony (10), Canon (9)", "types: {year: int}", "base: {year: ..2004}", "shifts: {above-year: {year: 2005..}}"}},
		{"camera-photos", []string{"# No column was found that has a few values"}},
	} {
		spec := strings.ReplaceAll(tt.data, "/", "-") + ".yaml"
		shiftmill(t, 0, "init", spec, "--data", filepath.Join(data, tt.data))
		holds(t, spec, tt.lines...)
		shiftmill(t, 0, "check", "--data", spec)
	}
}
