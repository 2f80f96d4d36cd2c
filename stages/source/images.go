package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/pipeline"
	"shiftmill/stages"
)

// Images is the configuration of source/images.
type Images struct {
	Root       pipeline.Dir            `yaml:"root" doc:"folder of the images"`
	Roots      map[string]pipeline.Dir `yaml:"roots" doc:"several folders instead; the images of each are named as if it lay, under its name here, in one root"`
	Pattern    string                  `yaml:"pattern" doc:"how files are named below the root; each {name} becomes a column"`
	Glob       []string                `yaml:"glob" single:"true" doc:"take only files of these forms, such as train/**/*.jpg; others are no part of the source"`
	Join       Join                    `yaml:"join" doc:"a table that holds more about the files, by a key"`
	Label      Label                   `yaml:"label" doc:"where the class stands: a column, {column: NAME, match: EXPRESSION}, or {column: NAME, separator: TEXT} for a list of labels"`
	Classes    string                  `yaml:"classes" enum:"imagenet-1k" doc:"the labels are synsets, indexes or names of this list; they become synsets, and the names stand in the column class"`
	Exif       []string                `yaml:"exif" single:"true" doc:"columns to read out of the files: make, model, lens, taken, year, lat, lon, iso, focal_length, orientation"`
	Frozen     bool                    `yaml:"frozen" doc:"take the files as they were listed and hashed the last time on this host, without looking at them, until run --rescan; whatever is read is still checked"`
	OnError    string                  `yaml:"on_error" enum:"fail|skip" doc:"fail: an image that cannot be decoded stops whoever needs it; skip: all are decoded now, and those that cannot be are left out, counted and named"`
	Extensions []string                `yaml:"extensions" doc:"endings of the files to take, case ignored"`
}

// imageEndings are those of the files that are taken unless a spec says otherwise.
var imageEndings = []string{"jpg", "jpeg", "png", "webp", "gif", "bmp"}

// ImagesKind describes source/images to a registry.
func ImagesKind() *stages.Kind {
	return stages.Define(stages.Def[Images]{
		Name:    "source/images",
		Doc:     "Reads a folder of images whose names, or a table joined to them, hold their metadata.",
		Version: 2, // 2: Parquet tables to join are read as source/table reads them since its version 3
		Shape:   stages.Source,
		Config: Images{
			Pattern: "{label}/{file}", OnError: "fail", Join: Join{On: "stem", Unmatched: "skip", Nulls: []string{""}},
			Extensions: imageEndings,
		},
		Check:   checkImages,
		Outputs: func(*Images) []stages.Output { return []stages.Output{{Type: stages.Rows}} },
		Columns: func(c *Images, _ stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			said := slices.DeleteFunc(checkImages(c), func(p pipeline.Problem) bool { return p.Field == "root" })
			if len(said) > 0 { // by Check; a root may be left open, and decides no columns
				return nil, nil
			}
			if c.Join.given() {
				if _, err := os.Stat(string(c.Join.Table)); errors.Is(err, fs.ErrNotExist) {
					return nil, nil // the columns are not known without the data
				}
			}
			l, problems := c.layout()
			if len(problems) > 0 {
				return nil, problems
			}
			return stages.Schemas{"": arrow.NewSchema(l.fields[1:], nil)}, nil
		},
		Source: &stages.Access[Images]{
			Listing: listImages,
			Count:   countImages,
			Frozen:  func(c *Images) bool { return c.Frozen },
			File:    func(c *Images, ref string) (stages.FileRange, error) { return c.file(ref) },
		},
		New: func(c *Images) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				return runImages(ctx, c, in, out)
			}), nil
		},
	})
}

