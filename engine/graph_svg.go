package engine

import (
	"encoding/xml"
	"fmt"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"
)

// Sizes of the drawing, in pixels.
const (
	svgChar   = 7.2 // width of a character of the names, which are 12 px monospace
	svgHeight = 40.0
	svgGapX   = 70.0
	svgGapY   = 16.0
	svgMargin = 20.0
)

// A svgBox is where a node stands in the drawing, or where a curve from a node
// passes a layer between: then the width is that of the layer.
type svgBox struct {
	x, y, width float64
	place       float64 // in its layer
}

func (b svgBox) left() (x, y float64)  { return b.x, b.y + svgHeight/2 }
func (b svgBox) right() (x, y float64) { return b.x + b.width, b.y + svgHeight/2 }

// A drawing is boxes and the arrows between them; a box stands before those that
// it points to.
type drawing struct {
	title  string
	boxes  []drawnBox
	arrows []drawnArrow
}

// A drawnBox is a name with a line below it.
type drawnBox struct {
	name, below string
	room        int // characters that there is room for below the name
	tip         string
	fill        string // "" leaves the colours to the page around
}

type drawnArrow struct {
	from, to int
	tip      string
}

// A svgLayout is the drawing's geometry.
type svgLayout struct {
	nodes         []svgBox
	layer         []int // of each box
	passes        map[svgPass]*svgBox
	width, height float64
}

// A svgPass is a layer that curves from a node pass on their way to others.
type svgPass struct{ node, layer int }

// SVG draws the graph in layers from left to right: a box per instance in the
// colour of its state, a curve per input. Curves pass between boxes, those of
// one node together; within a layer, boxes stand in the mean order of what they
// read.
func (e *Engine) SVG() string {
	d := drawing{title: e.graph.Name}
	for _, n := range e.nodes {
		d.boxes = append(d.boxes, drawnBox{
			n.spec.Name, fmt.Sprintf("%s, %s", n.kind.Name, n.state), len(n.kind.Name) + len(", pending"), fmt.Sprintf("%s: %s", n.spec.Name, n.state), colours[n.state],
		})
	}
	e.arrows(func(from, to int, label string) {
		d.arrows = append(d.arrows, drawnArrow{from, to, strings.TrimSuffix(e.nodes[from].spec.Name+"."+label, ".")})
	})
	return d.svg()
}

// StagesSVG draws the graph with a box per stage, however many instances it has,
// and without states: as a part of a page, whose style gives the colours to the
// classes "box", "below" and "arrow".
func (e *Engine) StagesSVG() string {
	d := drawing{title: e.graph.Name}
	box, count := map[string]int{}, map[string]int{}
	at := make([]int, len(e.nodes))
	for i, n := range e.nodes {
		name := n.spec.Stage
		if _, ok := box[name]; !ok {
			box[name] = len(d.boxes)
			d.boxes = append(d.boxes, drawnBox{name: name, below: n.kind.Name})
		}
		at[i] = box[name]
		count[name]++
	}
	for i := range d.boxes {
		b := &d.boxes[i]
		if n := count[b.name]; n > 1 {
			b.below += fmt.Sprintf(" \u00d7 %d", n)
		}
		b.room, b.tip = utf8.RuneCountInString(b.below)+2, b.name+": "+b.below
	}
	seen := map[[2]int]bool{}
	e.arrows(func(from, to int, _ string) {
		k := [2]int{at[from], at[to]}
		if k[0] != k[1] && !seen[k] {
			seen[k] = true
			d.arrows = append(d.arrows, drawnArrow{k[0], k[1], d.boxes[k[0]].name})
		}
	})
	return d.svg()
}

