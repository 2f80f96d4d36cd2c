package source

import (
	"context"
	"fmt"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/stages"
	"shiftmill/stages/imageio"
)

// An imagesRun makes rows of files.
type imagesRun struct {
	c      *Images
	l      *imagesLayout
	taken  []found
	bad    []string // why a file is left out
	keys   []string // what of each file the joined table names
	joined *joined
	exif   []imageio.EXIF
	odd    []string // what is wrong with a file's EXIF, if anything
}

func runImages(ctx context.Context, c *Images, in *stages.Inputs, out stages.Sink) error {
	l, problems := c.layout()
	if len(problems) > 0 {
		return fmt.Errorf("%s: %s", problems[0].Field, problems[0].Msg)
	}
	_, taken, others, endings, err := c.listing(ctx)
	if err != nil {
		return err
	}
	if len(taken) == 0 {
		return c.nothing(others, endings)
	}
	if text := otherEndings(endings); text != "" {
		out.Note("%s", text)
	}
	r := &imagesRun{c: c, l: l, taken: taken, bad: make([]string, len(taken))}
	if err := r.read(ctx, in.Workers, out); err != nil {
		return err
	}
	if err := r.join(ctx, out); err != nil {
		return err
	}
	if r.joined != nil {
		defer r.joined.release()
	}
	if err := r.write(out); err != nil {
		return err
	}
	return r.sum(others, out)
}

// read looks into the files as far as the parameters ask.
func (r *imagesRun) read(ctx context.Context, workers int, out stages.Sink) error {
	if len(r.c.Exif) > 0 {
		r.exif, r.odd = make([]imageio.EXIF, len(r.taken)), make([]string, len(r.taken))
	}
	var done progress
	return parallel(ctx, workers, len(r.taken), func(i int) error {
		why, err := r.try(i)
		if err == nil && why != "" && r.c.OnError == "fail" {
			err = fmt.Errorf("%q: %s; on_error: skip would leave it out", r.taken[i].name, why)
		}
		r.bad[i] = why
		done.step(out, len(r.taken), r.c.OnError == "skip" || r.exif != nil)
		return err
	})
}

// try says why a file cannot be a row: "" when it can. With "fail" only what
// needs no reading is seen here.
func (r *imagesRun) try(i int) (string, error) {
	f := r.taken[i]
	switch {
	case !utf8.ValidString(f.name):
		return "its name is not UTF-8", nil
	case f.lost:
		return "the link leads nowhere", nil
	case f.empty:
		return "the file is empty", nil
	case r.c.OnError == "fail" && r.exif == nil:
		return "", nil
	}
	data, err := os.ReadFile(r.c.path(f.name))
	if err != nil {
		return "", fmt.Errorf("%s: %w", f.name, bare(err))
	}
	if r.exif != nil {
		if r.exif[i], err = imageio.ReadEXIF(data); err != nil {
			r.odd[i] = err.Error()
		}
	}
	if r.c.OnError == "skip" {
		if _, err := imageio.Decode(data, imageio.DecodeOptions{}); err != nil {
			return err.Error(), nil
		}
	}
	return "", nil
}

// join reads the rows of the table that belong to files, and names those that do not.
func (r *imagesRun) join(ctx context.Context, out stages.Sink) error {
	j := &r.c.Join
	if !j.given() {
		return nil
	}
	r.keys = make([]string, len(r.taken))
	wanted := make(map[string]bool, len(r.taken))
	for i, f := range r.taken {
		values, _ := r.l.pattern.match(f.name)
		r.keys[i] = j.keyOf(f.name, r.l.pattern, values)
		wanted[r.keys[i]] = true
	}
	var err error
	if r.joined, err = j.read(ctx, wanted); err != nil {
		return fmt.Errorf("join: %w", err)
	}
	for _, n := range r.joined.notes {
		out.Note("join: %s", n)
	}
	alone, other := 0, ""
	if len(r.joined.at) == 0 {
		other = j.other(r.taken, r.joined.keys)
	}
	for i, key := range r.keys {
		if _, ok := r.joined.at[key]; ok || r.bad[i] != "" {
			continue
		}
		r.bad[i] = fmt.Sprintf("the joined table has no row whose %s is the file's %s%s", j.Key, j.On, other)
		if j.Unmatched == "fail" {
			return fmt.Errorf("%s: %s, %q; unmatched: skip would leave it out", r.taken[i].name, r.bad[i], key)
		}
		alone++
	}
	for i, where := range r.joined.unused {
		if j.Unmatched == "fail" {
			return fmt.Errorf("%s: no file's %s is %q; unmatched: skip would leave the row out", where, j.On, r.joined.keys[i])
		}
		out.Skip(where, fmt.Sprintf("no file's %s is the row's %s", j.On, j.Key))
	}
	if n := len(r.joined.unused); n > 0 {
		out.Note("%d rows of the joined table belong to no file: %s", n, firstOf(n, func(i int) string { return fmt.Sprintf("%s (%s)", r.joined.unused[i], r.joined.keys[i]) }))
	}
	if alone > 0 {
		out.Note("%d of %d files have no row in the joined table and are left out", alone, len(r.taken))
	}
	return nil
}

// firstOf names the first few of n things.
func firstOf(n int, name func(i int) string) string {
	var names []string
	for i := range min(n, 5) {
		names = append(names, name(i))
	}
	if n > 5 {
		names = append(names, "...")
	}
	return strings.Join(names, ", ")
}

