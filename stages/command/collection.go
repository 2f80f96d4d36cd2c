package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/kernels"
	"shiftmill/stages"
)

// An Activation makes probabilities of scores: none, softmax (over the
// classes) or sigmoid (each on its own).
type Activation string

// A collection gathers scores of known rows.
type collection struct {
	ids     []string // ascending
	classes []string

	scores []float32 // of row i at i*len(classes)
	have   []bool
	n      int

	unknown, double, ragged tally
}

// A tally counts rows and keeps the first to name.
type tally struct {
	n     int
	first string
}

func (t *tally) add(name string) {
	if t.n++; t.n == 1 {
		t.first = name
	}
}

func newCollection(ids, classes []string) *collection {
	return &collection{ids: ids, classes: classes,
		scores: make([]float32, len(ids)*len(classes)), have: make([]bool, len(ids))}
}

// count is the number of rows that have scores.
func (c *collection) count() int { return c.n }

// known are the rows that have scores.
func (c *collection) known() map[string]bool {
	set := map[string]bool{}
	for i, have := range c.have {
		if have {
			set[c.ids[i]] = true
		}
	}
	return set
}

// add takes the scores of a row.
func (c *collection) add(id string, scores []float32) {
	i := sort.SearchStrings(c.ids, id)
	switch {
	case i == len(c.ids) || c.ids[i] != id:
		c.unknown.add(id)
	case len(scores) != len(c.classes):
		c.ragged.add(fmt.Sprintf("%q with %d", id, len(scores)))
	case c.have[i]:
		c.double.add(id)
	default:
		c.have[i] = true
		c.n++
		copy(c.scores[i*len(c.classes):], scores)
	}
}

// salvage takes what a stopped program has left: files that read well from end
// to end. Others, which it was writing, are removed.
func (c *collection) salvage(ctx context.Context, folder string) error {
	files, err := predictionFiles(folder)
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := readScores(ctx, file, c.classes, func(string, []float32) {}); err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err := os.Remove(file); err != nil {
				return err
			}
			continue
		}
		if err := readScores(ctx, file, c.classes, c.add); err != nil {
			return err
		}
	}
	if c.unknown.n+c.double.n+c.ragged.n > 0 { // of a program that was wrong
		if err := os.RemoveAll(folder); err != nil {
			return err
		}
		*c = *newCollection(c.ids, c.classes)
		return os.MkdirAll(folder, 0o777)
	}
	return nil
}

// read takes all that a program has written.
func (c *collection) read(ctx context.Context, folder string) error {
	files, err := predictionFiles(folder)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return errors.New(`the program ended well but wrote no file of predictions (.parquet or .arrow); its job names the folder under "output"`)
	}
	*c = *newCollection(c.ids, c.classes)
	for _, file := range files {
		if err := readScores(ctx, file, c.classes, c.add); err != nil {
			return fmt.Errorf("predictions in %s: %w", filepath.Base(file), err)
		}
	}
	return nil
}

// predictionFiles lists the files of a folder that hold predictions, sorted.
func predictionFiles(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		name := e.Name()
		if ext := filepath.Ext(name); !strings.HasPrefix(name, ".") && (ext == ".parquet" || ext == ".arrow") {
			files = append(files, filepath.Join(folder, name))
		}
	}
	return files, nil
}

// problems says what is wrong with the predictions as a whole, with counts.
func (c *collection) problems() error {
	var list []string
	say := func(t tally, what string) {
		if t.n > 0 {
			list = append(list, fmt.Sprintf(what, t.n, t.first))
		}
	}
	if missing := c.missing(); missing.n > 0 {
		list = append(list, fmt.Sprintf("%d of %d rows have none, the first is %q", missing.n, len(c.ids), missing.first))
	}
	say(c.double, "%d rows have more than one, the first is %q")
	say(c.unknown, "%d are of rows that were not asked for, the first is %q")
	if c.ragged.n > 0 {
		list = append(list, fmt.Sprintf("%d rows do not have %d scores, one for each class; the first is row %s", c.ragged.n, len(c.classes), c.ragged.first))
	}
	if len(list) == 0 {
		return nil
	}
	return fmt.Errorf("the predictions are not those of the rows: %s", strings.Join(list, "; "))
}

// missing are the rows without scores.
func (c *collection) missing() (t tally) {
	for i, have := range c.have {
		if !have {
			t.add(c.ids[i])
		}
	}
	return t
}

// drop leaves out the rows that have no scores.
func (c *collection) drop(out stages.Sink, reason string) {
	k, to := len(c.classes), 0
	for i, have := range c.have {
		if !have {
			out.Skip(c.ids[i], reason)
			continue
		}
		c.ids[to], c.have[to] = c.ids[i], true
		copy(c.scores[to*k:(to+1)*k], c.scores[i*k:(i+1)*k])
		to++
	}
	c.ids, c.have, c.scores = c.ids[:to], c.have[:to], c.scores[:to*k]
}

// activate makes probabilities of all scores.
func (c *collection) activate(a Activation) {
	switch a {
	case "softmax":
		kernels.Softmax(c.scores, c.scores, len(c.ids), len(c.classes), kernels.NewPool(1))
	case "sigmoid":
		kernels.SigmoidSlice(c.scores, c.scores)
	}
	kernels.Canonical(c.scores)
}

// write hands on the scores of the rows that are known here by handles, under
// ids, which ascend.
func (c *collection) write(out stages.Sink, ids, handles []string) error {
	k := len(c.classes)
	schema := arrow.NewSchema([]arrow.Field{{Name: "id", Type: arrow.BinaryTypes.String}, scoresField(c.classes)}, nil)
	rows := max(1, (8<<20)/(4*k))
	for lo := 0; lo < len(ids) || lo == 0; lo += rows { // once for no rows, whose columns must be known
		hi := min(lo+rows, len(ids))
		b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
		b.Field(0).(*array.StringBuilder).AppendValues(ids[lo:hi], nil)
		list := b.Field(1).(*array.FixedSizeListBuilder)
		scores := list.ValueBuilder().(*array.Float32Builder)
		for _, handle := range handles[lo:hi] {
			at := sort.SearchStrings(c.ids, handle)
			list.Append(true)
			scores.AppendValues(c.scores[at*k:(at+1)*k], nil)
		}
		rec := b.NewRecord()
		err := out.Write("", rec)
		rec.Release()
		b.Release()
		if err != nil {
			return err
		}
	}
	return nil
}
