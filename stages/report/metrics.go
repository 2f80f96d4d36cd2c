package report

import (
	"slices"

	"shiftmill/stages/report/stats"
)

// extras adds to a set's error what the spec asks for beside top-1, and its rows to
// the reliability of the model.
func (b *benchmark) extras(c *Config, boot *stats.Bootstrap, m *model, s *testSet, e *setError, r *stats.Reliability) {
	if b.several {
		return
	}
	if v := m.beyond(s); v != nil && slices.Contains(c.Metrics, "top-5") {
		e.Top5 = rate(stats.Linear([]stats.Term{{Weight: 1, Set: s.rows, Values: v}}))
	}
	own, reference := slices.Contains(c.Metrics, "calibration"), slices.Contains(c.Metrics, "calibration-reference")
	if !own && !reference || len(b.sets) > manySets && !s.iid {
		return // on the many sets of a corruption benchmark it would cost much and say little
	}
	var seeds []*stats.Calibration
	for _, seed := range m.seeds {
		p := m.cells[cellKey{seed, s.name}]
		if p.confidence == nil {
			return
		}
		seeds = append(seeds, stats.NewCalibration(s.rows, p.confidence, p.wrong))
	}
	for _, k := range seeds {
		k.Reliability(r)
	}
	of := func(f func(*stats.Calibration, []uint8) float64) *number {
		return within(boot.Estimate([]*stats.Set{s.rows}, len(seeds), func(k int, w []uint8) float64 { return f(seeds[k], w) }))
	}
	if own {
		e.ECE, e.RMS = of((*stats.Calibration).ECE), of((*stats.Calibration).RMS)
	}
	if reference {
		e.AURRA = of((*stats.Calibration).AURRA)
		if s.rows.Rows() >= leastReference {
			e.ReferenceRMS = of((*stats.Calibration).ReferenceRMS)
		}
	}
}

// leastReference is over how many rows the reference form of the RMS calibration
// error has a bin that it counts.
const leastReference = 200

// beyond are the errors by the five best classes, nil where they are not known.
func (m *model) beyond(s *testSet) stats.Values {
	v := make(stats.Values, len(m.seeds))
	for k, seed := range m.seeds {
		if v[k] = m.cells[cellKey{seed, s.name}].beyond; v[k] == nil {
			return nil
		}
	}
	return v
}

// within puts a number from 0 to 1 in percent.
func within(e stats.Estimate) *number {
	n := difference(e)
	if n.Low != nil {
		*n.Low, *n.High = max(*n.Low, 0), min(*n.High, 100)
	}
	return n
}

// A reliability is how often a model is right by how confident it is, over its
// seeds, on the IID set or on all OOD sets.
type reliability struct {
	IID  bool             `json:"iid"`
	Bins []reliabilityBin `json:"bins"` // those that hold rows
}

type reliabilityBin struct {
	Rows       int     `json:"rows"`
	Confidence float64 `json:"confidence"` // mean, in percent
	Accuracy   float64 `json:"accuracy"`
}

func reliabilityOf(iid bool, r *stats.Reliability) (reliability, bool) {
	x := reliability{IID: iid}
	for _, b := range r {
		if b.Rows > 0 {
			x.Bins = append(x.Bins, reliabilityBin{b.Rows, float64(100*b.Confidence) / float64(b.Rows), float64(100*b.Right) / float64(b.Rows)})
		}
	}
	return x, len(x.Bins) > 0
}

// byClass gives for each class the error of each model on IID and, pooled over
// the sets that hold the class, on OOD.
func (b *benchmark) byClass(models []modelResult) {
	in, out := make([]groups, len(models)), make([]groups, len(models))
	for class, name := range b.classes {
		inside, outside := b.slice(func(s *testSet) []int32 { return s.class }, int32(class))
		if inside == nil && outside == nil {
			continue // a class that is predicted but never the label
		}
		for i, m := range b.models {
			e := classError{Class: name}
			if inside != nil && m.has(inside[0].set.name) {
				x := m.pooled(inside)
				e.IID, e.IIDImages = rate(x), rowsOf(inside)
				in[i].add(name, e.IIDImages, x)
			}
			if outside != nil && m.hasAll(outside) {
				x := m.pooled(outside)
				e.OOD, e.OODImages = rate(x), rowsOf(outside)
				out[i].add(name, e.OODImages, x)
			}
			models[i].Classes = append(models[i].Classes, e)
		}
	}
	worstClasses(models, in, out)
}

// worstClasses adds the worst class inside and outside the training distribution.
func worstClasses(models []modelResult, in, out []groups) {
	for i := range models {
		in[i].by, in[i].within = "class", inIID
		out[i].by, out[i].within = "class", inOOD
		for _, g := range []groups{in[i], out[i]} {
			if w, ok := g.worst(); ok {
				models[i].Worst = append(models[i].Worst, w)
			}
		}
	}
}

// A slice is the rows of one class, or of one value of an attribute, in a test set.
type slice struct {
	set  *testSet
	at   []int
	rows *stats.Set // clusters numbered anew over the slices of the class
}

// slice finds the rows that have a number, of a class or of a value.
func (b *benchmark) slice(of func(*testSet) []int32, class int32) (in, out []slice) {
	number := map[int32]int32{}
	for _, s := range b.sets {
		x := slice{set: s}
		var cluster []int32
		for i, c := range of(s) {
			if c != class {
				continue
			}
			x.at = append(x.at, i)
			g := s.rows.Cluster[i]
			if _, ok := number[g]; !ok {
				number[g] = int32(len(number))
			}
			cluster = append(cluster, number[g])
		}
		if len(x.at) == 0 {
			continue
		}
		x.rows = stats.NewSet(cluster)
		if s.iid {
			in = append(in, x)
		} else {
			out = append(out, x)
		}
	}
	return in, out
}

func rowsOf(parts []slice) int {
	n := 0
	for _, p := range parts {
		n += len(p.at)
	}
	return n
}

// hasAll says whether all seeds of the model saw the sets of the slices.
func (m *model) hasAll(parts []slice) bool {
	return !slices.ContainsFunc(parts, func(s slice) bool { return !m.has(s.set.name) })
}

// pooled is the error over all rows of the slices. Each is a term of its own, whose
// rows vary around its own error; where one has a single cluster, about whose
// variance it says nothing, all of them are one.
func (m *model) pooled(parts []slice) stats.Estimate {
	together := slices.ContainsFunc(parts, func(p slice) bool { return p.rows.Clusters() < 2 })
	total := rowsOf(parts)
	var terms []stats.Term
	var cluster []int32
	all := make(stats.Values, len(m.seeds))
	for _, p := range parts {
		v := stats.NewValues(len(p.at), len(m.seeds))
		for k, seed := range m.seeds {
			wrong := m.cells[cellKey{seed, p.set.name}].wrong
			for i, row := range p.at {
				v[k][i] = wrong[row]
			}
			all[k] = append(all[k], v[k]...)
		}
		cluster = append(cluster, p.rows.Cluster...)
		terms = append(terms, stats.Term{Weight: float64(len(p.at)) / float64(total), Set: p.rows, Values: v})
	}
	if together {
		terms = []stats.Term{{Weight: 1, Set: stats.NewSet(cluster), Values: all}}
	}
	return stats.Linear(terms)
}
