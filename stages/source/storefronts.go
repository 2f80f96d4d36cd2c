package source

import (
	"context"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/source/storefronts"
)

// Storefronts is the configuration of source/storefronts.
type Storefronts struct {
	Count    int                 `yaml:"count" min:"1" max:"10000000" doc:"photos to make; a longer dataset begins with the shorter one"`
	Size     int                 `yaml:"size" min:"16" max:"2048" doc:"pixels a side"`
	Strength StorefrontsStrength `yaml:"strength" doc:"how much of each attribute's effect is drawn; 0 is provably no shift"`
	Mix      StorefrontsMix      `yaml:"mix" doc:"how often each value occurs"`
}

// StorefrontsStrength says how much of an attribute shows, 0 to 1 in steps of 0.001.
type StorefrontsStrength struct {
	Country float64 `yaml:"country" min:"0" max:"1" doc:"architecture, signs, street"`
	Year    float64 `yaml:"year" min:"0" max:"1" doc:"weathering, posters"`
	Camera  float64 `yaml:"camera" min:"0" max:"1" doc:"lens, colour response, noise, sharpness"`
}

// StorefrontsMix holds relative weights; a value left out does not occur.
type StorefrontsMix struct {
	Country map[string]int `yaml:"country" min:"0" max:"1000000" doc:"weight of each country, drawn per business"`
	Year    map[string]int `yaml:"year" min:"0" max:"1000000" doc:"weight of each year, drawn per photo"`
	Camera  map[string]int `yaml:"camera" min:"0" max:"1000000" doc:"weight of each camera, drawn per photo"`
	Photos  int            `yaml:"photos" min:"1" max:"100" doc:"photos of one business"`
}

// storefrontsRecipe begins every recipe, followed by the version of the drawing.
const storefrontsRecipe = "recipe:source/storefronts/"

// StorefrontsKind describes source/storefronts to a registry.
func StorefrontsKind() *stages.Kind {
	generator := sync.OnceValues(storefronts.New)
	return stages.Define(stages.Def[Storefronts]{
		Name:    "source/storefronts",
		Doc:     "Draws street photos of shop fronts of twenty trades, with the country, year and camera known; an open stand-in for StreetView StoreFronts.",
		Version: 1,
		Shape:   stages.Source,
		Config:  defaultStorefronts(),
		Random:  true,
		Uses:    []string{fmt.Sprintf("storefronts/%d", storefronts.Version)},
		Check: func(c *Storefronts) []pipeline.Problem {
			if _, err := c.mix(); err != nil {
				return []pipeline.Problem{{Field: "mix", Msg: err.Error()}}
			}
			return nil
		},
		Outputs: func(*Storefronts) []stages.Output { return []stages.Output{{Type: stages.Rows}} },
		Columns: func(*Storefronts, stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			return stages.Schemas{"": storefrontsColumns}, nil
		},
		Source: &stages.Access[Storefronts]{
			Count: func(_ context.Context, c *Storefronts) (stages.Count, error) {
				return stages.Count{Rows: int64(c.Count), Pixels: int64(c.Size) * int64(c.Size)}, nil
			},
			Draw: func(_ context.Context, ref string) (stages.Picture, error) {
				g, err := generator()
				if err != nil {
					return stages.Picture{}, err
				}
				return drawStorefront(g, ref)
			},
		},
		New: func(c *Storefronts) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				return runStorefronts(ctx, c, in, out)
			}), nil
		},
	})
}

func defaultStorefronts() Storefronts {
	m := storefronts.DefaultMix()
	c := Storefronts{Count: 6000, Size: 64, Strength: StorefrontsStrength{1, 1, 1}, Mix: StorefrontsMix{
		Country: map[string]int{}, Year: map[string]int{}, Camera: map[string]int{}, Photos: m.Photos,
	}}
	for _, s := range m.Countries {
		c.Mix.Country[s.Value] = s.Weight
	}
	for _, s := range m.Years {
		c.Mix.Year[strconv.Itoa(s.Value)] = s.Weight
	}
	for _, s := range m.Cameras {
		c.Mix.Camera[s.Value] = s.Weight
	}
	return c
}

var storefrontsColumns = arrow.NewSchema([]arrow.Field{
	{Name: "image", Type: stages.ImageType},
	{Name: "label", Type: arrow.BinaryTypes.String},
	{Name: "country", Type: arrow.BinaryTypes.String},
	{Name: "year", Type: arrow.PrimitiveTypes.Int64},
	{Name: "camera", Type: arrow.BinaryTypes.String},
	{Name: "business_id", Type: arrow.BinaryTypes.String},
}, nil)

