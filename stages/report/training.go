package report

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"shiftmill/stages"
)

// historyFile is what train/classifier calls its learning curves: a line for each
// epoch, with a heading that names the columns.
const historyFile = "history.csv"

// A course is the training of one network.
type course struct {
	method, name string // name has all coordinates
	images       []float64
	loss         []float64
	val          []float64 // error on the validation rows in percent; nil without
}

// training reads the histories at the port; inputs without one, such as models
// that were trained elsewhere, are passed over.
func (c *Config) training(inputs []stages.Input) ([]course, error) {
	var all []course
	for _, in := range inputs {
		if !slices.Contains(in.FileNames(), historyFile) {
			continue
		}
		data, err := in.File(historyFile)
		if err != nil {
			return nil, err
		}
		p := c.locate(in.Stage(), in.Output(), in.Coords())
		m := model{method: p.method, rest: p.rest}
		x := course{method: m.name(), name: m.name()}
		if p.fold != "" {
			x.name += ", " + p.fold
		}
		if p.seed != "" {
			x.name += ", " + c.Replicate + " " + p.seed
		}
		if err := x.read(data); err != nil {
			return nil, fmt.Errorf("training: %s of %s: %w", historyFile, describe(in), err)
		}
		all = append(all, x)
	}
	slices.SortStableFunc(all, func(x, y course) int { return strings.Compare(x.name, y.name) })
	return all, nil
}

func (x *course) read(data []byte) error {
	lines, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		return err
	}
	if len(lines) == 0 {
		return fmt.Errorf("it has no heading")
	}
	column := func(name string, by float64) ([]float64, error) {
		at := slices.Index(lines[0], name)
		if at < 0 {
			return nil, nil
		}
		values := make([]float64, len(lines)-1)
		for i, l := range lines[1:] {
			v, err := strconv.ParseFloat(l[at], 64)
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", i+2, err)
			}
			values[i] = float64(v * by)
		}
		return values, nil
	}
	for _, of := range []struct {
		name string
		by   float64
		into *[]float64
	}{{"images", 1, &x.images}, {"train_loss", 1, &x.loss}, {"val_error", 100, &x.val}} {
		if *of.into, err = column(of.name, of.by); err != nil {
			return err
		}
	}
	if x.images == nil || x.loss == nil {
		return fmt.Errorf("it has no columns images and train_loss")
	}
	return nil
}

// layTraining shows the learning curves, on the page only.
func layTraining(r *result, colours []string) section {
	var names []string
	for _, x := range r.training {
		names = append(names, x.method)
	}
	names = unique(names)
	slices.SortStableFunc(names, func(x, y string) int { return slices.Index(colours, x) - slices.Index(colours, y) })
	draw := func(title, label string, of func(course) []float64) (chart, bool) {
		c := chart{Kind: "points", Title: title, X: axis{Label: "images seen, thousands"}, Y: axis{Label: label}, Legend: legend(colours, names)}
		for _, x := range r.training {
			values := of(x)
			if values == nil {
				continue
			}
			line := curve{Series: colour(colours, x.method)}
			for i, v := range values {
				line.Points = append(line.Points, [2]float64{x.images[i] / 1000, v})
				c.Points = append(c.Points, point{
					X: x.images[i] / 1000, Y: v, Series: line.Series,
					Tip: fmt.Sprintf("%s, after %s images: %s", x.name, grouped(int(x.images[i])), strconv.FormatFloat(v, 'g', 4, 64)),
				})
			}
			c.Curves = append(c.Curves, line)
		}
		return c, len(c.Points) > 0
	}
	s := section{
		title: "Training", id: "training",
		lead: fmt.Sprintf("Learning curves of %d trained networks, a point for each epoch. Losses compare between methods of one loss only.", len(r.training)),
	}
	for _, k := range []struct {
		title, label string
		of           func(course) []float64
	}{
		{"Training loss", "mean loss of the epoch", func(x course) []float64 { return x.loss }},
		{"Error on the validation rows", "error, %", func(x course) []float64 { return x.val }},
	} {
		if c, ok := draw(k.title, k.label, k.of); ok {
			s.charts = append(s.charts, c)
		}
	}
	return s
}
