package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"

	"shiftmill/engine"
	"shiftmill/stages"
	"shiftmill/stages/imageio"
)

func (s *session) previewCommand() *cobra.Command {
	var out string
	var side int
	o := engine.PictureOptions{}
	c := &cobra.Command{
		Use:   "preview STAGE[.OUTPUT] [SPEC]",
		Short: "Draw some pictures of an output into a PNG file: by label or any column, before and after",
		Long: `Preview draws a grid of pictures: one line for each value of a column (label, if there is one), the
largest first. With --before each picture stands under the one it was made from. The same rows are
shown every time.

Several outputs, such as corrupted.all or the instances of a matrix, are shown side by side: the
picture as it was, then as each of them has it; -n is the number of rows. Of the sets of a split
each is a line.`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) < 1 || len(args) > 2 {
				return usage("preview takes an output and perhaps a spec: shiftmill preview split.train svsf.yaml --by year")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if o.Each < 1 || o.Groups < 1 || side < 8 || side > 1024 {
				return usage("--n and --groups must be at least 1, --size 8 to 1024")
			}
			x, e, err := s.planned(c.Context(), args[1:])
			if err != nil {
				return err
			}
			defer x.close()
			outputs, err := selectOutputs(e, args[0])
			if err != nil {
				return usageError{err}
			}
			if rows := slices.DeleteFunc(slices.Clone(outputs), func(o namedOutput) bool { return e.ColumnsOf(o.instance, o.output) == nil }); len(rows) > 0 {
				outputs = rows // beside files, such as what a gate found
			}
			if len(outputs) > 1 && areSets(c.Context(), e, outputs, o) {
				data, err := sheetOfSets(c.Context(), e, outputs, side, o)
				if err != nil {
					return err
				}
				return s.writePreview(out, args[0], data)
			}
			if len(outputs) > 1 {
				if !c.Flags().Changed("n") {
					o.Each = 1
				}
				if n := len(outputs); n > mostCompared {
					outputs = outputs[:mostCompared]
					s.printf("the first %d of %d outputs:\n", mostCompared, n)
				}
				data, err := compare(c.Context(), e, outputs, side, o)
				if err != nil {
					return err
				}
				return s.writePreview(out, args[0], data)
			}
			which := outputs[0]
			if !c.Flags().Changed("by") && !hasColumn(e, which, o.By) {
				o.By = ""
			}
			groups, err := e.Pictures(c.Context(), which.instance, which.output, o)
			if err != nil {
				return err
			}
			data, err := sheet(groups, side, o)
			if err != nil {
				return err
			}
			return s.writePreview(out, which.String(), data)
		},
	}
	s.specFlags(c)
	s.tryFlag(c)
	c.Flags().StringVarP(&out, "out", "o", "", "file to write (default STAGE.OUTPUT.png)")
	c.Flags().StringVar(&o.By, "by", "label", "column whose values make the lines")
	c.Flags().StringVar(&o.Image, "image", "", "column of the pictures (default image)")
	c.Flags().IntVarP(&o.Each, "n", "n", 8, "pictures a line")
	c.Flags().IntVar(&o.Groups, "groups", 12, "most lines")
	c.Flags().IntVar(&side, "size", 96, "pixels a side of each picture")
	c.Flags().BoolVar(&o.Before, "before", false, "show above each picture what it was before this stage")
	return c
}

// writePreview writes the picture to the file asked for, or to one named after
// what it shows.
func (s *session) writePreview(out, shown string, data []byte) error {
	if out == "" {
		out = strings.NewReplacer("/", "_", "[", "_", "]", "", "=", "-", ",", "_").Replace(shown) + ".png"
	}
	err := replaceFile(out, data)
	if errors.Is(err, fs.ErrNotExist) {
		return usage("there is no folder %s; make it first", filepath.Dir(out))
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", out, err)
	}
	s.printf("%s\n", filepath.Clean(out))
	return nil
}

func hasColumn(e *engine.Engine, o namedOutput, column string) bool {
	for _, c := range e.ColumnsOf(o.instance, o.output) {
		if c == column {
			return true
		}
	}
	return false
}

