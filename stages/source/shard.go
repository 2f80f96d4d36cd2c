package source

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow"
)

// maxText is how long a member may be that becomes a column.
const maxText = 1 << 20

// A shard reads the samples of a tar file as rows. Members whose names are equal up to the first dot
// of the last part follow each other and are one sample; what stands behind the dot says what they are.
type shard struct {
	file   *os.File
	name   string
	c      *Shards
	fields []tableField
	at     map[string]int // of the columns
	head   bool           // the columns are being looked for
}

// A sample is what a shard knows of a row.
type sample struct {
	number       int64 // from 1
	key          string
	image        string // the member's name
	rank         int    // of its ending
	offset, size int64
	texts        map[string]string // by column
	why          string            // it cannot be a row
}

func newShard(f *os.File, name string, c *Shards, fields []tableField) *shard {
	s := &shard{file: f, name: name, c: c, fields: fields, at: map[string]int{}}
	for i, f := range fields {
		s.at[f.name] = i
	}
	return s
}

// shardFields finds the columns in the first samples of a shard: id, image, key, the endings of texts
// and the keys of JSON members.
func shardFields(c *Shards, name string) ([]tableField, error) {
	f, err := os.Open(filepath.Join(string(c.Root), filepath.FromSlash(name)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, bare(err))
	}
	defer f.Close()
	s := newShard(f, name, c, nil)
	s.head = true
	for _, n := range []string{"id", "image", "key"} {
		s.column(n)
	}
	n := 0
	enough := errors.New("enough")
	err = s.samples(context.Background(), func(sample) error {
		if n++; n == headLines {
			return enough
		}
		return nil
	})
	if err != nil && !errors.Is(err, enough) && n == 0 {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return s.fields, nil
}

// column is the place of a column; while the columns are looked for, it is made.
func (s *shard) column(name string) (int, bool) {
	i, ok := s.at[name]
	if !ok && s.head {
		i, ok = len(s.fields), true
		s.at[name] = i
		s.fields = append(s.fields, tableField{name: name, typ: arrow.BinaryTypes.String})
	}
	return i, ok
}

// samples reads the members in the order of the file. A shard that ends within a member, or without
// the mark that ends an archive, is an error that says where, after the samples before it.
func (s *shard) samples(ctx context.Context, f func(sample) error) error {
	r := tar.NewReader(s.file)
	var at sample
	number := int64(0)
	flush := func() error {
		if at.key == "" {
			return nil
		}
		if number++; at.image == "" && at.why == "" {
			at.why = fmt.Sprintf("sample %q has no member that ends in %s", at.key, strings.Join(s.c.Image, ", "))
		}
		at.number = number
		return f(at)
	}
	last, end := "its beginning", int64(0)
	// Of the sample at which a shard is damaged members may be missing: it is no row.
	damaged := func(err error) error {
		var damage *brokenShard
		if err = s.broken(err, last); errors.As(err, &damage) && at.key != "" {
			damage.text += fmt.Sprintf(", and sample %q may lack members", at.key)
		}
		return err
	}
	for {
		h, err := r.Next()
		here, sought := s.file.Seek(0, io.SeekCurrent)
		if sought != nil {
			return sought
		}
		if err == io.EOF {
			if here <= end { // an archive ends with blocks of zeros
				return damaged(io.ErrUnexpectedEOF)
			}
			return flush()
		}
		if err != nil {
			return damaged(err)
		}
		if end = here; h.Typeflag == tar.TypeReg {
			end += (h.Size + 511) / 512 * 512
		}
		if h.Typeflag != tar.TypeReg || strings.HasPrefix(path.Base(h.Name), ".") {
			continue
		}
		last = "member " + h.Name
		key, ending := splitMember(h.Name)
		if key != at.key {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err := flush(); err != nil {
				return err
			}
			at = sample{key: key, texts: map[string]string{}}
		}
		if err := s.member(r, h, ending, &at); err != nil {
			return damaged(err)
		}
	}
}

// broken says where a tar file is damaged.
func (s *shard) broken(err error, last string) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return &brokenShard{fmt.Sprintf("the shard ends early, behind %s", last)}
	}
	if errors.Is(err, tar.ErrHeader) {
		if strings.HasSuffix(s.name, "gz") || strings.HasSuffix(s.name, "tgz") {
			return errors.New("it is compressed, so that no member can be read in place: unpack it to .tar")
		}
		return &brokenShard{fmt.Sprintf("the shard is damaged behind %s", last)}
	}
	return err
}

