//go:build unix

package command_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/stages"
	"shiftmill/stages/command"
	"shiftmill/stages/stagetest"
)

// files keeps a table's pictures as files.
type files struct {
	stagetest.Pictures
	dir string
}

func (f files) Place(_ context.Context, c stages.ImageCell) (stages.Place, bool, error) {
	name, ok := strings.CutPrefix(c.Ref, "file:")
	return stages.Place{FileRange: stages.FileRange{Path: filepath.Join(f.dir, name), Size: -1}}, ok, nil
}

// data are six rows: two files, four pictures that are pixels.
func data(t *testing.T) (*stagetest.Table, stages.Images) {
	t.Helper()
	dir := t.TempDir()
	labels, ids := []any{}, []string{}
	var cells []stages.ImageCell
	for i := range 6 {
		ids = append(ids, fmt.Sprintf("row%04d", i))
		labels = append(labels, []string{"cat", "dog/wolf", ".."}[i%3])
		cell := stages.ImageCell{Ref: "rgb8", Data: make([]byte, 12), Height: 2, Width: 2}
		if i < 2 {
			name := fmt.Sprintf("%d.JPG", i)
			cell = stages.ImageCell{Ref: "file:" + name}
			if err := os.WriteFile(filepath.Join(dir, name), make([]byte, 100+i), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		cells = append(cells, cell)
	}
	images := files{func(ref string) (stages.Picture, error) {
		encoded, err := os.ReadFile(filepath.Join(dir, strings.TrimPrefix(ref, "file:")))
		return stages.Picture{Encoded: encoded}, err
	}, dir}
	return stagetest.Rows(ids, stagetest.Column{Name: "image", Values: cells}, stagetest.Column{Name: "label", Values: labels}), images
}

func trainCase(t *testing.T, with string) stagetest.Case {
	t.Helper()
	rows, images := data(t)
	return stagetest.Case{Kind: command.Train(), Config: configure[command.Training](t, command.Train(), with), Seed: 7,
		Ports: map[string][]stages.Input{"train": {rows}, "val": {rows}}, Images: images, Home: t.TempDir(), Folder: t.TempDir()}
}

// TestTrainGives runs a program on rows in every form; it tells what it got.
func TestTrainGives(t *testing.T) {
	for _, give := range []string{"manifest", "parquet", "arrow", "imagefolder", "webdataset"} {
		t.Run(give, func(t *testing.T) {
			c := trainCase(t, fmt.Sprintf("{run: %q, code: [], give: %s, take: {weights: deep/w.json}, params: {lr: 0.1, names: [a, 01], deep: {on: true}}}", runs(t, "train"), give))
			c.Ports["model"] = []stages.Input{&stagetest.Files{Data: map[string][]byte{"start.pt": []byte("0123")}}}
			out, err := c.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var got map[string]any
			if err := json.Unmarshal(out.File("", "weights.json"), &got); err != nil {
				t.Fatal(err)
			}
			size := []string{"100", "101"}
			if give == "imagefolder" {
				want := []string{"00000000.jpg cat 100", "00000001.jpg dog%2Fwolf 101", "00000002.png %2e. ", "00000003.png cat ", "00000004.png dog%2Fwolf ", "00000005.png %2e. "}
				for _, port := range []string{"train", "val"} {
					for i, line := range got[port].([]any) {
						if !strings.HasPrefix(line.(string), want[i]) {
							t.Errorf("%s row %d: %s, want %s", port, i, line, want[i])
						}
					}
				}
			} else {
				for _, port := range []string{"train", "val"} {
					for i, line := range got[port].([]any) {
						want := fmt.Sprintf("row%04d %s ", i, []string{"cat", "dog/wolf", ".."}[i%3])
						if i < 2 {
							want += size[i]
						}
						if !strings.HasPrefix(line.(string), want) {
							t.Errorf("%s row %d: %s, want %s", port, i, line, want)
						}
					}
				}
			}
			if text := fmt.Sprintln(got["seed"], got["params"], got["classes"], got["model start"]); text != "7 map[deep:map[on:true] lr:0.1 names:[a 01]] [.. cat dog/wolf] 0123\n" {
				t.Errorf("the program was told %s", text)
			}
			if string(out.File("", "classes.json")) != `["..","cat","dog/wolf"]`+"\n" {
				t.Errorf("classes %s", out.File("", "classes.json"))
			}
			if out.Metrics["validation error"] != 0.25 || len(out.Metrics) != 1 {
				t.Errorf("metrics %v, want the last value of one", out.Metrics)
			}
			if !strings.Contains(string(out.File("", "log.txt")), "::progress 1/2 epochs") {
				t.Errorf("log %q", out.File("", "log.txt"))
			}
		})
	}
}

// Rows with several labels: lists of them reach the program in every form but an
// image folder.
func TestSeveralLabels(t *testing.T) {
	for _, give := range []string{"manifest", "parquet", "arrow", "webdataset", "imagefolder"} {
		c := trainCase(t, fmt.Sprintf("{run: %q, code: [], give: %s, label: labels, take: {weights: w.json}, params: {names: []}}", runs(t, "train"), give))
		rows, images := data(t)
		rec := rows.Record()
		cells := make([]stages.ImageCell, rec.NumRows())
		lists := make([][]string, rec.NumRows())
		var ids []string
		for i := range cells {
			ids = append(ids, rec.Column(0).ValueStr(i))
			cells[i] = stages.Image(rec.Column(rec.Schema().FieldIndices("image")[0]), i)
			lists[i] = [][]string{{"cat", "dog"}, {}, {"bird"}}[i%3]
		}
		c.Images = images
		c.Ports = map[string][]stages.Input{"train": {stagetest.Rows(ids, stagetest.Column{Name: "image", Values: cells}, stagetest.Column{Name: "labels", Values: lists})}}
		out, err := c.Run(t.Context())
		if give == "imagefolder" {
			if want := `hand over train: column "labels" holds lists of labels, and an image folder has one class a picture; give: manifest, parquet, arrow or webdataset`; fmt.Sprint(err) != want {
				t.Errorf("got %v\nwant %s", err, want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", give, err)
			continue
		}
		if got := string(out.File("", "classes.json")); got != `["bird","cat","dog"]`+"\n" {
			t.Errorf("%s: classes %s", give, got)
		}
		var got struct{ Train []string }
		if err := json.Unmarshal(out.File("", "weights.json"), &got); err != nil {
			t.Fatal(err)
		}
		for i, line := range got.Train {
			if want := fmt.Sprintf("row%04d %v ", i, lists[i]); !strings.HasPrefix(line, want) || len(got.Train) != 6 {
				t.Errorf("%s: row %q, want %q", give, line, want)
			}
		}
	}
}

// A trial run tells the program that little will do.
func TestTrialInJob(t *testing.T) {
	for _, trial := range []bool{false, true} {
		c := trainCase(t, "{run: 'cp $SHIFTMILL_JOB $(dirname $SHIFTMILL_JOB)/out/job.json', code: [], take: {job: job.json}}")
		if trial {
			c.Kind.Try(c.Config)
		}
		out, err := c.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var job command.Job
		if err := json.Unmarshal(out.File("", "job.json"), &job); err != nil {
			t.Fatal(err)
		}
		if job.Trial != trial {
			t.Errorf("the job says trial: %v, want %v", job.Trial, trial)
		}
	}
}

func TestTrainResumes(t *testing.T) {
	c := trainCase(t, fmt.Sprintf("{run: %q, code: [], take: {weights: w.txt}, resume: last.txt}", runs(t, "train-slowly")))
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped by hand")
	c.Sink = stagetest.NewSink()
	c.Sink.OnProgress = func(_, _ int64, unit string) {
		if unit == "epochs" {
			cancel(stopped)
		}
	}
	if _, err := c.Run(ctx); !errors.Is(err, stopped) {
		t.Fatalf("stopped run: %v, want %v", err, stopped)
	}
	c.Sink = nil
	out, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := string(out.File("", "weights.txt")); got != "first life\nsecond life\n" {
		t.Errorf("weights %q", got)
	}
	if len(out.Notes) != 1 || out.Notes[0] != "the program finds its checkpoint last.txt" {
		t.Errorf("notes %q", out.Notes)
	}
}

// TestTrainIsTimed shows that a program is stopped when its time is over, in good
// order: it gets a signal, its checkpoint stays, and it goes on from there.
func TestTrainIsTimed(t *testing.T) {
	t.Parallel()
	c := trainCase(t, fmt.Sprintf("{run: %q, code: [], take: {weights: w.txt}, resume: last.txt}", runs(t, "train-slowly")))
	c.Limit = 3 * time.Second
	if _, err := c.Run(t.Context()); fmt.Sprint(err) != "the program ran longer than resources.time allows, 3s" {
		t.Fatalf("a program that takes too long: %v", err)
	}
	c.Limit = time.Minute
	out, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := string(out.File("", "weights.txt")); got != "first life\nsecond life\n" {
		t.Errorf("weights %q", got)
	}
}

func TestTrainFails(t *testing.T) {
	for _, tt := range []struct{ mode, with, want string }{
		{"fail", "take: {weights: w.txt}", "the program failed (exit status 3); the last it printed, all of which stands in FOLDER/log.txt:\n\tabout to fail\n\tno GPU today"},
		{"forget", "take: {weights: w.txt, more: deep/m.txt}", `the program ended well but did not write more (deep/m.txt), weights (w.txt); it finds the paths in its job, under "take"`},
		{"forget", "take: {weights: ../w.txt}", `-: with.take.weights: must be a path in the job's folder, got "../w.txt"`},
		{"forget", "take: {log: l.txt}", `-: with.take.log: log.txt is kept anyway; take another name`},
	} {
		c := trainCase(t, fmt.Sprintf("{run: %q, code: [], %s}", runs(t, tt.mode), tt.with))
		_, err := c.Run(t.Context())
		if fmt.Sprint(err) != strings.ReplaceAll(tt.want, "FOLDER", c.Folder) {
			t.Errorf("got %v\nwant %s", err, tt.want)
		}
	}
	c := trainCase(t, "{run: 'true', take: {weights: w.txt}}")
	if _, err := c.Run(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "-: with.code: must be given") {
		t.Errorf("without code: %v", err)
	}
}

func predictCase(t *testing.T, with string) stagetest.Case {
	t.Helper()
	rows, images := data(t)
	return stagetest.Case{Kind: command.Predict(), Config: configure[command.Prediction](t, command.Predict(), with),
		Ports: map[string][]stages.Input{"data": {rows}}, Images: images, Home: t.TempDir(), Folder: t.TempDir()}
}

// checkScores compares with what program_test's predict gives.
func checkScores(t *testing.T, out *stagetest.Sink) {
	t.Helper()
	rows, err := out.Rows("")
	if err != nil {
		t.Fatal(err)
	}
	if rows.Len() != 6 {
		t.Fatalf("%d rows scored, want 6", rows.Len())
	}
	scores := rows.Record().Column(1).(*array.FixedSizeList).ListValues().(*array.Float32)
	for i := range 18 {
		want := float32(0.1)
		if i%3 == i/3%3 {
			want = 0.8
		}
		if scores.Value(i) != want {
			t.Errorf("score %d of row %d: %v, want %v", i%3, i/3, scores.Value(i), want)
		}
	}
	if meta, _ := rows.Schema().Field(1).Metadata.GetValue("classes"); meta != `["a","b","c"]` {
		t.Errorf("classes %s", meta)
	}
}

func TestPredict(t *testing.T) {
	for _, give := range []string{"manifest", "parquet", "arrow"} {
		out, err := predictCase(t, fmt.Sprintf("{run: %q, code: [], give: %s, classes: [a, b, c]}", runs(t, "predict"), give)).Run(t.Context())
		if err != nil {
			t.Fatalf("%s: %v", give, err)
		}
		checkScores(t, out)
	}
	c := predictCase(t, fmt.Sprintf("{run: %q, code: []}", runs(t, "predict")))
	if _, err := c.Run(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "nobody says which classes") {
		t.Errorf("without classes: %v", err)
	}
	c.Ports["model"] = []stages.Input{&stagetest.Files{Data: map[string][]byte{"classes.json": []byte(`["a","b","c"]`)}}}
	out, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	checkScores(t, out)
}

// TestPredictResumes shows that rows of finished files are not asked for again.
func TestPredictResumes(t *testing.T) {
	c := predictCase(t, fmt.Sprintf("{run: %q, code: [], classes: [a, b, c]}", runs(t, "predict-half")))
	if _, err := c.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "out of memory") {
		t.Fatalf("the first program: %v", err)
	}
	c.Config = configure[command.Prediction](t, c.Kind, fmt.Sprintf("{run: %q, code: [], classes: [a, b, c]}", runs(t, "predict")))
	out, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	checkScores(t, out)
	if len(out.Notes) != 1 || out.Notes[0] != "3 of 6 rows were scored before the program was stopped" {
		t.Errorf("notes %q", out.Notes)
	}
}

func TestPredictRefuses(t *testing.T) {
	for mode, want := range map[string]string{
		"predict-wrong": `the predictions are not those of the rows: 2 of 6 rows have none, the first is "row0000"; 1 rows have more than one, the first is "row0003"; 1 are of rows that were not asked for, the first is "row9999"`,
		"predict-none":  `the program ended well but wrote no file of predictions (.parquet or .arrow); its job names the folder under "output"`,
	} {
		_, err := predictCase(t, fmt.Sprintf("{run: %q, code: [], classes: [a, b, c]}", runs(t, mode))).Run(t.Context())
		if fmt.Sprint(err) != want {
			t.Errorf("%s: got %v\nwant %s", mode, err, want)
		}
	}
	_, err := predictCase(t, fmt.Sprintf("{run: %q, code: [], classes: [a, b]}", runs(t, "predict"))).Run(t.Context())
	if want := `the predictions are not those of the rows: 6 of 6 rows have none, the first is "row0000"; 6 rows do not have 2 scores, one for each class; the first is row "row0000" with 3`; fmt.Sprint(err) != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}
