package command

import (
	"archive/tar"
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/stages"
)

// classFolder is the name of a class's folder: the class, with what no file
// system takes percent-encoded.
func classFolder(class string) string {
	if name := url.PathEscape(class); strings.Trim(name, ".") != "" {
		return name
	}
	return "%" + strconv.FormatInt('.', 16) + class[min(1, len(class)):]
}

// imageFolder makes a folder for each class with links to its files, numbered
// by the rows' order; pictures that are no files of their own are written.
// rows.jsonl beside it has the ids. Rows without a label are an error.
func (h *handover) imageFolder(ctx context.Context, input stages.Input) (Given, error) {
	if _, err := h.manifest(ctx, input, filepath.Join(h.dir, "rows.jsonl")); err != nil {
		return Given{}, err
	}
	root := filepath.Join(h.dir, "images-by-class")
	n := 0
	known := map[string]string{}
	rows, err := h.each(ctx, input, func(rec arrow.Record, rows []int) error {
		places, err := h.places(ctx, rec, rows, n)
		if err != nil {
			return err
		}
		for k, i := range rows {
			class, ok := labelOf(rec, h.label, i).(string)
			switch {
			case !ok && several(column(rec, h.label).DataType()):
				return fmt.Errorf("column %q holds lists of labels, and an image folder has one class a picture; give: manifest, parquet, arrow or webdataset", h.label)
			case !ok:
				return &stages.RowError{ID: column(rec, "id").ValueStr(i), Err: fmt.Errorf("it has no %q, which an image folder is made by", h.label)}
			}
			folder := known[class]
			if folder == "" {
				folder = filepath.Join(root, classFolder(class))
				if err := os.MkdirAll(folder, 0o777); err != nil {
					return err
				}
				known[class] = folder
			}
			if err := link(places[k].FileRange, filepath.Join(folder, fmt.Sprintf("%08d", n+k))); err != nil {
				return err
			}
		}
		n += len(rows)
		return nil
	})
	return Given{Rows: rows, Path: root}, err
}

// link makes a link to a file under a name without its ending, or a copy of a
// stretch of one.
func link(r stages.FileRange, name string) error {
	if r.Size < 0 {
		return os.Symlink(r.Path, name+strings.ToLower(filepath.Ext(r.Path)))
	}
	data, err := readRange(r)
	if err != nil {
		return err
	}
	return os.WriteFile(name+extension(data), data, 0o666)
}

func readRange(r stages.FileRange) ([]byte, error) {
	f, err := os.Open(r.Path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data := make([]byte, r.Size)
	_, err = io.ReadFull(io.NewSectionReader(f, r.Offset, r.Size), data)
	return data, err
}

// A shard of a WebDataset ends with the sample that reaches one of these.
const (
	shardSamples = 10_000
	shardBytes   = 1 << 30
)

// webDataset writes tar files of samples: the picture, .cls (number of the
// class, of rows with one label) and .json (id, label, further columns). Samples are named by the rows'
// order.
func (h *handover) webDataset(ctx context.Context, input stages.Input, classes []string) (Given, error) {
	number := map[string]int{}
	for i, c := range classes {
		number[c] = i
	}
	w := &shards{dir: filepath.Join(h.dir, "shards")}
	if err := os.MkdirAll(w.dir, 0o777); err != nil {
		return Given{}, err
	}
	n := 0
	rows, err := h.each(ctx, input, func(rec arrow.Record, rows []int) error {
		pictures, err := h.encoded(ctx, rec, rows)
		if err != nil {
			return err
		}
		for k, i := range rows {
			about, err := json.Marshal(h.values(rec, i))
			if err != nil {
				return err
			}
			parts := []tarPart{{extension(pictures[k].data), pictures[k].data}, {".json", about}}
			if class, ok := labelOf(rec, h.label, i).(string); ok {
				if c, known := number[class]; known {
					parts = append(parts, tarPart{".cls", strconv.AppendInt(nil, int64(c), 10)})
				}
			}
			if err := w.add(fmt.Sprintf("%08d", n+k), parts); err != nil {
				return err
			}
		}
		n += len(rows)
		return nil
	})
	return Given{Rows: rows, Path: w.dir}, errors.Join(err, w.close())
}

type tarPart struct {
	ending string
	data   []byte
}

// shards writes samples to tar files of a bounded size.
type shards struct {
	dir     string
	n       int
	file    *os.File
	buffer  *bufio.Writer
	tar     *tar.Writer
	samples int
	bytes   int64
}

func (s *shards) add(name string, parts []tarPart) (err error) {
	if s.tar == nil {
		if s.file, err = os.Create(filepath.Join(s.dir, fmt.Sprintf("%06d.tar", s.n))); err != nil {
			return err
		}
		s.buffer = bufio.NewWriterSize(s.file, 1<<20)
		s.tar, s.samples, s.bytes = tar.NewWriter(s.buffer), 0, 0
		s.n++
	}
	for _, p := range parts {
		if err := s.tar.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name + p.ending, Mode: 0o644, Size: int64(len(p.data))}); err != nil {
			return err
		}
		if _, err := s.tar.Write(p.data); err != nil {
			return err
		}
		s.bytes += int64(len(p.data))
	}
	if s.samples++; s.samples >= shardSamples || s.bytes >= shardBytes {
		return s.close()
	}
	return nil
}

func (s *shards) close() error {
	if s.tar == nil {
		return nil
	}
	err := errors.Join(s.tar.Close(), s.buffer.Flush(), s.file.Close())
	s.tar = nil
	return err
}