// mix lists the weights in the order of the values, since the draw depends on
// it.
func (c *Storefronts) mix() (storefronts.Mix, error) {
	m := storefronts.Mix{Photos: c.Mix.Photos}
	for _, v := range sortedKeys(c.Mix.Country) {
		m.Countries = append(m.Countries, storefronts.Share[string]{Value: v, Weight: c.Mix.Country[v]})
	}
	for _, v := range sortedKeys(c.Mix.Year) {
		year, err := strconv.Atoi(v)
		if err != nil {
			return m, fmt.Errorf("year %q is no whole number", v)
		}
		m.Years = append(m.Years, storefronts.Share[int]{Value: year, Weight: c.Mix.Year[v]})
	}
	for _, v := range sortedKeys(c.Mix.Camera) {
		m.Cameras = append(m.Cameras, storefronts.Share[string]{Value: v, Weight: c.Mix.Camera[v]})
	}
	return m, m.Check()
}

func thousandths(x float64) int { return int(math.RoundToEven(x * 1000)) }

func runStorefronts(ctx context.Context, c *Storefronts, in *stages.Inputs, out stages.Sink) error {
	mix, err := c.mix()
	if err != nil {
		return err
	}
	const batch = 4096
	batches := (c.Count + batch - 1) / batch
	return parallel(ctx, in.Workers, batches, func(b int) error {
		rec := c.rows(in.Seed, mix, b*batch, min((b+1)*batch, c.Count))
		defer rec.Release()
		return out.Write("", rec)
	})
}

func (c *Storefronts) rows(seed uint64, mix storefronts.Mix, from, to int) arrow.Record {
	schema := arrow.NewSchema(append([]arrow.Field{{Name: "id", Type: arrow.BinaryTypes.String}}, storefrontsColumns.Fields()...), nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for i := from; i < to; i++ {
		r := storefronts.RowAt(seed, i, mix)
		b.Field(0).(*array.StringBuilder).Append(r.ID)
		stages.ImageBuilderOf(b.Field(1)).Append(stages.ImageCell{Ref: c.recipe(seed, r), Height: c.Size, Width: c.Size})
		b.Field(2).(*array.StringBuilder).Append(r.Class)
		b.Field(3).(*array.StringBuilder).Append(r.Country)
		b.Field(4).(*array.Int64Builder).Append(int64(r.Year))
		b.Field(5).(*array.StringBuilder).Append(r.Camera)
		b.Field(6).(*array.StringBuilder).Append(r.Business)
	}
	return b.NewRecord()
}

// recipe holds all that decides the picture. An attribute of strength 0 has no
// part in it: such rows share their pictures with those of the reference value.
func (c *Storefronts) recipe(seed uint64, r storefronts.Row) string {
	v := url.Values{}
	v.Set("seed", strconv.FormatUint(seed, 10))
	v.Set("size", strconv.Itoa(c.Size))
	v.Set("id", r.ID)
	v.Set("business", r.Business)
	v.Set("class", r.Class)
	for _, a := range []struct {
		name, value string
		strength    float64
	}{{"country", r.Country, c.Strength.Country}, {"year", strconv.Itoa(r.Year), c.Strength.Year}, {"camera", r.Camera, c.Strength.Camera}} {
		if s := thousandths(a.strength); s > 0 {
			v.Set(a.name, a.value)
			if s < 1000 {
				v.Set(a.name+"-strength", strconv.Itoa(s))
			}
		}
	}
	return fmt.Sprintf("%s%d?%s", storefrontsRecipe, storefronts.Version, v.Encode())
}

func drawStorefront(g *storefronts.Generator, ref string) (stages.Picture, error) {
	bad := func(err error) (stages.Picture, error) {
		return stages.Picture{}, fmt.Errorf("draw %s: %w", ref, err)
	}
	rest, ok := strings.CutPrefix(ref, storefrontsRecipe)
	version, query, _ := strings.Cut(rest, "?")
	if !ok || version != strconv.Itoa(storefronts.Version) {
		return bad(fmt.Errorf("not a recipe of %s%d", storefrontsRecipe, storefronts.Version))
	}
	v, err := url.ParseQuery(query)
	if err != nil {
		return bad(err)
	}
	number := func(name string, standard uint64) uint64 {
		if !v.Has(name) {
			return standard
		}
		n, e := strconv.ParseUint(v.Get(name), 10, 64)
		if e != nil && err == nil {
			err = fmt.Errorf("%s %q is no number", name, v.Get(name))
		}
		return n
	}
	text := func(name, standard string) string {
		if !v.Has(name) {
			return standard
		}
		return v.Get(name)
	}
	size, seed := int(number("size", 0)), number("seed", 0)
	a := storefronts.Attributes{
		Class: v.Get("class"), Business: v.Get("business"),
		Country: text("country", storefronts.ReferenceCountry),
		Year:    int(number("year", storefronts.ReferenceYear)),
		Camera:  text("camera", storefronts.ReferenceCamera),
	}
	s := storefronts.Strength{
		Country: int(number("country-strength", 1000)), Year: int(number("year-strength", 1000)), Camera: int(number("camera-strength", 1000)),
	}
	if err != nil {
		return bad(err)
	}
	pix, err := g.Draw(size, seed, v.Get("id"), a, s)
	if err != nil {
		return bad(err)
	}
	return stages.Picture{Pix: pix, Height: size, Width: size}, nil
}
