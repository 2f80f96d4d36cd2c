package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/kernels"
	"shiftmill/stages"
	"shiftmill/stages/imageio"
	"shiftmill/stages/transform"
)

// Bounds of the sample of errors on the page: how many pictures of a test set, of
// how many test sets, and the longer side of a thumbnail in pixels.
const (
	samples     = 10
	sampledSets = 20
	thumbSide   = 112
)

// A mistake is a row of a sample of errors.
type mistake struct {
	order            uint64 // of the draw
	id               string
	fold             string
	row              int // ordinal in the test set
	label, predicted string
	confidence       *float32 // where the scores are known
}

// A mistakes is a sample of errors: those whose ids hash lowest, so that it is
// random but the same for every order of reading, and much the same for every
// method.
type mistakes []mistake

// take considers an error for the sample.
func (s *mistakes) take(m mistake) {
	m.order = kernels.RowHash(m.id)
	if len(*s) == samples && m.order >= (*s)[samples-1].order {
		return
	}
	m.id, m.label, m.predicted = strings.Clone(m.id), strings.Clone(m.label), strings.Clone(m.predicted)
	at, _ := slices.BinarySearchFunc(*s, m, func(a, b mistake) int { return cmp.Compare(a.order, b.order) })
	*s = slices.Insert(*s, at, m)
	if len(*s) > samples {
		*s = (*s)[:samples]
	}
}

// A strip is the sample of one test set with its pictures.
type strip struct {
	Set   string
	Model string
	Of    int // errors
	Shots []shot
}

// A shot is an error as the page shows it.
type shot struct {
	ID, Label, Predicted string
	Confidence           string
	Others               string // how other methods fare
	JPEG                 []byte
}

// strips finds the pictures of the benchmark's sampled errors: those of the first
// method, which is the baseline where there is one, under its first seed.
func (b *benchmark) strips(ctx context.Context, c *Config, in *stages.Inputs) (strips []strip, notes []string, err error) {
	m := b.models[0]
	if len(m.seeds) == 0 {
		return nil, nil, nil
	}
	var missing []string
	for _, s := range b.pictured() {
		p := m.cells[cellKey{m.seeds[0], s.name}]
		if p == nil || len(p.mistakes) == 0 {
			continue
		}
		from := c.pictures(in.Ports[picturesPort], s)
		if from == nil {
			missing = append(missing, s.name)
			continue
		}
		t := strip{Set: s.name, Model: m.name(), Of: p.mistaken}
		if t.Shots, err = b.shots(ctx, in, from, s, p.mistakes); err != nil {
			return nil, nil, err
		}
		strips = append(strips, t)
	}
	if n := len(missing); n > 3 {
		missing = append(missing[:2], fmt.Sprintf("%d others", n-2))
	}
	if len(missing) > 0 {
		notes = append(notes, fmt.Sprintf("%s: no pictures are given of test set %s", b.name, strings.Join(missing, ", ")))
	}
	return strips, notes, nil
}

// pictured are the test sets whose errors are shown: all, or of a benchmark of
// corruptions the middle severity, as far as the bound goes.
func (b *benchmark) pictured() []*testSet {
	sets := b.sets
	if gs := b.grades(); len(gs) > 0 {
		sets = nil
		if in := b.inside(); in != nil {
			sets = append(sets, in)
		}
		some, _ := of(gs, func(g grade) bool { return g.severity == 3 })
		if len(some) == 0 {
			some, _ = of(gs, func(grade) bool { return true })
		}
		sets = append(sets, some...)
	}
	return sets[:min(len(sets), sampledSets)]
}

// pictures finds the pictures of a test set, by fold; nil where one's are not given.
func (c *Config) pictures(inputs []stages.Input, s *testSet) map[string]stages.Input {
	found := map[string]stages.Input{}
	for _, in := range inputs {
		p := c.locate(in.Stage(), in.Output(), in.Coords())
		if _, twice := found[p.fold]; p.set == s.name && !twice {
			found[p.fold] = in
		}
	}
	for _, f := range s.folds {
		if found[f] == nil {
			return nil
		}
	}
	return found
}