func (d *drawing) svg() string {
	l := d.layout()
	var b strings.Builder
	alone := len(d.boxes) > 0 && d.boxes[0].fill != ""
	least := ""
	if !alone { // a page shrinks it to its width as long as it can be read
		least = fmt.Sprintf(` style="min-width: %.0fpx"`, 0.75*l.width)
	}
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" font-family="monospace" font-size="12"%s>`+"\n",
		l.width, l.height, l.width, l.height, least)
	fmt.Fprintf(&b, "<title>%s</title>\n", escapeXML(d.title))
	style := map[string]string{"arrow": `class="arrow" fill="none"`, "box": `class="box"`, "below": `class="below"`}
	if alone {
		b.WriteString("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n")
		style = map[string]string{"arrow": `fill="none" stroke="#888"`, "box": `stroke="#555"`, "below": `fill="#555"`}
	}
	for _, a := range d.arrows {
		x, y := l.nodes[a.from].right()
		fmt.Fprintf(&b, `<path d="M%.1f %.1f`, x, y)
		curve := func(toX, toY float64) {
			fmt.Fprintf(&b, " C%.1f %.1f %.1f %.1f %.1f %.1f", x+svgGapX/2, y, toX-svgGapX/2, toY, toX, toY)
		}
		for between := l.layer[a.from] + 1; between < l.layer[a.to]; between++ {
			pass := l.passes[svgPass{a.from, between}]
			curve(pass.left())
			x, y = pass.right()
			fmt.Fprintf(&b, " H%.1f", x)
		}
		curve(l.nodes[a.to].left())
		fmt.Fprintf(&b, `" %s><title>%s</title></path>`+"\n", style["arrow"], escapeXML(a.tip))
	}
	for i, n := range d.boxes {
		s := l.nodes[i]
		fill := ""
		if n.fill != "" {
			fill = ` fill="` + n.fill + `"`
		}
		fmt.Fprintf(&b, `<g><title>%s</title><rect x="%.1f" y="%.1f" width="%.1f" height="%.0f" rx="6"%s %s/>`,
			escapeXML(n.tip), s.x, s.y, s.width, svgHeight, fill, style["box"])
		fmt.Fprintf(&b, `<text x="%.1f" y="%.1f">%s</text><text x="%.1f" y="%.1f" %s font-size="10">%s</text></g>`+"\n",
			s.x+8, s.y+17, escapeXML(n.name), s.x+8, s.y+32, style["below"], escapeXML(n.below))
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// layout puts every box right of all that point to it.
func (d *drawing) layout() *svgLayout {
	l := &svgLayout{nodes: make([]svgBox, len(d.boxes)), layer: make([]int, len(d.boxes)), passes: map[svgPass]*svgBox{}}
	var layers [][]*svgBox
	// Boxes stand in order of their instances, so that what one reads may stand
	// behind it; there are no cycles, so this ends.
	for moved := true; moved; {
		moved = false
		for _, a := range d.arrows {
			if l.layer[a.to] <= l.layer[a.from] {
				l.layer[a.to], moved = l.layer[a.from]+1, true
			}
		}
	}
	for i, n := range d.boxes {
		text := max(len(n.name), n.room*5/6)
		l.nodes[i].width = float64(float64(text)*svgChar) + 16
		for len(layers) <= l.layer[i] {
			layers = append(layers, nil)
		}
		layers[l.layer[i]] = append(layers[l.layer[i]], &l.nodes[i])
	}
	before := map[*svgBox][]*svgBox{} // what a box reads, in the layer before
	for _, a := range d.arrows {
		last := &l.nodes[a.from]
		for between := l.layer[a.from] + 1; between < l.layer[a.to]; between++ {
			p := svgPass{a.from, between}
			if l.passes[p] == nil {
				l.passes[p] = &svgBox{}
				layers[between] = append(layers[between], l.passes[p])
				before[l.passes[p]] = []*svgBox{last}
			}
			last = l.passes[p]
		}
		if box := &l.nodes[a.to]; !slices.Contains(before[box], last) {
			before[box] = append(before[box], last)
		}
	}
	x := svgMargin
	for _, layer := range layers {
		widest := 0.0
		mean := map[*svgBox]float64{}
		for place, box := range layer {
			mean[box] = float64(place)
			if from := before[box]; len(from) > 0 {
				sum := 0.0
				for _, f := range from {
					sum += f.place
				}
				mean[box] = sum / float64(len(from))
			}
			widest = max(widest, box.width)
		}
		sort.SliceStable(layer, func(a, b int) bool { return mean[layer[a]] < mean[layer[b]] })
		for place, box := range layer {
			box.place, box.x = float64(place), x
			box.y = svgMargin + float64(float64(place)*(svgHeight+svgGapY))
			if box.width == 0 {
				box.width = widest
			}
			l.height = max(l.height, box.y+svgHeight+svgMargin)
		}
		x += widest + svgGapX
	}
	l.width = x - svgGapX + svgMargin
	return l
}

func escapeXML(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder does not fail
	return b.String()
}
