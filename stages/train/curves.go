package train

import (
	"bytes"
	"fmt"
	"strconv"
)

// Geometry of the drawing in pixels.
const (
	curveWidth, curveHeight = 640, 300
	curveLeft, curveRight   = 56, 584
	curveTop, curveBottom   = 36, 260
)

// curves draws the training loss (left scale) and the error on val (right
// scale, 0 to 1) over the epochs, as SVG. Coordinates have one decimal, so
// that the file is the same on every machine.
func (h history) curves(val bool) []byte {
	most := 0.0
	for _, l := range h {
		most = max(most, l.loss)
	}
	top := niceTop(most)
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", curveWidth, curveHeight)
	b.WriteString("<title>Training: loss and error by epoch</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n")
	x := func(i int) float64 {
		if len(h) == 1 {
			return (curveLeft + curveRight) / 2
		}
		return curveLeft + float64((curveRight-curveLeft)*i)/float64(len(h)-1)
	}
	y := func(v, full float64) float64 { return curveBottom - float64((curveBottom-curveTop)*min(v/full, 1)) }
	text := func(x, y float64, anchor, fill, s string) {
		fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" text-anchor="%s" fill="%s">%s</text>`+"\n", x, y, anchor, fill, s)
	}
	const loss, errors = "#1f5fa8", "#b4441b"
	for i := range 5 {
		at := curveBottom - float64(curveBottom-curveTop)*float64(i)/4
		fmt.Fprintf(&b, `<path d="M%d %.1fH%d" stroke="#ddd"/>`+"\n", curveLeft, at, curveRight)
		text(curveLeft-6, at+4, "end", loss, strconv.FormatFloat(top*float64(i)/4, 'g', 3, 64))
		if val {
			text(curveRight+6, at+4, "start", errors, fmt.Sprintf("%d %%", 25*i))
		}
	}
	draw := func(colour string, value func(line) float64, full float64) {
		fmt.Fprintf(&b, `<polyline fill="none" stroke="%s" stroke-width="2" points="`, colour)
		for i, l := range h {
			fmt.Fprintf(&b, "%.1f,%.1f ", x(i), y(value(l), full))
		}
		b.WriteString("\"/>\n")
		for i, l := range h {
			if len(h) <= 60 {
				fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.1f" r="2.5" fill="%s"><title>epoch %d: %.4g</title></circle>`+"\n", x(i), y(value(l), full), colour, l.epoch, value(l))
			}
		}
	}
	draw(loss, func(l line) float64 { return l.loss }, top)
	text(curveLeft, 20, "start", loss, "training loss")
	if val {
		draw(errors, func(l line) float64 { return l.valError }, 1)
		text(curveRight, 20, "end", errors, "error on val")
	}
	every := max(1, (len(h)+9)/10)
	for i, l := range h {
		if i%every == 0 || i == len(h)-1 {
			text(x(i), curveBottom+18, "middle", "#444", strconv.Itoa(l.epoch))
		}
	}
	text((curveLeft+curveRight)/2, curveHeight-6, "middle", "#444", "epoch")
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// niceTop is the next of 1, 2, 4 and 8 times a power of ten.
func niceTop(v float64) float64 {
	top := 1e-6
	for top < v && top < 1e9 {
		for _, f := range []float64{1, 2, 4, 8} {
			if top*f >= v {
				return top * f
			}
		}
		top *= 10
	}
	return top
}