// A brokenShard is damage that leaves the samples before it whole.
type brokenShard struct{ text string }

func (e *brokenShard) Error() string { return e.text }

// splitMember cuts "a/b.c.jpg" into "a/b" and "c.jpg".
func splitMember(name string) (key, ending string) {
	dir, base := path.Split(name)
	stem, ending, _ := strings.Cut(base, ".")
	return dir + stem, strings.ToLower(ending)
}

func (s *shard) member(r *tar.Reader, h *tar.Header, ending string, at *sample) error {
	wrong := func(format string, args ...any) error {
		if at.why == "" {
			at.why = fmt.Sprintf("member %q ", h.Name) + fmt.Sprintf(format, args...)
		}
		return nil
	}
	if !utf8.ValidString(h.Name) {
		return wrong("has a name that is not UTF-8")
	}
	if rank := slices.IndexFunc(s.c.Image, func(e string) bool { return strings.EqualFold(strings.TrimPrefix(e, "."), ending) }); rank >= 0 {
		if at.image != "" && at.rank == rank {
			return wrong("is there twice")
		}
		if at.image != "" && at.rank < rank {
			return nil
		}
		offset, err := s.file.Seek(0, io.SeekCurrent)
		if err != nil {
			return err
		}
		info, err := s.file.Stat()
		if err != nil {
			return err
		}
		if offset+h.Size > info.Size() {
			return io.ErrUnexpectedEOF
		}
		if h.Size == 0 {
			return wrong("is empty")
		}
		at.image, at.rank, at.offset, at.size = h.Name, rank, offset, h.Size
		return nil
	}
	if !slices.Contains([]string{"json", "txt", "cls", "cls2", "text", "caption", "label", "class", "id", "index", "url"}, ending) {
		return nil // not a text: masks, arrays, sound
	}
	if h.Size > maxText {
		return wrong("has %d bytes, too long for a column", h.Size)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if !utf8.Valid(data) {
		return wrong("is not UTF-8")
	}
	if ending != "json" {
		return s.text(at, ending, strings.TrimRight(string(data), "\r\n"), wrong)
	}
	keys, values, err := object(data)
	if err != nil {
		return wrong("cannot be read: %v", err)
	}
	for i, key := range keys {
		v := values[i]
		if v[0] == 'n' || v[0] == '[' || v[0] == '{' {
			continue // missing, or nothing that a column could hold
		}
		if c, ok := s.column(key); ok && s.head {
			s.fields[c].inferred = wider(s.fields[c].inferred, v)
		}
		text, err := jsonText(v)
		if err != nil {
			return wrong("key %q: %v", key, err)
		}
		if err := s.text(at, key, text, wrong); err != nil {
			return err
		}
	}
	return nil
}

func (s *shard) text(at *sample, column, text string, wrong func(string, ...any) error) error {
	if _, ok := s.column(column); !ok {
		return wrong("gives a column %q, which no sample at the beginning of the first shard has", column)
	}
	if _, ok := at.texts[column]; ok {
		return wrong("gives the column %q a second value", column)
	}
	at.texts[column] = text
	return nil
}

// Fields are the columns of the first shard.
func (s *shard) Fields() []tableField { return s.fields }

// Skipped is empty.
func (s *shard) Skipped() []skippedColumn { return nil }

// Close closes the file.
func (s *shard) Close() error { return s.file.Close() }

// Each reads the samples; their places are their numbers from 1.
func (s *shard) Each(ctx context.Context, bad func(int64, string) error, f func(arrow.Record, []int64) error) error {
	names := make([]string, len(s.fields))
	for i, field := range s.fields {
		names[i] = field.name
	}
	b := newTextBatch(names)
	defer b.release()
	last := int64(0)
	err := s.samples(ctx, func(row sample) error {
		last = row.number
		if row.why != "" {
			return bad(row.number, row.why)
		}
		row.texts["id"] = s.name + "/" + row.image
		row.texts["image"] = fmt.Sprintf("%s//%s@%d+%d", s.name, row.image, row.offset, row.size)
		row.texts["key"] = row.key
		for i, n := range names {
			if text, ok := row.texts[n]; ok {
				b.builders[i].Append(text)
			} else {
				b.builders[i].AppendNull()
			}
		}
		if b.lines = append(b.lines, row.number); len(b.lines) == tableBatch {
			return b.flush(f)
		}
		return nil
	})
	var damage *brokenShard
	if errors.As(err, &damage) {
		err = bad(last+1, damage.text)
	}
	if err != nil {
		return err
	}
	return b.flush(f)
}
