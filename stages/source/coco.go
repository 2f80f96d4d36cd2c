package source

import (
	"bufio"
	"context"
	"encoding/json"
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
)

// COCO is the configuration of source/coco.
type COCO struct {
	Root        pipeline.Dir  `yaml:"root" required:"true" doc:"folder of the images"`
	Annotations pipeline.File `yaml:"annotations" required:"true" doc:"JSON file with images, annotations and categories"`
	OnError     string        `yaml:"on_error" enum:"fail|skip" doc:"fail: a bad image or annotation stops the run; skip: it is left out, counted and named, and so are images that cannot be decoded"`
	Frozen      bool          `yaml:"frozen" doc:"take the files as they were listed and hashed the last time on this host, without looking at them, until run --rescan; whatever is read is still checked"`
}

var cocoColumns = arrow.NewSchema([]arrow.Field{
	{Name: "image", Type: stages.ImageType},
	{Name: "image_id", Type: arrow.PrimitiveTypes.Int64},
	{Name: "labels", Type: arrow.ListOf(arrow.BinaryTypes.String)},
	{Name: "items", Type: arrow.ListOf(arrow.StructOf(
		arrow.Field{Name: "category", Type: arrow.BinaryTypes.String},
		arrow.Field{Name: "category_id", Type: arrow.PrimitiveTypes.Int64},
		arrow.Field{Name: "area", Type: arrow.PrimitiveTypes.Float64},
		arrow.Field{Name: "iscrowd", Type: arrow.PrimitiveTypes.Int64},
		arrow.Field{Name: "bounding_box", Type: arrow.ListOf(arrow.PrimitiveTypes.Float64)},
	))},
}, nil)

// COCOKind describes source/coco to a registry.
func COCOKind() *stages.Kind {
	return stages.Define(stages.Def[COCO]{
		Name:    "source/coco",
		Doc:     "Reads COCO annotations: a row for each image, with a list of its objects and the set of their categories.",
		Version: 1,
		Shape:   stages.Source,
		Config:  COCO{OnError: "fail"},
		Outputs: func(*COCO) []stages.Output { return []stages.Output{{Type: stages.Rows}} },
		Columns: func(*COCO, stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			return stages.Schemas{"": cocoColumns}, nil
		},
		Source: &stages.Access[COCO]{
			Frozen: func(c *COCO) bool { return c.Frozen },
			Listing: func(ctx context.Context, c *COCO, digest func(string) (string, error), w io.Writer) error {
				if c.OnError != "skip" {
					return nil // the annotations are a file parameter, which the key holds
				}
				d, err := readCOCO(ctx, string(c.Annotations))
				if err != nil {
					return err
				}
				for _, im := range d.images {
					sum, err := digest(filepath.Join(string(c.Root), filepath.FromSlash(im.name)))
					if err != nil {
						sum = "absent"
					}
					if _, err := fmt.Fprintf(w, "%q %s\n", im.name, sum); err != nil {
						return err
					}
				}
				return nil
			},
			File: func(c *COCO, ref string) (stages.FileRange, error) { return fileOf(string(c.Root), ref) },
		},
		New: func(c *COCO) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				return c.run(ctx, in, out)
			}), nil
		},
	})
}

// A cocoData is what the annotations hold that becomes rows.
type cocoData struct {
	images     []cocoImage
	at         map[int64]int // of the images
	categories map[int64]string
	objects    []cocoObject
	next       []int32 // of an object, the one before it of the same image, or -1
}

type cocoImage struct {
	id            int64
	name          string
	height, width int
	last          int32 // object, or -1
	count         int   // of objects
	why           string
}

type cocoObject struct {
	id, category int64
	box          [4]float64 // x, y, width, height
	area         float64
	crowd        bool
	why          string
}

