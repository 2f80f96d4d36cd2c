package cli

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"shiftmill/engine"
	"shiftmill/stages"
	"shiftmill/stages/imageio"
)

// A layout is how pictures of several outputs lie in a folder.
type layout interface {
	// write adds rows.
	write(b *engine.PictureBatch) error
	// flush makes sure that an interrupted export can go on behind what was
	// written.
	flush() error
	// close ends the last files.
	close() error
}

// An exportState says how far an export has come.
type exportState struct {
	Rows int // that are done
}

// flushRows is how many rows an interrupted export may lose.
const flushRows = 256

// exportPictures writes outputs in a layout; an unfinished export of the same
// goes on where that stopped.
func (s *session) exportPictures(ctx context.Context, e *engine.Engine, outputs []namedOutput, dir, style, encode, label string) (rows int, err error) {
	sets := make([]engine.PictureSet, len(outputs))
	for i, o := range outputs {
		sets[i] = engine.PictureSet{Instance: o.instance, Output: o.output}
	}
	if rows, err = e.PictureSets(ctx, sets); err != nil {
		return 0, err
	}
	h := sha256.New()
	fmt.Fprintln(h, style, encode, label, rows)
	for _, s := range sets {
		fmt.Fprintln(h, s.Instance, s.Output, s.Recipe)
	}
	return rows, engine.MakeFolder(dir, [sha256.Size]byte(h.Sum(nil)), s.dropped(dir), func(d *engine.Draft) error {
		var state exportState
		begun, err := d.Resume(&state)
		if err != nil {
			return err
		}
		if begun {
			s.resumed(dir)(state.Rows, rows)
		}
		var l layout
		switch style {
		case "folders":
			l, err = newFolders(d.Dir, sets, encode)
		case "arrays":
			l, err = newArrays(d.Dir, sets, rows, state.Rows)
		}
		if err != nil {
			return err
		}
		told := s.told(dir)
		kept := state.Rows
		keep := func() error {
			kept = state.Rows
			return errors.Join(l.flush(), d.Keep(state))
		}
		err = e.EachPicture(ctx, sets, label, state.Rows, func(b *engine.PictureBatch) error {
			if err := l.write(b); err != nil {
				return err
			}
			state.Rows = b.First + len(b.IDs)
			told(state.Rows, rows)
			if state.Rows-kept < flushRows {
				return nil
			}
			return keep()
		})
		if err != nil && ctx.Err() != nil && state.Rows > kept { // stopped between two batches
			err = errors.Join(err, keep())
		}
		return errors.Join(err, l.close())
	})
}

// placeOf is a set's part of a path: "fog/3" for the output fog-3 of a stage of
// corruptions, else its place in the matrix, value by value.
func placeOf(s engine.PictureSet) string {
	if at := strings.LastIndexByte(s.Output, '-'); at > 0 && len(s.Groups) > 0 {
		return safe(s.Output[:at]) + "/" + safe(s.Output[at+1:])
	}
	parts := make([]string, 0, len(s.Axes)+1)
	for _, a := range s.Axes {
		parts = append(parts, safe(a))
	}
	if s.Output != "" {
		parts = append(parts, safe(s.Output))
	}
	return strings.Join(parts, "/")
}

// safe is a name that every file system takes as one.
func safe(name string) string {
	clean := strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, name)
	if strings.Trim(clean, ". ") == "" {
		return "_" + clean
	}
	return clean
}

// folders is the layout of ImageNet-C: corruption/severity/class/file.
type folders struct {
	dir    string
	places []string
	ending string
	encode func(*imageio.Pixels) []byte
}

func newFolders(dir string, sets []engine.PictureSet, encode string) (*folders, error) {
	f := &folders{dir: dir}
	seen := map[string]bool{}
	for _, s := range sets {
		place := placeOf(s)
		if seen[place] {
			return nil, fmt.Errorf("two outputs would lie in %q; export them apart", path.Join(dir, place))
		}
		seen[place] = true
		f.places = append(f.places, place)
	}
	quality, isJPEG := strings.CutPrefix(encode, "jpeg:")
	switch q, err := strconv.Atoi(quality); {
	case encode == "png":
		f.ending, f.encode = ".png", imageio.EncodePNG
	case isJPEG && err == nil && q >= 1 && q <= 100:
		f.ending, f.encode = ".jpg", func(p *imageio.Pixels) []byte { return imageio.EncodeJPEG(p, q) }
	default:
		return nil, usage("--encode is png or jpeg:1 to jpeg:100, got %q", encode)
	}
	return f, nil
}

func (f *folders) write(b *engine.PictureBatch) error {
	for i, place := range f.places {
		for j, id := range b.IDs {
			p, err := pixelsOf(b.Pictures[i][j])
			if err != nil {
				return fmt.Errorf("row %q: %w", id, err)
			}
			dir := filepath.Join(f.dir, filepath.FromSlash(place))
			if b.Labels[j] != "" {
				dir = filepath.Join(dir, safe(b.Labels[j]))
			}
			if err := os.MkdirAll(dir, 0o777); err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(dir, f.name(id, b.Labels[j])), f.encode(p), 0o666); err != nil {
				return err
			}
		}
	}
	return nil
}

// name is a row's file: its id without the class in front and the ending
// behind, folders joined by underscores.
func (f *folders) name(id, label string) string {
	if label != "" {
		id = strings.TrimPrefix(id, label+"/")
	}
	for _, ending := range []string{".jpg", ".jpeg", ".png", ".webp"} {
		if n := len(id) - len(ending); n > 0 && strings.EqualFold(id[n:], ending) {
			id = id[:n]
			break
		}
	}
	return safe(id) + f.ending
}

func (f *folders) flush() error { return nil }
func (f *folders) close() error { return nil }

// pixelsOf decodes a picture.
func pixelsOf(pic stages.Picture) (*imageio.Pixels, error) {
	switch {
	case pic.Pix != nil:
		return &imageio.Pixels{H: pic.Height, W: pic.Width, C: 3, Pix: pic.Pix}, nil
	case pic.Encoded != nil:
		return imageio.Decode(pic.Encoded, imageio.DecodeOptions{})
	}
	return nil, fmt.Errorf("it has no picture")
}
