package engine

import (
	"encoding/xml"
	"fmt"
	"slices"
	"sort"
	"strings"
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

// A svgLayout is the drawing's geometry.
type svgLayout struct {
	nodes         []svgBox
	layer         []int // of each node
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
	l := e.layout()
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" font-family="monospace" font-size="12">`+"\n",
		l.width, l.height, l.width, l.height)
	fmt.Fprintf(&b, "<title>%s</title>\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n", escapeXML(e.graph.Name))
	e.arrows(func(from, to int, label string) {
		x, y := l.nodes[from].right()
		fmt.Fprintf(&b, `<path d="M%.1f %.1f`, x, y)
		curve := func(toX, toY float64) {
			fmt.Fprintf(&b, " C%.1f %.1f %.1f %.1f %.1f %.1f", x+svgGapX/2, y, toX-svgGapX/2, toY, toX, toY)
		}
		for between := l.layer[from] + 1; between < l.layer[to]; between++ {
			pass := l.passes[svgPass{from, between}]
			curve(pass.left())
			x, y = pass.right()
			fmt.Fprintf(&b, " H%.1f", x)
		}
		curve(l.nodes[to].left())
		fmt.Fprintf(&b, `" fill="none" stroke="#888"><title>%s</title></path>`+"\n", escapeXML(strings.TrimSuffix(e.nodes[from].spec.Name+"."+label, ".")))
	})
	for i, n := range e.nodes {
		s := l.nodes[i]
		fmt.Fprintf(&b, `<g><title>%s: %s</title><rect x="%.1f" y="%.1f" width="%.1f" height="%.0f" rx="6" fill="%s" stroke="#555"/>`,
			escapeXML(n.spec.Name), n.state, s.x, s.y, s.width, svgHeight, colours[n.state])
		fmt.Fprintf(&b, `<text x="%.1f" y="%.1f">%s</text><text x="%.1f" y="%.1f" fill="#555" font-size="10">%s, %s</text></g>`+"\n",
			s.x+8, s.y+17, escapeXML(n.spec.Name), s.x+8, s.y+32, escapeXML(n.kind.Name), n.state)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// layout puts every node right of all that it reads.
func (e *Engine) layout() *svgLayout {
	l := &svgLayout{nodes: make([]svgBox, len(e.nodes)), layer: make([]int, len(e.nodes)), passes: map[svgPass]*svgBox{}}
	var layers [][]*svgBox
	e.arrows(func(from, to int, _ string) { l.layer[to] = max(l.layer[to], l.layer[from]+1) }) // inputs stand before their readers
	for i, n := range e.nodes {
		text := max(len(n.spec.Name), (len(n.kind.Name)+9)*5/6)
		l.nodes[i].width = float64(float64(text)*svgChar) + 16
		for len(layers) <= l.layer[i] {
			layers = append(layers, nil)
		}
		layers[l.layer[i]] = append(layers[l.layer[i]], &l.nodes[i])
	}
	before := map[*svgBox][]*svgBox{} // what a box reads, in the layer before
	e.arrows(func(from, to int, _ string) {
		last := &l.nodes[from]
		for between := l.layer[from] + 1; between < l.layer[to]; between++ {
			p := svgPass{from, between}
			if l.passes[p] == nil {
				l.passes[p] = &svgBox{}
				layers[between] = append(layers[between], l.passes[p])
				before[l.passes[p]] = []*svgBox{last}
			}
			last = l.passes[p]
		}
		if box := &l.nodes[to]; !slices.Contains(before[box], last) {
			before[box] = append(before[box], last)
		}
	})
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
