package export

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// writeWILDS writes metadata.csv with a row for each image and set: filename
// below images/, split as a number, y as the number of the class, then all
// metadata; splits.json and classes.json name the numbers. WILDS calls the IID
// test set id_test and numbers train 0, val 1.
func writeWILDS(ctx context.Context, j *Job, dir string) (string, error) {
	classes, err := j.classes(ctx)
	if err != nil {
		return "", err
	}
	f, err := os.Create(filepath.Join(dir, "metadata.csv"))
	if err != nil {
		return "", err
	}
	defer f.Close()
	w := csv.NewWriter(f)
	splits := map[string]int{}
	var columns []string
	for i := range j.Sets {
		for _, field := range j.Sets[i].Rows.Schema().Fields() {
			if name := field.Name; name != "id" && name != "image" && name != "look" && !slices.Contains(columns, name) {
				columns = append(columns, name)
			}
		}
	}
	slices.Sort(columns)
	if err := w.Write(append([]string{"id", "filename", "split", "y"}, columns...)); err != nil {
		return "", err
	}
	rows, placed := 0, map[string]string{}
	for i := range j.Sets {
		s := &j.Sets[i]
		name := s.Name
		if name == "iid" {
			name = "id_test"
		}
		splits[name] = i
		err := j.each(ctx, s, func(r *sample) error {
			if !r.image || r.label == "" {
				return fmt.Errorf("row %q of %s has no image or no class", r.id, s.Name)
			}
			file, ok := placed[r.id]
			if !ok {
				var err error
				if file, err = r.put(ctx, filepath.Join(dir, "images")); err != nil {
					return err
				}
				placed[r.id] = file
			}
			line := []string{r.id, "images/" + file, strconv.Itoa(i), strconv.Itoa(slices.Index(classes, r.label))}
			for _, c := range columns {
				text := ""
				for _, v := range r.values {
					if v.name == c {
						text = v.text
					}
				}
				line = append(line, text)
			}
			rows++
			return w.Write(line)
		})
		if err != nil {
			return "", err
		}
	}
	w.Flush()
	if err := errors.Join(w.Error(), f.Close(), writeJSON(filepath.Join(dir, "splits.json"), splits), writeJSON(filepath.Join(dir, "classes.json"), classes)); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d rows of %d splits in metadata.csv, %d images", rows, len(splits), len(placed)), nil
}

func writeJSON(path string, v any) error {
	data, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o666)
}

// put links a row's picture into a folder, or writes it where it is no file of
// its own, and returns its name.
func (r *sample) put(ctx context.Context, dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	if path, ok := r.place(ctx); ok {
		name := r.fileName(filepath.Ext(path))
		path, err := filepath.Abs(path)
		if err != nil {
			return "", err
		}
		return name, os.Symlink(path, filepath.Join(dir, name))
	}
	data, extension, err := r.encoded(ctx)
	if err != nil {
		return "", err
	}
	name := r.fileName(extension)
	return name, os.WriteFile(filepath.Join(dir, name), data, 0o666)
}
