package source

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/source/garments"
)

// Garments is the configuration of source/garments.
type Garments struct {
	Count    int              `yaml:"count" min:"1" max:"10000000" doc:"pictures to make; a longer dataset begins with the shorter one"`
	Size     int              `yaml:"size" min:"16" max:"2048" doc:"pixels a side"`
	Photos   int              `yaml:"photos" min:"1" max:"100" doc:"pictures of one outfit, which share their pair_id and part"`
	Parts    map[string]int   `yaml:"parts" min:"0" max:"1000000" doc:"relative weight of each part of the dataset"`
	Strength GarmentsStrength `yaml:"strength" doc:"how much of each attribute's effect is drawn; 0 is provably no shift"`
	Mix      GarmentsMix      `yaml:"mix" doc:"how often each value occurs"`
}

// GarmentsStrength says how much of an attribute shows, 0 to 1 in steps of 0.001.
type GarmentsStrength struct {
	Scale     float64 `yaml:"scale" min:"0" max:"1" doc:"size of the clothes in the picture"`
	Occlusion float64 `yaml:"occlusion" min:"0" max:"1" doc:"share of an item behind something else"`
	Viewpoint float64 `yaml:"viewpoint" min:"0" max:"1" doc:"worn or not, seen from the front, the side or behind"`
	ZoomIn    float64 `yaml:"zoom_in" min:"0" max:"1" doc:"share of the clothes outside of the frame"`
}

// GarmentsMix holds relative weights of the values 1, 2 and 3; a value left out does not occur.
type GarmentsMix struct {
	Scale     map[string]int `yaml:"scale" min:"0" max:"1000000" doc:"1 small, 2 modest, 3 large; drawn per figure"`
	Occlusion map[string]int `yaml:"occlusion" min:"0" max:"1000000" doc:"1 slight, 2 medium, 3 heavy; drawn per item"`
	Viewpoint map[string]int `yaml:"viewpoint" min:"0" max:"1000000" doc:"1 not worn, 2 frontal, 3 side or back; drawn per figure"`
	ZoomIn    map[string]int `yaml:"zoom_in" min:"0" max:"1000000" doc:"1 none, 2 medium, 3 large; drawn per figure"`
}

// garmentsRecipe begins every recipe, followed by the version of the drawing.
const garmentsRecipe = "recipe:source/garments/"

// GarmentsKind describes source/garments to a registry.
func GarmentsKind() *stages.Kind {
	return stages.Define(stages.Def[Garments]{
		Name:    "source/garments",
		Doc:     "Draws people and laid-out clothes of the 13 DeepFashion2 categories with scale, occlusion, viewpoint and zoom known; an open stand-in for DeepFashion2.",
		Version: 1,
		Shape:   stages.Source,
		Config: Garments{
			Count: 5000, Size: 128, Photos: 4, Parts: map[string]int{"train": 4, "validation": 1},
			Strength: GarmentsStrength{1, 1, 1, 1},
			Mix: GarmentsMix{
				Scale: map[string]int{"1": 1, "2": 2, "3": 1}, Occlusion: map[string]int{"1": 1, "2": 2, "3": 1},
				Viewpoint: map[string]int{"1": 1, "2": 3, "3": 1}, ZoomIn: map[string]int{"1": 3, "2": 1, "3": 1},
			},
		},
		Random: true,
		Uses:   []string{fmt.Sprintf("garments/%d", garments.Version)},
		Check: func(c *Garments) []pipeline.Problem {
			if _, err := c.mix(); err != nil {
				return []pipeline.Problem{{Field: "mix", Msg: err.Error()}}
			}
			return nil
		},
		Outputs: func(*Garments) []stages.Output { return []stages.Output{{Type: stages.Rows}} },
		Columns: func(*Garments, stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			return stages.Schemas{"": garmentsColumns}, nil
		},
		Source: &stages.Access[Garments]{
			Count: func(_ context.Context, c *Garments) (stages.Count, error) {
				return stages.Count{Rows: int64(c.Count), Pixels: int64(c.Size) * int64(c.Size)}, nil
			},
			Draw: func(_ context.Context, ref string) (stages.Picture, error) { return drawGarments(ref) },
		},
		New: func(c *Garments) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				return runGarments(ctx, c, in, out)
			}), nil
		},
	})
}

// mix lists the weights in the order of the values, since the draw depends on it.
func (c *Garments) mix() (garments.Mix, error) {
	m := garments.Mix{Photos: c.Photos}
	for _, v := range sortedKeys(c.Parts) {
		m.Parts = append(m.Parts, garments.Share[string]{Value: v, Weight: c.Parts[v]})
	}
	for _, a := range []struct {
		name string
		from map[string]int
		to   *[]garments.Share[int]
	}{{"scale", c.Mix.Scale, &m.Scale}, {"occlusion", c.Mix.Occlusion, &m.Occlusion}, {"viewpoint", c.Mix.Viewpoint, &m.Viewpoint}, {"zoom_in", c.Mix.ZoomIn, &m.Zoom}} {
		for _, v := range sortedKeys(a.from) {
			n, err := strconv.Atoi(v)
			if err != nil {
				return m, fmt.Errorf("%s: must be 1, 2 or 3, got %q", a.name, v)
			}
			*a.to = append(*a.to, garments.Share[int]{Value: n, Weight: a.from[v]})
		}
	}
	return m, m.Check()
}

