package cli

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"shiftmill/engine"
	"shiftmill/stages/npy"
)

// arrays is the layout of CIFAR-10-C: for each corruption one NumPy file of
// pictures, all rows at the first severity, then all at the next; beside them
// labels.npy, as long, with numbers of classes.txt.
type arrays struct {
	dir    string
	rows   int
	side   [2]int     // height and width, once the first picture is seen
	files  []*os.File // of each set; sets of one corruption share theirs
	names  []string
	place  []int // of each set within its file
	blocks map[string]int
	labels []string // of the rows so far
}

func newArrays(dir string, sets []engine.PictureSet, rows, begun int) (*arrays, error) {
	a := &arrays{dir: dir, rows: rows, blocks: map[string]int{}}
	for _, s := range sets {
		name, _, _ := strings.Cut(placeOf(s), "/")
		if name == "" {
			name = safe(s.Instance)
		}
		a.names = append(a.names, name)
		a.place = append(a.place, a.blocks[name])
		a.blocks[name]++
	}
	for _, n := range a.blocks {
		if n != a.blocks[a.names[0]] {
			return nil, fmt.Errorf("corruptions differ in their number of severities; export those with equally many together")
		}
	}
	if begun > 0 {
		// Labels are needed whole at the end.
		data, err := os.ReadFile(filepath.Join(dir, labelState))
		if err != nil {
			return nil, fmt.Errorf("go on with an export: %w", err)
		}
		a.labels = strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
		if len(a.labels) < begun {
			return nil, fmt.Errorf("go on with an export: %s has %d labels, want %d; remove the folder", labelState, len(a.labels), begun)
		}
		a.labels = a.labels[:begun]
	}
	return a, nil
}

// labelState keeps the labels of an unfinished export, a line each.
const labelState = ".shiftmill-labels"

func (a *arrays) header(h, w int) []byte {
	return npy.Header("|u1", int64(a.blocks[a.names[0]]*a.rows), int64(h), int64(w), 3)
}

func (a *arrays) open(h, w int) error {
	a.side = [2]int{h, w}
	a.files = make([]*os.File, len(a.names))
	head := a.header(h, w)
	for i, name := range a.names {
		if j := slices.Index(a.names, name); j < i {
			a.files[i] = a.files[j]
			continue
		}
		f, err := os.OpenFile(filepath.Join(a.dir, name+".npy"), os.O_RDWR|os.O_CREATE, 0o666)
		if err != nil {
			return err
		}
		a.files[i] = f
		if _, err := f.WriteAt(head, 0); err != nil {
			return err
		}
	}
	return nil
}

func (a *arrays) write(b *engine.PictureBatch) error {
	for i := range a.names {
		for j, id := range b.IDs {
			p, err := pixelsOf(b.Pictures[i][j])
			if err != nil {
				return fmt.Errorf("row %q: %w", id, err)
			}
			if a.files == nil {
				if err := a.open(p.H, p.W); err != nil {
					return err
				}
			}
			if a.side != [2]int{p.H, p.W} {
				return fmt.Errorf("row %q has %d x %d pixels, others have %d x %d; an array takes one size: set size", id, p.H, p.W, a.side[0], a.side[1])
			}
			at := int64(len(a.header(p.H, p.W))) + int64(a.place[i]*a.rows+b.First+j)*int64(len(p.Pix))
			if _, err := a.files[i].WriteAt(p.Pix, at); err != nil {
				return err
			}
		}
	}
	for _, l := range b.Labels {
		a.labels = append(a.labels, strings.ReplaceAll(l, "\n", " "))
	}
	return nil
}

func (a *arrays) flush() error {
	for _, f := range a.files {
		if err := f.Sync(); err != nil {
			return err
		}
	}
	return replaceFile(filepath.Join(a.dir, labelState), []byte(strings.Join(a.labels, "\n")+"\n"))
}

func (a *arrays) close() error {
	var errs []error
	for i, f := range a.files {
		if f != nil && slices.Index(a.files, f) == i {
			errs = append(errs, f.Close())
		}
	}
	if len(a.labels) < a.rows { // interrupted
		return errors.Join(errs...)
	}
	classes := slices.Clone(a.labels)
	slices.Sort(classes)
	classes = slices.Compact(classes)
	blocks := a.blocks[a.names[0]]
	data := npy.Header("<i8", int64(blocks*a.rows))
	for range blocks {
		for _, l := range a.labels {
			at, _ := slices.BinarySearch(classes, l)
			data = binary.LittleEndian.AppendUint64(data, uint64(at))
		}
	}
	errs = append(errs,
		os.WriteFile(filepath.Join(a.dir, "labels.npy"), data, 0o666),
		os.WriteFile(filepath.Join(a.dir, "classes.txt"), []byte(strings.Join(classes, "\n")+"\n"), 0o666))
	if err := os.Remove(filepath.Join(a.dir, labelState)); err != nil && !os.IsNotExist(err) {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
