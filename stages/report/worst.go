package report

import (
	"fmt"
	"slices"

	"shiftmill/stages/report/stats"
)

// leastGroup is how many images a group must have to be taken for the worst one: an
// error on a handful of images is mostly luck.
const leastGroup = 10

// Where the images of a group are from.
const (
	inIID = "IID"
	inOOD = "OOD"
	inAll = "all"
)

// A worstGroup is the group of images on which a model errs most: those of a class,
// inside or outside the training distribution, or those with one value of an
// attribute, over all test sets.
//
// The interval is that of the largest error of any group, whichever it is: the
// upper end is the largest of the groups' upper ends, which holds since one of
// them belongs to the worst; the lower end the largest of their lower ends, each
// with its share of the 2.5 % (Bonferroni). So it allows for the worst having
// been picked by its error, which is too large on average.
type worstGroup struct {
	By     string  `json:"by"`     // "class", or the attribute
	Within string  `json:"within"` // "IID", "OOD" or "all"
	Group  string  `json:"group"`
	Images int     `json:"images"`
	Error  *number `json:"error"`
	Of     int     `json:"of"` // groups compared
	Small  int     `json:"small,omitempty"`
}

// groups gathers a model's error by group.
type groups struct {
	by, within string
	all        []groupError
	small      int // groups of too few images
}

type groupError struct {
	name   string
	images int
	error  stats.Estimate
}

func (g *groups) add(name string, images int, e stats.Estimate) {
	if images < leastGroup {
		g.small++
		return
	}
	g.all = append(g.all, groupError{name, images, e})
}

// worst is the group with the largest error, the first of equals; nothing is the
// worst of one.
func (g *groups) worst() (worstGroup, bool) {
	w := worstGroup{By: g.by, Within: g.within, Of: len(g.all), Small: g.small}
	if len(g.all) < 2 {
		return w, false
	}
	var low, high float64
	known, at := true, 0
	for i, x := range g.all {
		if x.error.Value > g.all[at].error.Value {
			at = i
		}
		_, upper := x.error.RateInterval()
		low, high = max(low, x.error.RateBound(0.025/float64(len(g.all)))), max(high, upper)
		known = known && (x.error.Known() || x.error.Simple)
	}
	w.Group, w.Images, w.Error = g.all[at].name, g.all[at].images, rate(g.all[at].error)
	w.Error.Low, w.Error.High = nil, nil
	if low, high = 100*low, 100*high; known {
		w.Error.Low, w.Error.High = &low, &high
	}
	return w, true
}

// worstTable names for each model the worst group of every kind.
func worstTable(b *benchmarkResult) (table, bool) {
	t := table{
		title: "Worst groups", head: []string{"method"}, extra: len(b.Models[0].Attributes) == 0,
		note: fmt.Sprintf("The group of images with the most errors, of at least %d images. Classes: in the IID test set, and over the OOD ones; "+
			"attributes: over all test sets. The interval is that of the largest error of any group, so it allows for the worst having been picked.", leastGroup),
	}
	type kind struct{ by, within string }
	var kinds []kind
	for _, m := range b.Models {
		for _, w := range m.Worst {
			if k := (kind{w.By, w.Within}); !slices.Contains(kinds, k) {
				kinds = append(kinds, k)
			}
		}
	}
	for _, k := range kinds {
		head := k.by
		if k.within != inAll {
			head += ", " + k.within
		}
		t.head = append(t.head, head)
	}
	for _, m := range b.Models {
		row := []cell{{value: m.Name}}
		for _, k := range kinds {
			i := slices.IndexFunc(m.Worst, func(w worstGroup) bool { return w.By == k.by && w.Within == k.within })
			if i < 0 {
				row = append(row, cell{value: "-"})
				continue
			}
			c := value(m.Worst[i].Error)
			c.name = m.Worst[i].Group
			row = append(row, c)
		}
		t.rows = append(t.rows, row)
	}
	return t, len(kinds) > 0
}
