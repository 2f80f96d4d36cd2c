package source

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A spoiler damages a good line of a CSV table or a good object of a JSONL one.
type spoiler struct {
	name string
	csv  func(r *rand.Rand, fields []string) string
	json func(r *rand.Rand, row map[string]any) string
}

func csvLine(fields []string) string { return strings.Join(fields, ",") + "\n" }

func jsonLine(row map[string]any) string {
	b, err := json.Marshal(row)
	if err != nil {
		panic(err)
	}
	return string(b) + "\n"
}

// damaged puts a bad value into a field, alike in both formats.
func damaged(name string, field int, values ...any) spoiler {
	return spoiler{name,
		func(r *rand.Rand, f []string) string {
			f[field] = fmt.Sprint(values[r.IntN(len(values))])
			return csvLine(f)
		},
		func(r *rand.Rand, row map[string]any) string {
			row[accountColumns[field]] = values[r.IntN(len(values))]
			return jsonLine(row)
		},
	}
}

var accountColumns = []string{"id", "file", "label", "country", "taken", "lux"}

var spoilers = []spoiler{
	{"ragged", func(r *rand.Rand, f []string) string { return csvLine(f[:1+r.IntN(5)]) }, func(_ *rand.Rand, _ map[string]any) string { return "{\"id\": \n" }},
	{"Latin-1", func(_ *rand.Rand, f []string) string { f[2] = "caf\xe9"; return csvLine(f) }, func(_ *rand.Rand, row map[string]any) string {
		return strings.Replace(jsonLine(row), `"label":"`, "\"label\":\"\xe9", 1)
	}},
	damaged("country", 3, "Mars", "U.S", "usa!"),
	damaged("date", 4, "2019-31-01", "yesterday", "01.02.19"),
	damaged("number", 5, "NaN", "1,5", "Inf", "1e999", "-"),
	damaged("no id", 0, ""),
	damaged("no file", 1, "gone.png", "../a.png", "dir", "empty.png", ""),
	damaged("no picture", 1, "cut.png", "text.png"),
	damaged("id of another", 0, "r000"),
}

// TestEveryRowIsAccountedFor: of random tables with random damage, every row is
// handed on or named as left out, with on_error: skip; with on_error: fail the
// first bad row stops the run, if there is one.
func TestEveryRowIsAccountedFor(t *testing.T) {
	good := files(t, map[string]string{"a.png": "png"})
	whole, err := os.ReadFile(filepath.Join(good, "a.png"))
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		content := map[string]string{"empty.png": "", "cut.png": string(whole[:len(whole)-20]), "text.png": "text", "dir/x.png": "png"}
		n, bad := 1+r.IntN(60), 0
		var csv, jsonl strings.Builder
		csv.WriteString(csvLine(accountColumns))
		for i := range n {
			file := fmt.Sprintf("p%03d.png", i)
			content[file] = "png"
			lux := "0.5"
			if r.IntN(5) == 0 {
				lux = ""
			}
			fields := []string{fmt.Sprintf("r%03d", i), file, []string{"cat", "dog"}[r.IntN(2)], []string{"US", "usa", "United States", "FR"}[r.IntN(4)], []string{"2019-03-01", "01/03/2019"}[r.IntN(2)], lux}
			row := map[string]any{}
			for k, c := range accountColumns {
				if fields[k] != "" {
					row[c] = fields[k]
				}
			}
			if i == 0 || r.IntN(4) > 0 {
				csv.WriteString(csvLine(fields))
				jsonl.WriteString(jsonLine(row))
				continue
			}
			bad++
			s := spoilers[r.IntN(len(spoilers))]
			state := *r
			csv.WriteString(s.csv(r, fields))
			*r = state // the same value in both
			jsonl.WriteString(s.json(r, row))
		}
		content["m.csv"], content["m.jsonl"] = csv.String(), jsonl.String()
		root := files(t, content)
		for _, table := range []string{"m.csv", "m.jsonl"} {
			with := "{root: ., table: " + table + `, id: id, image: file, label: label, on_error: skip, types: {country: {one_of: {US: [USA, United States], FR: []}}, taken: {time: ["2006-01-02", "02/01/2006"]}, lux: float}}`
			got, sink, err := read(t, TableKind(), root, with)
			if err != nil {
				t.Fatalf("seed %d, %s: %v", seed, table, err)
			}
			if len(got) != n-bad || len(sink.Skipped) != bad {
				t.Errorf("seed %d, %s: %d rows, of which %d are bad: %d are handed on and %d named: %q\n%s", seed, table, n, bad, len(got), len(sink.Skipped), sink.Skipped, content[table])
			}
			for id, why := range sink.Skipped {
				if why == "" {
					t.Errorf("seed %d, %s: no reason for %s", seed, table, id)
				}
			}
			_, _, err = read(t, TableKind(), root, strings.Replace(with, "skip", "fail", 1))
			onlyPictures := err == nil // what must be decoded to be seen does not stop a source
			if err != nil && !strings.HasPrefix(err.Error(), table+":") {
				t.Errorf("seed %d, %s: the error names no row: %v", seed, table, err)
			}
			if bad == 0 && err != nil {
				t.Errorf("seed %d, %s: no row is bad: %v", seed, table, err)
			}
			if onlyPictures && bad > 0 {
				for id, why := range sink.Skipped {
					if !strings.Contains(why, "image") {
						t.Errorf("seed %d, %s: %s (%s) did not stop the run", seed, table, id, why)
					}
				}
			}
		}
	}
}
