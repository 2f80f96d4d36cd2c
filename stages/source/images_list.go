package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
)

// files lists the image files of all roots, sorted by name.
func (c *Images) files(ctx context.Context, depth int) ([]found, error) {
	if c.Root == "" && len(c.Roots) == 0 {
		// Not said earlier, since a parameter that is yet to be given leaves the root empty too.
		return nil, errors.New("root: it is missing: the folder of the images, or several as roots")
	}
	if c.Root != "" {
		return images(ctx, string(c.Root), dotted(c.Extensions), depth)
	}
	var all []found
	for _, name := range sortedKeys(c.Roots) {
		files, err := images(ctx, string(c.Roots[name]), dotted(c.Extensions), depth-1)
		if err != nil {
			return nil, fmt.Errorf("root %s: %w", name, err)
		}
		for _, f := range files {
			all = append(all, found{name + "/" + f.name, f.empty, f.lost, f.other})
		}
	}
	slices.SortFunc(all, func(a, b found) int { return strings.Compare(a.name, b.name) })
	return all, nil
}

// listing splits the image files into those that match the pattern and others, and counts pictures of
// other endings.
func (c *Images) listing(ctx context.Context) (p *pattern, taken, others []found, left map[string]int, err error) {
	if p, err = parsePattern(c.Pattern); err != nil {
		return nil, nil, nil, nil, err
	}
	files, err := c.files(ctx, p.depth)
	if err != nil {
		return nil, nil, nil, nil, err
	}
	left = map[string]int{}
	taken = files[:0]
	for _, f := range files {
		if len(c.Glob) > 0 && !slices.ContainsFunc(c.Glob, func(g string) bool { return matchGlob(g, f.name) }) {
			continue
		}
		switch {
		case f.other:
			left[strings.ToLower(path.Ext(f.name))]++
		case p.matches(f.name):
			taken = append(taken, f)
		default:
			others = append(others, f)
		}
	}
	return p, taken, others, left, nil
}

func dotted(extensions []string) []string {
	out := make([]string, len(extensions))
	for i, e := range extensions {
		out[i] = "." + strings.ToLower(strings.TrimPrefix(e, "."))
	}
	return out
}

// listImages writes the files' names and, where what they hold decides the rows, their digests.
func listImages(ctx context.Context, c *Images, digest func(string) (string, error), w io.Writer) error {
	_, taken, others, _, err := c.listing(ctx)
	if err != nil {
		return err
	}
	if c.OnError != "skip" && len(c.Exif) == 0 {
		var line []byte
		for _, f := range taken {
			line = append(strconv.AppendQuote(line[:0], f.name), ' ')
			line = strconv.AppendBool(line, f.empty)
			if f.lost {
				line = append(line, " lost"...)
			}
			line = append(line, '\n')
			if _, err := w.Write(line); err != nil {
				return err
			}
		}
	} else {
		var names []string
		for _, f := range taken {
			if !f.lost {
				names = append(names, f.name)
			} else if _, err := fmt.Fprintf(w, "lost %q\n", f.name); err != nil {
				return err
			}
		}
		if err := listDigests(ctx, c.path, names, digest, w); err != nil {
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
