package pipeline

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"strings"
)

// TestFormat holds texts against their canonical form, which must be its own.
func TestFormat(t *testing.T) {
	file := "testdata/format.txtar"
	ar, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string][]byte{}
	for _, f := range ar.Files {
		texts[f.Name] = f.Data
	}
	for i, f := range ar.Files {
		name, ok := strings.CutSuffix(f.Name, ".want")
		if !ok {
			continue
		}
		t.Run(name, func(t *testing.T) {
			got, err := Format("x.yaml", texts[name+".yaml"])
			if err != nil {
				t.Fatal(err)
			}
			if *update {
				ar.Files[i].Data = got
			} else if string(got) != string(f.Data) {
				t.Errorf("got\n%s\nwant\n%s", got, f.Data)
			}
			again, err := Format("x.yaml", got)
			if err != nil || string(again) != string(got) {
				t.Errorf("formatted twice:\n%s\n%v\nonce:\n%s", again, err, got)
			}
		})
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(ar), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFormatExamples formats the example specs: the plan stays the same.
func TestFormatExamples(t *testing.T) {
	files, _ := filepath.Glob("testdata/examples/*.yaml")
	formatted := map[string][]byte{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if formatted[file], err = Format(file, data); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range files {
		g, err := Load(file, Options{Vocabulary: vocabulary(), Partial: true})
		if err != nil {
			t.Fatal(err)
		}
		h, err := Load(file, Options{Vocabulary: vocabulary(), Partial: true, ReadFile: func(name string) ([]byte, error) { return formatted[filepath.ToSlash(name)], nil }})
		if err != nil {
			t.Fatal(err)
		}
		if plan(g) != plan(h) {
			t.Errorf("%s: another plan after formatting\n%s", file, formatted[file])
		}
	}
}