// readCOCO streams the file: one entry of a list is held at a time, and of the objects only numbers.
func readCOCO(ctx context.Context, file string) (*cocoData, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, bare(err)
	}
	defer f.Close()
	d := json.NewDecoder(bufio.NewReaderSize(f, 1<<20))
	fail := func(err error) error {
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			err = errors.New("the file ends early")
		}
		return fmt.Errorf("annotations: near byte %d: %w", d.InputOffset(), err)
	}
	data := &cocoData{at: map[int64]int{}, categories: map[int64]string{}}
	owners := []int64{} // of the objects: images may come later
	if tok, err := d.Token(); err != nil || tok != json.Delim('{') {
		return nil, errors.New("annotations: it is no JSON object with images, annotations and categories")
	}
	each := func(f func() error) error {
		if tok, err := d.Token(); err != nil || tok != json.Delim('[') {
			return errors.Join(err, errors.New("a list is expected"))
		}
		for d.More() {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err := f(); err != nil {
				return err
			}
		}
		_, err := d.Token()
		return err
	}
	seen := map[string]bool{}
	for d.More() {
		tok, err := d.Token()
		if err != nil {
			return nil, fail(err)
		}
		key, _ := tok.(string)
		if seen[key] {
			return nil, fail(fmt.Errorf("the key %q stands twice", key))
		}
		seen[key] = true
		switch key {
		case "images":
			err = each(func() error { return data.image(d) })
		case "annotations":
			err = each(func() error { return data.object(d, &owners) })
		case "categories":
			err = each(func() error { return data.category(d) })
		default:
			var skip json.RawMessage
			err = d.Decode(&skip)
		}
		if err != nil {
			return nil, fail(err)
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, fail(err)
	}
	for _, key := range []string{"images", "annotations", "categories"} {
		if !seen[key] {
			return nil, fmt.Errorf("annotations: there is no list %q", key)
		}
	}
	data.link(owners)
	return data, nil
}

func (c *cocoData) image(d *json.Decoder) error {
	var v struct {
		ID            *int64
		File          string `json:"file_name"`
		Height, Width int
	}
	if err := d.Decode(&v); err != nil {
		return err
	}
	im := cocoImage{name: v.File, height: v.Height, width: v.Width, last: -1}
	switch {
	case v.ID == nil:
		return fmt.Errorf("an image has no id (%q)", v.File)
	case v.File == "" || !filepath.IsLocal(filepath.FromSlash(v.File)):
		return fmt.Errorf("image %d: file_name %q names no file below the root", *v.ID, v.File)
	}
	im.id = *v.ID
	if i, ok := c.at[im.id]; ok {
		return fmt.Errorf("images %q and %q have the same id %d", c.images[i].name, im.name, im.id)
	}
	c.at[im.id] = len(c.images)
	c.images = append(c.images, im)
	return nil
}

func (c *cocoData) category(d *json.Decoder) error {
	var v struct {
		ID   *int64
		Name string
	}
	if err := d.Decode(&v); err != nil {
		return err
	}
	if v.ID == nil || v.Name == "" {
		return fmt.Errorf("a category lacks its id or name (%q)", v.Name)
	}
	if had, ok := c.categories[*v.ID]; ok && had != v.Name {
		return fmt.Errorf("categories %q and %q have the same id %d", had, v.Name, *v.ID)
	}
	c.categories[*v.ID] = v.Name
	return nil
}

func (c *cocoData) object(d *json.Decoder, owners *[]int64) error {
	var v struct {
		ID       int64
		Image    *int64 `json:"image_id"`
		Category *int64 `json:"category_id"`
		BBox     []float64
		Area     float64
		Crowd    int `json:"iscrowd"`
	}
	if err := d.Decode(&v); err != nil {
		return err
	}
	if v.Image == nil || v.Category == nil {
		return fmt.Errorf("annotation %d lacks image_id or category_id", v.ID)
	}
	o := cocoObject{id: v.ID, category: *v.Category, area: v.Area, crowd: v.Crowd != 0}
	if copy(o.box[:], v.BBox); len(v.BBox) != 4 || v.BBox[2] < 0 || v.BBox[3] < 0 {
		o.why = fmt.Sprintf("annotation %d: its bbox is no x, y, width, height", v.ID)
	}
	c.objects = append(c.objects, o)
	*owners = append(*owners, *v.Image)
	return nil
}

// link gives the images their objects.
func (c *cocoData) link(owners []int64) {
	c.next = make([]int32, len(c.objects))
	for i := range c.objects {
		o := &c.objects[i]
		at, ok := c.at[owners[i]]
		if !ok {
			o.why = fmt.Sprintf("annotation %d: there is no image %d", o.id, owners[i])
			continue
		}
		if _, ok := c.categories[o.category]; !ok && o.why == "" {
			o.why = fmt.Sprintf("annotation %d: there is no category %d", o.id, o.category)
		}
		if o.why != "" {
			continue
		}
		c.next[i], c.images[at].last = c.images[at].last, int32(i)
		c.images[at].count++
	}
}

