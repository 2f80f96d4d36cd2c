package source

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/npy"
)

// Arrays is the configuration of source/arrays.
type Arrays struct {
	Root   pipeline.Dir `yaml:"root" required:"true" doc:"folder of the arrays"`
	Arrays []string     `yaml:"arrays" single:"true" doc:"NumPy arrays of pictures, [n, height, width, 3] or [n, height, width] bytes: NAME.npy, with * and ?, or FILE.npz/MEMBER"`
	Labels string       `yaml:"labels" doc:"the array of class numbers, one a picture; of as many pictures as each array has; empty: none"`
	Names  []string     `yaml:"names" doc:"names of the classes, from number 0"`
	Blocks int          `yaml:"blocks" min:"1" max:"1000" doc:"equal parts that each array consists of, such as the 5 severities of CIFAR-10-C; their number from 1 is the column block"`
	Frozen bool         `yaml:"frozen" doc:"take the files as they were listed and hashed the last time on this host, without looking at them, until run --rescan; whatever is read is still checked"`
}

// ArraysKind describes source/arrays to a registry.
func ArraysKind() *stages.Kind {
	return stages.Define(stages.Def[Arrays]{
		Name:    "source/arrays",
		Doc:     "Reads pictures out of NumPy arrays in place, such as those of CIFAR-10-C.",
		Version: 1,
		Shape:   stages.Source,
		Config:  Arrays{Arrays: []string{"*.npy"}, Labels: "labels.npy", Blocks: 1},
		Check: func(c *Arrays) []pipeline.Problem {
			var problems []pipeline.Problem
			for i, name := range append(slices.Clone(c.Arrays), c.Labels) {
				if name != "" && !filepath.IsLocal(name) {
					field := fmt.Sprintf("arrays.%d", i)
					if i == len(c.Arrays) {
						field = "labels"
					}
					problems = append(problems, pipeline.Problem{Field: field, Msg: fmt.Sprintf("%q lies outside of the root", name)})
				}
			}
			return problems
		},
		Outputs: func(*Arrays) []stages.Output { return []stages.Output{{Type: stages.Rows}} },
		Columns: func(c *Arrays, _ stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			return stages.Schemas{"": arrow.NewSchema(c.fields()[1:], nil)}, nil
		},
		Source: &stages.Access[Arrays]{
			Frozen: func(c *Arrays) bool { return c.Frozen },
			Listing: func(_ context.Context, c *Arrays, digest func(string) (string, error), w io.Writer) error {
				names, err := c.files()
				if err != nil {
					return err
				}
				if c.Labels != "" {
					names = append(names, c.Labels)
				}
				for i, n := range names {
					names[i], _ = splitArray(n)
				}
				slices.Sort(names)
				return listContainers(string(c.Root), slices.Compact(names), digest, w)
			},
			File: func(c *Arrays, ref string) (stages.FileRange, error) { return pictureOf(string(c.Root), ref) },
		},
		New: func(c *Arrays) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error { return c.run(ctx, out) }), nil
		},
	})
}

func (c *Arrays) fields() []arrow.Field {
	fields := []arrow.Field{{Name: "id", Type: arrow.BinaryTypes.String}, {Name: "image", Type: stages.ImageType}, {Name: "array", Type: arrow.BinaryTypes.String}}
	if c.Blocks > 1 {
		fields = append(fields, arrow.Field{Name: "block", Type: arrow.PrimitiveTypes.Int64})
	}
	if c.Labels != "" {
		label := arrow.Field{Name: "label", Type: arrow.PrimitiveTypes.Int64}
		if len(c.Names) > 0 {
			label.Type = arrow.BinaryTypes.String
		}
		fields = append(fields, label)
	}
	return fields
}

// splitArray cuts "x.npz/images" into the file and the member.
func splitArray(name string) (file, member string) {
	if i := strings.Index(name, ".npz/"); i >= 0 {
		return name[:i+4], name[i+5:]
	}
	return name, ""
}

