package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"

	"shiftmill/engine"
	"shiftmill/stages"
)

// A comparedLine are outputs that stand side by side: the severities of a
// corruption, the copies of an augmentation.
type comparedLine struct {
	name    string
	outputs []namedOutput
	groups  []engine.PictureGroup // of each output
}

// How many outputs stand side by side, and on one sheet.
const (
	mostBeside   = 24
	mostCompared = 240
)

// comparedLines orders outputs into lines: those of one stage whose names
// differ behind the last hyphen alone, as fog-1 and fog-5 do, share one, and so
// do the instances of a stage that has one output, as far as they fit.
func comparedLines(outputs []namedOutput) []*comparedLine {
	var lines []*comparedLine
	for _, o := range outputs {
		stage, _, _ := strings.Cut(o.instance, "[")
		name := stage
		if at := strings.LastIndexByte(o.output, '-'); at > 0 {
			name = o.output[:at]
		} else if o.output != "" {
			name = o.output
		}
		var line *comparedLine
		for _, l := range lines {
			if l.name == name {
				line = l
			}
		}
		if line == nil || len(line.outputs) == mostBeside {
			line = &comparedLine{name: name}
			lines = append(lines, line)
		}
		line.outputs = append(line.outputs, o)
	}
	return lines
}

// compare draws several outputs of the same rows as PNG: for each line its
// name, then for each row the picture as it was before the stages and as each
// output has it.
func compare(ctx context.Context, e *engine.Engine, outputs []namedOutput, side int, o engine.PictureOptions) ([]byte, error) {
	lines := comparedLines(outputs)
	o.By, o.Groups = "", 1
	var refusal engine.Refusal
	columns := 0
	for _, l := range lines {
		columns = max(columns, len(l.outputs)+1)
		for _, out := range l.outputs {
			o.Before = true
			groups, err := e.Pictures(ctx, out.instance, out.output, o)
			if errors.As(err, &refusal) { // a stage that makes pictures of nothing
				o.Before = false
				groups, err = e.Pictures(ctx, out.instance, out.output, o)
			}
			if err != nil {
				return nil, err
			}
			if len(groups) == 0 || len(groups[0].Shown) == 0 {
				return nil, fmt.Errorf("%s has no rows", out)
			}
			l.groups = append(l.groups, groups[0])
		}
	}
	rows := len(lines[0].groups[0].Shown)
	block := sheetTitle + rows*(side+sheetGap)
	img := image.NewRGBA(image.Rect(0, 0, columns*(side+sheetGap)+sheetGap, len(lines)*block+sheetGap))
	draw.Draw(img, img.Bounds(), image.White, image.Point{}, draw.Src)
	for i, l := range lines {
		top := i*block + sheetGap
		var ends []string
		for _, out := range l.outputs {
			ends = append(ends, strings.TrimPrefix(out.output, l.name+"-"))
		}
		title := fmt.Sprintf("%s: before, then %s", l.name, strings.Join(ends, ", "))
		if l.outputs[0].output == "" {
			title = fmt.Sprintf("%s: before, then %d instances", l.name, len(l.outputs))
		}
		d := font.Drawer{Dst: img, Src: image.Black, Face: basicfont.Face7x13, Dot: fixed.P(sheetGap, top+12)}
		d.DrawString(title)
		for j := range min(rows, len(l.groups[0].Shown)) {
			tiles := []stages.Picture{l.groups[0].Shown[j].Before}
			for _, g := range l.groups {
				if j < len(g.Shown) {
					tiles = append(tiles, g.Shown[j].After)
				}
			}
			for k, pic := range tiles {
				if err := drawPicture(img, image.Pt(sheetGap+k*(side+sheetGap), top+sheetTitle+j*(side+sheetGap)), side, pic); err != nil {
					return nil, fmt.Errorf("row %q: %w", l.groups[0].Shown[j].ID, err)
				}
			}
		}
	}
	var buf bytes.Buffer
	err := png.Encode(&buf, img)
	return buf.Bytes(), err
}
