package source

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"shiftmill/pipeline"
	"shiftmill/stages"
)

// Shards is the configuration of source/shards.
type Shards struct {
	Root    pipeline.Dir         `yaml:"root" required:"true" doc:"folder of the shards"`
	Shards  []string             `yaml:"shards" single:"true" doc:"their names: exact, with * and ?, or with a range such as train-{000000..000146}.tar"`
	Image   []string             `yaml:"image" single:"true" doc:"endings of the members that are pictures; of several in a sample, the first here counts"`
	Label   Label                `yaml:"label" doc:"where the class stands: a column, {column: NAME, match: EXPRESSION}, or {column: NAME, separator: TEXT} for a list of labels"`
	Classes string               `yaml:"classes" enum:"imagenet-1k" doc:"the labels are synsets, indexes or names of this list; they become synsets, and the names stand in the column class"`
	Exif    []string             `yaml:"exif" single:"true" doc:"columns to read out of the images: make, model, lens, taken, year, lat, lon, iso, focal_length, orientation"`
	Types   map[string]TableType `yaml:"types" doc:"what the texts of a column mean, as in source/table"`
	OnError string               `yaml:"on_error" enum:"fail|skip" doc:"fail: a bad sample or a shard that ends early stops the run; skip: it is left out, counted and named, and so are samples whose image cannot be decoded"`
	Frozen  bool                 `yaml:"frozen" doc:"take the files as they were listed and hashed the last time on this host, without looking at them, until run --rescan; whatever is read is still checked"`
}

// ShardsKind describes source/shards to a registry.
func ShardsKind() *stages.Kind {
	return stages.Define(stages.Def[Shards]{
		Name:    "source/shards",
		Doc:     "Reads WebDataset tar shards in place: members of one name are a sample, its texts and JSON keys are columns.",
		Version: 2, // 2: of a shard that ends early the last sample, which may lack members, is no row
		Shape:   stages.Source,
		Config:  Shards{Shards: []string{"*.tar"}, Image: []string{"jpg", "jpeg", "png", "webp"}, OnError: "fail"},
		Check:   checkShards,
		Outputs: func(*Shards) []stages.Output { return []stages.Output{{Type: stages.Rows}} },
		Columns: func(c *Shards, _ stages.Schemas) (stages.Schemas, []pipeline.Problem) {
			names, err := c.names()
			if err != nil {
				return nil, nil // the columns are not known without the data
			}
			return containerColumns(c.table(names), c.open(), "shards")
		},
		Source: &stages.Access[Shards]{
			Frozen: func(c *Shards) bool { return c.Frozen },
			Listing: func(_ context.Context, c *Shards, digest func(string) (string, error), w io.Writer) error {
				names, err := c.names()
				if err != nil {
					return err
				}
				return listContainers(string(c.Root), names, digest, w)
			},
			File: func(c *Shards, ref string) (stages.FileRange, error) { return memberOf(string(c.Root), ref) },
		},
		New: func(c *Shards) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				names, err := c.names()
				if err != nil {
					return err
				}
				return runContainers(ctx, c.table(names), c.open(), func(ref string) (stages.FileRange, error) { return memberOf(string(c.Root), ref) }, in, out)
			}), nil
		},
	})
}

func checkShards(c *Shards) []pipeline.Problem {
	var problems []pipeline.Problem
	for i, s := range c.Shards {
		if _, err := expandRange(s); err != nil || !filepath.IsLocal(s) {
			problems = append(problems, pipeline.Problem{Field: fmt.Sprintf("shards.%d", i), Msg: fmt.Sprintf("%q is no name below the root, such as train-{000000..000146}.tar", s)})
		}
	}
	for i, e := range c.Image {
		if strings.Trim(e, ".") == "" || strings.Contains(e, "/") {
			problems = append(problems, pipeline.Problem{Field: fmt.Sprintf("image.%d", i), Msg: fmt.Sprintf("%q is no ending such as jpg", e)})
		}
	}
	problems = append(problems, exifProblems(c.Exif)...)
	return append(problems, labelProblems(c.Label, c.Classes)...)
}

