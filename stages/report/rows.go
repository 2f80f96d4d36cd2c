package report

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/stages"
)

// rows gathers one dataset of predictions, or those of several folds one after
// another, record by record.
type rows struct {
	predictions
	r       *reader
	cluster []int32
	class   []int32
	alike   []bool
	groups  [][]int32 // by attribute
	ids     hash.Hash

	scores   []float32 // row by row, of rows with several labels
	positive []bool    // likewise
	classes  []string  // of the scores
	folds    []string
}

// begin starts a fold.
func (g *rows) begin(fold string) {
	if g.folds = append(g.folds, fold); fold != "" {
		g.text(fold)
	}
}

// whole reports a fold that lacks what others have.
func (g *rows) whole() error {
	for _, n := range []int{len(g.confidence), len(g.beyond)} {
		if n != 0 && n != len(g.wrong) {
			return fmt.Errorf("of the folds some have scores and others have none")
		}
	}
	return nil
}

// view is the columns of a record that the report reads.
type view struct {
	id, label, predicted, group arrow.Array
	attributes                  [][]arrow.Array // the columns of each
	texture                     arrow.Array     // nil without cue conflict
	correct                     *array.Boolean
	scores                      *array.FixedSizeList
	classes                     []string // of the scores
}

func (g *rows) record(ctx context.Context, rec arrow.Record) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	v, err := g.r.view(rec)
	if err != nil {
		return err
	}
	for i := 0; i < int(rec.NumRows()); i++ {
		name := v.id.ValueStr(i)
		if v.correct.IsNull(i) || v.label.IsNull(i) {
			return &stages.RowError{ID: name, Err: fmt.Errorf("%s or correct is missing; leave rows without a label out of the test set", g.r.config.Label)}
		}
		wrong := int8(1)
		if v.correct.Value(i) {
			wrong = 0
		}
		g.wrong = append(g.wrong, wrong)
		label := v.label.ValueStr(i)
		if wrong == 1 && g.r.sample {
			g.mistake(v, i, name, label)
		}
		g.values(v.attributes, i)
		if v.texture != nil {
			g.cues(v, i, label)
		}
		g.class = append(g.class, g.r.class(label))
		if v.predicted.IsValid(i) {
			g.r.class(v.predicted.ValueStr(i))
		}
		g.text(name)
		g.text(label)
		if v.scores != nil {
			if err := g.score(v, i, label); err != nil {
				return &stages.RowError{ID: name, Err: err}
			}
		}
		g.cluster = append(g.cluster, g.r.member(v.group, i, name))
	}
	return nil
}

// cues keeps whether a row's prediction is the class of its texture.
func (g *rows) cues(v *view, i int, label string) {
	texture, by := v.texture.ValueStr(i), int8(0)
	if texture != label && v.predicted.IsValid(i) && v.predicted.ValueStr(i) == texture {
		by = 1
	}
	g.textured, g.alike = append(g.textured, by), append(g.alike, texture == label)
}

// mistake considers a wrong row, the last that was gathered, for the sample.
func (g *rows) mistake(v *view, i int, id, label string) {
	m := mistake{id: id, fold: g.folds[len(g.folds)-1], row: len(g.wrong) - 1, label: label}
	if v.predicted.IsValid(i) {
		m.predicted = v.predicted.ValueStr(i)
	}
	if v.scores != nil && v.scores.IsValid(i) {
		lo, hi := v.scores.ValueOffsets(i)
		best := slices.Max(v.scores.ListValues().(*array.Float32).Float32Values()[lo:hi])
		if best >= 0 && best <= 1.0001 {
			m.confidence = &best
		}
	}
	g.mistaken++
	g.mistakes.take(m)
}

// member is the cluster of a row.
func (r *reader) member(group arrow.Array, i int, id string) int32 {
	if group == nil || group.IsNull(i) {
		return r.clusters.of(id)
	}
	if r.config.Group != "" {
		return r.clusters.of("\x00" + group.ValueStr(i)) // a group is no id; a source_id is one
	}
	return r.clusters.of(group.ValueStr(i))
}

// text adds a text to the digest of the rows, with its length.
func (g *rows) text(s string) {
	var length [8]byte
	binary.LittleEndian.PutUint64(length[:], uint64(len(s)))
	g.ids.Write(length[:])
	g.ids.Write([]byte(s))
}

