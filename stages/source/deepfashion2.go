package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/source/deepfashion2"
)

// DeepFashion2 is the configuration of source/deepfashion2.
type DeepFashion2 struct {
	Root    pipeline.Dir `yaml:"root" required:"true" doc:"folder that holds train/image, train/annos, validation/image, ..."`
	Parts   []string     `yaml:"parts" single:"true" doc:"folders below the root to read; images of a part without annos/ have no items"`
	OnError string       `yaml:"on_error" enum:"fail|skip" doc:"fail: a bad annotation stops the run, a bad image whoever needs it; skip: both are left out, counted and named"`
	Frozen  bool         `yaml:"frozen" doc:"take the files as they were listed and hashed the last time on this host, without looking at them, until run --rescan; whatever is read is still checked"`
}

// ItemsColumn is the type of the column "items" of source/deepfashion2 and source/garments: a list
// with a struct for each piece of clothing.
//
//	category      name of the class, one of 13
//	category_id   1 to 13
//	scale         1 small, 2 modest, 3 large
//	occlusion     1 slight or none, 2 medium, 3 heavy
//	viewpoint     1 not worn, 2 frontal, 3 side or back
//	zoom_in       1 none, 2 medium, 3 large
//	style         > 0 pairs items of images with the same pair_id, 0 is no pair
//	bounding_box  x1, y1, x2, y2 in pixels
var ItemsColumn = arrow.ListOf(arrow.StructOf(
	arrow.Field{Name: "category", Type: arrow.BinaryTypes.String},
	arrow.Field{Name: "category_id", Type: arrow.PrimitiveTypes.Int64},
	arrow.Field{Name: "scale", Type: arrow.PrimitiveTypes.Int64},
	arrow.Field{Name: "occlusion", Type: arrow.PrimitiveTypes.Int64},
	arrow.Field{Name: "viewpoint", Type: arrow.PrimitiveTypes.Int64},
	arrow.Field{Name: "zoom_in", Type: arrow.PrimitiveTypes.Int64},
	arrow.Field{Name: "style", Type: arrow.PrimitiveTypes.Int64},
	arrow.Field{Name: "bounding_box", Type: arrow.ListOf(arrow.PrimitiveTypes.Float64)},
))