func (c *Garments) strength() garments.Strength {
	return garments.Strength{
		Scale: thousandths(c.Strength.Scale), Occlusion: thousandths(c.Strength.Occlusion),
		Viewpoint: thousandths(c.Strength.Viewpoint), Zoom: thousandths(c.Strength.ZoomIn),
	}
}

func runGarments(ctx context.Context, c *Garments, in *stages.Inputs, out stages.Sink) error {
	mix, err := c.mix()
	if err != nil {
		return err
	}
	s := c.strength()
	const batch = 2048
	return parallel(ctx, in.Workers, (c.Count+batch-1)/batch, func(b int) error {
		rows := newGarmentRows()
		defer rows.release()
		for i := b * batch; i < min((b+1)*batch, c.Count); i++ {
			r := garments.RowAt(in.Seed, i, mix)
			a, err := garments.Annotation(in.Seed, r, c.Size, s)
			if err != nil {
				return err
			}
			rows.add(r.ID(), stages.ImageCell{Ref: c.recipe(in.Seed, r, s), Height: c.Size, Width: c.Size}, r.Part, &a)
		}
		return rows.write(out)
	})
}

// An attributeOf is one of the four, as recipes write it.
type attributeOf struct {
	name      string
	values    *[]int
	strength  *int
	reference int
}

func attributesOf(a *garments.Attributes, s *garments.Strength) []attributeOf {
	return []attributeOf{
		{"scale", &a.Scale, &s.Scale, garments.ReferenceScale},
		{"occlusion", &a.Occlusion, &s.Occlusion, garments.ReferenceOcclusion},
		{"viewpoint", &a.Viewpoint, &s.Viewpoint, garments.ReferenceViewpoint},
		{"zoom_in", &a.Zoom, &s.Zoom, garments.ReferenceZoom},
	}
}

// recipe holds all that decides the picture. Of an attribute of strength 0 it holds only how many
// values there are: such rows share their pictures with those of the reference value.
func (c *Garments) recipe(seed uint64, r garments.Row, s garments.Strength) string {
	v := url.Values{}
	v.Set("seed", strconv.FormatUint(seed, 10))
	v.Set("size", strconv.Itoa(c.Size))
	v.Set("number", strconv.Itoa(r.Number))
	v.Set("pair", strconv.Itoa(r.Pair))
	v.Set("source", r.Source)
	for _, a := range attributesOf(&r.Attributes, &s) {
		texts := make([]string, len(*a.values))
		for i, x := range *a.values {
			if *a.strength == 0 {
				x = a.reference
			}
			texts[i] = strconv.Itoa(x)
		}
		v.Set(a.name, strings.Join(texts, "."))
		if *a.strength > 0 && *a.strength < 1000 {
			v.Set(a.name+"-strength", strconv.Itoa(*a.strength))
		}
	}
	return fmt.Sprintf("%s%d?%s", garmentsRecipe, garments.Version, v.Encode())
}

func drawGarments(ref string) (stages.Picture, error) {
	rest, ok := strings.CutPrefix(ref, garmentsRecipe)
	version, query, _ := strings.Cut(rest, "?")
	if !ok || version != strconv.Itoa(garments.Version) {
		return stages.Picture{}, fmt.Errorf("draw %s: not a recipe of %s%d", ref, garmentsRecipe, garments.Version)
	}
	v, err := url.ParseQuery(query)
	if err != nil {
		return stages.Picture{}, fmt.Errorf("draw %s: %w", ref, err)
	}
	number := func(text string) int {
		n, e := strconv.Atoi(text)
		if e != nil && err == nil {
			err = fmt.Errorf("%q is no number", text)
		}
		return n
	}
	seed, err := strconv.ParseUint(v.Get("seed"), 10, 64)
	var a garments.Attributes
	s := garments.FullStrength()
	for _, x := range attributesOf(&a, &s) {
		for _, text := range strings.Split(v.Get(x.name), ".") {
			*x.values = append(*x.values, number(text))
		}
		if v.Has(x.name + "-strength") {
			*x.strength = number(v.Get(x.name + "-strength"))
		}
	}
	size, i, pair := number(v.Get("size")), number(v.Get("number")), number(v.Get("pair"))
	if err != nil {
		return stages.Picture{}, fmt.Errorf("draw %s: %w", ref, err)
	}
	pix, err := garments.Draw(seed, i, pair, size, v.Get("source") == "shop", a, s)
	if err != nil {
		return stages.Picture{}, fmt.Errorf("draw %s: %w", ref, err)
	}
	return stages.Picture{Pix: pix, Height: size, Width: size}, nil
}
