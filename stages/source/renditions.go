package source

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/source/renditions"
)

// Renditions is the configuration of source/renditions.
type Renditions struct {
	Count    int            `yaml:"count" min:"1" max:"10000000" doc:"pictures to make; a longer dataset begins with the shorter one"`
	Size     int            `yaml:"size" min:"16" max:"2048" doc:"pixels a side"`
	Strength float64        `yaml:"strength" min:"0" max:"1" doc:"how much of a rendition takes the place of the photo; 0 is provably no shift"`
	Mix      map[string]int `yaml:"mix" min:"0" max:"1000000" doc:"relative weight of each rendition; one left out does not occur"`
}

// renditionsRecipe begins every recipe, followed by the version of the drawing.
const renditionsRecipe = "recipe:source/renditions/"

var renditionsColumns = arrow.NewSchema([]arrow.Field{
	{Name: "image", Type: stages.ImageType},
	{Name: "label", Type: arrow.BinaryTypes.String},
	{Name: "rendition", Type: arrow.BinaryTypes.String},
}, nil)

// RenditionsKind describes source/renditions to a registry.
func RenditionsKind() *stages.Kind {
	mix := map[string]int{}
	for _, m := range renditions.Renditions() {
		mix[m] = 1
	}
	mix["photo"] = len(mix) - 1
	return stages.Define(stages.Def[Renditions]{
		Name:    "source/renditions",
		Doc:     "Draws objects of 24 classes as photographed, painted, sketched, stitched, folded and so on; an open stand-in for ImageNet-R.",
		Version: 1,
		Shape:   stages.Source,
		Config:  Renditions{Count: 4800, Size: 64, Strength: 1, Mix: mix},
		Random:  true,
		Uses:    []string{fmt.Sprintf("renditions/%d", renditions.Version)},
		Check: func(c *Renditions) []pipeline.Problem {
			if _, err := c.shares(); err != nil {
				return []pipeline.Problem{{Field: "mix", Msg: err.Error()}}
			}
			return nil
		},
		Outputs: func(*Renditions) []stages.Output { return []stages.Output{{Type: stages.Rows}} },
		Columns: func(*Renditions, stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			return stages.Schemas{"": renditionsColumns}, nil
		},
		Source: &stages.Access[Renditions]{
			Count: func(_ context.Context, c *Renditions) (stages.Count, error) {
				return stages.Count{Rows: int64(c.Count), Pixels: int64(c.Size) * int64(c.Size)}, nil
			},
			Draw: func(_ context.Context, ref string) (stages.Picture, error) { return drawRendition(ref) },
		},
		New: func(c *Renditions) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				shares, err := c.shares()
				if err != nil {
					return err
				}
				const batch = 4096
				return parallel(ctx, in.Workers, (c.Count+batch-1)/batch, func(b int) error {
					rec := c.rows(in.Seed, shares, b*batch, min((b+1)*batch, c.Count))
					defer rec.Release()
					return out.Write("", rec)
				})
			}), nil
		},
	})
}

// shares lists the weights in the order of the names, since the draw depends on it.
func (c *Renditions) shares() ([]renditions.Share, error) {
	var shares []renditions.Share
	sum := 0
	known := renditions.Renditions()
	for _, name := range sortedKeys(c.Mix) {
		if !slices.Contains(known, name) {
			if near := pipeline.Nearest(name, known); near != "" {
				return nil, fmt.Errorf("there is no rendition %q; did you mean %q?", name, near)
			}
			return nil, fmt.Errorf("there is no rendition %q; there are %s", name, strings.Join(known, ", "))
		}
		shares = append(shares, renditions.Share{Value: name, Weight: c.Mix[name]})
		sum += c.Mix[name]
	}
	if sum == 0 {
		return nil, fmt.Errorf("no rendition has a weight, so none can occur")
	}
	return shares, nil
}

func (c *Renditions) rows(seed uint64, shares []renditions.Share, from, to int) arrow.Record {
	schema := arrow.NewSchema(append([]arrow.Field{{Name: "id", Type: arrow.BinaryTypes.String}}, renditionsColumns.Fields()...), nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for i := from; i < to; i++ {
		r := renditions.RowAt(seed, i, shares)
		b.Field(0).(*array.StringBuilder).Append(r.ID)
		stages.ImageBuilderOf(b.Field(1)).Append(stages.ImageCell{Ref: c.recipe(seed, r), Height: c.Size, Width: c.Size})
		b.Field(2).(*array.StringBuilder).Append(r.Class)
		b.Field(3).(*array.StringBuilder).Append(r.Rendition)
	}
	return b.NewRecord()
}

// recipe holds all that decides the picture; without strength every rendition is the photo.
func (c *Renditions) recipe(seed uint64, r renditions.Row) string {
	v := url.Values{}
	v.Set("seed", strconv.FormatUint(seed, 10))
	v.Set("size", strconv.Itoa(c.Size))
	v.Set("id", r.ID)
	v.Set("class", r.Class)
	rendition, strength := r.Rendition, thousandths(c.Strength)
	if strength == 0 {
		rendition = "photo"
	}
	v.Set("rendition", rendition)
	if rendition != "photo" && strength < 1000 {
		v.Set("strength", strconv.Itoa(strength))
	}
	return fmt.Sprintf("%s%d?%s", renditionsRecipe, renditions.Version, v.Encode())
}

func drawRendition(ref string) (stages.Picture, error) {
	rest, ok := strings.CutPrefix(ref, renditionsRecipe)
	version, query, _ := strings.Cut(rest, "?")
	if !ok || version != strconv.Itoa(renditions.Version) {
		return stages.Picture{}, fmt.Errorf("draw %s: not a recipe of %s%d", ref, renditionsRecipe, renditions.Version)
	}
	bad := func(err error) (stages.Picture, error) {
		return stages.Picture{}, fmt.Errorf("draw %s: %w", ref, err)
	}
	v, err := url.ParseQuery(query)
	if err != nil {
		return bad(err)
	}
	seed, err := strconv.ParseUint(v.Get("seed"), 10, 64)
	if err != nil {
		return bad(err)
	}
	size, err := strconv.Atoi(v.Get("size"))
	if err != nil {
		return bad(err)
	}
	strength := 1000
	if v.Has("strength") {
		if strength, err = strconv.Atoi(v.Get("strength")); err != nil {
			return bad(err)
		}
	}
	pix, err := renditions.Draw(seed, v.Get("id"), v.Get("class"), v.Get("rendition"), size, strength)
	if err != nil {
		return bad(err)
	}
	return stages.Picture{Pix: pix, Height: size, Width: size}, nil
}
