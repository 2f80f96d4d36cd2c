package report

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/stages"
	"shiftmill/stages/report/stats"
)

// precision is the form of mAP that the spec asks for.
func (b *Benchmark) precision() stats.Precision {
	if b.MAP == "reference" {
		return stats.Reference
	}
	return stats.Macro
}

// severalLabels keeps scores and labels of a record of rows with several labels.
func (g *rows) severalLabels(ctx context.Context, rec arrow.Record) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	v := &view{}
	if err := v.setScores(rec); err != nil {
		return err
	}
	if v.scores == nil || len(v.classes) == 0 {
		return fmt.Errorf("column %s is missing, or does not say which classes its scores are of", scoresColumn)
	}
	if g.classes != nil && !slices.Equal(g.classes, v.classes) {
		return fmt.Errorf("its scores are of other classes than those of other folds")
	}
	g.classes = v.classes
	for _, c := range v.classes {
		g.r.class(c)
	}
	id, err := column(rec, "id")
	if err != nil {
		return err
	}
	col, err := column(rec, labelsColumn)
	if err != nil {
		return err
	}
	labels, ok := col.(array.ListLike)
	if !ok {
		return fmt.Errorf("column %s is %s, not a list of class names", labelsColumn, col.DataType())
	}
	group, err := g.r.group(rec)
	if err != nil {
		return err
	}
	attributes, err := g.r.attributes(rec)
	if err != nil {
		return err
	}
	for i := 0; i < int(rec.NumRows()); i++ {
		name := id.ValueStr(i)
		if v.scores.IsNull(i) || labels.IsNull(i) {
			return &stages.RowError{ID: name, Err: fmt.Errorf("labels or scores are missing; leave such rows out of the test set")}
		}
		lo, hi := v.scores.ValueOffsets(i)
		if int(hi-lo) != len(v.classes) {
			return &stages.RowError{ID: name, Err: fmt.Errorf("it has %d scores for %d classes", hi-lo, len(v.classes))}
		}
		g.scores = append(g.scores, v.scores.ListValues().(*array.Float32).Float32Values()[lo:hi]...)
		had, err := g.labels(labels, i)
		if err != nil {
			return &stages.RowError{ID: name, Err: err}
		}
		if g.r.sample {
			g.unlike(name, had)
		}
		g.text(name)
		g.text(strings.Join(had, "\x00"))
		g.cluster = append(g.cluster, g.r.member(group, i, name))
		g.values(attributes, i)
	}
	return nil
}

// unlike considers the row whose scores were gathered last for the sample: it is
// an error if its best class is none of its labels.
func (g *rows) unlike(id string, had []string) {
	scores := g.scores[len(g.scores)-len(g.classes):]
	best := 0
	for c, s := range scores {
		if s > scores[best] {
			best = c
		}
	}
	if slices.Contains(had, g.classes[best]) {
		return
	}
	m := mistake{id: id, fold: g.folds[len(g.folds)-1], row: len(g.cluster), label: strings.Join(had, ", "), predicted: g.classes[best]}
	if p := scores[best]; p >= 0 && p <= 1 {
		m.confidence = &p
	}
	g.mistaken++
	g.mistakes.take(m)
}

// labels marks the classes of a row and returns their names, sorted.
func (g *rows) labels(labels array.ListLike, i int) ([]string, error) {
	at := len(g.positive)
	g.positive = append(g.positive, make([]bool, len(g.classes))...)
	var had []string
	lo, hi := labels.ValueOffsets(i)
	for k := lo; k < hi; k++ {
		name := labels.ListValues().ValueStr(int(k))
		c := slices.Index(g.classes, name)
		if c < 0 {
			return nil, fmt.Errorf("its label %q is no class of the scores; classes are %s", name, quoted(g.classes))
		}
		g.positive[at+c] = true
		had = append(had, name)
	}
	slices.Sort(had)
	return had, nil
}

// rank orders the rows of a set with several labels by each class's scores, once
// it is known that they are the set's.
func (g *rows) rank(set *testSet) {
	if g.scores == nil {
		return
	}
	g.ranking = stats.NewRanking(set.rows, g.scores, g.positive, len(g.classes), g.r.b.about.precision())
	set.chance = 1 - g.ranking.Chance()
}

// byLabel gives for each class 100 minus the average precision of each model, on
// IID and as a mean over the OOD sets that hold the class.
func (b *benchmark) byLabel(boot *stats.Bootstrap, models []modelResult) {
	in, out := make([]groups, len(models)), make([]groups, len(models))
	for i, m := range b.models {
		for _, name := range b.classes {
			e, class := classError{Class: name}, slices.Index(m.classes, name)
			if class < 0 {
				models[i].Classes = append(models[i].Classes, e)
				continue
			}
			var x stats.Estimate
			if s := b.inside(); s != nil {
				if x, e.IIDImages = m.precision(boot, []*testSet{s}, class); e.IIDImages > 0 {
					e.IID = rate(x)
					in[i].add(name, e.IIDImages, x)
				}
			}
			if x, e.OODImages = m.precision(boot, b.ood(), class); e.OODImages > 0 {
				e.OOD = rate(x)
				out[i].add(name, e.OODImages, x)
			}
			models[i].Classes = append(models[i].Classes, e)
		}
	}
	worstClasses(models, in, out)
}

// precision is 1 minus the average precision of a class, the mean over those of
// the sets that hold it, and how many rows of them have it; 0 where none has or the
// model lacks a set.
func (m *model) precision(boot *stats.Bootstrap, sets []*testSet, class int) (stats.Estimate, int) {
	var held []*stats.Set
	var rankings [][]*stats.Ranking // by seed
	positives := 0
	for _, s := range sets {
		if !m.has(s.name) {
			return stats.Estimate{}, 0
		}
		n := m.cells[cellKey{m.seeds[0], s.name}].ranking.Positives(class)
		if n == 0 {
			continue
		}
		positives += n
		held = append(held, s.rows)
		for k, seed := range m.seeds {
			if len(rankings) <= k {
				rankings = append(rankings, nil)
			}
			rankings[k] = append(rankings[k], m.cells[cellKey{seed, s.name}].ranking)
		}
	}
	if positives == 0 {
		return stats.Estimate{}, 0
	}
	return boot.Estimate(held, len(m.seeds), func(k int, w []uint8) float64 {
		var sum float64
		for _, r := range rankings[k] {
			sum += (1 - r.Precision(class, w)) / float64(len(held))
		}
		return sum
	}), positives
}

// ranked is 1 - mAP on slices of test sets, the mean of theirs, each weighted by its
// rows; not ok where no row of one of them has a label.
func (m *model) ranked(boot *stats.Bootstrap, parts []slice) (stats.Estimate, bool) {
	total := rowsOf(parts)
	var sets []*stats.Set
	rankings := make([][]*stats.Ranking, len(m.seeds))
	for _, p := range parts {
		for k, seed := range m.seeds {
			r := m.cells[cellKey{seed, p.set.name}].ranking.Slice(p.at)
			if r.Chance() == 0 {
				return stats.Estimate{}, false
			}
			rankings[k] = append(rankings[k], r)
		}
		sets = append(sets, rankings[0][len(rankings[0])-1].Set())
	}
	return boot.Estimate(sets, len(m.seeds), func(k int, w []uint8) float64 {
		var sum float64
		for i, r := range rankings[k] {
			sum += float64(float64(len(parts[i].at)) / float64(total) * (1 - r.MeanPrecision(w)))
		}
		return sum
	}), true
}
