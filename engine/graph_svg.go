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
	edge        float64 // right end of its layer
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
// colour of its state, a curve per input; stages of more instances than most are
// one box with counts of their states. Curves pass between boxes, those of one
// node together; within a layer, boxes stand in the mean order of what they read.
func (e *Engine) SVG(most int) string {
	d := drawing{title: e.graph.Name}
	boxes, arrows := e.boxes(most)
	for _, n := range boxes {
		below := fmt.Sprintf("%s, %s", n.kind, n.states())
		d.boxes = append(d.boxes, drawnBox{
			n.title(), below, max(len(below), len(n.kind)+len(", pending")), fmt.Sprintf("%s: %s", n.title(), n.states()), colours[n.state()],
		})
	}
	for _, a := range arrows {
		d.arrows = append(d.arrows, drawnArrow{a.from, a.to, strings.TrimSuffix(boxes[a.from].name+"."+a.label, ".")})
	}
	return d.svg()
}

// StagesSVG draws the graph with a box per stage, however many instances it has,
// and without states: as a part of a page, whose style gives the colours to the
// classes "box", "below" and "arrow".
func (e *Engine) StagesSVG() string {
	d := drawing{title: e.graph.Name}
	boxes, arrows := e.boxes(0)
	for _, n := range boxes {
		below := n.kind
		if n.folded > 1 {
			below += fmt.Sprintf(" \u00d7 %d", n.folded)
		}
		d.boxes = append(d.boxes, drawnBox{name: n.name, below: below, room: utf8.RuneCountInString(below) + 2, tip: n.name + ": " + below})
	}
	for _, a := range arrows {
		d.arrows = append(d.arrows, drawnArrow{a.from, a.to, boxes[a.from].name})
	}
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
		if edge := l.nodes[a.from].edge; edge > x { // past the wider boxes around
			x = edge
			fmt.Fprintf(&b, " H%.1f", x)
		}
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
		text := max(len(n.name), (5*n.room+5)/6) // what stands below is 10 px
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
			box.place, box.x, box.edge = float64(place), x, x+widest
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
