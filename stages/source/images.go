package source

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/pipeline"
	"shiftmill/stages"
	"shiftmill/stages/imageio"
)

// Images is the configuration of source/images.
type Images struct {
	Root       pipeline.Dir `yaml:"root" required:"true" doc:"folder of the images"`
	Pattern    string       `yaml:"pattern" doc:"how files are named below the root; each {name} becomes a column"`
	OnError    string       `yaml:"on_error" enum:"fail|skip" doc:"fail: an image that cannot be decoded stops whoever needs it; skip: all are decoded now, and those that cannot be are left out, counted and named"`
	Extensions []string     `yaml:"extensions" doc:"endings of the files to take, case ignored"`
}

// ImagesKind describes source/images to a registry.
func ImagesKind() *stages.Kind {
	return stages.Define(stages.Def[Images]{
		Name:    "source/images",
		Doc:     "Reads a folder of images whose names hold their metadata.",
		Version: 1,
		Shape:   stages.Source,
		Config: Images{
			Pattern: "{label}/{file}", OnError: "fail",
			Extensions: []string{"jpg", "jpeg", "png", "webp", "gif", "bmp"},
		},
		Check: func(c *Images) []pipeline.Problem {
			var problems []pipeline.Problem
			if _, err := parsePattern(c.Pattern); err != nil {
				problems = append(problems, pipeline.Problem{Field: "pattern", Msg: err.Error()})
			}
			for i, e := range c.Extensions {
				if strings.Trim(e, ".") == "" || strings.ContainsAny(e, "/*?\\") {
					problems = append(problems, pipeline.Problem{Field: fmt.Sprintf("extensions.%d", i), Msg: fmt.Sprintf("%q is no file ending such as jpg", e)})
				}
			}
			if len(c.Extensions) == 0 {
				problems = append(problems, pipeline.Problem{Field: "extensions", Msg: "an empty list takes no file"})
			}
			return problems
		},
		Outputs: func(*Images) []stages.Output { return []stages.Output{{Type: stages.Rows}} },
		Columns: func(c *Images, _ stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			p, err := parsePattern(c.Pattern)
			if err != nil {
				return nil, nil // Check has said so
			}
			return stages.Schemas{"": arrow.NewSchema(imagesFields(p)[1:], nil)}, nil
		},
		Source: &stages.Access[Images]{
			Listing: listImages,
			File:    func(c *Images, ref string) (stages.FileRange, error) { return fileOf(string(c.Root), ref) },
		},
		New: func(c *Images) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				return runImages(ctx, c, in, out)
			}), nil
		},
	})
}

func imagesFields(p *pattern) []arrow.Field {
	fields := []arrow.Field{{Name: "id", Type: arrow.BinaryTypes.String}, {Name: "image", Type: stages.ImageType}}
	for _, n := range p.names {
		fields = append(fields, arrow.Field{Name: n, Type: arrow.BinaryTypes.String})
	}
	return fields
}

// fileOf finds the file of a "file:" reference. It never leaves the root.
func fileOf(root, ref string) (stages.FileRange, error) {
	ref, _, _ = strings.Cut(ref, "\x00")
	name, ok := strings.CutPrefix(ref, "file:")
	if !ok || !filepath.IsLocal(filepath.FromSlash(name)) {
		return stages.FileRange{}, fmt.Errorf("%q names no file below the root", ref)
	}
	return stages.FileRange{Path: filepath.Join(root, filepath.FromSlash(name)), Size: -1}, nil
}

// listing splits the image files into those that match the pattern and others.
func (c *Images) listing(ctx context.Context, workers int) (p *pattern, taken, others []found, err error) {
	if p, err = parsePattern(c.Pattern); err != nil {
		return nil, nil, nil, err
	}
	files, err := images(ctx, string(c.Root), dotted(c.Extensions), p.depth, workers)
	if err != nil {
		return nil, nil, nil, err
	}
	for _, f := range files {
		if _, ok := p.match(f.name); ok {
			taken = append(taken, f)
		} else {
			others = append(others, f)
		}
	}
	return p, taken, others, nil
}

func dotted(extensions []string) []string {
	out := make([]string, len(extensions))
	for i, e := range extensions {
		out[i] = "." + strings.ToLower(strings.TrimPrefix(e, "."))
	}
	return out
}

// listWorkers is how many goroutines list folders where no stage was given a
// number; file systems answer several questions at once.
const listWorkers = 4

