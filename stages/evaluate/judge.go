package evaluate

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/kernels"
	"shiftmill/stages"
	"shiftmill/stages/imageio"
	"shiftmill/stages/model"
	"shiftmill/stages/transform"
)

// piece is how many pictures are held at a time.
const piece = 128

// A judge gives scores for rows: a model's, or those that the rows have. Its
// parts run concurrently and share one model.
type judge struct {
	label    string
	tests    Tests
	restrict Restrict

	load       sync.Once
	classifier *model.Classifier
	err        error
}

// A prediction says what scores are of.
type prediction struct {
	classes []string
	facts   model.Facts
}

// metadata carries the facts, where there are any.
func (p prediction) metadata() arrow.Metadata {
	if p.facts == (model.Facts{}) {
		return arrow.Metadata{}
	}
	text, err := json.Marshal(p.facts)
	if err != nil {
		panic("evaluate: " + err.Error()) // numbers always marshal
	}
	return arrow.NewMetadata([]string{model.FactsKey}, []string{string(text)})
}

// each calls f for stretches of rows, from row lo of a record on, with one row
// of scores each.
func (j *judge) each(ctx context.Context, in *stages.Inputs, f func(p prediction, rec arrow.Record, lo int, scores []float32) error) error {
	data := in.One("data")
	if in.One("model") == nil {
		return j.given(ctx, data, f)
	}
	j.load.Do(func() { j.classifier, j.err = model.Open(in.One("model")) })
	if j.err != nil {
		return j.err
	}
	for _, p := range model.ImageProblems(data.Schema(), "data") {
		return fmt.Errorf("%s", p.Msg)
	}
	m, err := j.restrict.mask(j.classifier.Classes, data.Schema(), j.label)
	if err != nil {
		return err
	}
	steps, err := j.tests.of(data.Output(), j.classifier)
	if err != nil {
		return err
	}
	p := prediction{m.classes, j.classifier.Facts()}
	return data.Each(ctx, func(rec arrow.Record) error {
		for lo := 0; lo < int(rec.NumRows()); lo += piece {
			scores, err := j.predict(ctx, in, rec, lo, min(lo+piece, int(rec.NumRows())), steps)
			if err != nil {
				return err
			}
			if err := f(p, rec, lo, m.apply(scores)); err != nil {
				return err
			}
		}
		return nil
	})
}

// given takes the scores that the rows have.
func (j *judge) given(ctx context.Context, data stages.Input, f func(p prediction, rec arrow.Record, lo int, scores []float32) error) error {
	s := data.Schema()
	at := s.FieldIndices(scoresColumn)
	if len(at) == 0 {
		return fmt.Errorf("there is neither a model nor a column %q in the data; give from: {model: STAGE, data: ...}", scoresColumn)
	}
	classes, err := classesOf(s.Field(at[0]))
	if err != nil {
		return err
	}
	m, err := j.restrict.mask(classes, s, j.label)
	if err != nil {
		return err
	}
	p := prediction{classes: m.classes}
	return data.Each(ctx, func(rec arrow.Record) error {
		list := rec.Column(at[0]).(*array.FixedSizeList)
		for i := range list.Len() {
			if list.IsNull(i) {
				return &stages.RowError{ID: id(rec, i), Err: fmt.Errorf("it has no %s", scoresColumn)}
			}
		}
		if list.Len() == 0 {
			return nil
		}
		lo, _ := list.ValueOffsets(0)
		_, hi := list.ValueOffsets(list.Len() - 1)
		return f(p, rec, 0, m.apply(list.ListValues().(*array.Float32).Float32Values()[lo:hi]))
	})
}

// predict scores rows lo <= row < hi of a record. Of several errors the first
// row's is returned.
func (j *judge) predict(ctx context.Context, in *stages.Inputs, rec arrow.Record, lo, hi int, steps transform.List) ([]float32, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	pool := kernels.NewPool(in.Workers)
	cells := column(rec, model.ImageColumn)
	pics := make([]*imageio.Pixels, hi-lo)
	errs := make([]error, hi-lo)
	pool.Run(hi-lo, func(i int) {
		p, err := transform.LoadFor(ctx, in.Images, id(rec, lo+i), cells, lo+i, steps)
		if err == nil {
			if p, err = steps.Apply(p, 0, len(steps), kernels.Source{}); err != nil {
				err = &stages.RowError{ID: id(rec, lo+i), Err: err}
			}
		}
		pics[i], errs[i] = p, err
	})
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return j.classifier.Predict(pool, pics)
}
