package pipeline

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

// seedSpecs gives a fuzz target all specs of the tests.
func seedSpecs(f *testing.F) {
	files, _ := filepath.Glob("testdata/*/*.txtar")
	more, _ := filepath.Glob("testdata/*.txtar")
	for _, file := range append(files, more...) {
		ar, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range ar.Files {
			if strings.HasSuffix(part.Name, ".yaml") {
				f.Add(part.Data)
			}
		}
	}
	files, _ = filepath.Glob("testdata/examples/*.yaml")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	bomb := "a: &a [x, x, x, x, x, x, x, x, x]\n"
	for i := 'b'; i < 'z'; i++ {
		bomb += string(i) + ": &" + string(i) + " [*" + string(i-1) + ", *" + string(i-1) + ", *" + string(i-1) + "]\n"
	}
	for _, text := range []string{bomb, strings.Repeat("[", 20000), strings.Repeat("{a: ", 20000), strings.Repeat("- ", 20000), strings.Repeat("? ", 5000),
		"\xef\xbb\xbfstages: {a: {kind: test/source}}", "\xff\xfes\x00", "a: \"\\u2028\"\r\nb: |\r\n  x\r\n", "%YAML 1.1\n---\na: 1\n", "a: 1\n---"} {
		f.Add([]byte(text))
	}
}

// FuzzParse: any bytes give a graph or mistakes with places inside the file,
// one line each, soon.
func FuzzParse(f *testing.F) {
	seedSpecs(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		began := time.Now()
		o := Options{Vocabulary: vocabulary(), Partial: len(data)%2 == 0, ReadFile: func(name string) ([]byte, error) {
			if strings.HasPrefix(name, "base") {
				return []byte("stages: {a: {kind: test/source, with: {strength: 1}}}\n"), nil
			}
			return nil, fs.ErrNotExist
		}}
		g, err := Parse("x.yaml", data, o)
		if took := time.Since(began); took > time.Minute {
			t.Errorf("took %s", took)
		}
		if err == nil {
			checkOrder(t, g)
			return
		}
		var errs Errors
		if !errors.As(err, &errs) || len(errs) == 0 {
			t.Fatalf("error is %T, want Errors: %v", err, err)
		}
		lines := strings.Split(string(data), "\n")
		for _, e := range errs {
			if strings.Contains(e.Error(), "\n") {
				t.Errorf("a message of several lines: %q", e.Error())
			}
			if e.Pos.File != "x.yaml" {
				continue
			}
			if e.Pos.Line < 1 || e.Pos.Line > len(lines) || e.Pos.Column < 1 || e.Pos.Column > len([]rune(lines[e.Pos.Line-1]))+1 {
				t.Errorf("%v is outside the file", e)
			}
		}
	})
}

// FuzzFormat: what reads as YAML of the language is formatted, means the same,
// keeps its comments (Format sees to both) and is then in canonical form.
func FuzzFormat(f *testing.F) {
	seedSpecs(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		once, err := Format("x.yaml", data)
		var errs Errors
		if errors.As(err, &errs) {
			return
		}
		if err != nil {
			t.Fatalf("%v\n%q", err, data)
		}
		twice, err := Format("x.yaml", once)
		if err != nil || string(twice) != string(once) {
			t.Errorf("formatted twice:\n%q\nonce:\n%q\n%v\nfrom\n%q", twice, once, err, data)
		}
	})
}