// sum counts and names what was left out.
func (r *imagesRun) sum(others []found, out stages.Sink) error {
	left, first := 0, -1
	for i, f := range r.taken {
		if r.bad[i] == "" {
			continue
		}
		out.Skip(f.name, r.bad[i])
		if left++; first < 0 {
			first = i
		}
	}
	if left > 0 {
		out.Note("%d of %d images cannot be used and are left out: %s", left, len(r.taken), someOf(r.taken, func(i int) bool { return r.bad[i] != "" }))
	}
	for _, f := range others {
		out.Skip(f.name, "does not match the pattern "+r.c.Pattern)
	}
	if len(others) > 0 {
		out.Note("%d image files do not match the pattern %s and are left out: %s", len(others), r.c.Pattern, someOf(others, func(int) bool { return true }))
	}
	odd := 0
	for _, why := range r.odd {
		if why != "" {
			odd++
		}
	}
	if odd > 0 {
		out.Note("the EXIF data of %d images are damaged; what can be read of them is there: %s", odd, someOf(r.taken, func(i int) bool { return r.odd[i] != "" }))
	}
	if left == len(r.taken) {
		return fmt.Errorf("none of %d images can be used: %s: %s", left, r.taken[first].name, r.bad[first])
	}
	return nil
}

// otherEndings says how many pictures have endings that the source does not take.
func otherEndings(endings map[string]int) string {
	n := 0
	var parts []string
	for _, e := range sortedKeys(endings) {
		n += endings[e]
		parts = append(parts, fmt.Sprintf("%s (%d)", e, endings[e]))
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d pictures have endings that extensions does not list, and are no part of the source: %s", n, strings.Join(parts, ", "))
}

// nothing says why a folder gave no row.
func (c *Images) nothing(others []found, endings map[string]int) error {
	if len(others) == 0 {
		also := ""
		if len(c.Glob) > 0 {
			also = fmt.Sprintf(" and is of the form %s", strings.Join(c.Glob, " or "))
		}
		return fmt.Errorf("the root holds no file that ends in %s%s", strings.Join(c.Extensions, ", "), also+strings.TrimSuffix("; "+otherEndings(endings), "; "))
	}
	return fmt.Errorf("none of the %d image files below the root matches the pattern %s; one is named %s", len(others), c.Pattern, others[0].name)
}

// someOf names the first few files that pass.
func someOf(files []found, pass func(i int) bool) string {
	var names []string
	for i, f := range files {
		if !pass(i) {
			continue
		}
		if len(names) == 5 {
			names = append(names, "...")
			break
		}
		names = append(names, f.name)
	}
	return strings.Join(names, ", ")
}

// write makes the rows, a batch at a time.
func (r *imagesRun) write(out stages.Sink) error {
	const batch = 8192
	for at := 0; at < len(r.taken); at += batch {
		rec, err := r.batch(at, min(at+batch, len(r.taken)))
		if err != nil {
			return err
		}
		if rec.NumRows() > 0 {
			err = out.Write("", rec)
		}
		rec.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *imagesRun) batch(from, to int) (arrow.Record, error) {
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(r.l.base, nil))
	defer b.Release()
	var rows []int
	for i := from; i < to; i++ {
		if r.bad[i] != "" {
			continue
		}
		rows = append(rows, i)
		name := r.taken[i].name
		values, _ := r.l.pattern.match(name)
		b.Field(0).(*array.StringBuilder).Append(name)
		stages.ImageBuilderOf(b.Field(1)).Append(stages.ImageCell{Ref: "file:" + name})
		for k, v := range values {
			b.Field(2 + k).(*array.StringBuilder).Append(v)
		}
		if r.joined != nil {
			r.joined.appendTo(b.Fields()[r.l.joined:r.l.exif], r.keys[i])
		}
		if r.exif != nil {
			addEXIF(b.Fields()[r.l.exif:r.l.rest], r.c.Exif, r.exif[i])
		}
	}
	rec := b.NewRecord()
	if len(r.l.labels) == 0 {
		return rec, nil
	}
	defer rec.Release()
	return r.label(rec, rows)
}

// label adds the columns of the labeler; rows are the files of the record's.
func (r *imagesRun) label(rec arrow.Record, rows []int) (arrow.Record, error) {
	from := rec.Column(rec.Schema().FieldIndices(r.l.labeler.rule.column)[0])
	var stop error
	good := make([]bool, len(rows))
	for i := range good {
		good[i] = true
	}
	n := int64(len(rows))
	made := r.l.labeler.columns(len(rows),
		func(i int) (string, bool) { return from.ValueStr(i), from.IsValid(i) },
		func(i int, why string) {
			good[i] = false
			n--
			if r.bad[rows[i]] = why; stop == nil && r.c.OnError == "fail" {
				stop = fmt.Errorf("%s: %s; on_error: skip would leave it out", r.taken[rows[i]].name, why)
			}
		})
	defer func() {
		for _, m := range made {
			m.Release()
		}
	}()
	if stop != nil {
		return nil, stop
	}
	cols := make([]arrow.Array, len(r.l.fields))
	for i := range cols {
		if i < r.l.rest {
			cols[i] = rec.Column(i)
		}
	}
	for k, i := range r.l.labels {
		cols[i] = made[k]
	}
	for i := range cols {
		col, err := kept(cols[i], good, n)
		if err != nil {
			return nil, err
		}
		defer col.Release()
		cols[i] = col
	}
	return array.NewRecord(arrow.NewSchema(r.l.fields, nil), cols, n), nil
}