// garmentsColumns are those of source/deepfashion2 and source/garments. source, pair_id and items
// are missing where an image has no annotation.
var garmentsColumns = arrow.NewSchema([]arrow.Field{
	{Name: "image", Type: stages.ImageType},
	{Name: "part", Type: arrow.BinaryTypes.String},
	{Name: "source", Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: "pair_id", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	{Name: "items", Type: ItemsColumn, Nullable: true},
}, nil)

// DeepFashion2Kind describes source/deepfashion2 to a registry.
func DeepFashion2Kind() *stages.Kind {
	return stages.Define(stages.Def[DeepFashion2]{
		Name:    "source/deepfashion2",
		Doc:     "Reads DeepFashion2 as it is distributed: an image and a JSON file of clothing items each.",
		Version: 1,
		Shape:   stages.Source,
		Config:  DeepFashion2{Parts: []string{"train", "validation"}, OnError: "fail"},
		Check: func(c *DeepFashion2) []pipeline.Problem {
			var problems []pipeline.Problem
			if len(c.Parts) == 0 {
				problems = append(problems, pipeline.Problem{Field: "parts", Msg: "an empty list reads nothing"})
			}
			for i, p := range c.Parts {
				if p == "." || strings.ContainsAny(p, `/\`) || !filepath.IsLocal(p) || slices.Contains(c.Parts[:i], p) {
					problems = append(problems, pipeline.Problem{Field: fmt.Sprintf("parts.%d", i), Msg: fmt.Sprintf("%q is no further folder below the root", p)})
				}
			}
			return problems
		},
		Outputs: func(*DeepFashion2) []stages.Output { return []stages.Output{{Type: stages.Rows}} },
		Columns: func(*DeepFashion2, stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			return stages.Schemas{"": garmentsColumns}, nil
		},
		Source: &stages.Access[DeepFashion2]{
			Frozen:  func(c *DeepFashion2) bool { return c.Frozen },
			Listing: listDeepFashion2,
			File:    func(c *DeepFashion2, ref string) (stages.FileRange, error) { return fileOf(string(c.Root), ref) },
		},
		New: func(c *DeepFashion2) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				return runDeepFashion2(ctx, c, in, out)
			}), nil
		},
	})
}

// An annotated is an image with its annotation; either may be absent.
type annotated struct {
	part, stem   string
	image, annos string // names below the root, "" where absent
	empty        bool
}

func (a annotated) name() string {
	if a.image == "" {
		return a.annos
	}
	return a.image
}

// listing pairs images and annotations by their names.
func (c *DeepFashion2) listing(ctx context.Context) ([]annotated, error) {
	var all []annotated
	for _, part := range c.Parts {
		at := map[string]int{}
		first := len(all)
		for _, kind := range []struct {
			folder     string
			extensions []string
			absent     bool // may be absent
		}{{"image", []string{".jpg", ".jpeg", ".png"}, false}, {"annos", []string{".json"}, true}} {
			folder := part + "/" + kind.folder
			files, err := images(ctx, filepath.Join(string(c.Root), part, kind.folder), kind.extensions, 0)
			if kind.absent && errors.Is(err, fs.ErrNotExist) {
				if part == "train" || part == "validation" {
					return nil, fmt.Errorf("the root holds no folder %s", folder)
				}
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", folder, err)
			}
			for _, f := range files {
				if f.other {
					continue
				}
				if f.lost {
					return nil, fmt.Errorf("the link %s/%s leads nowhere", folder, f.name)
				}
				stem := strings.TrimSuffix(f.name, filepath.Ext(f.name))
				i, ok := at[stem]
				if !ok {
					i = len(all)
					at[stem] = i
					all = append(all, annotated{part: part, stem: stem})
				}
				switch {
				case kind.folder == "annos":
					all[i].annos = folder + "/" + f.name
				case all[i].image != "":
					return nil, fmt.Errorf("%s and %s/%s would have the same annotation", all[i].image, folder, f.name)
				default:
					all[i].image, all[i].empty = folder+"/"+f.name, f.empty
				}
			}
		}
		slices.SortFunc(all[first:], func(a, b annotated) int { return strings.Compare(a.stem, b.stem) })
	}
	return all, nil
}

func listDeepFashion2(ctx context.Context, c *DeepFashion2, digest func(string) (string, error), w io.Writer) error {
	all, err := c.listing(ctx)
	if err != nil {
		return err
	}
	var names []string
	for _, a := range all {
		if _, err := fmt.Fprintf(w, "%q %q %t\n", a.image, a.annos, a.empty); err != nil {
			return err
		}
		if a.annos != "" {
			names = append(names, a.annos)
		}
		if c.OnError == "skip" && a.image != "" {
			names = append(names, a.image)
		}
	}
	return listDigests(ctx, func(name string) string { return filepath.Join(string(c.Root), filepath.FromSlash(name)) }, names, digest, w)
}

func runDeepFashion2(ctx context.Context, c *DeepFashion2, in *stages.Inputs, out stages.Sink) error {
	all, err := c.listing(ctx)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return fmt.Errorf("the root holds no image in %s", strings.Join(c.Parts, "/image, ")+"/image")
	}
	const batch = 2048
	var (
		done    progress
		bad     = make([]string, len(all)) // why a row is left out
		unknown = make([][]string, len(all))
	)
	err = parallel(ctx, in.Workers, (len(all)+batch-1)/batch, func(b int) error {
		rows := newGarmentRows()
		defer rows.release()
		for i := b * batch; i < min((b+1)*batch, len(all)); i++ {
			a, at, why := c.read(all[i], &unknown[i])
			done.step(out, len(all), true)
			if why == "" {
				rows.add(all[i].image, stages.ImageCell{Ref: "file:" + all[i].image}, all[i].part, a)
				continue
			}
			if bad[i] = why; c.OnError == "fail" {
				return fmt.Errorf("%s: %s; on_error: skip would leave the image out", at, why)
			}
		}
		return rows.write(out)
	})
	if err != nil {
		return err
	}
	return c.sum(all, bad, unknown, out)
}

// read reads one annotation; a is nil where the part has none. why says what is wrong with the file at.
func (c *DeepFashion2) read(f annotated, unknown *[]string) (a *deepfashion2.Annotation, at, why string) {
	root := string(c.Root)
	switch {
	case f.image == "":
		return nil, f.annos, "the annotation has no image"
	case f.empty:
		return nil, f.image, "the file is empty"
	case c.OnError == "skip":
		if why := undecodable(filepath.Join(root, filepath.FromSlash(f.image))); why != "" {
			return nil, f.image, why
		}
	}
	if f.annos == "" {
		if _, err := os.Stat(filepath.Join(root, f.part, "annos")); errors.Is(err, fs.ErrNotExist) {
			return nil, "", ""
		}
		return nil, f.image, "the image has no annotation"
	}
	data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(f.annos)))
	if err != nil {
		return nil, f.annos, relativeTo(root, err).Error()
	}
	parsed, keys, err := deepfashion2.Parse(data)
	if err != nil {
		return nil, f.annos, fmt.Sprintf("annotation: %v", err)
	}
	*unknown = keys
	return &parsed, "", ""
}

// sum counts and names what was left out.
func (c *DeepFashion2) sum(all []annotated, bad []string, unknown [][]string, out stages.Sink) error {
	left, odd := 0, 0
	var first, strange string
	for i, why := range bad {
		if len(unknown[i]) > 0 {
			if odd++; odd == 1 {
				strange = fmt.Sprintf("%s has %s", all[i].annos, strings.Join(unknown[i], ", "))
			}
		}
		if why == "" {
			continue
		}
		out.Skip(all[i].name(), why)
		if left++; left == 1 {
			first = all[i].name() + ": " + why
		}
	}
	if odd > 0 {
		out.Note("%d annotations have keys that DeepFashion2 does not know, which are not read: %s", odd, strange)
	}
	if left > 0 {
		out.Note("%d of %d images cannot be used and are left out: %s", left, len(all), first)
	}
	if left == len(all) {
		return fmt.Errorf("none of %d images can be used: %s", left, first)
	}
	return nil
}

// garmentRows gathers rows of garmentsColumns.
type garmentRows struct {
	b *array.RecordBuilder
	n int
}

func newGarmentRows() *garmentRows {
	schema := arrow.NewSchema(append([]arrow.Field{{Name: "id", Type: arrow.BinaryTypes.String}}, garmentsColumns.Fields()...), nil)
	return &garmentRows{b: array.NewRecordBuilder(memory.DefaultAllocator, schema)}
}

func (g *garmentRows) release() { g.b.Release() }

// add appends a row; a may be nil.
func (g *garmentRows) add(id string, image stages.ImageCell, part string, a *deepfashion2.Annotation) {
	g.n++
	g.b.Field(0).(*array.StringBuilder).Append(id)
	stages.ImageBuilderOf(g.b.Field(1)).Append(image)
	g.b.Field(2).(*array.StringBuilder).Append(part)
	items := g.b.Field(5).(*array.ListBuilder)
	if a == nil {
		g.b.Field(3).AppendNull()
		g.b.Field(4).AppendNull()
		items.AppendNull()
		return
	}
	g.b.Field(3).(*array.StringBuilder).Append(a.Source)
	g.b.Field(4).(*array.Int64Builder).Append(a.PairID)
	items.Append(true)
	s := items.ValueBuilder().(*array.StructBuilder)
	for _, it := range a.Items {
		s.Append(true)
		s.FieldBuilder(0).(*array.StringBuilder).Append(deepfashion2.Categories[it.Category-1])
		for f, v := range []int{it.Category, it.Scale, it.Occlusion, it.Viewpoint, it.Zoom, it.Style} {
			s.FieldBuilder(1 + f).(*array.Int64Builder).Append(int64(v))
		}
		box := s.FieldBuilder(7).(*array.ListBuilder)
		box.Append(true)
		for _, v := range it.Box {
			box.ValueBuilder().(*array.Float64Builder).Append(v)
		}
	}
}

// write hands over the rows, if there are any.
func (g *garmentRows) write(out stages.Sink) error {
	if g.n == 0 {
		return nil
	}
	rec := g.b.NewRecord()
	defer rec.Release()
	g.n = 0
	return out.Write("", rec)
}