func checkImages(c *Images) []pipeline.Problem {
	var problems []pipeline.Problem
	report := func(field, format string, args ...any) {
		problems = append(problems, pipeline.Problem{Field: field, Msg: fmt.Sprintf(format, args...)})
	}
	if c.Root != "" && len(c.Roots) > 0 {
		report("roots", "there is a root already: give one or the other")
	}
	for _, name := range sortedKeys(c.Roots) {
		if name == "" || strings.HasPrefix(name, ".") || strings.ContainsAny(name, `/\`) {
			report("roots."+name, "%q cannot stand for a folder's name", name)
		}
	}
	p, err := parsePattern(c.Pattern)
	if err != nil {
		report("pattern", "%s", err)
	}
	for i, g := range c.Glob {
		if err := checkGlob(g); err != nil {
			report(fmt.Sprintf("glob.%d", i), "%s", err)
		}
	}
	for i, e := range c.Extensions {
		if strings.Trim(e, ".") == "" || strings.ContainsAny(e, "/*?\\") {
			report(fmt.Sprintf("extensions.%d", i), "%q is no file ending such as jpg", e)
		}
	}
	if len(c.Extensions) == 0 {
		report("extensions", "an empty list takes no file")
	}
	problems = append(problems, c.Join.check(p)...)
	problems = append(problems, exifProblems(c.Exif)...)
	return append(problems, labelProblems(c.Label, c.Classes)...)
}

// An imagesLayout is how a file becomes a row.
type imagesLayout struct {
	pattern *pattern
	labeler labeler
	fields  []arrow.Field // id, image, of the pattern, of the join, of EXIF, label, class
	joined  int           // of the fields, the first of the join
	exif    int           // of the fields, the first of EXIF
	rest    int           // of the fields, the first behind those of EXIF
	labels  []int         // of the fields, those that the labeler makes
	base    []arrow.Field // the fields as they are before the labeler's take their place
}

// layout reads the header of the joined table.
func (c *Images) layout() (*imagesLayout, []pipeline.Problem) {
	p, err := parsePattern(c.Pattern)
	if err != nil {
		return nil, []pipeline.Problem{{Field: "pattern", Msg: err.Error()}}
	}
	l := &imagesLayout{pattern: p, labeler: newLabeler(c.Label, c.Classes), fields: imagesFields(p)}
	var problems []pipeline.Problem
	add := func(field string, fields []arrow.Field) {
		for _, f := range fields {
			if slices.ContainsFunc(l.fields, func(g arrow.Field) bool { return g.Name == f.Name }) {
				problems = append(problems, pipeline.Problem{Field: field, Msg: fmt.Sprintf("the column %q is there already: rename one", f.Name)})
			}
			l.fields = append(l.fields, f)
		}
	}
	l.joined = len(l.fields)
	if c.Join.given() {
		fields, ps := c.Join.fields()
		if len(ps) > 0 {
			return nil, ps
		}
		add("join", fields)
	}
	l.exif = len(l.fields)
	add("exif", exifFields(c.Exif))
	l.rest, l.base = len(l.fields), l.fields
	all, at, ps := l.labeler.merged(l.fields)
	l.fields, l.labels = all, at
	return l, append(problems, ps...)
}

func imagesFields(p *pattern) []arrow.Field {
	fields := []arrow.Field{{Name: "id", Type: arrow.BinaryTypes.String}, {Name: "image", Type: stages.ImageType}}
	for _, n := range p.names {
		fields = append(fields, arrow.Field{Name: n, Type: arrow.BinaryTypes.String})
	}
	return fields
}

// path is where a file of the source lies.
func (c *Images) path(name string) string {
	if c.Root != "" {
		return filepath.Join(string(c.Root), filepath.FromSlash(name))
	}
	root, below, _ := strings.Cut(name, "/")
	return filepath.Join(string(c.Roots[root]), filepath.FromSlash(below))
}

// file finds the file of a reference. It never leaves the roots.
func (c *Images) file(ref string) (stages.FileRange, error) {
	if c.Root != "" {
		return fileOf(string(c.Root), ref)
	}
	text, _, _ := strings.Cut(ref, "\x00")
	name := strings.TrimPrefix(text, "file:")
	root, below, _ := strings.Cut(name, "/")
	dir, ok := c.Roots[root]
	if !ok {
		return stages.FileRange{}, fmt.Errorf("%q names no file below the roots", text)
	}
	return fileOf(string(dir), "file:"+below)
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