// shots are a set's sampled errors, those of the highest confidence first.
func (b *benchmark) shots(ctx context.Context, in *stages.Inputs, from map[string]stages.Input, s *testSet, errors mistakes) ([]shot, error) {
	errors = slices.Clone(errors)
	slices.SortStableFunc(errors, func(x, y mistake) int {
		if x.confidence == nil || y.confidence == nil {
			return 0
		}
		return cmp.Compare(*y.confidence, *x.confidence)
	})
	shots := make([]shot, len(errors))
	for _, f := range s.folds {
		var own mistakes
		var places []int
		for i, e := range errors {
			if e.fold == f {
				own, places = append(own, e), append(places, i)
			}
		}
		if len(own) == 0 {
			continue
		}
		taken, err := b.foldShots(ctx, in, from[f], s, own)
		if err != nil {
			return nil, fmt.Errorf("pictures of test set %s from %s: %w", s.name, describe(from[f]), err)
		}
		for i, x := range taken {
			shots[places[i]] = x
		}
	}
	return shots, nil
}

// foldShots are the errors that are of one input of pictures.
func (b *benchmark) foldShots(ctx context.Context, in *stages.Inputs, from stages.Input, s *testSet, errors mistakes) ([]shot, error) {
	rec, err := rowsOfIDs(ctx, from, errors)
	if err != nil {
		return nil, err
	}
	defer rec.Release()
	at := rec.Schema().FieldIndices(imageColumn)
	if len(at) == 0 {
		return nil, fmt.Errorf("there is no column %q", imageColumn)
	}
	var shots []shot
	for i, e := range errors {
		p, err := transform.Load(ctx, in.Images, e.id, rec.Column(at[0]), i)
		if err != nil {
			return nil, err
		}
		x := shot{ID: e.id, Label: e.label, Predicted: e.predicted, Others: b.others(s, e.row), JPEG: thumbnail(p)}
		if e.confidence != nil {
			x.Confidence = decimal(100*float64(*e.confidence)) + "\u00a0%"
		}
		shots = append(shots, x)
	}
	return shots, nil
}

// others says how many models of the other methods, each seed's for itself, err on
// a row too.
func (b *benchmark) others(s *testSet, row int) string {
	n, wrong := 0, 0
	for _, m := range b.models[1:] {
		for _, seed := range m.seeds {
			p := m.cells[cellKey{seed, s.name}]
			if p == nil || p.wrong == nil {
				continue
			}
			n++
			wrong += int(p.wrong[row])
		}
	}
	if n == 0 {
		return ""
	}
	if n == 1 {
		return [...]string{"the other model is right", "the other model errs too"}[wrong]
	}
	return fmt.Sprintf("%d of %d other models err too", wrong, n)
}

// thumbnail is a small JPEG of a picture; small ones keep their size.
func thumbnail(p *imageio.Pixels) []byte {
	if long := max(p.H, p.W); long > thumbSide {
		scale := func(n int) int { return max((n*thumbSide+long/2)/long, 1) }
		p = imageio.Resize(p, scale(p.H), scale(p.W), imageio.Bilinear)
	}
	return imageio.EncodeJPEG(p, 85)
}

// rowsOfIDs takes the rows of the mistakes out of a set of pictures, in their
// order. They mostly stand where they stood among the predictions; otherwise they
// are searched for, since rows ascend by id. The caller releases the record.
func rowsOfIDs(ctx context.Context, from stages.Input, errors mistakes) (arrow.Record, error) {
	ordinals := make([]int, len(errors))
	for i, e := range errors {
		if ordinals[i] = e.row; e.row >= from.Len() {
			ordinals[i] = 0
		}
	}
	if from.Len() == 0 {
		return nil, fmt.Errorf("it has no rows")
	}
	rec, err := from.Take(ctx, ordinals)
	if err != nil {
		return nil, err
	}
	there := true
	for i, e := range errors {
		there = there && rec.Column(0).(*array.String).Value(i) == e.id
	}
	if there {
		return rec, nil
	}
	rec.Release()
	for i, e := range errors {
		var failed error
		ordinals[i] = sort.Search(from.Len(), func(k int) bool {
			one, err := from.Take(ctx, []int{k})
			if err != nil {
				failed = err
				return true
			}
			defer one.Release()
			return one.Column(0).(*array.String).Value(0) >= e.id
		})
		if failed != nil {
			return nil, failed
		}
		if ordinals[i] == from.Len() {
			return nil, fmt.Errorf("it has no row %q", e.id)
		}
	}
	if rec, err = from.Take(ctx, ordinals); err != nil {
		return nil, err
	}
	for i, e := range errors {
		if rec.Column(0).(*array.String).Value(i) != e.id {
			rec.Release()
			return nil, fmt.Errorf("it has no row %q", e.id)
		}
	}
	return rec, nil
}