// table is how the samples become rows.
func (c *Shards) table(names []string) *Table {
	return &Table{Root: c.Root, Table: names, Format: "tar", ID: "id", Image: "image", Label: c.Label, Classes: c.Classes, Exif: c.Exif, Types: c.Types, OnError: c.OnError}
}

// open returns an opener that looks for the columns once, in the first shard: all must have the same.
func (c *Shards) open() opener {
	fields := sync.OnceValues(func() ([]tableField, error) {
		names, err := c.names()
		if err != nil {
			return nil, err
		}
		return shardFields(c, names[0])
	})
	return func(name string) (tableReader, error) {
		columns, err := fields()
		if err != nil {
			return nil, err
		}
		f, err := os.Open(filepath.Join(string(c.Root), filepath.FromSlash(name)))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, bare(err))
		}
		return newShard(f, name, c, columns), nil
	}
}

// names lists the shards, sorted; none is an error.
func (c *Shards) names() ([]string, error) {
	var all []string
	for _, s := range c.Shards {
		expanded, err := expandRange(s)
		if err != nil {
			return nil, err
		}
		for _, name := range expanded {
			if !strings.ContainsAny(name, "*?[") {
				if _, err := os.Stat(filepath.Join(string(c.Root), filepath.FromSlash(name))); err != nil {
					return nil, fmt.Errorf("shard %s: %w", name, bare(err))
				}
				all = append(all, name)
				continue
			}
			found, err := filepath.Glob(filepath.Join(string(c.Root), filepath.FromSlash(name)))
			if err != nil {
				return nil, err
			}
			for _, f := range found {
				rel, err := filepath.Rel(string(c.Root), f)
				if err != nil {
					return nil, err
				}
				all = append(all, filepath.ToSlash(rel))
			}
		}
	}
	slices.Sort(all)
	if all = slices.Compact(all); len(all) == 0 {
		return nil, fmt.Errorf("the root holds no shard of the form %s", strings.Join(c.Shards, ", "))
	}
	return all, nil
}

var numberRange = regexp.MustCompile(`\{(\d+)\.\.(\d+)\}`)

// expandRange writes out names such as train-{000..146}.tar.
func expandRange(text string) ([]string, error) {
	bad := fmt.Errorf("%q holds no range such as {000..146}", text)
	m := numberRange.FindStringSubmatchIndex(text)
	if m == nil {
		if strings.ContainsAny(text, "{}") {
			return nil, bad
		}
		return []string{text}, nil
	}
	from, to := text[m[2]:m[3]], text[m[4]:m[5]]
	a, errA := strconv.Atoi(from)
	b, errB := strconv.Atoi(to)
	if errA != nil || errB != nil || a > b || b-a > 1_000_000 {
		return nil, bad
	}
	rest, err := expandRange(text[m[1]:])
	if err != nil {
		return nil, err
	}
	var all []string
	for i := a; i <= b; i++ {
		for _, r := range rest {
			all = append(all, fmt.Sprintf("%s%0*d%s", text[:m[0]], len(from), i, r))
		}
	}
	return all, nil
}

// memberOf finds the bytes of "file:SHARD//MEMBER@OFFSET+SIZE".
func memberOf(root, ref string) (stages.FileRange, error) {
	text, _, _ := strings.Cut(ref, "\x00")
	bad := fmt.Errorf("%q names no member of a shard", text)
	shard, member, ok := strings.Cut(strings.TrimPrefix(text, "file:"), "//")
	at := strings.LastIndexByte(member, '@')
	if !ok || at < 0 {
		return stages.FileRange{}, bad
	}
	r, err := fileOf(root, "file:"+shard)
	if err != nil {
		return r, err
	}
	if _, err := fmt.Sscanf(member[at:], "@%d+%d", &r.Offset, &r.Size); err != nil || r.Offset < 0 || r.Size < 0 {
		return stages.FileRange{}, bad
	}
	return r, nil
}