// score keeps what the asked-for metrics need of a row's scores.
func (g *rows) score(v *view, i int, label string) error {
	if v.scores.IsNull(i) {
		return fmt.Errorf("it has no scores; ask for metrics: [classes] alone to do without")
	}
	lo, hi := v.scores.ValueOffsets(i)
	scores := v.scores.ListValues().(*array.Float32).Float32Values()[lo:hi]
	best := slices.Max(scores)
	if g.r.config.calibrated() {
		if !(best >= 0 && best <= 1.0001) {
			return fmt.Errorf("its best score is %v and no probability, so calibration has no meaning; leave it out of metrics", best)
		}
		g.confidence = append(g.confidence, min(best, 1))
	}
	if !slices.Contains(g.r.config.Metrics, "top-5") {
		return nil
	}
	if len(v.classes) != len(scores) {
		return fmt.Errorf("column scores does not say which classes its %d scores are of, which top-5 error needs", len(scores))
	}
	beyond := int8(1)
	if at := slices.Index(v.classes, label); at >= 0 {
		ahead := 0 // equal scores rank by index
		for k, s := range scores {
			if s > scores[at] || s == scores[at] && k < at {
				ahead++
			}
		}
		if ahead < 5 {
			beyond = 0
		}
	}
	g.beyond = append(g.beyond, beyond)
	return nil
}

func (r *reader) view(rec arrow.Record) (*view, error) {
	v := &view{}
	for _, c := range []struct {
		name string
		into *arrow.Array
	}{{"id", &v.id}, {r.config.Label, &v.label}, {"predicted", &v.predicted}} {
		col, err := column(rec, c.name)
		if err != nil {
			return nil, err
		}
		*c.into = col
	}
	col, err := column(rec, "correct")
	if err != nil {
		return nil, err
	}
	correct, ok := col.(*array.Boolean)
	if !ok {
		return nil, fmt.Errorf("column correct is %s, not bool", col.DataType())
	}
	v.correct = correct
	if v.group, err = r.group(rec); err != nil {
		return nil, err
	}
	if v.attributes, err = r.attributes(rec); err != nil {
		return nil, err
	}
	if name := r.b.about.CueConflict; name != "" {
		if v.texture, err = column(rec, name); err != nil {
			return nil, err
		}
	}
	return v, v.setScores(rec)
}

// setScores finds the column of scores, which may be absent.
func (v *view) setScores(rec arrow.Record) error {
	at := rec.Schema().FieldIndices(scoresColumn)
	if len(at) == 0 {
		return nil
	}
	list, ok := rec.Column(at[0]).(*array.FixedSizeList)
	if ok {
		_, ok = list.ListValues().(*array.Float32)
	}
	if !ok {
		return fmt.Errorf("column %s is %s, not a fixed-size list of float32", scoresColumn, rec.Column(at[0]).DataType())
	}
	v.scores = list
	if text, ok := rec.Schema().Field(at[0]).Metadata.GetValue("classes"); ok {
		if err := json.Unmarshal([]byte(text), &v.classes); err != nil {
			return fmt.Errorf("column %s: its classes: %w", scoresColumn, err)
		}
	}
	return nil
}

// attributes finds the columns of the attributes.
func (r *reader) attributes(rec arrow.Record) ([][]arrow.Array, error) {
	var all [][]arrow.Array
	for _, a := range r.config.Attributes {
		var columns []arrow.Array
		for _, name := range columnsOf(a) {
			col, err := column(rec, name)
			if err != nil {
				return nil, err
			}
			columns = append(columns, col)
		}
		all = append(all, columns)
	}
	return all, nil
}

// values gathers a row's values of the attributes.
func (g *rows) values(attributes [][]arrow.Array, i int) {
	for a, columns := range attributes {
		value := columns[0].ValueStr(i)
		for _, col := range columns[1:] {
			value += ", " + col.ValueStr(i)
		}
		g.groups[a] = append(g.groups[a], g.r.b.values[a].of(value))
	}
}

// group finds the column that clusters, or nil where each row is its own.
func (r *reader) group(rec arrow.Record) (arrow.Array, error) {
	if g := r.config.Group; g != "" {
		r.b.by = g
		return column(rec, g)
	}
	if rec.Schema().HasField("source_id") {
		r.b.by = "source_id"
		return column(rec, "source_id")
	}
	return nil, nil
}

func (r *reader) class(name string) int32 {
	n, ok := r.classes[name]
	if !ok {
		n = int32(len(r.classes))
		r.classes[name] = n
	}
	return n
}

func column(rec arrow.Record, name string) (arrow.Array, error) {
	at := rec.Schema().FieldIndices(name)
	if len(at) == 0 {
		return nil, fmt.Errorf("has no column %q", name)
	}
	return rec.Column(at[0]), nil
}
