package source

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/imageio"
	"shiftmill/stages/source/deepfashion2"
)

// WriteDeepFashion2 is the configuration of export/deepfashion2.
type WriteDeepFashion2 struct {
	Quality int `yaml:"quality" min:"1" max:"100" doc:"of the JPEG files made of pictures that are not JPEG files already"`
}

// WriteDeepFashion2Kind describes export/deepfashion2 to a registry.
func WriteDeepFashion2Kind() *stages.Kind {
	return stages.Define(stages.Def[WriteDeepFashion2]{
		Name:    "export/deepfashion2",
		Doc:     "Writes pictures with clothing items as DeepFashion2's own files, which source/deepfashion2 reads back; \"shiftmill export STAGE DIR\" puts them into a folder.",
		Version: 1,
		Shape:   stages.Aggregate,
		In:      []stages.Port{{Name: "images", Doc: "rows with the columns of source/deepfashion2", Type: stages.Rows}},
		Config:  WriteDeepFashion2{Quality: 95},
		Uses:    []string{"imageio/1"},
		Outputs: func(*WriteDeepFashion2) []stages.Output { return []stages.Output{{Type: stages.Files}} },
		Columns: func(_ *WriteDeepFashion2, in stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			schema := in["images"]
			if schema == nil {
				return nil, nil
			}
			var problems []pipeline.Problem
			for _, f := range garmentsColumns.Fields() {
				at := schema.FieldIndices(f.Name)
				if len(at) == 0 || !arrow.TypeEqual(schema.Field(at[0]).Type, f.Type) {
					problems = append(problems, pipeline.Problem{Field: "from", Msg: fmt.Sprintf("the input has no column %q as source/deepfashion2 and source/garments make it", f.Name)})
				}
			}
			return nil, problems
		},
		Reads: func(*WriteDeepFashion2, string, *arrow.Schema) []string {
			return []string{"image", "part", "source", "pair_id", "items"}
		},
		New: func(c *WriteDeepFashion2) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				return c.run(ctx, in, out)
			}), nil
		},
	})
}

// deepFashion2Name is a picture's id in a part; the annotation has the same name.
var deepFashion2Name = regexp.MustCompile(`^([^/]+)/image/([^/]+)\.jpe?g$`)

func (c *WriteDeepFashion2) run(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
	rows := in.One("images")
	var done progress
	return rows.Each(ctx, func(rec arrow.Record) error {
		column := func(name string) arrow.Array { return rec.Column(rec.Schema().FieldIndices(name)[0]) }
		ids, pictures := column("id").(*array.String), column("image")
		return parallel(ctx, in.Workers, int(rec.NumRows()), func(i int) error {
			id := ids.Value(i)
			m := deepFashion2Name.FindStringSubmatch(id)
			if m == nil || m[1] != column("part").(*array.String).Value(i) {
				return &stages.RowError{ID: id, Err: errors.New("its id is not PART/image/NAME.jpg, which becomes the name of the file")}
			}
			data, err := c.picture(ctx, in.Images, stages.Image(pictures, i))
			if err == nil {
				err = out.WriteFile("", id, data)
			}
			if err == nil && column("items").IsValid(i) {
				var text []byte
				if text, err = deepfashion2.Format(annotationOf(rec, i)); err == nil {
					err = out.WriteFile("", m[1]+"/annos/"+m[2]+".json", text)
				}
			}
			if err != nil {
				return &stages.RowError{ID: id, Err: err}
			}
			done.step(out, rows.Len(), true)
			return nil
		})
	})
}

// picture is the JPEG file of a cell: its own bytes if it is one.
func (c *WriteDeepFashion2) picture(ctx context.Context, images stages.Images, cell stages.ImageCell) ([]byte, error) {
	p, err := images.Open(ctx, cell)
	if err != nil {
		return nil, err
	}
	pixels := &imageio.Pixels{Pix: p.Pix, H: p.Height, W: p.Width, C: 3}
	if p.Pix == nil {
		if format, _, _, err := imageio.Config(p.Encoded); err == nil && format == "jpeg" {
			return p.Encoded, nil
		}
		if pixels, err = imageio.Decode(p.Encoded, imageio.DecodeOptions{}); err != nil {
			return nil, err
		}
	}
	return imageio.EncodeJPEG(pixels, c.Quality), nil
}

// annotationOf reads row i of a record with garmentsColumns, the inverse of garmentRows.add.
func annotationOf(rec arrow.Record, i int) deepfashion2.Annotation {
	column := func(name string) arrow.Array { return rec.Column(rec.Schema().FieldIndices(name)[0]) }
	a := deepfashion2.Annotation{
		Source: column("source").(*array.String).Value(i),
		PairID: column("pair_id").(*array.Int64).Value(i),
	}
	list := column("items").(*array.List)
	items := list.ListValues().(*array.Struct)
	from, to := list.ValueOffsets(i)
	for k := int(from); k < int(to); k++ {
		number := func(f int) int { return int(items.Field(f).(*array.Int64).Value(k)) }
		it := deepfashion2.Item{
			Category: number(1), Scale: number(2), Occlusion: number(3), Viewpoint: number(4), Zoom: number(5), Style: number(6),
		}
		box := items.Field(7).(*array.List)
		at, _ := box.ValueOffsets(k)
		for j := range it.Box {
			it.Box[j] = box.ListValues().(*array.Float64).Value(int(at) + j)
		}
		a.Items = append(a.Items, it)
	}
	return a
}
