package pipeline

import (
	"bytes"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestBad holds specs with mistakes against the exact messages. Each archive
// under testdata/bad has pairs NAME.yaml and NAME.want; other files are there
// to be extended. A line "# set: params.x=1" at the end of a spec is a --set,
// "# local: ..." a local file of one line, "# only: x" and "# from: x" options.
func TestBad(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	total := 0
	for _, file := range files {
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
			total++
			t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar")+"/"+name, func(t *testing.T) {
				got := mistakes(t, name+".yaml", texts)
				if *update {
					ar.Files[i].Data = []byte(got)
					return
				}
				if got != string(f.Data) {
					t.Errorf("%s\n got %s\nwant %s", texts[name+".yaml"], got, f.Data)
				}
			})
		}
		if *update {
			if err := os.WriteFile(file, txtar.Format(ar), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if total < 80 {
		t.Errorf("%d bad specs, want 80 or more", total)
	}
}

// mistakes loads a bad spec and returns its messages, one a line.
func mistakes(t *testing.T, name string, texts map[string][]byte) string {
	t.Helper()
	data, o, err := fromArchive(t, name, texts)
	if err != nil {
		return err.Error() + "\n"
	}
	_, err = Parse(name, data, o)
	errs, ok := err.(Errors)
	if !ok || len(errs) == 0 {
		t.Fatalf("%s\nParse error is %v, want Errors", data, err)
	}
	lines := strings.Split(string(data), "\n")
	for _, e := range errs {
		if strings.Contains(e.Msg, "\n") {
			t.Errorf("message of more than one line: %q", e.Msg)
		}
		if e.Pos.File != name || e.Pos.Line == 0 {
			continue
		}
		if e.Pos.Line > len(lines) || e.Pos.Column > len([]rune(lines[e.Pos.Line-1]))+1 {
			t.Errorf("%s is outside the file", e.Pos)
		}
	}
	return err.Error() + "\n"
}

// fromArchive finds a spec among the files of an archive and reads the options
// in its comments; the error is that of a bad local file.
func fromArchive(t *testing.T, name string, texts map[string][]byte) ([]byte, Options, error) {
	t.Helper()
	data, ok := texts[name]
	if !ok {
		t.Fatalf("no %s", name)
	}
	o := Options{Vocabulary: vocabulary(), ReadFile: func(name string) ([]byte, error) {
		if data, ok := texts[filepath.ToSlash(name)]; ok {
			return data, nil
		}
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}}
	data = bytes.ReplaceAll(data, []byte(`\t`), []byte("\t"))
	for _, line := range strings.Split(string(data), "\n") {
		word, value, _ := strings.Cut(line, ": ")
		switch word {
		case "# set":
			o.Set = append(o.Set, value)
		case "# only":
			o.Only = value
		case "# from":
			o.From = value
		case "# local":
			local, err := ParseLocal("shiftmill.local.yaml", []byte(value+"\n"))
			if err != nil {
				return nil, o, err
			}
			o.Local = local
		case "# partial":
			o.Partial = true
		}
	}
	return data, o, nil
}