// files lists the arrays, sorted, but for the labels.
func (c *Arrays) files() ([]string, error) {
	var all []string
	for _, name := range c.Arrays {
		file, member := splitArray(name)
		found, err := filepath.Glob(filepath.Join(string(c.Root), filepath.FromSlash(file)))
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("the root holds no array %s%s", file, nearFile(string(c.Root), file))
		}
		for _, f := range found {
			rel, err := filepath.Rel(string(c.Root), f)
			if err != nil {
				return nil, err
			}
			rel = filepath.ToSlash(rel)
			if member != "" {
				rel += "/" + member
			}
			if rel != c.Labels {
				all = append(all, rel)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// array opens an array.
func (c *Arrays) array(name string) (*os.File, npy.Array, error) {
	file, member := splitArray(name)
	f, err := os.Open(filepath.Join(string(c.Root), filepath.FromSlash(file)))
	if err != nil {
		return nil, npy.Array{}, fmt.Errorf("%s: %w", name, bare(err))
	}
	a, err := npy.Open(f, member)
	if err != nil {
		f.Close()
		return nil, npy.Array{}, fmt.Errorf("%s: %w", name, err)
	}
	return f, a, nil
}

func (c *Arrays) run(ctx context.Context, out stages.Sink) error {
	names, err := c.files()
	if err != nil {
		return err
	}
	var labelFile *os.File
	var labels npy.Array
	if c.Labels != "" {
		if labelFile, labels, err = c.array(c.Labels); err != nil {
			return err
		}
		defer labelFile.Close()
		if !labels.Whole() {
			return fmt.Errorf("%s: its values are %q; whole numbers are expected", c.Labels, labels.Type)
		}
		if len(labels.Shape) != 1 && (len(labels.Shape) != 2 || labels.Shape[1] != 1) {
			return fmt.Errorf("%s: its shape is %d; one number a picture is expected", c.Labels, labels.Shape)
		}
	}
	for _, name := range names {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		f, a, err := c.array(name)
		if err != nil {
			return err
		}
		err = c.rows(name, a, labelFile, labels, out)
		f.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// rows makes the rows of an array.
func (c *Arrays) rows(name string, a npy.Array, labelFile *os.File, labels npy.Array, out stages.Sink) error {
	channels := int64(1)
	switch {
	case a.Type != "|u1":
		return fmt.Errorf("its values are %q; pictures are bytes, |u1", a.Type)
	case len(a.Shape) == 4 && (a.Shape[3] == 1 || a.Shape[3] == 3):
		channels = a.Shape[3]
	case len(a.Shape) != 3:
		return fmt.Errorf("its shape is %d; pictures are [n, height, width, 3], or [n, height, width] in grey", a.Shape)
	}
	n, h, w := a.Shape[0], a.Shape[1], a.Shape[2]
	switch {
	case n == 0 || h == 0 || w == 0:
		return fmt.Errorf("its shape is %d: it holds no picture", a.Shape)
	case n%int64(c.Blocks) != 0:
		return fmt.Errorf("%d pictures are no %d equal blocks", n, c.Blocks)
	case labelFile != nil && labels.Shape[0] != n:
		return fmt.Errorf("it holds %d pictures, %s %d labels", n, c.Labels, labels.Shape[0])
	}
	file, _ := splitArray(name)
	stem := strings.TrimSuffix(name, ".npy")
	const batch = 8192
	for at := int64(0); at < n; at += batch {
		to := min(at+batch, n)
		var numbers []int64
		if labelFile != nil {
			var err error
			if numbers, err = labels.Integers(labelFile, at, to); err != nil {
				return err
			}
		}
		b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(c.fields(), nil))
		for i := at; i < to; i++ {
			size := h * w * channels
			ref := fmt.Sprintf("file:%s@%d+%d:%dx%dx%d", file, a.Offset+i*size, size, h, w, channels)
			b.Field(0).(*array.StringBuilder).Append(fmt.Sprintf("%s/%08d", stem, i))
			stages.ImageBuilderOf(b.Field(1)).Append(stages.ImageCell{Ref: ref, Height: int(h), Width: int(w)})
			b.Field(2).(*array.StringBuilder).Append(stem)
			if c.Blocks > 1 {
				b.Field(3).(*array.Int64Builder).Append(i/(n/int64(c.Blocks)) + 1)
			}
			if numbers == nil {
				continue
			}
			k := numbers[i-at]
			if lb, ok := b.Field(len(c.fields()) - 1).(*array.Int64Builder); ok {
				lb.Append(k)
				continue
			}
			if k < 0 || k >= int64(len(c.Names)) {
				b.Release()
				return fmt.Errorf("%s: label %d is %d; there are %d names", c.Labels, i, k, len(c.Names))
			}
			b.Field(len(c.fields()) - 1).(*array.StringBuilder).Append(c.Names[k])
		}
		rec := b.NewRecord()
		b.Release()
		err := out.Write("", rec)
		rec.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

// pictureOf finds the pixels of "file:ARRAY@OFFSET+SIZE:HEIGHTxWIDTHxCHANNELS".
func pictureOf(root, ref string) (stages.FileRange, error) {
	text, _, _ := strings.Cut(ref, "\x00")
	at := strings.LastIndexByte(text, '@')
	if at < 0 {
		return stages.FileRange{}, fmt.Errorf("%q names no picture of an array", text)
	}
	r, err := fileOf(root, text[:at])
	if err != nil {
		return r, err
	}
	_, err = fmt.Sscanf(text[at:], "@%d+%d:%dx%dx%d", &r.Offset, &r.Size, &r.Height, &r.Width, &r.Channels)
	if err != nil || r.Offset < 0 || r.Height < 1 || r.Width < 1 || r.Size != int64(r.Height)*int64(r.Width)*int64(r.Channels) {
		return stages.FileRange{}, fmt.Errorf("%q names no picture of an array", text)
	}
	return r, nil
}