// areSets says whether outputs are sets of one stage that hands its pictures on:
// they hold other rows, which nothing was done to.
func areSets(ctx context.Context, e *engine.Engine, outputs []namedOutput, o engine.PictureOptions) bool {
	for _, other := range outputs {
		if other.instance != outputs[0].instance || other.output == "" {
			return false
		}
	}
	o.Before = true
	_, err := e.Pictures(ctx, outputs[0].instance, outputs[0].output, o)
	var refusal engine.Refusal
	return errors.As(err, &refusal)
}

// sheetOfSets draws a line of pictures for each of some outputs.
func sheetOfSets(ctx context.Context, e *engine.Engine, outputs []namedOutput, side int, o engine.PictureOptions) ([]byte, error) {
	o.By, o.Groups, o.Before = "", 1, false
	var lines []engine.PictureGroup
	for _, set := range outputs {
		groups, err := e.Pictures(ctx, set.instance, set.output, o)
		if err != nil {
			return nil, err
		}
		for _, g := range groups { // none where the set is empty
			g.Value = set.output
			lines = append(lines, g)
		}
	}
	o.By = "output"
	return sheet(lines, side, o)
}

// Sizes of the sheet in pixels.
const (
	sheetGap   = 4
	sheetTitle = 18
	charWidth  = 7
)

// sheet draws groups of pictures as PNG: for each a line of text, then its
// pictures.
func sheet(groups []engine.PictureGroup, side int, o engine.PictureOptions) ([]byte, error) {
	lines, columns, widest := 1, 1, 0
	if o.Before {
		lines = 2
	}
	for _, g := range groups {
		columns = max(columns, len(g.Shown))
		widest = max(widest, len(groupTitle(g, o))*charWidth)
	}
	block := sheetTitle + lines*(side+sheetGap) + sheetGap
	width := max(columns*(side+sheetGap), widest) + sheetGap
	img := image.NewRGBA(image.Rect(0, 0, width, max(1, len(groups))*block+sheetGap))
	draw.Draw(img, img.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	for i, g := range groups {
		top := i*block + sheetGap
		d := font.Drawer{Dst: img, Src: image.Black, Face: basicfont.Face7x13, Dot: fixed.P(sheetGap, top+12)}
		d.DrawString(groupTitle(g, o))
		for j, row := range g.Shown {
			x, y := sheetGap+j*(side+sheetGap), top+sheetTitle
			shown := []stages.Picture{row.After}
			if o.Before {
				shown = []stages.Picture{row.Before, row.After}
			}
			for k, pic := range shown {
				if err := drawPicture(img, image.Pt(x, y+k*(side+sheetGap)), side, pic); err != nil {
					return nil, fmt.Errorf("row %q: %w", row.ID, err)
				}
			}
		}
	}
	var buf bytes.Buffer
	err := png.Encode(&buf, img)
	return buf.Bytes(), err
}

func groupTitle(g engine.PictureGroup, o engine.PictureOptions) string {
	if o.By == "" {
		return amount(g.Rows, "row")
	}
	return fmt.Sprintf("%s: %s (%s)", o.By, g.Value, amount(g.Rows, "row"))
}

// drawPicture fits a picture into a square: large ones are scaled down, small
// ones repeated pixel by pixel, so that every pixel is seen as it is.
func drawPicture(dst *image.RGBA, at image.Point, side int, pic stages.Picture) error {
	p := &imageio.Pixels{H: pic.Height, W: pic.Width, C: 3, Pix: pic.Pix}
	if pic.Pix == nil {
		if pic.Encoded == nil {
			return nil // no picture in this row
		}
		var err error
		if p, err = imageio.Decode(pic.Encoded, imageio.DecodeOptions{}); err != nil {
			return err
		}
	}
	longer := max(p.H, p.W, 1)
	if longer > side {
		p = imageio.Resize(p, max(1, p.H*side/longer), max(1, p.W*side/longer), imageio.Bilinear)
		longer = side
	}
	times := side / longer
	left, top := at.X+(side-p.W*times)/2, at.Y+(side-p.H*times)/2
	for y := range p.H * times {
		for x := range p.W * times {
			i := ((y/times)*p.W + x/times) * p.C
			dst.SetRGBA(left+x, top+y, color.RGBA{p.Pix[i], p.Pix[i+1%p.C], p.Pix[i+2%p.C], 255})
		}
	}
	return nil
}