func (c *COCO) run(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
	d, err := readCOCO(ctx, string(c.Annotations))
	if err != nil {
		return err
	}
	for _, o := range d.objects {
		if o.why == "" {
			continue
		}
		if c.OnError == "fail" {
			return fmt.Errorf("%s: %s; on_error: skip would leave it out", filepath.Base(string(c.Annotations)), o.why)
		}
		out.Skip(fmt.Sprintf("annotation %d", o.id), o.why)
	}
	slices.SortFunc(d.images, func(a, b cocoImage) int { return strings.Compare(a.name, b.name) })
	var done progress
	err = parallel(ctx, in.Workers, len(d.images), func(i int) error {
		im := &d.images[i]
		if i > 0 && d.images[i-1].name == im.name {
			im.why = "its file_name is that of another image too"
		} else {
			im.why = c.try(im.name)
		}
		done.step(out, len(d.images), c.OnError == "skip")
		if im.why != "" && c.OnError == "fail" {
			return fmt.Errorf("%s: %s; on_error: skip would leave it out", im.name, im.why)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return d.write(out)
}

// try says why a file cannot be a row, or "".
func (c *COCO) try(name string) string {
	path := filepath.Join(string(c.Root), filepath.FromSlash(name))
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "there is no such file" + nearFile(string(c.Root), name)
	case err != nil:
		return bare(err).Error()
	case info.Size() == 0:
		return "the file is empty"
	case c.OnError == "skip":
		return undecodable(path)
	}
	return ""
}

func (c *cocoData) write(out stages.Sink) error {
	schema := arrow.NewSchema(append([]arrow.Field{{Name: "id", Type: arrow.BinaryTypes.String}}, cocoColumns.Fields()...), nil)
	const batch = 4096
	left := 0
	for at := 0; at < len(c.images); at += batch {
		b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
		for _, im := range c.images[at:min(at+batch, len(c.images))] {
			if im.why != "" {
				out.Skip(im.name, im.why)
				left++
				continue
			}
			c.add(b, im)
		}
		rec := b.NewRecord()
		b.Release()
		var err error
		if rec.NumRows() > 0 {
			err = out.Write("", rec)
		}
		rec.Release()
		if err != nil {
			return err
		}
	}
	if left > 0 {
		out.Note("%d of %d images cannot be used and are left out", left, len(c.images))
	}
	if left == len(c.images) {
		return errors.New("no image can be used")
	}
	return nil
}

// add appends a row; objects come in the order of the file, labels sorted.
func (c *cocoData) add(b *array.RecordBuilder, im cocoImage) {
	b.Field(0).(*array.StringBuilder).Append(im.name)
	stages.ImageBuilderOf(b.Field(1)).Append(stages.ImageCell{Ref: "file:" + im.name, Height: im.height, Width: im.width})
	b.Field(2).(*array.Int64Builder).Append(im.id)
	objects := make([]int32, 0, im.count)
	var labels []string
	for i := im.last; i >= 0; i = c.next[i] {
		objects = append(objects, i)
		labels = append(labels, c.categories[c.objects[i].category])
	}
	slices.Reverse(objects)
	slices.Sort(labels)
	list := b.Field(3).(*array.ListBuilder)
	list.Append(true)
	for _, l := range slices.Compact(labels) {
		list.ValueBuilder().(*array.StringBuilder).Append(l)
	}
	items := b.Field(4).(*array.ListBuilder)
	items.Append(true)
	s := items.ValueBuilder().(*array.StructBuilder)
	for _, i := range objects {
		o := c.objects[i]
		s.Append(true)
		s.FieldBuilder(0).(*array.StringBuilder).Append(c.categories[o.category])
		s.FieldBuilder(1).(*array.Int64Builder).Append(o.category)
		s.FieldBuilder(2).(*array.Float64Builder).Append(o.area)
		crowd := int64(0)
		if o.crowd {
			crowd = 1
		}
		s.FieldBuilder(3).(*array.Int64Builder).Append(crowd)
		box := s.FieldBuilder(4).(*array.ListBuilder)
		box.Append(true)
		for _, v := range []float64{o.box[0], o.box[1], o.box[0] + o.box[2], o.box[1] + o.box[3]} {
			box.ValueBuilder().(*array.Float64Builder).Append(v)
		}
	}
}
