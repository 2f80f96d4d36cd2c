package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// A found is an image file under a root.
type found struct {
	name  string // relative to the root, with "/"
	empty bool
	lost  bool // a link that leads nowhere
	other bool // a picture by its ending, and not of the extensions
}

// pictures are endings of pictures that a source may leave out without its author's knowing.
var pictures = []string{".tif", ".tiff", ".jfif", ".jpe", ".heic", ".heif", ".avif", ".jp2", ".jxl", ".ppm", ".pgm", ".pnm", ".tga", ".psd", ".dng", ".cr2", ".cr3", ".nef", ".arw"}

// images lists the files under root that have one of the extensions (lower
// case, with the dot), sorted by name. Hidden files and folders, those whose
// name begins with ".", are passed over; so is what has another ending, but pictures are among the
// results as such. Links to files are followed; links to
// folders as deep as depth, so that a circle ends.
func images(ctx context.Context, root string, extensions []string, depth int) ([]found, error) {
	w := &walker{root: root, extensions: extensions, depth: depth, limit: make(chan struct{}, lookups)}
	if err := w.folder(ctx, ""); err != nil {
		return nil, err
	}
	w.wg.Wait()
	if w.err != nil {
		return nil, w.err
	}
	slices.SortFunc(w.files, func(a, b found) int { return strings.Compare(a.name, b.name) })
	err := parallel(ctx, lookups, len(w.files), func(i int) error {
		if w.files[i].lost || w.files[i].other {
			return nil
		}
		size, err := fileSize(filepath.Join(root, filepath.FromSlash(w.files[i].name)))
		if err != nil {
			return fmt.Errorf("list images: %w", relativeTo(root, err))
		}
		w.files[i].empty = size == 0
		return nil
	})
	return w.files, err
}

// lookups is how many folders are read, or files looked at, at once: enough to
// hide the latency of a network file system, whatever the number of processors.
const lookups = 64

type walker struct {
	root       string
	extensions []string
	depth      int
	limit      chan struct{} // folders read at once beyond the first

	wg    sync.WaitGroup
	mu    sync.Mutex
	files []found
	at    string // the folder of err
	err   error
}

// visit reads a folder on a goroutine of its own if one is free.
func (w *walker) visit(ctx context.Context, folder string) {
	read := func() {
		if err := w.folder(ctx, folder); err != nil {
			w.mu.Lock()
			if w.err == nil || folder < w.at {
				w.err, w.at = err, folder
			}
			w.mu.Unlock()
		}
	}
	select {
	case w.limit <- struct{}{}:
		w.wg.Go(func() {
			defer func() { <-w.limit }()
			read()
		})
	default:
		read()
	}
}

func (w *walker) folder(ctx context.Context, folder string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	entries, err := os.ReadDir(filepath.Join(w.root, filepath.FromSlash(folder)))
	if err != nil {
		return fmt.Errorf("list images: %w", relativeTo(w.root, err))
	}
	// The names of a folder are parts of one text: a million of them would
	// otherwise be as many small pieces of memory.
	var text strings.Builder
	ends := make([]int, 0, len(entries))
	var more []found // that are no files of the extensions
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if e.Type().IsRegular() {
			if !w.wanted(e.Name()) {
				if ends := strings.ToLower(path.Ext(e.Name())); slices.Contains(pictures, ends) {
					more = append(more, found{name: path.Join(folder, e.Name()), other: true})
				}
				continue
			}
			if folder != "" {
				text.WriteString(folder)
				text.WriteByte('/')
			}
			text.WriteString(e.Name())
			ends = append(ends, text.Len())
			continue
		}
		name := strings.TrimPrefix(folder+"/"+e.Name(), "/")
		isFolder := e.IsDir()
		if e.Type()&fs.ModeSymlink != 0 {
			info, err := os.Stat(filepath.Join(w.root, filepath.FromSlash(name)))
			switch {
			case errors.Is(err, fs.ErrNotExist) && w.wanted(name):
				more = append(more, found{name: name, lost: true})
				continue
			case err != nil && !w.wanted(name):
				continue
			case err != nil:
				return fmt.Errorf("list images: link %s: %w", name, relativeTo(w.root, err))
			}
			isFolder = info.IsDir()
			if isFolder && strings.Count(name, "/") >= w.depth {
				continue
			}
		}
		if isFolder {
			w.visit(ctx, name)
			continue
		}
		if w.wanted(name) {
			text.WriteString(name)
			ends = append(ends, text.Len())
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.files = append(slices.Grow(w.files, len(ends)+len(more)), more...)
	from := 0
	for _, end := range ends {
		w.files = append(w.files, found{name: text.String()[from:end]})
		from = end
	}
	return nil
}

func (w *walker) wanted(name string) bool {
	i := strings.LastIndexByte(name, '.')
	return i >= 0 && slices.Contains(w.extensions, strings.ToLower(name[i:]))
}

// relativeTo names a file in an error as people know it: below the root.
func relativeTo(root string, err error) error {
	pe, ok := err.(*fs.PathError)
	if !ok {
		return err
	}
	name, rerr := filepath.Rel(root, pe.Path)
	if rerr != nil {
		return err
	}
	if name == "." {
		name = "the root folder"
	}
	return fmt.Errorf("%s: %w", filepath.ToSlash(name), pe.Err)
}
