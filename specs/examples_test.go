package specs_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shiftmill/engine"
	"shiftmill/pipeline"
	"shiftmill/stages/all"
)

// examples are the realistic specs that the language was made for; package
// pipeline reads them with fakes.
const examples = "../pipeline/testdata/examples"

// adapted are two places where the kinds ask for more words. Style pictures come
// from a source, so that they are listed, hashed and read like all pictures; and
// who learns several classes a picture names their column and the loss for them.
var adapted = strings.NewReplacer(
	"  styled: {kind: augment/style, from: split.train, with: {styles: $params.styles, ",
	"  paintings: {kind: source/images, with: {root: $params.styles, pattern: \"{file}\"}}\n"+
		"  styled: {kind: augment/style, from: {data: split.train, styles: paintings}, with: {",
	"      model: {arch: resnet50, attention: $matrix.method.attention}\n",
	"      model: {arch: resnet50, attention: $matrix.method.attention}\n      label: labels\n      loss: bce\n",
)

// checkExample checks a spec without data, as the command does.
func checkExample(t *testing.T, file string, change *strings.Replacer) error {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := change.Replace(string(data))
	g, err := pipeline.Parse(file, []byte(text), pipeline.Options{Vocabulary: all.Registry(), Partial: true, ReadFile: os.ReadFile})
	if err != nil {
		return err
	}
	e, err := engine.New(g, all.Registry(), nil, engine.Options{})
	if err != nil {
		return err
	}
	return e.Check()
}

// The realistic specs pass check with the kinds that exist.
func TestExamplesAreCorrect(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(examples, "*.yaml"))
	if err != nil || len(files) != 6 {
		t.Fatalf("%d examples, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			if err := checkExample(t, file, adapted); err != nil {
				t.Error(err)
			}
		})
	}
}

// The traps of the examples are mistakes that check tells.
func TestExampleTraps(t *testing.T) {
	for _, tt := range []struct{ file, was, is, want string }{
		{"line4.yaml", "group: part_serial", "group: device", "with.group: device is an attribute of base: train and iid would share no device"},
		{"dfr.yaml", "size: 256, scale", "size: 224, scale", "with.transform.train: gives pictures of 224 x 224, size is 32"},
		{"r50.yaml", "corrupted.all", "corrupted.al", `corrupted has no output "al"`},
		{"svsf.yaml", "$matrix.method.online", "$matrix.method.onlin", `did you mean`},
	} {
		err := checkExample(t, filepath.Join(examples, tt.file), strings.NewReplacer(tt.was, tt.is))
		var errs pipeline.Errors
		if !errors.As(err, &errs) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s with %s: %v, want %q", tt.file, tt.is, err, tt.want)
		}
	}
}
