package export

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"shiftmill/engine"
)

// writeWILDS writes metadata.csv with a row for each image and set: filename
// below images/, split as a number, y as the number of the class, then all
// metadata; splits.json and classes.json name the numbers. WILDS calls the IID
// test set id_test and numbers train 0, val 1.
func writeWILDS(ctx context.Context, j *Job, d *engine.Draft) (string, error) {
	names, classes, err := j.classes(ctx)
	if err != nil {
		return "", err
	}
	splits := map[string]int{}
	var columns []string
	for i, s := range j.Sets {
		for _, field := range s.Rows.Schema().Fields() {
			if name := field.Name; name != "id" && name != "image" && name != "look" && !slices.Contains(columns, name) {
				columns = append(columns, name)
			}
		}
		if s.Name == "iid" {
			s.Name = "id_test"
		}
		splits[s.Name] = i
	}
	slices.Sort(columns)
	images := filepath.Join(d.Dir, "images")
	if err := os.MkdirAll(images, 0o777); err != nil {
		return "", err
	}
	rows, err := writeRows(ctx, j, d, func(begun int64) (rowWriter[int64], error) {
		f, err := behind(filepath.Join(d.Dir, "metadata.csv"), begun)
		if err != nil {
			return nil, err
		}
		w := &wilds{images: images, classes: classes, columns: columns, file: f, csv: csv.NewWriter(f)}
		if begun == 0 {
			err = w.csv.Write(wildsHeader(columns))
		}
		return w, err
	})
	if err != nil {
		return "", err
	}
	if err := errors.Join(writeJSON(filepath.Join(d.Dir, "splits.json"), splits), writeJSON(filepath.Join(d.Dir, "classes.json"), names)); err != nil {
		return "", err
	}
	count, err := entries(images)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d rows of %d splits in metadata.csv, %d images", rows, len(splits), count), nil
}

// wilds writes the table and its images. Its state is the length of the table.
type wilds struct {
	images  string
	classes map[string]int
	columns []string
	file    *os.File
	csv     *csv.Writer
}

func (w *wilds) write(ctx context.Context, r *sample) error {
	if !r.image || r.label == "" {
		return fmt.Errorf("row %q of %s has no image or no class", r.id, r.set.Name)
	}
	file, err := r.put(ctx, w.images)
	if err != nil {
		return err
	}
	line := []string{r.id, "images/" + file, strconv.Itoa(r.at), strconv.Itoa(w.classes[r.label])}
	for _, c := range w.columns {
		text := ""
		for _, v := range r.values {
			if v.name == c {
				text = v.text
			}
		}
		line = append(line, text)
	}
	return w.csv.Write(line)
}

// wildsHeader names the columns: the form's own, and those of metadata, which give way to
// them.
func wildsHeader(columns []string) []string {
	header := []string{"id", "filename", "split", "y"}
	for _, c := range columns {
		for slices.Contains(header, c) {
			c = "metadata_" + c
		}
		header = append(header, c)
	}
	return header
}

func (w *wilds) flush() (int64, error) {
	w.csv.Flush()
	if err := w.csv.Error(); err != nil {
		return 0, err
	}
	return w.file.Seek(0, io.SeekCurrent)
}

func (w *wilds) close() error {
	_, err := w.flush()
	return errors.Join(err, w.file.Close())
}

func (w *wilds) abandon() error { return w.file.Close() }

func writeJSON(path string, v any) error {
	data, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o666)
}

// entries counts what is in a folder, of which there may be millions.
func entries(dir string) (int, error) {
	f, err := os.Open(dir)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for n := 0; ; {
		names, err := f.Readdirnames(4096)
		if n += len(names); err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}