func listImages(ctx context.Context, c *Images, digest func(string) (string, error), w io.Writer) error {
	_, taken, others, err := c.listing(ctx, listWorkers)
	if err != nil {
		return err
	}
	for _, f := range taken {
		if c.OnError != "skip" {
			fmt.Fprintf(w, "%q %t\n", f.name, f.empty)
			continue
		}
		d, err := digest(filepath.Join(string(c.Root), filepath.FromSlash(f.name)))
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		if _, err := fmt.Fprintf(w, "%q %s\n", f.name, d); err != nil {
			return err
		}
	}
	for _, f := range others {
		if _, err := fmt.Fprintf(w, "other %q\n", f.name); err != nil {
			return err
		}
	}
	return nil
}

func runImages(ctx context.Context, c *Images, in *stages.Inputs, out stages.Sink) error {
	p, taken, others, err := c.listing(ctx, in.Workers)
	if err != nil {
		return err
	}
	if len(taken) == 0 {
		return c.nothing(others)
	}
	bad := make([]string, len(taken)) // why a file is left out
	var done progress
	err = parallel(ctx, in.Workers, len(taken), func(i int) error {
		why, err := c.try(taken[i])
		bad[i] = why
		done.step(out, len(taken), c.OnError == "skip")
		return err
	})
	if err != nil {
		return err
	}
	left := 0
	for i, f := range taken {
		if bad[i] != "" {
			out.Skip(f.name, bad[i])
			left++
		}
	}
	if left > 0 {
		out.Note("%d of %d images cannot be used and are left out: %s", left, len(taken), someOf(taken, func(i int) bool { return bad[i] != "" }))
	}
	for _, f := range others {
		out.Skip(f.name, "does not match the pattern "+c.Pattern)
	}
	if len(others) > 0 {
		out.Note("%d image files do not match the pattern %s and are left out: %s", len(others), c.Pattern, someOf(others, func(int) bool { return true }))
	}
	if left == len(taken) {
		return fmt.Errorf("none of %d images can be used: %s: %s", left, taken[0].name, bad[0])
	}
	return writeImages(p, taken, bad, out)
}

// try says why a file cannot be a row: "" when it can. With "fail" only what
// needs no reading is seen here.
func (c *Images) try(f found) (string, error) {
	var why string
	switch {
	case !utf8.ValidString(f.name):
		why = "its name is not UTF-8"
	case f.empty:
		why = "the file is empty"
	case c.OnError == "skip":
		data, err := os.ReadFile(filepath.Join(string(c.Root), filepath.FromSlash(f.name)))
		if err != nil {
			return "", relativeTo(string(c.Root), err)
		}
		if _, err := imageio.Decode(data, imageio.DecodeOptions{}); err != nil {
			return err.Error(), nil
		}
		return "", nil
	}
	if why != "" && c.OnError == "fail" {
		return "", fmt.Errorf("%q: %s; on_error: skip would leave it out", f.name, why)
	}
	return why, nil
}

// nothing says why a folder gave no row.
func (c *Images) nothing(others []found) error {
	if len(others) == 0 {
		return fmt.Errorf("the root holds no file that ends in %s", strings.Join(c.Extensions, ", "))
	}
	return fmt.Errorf("none of the %d image files below the root matches the pattern %s; one is named %s", len(others), c.Pattern, others[0].name)
}

// someOf names the first few files that pass.
func someOf(files []found, pass func(i int) bool) string {
	var names []string
	for i, f := range files {
		if !pass(i) {
			continue
		}
		if len(names) == 5 {
			names = append(names, "...")
			break
		}
		names = append(names, f.name)
	}
	return strings.Join(names, ", ")
}

func writeImages(p *pattern, taken []found, bad []string, out stages.Sink) error {
	schema := arrow.NewSchema(imagesFields(p), nil)
	const batch = 8192
	for at := 0; at < len(taken); at += batch {
		b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
		for i := at; i < min(at+batch, len(taken)); i++ {
			if bad[i] != "" {
				continue
			}
			name := taken[i].name
			values, _ := p.match(name)
			b.Field(0).(*array.StringBuilder).Append(name)
			stages.ImageBuilderOf(b.Field(1)).Append(stages.ImageCell{Ref: "file:" + name})
			for k, v := range values {
				b.Field(2 + k).(*array.StringBuilder).Append(v)
			}
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
